#include "ledger/transfer/transfer.h"

#include "base/error.h"
#include "ledger/postgres/server_ledger.h"

#ifdef HAVE_LIBPQ

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/stop.h"
#include "ledger/holder.h"
#include "ledger/postgres/alive/parameters.h"
#include "ledger/postgres/session.h"
#include "ledger/store/database.h"
#include "ledger/view/care.h"
#include "transfer_sql.h"

#define PAGE_ROWS 2000
#define PAGE_BYTES 1000000

/* ---- whether it may be moved ---- */

static void count_damage(void *context, const char *sentence)
{
    (void)context, (void)sentence;
}

static int check_order(struct ledger *file, struct error *err)
{
    uint64_t damage;
    int64_t doubts;

    if (care_verify(file, count_damage, NULL, &damage, err) ||
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

/* ---- what it says ---- */

static int tell_page(struct ledger *server, const struct transfer_pair *table, struct buffer *page,
                     struct error *err)
{
    int result;

    if (!page->len)
        return 0;
    buffer_byte(page, ']');
    if (page->failed)
        return error_no_memory(err);
    result = stop_signal() ? error_set(err, EXIT_TRY_LATER, "stopped by a signal: %s",
                                       strsignal(stop_signal()))
                           : parameters_ask(server->server.session, table->into.ptr, err, "s",
                                            buffer_string(page));
    buffer_reset(page);
    return result;
}

static int tell_rows(struct ledger *server, const struct transfer_pair *table, struct ledger *file,
                     struct database_statement *s, struct error *err)
{
    struct buffer page = {0};
    int code = SQLITE_DONE;
    int result = 0;

    for (int rows = 1; !result && (code = sqlite3_step(s->sqlite)) == SQLITE_ROW; rows++) {
        buffer_byte(&page, page.len ? ',' : '[');
        buffer_text(&page, database_text(s, 0));
        if (rows % PAGE_ROWS == 0 || page.len > PAGE_BYTES)
            result = tell_page(server, table, &page, err);
    }
    if (!result && code != SQLITE_DONE)
        result = database_fail(file, err);
    if (!result)
        result = tell_page(server, table, &page, err);
    buffer_release(&page);
    return result;
}

static int tell_table(struct ledger *file, struct ledger *server, const struct transfer_pair *table,
                      struct error *err)
{
    struct database_statement s = {0};
    int result;

    if (sqlite3_prepare_v2(file->db, table->from.ptr, -1, &s.sqlite, NULL) == SQLITE_OK)
        result = tell_rows(server, table, file, &s, err);
    else
        result = database_fail(file, err);
    sqlite3_finalize(s.sqlite);
    return result;
}

/* Of what there is, as much is there as here. */
static int compare(struct ledger *file, struct ledger *server, struct transfer *counts,
                   struct error *err)
{
    static const char question[] =
        "SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM claim),"
        " (SELECT count(*) FROM row), (SELECT count(open_call) FROM"
        " claim), (SELECT count(*) FROM row WHERE claim IS NOT NULL)";
    struct session *session = server->server.session;
    int64_t open, linked;

    if (database_number(file, "SELECT count(*) FROM run", &counts->runs, err) ||
        database_number(file,
                        "SELECT count(*) FROM (SELECT claim_order_no, workcard_id, platform FROM"
                        " claim UNION SELECT claim_order_no, workcard_id, platform FROM"
                        " open_attempt)",
                        &counts->claims, err) ||
        database_number(file, "SELECT count(*) FROM row", &counts->rows, err) ||
        database_number(file, "SELECT count(*) FROM open_attempt", &open, err) ||
        database_number(file, "SELECT count(*) FROM row WHERE linked<>0", &linked, err) ||
        parameters_ask(session, question, err, ""))
        return -1;
    if (session_integer(session, 0, 0) == counts->runs &&
        session_integer(session, 0, 1) == counts->claims &&
        session_integer(session, 0, 2) == counts->rows && session_integer(session, 0, 3) == open &&
        session_integer(session, 0, 4) == linked)
        return 0;
    return error_set(err, EXIT_INTERNAL,
                     "the server has not all that the ledger '%s' has; nothing was moved",
                     LOG_QUOTED(file->path));
}

static int tell_all(struct ledger *file, struct ledger *server, const struct transfer_sql *sql,
                    struct transfer *counts, struct error *err)
{
    static const char take_id[] = "UPDATE meta SET value=$1 WHERE name='id'";

    if (session_execute(server->server.session, transfer_sql_begin, err) ||
        parameters_ask(server->server.session, take_id, err, "s", file->id))
        return -1;
    for (size_t i = 0; i < sql->count; i++)
        if (tell_table(file, server, &sql->pairs[i], err))
            return -1;
    return compare(file, server, counts, err) ||
                   session_execute(server->server.session, transfer_sql_end, err)
               ? -1
               : 0;
}

/* ---- the move ---- */

static int mark(struct ledger *file, const char *url, struct error *err)
{
    struct database_statement s = {0};
    int result = -1;

    if (sqlite3_prepare_v2(file->db, "INSERT OR REPLACE INTO meta VALUES('moved_to', ?1)", -1,
                           &s.sqlite, NULL) == SQLITE_OK &&
        sqlite3_bind_text(s.sqlite, 1, url, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(s.sqlite) == SQLITE_DONE)
        result = 0;
    else
        database_fail(file, err);
    sqlite3_finalize(s.sqlite);
    return result;
}

static int move(struct ledger *file, struct ledger *server, const struct transfer_sql *sql,
                struct transfer *counts, struct error *err)
{
    if (ledger_begin(file, err) || check_alive(file, err) || ledger_begin(server, err) ||
        check_empty(server, err) || tell_all(file, server, sql, counts, err) ||
        mark(file, server->path, err) || ledger_commit(file, err))
        return -1;
    if (!ledger_commit(server, err))
        return 0;
    error_add(err, "the file is not used any more; whether the server has the ledger is not known: "
                   "type the same again");
    return -1;
}

/* One that is there is looked at once it is open. */
static int open_server(const char *url, struct ledger **ret_server, struct error *err)
{
    struct server_ledger made;

    if (server_ledger_create(url, &made, err) && err->exit_code != EXIT_CANNOT_CREATE)
        return -1;
    return ledger_open(url, ret_server, err);
}

static int move_to(struct ledger *file, const char *url, struct transfer *ret_transfer,
                   struct error *err)
{
    struct ledger *server = NULL;
    struct transfer_sql sql;
    int result = transfer_sql_make(&sql, err) || open_server(url, &server, err) ? -1 : 0;

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
