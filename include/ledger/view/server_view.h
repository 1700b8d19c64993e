/*
 * server_view: what a ledger on a server has besides: who is at work with it, what each may send of
 * a rate, and answers that came when their run was another host's already.
 *
 * Takes a ledger of view_open that a URL names. Times are wall time of the server. Texts are never
 * NULL, and live until the visit returns.
 *
 * Tested by tests/e2e/test_server_status.py
 */
#ifndef CLAIMBATCH_LEDGER_VIEW_SERVER_VIEW_H
#define CLAIMBATCH_LEDGER_VIEW_SERVER_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "ledger/ledger.h"

/* Whether it is on a server; only then may the rest be asked. */
bool server_view_is(const struct ledger *ledger);

struct server_view {
    bool has_standby; /* a commit lasts with a standby, too; else with the server's disk alone */
    bool is_standby;  /* what is looked at, and so may be behind */
};

int server_view_get(struct ledger *ledger, struct server_view *ret_view, struct error *err);

#define SERVER_VIEW_SILENT_MS 22000 /* so long without a beat: another may take over */

/* A start of the program that nobody has seen end. */
struct server_worker {
    int64_t id, process;
    const char *host, *version;
    int64_t started_ms, beat_ms;
    int64_t silent_ms; /* since its last beat */
    const char *runs;  /* the names of those that it holds, with a blank between */
    int64_t calls;     /* that are under way as far as the ledger knows */
};

/* In the order of their starts. */
int server_view_workers(struct ledger *ledger,
                        void (*visit)(void *context, const struct server_worker *worker),
                        void *context, struct error *err);

/* What a worker may send a second of what its app key may. */
struct server_share {
    int64_t worker;
    const char *platform, *app_key, *host;
    int64_t share, rate; /* -1: without a limit */
    bool is_first;       /* of its app key */
};

int server_view_shares(struct ledger *ledger,
                       void (*visit)(void *context, const struct server_share *share),
                       void *context, struct error *err);

/* An answer that came late. It is evidence, whether it changed what is known of its row or not. */
struct server_late_answer {
    const char *run_name, *claim_order_no, *platform;
    int64_t workcard_id, row, at_ms;
    enum outcome outcome;
    bool applied; /* else the ledger says something else of the row */
    const char *code, *message, *request_id;
};

/* The newest ones first, `most` at most; *ret_unapplied counts all that were not applied. */
int server_view_late_answers(struct ledger *ledger, int64_t most,
                             void (*visit)(void *context, const struct server_late_answer *answer),
                             void *context, uint64_t *ret_unapplied, struct error *err);

#endif
