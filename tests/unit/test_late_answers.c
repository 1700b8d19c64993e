/* Unit tests of ledger/postgres/alive/late_answers on a real server: what an answer changes that
 * came when another host had taken the run over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "ledger/postgres/alive/fence.h"
#include "ledger/postgres/alive/late_answers.h"
#include "worker_desk.h"

#define RUN 5

#define TABLES                                                                                     \
    "(SELECT md5(string_agg(c::text, '' ORDER BY id)) FROM claim c),"                              \
    "(SELECT md5(string_agg(r::text, '' ORDER BY r.run, r.row)) FROM row r),"                      \
    "(SELECT md5(string_agg(r::text, '' ORDER BY id)) FROM run r), (SELECT count(*) FROM event)"

/* A ledger in which a worker with one call in flight was fenced, and a row of another run waits for
 * the claim. */
struct place {
    char url[CLUSTER_URL_BYTES];
    struct desk desk;
    struct session *session;
};

static struct place *make_place(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    struct fence_watch watch = {0};
    int64_t lost;

    p->session = make_ledger(p->url);
    begin_desk(&p->desk, p->session, *state);
    open_attempt(p->session, p->desk.worker.id, 1, true);
    execute(
        p->session,
        "INSERT INTO run(id,name,command,platform,export_name,export_sha256,export_bytes,"
        " reading,report_path,started_ms,finished_ms,stopped_because,complete,open_rows,"
        " invalid_rows,published,sequence,worker) OVERRIDING SYSTEM VALUE SELECT n,'r'||n,"
        " 'upload',1,'x','',0,'','',0,0,'',0,0,0,0,n,(SELECT id FROM worker)"
        " FROM generate_series(5,6) n;"
        "SELECT setval(pg_get_serial_sequence('claimbatch.run', 'id'), 6);"
        "INSERT INTO row VALUES(6,9,1000001,NULL,0,0,0,4,6,3,0,0,0,'','UNSETTLED','','','','')");
    watch.worker = p->desk.worker.id;
    assert_int_equal(fence_take(p->session, &lease_real, &watch, 0, &lost, &err), 1);
    assert_int_equal(lost, 1);
    return p;
}

static void free_place(struct place *p)
{
    clear_desk(&p->desk);
    free(p);
}

static struct row_record record_of(enum row_state state, enum outcome outcome, const char *code)
{
    return (struct row_record){.row = 1,
                               .state = state,
                               .outcome = outcome,
                               .counts_as = outcome,
                               .attempts = 4,
                               .tries = 3,
                               .round = 2,
                               .http_status = 200,
                               .submitted_ms = 1234,
                               .duration_ms = 50,
                               .code = code,
                               .sub_code = "sub",
                               .message = "said '\"",
                               .request_id = "id",
                               .warnings = ""};
}

static bool store(struct place *p, int64_t call, enum server_end end, const struct row_record *r)
{
    struct late_answer answer = {.attempt = {call, 1000001, true, 9950}, .end = end, .record = r};

    if (late_answers_store(p->session, RUN, &answer, 1, &err))
        fail_msg("%s", err.text);
    return answer.applied;
}

static void an_answer_settles_its_own_attempt(void **state)
{
    const struct row_record r = record_of(ROW_FINAL, OUTCOME_ACCEPTED, "ACCEPTED");
    struct place *p = make_place(state);
    char after[4096];

    assert_true(store(p, 1, SERVER_END_OVER, &r));
    assert_string_equal(ask(p->session,
                            "open_call IS NULL, settle_from IS NULL, accepted_run, accepted_row,"
                            " accepted_ms, accepted_fee",
                            "FROM claim"),
                        "t t 5 1 1284 9950");
    assert_string_equal(
        ask(p->session, "r.state, outcome, code, message", "FROM row r WHERE run=5"),
        "3 0 ACCEPTED said '\"");
    assert_string_equal(ask(p->session, "outcome, code", "FROM row WHERE run=6"), "6 RELEASED");
    assert_string_equal(ask(p->session, "string_agg(released::text, ' ' ORDER BY id)", "FROM run"),
                        "1 1");
    assert_string_equal(ask(p->session, "count(*), max(text)", "FROM event WHERE kind=6 AND run=5"),
                        "1 answers that came after the run was taken over: 1");
    assert_string_equal(ask(p->session,
                            "call, run, row, claim, outcome, applied, record->>'message'",
                            "FROM late_answer"),
                        "1 5 1 1000001 0 t said '\"");
    snprintf(after, sizeof(after), "%s", ask(p->session, TABLES, ""));
    assert_true(store(p, 1, SERVER_END_OVER, &r)); /* whether it was stored was not known */
    assert_string_equal(ask(p->session, TABLES, ""), after);
    free_place(p);
}

/* A person had said that it was not executed, and another host sent it again. */
static void an_answer_to_another_attempt_is_evidence(void **state)
{
    const struct row_record r = record_of(ROW_FINAL, OUTCOME_ACCEPTED, "ACCEPTED");
    struct place *p = make_place(state);
    char before[4096];

    execute(p->session, "UPDATE claim SET open_call=77, open_run=6, open_row=9, open_intent=true,"
                        " settle_from=NULL, version=version+2");
    snprintf(before, sizeof(before), "%s", ask(p->session, TABLES, ""));
    assert_false(store(p, 1, SERVER_END_OVER, &r));
    assert_string_equal(ask(p->session, TABLES, ""), before);
    assert_string_equal(
        ask(p->session, "call, applied, outcome, record->>'code'", "FROM late_answer"),
        "1 f 0 ACCEPTED");
    assert_false(store(p, 1, SERVER_END_OVER, &r));
    assert_string_equal(ask(p->session, "count(*)", "FROM late_answer"), "1");
    free_place(p);
}

static void a_call_that_never_left_frees_the_claim(void **state)
{
    const struct row_record r = record_of(ROW_AGAIN, OUTCOME_UNSENT, "WITHDRAWN");
    struct place *p = make_place(state);

    assert_true(store(p, 1, SERVER_END_OVER, &r));
    assert_string_equal(ask(p->session,
                            "open_call IS NULL, settle_from IS NULL, accepted_run IS NULL",
                            "FROM claim"),
                        "t t t");
    assert_string_equal(ask(p->session, "r.state, code", "FROM row r WHERE run=5"), "2 WITHDRAWN");
    assert_string_equal(ask(p->session, "outcome, applied, record->>'state'", "FROM late_answer"),
                        "6 t 2");
    free_place(p);
}

/* That the call is over is known now, so nothing of it can leave later. */
static void an_unknown_end_ends_the_quarantine(void **state)
{
    const struct row_record r = record_of(ROW_FINAL, OUTCOME_UNKNOWN, "TIMEOUT");
    struct place *p = make_place(state);

    assert_string_equal(ask(p->session, "settle_from IS NULL", "FROM claim"), "f");
    assert_true(store(p, 1, SERVER_END_STAYS, &r));
    assert_string_equal(
        ask(p->session, "open_call, open_intent, settle_from IS NULL", "FROM claim"), "1 f t");
    assert_string_equal(ask(p->session, "outcome, code", "FROM row WHERE run=5"), "3 TIMEOUT");
    assert_string_equal(ask(p->session, "code", "FROM row WHERE run=6"), "UNSETTLED");
    free_place(p);
}

static void all_of_them_are_stored_or_none(void **state)
{
    const struct row_record r = record_of(ROW_FINAL, OUTCOME_ACCEPTED, "ACCEPTED");
    struct row_record wrong = r;
    struct place *p = make_place(state);
    struct late_answer answers[] = {{{1, 1000001, false, 0}, SERVER_END_OVER, &r, false},
                                    {{2, 1000001, false, 0}, SERVER_END_OVER, &wrong, false}};
    char before[4096];

    snprintf(before, sizeof(before), "%s", ask(p->session, TABLES, ""));
    wrong.message = "\xff";
    assert_int_equal(late_answers_store(p->session, RUN, answers, 2, &err), -1);
    assert_string_equal(ask(p->session, TABLES, ""), before);
    assert_string_equal(ask(p->session, "count(*)", "FROM late_answer"), "0");
    wrong.message = "";
    assert_int_equal(late_answers_store(p->session, RUN, answers, 2, &err), 0);
    assert_true(answers[0].applied);
    assert_false(answers[1].applied);
    free_place(p);
}

/* The commit was not acknowledged, and the worker died. */
static void an_answer_that_was_in_time_is_no_evidence(void **state)
{
    const struct row_record r = record_of(ROW_FINAL, OUTCOME_ACCEPTED, "ACCEPTED");
    struct place *p = make_place(state);
    char before[4096];

    assert_true(store(p, 1, SERVER_END_OVER, &r));
    execute(p->session, "DELETE FROM late_answer");
    snprintf(before, sizeof(before), "%s", ask(p->session, TABLES, ""));
    assert_true(store(p, 1, SERVER_END_OVER, &r));
    assert_string_equal(ask(p->session, TABLES, ""), before);
    assert_string_equal(ask(p->session, "count(*)", "FROM late_answer"), "0");
    execute(p->session, "UPDATE row SET code='RESOLVED_ACCEPTED' WHERE run=5");
    assert_false(store(p, 1, SERVER_END_OVER, &r));
    free_place(p);
}

static void nothing_is_read_whole(void **state)
{
    const struct row_record r = record_of(ROW_FINAL, OUTCOME_ACCEPTED, "ACCEPTED");
    struct place *p = make_place(state);
    int before;

    fill_ledger(p->session);
    before = reads(p->session);
    assert_true(store(p, 1, SERVER_END_OVER, &r));
    assert_false(store(p, 2, SERVER_END_STAYS, &r));
    expect_few_reads(p->session, before);
    free_place(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(an_answer_settles_its_own_attempt),
        IN_FOLDER(an_answer_to_another_attempt_is_evidence),
        IN_FOLDER(a_call_that_never_left_frees_the_claim),
        IN_FOLDER(an_unknown_end_ends_the_quarantine),
        IN_FOLDER(all_of_them_are_stored_or_none),
        IN_FOLDER(an_answer_that_was_in_time_is_no_evidence),
        IN_FOLDER(nothing_is_read_whole),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
