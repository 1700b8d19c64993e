/* A ledger moves from a server back to a file. */
#include "ledger/transfer/transfer.h"

#include "base/error.h"
#include "ledger/postgres/server_ledger.h"

#ifdef HAVE_LIBPQ

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file/file.h"
#include "base/log.h"
#include "base/words/language.h"
#include "ledger/commits.h"
#include "ledger/holder.h"
#include "ledger/maintenance/verify.h"
#include "ledger/postgres/alive/exclusive.h"
#include "ledger/postgres/alive/parameters.h"
#include "ledger/postgres/outage/spill.h"
#include "ledger/postgres/session.h"
#include "ledger/store/commit_count.h"
#include "ledger/store/database.h"
#include "ledger/view/view.h"
#include "transfer_walk.h"

/* ---- whether it may be moved ---- */

/* By a session of its own, whose questions may take minutes. */
static int check_order(const char *url, struct error *err)
{
    struct ledger *view;
    uint64_t damage;
    int result;

    if (view_open(url, &view, err))
        return -1;
    result = verify_ledger(view, NULL, NULL, &damage, err);
    if (!result && damage)
        result = error_set(err, EXIT_BAD_CONFIG,
                           "the ledger '%s' is damaged, as claimbatch status --verify tells; "
                           "nothing was moved",
                           LOG_QUOTED(url));
    ledger_close(view);
    return result;
}

/* What could be told to the ledger was, when this process began to work with it. */
static int refuse_spill(void *context, const char *path, int64_t worker, struct error *err)
{
    (void)context, (void)worker;
    return error_set(err, EXIT_BAD_CONFIG,
                     "'%s' keeps answers that the ledger does not take: look at them with "
                     "claimbatch status, and move the file away if they are not wanted; nothing "
                     "was moved",
                     LOG_QUOTED(path));
}

static int check_spills(struct ledger *server, struct error *err)
{
    struct buffer folder = {0};
    int result = ledger_state_path("", &folder, err) ||
                         spill_each(buffer_string(&folder), server->id, refuse_spill, NULL, err)
                     ? -1
                     : 0;

    buffer_release(&folder);
    return result;
}

/* A file does not know until when a claim may still leave. */
static int check_quarantine(struct ledger *server, struct error *err)
{
    static const char question[] =
        "SELECT count(*), to_char((max(settle_from)+interval '1 s') AT TIME ZONE 'Asia/Shanghai',"
        " 'YYYY-MM-DD HH24:MI:SS') FROM claim WHERE settle_from>clock_timestamp()";
    struct session *session = server->server.session;
    int64_t claims;

    if (parameters_ask(session, question, err, ""))
        return -1;
    claims = session_integer(session, 0, 0);
    if (!claims)
        return 0;
    return error_set(
        err, EXIT_INPUT_REFUSED,
        language_plural("%lld claim is unknown since its host was not heard of any more, and what "
                        "that had signed may leave as long as the gateway takes it: type the same "
                        "again from %s (Beijing time) on; nothing was moved",
                        "%lld claims are unknown since their host was not heard of any more, and "
                        "what that had signed may leave as long as the gateway takes it: type the "
                        "same again from %s (Beijing time) on; nothing was moved",
                        (unsigned long long)claims),
        (long long)claims, LOG_QUOTED(session_text(session, 0, 1)));
}

static int count_evidence(struct ledger *server, struct transfer *counts, struct error *err)
{
    static const char question[] = "SELECT count(*) FROM late_answer WHERE NOT applied";

    if (parameters_ask(server->server.session, question, err, ""))
        return -1;
    counts->evidence = session_integer(server->server.session, 0, 0);
    return 0;
}

/* ---- what the server says of it ---- */

/* 1, or 0 where it was not moved yet; and how much the file has recorded that it went to, or that
 * it came from. One that was moved here by an earlier program does not say. */
static int ask_moved(struct ledger *server, int64_t *ret_commits, struct error *err)
{
    static const char question[] =
        "SELECT EXISTS(SELECT 1 FROM meta WHERE name='moved_to'), (SELECT value::bigint FROM meta"
        " WHERE name='commits')";
    struct session *session = server->server.session;

    if (parameters_ask(session, question, err, ""))
        return -1;
    *ret_commits = session_is_null(session, 0, 1) ? COMMITS_JUMP : session_integer(session, 0, 1);
    return session_bool(session, 0, 0);
}

static int find_place(const char *path, struct buffer *ret_place, struct error *err)
{
    char host[LEDGER_HOST_BYTES] = "";
    char *whole = realpath(path, NULL);

    gethostname(host, sizeof(host) - 1);
    buffer_format(ret_place, "%s:%s", host, whole ? whole : path);
    free(whole);
    return ret_place->failed ? error_no_memory(err) : 0;
}

static int check_right(struct ledger *server, struct error *err)
{
    static const char question[] = "SELECT has_table_privilege('meta', 'INSERT')";

    if (parameters_ask(server->server.session, question, err, ""))
        return -1;
    return session_bool(server->server.session, 0, 0)
               ? 0
               : error_set(err, EXIT_BAD_CONFIG,
                           "the ledger '%s' is moved by its owner alone: name that role in the "
                           "URL; nothing was moved",
                           LOG_QUOTED(server->path));
}

/* Others see it with the commit alone. */
static int mark_server(struct ledger *server, const char *path, struct error *err)
{
    static const char mark[] = "INSERT INTO meta VALUES('moved_to', $1)";
    struct buffer place = {0};
    int result = find_place(path, &place, err) || parameters_ask(server->server.session, mark, err,
                                                                 "s", buffer_string(&place))
                     ? -1
                     : 0;

    buffer_release(&place);
    return result;
}

static int tell_commits(struct ledger *server, int64_t commits, struct error *err)
{
    static const char tell[] = "INSERT INTO meta VALUES('commits', $1) ON CONFLICT (name) DO"
                               " UPDATE SET value=excluded.value";
    char text[24];

    snprintf(text, sizeof(text), "%lld", (long long)commits);
    return parameters_ask(server->server.session, tell, err, "s", text);
}

/* ---- the file ---- */

#define MARKED "EXISTS(SELECT 1 FROM meta WHERE name='moved_to')"
#define FILLING "EXISTS(SELECT 1 FROM meta WHERE name='fills')"
#define USED "EXISTS(SELECT 1 FROM run) OR EXISTS(SELECT 1 FROM claim)"

/* One that is this ledger was moved to the server, or is being filled: in the other there is what
 * this one has, and more. */
static int check_file(struct ledger *file, const char *id, struct error *err)
{
    int64_t is_marked, is_used;

    if (database_number(file, "SELECT " MARKED, &is_marked, err) ||
        database_number(file, "SELECT " USED, &is_used, err))
        return -1;
    if (strcmp(file->id, id) == 0 ? is_marked : !is_marked && !is_used)
        return 0;
    return error_set(err, EXIT_CANNOT_CREATE,
                     "'%s' is a ledger that has runs of its own; name a file that is not there; "
                     "nothing was moved",
                     LOG_QUOTED(file->path));
}

static int execute(struct ledger *file, const char *statements, struct error *err)
{
    return sqlite3_exec(file->db, statements, NULL, NULL, NULL) == SQLITE_OK
               ? 0
               : database_fail(file, err);
}

/* What else a file has is of its own past. */
static int clear(struct ledger *file, const struct transfer_sql *sql, struct error *err)
{
    char text[64];

    for (size_t i = 0; i < sql->count; i++) {
        snprintf(text, sizeof(text), "DELETE FROM %s", sql->pairs[i].table);
        if (execute(file, text, err))
            return -1;
    }
    return execute(file, "DELETE FROM departure; DELETE FROM pending; DELETE FROM doubt", err);
}

/* It counts on from where the ledger was in a file last, and from what stands beside this one. */
static int raise_commits(struct ledger *file, int64_t commits, struct error *err)
{
    if (file->commits.count > commits)
        commits = file->commits.count;
    if (strcmp(file->commits.beside_id, file->id) == 0 && file->commits.beside > commits)
        commits = file->commits.beside;
    commit_count_this(file);
    return database_execute(file, database_ready(file, SQL_COMMITS_SET, "i", commits), err);
}

static int fill(struct ledger *file, struct ledger *server, const struct transfer_sql *sql,
                int64_t commits, struct transfer *counts, struct error *err)
{
    if (ledger_begin(file, err) || transfer_check_alone(file, err) ||
        check_file(file, server->id, err) || clear(file, sql, err) ||
        database_set_head(file, "id", server->id, err) || database_mark_filling(file, err))
        return -1;
    snprintf(file->id, sizeof(file->id), "%s", server->id);
    return transfer_walk(TRANSFER_TO_FILE, file, server, sql, err) ||
                   transfer_compare(file, server, counts, err) ||
                   raise_commits(file, commits, err) || ledger_commit_carried(file, err) ||
                   file_sync_folder(file->path, err)
               ? -1
               : 0;
}

static int verify(struct ledger *file, struct error *err)
{
    uint64_t damage;

    if (verify_ledger(file, NULL, NULL, &damage, err))
        return -1;
    return damage ? error_set(err, EXIT_INTERNAL,
                              "the file '%s' is not what the server has; nothing was moved",
                              LOG_QUOTED(file->path))
                  : 0;
}

static int use_file(struct ledger *file, struct error *err)
{
    return ledger_begin(file, err) ||
                   execute(file, "DELETE FROM meta WHERE name IN ('moved_to', 'fills')", err) ||
                   ledger_commit(file, err)
               ? -1
               : 0;
}

/* ---- the move ---- */

/* Nobody writes any of what is read before the end, and the other side may take its time. */
static const char hold[] =
    "SET LOCAL idle_in_transaction_session_timeout=0; SET LOCAL statement_timeout=0; LOCK TABLE "
    "platform, run, run_count, round,"
    " event, changed, settlement, abandonment, pruned_export, report_move, pass, import, app,"
    " claim, row, late_answer IN SHARE MODE";

static int begin_server(struct ledger *server, struct transfer *counts, struct error *err)
{
    return ledger_begin(server, err) || check_right(server, err) ||
                   session_execute(server->server.session, hold, err) ||
                   ledger_check_others(server, err) || check_quarantine(server, err) ||
                   count_evidence(server, counts, err)
               ? -1
               : 0;
}

static int move(struct ledger *server, struct ledger *file, const struct transfer_sql *sql,
                int64_t commits, struct transfer *counts, struct error *err)
{
    if (mark_server(server, file->path, err) || fill(file, server, sql, commits, counts, err) ||
        verify(file, err) || tell_commits(server, ledger_commits(file), err))
        return -1;
    if (!ledger_commit(server, err))
        return use_file(file, err);
    error_add(err, "the file is not used yet; whether the server's ledger still is, is not known: "
                   "type the same again");
    return -1;
}

static int check_place(const char *path, struct error *err)
{
    char id[LEDGER_ID_BYTES];
    enum ledger_place place;

    if (ledger_place_look(path, &place, id, err))
        return -1;
    return place == LEDGER_IS_GONE
               ? error_set(err, EXIT_BAD_CONFIG,
                           "the ledger%s%s that was at '%s' is gone: only its log or its lock file "
                           "is left there. Bring it back, or name another place; nothing was moved",
                           *id ? " " : "", id, LOG_QUOTED(path))
               : 0;
}

/* No file is made before it is known that the move may be. */
static int begin_move(struct ledger *server, const char *path, int64_t commits,
                      struct transfer *counts, struct error *err)
{
    struct ledger *file = NULL;
    struct transfer_sql sql;
    int result = transfer_sql_make(TRANSFER_TO_FILE, &sql, err);

    if (!result)
        result = check_place(path, err) || check_order(server->path, err) ||
                         ledger_await_others(server, err) || check_spills(server, err) ||
                         begin_server(server, counts, err) ||
                         ledger_open_to_fill(path, server->path, server->id, &file, err) ||
                         move(server, file, &sql, commits, counts, err)
                     ? -1
                     : 0;
    if (result && file)
        ledger_rollback(file);
    ledger_close(file);
    transfer_sql_release(&sql);
    return result;
}

/* The server's ledger is not used any more: the file that it went to is known by what it says. */
static int end_move(struct ledger *server, struct ledger *file, int64_t commits,
                    struct transfer *counts, struct error *err)
{
    int64_t is_marked, is_filling;

    if (database_number(file, "SELECT " MARKED, &is_marked, err) ||
        database_number(file, "SELECT " FILLING, &is_filling, err))
        return -1;
    counts->was_done = !is_marked;
    counts->was_cut = is_filling;
    if (strcmp(file->id, server->id) != 0 || (is_filling && ledger_commits(file) != commits))
        return exclusive_check_moved(server->server.session, err);
    if (is_filling)
        return use_file(file, err);
    return is_marked ? exclusive_check_moved(server->server.session, err) : 0;
}

static int complete_move(struct ledger *server, const char *path, int64_t commits,
                         struct transfer *counts, struct error *err)
{
    char id[LEDGER_ID_BYTES];
    enum ledger_place place;
    struct ledger *file;
    int result;

    if (ledger_place_look(path, &place, id, err))
        return -1;
    if (place != LEDGER_STANDS)
        return exclusive_check_moved(server->server.session, err);
    if (ledger_open_to_fill(path, server->path, server->id, &file, err))
        return -1;
    result = end_move(server, file, commits, counts, err);
    ledger_close(file);
    return result;
}

int transfer_to_file(const char *url, const char *path, struct transfer *ret_transfer,
                     struct error *err)
{
    struct ledger *server;
    int64_t commits;
    int result;

    *ret_transfer = (struct transfer){0};
    if (ledger_open_moved(url, &server, err))
        return -1;
    result = ask_moved(server, &commits, err);
    if (result >= 0)
        result = result ? complete_move(server, path, commits, ret_transfer, err)
                        : begin_move(server, path, commits, ret_transfer, err);
    if (result)
        ledger_rollback(server);
    ledger_close(server);
    return result;
}

#else

int transfer_to_file(const char *url, const char *path, struct transfer *ret_transfer,
                     struct error *err)
{
    (void)path;
    *ret_transfer = (struct transfer){0};
    return server_ledger_refuse(url, err);
}

#endif
