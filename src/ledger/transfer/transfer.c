#include "ledger/transfer/transfer.h"

#include "base/error.h"
#include "ledger/postgres/server_ledger.h"

#ifdef HAVE_LIBPQ

#include <string.h>

#include "base/log.h"
#include "ledger/holder.h"
#include "ledger/maintenance/verify.h"
#include "ledger/postgres/alive/parameters.h"
#include "ledger/postgres/session.h"
#include "ledger/store/database.h"
#include "transfer_walk.h"

/* ---- whether it may be moved ---- */

static int check_order(struct ledger *file, struct error *err)
{
    uint64_t damage;
    int64_t doubts;

    if (verify_ledger(file, NULL, NULL, &damage, err) ||
        database_number(file, "SELECT count(*) FROM doubt", &doubts, err))
        return -1;
    if (damage)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger '%s' is damaged, as claimbatch status --verify tells; nothing "
                         "was moved",
                         LOG_QUOTED(file->path));
    if (doubts)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger '%s' was copied while a run went on, and no upload has looked "
                         "at it since; nothing was moved",
                         LOG_QUOTED(file->path));
    return 0;
}

static int check_alive(struct ledger *file, struct error *err)
{
    int64_t run = INT64_MAX;
    int found;

    for (;;) {
        struct database_statement *s = database_ready(file, SQL_RUN_OLDER, "i", run);

        found = database_step(file, s, err);
        if (found <= 0)
            return found;
        run = database_integer(s, 0);
        database_done(s);
        if (ledger_run_is_alive(file, run))
            return error_set(err, EXIT_TRY_LATER,
                             "a run is active on the ledger '%s'; wait until it has ended, then "
                             "type the same again; nothing was moved",
                             LOG_QUOTED(file->path));
    }
}

static int check_empty(struct ledger *server, struct error *err)
{
    static const char question[] =
        "SELECT EXISTS(SELECT 1 FROM run) OR EXISTS(SELECT 1 FROM claim)"
        " OR EXISTS(SELECT 1 FROM worker WHERE NOT ended AND NOT fenced)";

    if (parameters_ask(server->server.session, question, err, ""))
        return -1;
    if (session_bool(server->server.session, 0, 0))
        return error_set(err, EXIT_CANNOT_CREATE,
                         "the ledger '%s' has runs of its own; name a database without a ledger; "
                         "nothing was moved",
                         LOG_QUOTED(server->path));
    return 0;
}

static int tell_all(struct ledger *file, struct ledger *server, const struct transfer_sql *sql,
                    struct transfer *counts, struct error *err)
{
    static const char take_id[] = "UPDATE meta SET value=$1 WHERE name='id'";

    if (session_execute(server->server.session, transfer_sql_begin, err) ||
        parameters_ask(server->server.session, take_id, err, "s", file->id))
        return -1;
    return transfer_walk(TRANSFER_TO_SERVER, file, server, sql, err) ||
                   transfer_compare(file, server, counts, err) ||
                   session_execute(server->server.session, transfer_sql_end, err)
               ? -1
               : 0;
}

/* ---- the move ---- */

static int move(struct ledger *file, struct ledger *server, const struct transfer_sql *sql,
                struct transfer *counts, struct error *err)
{
    if (ledger_begin(file, err) || check_alive(file, err) || transfer_check_alone(file, err) ||
        ledger_begin(server, err) || check_empty(server, err) ||
        tell_all(file, server, sql, counts, err) ||
        database_set_head(file, "moved_to", server->path, err) || ledger_commit(file, err))
        return -1;
    if (!ledger_commit(server, err))
        return 0;
    error_add(err, "the file is not used any more; whether the server has the ledger is not known: "
                   "type the same again");
    return -1;
}

/* What a ledger has left that went back to a file is never taken for it. */
static int check_left(struct ledger *server, struct error *err)
{
    static const char question[] = "SELECT value FROM meta WHERE name='moved_to'";

    if (parameters_ask(server->server.session, question, err, ""))
        return -1;
    if (!session_rows(server->server.session))
        return 0;
    return error_set(err, EXIT_BAD_CONFIG,
                     "the database '%s' still has what a ledger left there that was moved to '%s' "
                     "(host:path): name another database; or have its owner type DROP SCHEMA "
                     "claimbatch CASCADE in it, and then type the same again; nothing was moved",
                     LOG_QUOTED(server->path),
                     LOG_QUOTED(session_text(server->server.session, 0, 0)));
}

/* One that is there is looked at once it is open. */
static int open_server(const char *url, struct ledger **ret_server, struct error *err)
{
    struct server_ledger made;

    if (server_ledger_create(url, &made, err) && err->exit_code != EXIT_CANNOT_CREATE)
        return -1;
    return ledger_open_moved(url, ret_server, err) || check_left(*ret_server, err) ? -1 : 0;
}

static int move_to(struct ledger *file, const char *url, struct transfer *ret_transfer,
                   struct error *err)
{
    struct ledger *server = NULL;
    struct transfer_sql sql;
    int result =
        transfer_sql_make(TRANSFER_TO_SERVER, &sql, err) || open_server(url, &server, err) ? -1 : 0;

    if (!result && strcmp(server->id, file->id) == 0)
        ret_transfer->was_done = true;
    else if (!result)
        result = move(file, server, &sql, ret_transfer, err);
    ledger_close(server);
    transfer_sql_release(&sql);
    return result;
}

int transfer_to_server(const char *path, const char *url, struct transfer *ret_transfer,
                       struct error *err)
{
    struct ledger *file;
    int result;

    *ret_transfer = (struct transfer){0};
    if (ledger_open_to_move(path, url, &file, err))
        return -1;
    result = check_order(file, err) || move_to(file, url, ret_transfer, err) ? -1 : 0;
    if (result)
        ledger_rollback(file);
    ledger_close(file);
    return result;
}

#else

int transfer_to_server(const char *path, const char *url, struct transfer *ret_transfer,
                       struct error *err)
{
    (void)path;
    *ret_transfer = (struct transfer){0};
    return server_ledger_refuse(url, err);
}

#endif
