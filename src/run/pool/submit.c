#include "run/pool/submit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "gateway/mask.h"
#include "gateway/recent_ids.h"
#include "run/job.h"

#define REPEATING_KEPT 64

struct submitter {
    const struct submit_settings *settings;
    struct client *client;
    struct signer *signer;
    struct buffer scratch;
    struct recent_ids *recent;
    bool ids_are_common;                /* they tell no call from another: they judge none */
    uint64_t repeating[REPEATING_KEPT]; /* connections that repeated answers; the last ones */
    size_t repeating_next;
    struct job *refused; /* could not even be encoded; linked by queue_next */
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
    if (!submitter->recent) {
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
    free(submitter);
}

static void refuse(struct submitter *submitter, struct job *job, const char *why)
{
    struct exchange *x = &job->exchange;

    x->phase = PHASE_NOT_SENT;
    x->transport = TRANSPORT_INTERNAL;
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

void submit_start(struct submitter *submitter, struct job *job)
{
    char timestamp[CLOCK_TOP_BYTES];
    struct error err;

    job->exchange.tag = job->row;
    clock_format_top(clock_wall_ms(), timestamp);
    if (top_request(&submitter->settings->app, submitter->signer, &job->claim, timestamp,
                    &submitter->scratch, &job->exchange.body, &err))
        refuse(submitter, job, err.text);
    else
        client_send(submitter->client, &job->exchange);
}

static struct job *job_of(struct exchange *exchange)
{
    return (struct job *)((char *)exchange - offsetof(struct job, exchange));
}

static void judge(struct submitter *submitter, struct job *job)
{
    const struct exchange *x = &job->exchange;
    struct answer answer;

    top_parse_answer(buffer_string(&x->answer), x->answer.len, &answer);
    mask_answer(&answer, submitter->settings->app.session);
    mask_answer(&answer, submitter->settings->secret);
    verdict_judge(&submitter->settings->verdict, x, &answer, &job->verdict);
    buffer_trim(&job->exchange.answer, JOB_KEPT_BYTES);
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

/* Is the answer another row's? To be asked in the order in which answers came. */
static void doubt_repeated(struct submitter *submitter, struct job *job)
{
    const struct exchange *x = &job->exchange;
    struct verdict *verdict = &job->verdict;
    bool is_repeated = false;

    job->id_is_common = false;
    if (x->phase != PHASE_ANSWERED || !x->connection)
        return;
    if (*verdict->request_id && !submitter->ids_are_common) {
        enum recent recent = recent_ids_note(submitter->recent, verdict->request_id, x->connection);

        is_repeated = recent == RECENT_REPEATED;
        submitter->ids_are_common = job->id_is_common = recent == RECENT_COMMON;
    }
    if (is_repeated)
        note_repeating(submitter, x->connection);
    if (is_repeated || is_repeating(submitter, x->connection))
        verdict_doubt(verdict, "ANSWER_REPEATED",
                      "something between here and the gateway repeats answers, so this one may be "
                      "about another row");
}

struct job *submit_finish(struct submitter *submitter, int timeout_ms)
{
    struct job *done = submitter->refused;
    struct exchange *ended = client_collect(submitter->client, done ? 0 : timeout_ms);

    submitter->refused = NULL;
    for (struct job *job = done; job; job = job->queue_next)
        judge(submitter, job);
    for (struct exchange *next; ended; ended = next) {
        struct job *job = job_of(ended);

        next = ended->next;
        judge(submitter, job);
        doubt_repeated(submitter, job);
        job->queue_next = done;
        done = job;
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

void submit_settle(struct submitter *submitter)
{
    client_settle(submitter->client);
}

void submit_wake(struct submitter *submitter)
{
    client_wake(submitter->client);
}

void submit_recall(struct submitter *submitter)
{
    client_recall(submitter->client);
}
