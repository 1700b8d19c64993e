/*
 * check_text: what a check finds, for people, on standard output.
 *
 * Tested by tests/e2e/test_check.py
 */
#ifndef CLAIMBATCH_COMMAND_CHECK_CHECK_TEXT_H
#define CLAIMBATCH_COMMAND_CHECK_CHECK_TEXT_H

#include "input/inspection/duplicates.h"
#include "input/inspection/inspection.h"
#include "problem.h"

#define CHECK_TEXT_PROBLEMS 50   /* are printed in full */
#define CHECK_TEXT_DUPLICATES 10 /* of each kind are named */

/* `file:line:column: severity: CODE: what is wrong, with the value, and how to fix it`. */
void check_text_problem(const char *file, const struct problem *problem);

/* Appends how the export is read: encoding, columns, unit. The header is the export's own. */
void check_text_reading(const struct inspection *inspection, const struct record *header,
                        struct buffer *ret_text);

/* How many problems were left out, and the table of codes; nothing when there is no problem. */
void check_text_codes(const struct inspection *inspection);

void check_text_duplicates(const struct duplicates *duplicates, size_t count);

/* Rows and money. `reading` is what check_text_reading gave. */
void check_text_totals(const char *file, const struct inspection *inspection, const char *reading);

#endif
