/* Unit tests of ledger/postgres/alive/fence and quarantine on a real server: two sessions, one step
 * after the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "ledger/postgres/alive/fence.h"
#include "ledger/postgres/alive/quarantine.h"
#include "worker_desk.h"

/* All that a fence may change. */
#define TABLES                                                                                     \
    "(SELECT md5(string_agg(w::text, '' ORDER BY id)) FROM worker w),"                             \
    "(SELECT md5(string_agg(c::text, '' ORDER BY id)) FROM claim c),"                              \
    "(SELECT md5(string_agg(r::text, '' ORDER BY r.run, r.row)) FROM row r),"                      \
    "(SELECT md5(string_agg(r::text, '' ORDER BY id)) FROM run r), (SELECT count(*) FROM event)"

#define TURN                                                                                       \
    "BEGIN; SELECT need(EXISTS(SELECT 1 FROM worker WHERE id=%lld AND epoch=0 AND NOT fenced"      \
    " FOR SHARE))"

/* Two workers: the first has a run, a share, and an intent and an unknown attempt of each run. */
struct pair {
    char url[CLUSTER_URL_BYTES];
    struct desk first, second;
    struct fence_watch watch; /* of the first */
};

static struct pair *make_pair(void **state)
{
    struct pair *p = calloc(1, sizeof(*p));
    struct session *session = make_ledger(p->url);

    begin_desk(&p->first, session, *state);
    begin_desk(&p->second, connect_to(p->url), *state);
    open_attempt(session, p->first.worker.id, 1, true);
    open_attempt(session, p->first.worker.id, 2, false);
    open_attempt(session, p->second.worker.id, 3, true);
    execute(
        session,
        "INSERT INTO run(name,command,platform,export_name,export_sha256,export_bytes,reading,"
        " report_path,started_ms,finished_ms,stopped_because,complete,open_rows,invalid_rows,"
        " published,sequence,worker) SELECT 'r'||id,'upload',1,'x','',0,'','',0,0,'',0,0,0,0,id,"
        " id FROM worker;"
        "INSERT INTO app(platform,app_key) VALUES(1,'k');"
        "INSERT INTO member SELECT 1,'k',id,NULL,7,0 FROM worker");
    p->watch.worker = p->first.worker.id;
    assert_int_equal(fence_look(p->second.session, &p->second.lock, &lease_real, &p->watch, &err),
                     0);
    return p;
}

static void free_pair(struct pair *p)
{
    clear_desk(&p->first);
    clear_desk(&p->second);
    free(p);
}

static int take(struct pair *p, int64_t *ret_lost)
{
    return fence_take(p->second.session, &lease_real, &p->watch, p->second.worker.id, ret_lost,
                      &err);
}

static int begin_turn(struct desk *d)
{
    char text[512];

    snprintf(text, sizeof(text), TURN, (long long)d->worker.id);
    return session_execute(d->session, text, &err);
}

static void what_a_worker_had_is_unknown_and_anybodys(void **state)
{
    struct pair *p = make_pair(state);
    struct session *s = p->second.session;
    int64_t lost;

    assert_int_equal(take(p, &lost), 1);
    assert_int_equal(lost, 1);
    assert_string_equal(ask(s, "fenced, fenced_by=$$2$$, epoch, ended", "FROM worker WHERE id=1"),
                        "t t 1 f");
    assert_string_equal(ask(s,
                            "string_agg(concat_ws(' ', open_call, open_intent, settle_from>"
                            "clock_timestamp()+interval '20 min', version), ', ' ORDER BY id)",
                            "FROM claim"),
                        "1 f t 4, 2 f 3, 3 t 3");
    assert_string_equal(
        ask(s,
            "r.run, r.row, claim, call, submitted_ms, duration_ms, round, state, outcome,"
            " counts_as, http_status, attempts, tries, digest, code, sub_code, message,"
            " request_id, warnings",
            "FROM row r"),
        "5 1 1000001 1 1234 0 2 3 3 3 0 4 3 \\x07 RUN_ENDED  the run ended before an answer came; "
        "the claim may have been stored  W");
    assert_string_equal(
        ask(s, "string_agg(coalesce(worker::text, '-'), ' ' ORDER BY id)", "FROM run"), "- 2");
    assert_string_equal(ask(s,
                            "kind, run, text LIKE 'host _% (process _%) was not heard of any "
                            "more; its calls in flight, 1, are unknown'",
                            "FROM event"),
                        "7 1 t");
    assert_string_equal(
        ask(s,
            "generation, changed IS NOT NULL, (SELECT string_agg(worker::text, ' ') FROM member)",
            "FROM app"),
        "1 t 2");
    assert_int_equal(take(p, &lost), 0); /* somebody was first */
    free_pair(p);
}

static void the_next_turn_of_who_was_fenced_is_refused(void **state)
{
    struct pair *p = make_pair(state);
    int64_t lost;

    assert_int_equal(begin_turn(&p->first), 0);
    execute(p->first.session, "ROLLBACK");
    assert_int_equal(take(p, &lost), 1);
    assert_int_equal(begin_turn(&p->first), -1);
    assert_non_null(strstr(err.text, "fenced"));
    execute(p->first.session, "ROLLBACK");
    assert_int_equal(worker_fail_refused(&p->first.worker, p->first.session, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    assert_int_equal(begin_turn(&p->second), 0);
    free_pair(p);
}

static void who_has_beaten_loses_nothing(void **state)
{
    struct pair *p = make_pair(state);
    char before[4096];
    int64_t lost;

    assert_int_equal(worker_beat(&p->first.worker, 9, &err), 0);
    snprintf(before, sizeof(before), "%s", ask(p->second.session, TABLES, ""));
    assert_int_equal(take(p, &lost), 0);
    assert_string_equal(ask(p->second.session, TABLES, ""), before);
    assert_int_equal(begin_turn(&p->first), 0);
    free_pair(p);
}

struct fencing {
    struct pair *pair;
    int64_t lost;
    int result;
};

static void *take_in_thread(void *context)
{
    struct fencing *f = context;

    f->result = take(f->pair, &f->lost);
    return NULL;
}

/* What a turn under way has written is taken as well: it is over before the fence is. */
static void a_turn_under_way_is_waited_for(void **state)
{
    struct pair *p = make_pair(state);
    struct session *looker = connect_to(p->url);
    struct fencing f = {.pair = p};
    pthread_t thread;

    assert_int_equal(begin_turn(&p->first), 0);
    assert_int_equal(pthread_create(&thread, NULL, take_in_thread, &f), 0);
    while (*ask(looker, "count(*)", "FROM pg_locks WHERE NOT granted") != '1')
        usleep(1000);
    open_attempt(p->first.session, p->first.worker.id, 4, true);
    execute(p->first.session, "COMMIT");
    pthread_join(thread, NULL);
    assert_int_equal(f.result, 1);
    assert_int_equal(f.lost, 2);
    assert_string_equal(ask(looker, "count(*)", "FROM row"), "2");
    session_close(looker);
    free_pair(p);
}

static void a_turn_with_a_beat_under_way_saves_it(void **state)
{
    struct pair *p = make_pair(state);
    struct session *looker = connect_to(p->url);
    struct fencing f = {.pair = p};
    pthread_t thread;

    assert_int_equal(begin_turn(&p->first), 0);
    assert_int_equal(pthread_create(&thread, NULL, take_in_thread, &f), 0);
    while (*ask(looker, "count(*)", "FROM pg_locks WHERE NOT granted") != '1')
        usleep(1000);
    assert_int_equal(worker_beat(&p->first.worker, 1, &err), 0);
    execute(p->first.session, "COMMIT");
    pthread_join(thread, NULL);
    assert_int_equal(f.result, 0);
    assert_string_equal(ask(looker, "count(*)", "FROM worker WHERE fenced"), "0");
    session_close(looker);
    free_pair(p);
}

static void one_that_died_here_is_known_at_once(void **state)
{
    struct pair *p = make_pair(state);
    int64_t lost;

    assert_false(p->watch.is_dead_here);
    assert_true(p->watch.is_fresh);
    execute(p->first.session, "UPDATE worker SET beat_at=beat_at+interval '15 min'");
    host_lock_close(&p->first.lock); /* as the kernel does when it dies */
    assert_int_equal(fence_look(p->second.session, &p->second.lock, &lease_real, &p->watch, &err),
                     1);
    assert_true(p->watch.is_dead_here);
    assert_false(p->watch.is_fresh); /* the server's clock was set back since */
    assert_int_equal(take(p, &lost), 1);
    assert_string_equal(
        ask(p->second.session, "open_intent, settle_from IS NULL", "FROM claim WHERE open_call=1"),
        "f t");
    assert_string_equal(ask(p->second.session, "text LIKE '%) was killed; %'", "FROM event"), "t");
    assert_int_equal(quarantine_check(p->second.session, 5, 1, &err), 0);
    free_pair(p);
}

/* With a lease that is over at once, so that the test need not wait; and with the real one. */
static void it_is_watched_until_it_is_over(void **state)
{
    static const struct lease none = {.gap_ms = INT64_MAX};
    struct pair *p = make_pair(state);
    struct session *s = p->second.session;

    p->watch.lease = (struct lease_watch){0};
    assert_int_equal(fence_look(s, &p->second.lock, &none, &p->watch, &err), 0);
    assert_int_equal(fence_look(s, &p->second.lock, &none, &p->watch, &err), 1);
    assert_false(p->watch.is_dead_here);
    assert_int_equal(worker_beat(&p->first.worker, 1, &err), 0);
    assert_int_equal(fence_look(s, &p->second.lock, &none, &p->watch, &err), 0);
    assert_int_equal(p->watch.beat, 1);
    assert_int_equal(fence_look(s, &p->second.lock, &lease_real, &p->watch, &err), 0);
    assert_int_equal(worker_end(&p->first.worker, &err), 0);
    assert_int_equal(fence_look(s, &p->second.lock, &none, &p->watch, &err), 0);
    assert_true(p->watch.is_over);
    p->watch.worker = 77;
    assert_int_equal(fence_look(s, &p->second.lock, &none, &p->watch, &err), 0);
    assert_true(p->watch.is_over);
    p->watch.worker = p->first.worker.id;
    p->watch.lease.has_beat = true;
    execute(s, "DROP TABLE worker");
    assert_int_equal(fence_look(s, &p->second.lock, &none, &p->watch, &err), -1);
    assert_false(p->watch.lease.has_beat);
    free_pair(p);
}

static void not_executed_may_not_be_said_too_early(void **state)
{
    struct pair *p = make_pair(state);
    struct session *s = p->second.session;
    char from[64];
    int64_t lost;

    assert_int_equal(take(p, &lost), 1);
    snprintf(from, sizeof(from), "%s",
             ask(s,
                 "to_char((settle_from+interval '1 s') AT TIME ZONE 'Asia/Shanghai',"
                 " 'YYYY-MM-DD HH24:MI:SS')",
                 "FROM claim WHERE open_call=1"));
    assert_int_equal(quarantine_check(s, 5, 1, &err), -1);
    assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
    assert_non_null(strstr(err.text, from));
    assert_int_equal(quarantine_check(s, 5, 2, &err), 0); /* nobody has signed it since */
    assert_int_equal(quarantine_check(s, 5, 9, &err), 0);
    execute(s, "UPDATE claim SET settle_from=clock_timestamp()");
    assert_int_equal(quarantine_check(s, 5, 1, &err), 0);
    free_pair(p);
}

static void nothing_is_read_whole(void **state)
{
    struct pair *p = make_pair(state);
    struct session *s = p->second.session;
    int64_t lost;
    int before;

    fill_ledger(s);
    before = reads(s);
    assert_int_equal(fence_look(s, &p->second.lock, &lease_real, &p->watch, &err), 0);
    assert_int_equal(take(p, &lost), 1);
    assert_int_equal(quarantine_check(s, 5, 1, &err), -1);
    expect_few_reads(s, before);
    free_pair(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_a_worker_had_is_unknown_and_anybodys),
        IN_FOLDER(the_next_turn_of_who_was_fenced_is_refused),
        IN_FOLDER(who_has_beaten_loses_nothing),
        IN_FOLDER(a_turn_under_way_is_waited_for),
        IN_FOLDER(a_turn_with_a_beat_under_way_saves_it),
        IN_FOLDER(one_that_died_here_is_known_at_once),
        IN_FOLDER(it_is_watched_until_it_is_over),
        IN_FOLDER(not_executed_may_not_be_said_too_early),
        IN_FOLDER(nothing_is_read_whole),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
