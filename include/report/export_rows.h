/*
 * export_rows: the export that a report is about, row by row, as the run read it.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_REPORT_EXPORT_ROWS_H
#define CLAIMBATCH_REPORT_EXPORT_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "input/claim/rules.h"
#include "input/export/charset.h"
#include "input/reader/columns.h"
#include "report/scan.h"

struct error;
struct manifest_found;
struct export_rows;

/* How the export is read, where the manifest is not to be followed. Borrowed. */
struct export_rows_settings {
    const char *path;
    bool is_all_wanted; /* what was appended since, too */
    const char *wanted_columns[FIELD_COUNT];
    enum encoding encoding;          /* ENCODING_AUTO: the manifest's */
    uint32_t delimiter;              /* 0: the manifest's */
    enum fee_unit fee_unit;          /* FEE_UNIT_UNDECLARED: the manifest's */
    struct rules rules;              /* what of it is wanted is told by … */
    bool is_rule_wanted[RULE_COUNT]; /* … this; the others: the manifest's */
    bool are_words_wanted;           /* statuses, null words and what else rows are judged by */
};

/*
 * Opens the export of the settings. One that has grown since the run of the manifest read it is
 * read as far as that did, unless all of it is wanted. What the settings leave open of its reading
 * is taken from the manifest, NULL if there is none. EXIT_BAD_CONFIG when the manifest names other
 * columns than are found.
 */
int export_rows_open(const struct export_rows_settings *settings,
                     const struct manifest_found *manifest, struct export_rows **ret_original,
                     struct error *err);
void export_rows_close(struct export_rows *export_rows); /* NULL is fine */

const struct survey *export_rows_survey(const struct export_rows *export_rows);

/* Whether there is more in the file now than is read. */
bool export_rows_has_grown(const struct export_rows *export_rows);

/* Goes on to the next row: 1, or 0 at the end, or -1. */
int export_rows_next(struct export_rows *export_rows, struct error *err);

/* The number of the row at hand. */
uint64_t export_rows_row(const struct export_rows *export_rows);

/* The claim of the row at hand, valid until the next one; NULL: the row is invalid. */
const struct claim *export_rows_claim(const struct export_rows *export_rows);

/* What of the line is not the row at hand, as words (static); NULL when all of it is. A re-run took
 * its rows from a report, and limits of its own may have made them invalid. */
const char *export_rows_breach(struct export_rows *export_rows, const struct scan_row *row);
const char *export_rows_breach_of_rerun(const struct export_rows *export_rows,
                                        const struct scan_row *row);

#endif
