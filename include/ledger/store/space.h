/*
 * space: room on the disk, before it is needed and when it runs out.
 *
 * While a run sends, some room is held in reserve beside the ledger; when the disk gets full the
 * reserve is given up, so that the outcomes of calls in flight still find room, and nothing more is
 * sent. The reserve has no name, so nothing is left of it after a crash.
 *
 * Tested by tests/unit/test_space.c
 */
#ifndef CLAIMBATCH_LEDGER_STORE_SPACE_H
#define CLAIMBATCH_LEDGER_STORE_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct space;

/* What a ledger and a report grow by for each row, with room to spare; measured on usual rows. */
#define SPACE_LEDGER_ROW_BYTES 640
#define SPACE_REPORT_ROW_BYTES 320 /* beside the row of the export itself */
#define SPACE_LEDGER_LOG_BYTES                                                                     \
    ((uint64_t)24 << 20) /* the write-ahead log, and what is the same for all runs */
/* To record one call in flight, each in a transaction of its own, among claims that lie anywhere in
 * a ledger of a million: 14.1 KiB of the log were measured, 53 of a call of five claims, 196 of
 * twenty. */
#define SPACE_CALL_BYTES ((uint64_t)16 << 10)
#define SPACE_CLAIM_BYTES ((uint64_t)10 << 10) /* each further claim of the call */
#define SPACE_LEAST_BYTES ((uint64_t)2 << 20)  /* a reserve is never smaller */
/* Taken in the log at a time beyond what is asked for. */
#define SPACE_AHEAD_BYTES ((uint64_t)1 << 20)

/* EXIT_CANNOT_CREATE when the file system that holds `path` has not that much room; `what` is for
 * the message. */
int space_check(const char *path, uint64_t bytes, const char *what, struct error *err);

/* What the outcomes of so many calls may need. */
uint64_t space_of_calls(size_t calls, size_t claims_per_call);

/* What a run with such a reserve needs besides its rows: the reserve, the same again in the log
 * (ledger_take_room), and what has to stay free (space_is_tight). */
uint64_t space_of_run(uint64_t reserve);

/* Takes a reserve on the file system of `path`. EXIT_CANNOT_CREATE when there is no room for it. */
int space_reserve(const char *path, uint64_t bytes, struct space **ret_space, struct error *err);

/* Whether less room is left than half the reserve. Cheap enough for every turn. */
bool space_is_tight(const struct space *space);

/* How much was reserved. */
uint64_t space_bytes(const struct space *space);

/* Gives the room free; NULL is fine. */
void space_release(struct space *space);

#endif
