/*
 * rate_share: a worker's way to its share of an app key's rate (share.h), a step a turn.
 *
 * Tested by tests/unit/test_rate_share.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SHARED_RATE_SHARE_H
#define CLAIMBATCH_LEDGER_POSTGRES_SHARED_RATE_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "member.h"

struct error;
struct session;

/* Zeroed but for who it is, before it is stepped. */
struct rate_share {
    struct member member;

    /* As of the last step. */
    bool has_joined, is_agreed;
    int64_t generation;
    int64_t rate; /* of all; SHARE_UNLIMITED */
    int64_t share;
    size_t members;
    int64_t looked_ms;
    int64_t seen_ms; /* since when it has known this generation */
};

/* What is known at a step. */
struct rate_share_turn {
    int64_t rate;       /* that its user said, or SHARE_UNLIMITED */
    int64_t taken;      /* calls of its own that fall into the sliding second, or may yet */
    int64_t generation; /* of the app key, as of the last turn */
    int64_t now_ms;     /* monotonic */
};

/* Afterwards it may send `share` a second. A step that has nothing to ask for asks nothing. */
int rate_share_step(struct rate_share *share, struct session *session,
                    const struct rate_share_turn *turn, struct error *err);

#endif
