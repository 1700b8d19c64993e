/*
 * against_itself: one report of an audit, read line by line and held against itself and its
 * manifest.
 *
 * What is wrong with a line is a disagreement; lines out of their order are counted and passed
 * over, so that the lines that are handed out ascend.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_AGAINST_ITSELF_H
#define CLAIMBATCH_COMMAND_AUDIT_AGAINST_ITSELF_H

#include <stddef.h>

#include "report/scan.h"

struct audit;
struct audit_report;
struct error;
struct latency;
struct against_itself;

/* Opens the report and its manifest, and fills in what is known of the file as a whole: path,
 * manifest, bytes and sha256. Fails as scan_open. */
int against_itself_open(const char *path, struct audit_report *ret_report, struct scan **ret_scan,
                        struct error *err);

/*
 * Begins the pass over audit->reports[report]; takes the scan over in any case. What was wrong with
 * the manifest of against_itself_open becomes a disagreement.
 */
struct against_itself *against_itself_start(struct audit *audit, size_t report, struct scan *scan,
                                            struct latency *latency); /* NULL without memory */
void against_itself_close(struct against_itself *source);             /* NULL is fine */

/* Goes on to the next line: 1, or 0 at the end, where the manifest is judged, or -1. */
int against_itself_next(struct against_itself *source, struct error *err);

/* The line at hand, NULL past the last. */
const struct scan_row *against_itself_row(const struct against_itself *source);

#endif
