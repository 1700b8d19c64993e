/*
 * worker: one start of the program, as a ledger on a server knows it.
 *
 * What it does it does under its id and its epoch. Whoever takes what it has raises the epoch, and
 * so does it itself when it has to connect anew: what is still on its way from before is refused
 * then. It may send until the deadline that it sets with each beat that was acknowledged.
 *
 * Tested by tests/unit/test_worker.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_ALIVE_WORKER_H
#define CLAIMBATCH_LEDGER_POSTGRES_ALIVE_WORKER_H

#include <stdbool.h>
#include <stdint.h>

struct deadline;
struct error;
struct host_lock;
struct lease;
struct session;
struct witness;

struct worker {
    /* Borrowed; to be set before it begins. */
    struct session *session;
    struct host_lock *lock;
    const struct lease *lease;
    struct deadline *send_before;
    const struct witness *witness; /* that is told of each beat; NULL: none */

    /* Its own. */
    int64_t id, epoch;
    int64_t calls;      /* that have a number */
    int64_t beat_ms;    /* when the last one that was acknowledged was sent, by clock_boot_ms */
    int64_t beat_calls; /* that it told of */
    bool is_fenced;     /* as the ledger said: nothing that it does is taken any more */
};

/* Its row, and its first beat. */
int worker_begin(struct worker *worker, struct error *err);

/* In a transaction: it is at work, and nobody can fence it before that ends. Takes the epoch that
 * it has by then: its own turns may have raised it. */
int worker_check(struct worker *worker, struct error *err);

bool worker_beat_is_due(const struct worker *worker);

/* Beats, in a transaction of its own: `calls` is the highest one that was acknowledged. */
int worker_beat(struct worker *worker, int64_t calls, struct error *err);

/* For who beats in a turn (TURN_BEAT), once the turn, sent then, has been acknowledged: with all
 * calls that have a number. */
void worker_take_beat(struct worker *worker, int64_t sent_ms);

/* What an earlier session was told is refused from now on; `session` may be another one than the
 * worker's own. *ret_calls is what the ledger has of the last beat: where that is less than was
 * acknowledged, beat_calls, it has lost commits. */
int worker_raise_epoch(struct worker *worker, struct session *session, int64_t *ret_calls,
                       struct error *err);

/*
 * Ends it cleanly: nobody waits for it. All calls have ended, so nothing of it can still leave: an
 * intent that it could not tell the end of is unknown from then on, and may be settled at once.
 */
int worker_end(struct worker *worker, struct error *err);

/* Why the ledger has refused what it did for certain, to be asked outside of the transaction that
 * failed, by any session: EXIT_TRY_LATER with who goes on in its place; where it was not fenced the
 * ledger is not what it was: EXIT_BAD_CONFIG. Always -1. */
int worker_fail_refused(struct worker *worker, struct session *session, struct error *err);

#endif
