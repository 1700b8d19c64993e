/*
 * commit_count: how much a ledger has recorded, counted in it and beside it: see ledger/commits.h.
 *
 * Tested by tests/unit/test_commits.c
 */
#ifndef CLAIMBATCH_LEDGER_STORE_COMMIT_COUNT_H
#define CLAIMBATCH_LEDGER_STORE_COMMIT_COUNT_H

#include <stdint.h>

struct error;
struct ledger;

/* The open transaction says something of rows: it counts. */
void commit_count_this(struct ledger *ledger);

/* Counts the open transaction, if it says something of rows, inside it; and, once it is committed,
 * beside the ledger. */
int commit_count_add(struct ledger *ledger, struct error *err);
void commit_count_write(struct ledger *ledger);

/* Reads what stands beside the ledger; before the ledger itself is read, so that a run that goes on
 * meanwhile makes it no larger than what the ledger says. */
void commit_count_read_beside(struct ledger *ledger);

/* Reads what the ledger says; a ledger of an earlier version says 0. */
int commit_count_read(struct ledger *ledger, struct error *err);

/* Begins to count beside a ledger that is open for writing. */
int commit_count_open(struct ledger *ledger, struct error *err);

/* Around whatever carries the log over: notes beside the ledger, on the disk, that a part of the
 * log may be in it. A log that is gone before the end is noted is a loss, whatever the ledger
 * counts: the page that has the count may be among those that were carried over. 0 or -1. */
int commit_count_carry_begin(struct ledger *ledger);
int commit_count_carry_end(struct ledger *ledger);

/* How many were counted beside the ledger of the same id that stands at the path; -1: none. */
int64_t commit_count_at(const struct ledger *ledger, const char *path);

/* How many of the commits that were counted beside the ledger are not in it. */
int64_t commit_count_lost(const struct ledger *ledger);

#endif
