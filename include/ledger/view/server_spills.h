/*
 * server_spills: answers that are kept on this host, since the ledger on a server could not be
 * told.
 *
 * Takes a ledger of view_open that a URL names. What cannot be read is told in the log.
 *
 * Tested by tests/e2e/test_server_status.py
 */
#ifndef CLAIMBATCH_LEDGER_VIEW_SERVER_SPILLS_H
#define CLAIMBATCH_LEDGER_VIEW_SERVER_SPILLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct ledger;

struct server_spill {
    const char *path;
    int64_t worker, process; /* that kept them; process 0: the file does not say */
    size_t answers;
    int64_t since_ms; /* wall time of this host at which the first of them was sent; 0: none */
    bool is_at_work;  /* the process is, and tells the ledger itself */
    const char *runs; /* the names of those that they are of, with a blank between */
};

/* In the order of their workers. Texts live until the visit returns. */
int server_spills_each(struct ledger *ledger,
                       void (*visit)(void *context, const struct server_spill *spill),
                       void *context, struct error *err);

#endif
