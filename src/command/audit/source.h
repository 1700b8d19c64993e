/*
 * source: one report of an audit, read line by line and held against itself and its manifest.
 *
 * What is wrong with a line is an objection; lines out of their order are counted and passed over,
 * so that the lines that are handed out ascend.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_SOURCE_H
#define CLAIMBATCH_COMMAND_AUDIT_SOURCE_H

#include <stddef.h>

#include "report/scan.h"

struct audit;
struct audit_report;
struct error;
struct latency;
struct source;

/* Opens the report and its manifest, and fills in what is known of the file as a whole: path,
 * manifest, bytes and sha256. Fails as scan_open. */
int source_open(const char *path, struct audit_report *ret_report, struct scan **ret_scan,
                struct error *err);

/*
 * Begins the pass over audit->reports[report]; takes the scan over in any case. What was wrong with
 * the manifest of source_open becomes an objection.
 */
struct source *source_start(struct audit *audit, size_t report, struct scan *scan,
                            struct latency *latency); /* NULL without memory */
void source_close(struct source *source);             /* NULL is fine */

/* Goes on to the next line: 1, or 0 at the end, where the manifest is judged, or -1. */
int source_next(struct source *source, struct error *err);

/* The line at hand, NULL past the last. */
const struct scan_row *source_row(const struct source *source);

#endif
