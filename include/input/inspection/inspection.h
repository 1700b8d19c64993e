/*
 * inspection: the first pass: everything that can be known of an export before anything is sent.
 *
 * Encoding, structure, rules and totals of the whole file. What it refuses is never submitted in
 * part.
 *
 * Tested by tests/unit/test_inspection.c
 */
#ifndef CLAIMBATCH_INPUT_INSPECTION_INSPECTION_H
#define CLAIMBATCH_INPUT_INSPECTION_INSPECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/money.h"
#include "input/claim/claim.h"
#include "input/claim/profile.h"
#include "input/export/export.h"
#include "input/reader/reader.h"

struct error;
struct repeat_filter;
struct claim_rows_kind;

#define INSPECTION_STATUSES 3

struct inspection {
    struct survey survey;
    bool is_correction;                          /* a list of problems, whose rows are … */
    unsigned char corrects[EXPORT_SHA256_BYTES]; /* … of the export with this SHA-256 */
    struct columns columns;
    struct buffer unused_columns; /* joined by ", " */
    uint64_t rows;                /* records, the header not counted */
    uint64_t invalid;             /* of them */
    uint64_t left_out;            /* further records, which the run is not about */
    uint64_t blank_lines;
    uint64_t last_line;                        /* physical, of the last record */
    uint64_t broken[RULE_COUNT];               /* findings of each rule */
    uint64_t first_row[RULE_COUNT];            /* the first row that has one; 0: none */
    uint64_t first_line[RULE_COUNT];           /* … and the line where it starts */
    uint64_t warned[RULE_COUNT];               /* of the findings, those that are warnings */
    uint64_t status_rows[INSPECTION_STATUSES]; /* valid rows of each claim_status */
    money status_fee[INSPECTION_STATUSES];     /* their money, in fen */
    uint64_t other_spellings;      /* valid rows whose number is not as order_no_fold writes it */
    struct repeat_filter *repeats; /* NULL after a check */
    struct profile profile;        /* how every pass judges rows; borrows from the census */
    struct census *census;
    struct buffer footer; /* its lines as they stand, for people; empty: there is none */
};

/* How an export is to be taken; one for a whole run. Borrowed. */
struct row_source {
    struct export *export;
    enum encoding encoding; /* as asked for */
    struct reader_settings reader;
    struct rules rules;
    int64_t now_ms; /* taken once a start, for all passes */
    const struct claim_rows_kind
        *kind;             /* NULL: the rows are those of the export; see claim_rows.h */
    const void *selection; /* else: which rows they are, as that kind knows it */
};

/* Surveys and reads the whole export, for a run. EXIT_INPUT_REFUSED as contract section 6 says. */
int inspection_run(const struct row_source *row_source, struct inspection *ret_inspection,
                   struct error *err);
/* The same for who sends nothing: without the repeats. */
int inspection_read(const struct row_source *row_source, struct inspection *ret_inspection,
                    struct error *err);
void inspection_release(struct inspection *inspection);

/* One who wants to see each row. Both may end the inspection with an error. */
struct inspection_visitor {
    void *context;
    /* All rows were counted, and the inspection is complete but for what the visitor is shown. */
    int (*begin)(void *context, const struct reader *reader, struct error *err);
    /* Every valid row, in a pass over all of them. There may be a second pass: before it, `forget`
     * says that what was shown until then does not count. */
    int (*claim)(void *context, uint64_t row, const struct claim *claim, struct error *err);
    void (*forget)(void *context);
    /* A row that has findings, behind `begin`. 1 to see no more. */
    int (*row)(void *context, const struct reader *reader, const struct record *record,
               const struct findings *findings, struct error *err);
    bool needs_sha256; /* of the whole file */
};

/* The same for a check: rows are shown, and what only a run needs is left out: the SHA-256 of
 * the whole file and the repeats. */
int inspection_check(const struct row_source *row_source, const struct inspection_visitor *visitor,
                     struct inspection *ret_inspection, struct error *err);

/* Control totals, what the office says was exported: EXIT_INPUT_REFUSED when the export has other
 * ones. Negative: not given. */
int inspection_expect(const struct inspection *inspection, int64_t rows, int64_t fee_fen,
                      struct error *err);

/* EXIT_INPUT_REFUSED when the export has fewer rows than that. A list of problems is no export: it
 * has as many as are to be corrected. */
int inspection_require_rows(const struct inspection *inspection, int64_t least, struct error *err);

/* How severe the findings of a rule are: an error where one of them is. */
enum severity inspection_severity(const struct inspection *inspection, enum rule rule);

/* The money of all valid rows. */
money inspection_fee(const struct inspection *inspection);

/*
 * How the export is read, as one line: encoding, delimiter, columns, unit and rules. Two starts of
 * a run must have the same.
 */
void inspection_reading(const struct row_source *row_source, const struct inspection *inspection,
                        struct buffer *ret_reading);

/* Says, to who looks, what the amounts may be taken for wrongly. */
void inspection_warn_of_unit(const struct inspection *inspection);

/* Where a rule is broken first, as a spreadsheet and, where that differs, an editor count: "row 4"
 * or "row 4, line 7". Returns ret_text. */
#define INSPECTION_FIRST_BYTES 64
const char *inspection_first(const struct inspection *inspection, enum rule rule,
                             char ret_text[INSPECTION_FIRST_BYTES]);

#endif
