/* A submitter that does what a script says, in the place of the program's own: nothing is sent.
 * What the script does not name is accepted. */
#ifndef CLAIMBATCH_TESTS_SCRIPTED_SUBMITTER_H
#define CLAIMBATCH_TESTS_SCRIPTED_SUBMITTER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/error.h"
#include "run/job.h"
#include "run/pool/submit.h"

#define STARTED_MAX 256
#define SCRIPTED_PATIENCE_MS 10000 /* a test that waits longer has failed */

/* What becomes of the first attempt of a row that no cue before it was for. */
struct cue {
    uint64_t row;
    enum verdict_kind kind;
    const char *code;
    int exit_code;
    bool stays; /* it does not end before it is recalled */
};

struct submitter {
    bool tells_departures;
    size_t capacity, holds;
    struct job *ended, *staying; /* linked by queue_next */
    bool is_woken;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t news;
    const struct cue *cues;
    size_t cue_count, cues_used;   /* one bit a cue */
    uint64_t started[STARTED_MAX]; /* rows */
    size_t started_count;
    size_t calls[STARTED_MAX]; /* jobs of each call */
    size_t call_count;
    const uint64_t *suspicions; /* told once, when so many attempts have begun */
    size_t suspicion_count, suspicions_from;
    size_t departed;
    size_t submitters, submitters_max; /* no more can be opened */
    struct submitter *last;            /* that was opened */
} script = {.lock = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER};

/* Begins a test; no thread of a pool is there. */
static inline void script_begin(const struct cue *cues, size_t count)
{
    script.cues = cues;
    script.cue_count = count;
    script.cues_used = script.started_count = script.departed = script.submitters =
        script.call_count = 0;
    script.suspicions = NULL;
    script.suspicion_count = script.suspicions_from = 0;
    script.submitters_max = SIZE_MAX;
}

/* So many of the last submitter's calls that stay, which are there, end as their cues say. */
static inline void script_release(size_t count)
{
    struct submitter *submitter = script.last;

    pthread_mutex_lock(&script.lock);
    for (; count; count--) {
        struct job *job = submitter->staying;

        submitter->staying = job->queue_next;
        job->queue_next = submitter->ended;
        submitter->ended = job;
    }
    pthread_cond_broadcast(&script.news);
    pthread_mutex_unlock(&script.lock);
}

/* Waits until so many attempts have begun; false: that took too long. */
static inline bool script_await(size_t started)
{
    int64_t end_ms = clock_mono_ms() + SCRIPTED_PATIENCE_MS;
    bool is_there = false;

    while (!is_there && clock_mono_ms() < end_ms) {
        const struct timespec tick = {.tv_nsec = 1000000};

        pthread_mutex_lock(&script.lock);
        is_there = script.started_count >= started;
        pthread_mutex_unlock(&script.lock);
        nanosleep(&tick, NULL);
    }
    return is_there;
}

int submit_open(const struct submit_settings *settings, size_t capacity,
                struct submitter **ret_submitter, struct error *ret_err)
{
    *ret_submitter = NULL;
    if (script.submitters == script.submitters_max)
        return error_set(ret_err, EXIT_RESOURCES, "no further submitter");
    script.submitters++;
    *ret_submitter = calloc(1, sizeof(**ret_submitter));
    script.last = *ret_submitter;
    (*ret_submitter)->capacity = capacity;
    (*ret_submitter)->tells_departures = settings->client.tells_departures;
    return 0;
}

void submit_close(struct submitter *submitter)
{
    script.submitters -= submitter ? 1 : 0;
    free(submitter);
}

/* Under lock. */
static inline const struct cue *take_cue(uint64_t row)
{
    static const struct cue accepted = {.kind = VERDICT_ACCEPTED, .code = "ACCEPTED"};

    for (size_t i = 0; i < script.cue_count; i++) {
        if (script.cues[i].row != row || script.cues_used & (size_t)1 << i)
            continue;
        script.cues_used |= (size_t)1 << i;
        return &script.cues[i];
    }
    return &accepted;
}

static inline void end_attempt(struct job *job, const struct cue *cue)
{
    bool left = cue->kind != VERDICT_WITHDRAWN && cue->kind != VERDICT_OUTAGE;

    job->exchange.phase = left ? PHASE_ANSWERED : PHASE_NOT_SENT;
    job->exchange.transport = left ? TRANSPORT_OK : TRANSPORT_CONNECT;
    job->exchange.http_status = left ? 200 : 0;
    job->exchange.sent_ms = clock_wall_ms();
    job->exchange.sent_mono_ms = clock_mono_ms();
    job->exchange.duration_ms = 1;
    job->verdict = (struct verdict){.kind = cue->kind, .exit_code = cue->exit_code, .wait_ms = -1};
    snprintf(job->verdict.code, sizeof(job->verdict.code), "%s", cue->code ? cue->code : "");
    snprintf(job->verdict.message, sizeof(job->verdict.message), "as the script says");
}

/* Under lock. A call stays where the cue of its first job says so. */
static inline void begin_attempt(struct submitter *submitter, struct job *job, bool stays)
{
    struct job **list = stays ? &submitter->staying : &submitter->ended;

    job->queue_next = *list;
    job->company = NULL;
    *list = job;
    if (script.started_count < STARTED_MAX)
        script.started[script.started_count++] = job->row;
    script.departed++;
}

void submit_start(struct submitter *submitter, struct job *job)
{
    bool stays = false;
    size_t count = 0;

    pthread_mutex_lock(&script.lock);
    for (struct job *next; job; job = next) {
        const struct cue *cue = take_cue(job->row);

        next = job->company;
        stays = count++ ? stays : cue->stays;
        end_attempt(job, cue);
        begin_attempt(submitter, job, stays);
    }
    if (script.call_count < STARTED_MAX)
        script.calls[script.call_count++] = count;
    if (++submitter->holds > submitter->capacity)
        abort();
    pthread_mutex_unlock(&script.lock);
}

struct job *submit_finish(struct submitter *submitter, int timeout_ms)
{
    struct timespec until;
    struct job *ended;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1 + timeout_ms / 1000;
    pthread_mutex_lock(&script.lock);
    while (!submitter->ended && !submitter->is_woken &&
           pthread_cond_timedwait(&script.news, &script.lock, &until) == 0)
        ;
    submitter->is_woken = false;
    ended = submitter->ended;
    submitter->ended = NULL;
    for (const struct job *job = ended; job; job = job->queue_next)
        submitter->holds -= job->leads;
    pthread_mutex_unlock(&script.lock);
    return ended;
}

size_t submit_departures(struct submitter *submitter, struct departure *ret)
{
    size_t count;

    if (!submitter->tells_departures)
        return 0;
    pthread_mutex_lock(&script.lock);
    count = script.departed;
    for (size_t i = 0; i < count; i++)
        ret[i] = (struct departure){clock_mono_ms(), 1};
    script.departed = 0;
    pthread_mutex_unlock(&script.lock);
    return count;
}

size_t submit_suspicions(struct submitter *submitter, uint64_t *ret)
{
    size_t count;

    (void)submitter;
    pthread_mutex_lock(&script.lock);
    count = script.started_count < script.suspicions_from ? 0 : script.suspicion_count;
    for (size_t i = 0; i < count; i++)
        ret[i] = script.suspicions[i];
    if (count)
        script.suspicion_count = 0;
    pthread_mutex_unlock(&script.lock);
    return count;
}

void submit_last_look(struct submitter *submitter)
{
    (void)submitter;
}

void submit_wake(struct submitter *submitter)
{
    pthread_mutex_lock(&script.lock);
    submitter->is_woken = true;
    pthread_cond_broadcast(&script.news);
    pthread_mutex_unlock(&script.lock);
}

void submit_recall(struct submitter *submitter)
{
    static const struct cue withdrawn = {.kind = VERDICT_WITHDRAWN};

    pthread_mutex_lock(&script.lock);
    for (struct job *next; submitter->staying; submitter->staying = next) {
        struct job *job = submitter->staying;

        next = job->queue_next;
        end_attempt(job, &withdrawn);
        job->queue_next = submitter->ended;
        submitter->ended = job;
    }
    pthread_mutex_unlock(&script.lock);
}

#endif
