#include "status_move.h"

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/options/options.h"
#include "cli/summary.h"
#include "ledger/commits.h"
#include "ledger/postgres/server_url.h"
#include "ledger/transfer/transfer.h"
#include "status_part.h"

static int check(const struct options *o, struct error *err)
{
    if (o->json)
        return error_set(err, EXIT_BAD_USAGE,
                         "--move-to shows nothing: leave --json out; nothing "
                         "was moved");
    if (o->ledger && server_url_is(o->ledger))
        return error_set(err, EXIT_BAD_USAGE,
                         "a ledger moves from a file to a server, and this one is on a server; "
                         "nothing was moved");
    if (!server_url_is(o->move_to))
        return error_set(err, EXIT_BAD_USAGE,
                         "--move-to takes the URL of a PostgreSQL database, such as "
                         "postgresql://claims@db1,db2/claims; nothing was moved");
    return 0;
}

static int find_file(struct status *s, struct error *err)
{
    char id[LEDGER_ID_BYTES];
    enum ledger_place place;

    if (s->options->ledger)
        buffer_text(&s->path, s->options->ledger);
    else if (ledger_default_path(&s->path, err))
        return -1;
    if (s->path.failed)
        return error_no_memory(err);
    if (ledger_place_look(s->path.ptr, &place, id, err))
        return -1;
    return place == LEDGER_STANDS
               ? 0
               : error_set(err, EXIT_INPUT_MISSING,
                           "there is no ledger at '%s'; name another with --ledger",
                           LOG_QUOTED(s->path.ptr));
}

int status_move(struct status *s, struct error *err)
{
    struct transfer moved;
    struct buffer words = {0};

    if (check(s->options, err) || find_file(s, err) ||
        transfer_to_server(s->path.ptr, s->options->move_to, &moved, err))
        return -1;
    if (moved.was_done)
        log_info("it was moved before");
    else
        log_info("moved, and compared; runs: %lld, claims: %lld, rows: %lld", (long long)moved.runs,
                 (long long)moved.claims, (long long)moved.rows);
    summary_quote(s->options->move_to, &words);
    log_warn("from now on the ledger is there, and '%s' is refused. Next: say --ledger %s wherever "
             "that file is named, in timers and configurations, too",
             LOG_QUOTED(s->path.ptr), buffer_string(&words));
    buffer_release(&words);
    return EXIT_COMPLETE;
}
