/* Where the program meets the world, by ld --wrap: clocks, random numbers, waiting, the pool and
 * the client of its submitter. This and calls.c are the only files that know the headers of
 * src/run.
 *
 * What is wrapped is called by the linker's names alone, and takes what the program gives. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wunused-parameter"

#include <malloc.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/process/confinement.h"
#include "calls.h"
#include "gateway/http/client.h"
#include "run/pool/pool.h"
#include "world.h"

#define POOL_FD 1000000 /* no descriptor */
#define SCHEMA_ONE_IN 16
#define MAPPED_BYTES (128 << 10)

struct ledger;

int claimbatch_main(int argc, char **argv);

/* What each start would load, and memory that it would clear. */
void program_prepare(void)
{
    struct error err;

    mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
    setenv("LC_ALL", "C", 1);
    if (client_library_init(&err))
        abort();
}

int program_main(int argc, char **argv)
{
    return claimbatch_main(argc, argv);
}

/* ---- clocks, chance, confinement ---- */

int64_t __wrap_clock_wall_ms(void)
{
    return world->wall_ms;
}

int64_t __wrap_clock_mono_ms(void)
{
    return world->mono_ms;
}

ssize_t __wrap_getrandom(void *bytes, size_t count, unsigned flags)
{
    unsigned char *byte = bytes;

    for (size_t i = 0; i < count; i++)
        byte[i] = (unsigned char)choice(STREAM_CHANCE, 256);
    return (ssize_t)count;
}

/* The filter of system calls would be in the world's own way. */
void __wrap_confinement_begin(const struct confinement *confinement, struct buffer *ret_told)
{
}

void __wrap_confinement_forbid_dumps(void)
{
}

/* A third of the time of a start: in a part of the histories it is left in. */
int __real_schema_check(struct ledger *ledger, int64_t version, struct error *err);

int __wrap_schema_check(struct ledger *ledger, int64_t version, struct error *err)
{
    bool is_looked_at = choice_of(STREAM_SCRIPT, 4000, SCHEMA_ONE_IN) == 0;

    return is_looked_at ? __real_schema_check(ledger, version, err) : 0;
}

void __attribute__((noreturn)) __wrap__exit(int code)
{
    oracle_lose_intents();
    world->kills++; /* by a second signal, which waits for nothing */
    process_end(code);
}

/* ---- the coordinator's side ---- */

static struct actor *me(void)
{
    return &world->actors[self];
}

static bool is_own(const struct ban *ban)
{
    return ban->actor == self && ban->start == me()->start;
}

/* What the coordinator collects now, it has heard. */
static void hear(void)
{
    for (int i = 0; i < world->ban_count; i++)
        if (is_own(&world->bans[i]) && !world->bans[i].heard)
            world->bans[i].heard = world->event_count;
    for (int i = 0; i < world->sent_count; i++)
        if (world->sent[i].start == me()->start && world->sent[i].said != SAID_NOTHING)
            world->sent[i].is_collected = true;
}

/* The transaction of a turn is over with the next submit or wait. */
static void end_turn(void)
{
    if (me()->has_failed) /* or was not to be had */
        return;
    for (int i = 0; i < world->ban_count; i++)
        if (is_own(&world->bans[i]) && world->bans[i].heard && !world->bans[i].known)
            world->bans[i].known = world->event_count;
    for (int i = 0; i < world->sent_count; i++)
        if (world->sent[i].start == me()->start && world->sent[i].is_collected)
            world->sent[i].is_certain = true;
}

int __wrap_pool_start(const struct submit_settings *settings, size_t workers, size_t in_flight,
                      struct pool **ret_pool, struct error *err)
{
    pool.settings = settings;
    pool.in_flight = in_flight;
    pool.jobs = in_flight * submit_claims(settings);
    pool.queue_tail = &pool.queue;
    *ret_pool = (struct pool *)&pool;
    return submit_open(settings, in_flight, &pool.submitter, err);
}

void __wrap_pool_end(struct pool *unused)
{
}

void __wrap_pool_stop(struct pool *unused)
{
    if (!unused)
        return;
    submit_close(pool.submitter);
    pool.submitter = NULL;
    pool.in_flight = 0;
}

int __wrap_pool_fd(const struct pool *unused)
{
    return POOL_FD;
}

void __wrap_pool_submit(struct pool *unused, struct job *jobs)
{
    end_turn();
    if (!jobs)
        return;
    pool.submitted = world->event_count;
    happen(EVENT_SUBMIT, calls_claim(jobs), 0);
    if (!pool.queue)
        pool.queue_tail = &pool.queue;
    *pool.queue_tail = jobs;
    for (; jobs; jobs = jobs->queue_next) {
        pool.queued++;
        pool.queue_tail = &jobs->queue_next;
    }
    calls_fill();
}

struct job *__wrap_pool_collect(struct pool *unused)
{
    struct job *done;

    gateway_advance();
    done = pool.done;
    pool.done = NULL;
    pool.done_count = 0;
    me()->turn_began = world->event_count;
    hear();
    return done;
}

size_t __wrap_pool_departures(struct pool *unused, struct departure *ret)
{
    size_t count = pool.told_count;

    memcpy(ret, pool.told, count * sizeof(*ret));
    pool.told_count = 0;
    return count;
}

size_t __wrap_pool_suspicions(struct pool *unused, uint64_t *ret)
{
    size_t count = pool.suspicion_count;

    memcpy(ret, pool.suspicions, count * sizeof(*ret));
    pool.suspicion_count = 0;
    return count;
}

void __wrap_pool_recall(struct pool *unused)
{
    calls_recall();
}

/* ---- the submitter's client ---- */

int __wrap_client_open(const struct client_settings *settings, size_t capacity,
                       struct client **ret_client, struct error *err)
{
    *ret_client = (struct client *)&pool;
    return 0;
}

void __wrap_client_close(struct client *unused)
{
}

void __wrap_client_send(struct client *unused, struct exchange *exchange)
{
    pool.begun = exchange;
}

struct exchange *__wrap_client_collect(struct client *unused, int timeout_ms)
{
    struct exchange *ended = pool.ended;

    ended->next = NULL;
    return ended;
}

/* ---- waiting ---- */

int __real_poll(struct pollfd *fds, nfds_t count, int timeout_ms);

static bool is_rung(void)
{
    return pool.done &&
           (pool.done_count >= pool.jobs / 8 || pool.queued < pool.jobs - pool.jobs / 8);
}

static int wait_for_pool(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    int64_t until = timeout_ms < 0 ? INT64_MAX : world->mono_ms + timeout_ms;

    end_turn();
    happen(EVENT_TURN, (int)pool.queued, (int)pool.done_count);
    for (;;) {
        struct call *next;
        int64_t wake_ms = until;

        gateway_advance();
        fds->revents = is_rung() ? POLLIN : 0;
        if (fds->revents || (count > 1 && me()->was_signalled && __real_poll(fds + 1, 1, 0) > 0))
            return 1;
        if (world->mono_ms >= until)
            return 0;
        next = calls_next();
        if (next && next->at_ms < wake_ms)
            wake_ms = next->at_ms;
        sleep_until(wake_ms);
    }
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    if (!count || fds->fd != POOL_FD)
        return __real_poll(fds, count, timeout_ms);
    return wait_for_pool(fds, count, timeout_ms);
}

int __wrap___poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t size)
{
    return __wrap_poll(fds, count, timeout_ms);
}
