/*
 * selection: the rows of a report that are taken to be submitted again.
 *
 * The report is proven first, as a whole: it is that of its manifest, no row is missing, doubled or
 * moved, and no spreadsheet has been at it. Its rows are known by their digests; those that a
 * person edited are named, and taken only where that was said. Of a row that is as it was the claim
 * is the report's, exactly; the run that wrote it has judged it by the rules. An edited row is
 * judged like new content. The rows keep the numbers they have in the export.
 *
 * Tested by tests/unit/test_selection.c
 */
#ifndef CLAIMBATCH_COMMAND_RERUN_SELECTION_H
#define CLAIMBATCH_COMMAND_RERUN_SELECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "input/inspection/claim_rows.h"
#include "input/inspection/inspection.h"
#include "report/manifest/manifest.h"

struct error;
struct selection;

/* What is taken; rows that are failed or unsent always are. Borrowed. */
struct selection_settings {
    const char *path;                      /* of the report */
    const struct manifest_found *manifest; /* beside it */
    bool rejected, unknown;                /* are taken too */
    bool accept_edits;
    struct ledger *ledger;
    /* The report's run, as the ledger knows it, and its place in the order of runs. 0: it does not.
     * Then only the report tells what was sent, and is taken byte for byte or not at all. */
    int64_t run, sequence;
};

/* Opens and surveys the report. EXIT_INPUT_MISSING, or EXIT_INPUT_REFUSED as scan_open says. */
int selection_open(const struct selection_settings *settings, struct selection **ret_selection,
                   struct error *err);
void selection_close(struct selection *selection); /* NULL is fine */

/* What the report counts, and what is taken of it. */
struct selection_counts {
    uint64_t rows[OUTCOME_COUNT];
    uint64_t taken[OUTCOME_COUNT];
    uint64_t edited;     /* of those taken */
    uint64_t superseded; /* left, because a later row of their claim is accepted */
};

/*
 * The first pass: proves the report and completes the source, which has rules and now; from then on
 * claim_rows.h yields the rows that are taken. EXIT_INPUT_REFUSED names what is wrong, and the
 * first rows where.
 */
int selection_inspect(struct selection *selection, struct row_source *row_source,
                      struct inspection *ret_inspection, struct error *err);
const struct selection_counts *selection_counts(const struct selection *selection);

#endif
