#include "ledger_witness.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "ledger/postgres/alive/ledger_worker.h"
#include "ledger/store/database.h"
#include "witness.h"

static int find_path(const struct ledger *ledger, struct buffer *ret_path, struct error *err)
{
    char name[LEDGER_ID_BYTES + sizeof("ledger-.witness")];

    snprintf(name, sizeof(name), "ledger-%s.witness", ledger->id);
    return ledger_state_path(name, ret_path, err);
}

/* The place of the lock file is that of the witness; its folder is there by now. */
int ledger_witness_open(struct ledger *ledger, struct error *err)
{
    struct witness *witness = &ledger->server.worker->witness;
    struct buffer path = {0};
    int result;

    if (witness->fd >= 0)
        return 0;
    result =
        find_path(ledger, &path, err) || witness_open(buffer_string(&path), witness, err) ? -1 : 0;
    buffer_release(&path);
    return result;
}

/* Who only looks makes none. */
static bool is_there(const struct ledger *ledger)
{
    struct buffer path = {0};
    struct error ignored;
    bool result =
        !find_path(ledger, &path, &ignored) && access(buffer_string(&path), R_OK | W_OK) == 0;

    buffer_release(&path);
    return result;
}

int ledger_witness_look(struct ledger *ledger, const struct host_lock *host, struct error *err)
{
    struct witness_loss loss;
    int found;

    if (!host || !is_there(ledger))
        return 0;
    if (ledger_witness_open(ledger, err))
        return -1;
    found = witness_find_loss(&ledger->server.worker->witness, ledger->server.session, host->place,
                              &loss, err);
    if (found <= 0)
        return found;
    memcpy(ledger->commits.beside_id, ledger->id, sizeof(ledger->id));
    ledger->commits.opened_at = 0;
    ledger->commits.beside = loss.calls - (loss.stands < 0 ? 0 : loss.stands);
    if (!ledger->commits.beside)
        ledger->commits.beside = 1; /* its begin */
    return 0;
}

void ledger_witness_forget(struct ledger *ledger)
{
    struct ledger_worker *own = ledger->server.worker;
    struct error err;

    if (!ledger->commits.is_passed)
        return;
    ledger->commits.is_passed = false;
    ledger->commits.beside = 0;
    if (own->witness.fd >= 0 && witness_forget(&own->witness, &err))
        log_warn("%s", err.text);
}
