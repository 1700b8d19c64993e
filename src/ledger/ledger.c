/* What every ledger has, whatever database keeps it. */
#include "ledger/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "ledger/shared_limits.h"

/* A relative path would be another ledger in each folder, and no claim be known there. */
static int refuse_relative(const char *variable, const char *value, struct error *err)
{
    return error_set(err, EXIT_BAD_CONFIG,
                     "the environment variable %s is '%s', which is not an absolute path; name the "
                     "ledger with --ledger FILE; nothing was sent",
                     variable, LOG_QUOTED(value));
}

int ledger_state_path(const char *name, struct buffer *ret_path, struct error *err)
{
    static const struct {
        const char *variable, *below;
    } places[] = {
        {"STATE_DIRECTORY", ""},
        {"XDG_STATE_HOME", "claimbatch/"},
        {"HOME", ".local/state/claimbatch/"},
    };

    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
        const char *value = getenv(places[i].variable);

        if (!value || !*value)
            continue;
        if (*value != '/')
            return refuse_relative(places[i].variable, value, err);
        /* systemd names all folders of StateDirectory=, the first one first (systemd.exec(5)). */
        buffer_format(ret_path, "%.*s/%s%s", (int)(i == 0 ? strcspn(value, ":") : strlen(value)),
                      value, places[i].below, name);
        return ret_path->failed ? error_no_memory(err) : 0;
    }
    return error_set(err, EXIT_BAD_CONFIG,
                     "no place for the ledger is known: neither STATE_DIRECTORY nor XDG_STATE_HOME "
                     "nor HOME is set; name one with --ledger FILE; nothing was sent");
}

int ledger_default_path(struct buffer *ret_path, struct error *err)
{
    return ledger_state_path("ledger.db", ret_path, err);
}

int64_t ledger_ban_rest_ms(const struct ban *ban, int64_t now_ms)
{
    int64_t rest = ban->until_ms - now_ms;

    if (rest <= 0)
        return 0;
    return ban->wait_ms >= 0 && ban->wait_ms < rest ? ban->wait_ms : rest;
}

bool ledger_row_is_before(const struct row_place *a, const struct row_place *b)
{
    return a->run < b->run || (a->run == b->run && a->row < b->row);
}

bool ledger_claim_is_newer(const struct claim_state *state, const struct row_place *order,
                           int64_t rank)
{
    const struct row_place *accepted = &state->accepted_order;

    return state->accepted &&
           (ledger_row_is_before(order, accepted) ||
            (!ledger_row_is_before(accepted, order) && rank < state->accepted_rank));
}
