/*
 * import: a ledger learns what a report says of a run that it does not know, or not to its end.
 *
 * All in the open transaction. What the ledger knows later or for certain stays; see merge.h. The
 * same report again changes nothing, and reports may come in any order: one that names a run of
 * which no report has come yet leaves a place for it.
 *
 * Tested by tests/e2e/test_import.py
 */
#ifndef CLAIMBATCH_LEDGER_IMPORT_IMPORT_H
#define CLAIMBATCH_LEDGER_IMPORT_IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/import/merge.h"
#include "ledger/ledger.h"

struct error;

#define IMPORT_ROW_MAX (((uint64_t)1 << 36) - 1) /* no ledger has a place for a higher one */

/* A run as its manifest tells of it; its id is not looked at. */
struct import_run {
    struct run_record record;
    int64_t began_ms;         /* its first start */
    const char *parent;       /* the run whose report it took its rows from; "": none */
    struct run_count *counts; /* of its report; OUTCOME_COUNT entries */
};

/* A run that the ledger knows now. */
struct import_place {
    int64_t run;
    const char *platform;
    struct merge_report report;
    bool was_known; /* before */
};

/*
 * Every intent of a run that no process works on becomes unknown, as when such a run goes on: what
 * reports say is about attempts.
 */
int ledger_import_recover(struct ledger *ledger, struct error *err);

/*
 * Finds the run or adds it, in its place in the order of runs. EXIT_TRY_LATER when it is active;
 * EXIT_INPUT_REFUSED when the ledger knows it as one of another export or platform.
 */
int ledger_import_run(struct ledger *ledger, const struct import_run *run,
                      struct import_place *ret_place, struct error *err);

/* The same for a run that a row names, of which nothing else is known: its id. */
int ledger_import_named(struct ledger *ledger, const char *platform, const char *name,
                        int64_t at_ms, int64_t *ret_run, struct error *err);

/* What the run's row says, with the counts of its report, now that its rows are taken. */
int ledger_import_end(struct ledger *ledger, const struct import_place *place,
                      const struct import_run *run, struct error *err);

/* One row as its report has it. */
struct import_row {
    uint64_t row;
    struct claim_key key;
    int64_t fee_fen;          /* of its content */
    struct row_record record; /* ROW_FINAL: it was sent; ROW_AGAIN: unsent; ROW_NOTED: the others */
    bool repeated;            /* other rows of the report may be of the same claim */
    /* Of a row that was skipped because its claim was accepted: run 0: it was not. */
    struct row_place accepted_at;
    int64_t accepted_ms;
    bool is_content_accepted; /* … with this content; else with one that is not known here */
    uint64_t awaited_row;     /* the row whose attempt it waits for; 0: it does not wait */
};

struct import_result {
    struct merge merge;
    bool was_known;         /* the ledger had a record of the row: */
    struct known_row known; /* as it was; to be released by the caller */
    bool is_blind;          /* what was accepted of its claim is not known here */
};

int ledger_import_row(struct ledger *ledger, const struct import_place *place,
                      const struct import_row *row, struct import_result *ret_result,
                      struct error *err);

/*
 * On a server, what is known of rows to come is read for many of them at once: they are added in
 * their order, and read; then they are taken in the same order, until ledger_import_ahead_forget.
 * A ledger in a file need not look ahead.
 */
#define IMPORT_AHEAD_ROWS 2000
bool ledger_import_ahead_is_of_use(const struct ledger *ledger);
int ledger_import_ahead_add(struct ledger *ledger, const struct claim_key *key, uint64_t row,
                            struct error *err);
int ledger_import_ahead_read(struct ledger *ledger, const struct import_place *place,
                             struct error *err);
void ledger_import_ahead_forget(struct ledger *ledger);

/* A start of a run that left no report. */
struct import_start {
    struct import_run run; /* not finished */
    const char *ledger;    /* with which it was made … */
    int64_t commits;       /* … and the count of that then */
};

/* Finds the run or adds it, as above, as one that is under way since this start. *ret_known: the
 * ledger knows all that became of the start, and none of its rows is to be taken. */
int ledger_import_start(struct ledger *ledger, const struct import_start *start,
                        struct import_place *ret_place, bool *ret_known, struct error *err);

/*
 * A row of it: unknown, unless the ledger knows that the start did not send it, or that its claim
 * was accepted with this content or newer. The record is the unknown one, submitted when the start
 * began.
 */
int ledger_import_doubtful(struct ledger *ledger, const struct import_place *place,
                           const struct import_row *row, bool *ret_learned, struct error *err);

/* Claims of which not known content was accepted: rows are SUPERSEDED by it. Reads all claims. */
int ledger_import_blind(struct ledger *ledger, uint64_t *ret_claims, struct error *err);

/* Records that a report was imported, by whom and why. */
int ledger_import_note(struct ledger *ledger, int64_t run, const char *report_sha256,
                       int64_t now_ms, const char *by, const char *reason, struct error *err);

#endif
