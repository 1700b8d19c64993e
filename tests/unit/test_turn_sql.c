/* How a server carries out the statements of a turn: by keys alone, however much it has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "ledger/postgres/server_schema.h"
#include "ledger/postgres/session.h"
#include "ledger/postgres/turn_sql.h"
#include "one_server.h"

static struct session *open_session(const char *url)
{
    struct session *session;
    struct error err;

    if (session_open(url, &session, &err))
        fail_msg("%s", err.text);
    return session;
}

static void execute(struct session *session, const char *statements)
{
    struct error err;

    if (session_execute(session, statements, &err))
        fail_msg("%s", err.text);
}

static void prepare_all(struct session *session)
{
    struct error err;

    for (enum turn_statement i = 0; i < TURN_STATEMENT_COUNT; i++) {
        const enum server_type *types;
        size_t count = turn_sql_types(i, &types);

        if (session_prepare(session, turn_sql(i), count, types, &err))
            fail_msg("%d: %s", i, err.text);
    }
}

/* Its name is that of those a session has prepared. */
static void explain(struct session *session, enum turn_statement statement)
{
    struct buffer text = {0};
    const enum server_type *types;
    size_t count = turn_sql_types(statement, &types);

    buffer_format(&text, "EXPLAIN (COSTS OFF) EXECUTE s%d", statement + 1);
    for (size_t i = 0; i < count; i++)
        buffer_text(&text, i ? ", NULL" : "(NULL");
    if (count)
        buffer_text(&text, ")");
    execute(session, buffer_string(&text));
    buffer_release(&text);
}

static bool has(const char *line, const char *words)
{
    return strstr(line, words) != NULL;
}

/* An index is looked into by a condition, or all of it is read. */
static void check_plan(const struct session *session, enum turn_statement statement)
{
    int rows = session_rows(session);

    for (int i = 0; i < rows; i++) {
        const char *line = session_text(session, i, 0);
        const char *next = i + 1 < rows ? session_text(session, i + 1, 0) : "";

        if (has(line, "Seq Scan") || has(line, "Hash Join") || has(line, "Merge Join") ||
            has(line, "Bitmap") ||
            ((has(line, "Index Scan") || has(line, "Index Only Scan")) && !has(next, "Index Cond")))
            fail_msg("statement %d: %s", statement, line);
    }
    assert_true(rows > 0);
}

static void check_plans(struct session *session)
{
    for (enum turn_statement i = 0; i < TURN_STATEMENT_COUNT; i++) {
        explain(session, i);
        check_plan(session, i);
    }
}

static const char fill[] =
    "INSERT INTO platform(name) VALUES('p');"
    "INSERT INTO run(name, command, platform, export_name, export_sha256, export_bytes, reading,"
    " report_path, started_ms, finished_ms, stopped_because, complete, open_rows, invalid_rows,"
    " published, sequence) SELECT n::text, 'upload', 1, 'e', '\\x00', 1, '', '', 1, 0, '', 0, 0, 0,"
    " 0, n FROM generate_series(1, 2000) n;"
    "INSERT INTO worker(host, place, boot, pid, version) SELECT 'h', gen_random_uuid(), 'b', 1, 'v'"
    " FROM generate_series(1, 2000);"
    "INSERT INTO claim(id, workcard_id, platform, version, claim_order_no, open_call, open_worker)"
    " SELECT n, n, 1, 0, n::text, CASE WHEN n % 2 = 0 THEN n END, 1 + n % 2000"
    " FROM generate_series(1, 20000) n;"
    "INSERT INTO row SELECT 1 + n % 2000, n, n, n, 1, 1, 1, 3, 3, 3, 200, 1, 1, '\\x00', '', '',"
    " '', '', '' FROM generate_series(1, 20000) n;"
    "INSERT INTO changed SELECT 1, n, n, n FROM generate_series(1, 5000) n;"
    "INSERT INTO app(platform, app_key) SELECT 1, n::text FROM generate_series(1, 2000) n;";

static void no_statement_reads_what_grows(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *early, *late;

    (void)state;
    if (!has_server)
        skip();
    cluster_create(&server, url);
    early = open_session(url);
    execute(early, server_schema_text);
    session_close(early);

    early = open_session(url);
    prepare_all(early);
    check_plans(early);
    execute(early, fill);
    check_plans(early);
    late = open_session(url);
    prepare_all(late);
    check_plans(late);
    execute(early, "ANALYZE");
    check_plans(early);
    check_plans(late);
    session_close(late);
    late = open_session(url);
    prepare_all(late);
    check_plans(late);
    session_close(late);
    session_close(early);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_statement_reads_what_grows),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
