/*
 * next_step: how a report stands after a resolve, and the next command to type.
 *
 * Tested by tests/e2e/test_resolve.py
 */
#ifndef CLAIMBATCH_CLI_NEXT_STEP_H
#define CLAIMBATCH_CLI_NEXT_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "ledger/ledger.h"
#include "report/manifest/manifest.h"

struct options;

/* What a call of resolve came to. */
struct unknown_row_totals {
    uint64_t unknown; /* rows that are unknown now */
    uint64_t own;     /* of them: to be settled in this report */
    uint64_t settled, settled_before, skipped;
    uint64_t changed; /* rows that the ledger knew in another way than the report */
    bool republished;
    int exit_code;
};

/* Borrowed. */
struct next_step {
    const struct options *options;
    const struct manifest_found *manifest;
    const struct run_record *run;
    const struct unknown_row_totals *totals;
    bool is_abandoned;     /* the run sends nothing any more */
    bool was_settled;      /* decisions were given */
    const char *list;      /* where the list was written; NULL: nowhere */
    uint64_t orphans;      /* unknown rows that a list alone can settle here */
    uint64_t waiting;      /* … that wait for a row of another report */
    uint64_t over;         /* … whose claim was settled in another run */
    uint64_t open;         /* rows that are failed or unsent */
    uint64_t judged;       /* … of them: whose content was accepted in another run meanwhile */
    const char *elsewhere; /* a report that a row waits for */
};

/* Appends "claimbatch COMMAND FILE" with the options that were typed of where things are, quoted
 * for a shell. `file` may be NULL. */
void next_step_append_command(const struct options *options, const char *command, const char *file,
                              struct buffer *ret_words);

/* Logs it; as a warning while rows are unknown. */
void next_step_print(const struct next_step *next_step);

#endif
