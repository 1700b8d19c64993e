#include "server_driver.h"

#ifdef HAVE_LIBPQ

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "ledger/import/import.h"
#include "ledger/import/ledger_import_ahead.h"
#include "ledger/postgres/alive/exclusive.h"
#include "ledger/postgres/alive/ledger_worker.h"
#include "ledger/postgres/alive/other_workers.h"
#include "ledger/postgres/alive/run_holder.h"
#include "ledger/postgres/outage/ledger_witness.h"
#include "ledger/postgres/server_check.h"
#include "ledger/postgres/server_claims.h"
#include "ledger/postgres/server_schema.h"
#include "ledger/postgres/session.h"
#include "server_sql.h"

/* A server that is away for a moment. */
#define FIRST_WAIT_MS 20
#define LAST_WAIT_MS 1000
#define MOMENT_MS 2500

static void copy(struct ledger *ledger, struct answer *answer)
{
    struct session *session = ledger->server.session;
    int rows = session_rows(session);
    int columns = session_columns(session);

    for (int row = 0; row < rows; row++)
        for (int column = 0; column < columns; column++)
            answer_add(answer, session_is_null(session, row, column)
                                   ? NULL
                                   : session_text(session, row, column));
    answer->columns = (size_t)columns;
    ledger->server.changes = rows;
    if (rows && columns)
        ledger->server.new_id = strtoll(session_text(session, 0, 0), NULL, 10);
}

/* Of an import: what was read ahead, or need not be waited for. 1, or 0 where it is to be asked. */
static int spare(struct ledger *ledger, struct answer *answer, const char *text, struct error *err)
{
    struct session *session = ledger->server.session;

    if (ledger_import_ahead_answer(ledger->server.ahead, answer))
        return answer->bytes.failed || answer->cells.failed ? error_no_memory(err) : 1;
    if (!ledger_import_ahead_puts_off(ledger->server.ahead, answer->which))
        return session_behind_end(session, err);
    ledger->server.changes = 1;
    return session_behind_send(session, text, answer_parameters(text), answer->values, err) ? -1
                                                                                            : 1;
}

/* What begins or ends a transaction. */
static int execute(struct ledger *ledger, enum statement which, struct error *err)
{
    struct session *session = ledger->server.session;
    int result = which == SQL_BEGIN ? exclusive_begin(session, err)
                                    : session_execute(session, server_sql_text(which), err);

    ledger->server.is_begun = !result && which != SQL_COMMIT;
    ledger->server.is_look = ledger->server.is_begun && which == SQL_READ;
    if (!result && which == SQL_COMMIT)
        ledger_witness_forget(ledger);
    return result;
}

static int ask(struct ledger *ledger, struct answer *answer, struct error *err)
{
    const char *text = server_sql_text((enum statement)answer->which);
    int spared;

    if (!text && answer->which != SQL_BEGIN)
        return error_set(err, EXIT_INTERNAL,
                         "statement %d is not asked of a ledger on a PostgreSQL server; nothing "
                         "was done",
                         answer->which);
    spared = spare(ledger, answer, text, err);
    if (spared)
        return spared < 0 ? -1 : 0;
    if (answer->which == SQL_BEGIN || answer->which == SQL_COMMIT || answer->which == SQL_READ)
        return execute(ledger, (enum statement)answer->which, err);
    if (session_ask(ledger->server.session, text, answer_parameters(text), answer->values, err))
        return -1;
    copy(ledger, answer);
    return answer->bytes.failed || answer->cells.failed ? error_no_memory(err) : 0;
}

int server_driver_restore(struct ledger *ledger, struct error *err)
{
    struct session *session;

    if (session_is_open(ledger->server.session))
        return 0;
    if (session_open(ledger->path, &session, err))
        return -1;
    if (server_check(session, ledger->path, ledger->id, err)) {
        session_close(session);
        return -1;
    }
    session_close(ledger->server.session);
    ledger->server.session = ledger->server.worker->worker.session = session;
    return 0;
}

int server_driver_await(struct ledger *ledger, struct error *err)
{
    int64_t begun_ms = clock_mono_ms();
    bool is_told = false;
    struct error why;

    if (session_is_usable(ledger->server.session))
        return -1;
    for (int wait_ms = FIRST_WAIT_MS; server_driver_restore(ledger, &why);
         wait_ms = wait_ms < LAST_WAIT_MS / 2 ? 2 * wait_ms : LAST_WAIT_MS) {
        int64_t spent_ms = clock_mono_ms() - begun_ms;

        if (why.exit_code != EXIT_TRY_LATER) {
            *err = why;
            return -1;
        }
        if (spent_ms >= MOMENT_MS && spent_ms >= ledger->server.patience_ms)
            return -1;
        if (wait_ms == FIRST_WAIT_MS && ledger->server.wait)
            ledger->server.wait(ledger);
        if (spent_ms >= MOMENT_MS && !is_told)
            log_warn("%s. This run waits for the ledger, and nothing more is sent until then",
                     why.text);
        is_told = spent_ms >= MOMENT_MS;
        if (stop_signal() || (poll(NULL, 0, wait_ms) < 0 && errno != EINTR))
            return -1;
    }
    return 0;
}

/* Outside of a transaction a statement may come twice: where its session was lost another one asks.
 * What became of a commit that was lost cannot be asked so. */
static int ask_twice(struct ledger *ledger, struct answer *answer, struct error *err)
{
    if (!ask(ledger, answer, err))
        return 0;
    if (ledger->server.is_begun || answer->which == SQL_COMMIT || server_driver_await(ledger, err))
        return -1;
    return ask(ledger, answer, err);
}

static int step(struct ledger *ledger, struct answer *answer, struct error *err)
{
    if (!answer->is_asked && ask_twice(ledger, answer, err)) {
        answer_reset(answer);
        database_rollback(ledger);
        return -1;
    }
    answer->is_asked = true;
    if (answer_next(answer))
        return 1;
    answer_reset(answer);
    return 0;
}

static int get_claims(struct ledger *ledger, int64_t platform, const struct claim_key *keys,
                      size_t count, struct claim_state *ret_states, struct error *err)
{
    if (!server_claims_get(ledger->server.session, platform, keys, count, ret_states, err))
        return 0;
    database_rollback(ledger);
    return -1;
}

static int find_numbers(struct ledger *ledger, const char *const *order_nos, size_t count,
                        bool *ret_found, struct error *err)
{
    if (!server_numbers_find(ledger->server.session, order_nos, count, ret_found, err))
        return 0;
    database_rollback(ledger);
    return -1;
}

/* A connection that is lost takes its transaction back itself. */
static void roll_back(struct ledger *ledger)
{
    struct error ignored = {0};

    ledger_import_ahead_forget(ledger);
    if (ledger->server.is_begun && !session_behind_end(ledger->server.session, &ignored))
        session_execute(ledger->server.session, "ROLLBACK", &ignored);
    ledger->server.is_begun = ledger->commits.is_passed = false;
}

static void end(struct ledger *ledger)
{
    roll_back(ledger);
    ledger_import_ahead_release(ledger->server.ahead);
    ledger_worker_end(ledger);
    session_close(ledger->server.session);
}

static const struct database_driver driver = {
    .step = step,
    .rollback = roll_back,
    .close = end,
    .check = ledger_worker_check,
    .beat = ledger_worker_beat,
    .claims_get = get_claims,
    .numbers_find = find_numbers,
    .run_await = run_holder_await,
    .await_others = other_workers_await,
    .check_others = other_workers_check,
    .run_lock = run_holder_take,
    .run_watch = run_holder_watch,
    .run_is_alive = run_holder_is_alive,
    .run_process = run_holder_process,
};

static int check_ledger(struct ledger *ledger, struct error *err)
{
    struct session *session = ledger->server.session;
    const char *quoted = LOG_QUOTED(ledger->path);

    if (session_ask(session, "SELECT to_regclass('claimbatch.meta') IS NOT NULL", 0, NULL, err))
        return -1;
    if (strcmp(session_text(session, 0, 0), "t") != 0)
        return error_set(
            err, EXIT_INPUT_MISSING,
            "there is no ledger in the database '%s': claimbatch status --create makes "
            "one",
            quoted);
    if (session_ask(session,
                    "SELECT (SELECT value FROM claimbatch.meta WHERE name='schema'),"
                    " (SELECT value FROM claimbatch.meta WHERE name='id')",
                    0, NULL, err))
        return -1;
    if (strcmp(session_text(session, 0, 0), SERVER_SCHEMA_TEXT) != 0)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger '%s' has schema %s, and this program knows schema %s alone: "
                         "use the program that made it",
                         quoted, LOG_QUOTED(session_text(session, 0, 0)), SERVER_SCHEMA_TEXT);
    snprintf(ledger->id, sizeof(ledger->id), "%s", session_text(session, 0, 1));
    return ledger->moves_to ? 0 : exclusive_check_moved(session, err);
}

/* Once its session is there. */
static int begin(struct ledger *ledger, struct error *err)
{
    ledger->driver = &driver;
    ledger->server.worker = ledger_worker_new();
    if (!ledger->server.worker)
        return error_no_memory(err);
    return check_ledger(ledger, err) || ledger_witness_look(ledger, ledger_worker_host(ledger), err)
               ? -1
               : 0;
}

int server_driver_open(struct ledger *ledger, struct error *err)
{
    return session_open(ledger->path, &ledger->server.session, err) ? -1 : begin(ledger, err);
}

int server_driver_open_to_look(struct ledger *ledger, struct error *err)
{
    return session_open_to_look(ledger->path, &ledger->server.session, err) ? -1
                                                                            : begin(ledger, err);
}

#else

#include "ledger/postgres/server_ledger.h"

int server_driver_open(struct ledger *ledger, struct error *err)
{
    return server_ledger_refuse(ledger->path, err);
}

int server_driver_open_to_look(struct ledger *ledger, struct error *err)
{
    return server_ledger_refuse(ledger->path, err);
}

#endif
