/*
 * app: the calls of an app key's day, and its bans, as the workers of several hosts share them.
 *
 * Calls are taken in blocks, so that the row which all of them write is written seldom. A block is
 * taken in a transaction of its own that does not wait for the disk: whoever sends with it commits
 * an intent after it, and that does. What is left of a block is given back at the end; with a
 * worker that dies it is lost. The day is the Beijing one by the server's clock; a call that is
 * granted before midnight and leaves after it counts for the day before.
 *
 * Tested by tests/unit/test_app.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SHARED_APP_H
#define CLAIMBATCH_LEDGER_POSTGRES_SHARED_APP_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct session;

#define APP_BLOCK_MAX 256

struct app_key {
    int64_t platform; /* its id in the ledger */
    const char *key;
};

/* Calls that were taken and not made. */
struct app_block {
    int32_t day;
    int64_t left;
};

/* How many to take of those that are left of a day, where so many workers take some. Pure. */
int64_t app_block_size(int64_t left, size_t workers);

/* Takes a block where none is left, or it is of another day: its left is 0 where the quota is used
 * up. */
int app_take_calls(struct session *session, const struct app_key *app, int64_t quota,
                   size_t workers, struct app_block *block, struct error *err);

/* Gives back what is left of it. */
int app_give_back(struct session *session, const struct app_key *app, struct app_block *block,
                  struct error *err);

#endif
