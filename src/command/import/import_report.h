/*
 * import_report: a report, unaltered, whose rows a ledger is to learn.
 *
 * It is proven twice: when it is opened, and again when its rows are taken, so that whatever is
 * read is what was proven. Between the two no file is open, so many reports can be proven before
 * the ledger takes the first. Memory is bounded by one block and one record.
 *
 * Tested by tests/e2e/test_import.py
 */
#ifndef CLAIMBATCH_COMMAND_IMPORT_IMPORT_REPORT_H
#define CLAIMBATCH_COMMAND_IMPORT_IMPORT_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "report/manifest/manifest.h"
#include "report/manifest/signature.h"

struct error;

/* One report. A zeroed one with `path` is to be opened. */
struct import_report {
    const char *path; /* borrowed */
    struct manifest_found manifest;
    int64_t began_ms; /* the first start of its run */
};

/* What became of its rows. */
struct import_report_counts {
    uint64_t rows;
    uint64_t learned; /* that the ledger did not know, or not so far */
    uint64_t learned_of[OUTCOME_COUNT];
    uint64_t accepted_elsewhere; /* rows that name where their claim was accepted before */
    uint64_t differ;
    uint64_t blind; /* superseded by content that no report has told of yet */
};

/*
 * Proves the report. EXIT_INPUT_MISSING when it cannot be opened, EXIT_BAD_CONFIG when it has no
 * manifest or is of another platform, EXIT_INPUT_REFUSED when it is not as it was written, or not
 * signed with `key`, which may be NULL. Release it in any case.
 */
int import_report_open(struct import_report *imported, const char *platform,
                       const struct verify_key *key, struct error *err);
void import_report_release(struct import_report *imported);

/* Who is told of each row of which ledger and report say different things. */
struct import_report_visitor {
    void *context;
    void (*differs)(void *context, const struct import_report *imported, uint64_t row,
                    const char *words);
};

/* Lets the ledger learn it, in the open transaction. Adds to the counts. */
int import_report_take(const struct import_report *imported, struct ledger *ledger,
                       const struct import_report_visitor *visitor,
                       struct import_report_counts *counts, int64_t *ret_run, struct error *err);

#endif
