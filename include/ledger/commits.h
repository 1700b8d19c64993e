/*
 * commits: how much a ledger has recorded, and what of it is lost.
 *
 * A transaction that says something of rows (an intent, an outcome, a person's decision) is counted
 * in the ledger itself and, once it is on disk, in the small file beside it that has its locks
 * (LEDGER.lock), which is not synced. So the file may be behind the ledger, after a power cut, but
 * never ahead of it: where it is, the ledger's last commits are gone (its log was removed, or a
 * backup was put in its place). It also notes, synced, that the log is being carried over into the
 * ledger: where that was cut and the log is gone, the ledger lost commits whatever it counts, since
 * the count may have been carried over before the rest. Manifests have the count as well. A
 * transaction that only tells of runs is not counted: a backup after which nothing was sent is as
 * good as the ledger itself.
 *
 * Where a person says that a ledger whose commits are gone is to be used all the same, its count
 * jumps ahead, so that no number is given twice: what lies between is a gap, and the manifests of
 * that time are known by it.
 *
 * Tested by tests/unit/test_commits.c and tests/e2e/test_identity.py
 */
#ifndef CLAIMBATCH_LEDGER_COMMITS_H
#define CLAIMBATCH_LEDGER_COMMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "ledger/ledger.h"

#define COMMITS_JUMP (INT64_C(1) << 32) /* more than any ledger that was lost can have */

/* How many there are, as of the last look or commit. */
int64_t ledger_commits(const struct ledger *ledger);

/* How many the file beside the ledger knows that the ledger does not, as of its opening. */
int64_t ledger_commits_lost(const struct ledger *ledger);

/* Whether the commit of this number, of which a manifest of this ledger tells, is gone: 1 or 0. */
int ledger_commits_is_lost(struct ledger *ledger, int64_t number, struct error *err);

/* The version of what the ledger is written in; those before LEDGER_SCHEMA count nothing. */
int ledger_version(struct ledger *ledger, int64_t *ret_version, struct error *err);

/* Whether a ledger of this id stands where this one was last sent with, and is another file: this
 * one is a copy of it, or it of this one. 1, its path, and how much that has recorded; or 0. Not
 * asked of a server. */
int ledger_commits_elsewhere(struct ledger *ledger, struct buffer *ret_path, int64_t *ret_count,
                             struct error *err);

/* Counts, in a transaction of its own, that a start is about to send: what a copy that was made
 * before does not know is then known by the number of this start. */
int ledger_commits_mark(struct ledger *ledger, struct error *err);

/* Who says so, and why. Texts are borrowed. */
struct statement_by {
    const char *by, *reason;
    int64_t at_ms;
};

/*
 * In the open transaction: the count goes on far above `number` and above what stands beside the
 * ledger; what it passes over is a gap, and every run that is not finished is in doubt. Nothing
 * where no commit is missing.
 */
int ledger_commits_jump(struct ledger *ledger, int64_t number, const struct statement_by *by,
                        struct error *err);

/*
 * Whether rows of this run may have been sent that this ledger does not know: it was not finished
 * in the copy that this ledger is. 1 or 0. The doubt ends by a person's word, or by what a report
 * of the run taught the ledger, in the open transaction.
 */
int ledger_run_is_in_doubt(struct ledger *ledger, int64_t run, struct error *err);
int ledger_run_end_doubt(struct ledger *ledger, int64_t run, struct error *err);

/* What a person said to send in spite of a manifest; each includes those before it. The values are
 * stored in ledgers: never renumber. */
enum pass_kind {
    PASS_OTHERS = 0,  /* rows of other exports */
    PASS_REPORT = 1,  /* rows of its report, which is taken at its word */
    PASS_EXPORT = 2,  /* all rows of its export */
    PASS_LEARNED = 3, /* the same, for what it tells was imported, and whatever the same ledger told
                         of the run before */
};

/* A manifest that is passed over, as it was then: of a run that goes on it would be another one. */
struct pass {
    const char *ledger, *run; /* their names in the manifest */
    int64_t commits;
    enum pass_kind kind;
};

/* Records it in the open transaction; or says whether it was recorded: 1 or 0. */
int ledger_pass_add(struct ledger *ledger, const struct pass *pass, const struct statement_by *by,
                    struct error *err);
int ledger_pass_find(struct ledger *ledger, const struct pass *pass, struct error *err);

/* What stands where a ledger is to be. */
enum ledger_place {
    LEDGER_STANDS,    /* a file that is not empty */
    LEDGER_IS_ABSENT, /* none, or an empty file: it would be made */
    LEDGER_IS_GONE,   /* the same, but its log or its count still stands beside it */
};

/* Looks at the place; makes nothing. `ret_id` gets the id that a count beside it names, else "". */
int ledger_place_look(const char *path, enum ledger_place *ret_place, char ret_id[LEDGER_ID_BYTES],
                      struct error *err);

/* When it was made; 0: by an earlier version. *ret_has_runs: it knows any run. */
int ledger_made(struct ledger *ledger, int64_t *ret_made_ms, bool *ret_has_runs, struct error *err);

#endif
