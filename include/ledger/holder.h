/*
 * holder: which process holds a run.
 *
 * Tested by tests/unit/test_ledger_run.c and tests/unit/test_run_holder.c
 */
#ifndef CLAIMBATCH_LEDGER_HOLDER_H
#define CLAIMBATCH_LEDGER_HOLDER_H

#include <stdbool.h>
#include <stdint.h>

struct deadline;
struct error;
struct ledger;

/*
 * Gets ready to lock a run in a transaction to come; 0: one that is new. On a server it becomes
 * anybody's here if the worker that holds it is dead, which may take as long as a lease; at once
 * where that was heard of a moment ago. In a file it has nothing to do.
 */
int ledger_run_await(struct ledger *ledger, int64_t run, struct error *err);

/* Takes the run's lock until ledger_close: 1 taken, 0 another process holds it. On a server, in a
 * transaction, it is what ledger_run_await has made of it; else it awaits the run itself. */
int ledger_run_lock(struct ledger *ledger, int64_t run, struct error *err);

/*
 * For a claim that another run has in flight, outside of a transaction, as often as one likes: 1
 * when nobody holds that run any more, so that the claim may be judged again, 0 not yet. On a
 * server, the worker that holds it is watched, and fenced once it may be. Of a run in a file always
 * 0: there ledger_run_is_alive knows.
 */
int ledger_run_watch(struct ledger *ledger, int64_t run, struct error *err);

/*
 * Who changes what runs stand on has a ledger on a server for himself: not in a transaction, what
 * others have that are not heard of any more is taken over; and in one it is told whether any has
 * begun since. EXIT_TRY_LATER from either while another is at work. A file's transaction keeps
 * them out itself.
 */
int ledger_await_others(struct ledger *ledger, struct error *err);
int ledger_check_others(struct ledger *ledger, struct error *err);

#define LEDGER_HOST_BYTES 256

/* A process that has, or had, a run. */
struct run_process {
    int64_t id;                   /* 0: nobody has recorded it */
    bool is_here;                 /* it is one of this host */
    char host[LEDGER_HOST_BYTES]; /* on a server: its name; else "" */
};

/* Records, in the open transaction, which process has the run's lock (on a server that is known);
 * and which was the last. */
int ledger_run_note_process(struct ledger *ledger, int64_t run, int64_t process, struct error *err);
int ledger_run_process(struct ledger *ledger, int64_t run, struct run_process *ret_process,
                       struct error *err);

/* Whether a process holds the run's lock; our own runs count as alive. On a server: whether its
 * worker has neither ended nor was fenced, nor is known as dead on this host. */
bool ledger_run_is_alive(struct ledger *ledger, int64_t run);

/*
 * On a server, who holds runs has to be heard of. ledger_begin sees to it, and who begins no
 * transaction beats: that does nothing where it is not due. EXIT_TRY_LATER from either where
 * another start has taken the runs over meanwhile, which ledger_is_fenced tells from then on.
 */
int ledger_beat(struct ledger *ledger, struct error *err);
bool ledger_is_fenced(const struct ledger *ledger);

/* After that nothing may be sent; NULL before ledger_run_await or ledger_run_lock, and always with
 * a ledger in a file. It lives as long as the ledger. */
const struct deadline *ledger_send_before(const struct ledger *ledger);

#endif
