/*
 * beside: what stands beside a report, and by which endings it is known.
 *
 * Tested by tests/unit/test_move.c
 */
#ifndef CLAIMBATCH_REPORT_BESIDE_H
#define CLAIMBATCH_REPORT_BESIDE_H

#include <stdbool.h>

struct buffer;
struct error;

#define BESIDE_MANIFEST ".manifest.json"
#define BESIDE_STARTED ".started.json" /* what is there before the first send */
#define BESIDE_LEDGER ".ledger.json"   /* of an export whose report lies elsewhere */
#define BESIDE_PARTIAL ".partial"      /* a report that is being written */

/* Whether a path has more in front of this ending. */
bool beside_has_ending(const char *path, const char *ending);

/* Appends what the report of an export is called: "claims.csv" → "claims.report.csv"; whatever has
 * no such ending gets ".report.csv" behind it. */
void beside_name_report(const char *export_path, struct buffer *ret_path);

/* Whether such a file stands there, or "" the report itself. True without memory: whoever asks
 * leaves the place alone then. */
bool beside_stands(const char *report_path, const char *ending);

/* 1 when neither a report nor anything that belongs to one stands there, or 0; -1 without memory: a
 * search for a free name must not go on for ever. */
int beside_is_free(const char *report_path, struct error *err);

#endif
