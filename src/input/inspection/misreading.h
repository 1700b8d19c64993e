/*
 * misreading: cells that say the file as a whole is not what it was taken for.
 *
 * An amount in another unit than the header's, or a text in another encoding than the file's: then
 * no row of it can be trusted, and the file is refused.
 *
 * Tested by tests/unit/test_inspection.c
 */
#ifndef CLAIMBATCH_INPUT_INSPECTION_MISREADING_H
#define CLAIMBATCH_INPUT_INSPECTION_MISREADING_H

#include "input/claim/findings.h"
#include "input/export/charset.h"

struct error;
struct reader;
struct record;

/* Looks at a row that has findings: 0, or -1 with EXIT_INPUT_REFUSED naming line, column and cell.
 */
int misreading_refuse(const struct reader *reader, enum encoding encoding,
                      const struct record *record, const struct findings *findings,
                      struct error *err);

#endif
