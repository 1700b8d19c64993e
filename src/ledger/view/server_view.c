/* Who is at work with a ledger on a server, and what came late. */
#include "ledger/view/server_view.h"

#include "ledger/store/database.h"

bool server_view_is(const struct ledger *ledger)
{
    return database_is_server(ledger);
}

#ifdef HAVE_LIBPQ

#include <string.h>

#include "ledger/postgres/alive/parameters.h"
#include "ledger/postgres/session.h"

#define MS_OF(time) "floor(extract(epoch FROM " time ")*1000)::bigint"

int server_view_get(struct ledger *ledger, struct server_view *ret_view, struct error *err)
{
    static const char question[] = "SELECT (SELECT value FROM meta WHERE name='durability'),"
                                   " pg_is_in_recovery()";
    struct session *session = ledger->server.session;

    if (parameters_ask(session, question, err, ""))
        return -1;
    ret_view->has_standby = strcmp(session_text(session, 0, 0), "standby") == 0;
    ret_view->is_standby = session_bool(session, 0, 1);
    return 0;
}

int server_view_workers(struct ledger *ledger,
                        void (*visit)(void *context, const struct server_worker *worker),
                        void *context, struct error *err)
{
    static const char question[] =
        "SELECT w.id, w.pid, w.host, w.version, " MS_OF("w.started") ", " MS_OF(
            "w.beat_at") ", " MS_OF("clock_timestamp()-w."
                                    "beat_at") ","
                                               " (SELECT string_agg(r.name, ' ' ORDER BY r.id)"
                                               "  FROM run r WHERE r.worker=w.id),"
                                               " (SELECT count(*) FROM claim c WHERE"
                                               "  c.open_call IS NOT NULL AND c.open_worker=w.id"
                                               "  AND c.open_intent)"
                                               " FROM worker w WHERE NOT w.fenced AND NOT w.ended"
                                               " ORDER BY w.id";
    struct session *session = ledger->server.session;

    if (parameters_ask(session, question, err, ""))
        return -1;
    for (int i = 0; i < session_rows(session); i++) {
        struct server_worker worker = {
            .id = session_integer(session, i, 0),
            .process = session_integer(session, i, 1),
            .host = session_text(session, i, 2),
            .version = session_text(session, i, 3),
            .started_ms = session_integer(session, i, 4),
            .beat_ms = session_integer(session, i, 5),
            .silent_ms = session_integer(session, i, 6),
            .runs = session_text(session, i, 7),
            .calls = session_integer(session, i, 8),
        };

        visit(context, &worker);
    }
    return 0;
}

/* A number that is null where there is no limit. */
static int64_t limit_of(const struct session *session, int row, int column)
{
    return session_is_null(session, row, column) ? -1 : session_integer(session, row, column);
}

int server_view_shares(struct ledger *ledger,
                       void (*visit)(void *context, const struct server_share *share),
                       void *context, struct error *err)
{
    static const char question[] =
        "SELECT m.worker, p.name, m.app_key, coalesce(w.host, ''),"
        " nullif(m.share, 9223372036854775807),"
        " min(m.rate_said) OVER (PARTITION BY m.platform, m.app_key),"
        " row_number() OVER (PARTITION BY m.platform, m.app_key ORDER BY m.worker)"
        " FROM member m JOIN platform p ON p.id=m.platform LEFT JOIN worker w ON w.id=m.worker"
        " ORDER BY p.name COLLATE \"C\", m.app_key COLLATE \"C\", m.worker";
    struct session *session = ledger->server.session;

    if (parameters_ask(session, question, err, ""))
        return -1;
    for (int i = 0; i < session_rows(session); i++) {
        struct server_share share = {
            .worker = session_integer(session, i, 0),
            .platform = session_text(session, i, 1),
            .app_key = session_text(session, i, 2),
            .host = session_text(session, i, 3),
            .share = limit_of(session, i, 4),
            .rate = limit_of(session, i, 5),
            .is_first = session_integer(session, i, 6) == 1,
        };

        visit(context, &share);
    }
    return 0;
}

static int count_unapplied(struct session *session, uint64_t *ret_count, struct error *err)
{
    static const char question[] = "SELECT count(*) FROM late_answer WHERE NOT applied";

    if (parameters_ask(session, question, err, ""))
        return -1;
    *ret_count = (uint64_t)session_integer(session, 0, 0);
    return 0;
}

static struct server_late_answer read_late(const struct session *session, int row)
{
    int64_t outcome = session_integer(session, row, 6);

    return (struct server_late_answer){
        .run_name = session_text(session, row, 0),
        .row = session_integer(session, row, 1),
        .claim_order_no = session_text(session, row, 2),
        .workcard_id = session_integer(session, row, 3),
        .platform = session_text(session, row, 4),
        .at_ms = session_integer(session, row, 5),
        .outcome =
            outcome >= 0 && outcome < OUTCOME_COUNT ? (enum outcome)outcome : OUTCOME_UNKNOWN,
        .applied = session_bool(session, row, 7),
        .code = session_text(session, row, 8),
        .message = session_text(session, row, 9),
        .request_id = session_text(session, row, 10),
    };
}

int server_view_late_answers(struct ledger *ledger, int64_t most,
                             void (*visit)(void *context, const struct server_late_answer *answer),
                             void *context, uint64_t *ret_unapplied, struct error *err)
{
    static const char question[] =
        "SELECT coalesce(run.name, ''), l.row, coalesce(c.claim_order_no, ''), c.workcard_id,"
        " coalesce(p.name, ''), " MS_OF(
            "l.at") ", l.outcome, l.applied, l.record->>'code',"
                    " l.record->>'message', l.record->>'request_id' FROM late_answer l"
                    " LEFT JOIN run ON run.id=l.run LEFT JOIN claim c ON c.id=l.claim"
                    " LEFT JOIN platform p ON p.id=c.platform"
                    " ORDER BY l.at DESC, l.call DESC LIMIT $1";
    struct session *session = ledger->server.session;

    if (count_unapplied(session, ret_unapplied, err) ||
        parameters_ask(session, question, err, "i", most))
        return -1;
    for (int i = 0; i < session_rows(session); i++) {
        struct server_late_answer answer = read_late(session, i);

        visit(context, &answer);
    }
    return 0;
}

#else

/* None can be open. */
int server_view_get(struct ledger *ledger, struct server_view *ret_view, struct error *err)
{
    (void)ledger;
    *ret_view = (struct server_view){0};
    return error_set(err, EXIT_INTERNAL, "this program was built without PostgreSQL");
}

int server_view_workers(struct ledger *ledger,
                        void (*visit)(void *context, const struct server_worker *worker),
                        void *context, struct error *err)
{
    (void)ledger, (void)visit, (void)context, (void)err;
    return 0;
}

int server_view_shares(struct ledger *ledger,
                       void (*visit)(void *context, const struct server_share *share),
                       void *context, struct error *err)
{
    (void)ledger, (void)visit, (void)context, (void)err;
    return 0;
}

int server_view_late_answers(struct ledger *ledger, int64_t most,
                             void (*visit)(void *context, const struct server_late_answer *answer),
                             void *context, uint64_t *ret_unapplied, struct error *err)
{
    (void)ledger, (void)most, (void)visit, (void)context, (void)err;
    *ret_unapplied = 0;
    return 0;
}

#endif
