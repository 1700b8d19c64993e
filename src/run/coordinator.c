#include "run/coordinator.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auto_rate.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/words/language.h"
#include "collect.h"
#include "firewall.h"
#include "grant.h"
#include "ledger/turn.h"
#include "pause_events.h"
#include "refill.h"
#include "report/report.h"
#include "row_log.h"
#include "run/halt.h"
#include "run/other_run.h"
#include "shared_limits.h"
#include "state.h"
#include "suspect.h"

#define REPORT_LINES 4096    /* lines written in one turn at most */
#define REPORT_ROWS 1024     /* … that are worth a look at a ledger on a server */
#define REPORT_MS 500        /* … where there are fewer: how long they wait at most */
#define DEPARTURE_TICK_MS 20 /* how often to ask what has left, while the rate waits for that */
#define TICK_MS 200          /* how often a turn comes at least, for the display */

/* A server is asked for more than a few rows at once: each time costs three round trips. */
static bool is_worth_a_look(struct coordinator *c, uint64_t frontier)
{
    if (ledger_is_local(c->settings->ledger) || frontier >= c->report_row + REPORT_ROWS ||
        c->now_ms >= c->report_ms + REPORT_MS) {
        c->report_row = frontier;
        c->report_ms = c->now_ms;
        return true;
    }
    return false;
}

static void advance_report(struct coordinator *c)
{
    struct error err;
    uint64_t frontier = window_frontier(c->window, feed_next_row(c->feed));

    if (c->failed || c->report_waits || !is_worth_a_look(c, frontier))
        return;
    if (!report_advance(c->settings->report, frontier, REPORT_LINES, &err))
        return;
    /* Its look at a server was cut: it is written when nothing else is to be done. */
    c->report_waits = !ledger_is_local(c->settings->ledger) && err.exit_code == EXIT_TRY_LATER;
    if (!c->report_waits)
        halt_fail(c, &err);
}

static void show(struct coordinator *c)
{
    const struct coordinator_settings *s = c->settings;
    int64_t pause = pace_pause_until(c->pace, c->now_ms);
    struct coordinator_progress progress = {
        .rows = s->inspection->rows,
        .in_flight = c->outstanding,
        .pace = c->pace_state,
        .pause_ms = pause == INT64_MAX ? -1 : pause - c->now_ms,
        .stopping = halt_is_begun(c),
    };

    for (int i = 0; i < OUTCOME_COUNT; i++) {
        progress.outcomes[i] = c->outcomes[i] + feed_passed(c->feed, (enum outcome)i);
        progress.done += progress.outcomes[i];
    }
    if (s->show)
        s->show(s->context, &progress);
}

static void take_time(struct coordinator *c)
{
    c->now_ms = clock_mono_ms();
    c->wall_ms = clock_wall_ms();
}

/* Another process may hold the ledger for long (a database shell). The run waits for it: answers
 * that came meanwhile are not given up. A signal ends that where there are none and none can come.
 */
static int begin(struct coordinator *c, const struct job *collected, struct error *err)
{
    while (ledger_turn_begin(c->settings->ledger, err)) {
        if (err->exit_code != EXIT_TRY_LATER || (stop_signal() && !collected && !c->outstanding))
            return -1;
        log_event(LOG_WARN, "ledger-held",
                  LOG_FIELDS(LOG_FIELD_NUMBER("waited_s", LEDGER_BUSY_MS / 1000)),
                  "another process holds the ledger for more than %d s; this run waits for it%s",
                  LEDGER_BUSY_MS / 1000, collected ? _(" with answers to store") : "");
        take_time(c);
        halt_check_signal(c);
    }
    /* What is read now, such as a ban, was written before: it is to be judged by a time after that.
     */
    take_time(c);
    return 0;
}

/* Links what the pool gave back for the turn: queue_next is free then for those that go out again.
 */
static struct job *link_collected(struct coordinator *c, struct job *jobs)
{
    for (struct job *job = jobs; job; job = job->queue_next) {
        job->turn_next = job->queue_next;
        job->ended = false;
        c->outstanding--;
    }
    return jobs;
}

static struct job *join(struct job *jobs, struct job *others)
{
    struct job *last = jobs;

    while (last && last->turn_next)
        last = last->turn_next;
    if (last)
        last->turn_next = others;
    return jobs ? jobs : others;
}

/* A server that cannot be reached is waited for, and what comes meanwhile goes with the same turn.
 * A signal ends that once nothing can come any more. */
static int commit(struct coordinator *c, struct job **collected, struct error *err)
{
    struct ledger *ledger = c->settings->ledger;
    bool is_told = false;

    while (ledger_turn_commit(ledger, err)) {
        struct job *jobs;

        if (!ledger_turn_waits(ledger) || (stop_signal() && !c->outstanding))
            return -1;
        if (!is_told)
            log_warn("%s. This run waits for the ledger, and nothing more is sent until then",
                     err->text);
        is_told = true;
        jobs = link_collected(c, pool_collect(c->pool));
        suspect_doubt(c, jobs);
        if (ledger_turn_begin(ledger, err) || collect_jobs(c, jobs, err))
            return -1;
        *collected = join(jobs, *collected);
        take_time(c);
    }
    return 0;
}

/* What comes after it asks outside of the turn, which waits while the server is away, and nobody
 * takes the answers that come in that time: so those are told first, by a turn that has only them.
 */
static int tell_first(struct coordinator *c, struct job **collected, struct error *err)
{
    struct ledger *ledger = c->settings->ledger;

    if (!ledger_turn_is_lost(ledger))
        return 0;
    return commit(c, collected, err) || begin(c, *collected, err) ? -1 : 0;
}

/* One transaction: outcomes, then decisions, then intents. The caller acts on *ret_jobs only after
 * it. */
static int transact(struct coordinator *c, struct job **collected, struct job **ret_jobs,
                    struct error *err)
{
    struct ledger *ledger = c->settings->ledger;

    *ret_jobs = NULL;
    if (begin(c, *collected, err))
        return -1;
    suspect_doubt(c, *collected);
    if (collect_jobs(c, *collected, err) || tell_first(c, collected, err))
        goto fail;
    firewall_check(c);
    halt_check_failures(c);
    halt_check_pace(c);
    if (suspect_record(c, err) || refill_window(c, err) || shared_limits_read(c, err) ||
        grant_jobs(c, ret_jobs, err) || shared_limits_write(c, err) || auto_rate_write(c, err) ||
        pause_events_turn(c, err) || commit(c, collected, err))
        goto fail;
    return 0;
fail:
    ledger_turn_rollback(ledger);
    suspect_undo(c);
    *ret_jobs = NULL;
    return -1;
}

static size_t count_granted(const struct job *jobs)
{
    size_t count = 0;

    for (; jobs; jobs = jobs->queue_next)
        count++;
    return count;
}

static int turn(struct coordinator *c, struct error *err)
{
    struct job *collected = link_collected(c, pool_collect(c->pool));
    struct job *granted;

    take_time(c);
    collect_departures(c);
    halt_check_signal(c);
    halt_check_space(c);
    halt_check_ledger(c);
    if (transact(c, &collected, &granted, err)) {
        c->lost = collected;
        return -1;
    }
    collect_release(c, collected);
    if (grant_take_back(c, &granted, err))
        return -1;
    c->outstanding += count_granted(granted);
    pool_submit(c->pool, granted);
    advance_report(c);
    show(c);
    return 0;
}

/* How long nothing can happen but what the pool or a signal reports. */
static int wait_ms(struct coordinator *c)
{
    int64_t due = c->now_ms + TICK_MS;
    int64_t next = window_next_due(c->window, c->now_ms);

    if (refill_is_wanted(c) && !(c->pace_state != PACE_OPEN && c->pace_until_ms > c->now_ms))
        return 0;
    /* The turn that has just ended told what was asked. */
    if (!halt_is_begun(c) && window_count(c->window, JOB_ASKED))
        return 0;
    if (!halt_is_begun(c) && next < due && next > c->now_ms)
        due = next;
    if (!halt_is_begun(c) && c->pace_until_ms < due)
        due = c->pace_until_ms;
    if (c->pace_state == PACE_RATE && pace_pending(c->pace) && due > c->now_ms + DEPARTURE_TICK_MS)
        due = c->now_ms + DEPARTURE_TICK_MS;
    return due > c->now_ms ? (int)(due - c->now_ms) : 0;
}

static int wait_for_news(struct coordinator *c, struct error *err)
{
    struct pollfd fds[] = {{.fd = pool_fd(c->pool), .events = POLLIN},
                           {.fd = stop_fd(), .events = POLLIN}};
    nfds_t count = c->signal_seen ? 1 : 2;

    if (poll(fds, count, wait_ms(c)) < 0 && errno != EINTR)
        return error_set(err, EXIT_INTERNAL, "cannot wait for the workers: %s", strerror(errno));
    return 0;
}

/* Whether the run is over; decides that --limit has been the end of it. */
static bool is_over(struct coordinator *c)
{
    size_t idle = window_count(c->window, JOB_BLOCKED);

    if (halt_is_begun(c))
        return c->outstanding == 0;
    if (c->limit_hit && window_used(c->window) == idle) {
        halt_begin(c, EXIT_STOPPED, "limit", "rows sent: %lld (--limit)", (long long)c->taken);
        return c->outstanding == 0;
    }
    return c->feed_at_end && window_used(c->window) == 0;
}

/* Their answers are queued behind those that the ledger was not told. */
static void queue_lost(struct coordinator *c, struct job *jobs)
{
    struct ledger *ledger = c->settings->ledger;
    struct error ignored;

    if (ledger_is_local(ledger))
        return;
    if (!ledger_turn_begin(ledger, &ignored))
        collect_jobs(c, jobs, &ignored);
    ledger_turn_rollback(ledger);
}

/* The run has an error: what is in flight comes home, and is kept, or told to the operator. */
static void abandon(struct coordinator *c, struct error *err)
{
    struct error ignored;

    pool_recall(c->pool);
    while (c->outstanding) {
        struct pollfd fd = {.fd = pool_fd(c->pool), .events = POLLIN};
        struct job *jobs;

        if (poll(&fd, 1, -1) < 0 && errno != EINTR)
            error_set(&ignored, EXIT_INTERNAL, "%s", strerror(errno));
        jobs = link_collected(c, pool_collect(c->pool));
        queue_lost(c, jobs);
        c->lost = join(jobs, c->lost);
    }
    /* Said with the error that is told at the end. */
    if (!ledger_turn_keep(c->settings->ledger, c->failed ? c->failure : err))
        row_log_lost(c->lost);
}

/* The disk of a ledger on a server is not ours to keep room on. */
static int take_reserve(struct coordinator *c, struct error *err)
{
    const struct coordinator_settings *s = c->settings;
    uint64_t bytes = space_of_calls(2 * s->in_flight, submit_claims(s->submit));

    if (!ledger_is_local(s->ledger))
        return 0;
    return space_reserve(ledger_path(s->ledger), bytes, &c->reserve, err);
}

static int64_t rate_of(const struct coordinator_settings *s)
{
    return s->rate || ledger_is_local(s->ledger) ? s->rate : STATE_RATE_UNSAID;
}

static int open_all(struct coordinator *c, struct error *err)
{
    const struct coordinator_settings *s = c->settings;
    size_t rows = state_rows_in_flight(c);
    struct pace_settings pace = {.rate = rate_of(s),
                                 .in_flight = rows,
                                 .outage_patience_ms = s->outage_patience_ms,
                                 .seed = (uint64_t)s->run->id ^ (uint64_t)clock_wall_ms()};
    const struct app app = state_app(c);
    size_t jobs = 2 * rows + COORDINATOR_WAITING_JOBS(s->in_flight);

    c->submit = *s->submit;
    c->rate = pace.rate;
    c->submit.client.tells_departures = c->rate != 0;
    c->submit.client.send_before = ledger_send_before(s->ledger);
    c->told = calloc(POOL_DEPARTURES(rows), sizeof(*c->told));
    c->suspects_max = 2 * POOL_SUSPICIONS(rows);
    c->suspects = calloc(c->suspects_max, sizeof(*c->suspects));
    if (!c->told || !c->suspects)
        return error_no_memory(err);
    if (unexecuted_open(UNEXECUTED_ROWS(rows), &c->unexecuted, err))
        return -1;

    if (ledger_turns_open(s->ledger, s->run->id, &app, s->ledger_patience_ms, err) ||
        take_reserve(c, err) || window_open(jobs, &c->window, err) ||
        !(c->pace = pace_open(&pace, err)) ||
        feed_open(s->row_source, s->inspection, s->ledger, s->run->id, &s->round, s->report,
                  &c->feed, err) ||
        pool_start(&c->submit, s->workers, s->in_flight, &c->pool, err))
        return -1;
    take_time(c);
    return shared_limits_begin(c, err) || auto_rate_begin(c, err) ? -1 : 0;
}

int coordinator_run(const struct coordinator_settings *settings, struct coordinator_stop *ret_stop,
                    struct error *err)
{
    struct coordinator c = {.settings = settings, .stop = *ret_stop, .failure = err};
    struct error own; /* it may follow on one that is told already */
    int result = open_all(&c, &own);

    while (!result && !is_over(&c)) {
        result = turn(&c, &own);
        if (!result && !is_over(&c))
            result = wait_for_news(&c, &own);
        if (result)
            abandon(&c, &own);
    }
    if (c.pool)
        pool_end(c.pool);
    if (result)
        suspect_rescue(&c);
    else
        result = suspect_finish(&c, &own);
    if (result && !c.failed)
        *err = own;
    if (!result)
        other_run_check(&c);
    pool_stop(c.pool);
    c.pool = NULL;
    pause_events_end(&c);
    if (halt_is_begun(&c))
        halt_say_end(&c.stop);
    window_close(c.window);
    pace_close(c.pace);
    feed_close(c.feed);
    space_release(c.reserve);
    buffer_release(&c.words);
    free(c.told);
    free(c.suspects);
    unexecuted_close(c.unexecuted);
    *ret_stop = c.stop;
    return c.failed ? -1 : result;
}
