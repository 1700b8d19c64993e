#include "run/pool/submit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/deadline.h"
#include "base/error.h"
#include "gateway/mask.h"
#include "gateway/recent_ids.h"
#include "gateway/top_batch.h"
#include "run/job.h"

#define REPEATING_KEPT 64

struct submitter {
    const struct submit_settings *settings;
    struct client *client;
    struct signer *signer;
    struct buffer scratch;
    struct answer *answers; /* of the call at hand */
    struct recent_ids *recent;
    bool ids_are_common;                /* they tell no call from another: they judge none */
    uint64_t repeating[REPEATING_KEPT]; /* connections that repeated answers; the last ones */
    size_t repeating_next;
    struct job *refused; /* calls that were not begun; linked by queue_next */
};

int submit_open(const struct submit_settings *settings, size_t capacity,
                struct submitter **ret_submitter, struct error *err)
{
    struct submitter *submitter = calloc(1, sizeof(*submitter));

    *ret_submitter = NULL;
    if (!submitter)
        return error_no_memory(err);
    submitter->settings = settings;
    submitter->recent = recent_ids_open();
    submitter->answers = calloc(submit_claims(settings), sizeof(*submitter->answers));
    if (!submitter->recent || !submitter->answers) {
        submit_close(submitter);
        return error_no_memory(err);
    }
    if (sign_open(settings->app.sign_method, settings->secret, &submitter->signer, err) ||
        client_open(&settings->client, capacity, &submitter->client, err)) {
        submit_close(submitter);
        return -1;
    }
    *ret_submitter = submitter;
    return 0;
}

void submit_close(struct submitter *submitter)
{
    if (!submitter)
        return;
    client_close(submitter->client);
    sign_close(submitter->signer);
    recent_ids_close(submitter->recent);
    buffer_wipe(&submitter->scratch); /* it holds the session */
    free(submitter->answers);
    free(submitter);
}

static void refuse(struct submitter *submitter, struct job *job, enum transport transport,
                   const char *why)
{
    struct exchange *x = &job->exchange;

    x->phase = PHASE_NOT_SENT;
    x->transport = transport;
    snprintf(x->detail, sizeof(x->detail), "%.*s", (int)sizeof(x->detail) - 1, why);
    x->http_status = 0;
    x->retry_after_s = -1;
    x->server_ms = -1;
    x->sent_ms = clock_wall_ms();
    x->sent_mono_ms = clock_mono_ms();
    x->duration_ms = 0;
    x->connection = 0;
    buffer_reset(&x->answer);
    job->queue_next = submitter->refused;
    submitter->refused = job;
}

static int write_single(struct submitter *submitter, struct job *job, const char *timestamp,
                        struct error *err)
{
    return top_request(&submitter->settings->app, submitter->signer, &job->claim, timestamp,
                       &submitter->scratch, &job->exchange.body, err);
}

static int write_batch(struct submitter *submitter, struct job *call, const char *timestamp,
                       struct error *err)
{
    const struct submit_settings *settings = submitter->settings;
    struct exchange *x = &call->exchange;

    buffer_reset(&x->body);
    for (struct job *job = call; job; job = job->company) {
        job->exchange.tag = job->row;
        job->exchange.company = job->company ? &job->company->exchange : NULL;
        top_batch_add(&job->claim, &submitter->scratch, &x->body);
    }
    if (top_batch_sign(&settings->app, submitter->signer, timestamp, &x->body, &submitter->scratch,
                       err))
        return -1;
    buffer_reset(&x->url);
    buffer_text(&x->url, settings->client.url);
    buffer_byte(&x->url, '?');
    buffer_text(&x->url, buffer_string(&submitter->scratch));
    return x->url.failed ? error_no_memory(err) : 0;
}

static bool is_batch(const struct submitter *submitter)
{
    return submit_claims(submitter->settings) > 1;
}

/* Whether it is too late is asked once the request has its timestamp: whoever is stopped behind
 * that question sends what the gateway refuses for its age. */
void submit_start(struct submitter *submitter, struct job *job)
{
    char timestamp[CLOCK_TOP_BYTES];
    struct error err;

    job->exchange.tag = job->row;
    job->exchange.signed_ms = clock_wall_ms();
    clock_format_top(job->exchange.signed_ms, timestamp);
    if ((is_batch(submitter) ? write_batch : write_single)(submitter, job, timestamp, &err))
        refuse(submitter, job, TRANSPORT_INTERNAL, err.text);
    else if (deadline_is_over(submitter->settings->client.send_before))
        refuse(submitter, job, TRANSPORT_WITHDRAWN, "");
    else
        client_send(submitter->client, &job->exchange);
}

static struct job *job_of(struct exchange *exchange)
{
    return (struct job *)((char *)exchange - offsetof(struct job, exchange));
}

/* What happened to the call happened to each of its claims. */
static void share(struct job *job, const struct exchange *call)
{
    struct exchange *x = &job->exchange;
    struct exchange own = *x;

    *x = *call;
    x->tag = own.tag;
    x->company = NULL;
    x->body = own.body;
    x->url = own.url;
    x->answer = own.answer;
}

static void judge(struct submitter *submitter, struct job *job, struct answer *answer)
{
    mask_answer(answer, submitter->settings->app.session);
    mask_answer(answer, submitter->settings->secret);
    verdict_judge(&submitter->settings->verdict, &job->exchange, answer, &job->verdict);
}

static void judge_single(struct submitter *submitter, struct job *job)
{
    const struct buffer *answer = &job->exchange.answer;

    top_parse_answer(buffer_string(answer), answer->len, submitter->answers);
    judge(submitter, job, submitter->answers);
}

static void judge_batch(struct submitter *submitter, struct job *call)
{
    struct exchange *x = &call->exchange;
    struct answer *answer = submitter->answers;
    size_t count = 0;

    for (struct job *job = call; job; job = job->company)
        count++;
    top_batch_parse(buffer_string(&x->answer), x->answer.len, answer, count);
    judge(submitter, call, answer);
    for (struct job *job = call->company; job; job = job->company) {
        share(job, x);
        judge(submitter, job, ++answer);
    }
    /* All jobs take turns to lead: what a call needs must not stay with each of them. */
    buffer_trim(&x->body, JOB_KEPT_BATCH_BYTES);
    buffer_trim(&x->answer, JOB_KEPT_BATCH_BYTES);
}

static void judge_call(struct submitter *submitter, struct job *call)
{
    (is_batch(submitter) ? judge_batch : judge_single)(submitter, call);
    buffer_trim(&call->exchange.answer, JOB_KEPT_BYTES);
}

static bool is_repeating(const struct submitter *submitter, uint64_t connection)
{
    for (size_t i = 0; i < REPEATING_KEPT; i++)
        if (submitter->repeating[i] == connection)
            return true;
    return false;
}

/* A connection on which an answer came twice; what a call that is on it already will get is another
 * one's. */
static void note_repeating(struct submitter *submitter, uint64_t connection)
{
    submitter->repeating[submitter->repeating_next] = connection;
    submitter->repeating_next = (submitter->repeating_next + 1) % REPEATING_KEPT;
    client_retire(submitter->client, connection);
}

/* Whether an earlier part of its answer has the same request_id, as parts may. */
static bool is_noted(const struct job *call, const struct job *job)
{
    for (; call != job; call = call->company)
        if (strcmp(call->verdict.request_id, job->verdict.request_id) == 0)
            return true;
    return false;
}

/* Whether a request_id of the answer came before on its connection. */
static bool note_ids(struct submitter *submitter, struct job *call)
{
    uint64_t connection = call->exchange.connection;
    bool is_repeated = false;

    for (struct job *job = call; job; job = job->company) {
        const char *id = job->verdict.request_id;
        enum recent recent;

        if (!*id || submitter->ids_are_common || is_noted(call, job))
            continue;
        recent = recent_ids_note(submitter->recent, id, connection);
        is_repeated |= recent == RECENT_REPEATED;
        submitter->ids_are_common = job->id_is_common = recent == RECENT_COMMON;
    }
    return is_repeated;
}

/* Is the answer that of another call? To be asked in the order in which answers came. */
static void doubt_repeated(struct submitter *submitter, struct job *call)
{
    const struct exchange *x = &call->exchange;
    bool is_repeated;

    for (struct job *job = call; job; job = job->company)
        job->id_is_common = false;
    if (x->phase != PHASE_ANSWERED || !x->connection)
        return;
    is_repeated = note_ids(submitter, call);
    if (is_repeated)
        note_repeating(submitter, x->connection);
    if (!is_repeated && !is_repeating(submitter, x->connection))
        return;
    for (struct job *job = call; job; job = job->company)
        verdict_doubt(&job->verdict, "ANSWER_REPEATED",
                      "something between here and the gateway repeats answers, so this one may be "
                      "about another row");
}

/* Puts the jobs of a call before the others. */
static struct job *part_company(struct job *call, struct job *others)
{
    for (struct job *next; call; call = next) {
        next = call->company;
        call->company = NULL;
        call->exchange.company = NULL;
        call->queue_next = others;
        others = call;
    }
    return others;
}

struct job *submit_finish(struct submitter *submitter, int timeout_ms)
{
    struct job *refused = submitter->refused;
    struct exchange *ended = client_collect(submitter->client, refused ? 0 : timeout_ms);
    struct job *done = NULL;

    submitter->refused = NULL;
    for (struct job *next; refused; refused = next) {
        next = refused->queue_next;
        judge_call(submitter, refused);
        done = part_company(refused, done);
    }
    for (struct exchange *next; ended; ended = next) {
        struct job *call = job_of(ended);

        next = ended->next;
        judge_call(submitter, call);
        doubt_repeated(submitter, call);
        done = part_company(call, done);
    }
    return done;
}

size_t submit_departures(struct submitter *submitter, struct departure *ret)
{
    return client_departures(submitter->client, ret);
}

size_t submit_suspicions(struct submitter *submitter, uint64_t *ret)
{
    return client_suspicions(submitter->client, ret);
}

void submit_last_look(struct submitter *submitter)
{
    client_last_look(submitter->client);
}

void submit_wake(struct submitter *submitter)
{
    client_wake(submitter->client);
}

void submit_recall(struct submitter *submitter)
{
    client_recall(submitter->client);
}
