/*
 * check_json: what a check finds, as one JSON document on standard output.
 *
 * Written as it is found, so memory does not depend on the number of problems; it is whole, and
 * says so, whatever ends the check. Hides yajl.
 *
 * Tested by tests/e2e/test_check.py
 */
#ifndef CLAIMBATCH_COMMAND_CHECK_CHECK_JSON_H
#define CLAIMBATCH_COMMAND_CHECK_CHECK_JSON_H

#include "input/inspection/duplicates.h"
#include "input/inspection/inspection.h"
#include "problem.h"

struct check_json;
struct error;

/* Begins the document. NULL without memory. */
struct check_json *check_json_open(const char *file);

/* How the export is read, known before its first row. */
void check_json_reading(struct check_json *json, const struct inspection *inspection,
                        const struct record *header);

void check_json_problem(struct check_json *json, const struct problem *problem);

/* The last part, of an export that was read to its end; `duplicates` were found. */
void check_json_totals(struct check_json *json, const struct inspection *inspection,
                       const struct duplicates *duplicates, size_t duplicate_count);

/* Ends the document. `refused` is NULL, or why the export was refused. */
void check_json_end(struct check_json *json, int exit_code, const char *refused);
void check_json_close(struct check_json *json); /* NULL is fine */

#endif
