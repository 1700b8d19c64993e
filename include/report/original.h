/*
 * original: the export that a report is about, row by row, as the run read it.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_REPORT_ORIGINAL_H
#define CLAIMBATCH_REPORT_ORIGINAL_H

#include <stdbool.h>
#include <stdint.h>

#include "report/scan.h"

struct audit_settings;
struct error;
struct manifest_found;
struct original;

/*
 * Opens the export of the settings. What the settings leave open of its reading is taken from the
 * manifest, NULL if there is none. EXIT_BAD_CONFIG when the manifest names other columns than are
 * found.
 */
int original_open(const struct audit_settings *settings, const struct manifest_found *manifest,
                  struct original **ret_original, struct error *err);
void original_close(struct original *original); /* NULL is fine */

const struct survey *original_survey(const struct original *original);

/* Goes on to the next row: 1, or 0 at the end, or -1. */
int original_next(struct original *original, struct error *err);

/* The number of the row at hand. */
uint64_t original_row(const struct original *original);

/* The claim of the row at hand, valid until the next one; NULL: the row is invalid. */
const struct claim *original_claim(const struct original *original);

/* What of the line is not the row at hand, as words (static); NULL when all of it is. A re-run took
 * its rows from a report, and limits of its own may have made them invalid. */
const char *original_breach(struct original *original, const struct scan_row *row);
const char *original_breach_of_rerun(const struct original *original, const struct scan_row *row);

#endif
