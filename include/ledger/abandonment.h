/*
 * abandonment: runs that a person has declared over, because their file was a wrong one.
 *
 * Such a run sends no row any more, nor does a run that takes its rows from there: a rerun, or the
 * upload of a list of its problems. Its unknown attempts stay unknown until they are settled. The
 * record of the run itself stays as it was, so that its report goes on agreeing with the ledger;
 * and pruning keeps the abandonment, so that the same export afterwards is still that run.
 *
 * Tested by tests/e2e/test_abandon.py
 */
#ifndef CLAIMBATCH_LEDGER_ABANDONMENT_H
#define CLAIMBATCH_LEDGER_ABANDONMENT_H

#include "ledger/ledger.h"

/* Texts are the ledger's, until its next call of this header. */
struct abandonment {
    int64_t run;                /* 0: there is none */
    char name[LEDGER_ID_BYTES]; /* … and its name, which people see */
    int64_t at_ms;
    const char *by, *reason;
};

/* Whether the run, or that of this export on this platform by this command, was abandoned: 1 or 0.
 */
int ledger_abandonment_get(struct ledger *ledger, int64_t run, struct abandonment *ret_abandonment,
                           struct error *err);
int ledger_abandonment_find(struct ledger *ledger, const char *command, const char *platform,
                            const unsigned char export_sha256[32],
                            struct abandonment *ret_abandonment, struct error *err);

/*
 * Abandons one run, whose lock is held, in the open transaction: its intents become unknown, no row
 * of it is open any more. One that was abandoned before stays as it was. *ret_lost: those intents.
 */
int ledger_run_abandon(struct ledger *ledger, int64_t run, int64_t now_ms, const char *by,
                       const char *reason, size_t *ret_lost, struct error *err);

/* The next run, by id, behind `after` (0: the first) of those that are this run or take their rows
 * from one of them: 1, or 0 at the end. */
int ledger_run_line_next(struct ledger *ledger, int64_t run, int64_t after, int64_t *ret_run,
                         struct error *err);

#endif
