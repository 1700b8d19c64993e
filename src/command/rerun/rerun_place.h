/*
 * rerun_place: where the report of a re-run goes.
 *
 * Tested by tests/e2e/test_rerun.py
 */
#ifndef CLAIMBATCH_COMMAND_RERUN_RERUN_PLACE_H
#define CLAIMBATCH_COMMAND_RERUN_RERUN_PLACE_H

#include "command/upload/submission.h"

/* Everything a rerun has open beside its submission. */
struct rerun {
    struct submission submission;
    struct manifest_found manifest; /* of the report whose rows are taken */
    struct run_record parent;       /* its run; id 0: the ledger does not know it */
    struct selection *selection;
};

/* Sets the path of the report: what was typed, or the next free number beside the report whose rows
 * are taken. */
int rerun_place_choose(struct rerun *r, struct error *err);
/* EXIT_CANNOT_CREATE where the report of another re-run stands at that path. */
int rerun_place_check(const struct rerun *r, struct error *err);

#endif
