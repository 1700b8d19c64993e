#include "run/submit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "run/job.h"

struct submitter {
    const struct submit_settings *settings;
    struct client *client;
    struct signer *signer;
    struct buffer scratch;
    struct job *refused; /* could not even be encoded; linked by queue_next */
};

int submitter_open(const struct submit_settings *settings, size_t capacity,
                   struct submitter **ret_submitter, struct error *err)
{
    struct submitter *submitter = calloc(1, sizeof(*submitter));

    *ret_submitter = NULL;
    if (!submitter)
        return error_no_memory(err);
    submitter->settings = settings;
    if (signer_open(settings->app.sign_method, settings->secret, &submitter->signer, err) ||
        client_open(&settings->client, capacity, &submitter->client, err)) {
        submitter_close(submitter);
        return -1;
    }
    *ret_submitter = submitter;
    return 0;
}

void submitter_close(struct submitter *submitter)
{
    if (!submitter)
        return;
    client_close(submitter->client);
    signer_close(submitter->signer);
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
    buffer_reset(&x->answer);
    job->queue_next = submitter->refused;
    submitter->refused = job;
}

void submitter_start(struct submitter *submitter, struct job *job)
{
    char timestamp[CLOCK_TOP_BYTES];
    struct error err;

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
    verdict_judge(&submitter->settings->verdict, x, &answer, &job->verdict);
}

struct job *submitter_finish(struct submitter *submitter, int timeout_ms)
{
    struct job *done = submitter->refused;
    struct exchange *ended = client_collect(submitter->client, done ? 0 : timeout_ms);

    submitter->refused = NULL;
    for (struct exchange *next; ended; ended = next) {
        struct job *job = job_of(ended);

        next = ended->next;
        job->queue_next = done;
        done = job;
    }
    for (struct job *job = done; job; job = job->queue_next)
        judge(submitter, job);
    return done;
}

size_t submitter_departures(struct submitter *submitter, struct departure *ret)
{
    return client_departures(submitter->client, ret);
}

void submitter_wake(struct submitter *submitter)
{
    client_wake(submitter->client);
}

void submitter_recall(struct submitter *submitter)
{
    client_recall(submitter->client);
}
