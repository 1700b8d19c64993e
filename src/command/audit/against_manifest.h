/*
 * against_manifest: the lines of a report, added up, held against its manifest.
 *
 * Tested by tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_AGAINST_MANIFEST_H
#define CLAIMBATCH_COMMAND_AUDIT_AGAINST_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "against_itself.h"
#include "audit.h"
#include "base/buffer.h"
#include "report/scan.h"

struct latency;
struct tally;

/* A line with texts of its own. */
struct kept {
    struct scan_row row;
    struct buffer texts;
};

struct against_itself {
    struct audit *audit;
    size_t report;
    struct scan *scan;
    struct latency *latency;
    struct tally *tally;
    /* The line at hand and the one behind it, which shows whether the first stands in its order;
     * `at` says which is which. */
    struct kept lines[2];
    int at;
    bool has_row, has_next, has_begun, is_at_end;
    uint64_t last_row; /* handed out; 0: none */
    bool is_damaged;   /* it was not read to its end */
};

/* The report that is held. */
struct audit_report *against_manifest_report(const struct against_itself *source);
/* Whether the file is the one that the manifest means: its bytes and digest. */
void against_manifest_judge_file(struct against_itself *source);
/* Whether the counts are those of the lines. */
void against_manifest_judge_counts(struct against_itself *source);
/* Whether the sums of claims that changed are. */
void against_manifest_judge_changed(struct against_itself *source);
/* Whether the codes are. */
int against_manifest_judge_codes(struct against_itself *source, struct error *err);

#endif
