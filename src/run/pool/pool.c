#include "pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/error.h"
#include "run/job.h"

#define WORKER_WAIT_MS 1000 /* an upper bound only: workers are woken */
#define TURN_JOBS 64        /* more make a turn no cheaper for each */

struct worker {
    /* fixed after the start */
    struct pool *pool;
    struct submitter *submitter;
    pthread_t thread;
    bool started;
    size_t capacity; /* calls */

    /* under the pool's lock */
    size_t holds; /* calls this worker has begun and not ended */
    bool recall;  /* pool_recall asks for what is not handed over */
};

struct pool {
    /* fixed after the start */
    struct worker *workers;
    size_t count;
    size_t claims; /* most jobs of a call */
    size_t jobs;   /* most on the wire */
    int event_fd;  /* readable when there is reason to collect */

    pthread_mutex_t lock;
    /* under lock */
    struct job *queue_head, *queue_tail;
    size_t queued; /* jobs in the queue */
    size_t taken;  /* jobs taken from it since the last collection */
    size_t enough; /* … and how many in it last until the end of a turn that begins now */
    struct job *done;
    size_t done_count;
    struct departure *departures; /* not collected; no more than jobs are in the pool */
    size_t departed;
    uint64_t *suspicions; /* rows, not collected */
    size_t suspected, suspicions_max;
    bool rung; /* the event is set */
    bool ending;
};

/* ---- the worker's side ---- */

/* The next job of the queue, which is not empty. Under lock. */
static struct job *take_job(struct pool *pool)
{
    struct job *job = pool->queue_head;

    pool->queue_head = job->queue_next;
    pool->queued--;
    pool->taken++;
    job->queue_next = job->company = NULL;
    job->leads = false;
    return job;
}

/* Whether the call may carry the job as well. A row that a firewall may dislike goes alone, so that
 * its text harms no other. */
static bool may_join(const struct job *job, const struct job *call)
{
    return job && job->firewall == JOB_FIREWALL_NONE && call->firewall == JOB_FIREWALL_NONE;
}

/*
 * The next call: what is in the queue goes with its first, and nothing waits for more to come.
 * While all slots are taken the queue grows, and so do the calls. No two jobs of a claim are in the
 * pool at once (window.h), so none are in a call. Under lock.
 */
static struct job *take_call(struct pool *pool)
{
    struct job *call = take_job(pool);
    struct job **tail = &call->company;

    call->leads = true;
    for (size_t i = 1; i < pool->claims && may_join(pool->queue_head, call); i++) {
        *tail = take_job(pool);
        tail = &(*tail)->company;
    }
    return call;
}

/* As many calls as the worker has room for, linked by queue_next. Under lock. */
static struct job *take(struct worker *worker)
{
    struct pool *pool = worker->pool;
    struct job *first = NULL;
    struct job **tail = &first;

    while (pool->queue_head && worker->holds < worker->capacity) {
        *tail = take_call(pool);
        tail = &(*tail)->queue_next;
        worker->holds++;
    }
    if (!pool->queue_head)
        pool->queue_tail = NULL;
    return first;
}

/*
 * Rings when the coordinator has reason to turn: a queue that would run dry before the end of its
 * turn, or jobs as many as that leaves. Under lock.
 */
static void ring(struct pool *pool)
{
    const uint64_t one = 1;

    if (pool->rung || !pool->done ||
        (pool->done_count < pool->jobs - pool->enough && pool->queued >= pool->enough))
        return;
    pool->rung = true;
    /* Cannot fail: the counter is cleared before it is set again. */
    (void)!write(pool->event_fd, &one, sizeof(one));
}

/* Puts jobs among the done. Under lock; takes ownership. */
static void give_back(struct pool *pool, struct job *jobs)
{
    for (struct job *next; jobs; jobs = next) {
        next = jobs->queue_next;
        jobs->queue_next = pool->done;
        pool->done = jobs;
        pool->done_count++;
    }
}

static void withdraw(struct job *jobs)
{
    for (; jobs; jobs = jobs->queue_next) {
        jobs->exchange.phase = PHASE_NOT_SENT;
        jobs->exchange.transport = TRANSPORT_WITHDRAWN;
        jobs->verdict = (struct verdict){.kind = VERDICT_WITHDRAWN, .wait_ms = -1};
    }
}

/* What has not left yet comes back. Under lock. */
static void recall(struct pool *pool)
{
    struct job *queued = pool->queue_head;

    pool->queue_head = pool->queue_tail = NULL;
    withdraw(queued);
    pool->queued = 0;
    give_back(pool, queued);
    ring(pool);
    for (size_t i = 0; i < pool->count; i++) {
        if (!pool->workers[i].holds)
            continue;
        pool->workers[i].recall = true;
        submit_wake(pool->workers[i].submitter);
    }
}

/* Whether an answer says that nobody is to send now: that is heeded before the coordinator hears of
 * it. */
static bool forbids_sending(const struct job *jobs)
{
    for (; jobs; jobs = jobs->queue_next) {
        enum verdict_kind kind = jobs->verdict.kind;

        if (kind == VERDICT_BAN || kind == VERDICT_QUOTA || kind == VERDICT_STOP ||
            kind == VERDICT_UNKNOWN_STOP)
            return true;
    }
    return false;
}

static size_t count_calls(const struct job *jobs)
{
    size_t count = 0;

    for (; jobs; jobs = jobs->queue_next)
        count += jobs->leads;
    return count;
}

/* One round without the lock: begin what was taken, drive all, return what has ended. A recall does
   not concern what was taken just now: that came after it. */
static struct job *drive(struct worker *worker, struct job *taken, bool is_recalled)
{
    if (is_recalled)
        submit_recall(worker->submitter);
    for (struct job *next; taken; taken = next) {
        next = taken->queue_next;
        submit_start(worker->submitter, taken);
    }
    return submit_finish(worker->submitter, WORKER_WAIT_MS);
}

/* Under lock. Where nobody has collected for long, the room may not do: what does not fit stays
 * with the worker. */
static void take_suspicions(struct worker *worker)
{
    struct pool *pool = worker->pool;

    if (pool->suspicions_max - pool->suspected >=
        CLIENT_SUSPICIONS(worker->capacity * pool->claims))
        pool->suspected += submit_suspicions(worker->submitter, pool->suspicions + pool->suspected);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct pool *pool = worker->pool;
    struct job *done = NULL;

    pthread_mutex_lock(&pool->lock);
    for (;;) {
        struct job *taken;
        bool is_recalled;

        worker->holds -= count_calls(done);
        if (forbids_sending(done))
            recall(pool);
        if (done)
            give_back(pool, done);
        is_recalled = worker->recall;
        pool->departed += submit_departures(worker->submitter, pool->departures + pool->departed);
        take_suspicions(worker);
        worker->recall = false;
        if (pool->ending && !worker->holds)
            break;
        taken = take(worker);
        ring(pool);
        pthread_mutex_unlock(&pool->lock);
        done = drive(worker, taken, is_recalled);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* ---- the coordinator's side ---- */

/* Signals are the main thread's: workers start with all of them blocked. */
static int start_thread(struct worker *worker, struct error *err)
{
    sigset_t all, old;
    int code;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    code = pthread_create(&worker->thread, NULL, work, worker);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (code)
        return error_set(err, EXIT_RESOURCES, "cannot start a worker thread: %s", strerror(code));
    worker->started = true;
    return 0;
}

int pool_start(const struct submit_settings *settings, size_t workers, size_t in_flight,
               struct pool **ret_pool, struct error *err)
{
    struct pool *pool = calloc(1, sizeof(*pool));
    size_t jobs = in_flight * submit_claims(settings);

    *ret_pool = NULL;
    if (!pool)
        return error_no_memory(err);
    pthread_mutex_init(&pool->lock, NULL);
    pool->claims = submit_claims(settings);
    pool->jobs = jobs;
    pool->enough = jobs - jobs / 8;
    pool->workers = calloc(workers, sizeof(*pool->workers));
    pool->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pool->departures = calloc(POOL_DEPARTURES(jobs), sizeof(*pool->departures));
    pool->suspicions_max = POOL_SUSPICIONS(jobs);
    pool->suspicions = calloc(pool->suspicions_max, sizeof(*pool->suspicions));
    if (!pool->workers || !pool->departures || !pool->suspicions || pool->event_fd < 0) {
        error_set(err, EXIT_RESOURCES, "cannot start the workers: %s", strerror(errno));
        goto fail;
    }
    for (; pool->count < workers; pool->count++) {
        struct worker *worker = &pool->workers[pool->count];

        worker->pool = pool;
        worker->capacity = in_flight / workers + (pool->count < in_flight % workers);
        if (submit_open(settings, worker->capacity, &worker->submitter, err))
            goto fail;
    }
    for (size_t i = 0; i < workers; i++)
        if (start_thread(&pool->workers[i], err))
            goto fail;
    *ret_pool = pool;
    return 0;
fail:
    pool_stop(pool);
    return -1;
}

void pool_end(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_mutex_unlock(&pool->lock);
    for (size_t i = 0; i < pool->count; i++) {
        struct worker *worker = &pool->workers[i];

        if (!worker->started)
            continue;
        submit_wake(worker->submitter);
        pthread_join(worker->thread, NULL);
        worker->started = false;
        submit_last_look(worker->submitter);
        pthread_mutex_lock(&pool->lock); /* the other workers may still be there */
        take_suspicions(worker);
        pthread_mutex_unlock(&pool->lock);
    }
}

void pool_stop(struct pool *pool)
{
    if (!pool)
        return;
    pool_end(pool);
    for (size_t i = 0; i < pool->count; i++)
        submit_close(pool->workers[i].submitter);
    if (pool->event_fd >= 0)
        close(pool->event_fd);
    pthread_mutex_destroy(&pool->lock);
    free(pool->departures);
    free(pool->suspicions);
    free(pool->workers);
    free(pool);
}

/*
 * Much of a turn costs the same for one job as for many (its sync, above all), so turns are as few
 * as the queue allows: the next begins while twice as much is left as was taken in this one.
 * Under lock.
 */
static void set_enough(struct pool *pool)
{
    size_t most = pool->jobs - pool->jobs / 8;
    size_t least = pool->jobs > TURN_JOBS ? pool->jobs - TURN_JOBS : 0;

    pool->enough = pool->jobs / 8 + 2 * pool->taken + 1;
    if (pool->enough < least)
        pool->enough = least;
    if (pool->enough > most || pool->queued == 0)
        pool->enough = most;
}

void pool_submit(struct pool *pool, struct job *jobs)
{
    struct job *last = jobs;
    size_t count = 1;

    if (!jobs)
        return;
    for (; last->queue_next; count++)
        last = last->queue_next;
    pthread_mutex_lock(&pool->lock);
    set_enough(pool);
    pool->queued += count;
    if (pool->queue_tail)
        pool->queue_tail->queue_next = jobs;
    else
        pool->queue_head = jobs;
    pool->queue_tail = last;
    /* A worker without room looks at the queue by itself when it gets some. */
    for (size_t i = 0; i < pool->count; i++)
        if (pool->workers[i].holds < pool->workers[i].capacity)
            submit_wake(pool->workers[i].submitter);
    pthread_mutex_unlock(&pool->lock);
}

struct job *pool_collect(struct pool *pool)
{
    uint64_t ignored;
    struct job *done;

    pthread_mutex_lock(&pool->lock);
    done = pool->done;
    pool->done = NULL;
    pool->done_count = 0;
    pool->taken = 0;
    if (pool->rung)
        (void)!read(pool->event_fd, &ignored, sizeof(ignored));
    pool->rung = false;
    pthread_mutex_unlock(&pool->lock);
    return done;
}

size_t pool_departures(struct pool *pool, struct departure *ret)
{
    size_t count;

    pthread_mutex_lock(&pool->lock);
    count = pool->departed;
    memcpy(ret, pool->departures, count * sizeof(*ret));
    pool->departed = 0;
    pthread_mutex_unlock(&pool->lock);
    return count;
}

size_t pool_suspicions(struct pool *pool, uint64_t *ret)
{
    size_t count;

    pthread_mutex_lock(&pool->lock);
    count = pool->suspected;
    if (count)
        memcpy(ret, pool->suspicions, count * sizeof(*ret));
    pool->suspected = 0;
    pthread_mutex_unlock(&pool->lock);
    return count;
}

int pool_fd(const struct pool *pool)
{
    return pool->event_fd;
}

void pool_recall(struct pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    recall(pool);
    pthread_mutex_unlock(&pool->lock);
}
