/*
 * problem: a finding and where it is, for people and machines.
 *
 * Tested by tests/e2e/test_check.py
 */
#ifndef CLAIMBATCH_COMMAND_CHECK_PROBLEM_H
#define CLAIMBATCH_COMMAND_CHECK_PROBLEM_H

#include <stdint.h>

#include "base/buffer.h"
#include "input/claim/findings.h"
#include "input/reader/cell_name.h"
#include "input/reader/reader.h"

/* Texts are borrowed from the record and from `sentence`. */
struct problem {
    enum severity severity;
    enum rule rule;
    enum field field;           /* FIELD_NONE: the row as a whole */
    uint64_t row, line, column; /* the column in characters */
    char cell[CELL_NAME_BYTES]; /* as a spreadsheet names it: "cell D24", or "row 24" */
    const char *value;          /* raw; NULL for a row as a whole */
    const char *sentence;
};

/* Finds out where the finding is and appends its sentence to `sentence`. */
void problem_describe(const struct reader *reader, const struct record *record,
                      const struct finding *finding, const struct rules *rules,
                      struct buffer *sentence, struct problem *ret_problem);

/* "error" or "warning". */
const char *problem_severity(enum severity severity);

#endif
