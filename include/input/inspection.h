/*
 * inspection: the first pass: everything that can be known of an export before anything is sent.
 *
 * Encoding, structure, rules and totals of the whole file. What it refuses is never submitted in
 * part.
 *
 * Tested by tests/unit/test_inspection.c
 */
#ifndef CLAIMBATCH_INPUT_INSPECTION_H
#define CLAIMBATCH_INPUT_INSPECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/money.h"
#include "input/claim.h"
#include "input/export.h"
#include "input/reader.h"

struct error;
struct repeats;

#define INSPECTION_STATUSES 3

struct inspection {
    struct survey survey;
    struct columns columns;
    struct buffer unused_columns; /* joined by ", " */
    uint64_t rows;                /* records, the header not counted */
    uint64_t invalid;             /* of them */
    uint64_t blank_lines;
    uint64_t broken[RULE_COUNT];               /* findings of each rule */
    uint64_t first_row[RULE_COUNT];            /* the first row that has one; 0: none */
    uint64_t status_rows[INSPECTION_STATUSES]; /* valid rows of each claim_status */
    money status_fee[INSPECTION_STATUSES];     /* their money, in fen */
    struct repeats *repeats;
};

/* How an export is to be taken; one for a whole run. Borrowed. */
struct intake {
    struct export *export;
    enum encoding encoding; /* as asked for */
    struct reader_settings reader;
    struct rules rules;
    int64_t now_ms; /* taken once a start, for all passes */
};

/* Called for every record with findings; `claim` is NULL when the row is invalid. */
typedef void inspection_visit(void *context, const struct reader *reader,
                              const struct record *record, const struct findings *findings,
                              const struct claim *claim);

/* Surveys and reads the whole export. EXIT_INPUT_REFUSED as contract section 6 says. `visit` may be
 * NULL. */
int inspection_run(const struct intake *intake, inspection_visit *visit, void *context,
                   struct inspection *ret_inspection, struct error *err);
void inspection_release(struct inspection *inspection);

/* The money of all valid rows. */
money inspection_fee(const struct inspection *inspection);

/*
 * How the export is read, as one line: encoding, delimiter, columns, unit and rules. Two starts of
 * a run must have the same.
 */
void inspection_reading(const struct intake *intake, const struct inspection *inspection,
                        struct buffer *ret_reading);

#endif
