/*
 * explanation_row: the words for what is wrong with a row as a whole.
 *
 * Tested by tests/e2e/test_check.py
 */
#ifndef CLAIMBATCH_INPUT_CLAIM_EXPLANATION_ROW_H
#define CLAIMBATCH_INPUT_CLAIM_EXPLANATION_ROW_H

#include "input/claim/findings.h"

#define EXPLANATION_VALUE_BYTES 96 /* of a value in a sentence */

/* Appends what is wrong with the key of a row that came from a list of problems. */
void explanation_row_changed_key(const struct finding *finding, const struct columns *columns,
                                 const struct record *record, struct buffer *ret_sentence);
/* Appends what is wrong with the form of a row. */
void explanation_row_explain(enum rule rule, const struct rules *rules,
                             const struct columns *columns, const struct record *record,
                             struct buffer *ret_sentence);

#endif
