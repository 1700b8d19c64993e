/*
 * member_watch: who divides the rate of an app key watches the others that do.
 *
 * One that is not heard of any more has a share that nobody uses, and does not acknowledge what a
 * newcomer waits for: without a look at it a newcomer would send nothing until somebody wanted the
 * run of the dead one. So it is fenced by whoever shares with it, as if it were in his way.
 *
 * Tested by tests/unit/test_member_watch.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SHARED_MEMBER_WATCH_H
#define CLAIMBATCH_LEDGER_POSTGRES_SHARED_MEMBER_WATCH_H

#include "ledger/postgres/alive/fence.h"
#include "member.h"

struct error;
struct ledger;

/* Zeroed at first. */
struct member_watch {
    int64_t looked_ms;
    struct fence_watch silent; /* the one that was not heard of for longest */
};

/* Looks, where that is due, and takes over what a silent member has. Not in a transaction. */
int member_watch_step(struct member_watch *watch, struct ledger *ledger,
                      const struct member *member, struct error *err);

#endif
