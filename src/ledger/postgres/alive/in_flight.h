/*
 * in_flight: the calls of a worker that may be sent, or have been and were not answered: the ledger
 * has acknowledged their intents, and not their ends.
 *
 * A ledger that has lost commits is told by it: it has not all of them open, or has others of this
 * worker. Calls are known by their numbers, which rise.
 *
 * Tested by tests/unit/test_in_flight.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_ALIVE_IN_FLIGHT_H
#define CLAIMBATCH_LEDGER_POSTGRES_ALIVE_IN_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct session;

/* Zeroed: none. */
struct in_flight {
    int64_t *calls; /* in the order of their numbers, until some were added */
    size_t count, room;
};

/* False without memory. */
bool in_flight_add(struct in_flight *in_flight, int64_t call);

/* Once all are added, before one is looked for. */
void in_flight_sort(struct in_flight *in_flight);
bool in_flight_has(const struct in_flight *in_flight, int64_t call);

/* Those of the other list are in it no more. Both are sorted. */
void in_flight_remove(struct in_flight *in_flight, const struct in_flight *ended);

/*
 * Whether the ledger has open what the worker has in flight, and nothing else of it: 1, or 0 where
 * commits that were acknowledged are gone; -1 where it could not be asked. Of the calls of `said`
 * it is not known whether the ledger has what was said of them, so these may be open or not. Both
 * are sorted. To be asked once nothing of an earlier session can come any more.
 */
int in_flight_check(const struct in_flight *in_flight, const struct in_flight *said,
                    struct session *session, int64_t worker, struct error *err);

void in_flight_release(struct in_flight *in_flight);

#endif
