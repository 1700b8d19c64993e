/* What every ledger has, whatever database keeps it. */
#include "ledger/ledger.h"

#include <stdlib.h>

#include "base/error.h"

int ledger_default_path(struct buffer *ret_path, struct error *err)
{
    const char *state = getenv("STATE_DIRECTORY");
    const char *xdg = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");

    if (state && *state)
        buffer_format(ret_path, "%s/ledger.db", state);
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
