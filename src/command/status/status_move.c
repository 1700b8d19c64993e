#include "status_move.h"

#include <stdlib.h>

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
    if (o->ledger && server_url_is(o->ledger) && server_url_is(o->move_to))
        return error_set(err, EXIT_BAD_USAGE,
                         "a ledger moves from a file to a server or back, and this one is on a "
                         "server: --move-to takes a file; nothing was moved");
    if (!(o->ledger && server_url_is(o->ledger)) && !server_url_is(o->move_to))
        return error_set(err, EXIT_BAD_USAGE,
                         "--move-to takes the URL of a PostgreSQL database, such as "
                         "postgresql://claims@db1,db2/claims; nothing was moved");
    return 0;
}

static int find_file(struct status *s, struct error *err)
{
    char id[LEDGER_ID_BYTES];
    enum ledger_place place;

    if (options_ledger_path(s->options, &s->path, err) ||
        ledger_place_look(s->path.ptr, &place, id, err))
        return -1;
    return place == LEDGER_STANDS
               ? 0
               : error_set(err, EXIT_INPUT_MISSING,
                           "there is no ledger at '%s'; name another with --ledger",
                           LOG_QUOTED(s->path.ptr));
}

static void tell(const struct transfer *moved)
{
    if (moved->was_done)
        log_info("it was moved before");
    else if (moved->was_cut)
        log_info("an earlier move was cut short; it is complete now");
    else
        log_info("moved, and compared; runs: %lld, claims: %lld, rows: %lld",
                 (long long)moved->runs, (long long)moved->claims, (long long)moved->rows);
}

static void tell_there(const struct status *s)
{
    struct buffer words = {0};

    summary_quote(s->options->move_to, &words);
    log_warn("from now on the ledger is there, and '%s' is refused. Next: say --ledger %s wherever "
             "that file is named, in timers and configurations, too",
             LOG_QUOTED(s->path.ptr), buffer_string(&words));
    buffer_release(&words);
}

static void tell_back(const struct options *o)
{
    struct buffer words = {0};
    char *whole = realpath(o->move_to, NULL);

    summary_quote(whole ? whole : o->move_to, &words);
    log_warn("from now on the ledger is in that file, and '%s' is refused. Next: say --ledger %s "
             "wherever that is named, in timers and configurations, too",
             LOG_QUOTED(o->ledger), buffer_string(&words));
    free(whole);
    buffer_release(&words);
}

static int move_back(const struct options *o, struct transfer *ret_moved, struct error *err)
{
    if (transfer_to_file(o->ledger, o->move_to, ret_moved, err))
        return -1;
    tell(ret_moved);
    if (ret_moved->evidence)
        log_warn(language_plural("%lld answer came late and contradicts what was said of its row: "
                                 "the file has it as an event of its run alone, and the server's "
                                 "table late_answer keeps the whole",
                                 "%lld answers came late and contradict what was said of their "
                                 "rows: the file has them as events of their runs alone, and the "
                                 "server's table late_answer keeps the whole",
                                 (unsigned long long)ret_moved->evidence),
                 (long long)ret_moved->evidence);
    tell_back(o);
    return EXIT_COMPLETE;
}

int status_move(struct status *s, struct error *err)
{
    const struct options *o = s->options;
    struct transfer moved;

    if (check(o, err))
        return -1;
    if (o->ledger && server_url_is(o->ledger))
        return move_back(o, &moved, err);
    if (find_file(s, err) || transfer_to_server(s->path.ptr, o->move_to, &moved, err))
        return -1;
    tell(&moved);
    tell_there(s);
    return EXIT_COMPLETE;
}
