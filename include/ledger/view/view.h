/*
 * view: a ledger as a person looks at it, while runs may be writing it.
 *
 * Never makes, migrates or changes a ledger, and never keeps a run waiting: every answer is read in
 * a transaction of its own and copied, nothing is held between two calls. So what is read in two
 * calls may be of two moments.
 *
 * Tested by tests/unit/test_view.c, test_view_history.c
 */
#ifndef CLAIMBATCH_LEDGER_VIEW_VIEW_H
#define CLAIMBATCH_LEDGER_VIEW_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/abandonment.h"
#include "ledger/commits.h"

/*
 * Opens an existing ledger, to be closed by ledger_close. Where the file or its folder is read-only
 * and no run has its log beside it, it is read without locks; else SQLite's log may be left beside
 * it, as any reader leaves it. EXIT_INPUT_MISSING when there is none or
 * it cannot be opened; EXIT_BAD_CONFIG when it is no ledger, of a newer version or on a network
 * file system. Only functions of this header and of verify.h and backup.h, and of ledger.h those
 * that read, may be called with it.
 */
int view_open(const char *path, struct ledger **ret_ledger, struct error *err);

/* The same for a copy that no process writes: no file is made beside it. */
int view_open_copy(const char *path, struct ledger **ret_ledger, struct error *err);

/*
 * EXIT_BAD_CONFIG when the ledger is of an earlier version than this program's. Such a one can be
 * verified and backed up, but not looked at: the next upload brings it to this version.
 */
int view_check_schema(struct ledger *ledger, struct error *err);

enum view_state {
    VIEW_ACTIVE,      /* a live process holds it */
    VIEW_INTERRUPTED, /* it ended without an end */
    VIEW_STOPPED,     /* before its last row; stopped_because says why */
    VIEW_FINISHED,
    VIEW_ABANDONED, /* a person declared it over */
    VIEW_PRUNED,    /* only its name, platform and times are known any more */
    VIEW_STATE_COUNT,
};

/* "active" … "pruned". */
const char *view_state_name(enum view_state state);

struct view_run {
    struct run_record record; /* texts until the next run call */
    enum view_state state;
    struct abandonment abandonment; /* its run is 0: there was none */
    bool has_money; /* the counts are of a report; else of the rows so far, without money */
    struct run_count counts[OUTCOME_COUNT];
};

/* The newest run with an id below `before` (INT64_MAX: the newest of all): 1, or 0. */
int view_run_next(struct ledger *ledger, int64_t before, struct view_run *ret_run,
                  struct error *err);

/* What an app key has sent today on a platform. Texts until the visit returns. */
struct view_app {
    const char *platform, *app_key;
    int64_t calls;           /* of the Beijing day */
    int64_t banned_until_ms; /* wall time; 0: no ban is in force */
};

int view_today(struct ledger *ledger, int64_t now_ms,
               void (*visit)(void *context, const struct view_app *app), void *context,
               struct error *err);

/* A manifest that a person said to pass over (--new-ledger): what it tells is not known here. Texts
 * until the visit returns. */
struct view_pass {
    const char *ledger; /* the id of the ledger that it names; "": it could not be read */
    const char *run;    /* … and the run; of one that could not be read, its path */
    enum pass_kind kind;
    int64_t at_ms;
    const char *by, *reason;
};

/* Commits that are known to be gone: all behind the one, up to the other. */
struct view_gap {
    int64_t after, until;
    int64_t at_ms;
    const char *by, *reason;
};

/* Visits those, the oldest first. */
int view_passes(struct ledger *ledger, void (*visit)(void *context, const struct view_pass *pass),
                void *context, struct error *err);
int view_gaps(struct ledger *ledger, void (*visit)(void *context, const struct view_gap *gap),
              void *context, struct error *err);

/* A run that has unknown attempts which nobody has settled. */
struct view_open_run {
    int64_t run;
    uint64_t unknown;
    int64_t oldest_ms; /* when the first of them was handed over */
};

/* Visits them in the order of runs. */
int view_open_runs(struct ledger *ledger,
                   void (*visit)(void *context, const struct view_open_run *open), void *context,
                   struct error *err);

/* An unknown attempt that nobody has settled. Texts are never NULL. */
struct view_unknown {
    const char *claim_order_no, *platform;
    int64_t workcard_id;
    struct row_place place;
    char run_name[LEDGER_ID_BYTES];
    int attempts;
    int64_t submitted_ms;
    unsigned char digest[DIGEST_CLAIM_BYTES];
    bool was_interrupted; /* its run died while the answer was awaited */
    const char *code, *message, *request_id;
};

/* Visits the `most` oldest ones. Texts until the visit returns. */
int view_unknown_oldest(struct ledger *ledger, size_t most,
                        void (*visit)(void *context, const struct view_unknown *unknown),
                        void *context, struct error *err);

/* All of them, in the order of claim_order_no. */
struct view_list;
int view_list_open(struct ledger *ledger, struct view_list **ret_list, struct error *err);
/* 1 and one of them, valid until the next call, or 0 at the end. */
int view_list_next(struct view_list *list, struct view_unknown *ret_unknown, struct error *err);
void view_list_close(struct view_list *list);

/* One claim: a claim_order_no may stand for several, by workcard_id and platform. */
struct view_claim {
    int64_t workcard_id;
    const char *platform;
    struct claim_state state;
    char open_run_name[LEDGER_ID_BYTES];
    size_t rows; /* that are visited; 0: they were pruned, or the first is being sent */
};

/* One row of a claim. */
struct view_row {
    struct row_place place;
    char run_name[LEDGER_ID_BYTES];
    struct row_record record;
    enum round_kind round; /* the last round in which it was sent, who opened it and why */
    const char *round_by, *round_reason;
};

struct view_settlement {
    int64_t at_ms;
    enum outcome outcome;
    const char *by, *reason;
    const char *was; /* what the row said before */
};

/* Texts until the visit returns. A row comes after its claim, a settlement after its row. */
struct view_visitor {
    void *context;
    void (*claim)(void *context, const struct view_claim *claim);
    void (*row)(void *context, const struct view_row *row);
    void (*settlement)(void *context, const struct view_settlement *settlement);
};

/*
 * Visits the claims of that claim_order_no, each with its rows of all runs, oldest first. A row
 * that was skipped without being sent is not among them, unless its file had the claim twice; a row
 * that waits for a repeat is the claim's open attempt or not yet there. *ret_claims counts them.
 */
int view_claim_history(struct ledger *ledger, const char *claim_order_no,
                       const struct view_visitor *visitor, size_t *ret_claims, struct error *err);

#endif
