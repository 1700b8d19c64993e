/*
 * member: a worker among those that divide the rate of its app key (share.h), as the ledger has it.
 *
 * Its row has the share that it may use. It is written before a larger one is used, and after a
 * smaller one is kept. With the row of a worker that was fenced, or has ended, goes its share.
 *
 * Tested by tests/unit/test_member.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SHARED_MEMBER_H
#define CLAIMBATCH_LEDGER_POSTGRES_SHARED_MEMBER_H

#include <stdint.h>

#include "share.h"

struct error;
struct session;

struct member {
    int64_t platform; /* its id in the ledger */
    const char *app_key;
    int64_t worker;
};

/* With the rate that its user said, or SHARE_UNLIMITED. The same again begins with nothing again.
 * EXIT_TRY_LATER where it was fenced. */
int member_join(struct session *session, const struct member *member, int64_t rate,
                struct error *err);

/* All but changed_ms_ago, which each host tells by its own clock. EXIT_TRY_LATER where it is no
 * member any more: it was fenced. */
int member_look(struct session *session, const struct member *member, struct share_view *ret_view,
                struct error *err);

/* Tells the ledger of a share: one that is kept already (SHARE_SHRINK), or one that is used once
 * this has succeeded (SHARE_GROW); and that the generation, as it was looked at, is acknowledged.
 */
int member_put(struct session *session, const struct member *member, int64_t generation,
               int64_t share, struct error *err);

/* Raises the generation, unless somebody has (SHARE_ROTATE). */
int member_rotate(struct session *session, const struct member *member, int64_t generation,
                  struct error *err);

/* In a transaction: a worker is a member no more. */
int member_leave(struct session *session, int64_t worker, struct error *err);

#endif
