/* What every ledger has, whatever database keeps it. */
#include "ledger/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

int ledger_default_path(struct buffer *ret_path, struct error *err)
{
    const char *state = getenv("STATE_DIRECTORY");
    const char *xdg = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");

    /* systemd names all folders of StateDirectory=, the first one first (systemd.exec(5)). */
    if (state && *state && *state != ':')
        buffer_format(ret_path, "%.*s/ledger.db", (int)strcspn(state, ":"), state);
    else if (xdg && *xdg == '/')
        buffer_format(ret_path, "%s/claimbatch/ledger.db", xdg);
    else if (home && *home == '/')
        buffer_format(ret_path, "%s/.local/state/claimbatch/ledger.db", home);
    else
        return error_set(err, EXIT_BAD_CONFIG,
                         "no place for the ledger is known: neither STATE_DIRECTORY nor "
                         "XDG_STATE_HOME nor HOME is set; name one with --ledger FILE");
    return ret_path->failed ? error_no_memory(err) : 0;
}

int64_t ban_rest_ms(const struct ban *ban, int64_t now_ms)
{
    int64_t rest = ban->until_ms - now_ms;

    if (rest <= 0)
        return 0;
    return ban->wait_ms >= 0 && ban->wait_ms < rest ? ban->wait_ms : rest;
}
