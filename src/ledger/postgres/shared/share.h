/*
 * share: what a worker may send of the rate of an app key that several have. Pure.
 *
 * The rate is divided among the members, not metered: each keeps its share by its own exact sliding
 * second, so all of them keep the rate in every second with no clock in common. Whoever comes or
 * goes raises the generation. A member that has to send less does so at once, and says so
 * (acknowledges the generation) once what it sent in its last second, and may send yet, is no more
 * than that. Nobody sends more before all have said so; nor before what somebody who left had sent
 * is out of the second. Who comes begins with nothing.
 *
 * Tested by tests/unit/test_share.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SHARED_SHARE_H
#define CLAIMBATCH_LEDGER_POSTGRES_SHARED_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where no member has a rate. */
#define SHARE_UNLIMITED INT64_MAX

#define SHARE_LEFT_MS 1100    /* what somebody who left had sent is out of every second then */
#define SHARE_ROTATE_MS 10000 /* how long some have nothing, where there are more than the rate */

/* The share of the one with so many before it, by id, of so many members. Where the rate is less
 * than one for each, they take turns from generation to generation. */
int64_t share_divide(int64_t rate, size_t members, size_t before, int64_t generation);

/* What a member knows, as of one look at the ledger. */
struct share_view {
    int64_t generation;
    int64_t changed_ms_ago; /* since the generation was raised, at least */
    int64_t rate;           /* the lowest one that a member has; SHARE_UNLIMITED */
    size_t members, before;
    bool all_acked;       /* every member this generation */
    int64_t acked, share; /* its own */
    int64_t left_ms_ago;  /* since a member left last */
};

enum share_move {
    SHARE_KEEP,
    SHARE_SHRINK, /* to be obeyed at once, and acknowledged when that is so */
    SHARE_GROW,   /* to be told to the ledger, and used once that is acknowledged */
    SHARE_ROTATE, /* the generation is to be raised, unless somebody did */
};

/* What to do next, and with which share. */
enum share_move share_next(const struct share_view *view, int64_t *ret_share);

#endif
