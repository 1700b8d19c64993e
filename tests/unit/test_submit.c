/* Unit tests of run/pool/submit: one attempt, from a claim to a verdict, with a scripted server at
 * the other end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/deadline.h"
#include "client_words.h"
#include "failing_realloc.h"
#include "run/job.h"
#include "run/pool/submit.h"

#define SESSION "session-of-the-shop"
#define SECRET "helloworld"
#define LENGTH(length) HEAD "Content-Length: " length "\r\n\r\n"

static const char accepted[] =
    LENGTH("46") "{\"is_success\":true,\"request_id\":\"r1\",\"more\":0}";
static const char told[] = LENGTH("92") "{\"error_response\":{\"code\":15,\"sub_code\":\"isv.x\","
                                        "\"sub_msg\":\"" SESSION " " SECRET "\"}}";

/* A submitter of calls of so many claims to this address, and one job for it. */
struct desk {
    struct submit_settings settings;
    struct submitter *submitter;
    struct job job;
};

static void set_desk(struct desk *d, const char *url, enum sign_method method, size_t claims)
{
    struct error err = {0};

    *d = (struct desk){
        .settings = {.app = {"12345678", SESSION, method},
                     .secret = SECRET,
                     .client = {.url = url,
                                .user_agent = "claimbatch-test",
                                .connect_timeout_ms = PATIENCE_MS,
                                .timeout_ms = PATIENCE_MS,
                                .tags = claims},
                     .claims_per_call = claims,
                     .verdict = {.has_session = true}},
        .job = {.row = 7, .claim = {.workcard_id = 1, .claim_order_no = "A", .claim_desc = ""}}};
    if (submit_open(&d->settings, 2, &d->submitter, &err))
        fail_msg("%s", err.text);
}

static void clear_desk(struct desk *d)
{
    submit_close(d->submitter);
    release(&d->job.exchange);
}

/* One attempt of the job to its end. */
static void attempt(struct desk *d)
{
    struct job *done;

    submit_start(d->submitter, &d->job);
    while (!(done = submit_finish(d->submitter, PATIENCE_MS)))
        ;
    assert_ptr_equal(done, &d->job);
    assert_null(done->queue_next);
}

static void claim_is_signed_sent_and_its_answer_judged(void **state)
{
    static const struct step script[] = {{READ, NULL}, {SAY, accepted}, {END, NULL}};
    struct server *server = start_server("http", script, NULL);
    struct desk d;

    (void)state;
    set_desk(&d, server->url, SIGN_MD5, 1);
    attempt(&d);
    assert_int_equal(d.job.verdict.kind, VERDICT_ACCEPTED);
    assert_string_equal(d.job.verdict.request_id, "r1");
    assert_int_equal(d.job.exchange.phase, PHASE_ANSWERED);
    assert_int_equal(d.job.exchange.tag, 7);
    assert_non_null(strstr(server->request, "session=" SESSION));
    assert_non_null(strstr(server->request, "&sign="));
    assert_null(strstr(server->request, SECRET));
    clear_desk(&d);
    stop_server(server);
}

/* Whatever the gateway repeats of them, a report is no place for it. */
static void secrets_in_an_answer_are_not_told(void **state)
{
    static const struct step script[] = {{READ, NULL}, {SAY, told}, {END, NULL}};
    struct server *server = start_server("http", script, NULL);
    struct desk d;

    (void)state;
    set_desk(&d, server->url, SIGN_HMAC_SHA256, 1);
    attempt(&d);
    assert_string_equal(d.job.verdict.sub_code, "isv.x");
    assert_null(strstr(d.job.verdict.message, SESSION));
    assert_null(strstr(d.job.verdict.message, SECRET));
    clear_desk(&d);
    stop_server(server);
}

static void gateway_that_nobody_is_at_was_not_handed_the_claim(void **state)
{
    struct server *server = start_server("http", answering, NULL);
    char url[sizeof(server->url)];
    struct desk d;

    (void)state;
    snprintf(url, sizeof(url), "%s", server->url);
    stop_server(server);
    set_desk(&d, url, SIGN_HMAC_SHA256, 1);
    attempt(&d);
    assert_int_equal(d.job.verdict.kind, VERDICT_OUTAGE);
    assert_int_equal(d.job.exchange.phase, PHASE_NOT_SENT);
    clear_desk(&d);
}

/* The second answer has the request_id of the first one, and comes on its connection. */
static void answer_that_came_before_is_doubted(void **state)
{
    static const struct step script[] = {{READ, NULL}, {SAY, accepted}, {AGAIN, NULL}};
    struct server *server = start_server("http", script, NULL);
    struct desk d;

    (void)state;
    set_desk(&d, server->url, SIGN_HMAC_SHA256, 1);
    attempt(&d);
    assert_int_equal(d.job.verdict.kind, VERDICT_ACCEPTED);
    attempt(&d);
    assert_int_equal(d.job.verdict.kind, VERDICT_UNKNOWN);
    assert_string_equal(d.job.verdict.code, "ANSWER_REPEATED");
    assert_string_equal(d.job.verdict.request_id, "r1");
    clear_desk(&d);
    stop_server(server);
}

static void call_that_has_not_left_is_withdrawn(void **state)
{
    struct server *server = start_server("http", answering, NULL);
    struct desk d;

    (void)state;
    set_desk(&d, server->url, SIGN_HMAC_SHA256, 1);
    submit_start(d.submitter, &d.job);
    submit_recall(d.submitter);
    assert_ptr_equal(submit_finish(d.submitter, 0), &d.job);
    assert_int_equal(d.job.verdict.kind, VERDICT_WITHDRAWN);
    assert_int_equal(d.job.exchange.phase, PHASE_NOT_SENT);
    assert_int_equal(server->request_count, 0);
    clear_desk(&d);
    stop_server(server);
}

/* A submitter of calls of two claims that may send until the deadline; the second job is for the
 * company of the desk's. */
static void set_late_desk(struct desk *d, const char *url, const struct deadline *deadline,
                          struct job *ret_other)
{
    set_desk(d, url, SIGN_HMAC_SHA256, 2);
    submit_close(d->submitter);
    d->settings.client.send_before = deadline;
    assert_int_equal(submit_open(&d->settings, 2, &d->submitter, &(struct error){0}), 0);
    *ret_other = (struct job){.row = 8, .claim = d->job.claim};
    d->job.company = ret_other;
}

static void expect_withdrawn(struct desk *d)
{
    size_t count = 0;

    while (count < 2)
        for (struct job *done = submit_finish(d->submitter, PATIENCE_MS); done;
             done = done->queue_next, count++) {
            assert_int_equal(done->verdict.kind, VERDICT_WITHDRAWN);
            assert_int_equal(done->exchange.phase, PHASE_NOT_SENT);
            assert_string_equal(done->exchange.detail, "");
        }
}

static void call_that_is_late_when_it_is_signed_is_withdrawn(void **state)
{
    struct server *server = start_server("http", answering, NULL);
    struct deadline deadline = {0};
    struct job other;
    struct desk d;

    (void)state;
    set_late_desk(&d, server->url, &deadline, &other);
    submit_start(d.submitter, &d.job);
    deadline_set(&deadline, INT64_MAX); /* it was asked before */
    expect_withdrawn(&d);
    assert_int_equal(server->connection_count, 0);
    release(&other.exchange);
    clear_desk(&d);
    stop_server(server);
}

/* It has its connection: only at the moment of hand-over it is too late. The connection goes with
 * it, and the next call takes another. */
static void call_that_is_late_when_it_is_handed_over_is_withdrawn(void **state)
{
    static const struct step script[] = {{READ, NULL}, {SAY, ANSWER}, {AGAIN, NULL}};
    struct server *server = start_server("http", script, NULL);
    struct deadline deadline = {0};
    struct job other;
    struct desk d;

    (void)state;
    set_late_desk(&d, server->url, &deadline, &other);
    deadline_set(&deadline, INT64_MAX);
    submit_start(d.submitter, &d.job);
    deadline_set(&deadline, clock_boot_ms());
    expect_withdrawn(&d);
    assert_int_equal(server->request_count, 0);
    deadline_set(&deadline, INT64_MAX);
    d.job.company = NULL;
    attempt(&d);
    assert_int_equal(d.job.exchange.phase, PHASE_ANSWERED);
    assert_int_equal(server->request_count, 1);
    release(&other.exchange);
    clear_desk(&d);
    stop_server(server);
}

/* One call of so many claims, during which this realloc fails. False: there were not so many. */
static bool fails_at(const char *url, size_t claims, int at)
{
    struct job other = {.row = 8, .claim = {.workcard_id = 1, .claim_order_no = "B"}};
    bool has_failed;
    struct desk d;
    struct job *done;

    set_desk(&d, url, SIGN_HMAC_SHA256, claims);
    other.claim.claim_desc = "";
    d.job.company = claims > 1 ? &other : NULL;
    reallocs_until_failure = at;
    submit_start(d.submitter, &d.job);
    has_failed = reallocs_until_failure < 0;
    reallocs_until_failure = -1;
    submit_recall(d.submitter);
    done = submit_finish(d.submitter, 0);
    for (size_t i = 0; i < claims; i++, done = done->queue_next) {
        assert_int_equal(done->verdict.kind, has_failed ? VERDICT_OUTAGE : VERDICT_WITHDRAWN);
        assert_int_equal(done->exchange.phase, PHASE_NOT_SENT);
        assert_null(done->company);
    }
    assert_null(done);
    release(&other.exchange);
    clear_desk(&d);
    return has_failed;
}

/* Goal: wherever its memory runs out, nothing of the call leaves, and each of its jobs comes back.
 */
static void call_that_cannot_be_written_is_not_sent(void **state)
{
    struct server *server = start_server("http", answering, NULL);

    (void)state;
    for (size_t claims = 1; claims <= 2; claims++) {
        int at = 0;

        while (fails_at(server->url, claims, at))
            at++;
        assert_true(at > 2);
    }
    assert_int_equal(server->request_count, 0);
    stop_server(server);
}

static void departures_are_told_once_where_they_are_asked_for(void **state)
{
    static const struct step script[] = {{READ, NULL}, {SAY, accepted}, {AGAIN, NULL}};
    struct departure departures[4];
    uint64_t rows[CLIENT_SUSPICIONS(2)];

    (void)state;
    for (int asked = 0; asked < 2; asked++) {
        struct server *server = start_server("http", script, NULL);
        struct desk d;

        set_desk(&d, server->url, SIGN_HMAC_SHA256, 1);
        submit_close(d.submitter);
        d.settings.client.tells_departures = asked;
        assert_int_equal(submit_open(&d.settings, 2, &d.submitter, &(struct error){0}), 0);
        attempt(&d);
        assert_int_equal(submit_departures(d.submitter, departures), asked);
        assert_int_equal(submit_departures(d.submitter, departures), 0);
        submit_wake(d.submitter);
        assert_null(submit_finish(d.submitter, PATIENCE_MS));
        submit_last_look(d.submitter);
        assert_int_equal(submit_suspicions(d.submitter, rows), 0);
        clear_desk(&d);
        stop_server(server);
    }
}

/* Goal: one request for all; each job has the facts of the call and the verdict of its part. An id
 * that its parts share is no repeated answer; one that an earlier call had is, for all of them. */
static void jobs_of_a_call_have_the_verdicts_of_its_parts(void **state)
{
    static const char parts[] =
        LENGTH("136") "{\"is_success\":true,\"request_id\":\"r1\"}\r\n-S-\r\n"
                      "{\"is_success\":false,\"request_id\":\"r1\"}\r\n-S-\r\n"
                      "{\"error_response\":{\"code\":7,\"request_id\":\"r1\"}}";
    static const struct step script[] = {{READ, NULL}, {SAY, parts}, {AGAIN, NULL}};
    static const enum verdict_kind kinds[] = {VERDICT_ACCEPTED, VERDICT_REJECTED, VERDICT_BAN};
    struct server *server = start_server("http", script, NULL);
    struct job more[2];
    struct desk d;

    (void)state;
    set_desk(&d, server->url, SIGN_MD5, 3);
    for (int call = 0; call < 2; call++) {
        struct job *jobs[] = {&d.job, &more[0], &more[1]};
        size_t count = 0;

        for (int i = 0; i < 2; i++)
            more[i] = (struct job){.row = 8 + (uint64_t)i, .claim = d.job.claim};
        d.job.company = &more[0];
        more[0].company = &more[1];
        submit_start(d.submitter, &d.job);
        while (count < 3)
            for (struct job *done = submit_finish(d.submitter, PATIENCE_MS); done;
                 done = done->queue_next)
                count++;
        for (int i = 0; i < 3; i++) {
            assert_int_equal(jobs[i]->verdict.kind, call ? VERDICT_UNKNOWN : kinds[i]);
            assert_string_equal(jobs[i]->verdict.request_id, "r1");
            assert_int_equal(jobs[i]->exchange.phase, PHASE_ANSWERED);
            assert_int_equal(jobs[i]->exchange.sent_ms, d.job.exchange.sent_ms);
            assert_int_equal(jobs[i]->exchange.tag, 7 + i);
            assert_null(jobs[i]->company);
        }
        assert_int_equal(more[1].verdict.wait_ms, 1000); /* in doubt or not */
        assert_non_null(strstr(server->request, "sign="));
        assert_null(strstr(server->request, SECRET));
    }
    assert_int_equal(server->request_count, 2);
    clear_desk(&d);
    stop_server(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claim_is_signed_sent_and_its_answer_judged),
        cmocka_unit_test(secrets_in_an_answer_are_not_told),
        cmocka_unit_test(gateway_that_nobody_is_at_was_not_handed_the_claim),
        cmocka_unit_test(answer_that_came_before_is_doubted),
        cmocka_unit_test(call_that_has_not_left_is_withdrawn),
        cmocka_unit_test(call_that_is_late_when_it_is_signed_is_withdrawn),
        cmocka_unit_test(call_that_is_late_when_it_is_handed_over_is_withdrawn),
        cmocka_unit_test(call_that_cannot_be_written_is_not_sent),
        cmocka_unit_test(departures_are_told_once_where_they_are_asked_for),
        cmocka_unit_test(jobs_of_a_call_have_the_verdicts_of_its_parts),
    };

    return cmocka_run_group_tests(tests, start_library, stop_library);
}
