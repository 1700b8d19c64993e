/*
 * lease: how long a worker may send without having been heard of, and when another may take what
 * it has. Pure: time is an argument, of the clock that counts sleep.
 *
 * Nothing here compares the clocks of two hosts. A worker beats: it raises a number in the ledger.
 * It may send until LEASE_MS, less a margin, after the moment at which its last beat was *sent*.
 * Who watches it looks at that number, and counts the time in which it looked and found the same by
 * its own clock. That begins after the beat was sent and lasts longer than the lease, so it ends
 * after the worker's right to send, even where one clock goes a fifth faster than the other.
 *
 * Tested by tests/unit/test_lease.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_ALIVE_LEASE_H
#define CLAIMBATCH_LEDGER_POSTGRES_ALIVE_LEASE_H

#include <stdbool.h>
#include <stdint.h>

struct lease {
    int64_t length_ms;
    int64_t margin_ms; /* a worker stops so much earlier, a watcher waits so much longer */
    int64_t beat_ms;   /* how often a worker beats */
    int64_t look_ms;   /* how often a watcher looks */
    int64_t gap_ms;    /* one that has not looked for so long knows nothing */
    int64_t settle_ms; /* how long after its end the gateway may still take what it has signed */
};

/* The one of the program, alone in lease_real.c: a program of the tests is linked with a shorter
 * one (tests/campaigns/short_lease.c). */
extern const struct lease lease_real;

/* Until when a worker may send whose beat was sent then, once that is acknowledged. */
int64_t lease_deadline_ms(const struct lease *lease, int64_t sent_ms);

bool lease_beat_is_due(const struct lease *lease, int64_t sent_ms, int64_t now_ms);

/* What is known of another worker; zeroed: nothing. */
struct lease_watch {
    bool has_beat;
    int64_t beat;
    int64_t since_ms;  /* when it was found first */
    int64_t looked_ms; /* … and last */
};

/* The beat that was asked for at asked_ms and told at told_ms. Whether the worker may be fenced: it
 * was the same in each look for longer than the lease. */
bool lease_watch_see(struct lease_watch *watch, const struct lease *lease, int64_t beat,
                     int64_t asked_ms, int64_t told_ms);

/* A look failed: what keeps us from the ledger may keep the worker from it, too. */
void lease_watch_fail(struct lease_watch *watch);

#endif
