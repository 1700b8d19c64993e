#include "ledger_worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "ledger/postgres/outage/ledger_witness.h"
#include "ledger/postgres/outage/spill_replay.h"
#include "ledger/postgres/server_check.h"
#include "ledger/postgres/session.h"
#include "ledger/store/database.h"
#include "ledger/store/place.h"

struct ledger_worker *ledger_worker_new(void)
{
    struct ledger_worker *own = calloc(1, sizeof(*own));

    if (own) {
        own->lease = &lease_real;
        own->lock.fd = -1;
        own->witness.fd = -1;
    }
    return own;
}

/* ---- the host ---- */

static int find_lock(const struct ledger *ledger, struct buffer *ret_path, struct error *err)
{
    char name[LEDGER_ID_BYTES + sizeof("ledger-.lock")];

    snprintf(name, sizeof(name), "ledger-%s.lock", ledger->id);
    if (!ledger_state_path(name, ret_path, err))
        return 0;
    if (err->exit_code != EXIT_BAD_CONFIG)
        return -1;
    return error_set(err, EXIT_BAD_CONFIG,
                     "who sends with a ledger on a PostgreSQL server keeps a lock file on its own "
                     "host, and no place for it is known: set STATE_DIRECTORY, XDG_STATE_HOME or "
                     "HOME to an absolute path; nothing was sent");
}

static int open_lock(struct ledger *ledger, struct error *err)
{
    struct buffer path = {0};
    int result;

    if (ledger->server.worker->lock.fd >= 0)
        return 0;
    result = find_lock(ledger, &path, err) || file_make_folders(buffer_string(&path), err) ||
                     host_lock_open(buffer_string(&path), &ledger->server.worker->lock, err)
                 ? -1
                 : 0;
    buffer_release(&path);
    return result;
}

/* Who only looks makes none: where there is none no worker of this host has died. */
static bool has_lock(const struct ledger *ledger)
{
    struct buffer path = {0};
    struct error ignored;
    bool result =
        !find_lock(ledger, &path, &ignored) && access(buffer_string(&path), R_OK | W_OK) == 0;

    buffer_release(&path);
    return result;
}

const struct host_lock *ledger_worker_host(struct ledger *ledger)
{
    struct ledger_worker *own = ledger->server.worker;
    struct error ignored;

    if (own->lock.fd < 0 && (!has_lock(ledger) || open_lock(ledger, &ignored)))
        return NULL;
    return &own->lock;
}

/* ---- the worker ---- */

/* What dead workers of this host have kept. */
static int replay(struct ledger *ledger, struct error *err)
{
    struct buffer folder = {0};
    int result = ledger_state_path("", &folder, err) ||
                         spill_replay(ledger->server.session, &ledger->server.worker->lock,
                                      buffer_string(&folder), ledger->id, err)
                     ? -1
                     : 0;

    buffer_release(&folder);
    return result;
}

int ledger_worker_begin(struct ledger *ledger, struct error *err)
{
    struct ledger_worker *own = ledger->server.worker;

    if (own->worker.id)
        return 0;
    if (ledger->server.is_begun)
        return error_set(err, EXIT_INTERNAL, "a worker cannot begin within a transaction");
    if (server_check(ledger->server.session, ledger->path, ledger->id, err))
        return -1;
    if (open_lock(ledger, err) || ledger_witness_open(ledger, err))
        return -1;
    if (replay(ledger, err))
        return -1;
    own->worker = (struct worker){.session = ledger->server.session,
                                  .lock = &own->lock,
                                  .lease = own->lease,
                                  .send_before = &own->send_before,
                                  .witness = &own->witness};
    if (!worker_begin(&own->worker, err))
        return 0;
    own->worker.id = 0;
    return -1;
}

/* A look may take longer than a lease: of a large run, a report is one. */
static int beat_beside(struct ledger *ledger, struct error *err)
{
    struct ledger_worker *own = ledger->server.worker;
    int result;

    if (!own->beside && session_open(ledger->path, &own->beside, err))
        return -1;
    own->worker.session = own->beside;
    result = worker_beat(&own->worker, own->worker.calls, err);
    own->worker.session = ledger->server.session;
    return result;
}

/* Who changes something cannot be fenced before that ends, and needs none. */
int ledger_worker_beat(struct ledger *ledger, struct error *err)
{
    struct ledger_worker *own = ledger->server.worker;

    if (!own->worker.id || !worker_beat_is_due(&own->worker))
        return 0;
    if (ledger->server.is_look)
        return beat_beside(ledger, err);
    return ledger->server.is_begun ? 0 : worker_beat(&own->worker, own->worker.calls, err);
}

int ledger_worker_check(struct ledger *ledger, struct error *err)
{
    struct ledger_worker *own = ledger->server.worker;

    if (!own->worker.id)
        return 0;
    if (!worker_check(&own->worker, err))
        return 0;
    database_rollback(ledger);
    return -1;
}

static void tell_end(struct ledger_worker *own)
{
    struct error why = {0};

    if (worker_end(&own->worker, &why))
        log_warn("the ledger was not told that this start has ended: %s; another start goes on "
                 "with its runs when it has not been heard of for %lld s",
                 why.text, (long long)((own->lease->length_ms + own->lease->margin_ms) / 1000));
}

void ledger_worker_end(struct ledger *ledger)
{
    struct ledger_worker *own = ledger->server.worker;

    if (!own)
        return;
    if (own->worker.id && !own->worker.is_fenced)
        tell_end(own);
    session_close(own->beside);
    host_lock_close(&own->lock);
    witness_close(&own->witness);
    free(own->watches);
    free(own);
    ledger->server.worker = NULL;
}
