/* A ledger on a server of the test's own, and what a test of it does in every line. */
#ifndef CLAIMBATCH_TESTS_ALIVE_PLACE_H
#define CLAIMBATCH_TESTS_ALIVE_PLACE_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/error.h"
#include "ledger/postgres/server_schema.h"
#include "ledger/postgres/session.h"
#include "one_server.h"

static struct error err;

static inline struct session *connect_to(const char *url)
{
    struct session *session;

    if (session_open(url, &session, &err))
        fail_msg("%s", err.text);
    return session;
}

static inline void execute(struct session *session, const char *statements)
{
    if (session_execute(session, statements, &err))
        fail_msg("%s: %s", statements, err.text);
}

/* A session in a new ledger. */
static inline struct session *make_ledger(char url[CLUSTER_URL_BYTES])
{
    struct session *session;

    if (!has_server)
        skip();
    cluster_create(&server, url);
    session = connect_to(url);
    execute(session, server_schema_text);
    return session;
}

/* The answer of one row: its columns, one after the other. */
static inline const char *ask(struct session *session, const char *columns, const char *rest)
{
    static char answer[4096];
    char statement[4096];

    snprintf(statement, sizeof(statement), "SELECT concat_ws(' ', %s) %s", columns, rest);
    execute(session, statement);
    assert_int_equal(session_rows(session), 1);
    snprintf(answer, sizeof(answer), "%s", session_text(session, 0, 0));
    return answer;
}

/* Two thousand workers, runs and app keys, each with ten claims, of which some are open. */
static inline void fill_ledger(struct session *session)
{
    execute(
        session,
        "INSERT INTO worker(host,place,boot,pid,version,ended)"
        " SELECT 'old',gen_random_uuid(),'b',1,'v',true FROM generate_series(1,2000);"
        "INSERT INTO run(name,command,platform,export_name,export_sha256,export_bytes,reading,"
        " report_path,started_ms,finished_ms,stopped_because,complete,open_rows,invalid_rows,"
        " published,sequence,worker) SELECT 'old'||n,'upload',1,'x','',0,'','',0,0,'',0,0,0,0,"
        " n+1000,n+1000 FROM generate_series(1,2000) n;"
        "INSERT INTO claim(id,workcard_id,platform,version,claim_order_no,open_call,open_worker,"
        " open_intent) SELECT n,n,1,0,'c'||n,nullif(n*(n%2),0),n+1000,false"
        " FROM generate_series(1,20000) n;"
        "INSERT INTO row SELECT n%2000+1000,n,n,n,0,0,0,3,0,0,0,1,1,'','','','','','' FROM"
        " generate_series(1,20000) n;"
        "INSERT INTO app(platform,app_key) SELECT n,'old' FROM generate_series(1,2000) n;"
        "INSERT INTO member SELECT n,'old',n+1000,1,1,1 FROM generate_series(1,2000) n;"
        "ANALYZE");
}

/* A worker of that number, unless there is one. */
static inline void add_worker(struct session *session, int64_t worker)
{
    char text[256];

    snprintf(text, sizeof(text),
             "INSERT INTO worker(id,host,place,boot,pid,version) OVERRIDING SYSTEM VALUE"
             " VALUES(%lld,'h',gen_random_uuid(),'b',1,'v') ON CONFLICT DO NOTHING",
             (long long)worker);
    execute(session, text);
}

/* How many rows were read so far, in tables and by indexes. */
static inline int reads(struct session *session)
{
    execute(session, "SELECT pg_stat_force_next_flush()");
    return atoi(ask(session,
                    "(SELECT sum(seq_tup_read) FROM pg_stat_user_tables)::bigint+"
                    "(SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)::bigint",
                    ""));
}

/* Few since then: nothing of a filled ledger was read whole. */
static inline void expect_few_reads(struct session *session, int before)
{
    int count = reads(session) - before;

    if (count < 1 || count > 400)
        fail_msg("%d: %s", count,
                 ask(session,
                     "string_agg(concat_ws(' ', t.relname, seq_tup_read, indexrelname,"
                     " idx_tup_read), ', ')",
                     "FROM pg_stat_user_tables t JOIN pg_stat_user_indexes i USING (relid)"));
}

#endif
