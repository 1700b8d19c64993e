#include "run/batch.h"

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
static bool is_worth_a_look(struct batch *b, uint64_t frontier)
{
    if (ledger_is_local(b->settings->ledger) || frontier >= b->report_row + REPORT_ROWS ||
        b->now_ms >= b->report_ms + REPORT_MS) {
        b->report_row = frontier;
        b->report_ms = b->now_ms;
        return true;
    }
    return false;
}

static void advance_report(struct batch *b)
{
    struct error err;
    uint64_t frontier = window_frontier(b->window, feed_next_row(b->feed));

    if (b->failed || b->report_waits || !is_worth_a_look(b, frontier))
        return;
    if (!report_advance(b->settings->report, frontier, REPORT_LINES, &err))
        return;
    /* Its look at a server was cut: it is written when nothing else is to be done. */
    b->report_waits = !ledger_is_local(b->settings->ledger) && err.exit_code == EXIT_TRY_LATER;
    if (!b->report_waits)
        halt_fail(b, &err);
}

static void show(struct batch *b)
{
    const struct batch_settings *s = b->settings;
    int64_t pause = pace_pause_until(b->pace, b->now_ms);
    struct batch_progress progress = {
        .rows = s->inspection->rows,
        .in_flight = b->outstanding,
        .pace = b->pace_state,
        .pause_ms = pause == INT64_MAX ? -1 : pause - b->now_ms,
        .stopping = halt_is_begun(b),
    };

    for (int i = 0; i < OUTCOME_COUNT; i++) {
        progress.outcomes[i] = b->outcomes[i] + feed_passed(b->feed, (enum outcome)i);
        progress.done += progress.outcomes[i];
    }
    if (s->show)
        s->show(s->context, &progress);
}

static void take_time(struct batch *b)
{
    b->now_ms = clock_mono_ms();
    b->wall_ms = clock_wall_ms();
}

/* Another process may hold the ledger for long (a database shell). The run waits for it: answers
 * that came meanwhile are not given up. A signal ends that where there are none and none can come.
 */
static int begin(struct batch *b, const struct job *collected, struct error *err)
{
    while (ledger_turn_begin(b->settings->ledger, err)) {
        if (err->exit_code != EXIT_TRY_LATER || (stop_signal() && !collected && !b->outstanding))
            return -1;
        log_event(LOG_WARN, "ledger-held",
                  LOG_FIELDS(LOG_FIELD_NUMBER("waited_s", LEDGER_BUSY_MS / 1000)),
                  "another process holds the ledger for more than %d s; this run waits for it%s",
                  LEDGER_BUSY_MS / 1000, collected ? _(" with answers to store") : "");
        take_time(b);
        halt_check_signal(b);
    }
    /* What is read now, such as a ban, was written before: it is to be judged by a time after that.
     */
    take_time(b);
    return 0;
}

/* Links what the pool gave back for the turn: queue_next is free then for those that go out again.
 */
static struct job *link_collected(struct batch *b, struct job *jobs)
{
    for (struct job *job = jobs; job; job = job->queue_next) {
        job->turn_next = job->queue_next;
        job->ended = false;
        b->outstanding--;
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
static int commit(struct batch *b, struct job **collected, struct error *err)
{
    struct ledger *ledger = b->settings->ledger;
    bool is_told = false;

    while (ledger_turn_commit(ledger, err)) {
        struct job *jobs;

        if (!ledger_turn_waits(ledger) || (stop_signal() && !b->outstanding))
            return -1;
        if (!is_told)
            log_warn("%s. This run waits for the ledger, and nothing more is sent until then",
                     err->text);
        is_told = true;
        jobs = link_collected(b, pool_collect(b->pool));
        suspect_doubt(b, jobs);
        if (ledger_turn_begin(ledger, err) || collect_jobs(b, jobs, err))
            return -1;
        *collected = join(jobs, *collected);
        take_time(b);
    }
    return 0;
}

/* What comes after it asks outside of the turn, which waits while the server is away, and nobody
 * takes the answers that come in that time: so those are told first, by a turn that has only them.
 */
static int tell_first(struct batch *b, struct job **collected, struct error *err)
{
    struct ledger *ledger = b->settings->ledger;

    if (!ledger_turn_is_lost(ledger))
        return 0;
    return commit(b, collected, err) || begin(b, *collected, err) ? -1 : 0;
}

/* One transaction: outcomes, then decisions, then intents. The caller acts on *ret_jobs only after
 * it. */
static int transact(struct batch *b, struct job **collected, struct job **ret_jobs,
                    struct error *err)
{
    struct ledger *ledger = b->settings->ledger;

    *ret_jobs = NULL;
    if (begin(b, *collected, err))
        return -1;
    suspect_doubt(b, *collected);
    if (collect_jobs(b, *collected, err) || tell_first(b, collected, err))
        goto fail;
    firewall_check(b);
    halt_check_failures(b);
    halt_check_pace(b);
    if (suspect_record(b, err) || refill_window(b, err) || shared_limits_read(b, err) ||
        grant_jobs(b, ret_jobs, err) || shared_limits_write(b, err) || auto_rate_write(b, err) ||
        pause_events_turn(b, err) || commit(b, collected, err))
        goto fail;
    return 0;
fail:
    ledger_turn_rollback(ledger);
    suspect_undo(b);
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

static int turn(struct batch *b, struct error *err)
{
    struct job *collected = link_collected(b, pool_collect(b->pool));
    struct job *granted;

    take_time(b);
    collect_departures(b);
    halt_check_signal(b);
    halt_check_space(b);
    halt_check_ledger(b);
    if (transact(b, &collected, &granted, err)) {
        b->lost = collected;
        return -1;
    }
    collect_release(b, collected);
    if (grant_take_back(b, &granted, err))
        return -1;
    b->outstanding += count_granted(granted);
    pool_submit(b->pool, granted);
    advance_report(b);
    show(b);
    return 0;
}

/* How long nothing can happen but what the pool or a signal reports. */
static int wait_ms(struct batch *b)
{
    int64_t due = b->now_ms + TICK_MS;
    int64_t next = window_next_due(b->window, b->now_ms);

    if (refill_is_wanted(b) && !(b->pace_state != PACE_OPEN && b->pace_until_ms > b->now_ms))
        return 0;
    /* The turn that has just ended told what was asked. */
    if (!halt_is_begun(b) && window_count(b->window, JOB_ASKED))
        return 0;
    if (!halt_is_begun(b) && next < due && next > b->now_ms)
        due = next;
    if (!halt_is_begun(b) && b->pace_until_ms < due)
        due = b->pace_until_ms;
    if (b->pace_state == PACE_RATE && pace_pending(b->pace) && due > b->now_ms + DEPARTURE_TICK_MS)
        due = b->now_ms + DEPARTURE_TICK_MS;
    return due > b->now_ms ? (int)(due - b->now_ms) : 0;
}

static int wait_for_news(struct batch *b, struct error *err)
{
    struct pollfd fds[] = {{.fd = pool_fd(b->pool), .events = POLLIN},
                           {.fd = stop_fd(), .events = POLLIN}};
    nfds_t count = b->signal_seen ? 1 : 2;

    if (poll(fds, count, wait_ms(b)) < 0 && errno != EINTR)
        return error_set(err, EXIT_INTERNAL, "cannot wait for the workers: %s", strerror(errno));
    return 0;
}

/* Whether the run is over; decides that --limit has been the end of it. */
static bool is_over(struct batch *b)
{
    size_t idle = window_count(b->window, JOB_BLOCKED);

    if (halt_is_begun(b))
        return b->outstanding == 0;
    if (b->limit_hit && window_used(b->window) == idle) {
        halt_begin(b, EXIT_STOPPED, "limit", "rows sent: %lld (--limit)", (long long)b->taken);
        return b->outstanding == 0;
    }
    return b->feed_at_end && window_used(b->window) == 0;
}

/* Their answers are queued behind those that the ledger was not told. */
static void queue_lost(struct batch *b, struct job *jobs)
{
    struct ledger *ledger = b->settings->ledger;
    struct error ignored;

    if (ledger_is_local(ledger))
        return;
    if (!ledger_turn_begin(ledger, &ignored))
        collect_jobs(b, jobs, &ignored);
    ledger_turn_rollback(ledger);
}

/* The run has an error: what is in flight comes home, and is kept, or told to the operator. */
static void abandon(struct batch *b, struct error *err)
{
    struct error ignored;

    pool_recall(b->pool);
    while (b->outstanding) {
        struct pollfd fd = {.fd = pool_fd(b->pool), .events = POLLIN};
        struct job *jobs;

        if (poll(&fd, 1, -1) < 0 && errno != EINTR)
            error_set(&ignored, EXIT_INTERNAL, "%s", strerror(errno));
        jobs = link_collected(b, pool_collect(b->pool));
        queue_lost(b, jobs);
        b->lost = join(jobs, b->lost);
    }
    /* Said with the error that is told at the end. */
    if (!ledger_turn_keep(b->settings->ledger, b->failed ? b->failure : err))
        row_log_lost(b->lost);
}

/* The disk of a ledger on a server is not ours to keep room on. */
static int take_reserve(struct batch *b, struct error *err)
{
    const struct batch_settings *s = b->settings;
    uint64_t bytes = space_of_calls(2 * s->in_flight, submit_claims(s->submit));

    if (!ledger_is_local(s->ledger))
        return 0;
    return space_reserve(ledger_path(s->ledger), bytes, &b->reserve, err);
}

static int64_t rate_of(const struct batch_settings *s)
{
    return s->rate || ledger_is_local(s->ledger) ? s->rate : STATE_RATE_UNSAID;
}

static int open_all(struct batch *b, struct error *err)
{
    const struct batch_settings *s = b->settings;
    size_t rows = state_rows_in_flight(b);
    struct pace_settings pace = {.rate = rate_of(s),
                                 .in_flight = rows,
                                 .outage_patience_ms = s->outage_patience_ms,
                                 .seed = (uint64_t)s->run->id ^ (uint64_t)clock_wall_ms()};
    const struct app app = state_app(b);
    size_t jobs = 2 * rows + BATCH_WAITING_JOBS(s->in_flight);

    b->submit = *s->submit;
    b->rate = pace.rate;
    b->submit.client.tells_departures = b->rate != 0;
    b->submit.client.send_before = ledger_send_before(s->ledger);
    b->told = calloc(POOL_DEPARTURES(rows), sizeof(*b->told));
    b->suspects_max = 2 * POOL_SUSPICIONS(rows);
    b->suspects = calloc(b->suspects_max, sizeof(*b->suspects));
    if (!b->told || !b->suspects)
        return error_no_memory(err);
    if (unexecuted_open(UNEXECUTED_ROWS(rows), &b->unexecuted, err))
        return -1;

    if (ledger_turns_open(s->ledger, s->run->id, &app, s->ledger_patience_ms, err) ||
        take_reserve(b, err) || window_open(jobs, &b->window, err) ||
        !(b->pace = pace_open(&pace, err)) ||
        feed_open(s->row_source, s->inspection, s->ledger, s->run->id, &s->round, s->report,
                  &b->feed, err) ||
        pool_start(&b->submit, s->workers, s->in_flight, &b->pool, err))
        return -1;
    take_time(b);
    return shared_limits_begin(b, err) || auto_rate_begin(b, err) ? -1 : 0;
}

int batch_run(const struct batch_settings *settings, struct batch_stop *ret_stop, struct error *err)
{
    struct batch b = {.settings = settings, .stop = *ret_stop, .failure = err};
    struct error own; /* it may follow on one that is told already */
    int result = open_all(&b, &own);

    while (!result && !is_over(&b)) {
        result = turn(&b, &own);
        if (!result && !is_over(&b))
            result = wait_for_news(&b, &own);
        if (result)
            abandon(&b, &own);
    }
    if (b.pool)
        pool_end(b.pool);
    if (result)
        suspect_rescue(&b);
    else
        result = suspect_finish(&b, &own);
    if (result && !b.failed)
        *err = own;
    if (!result)
        other_run_check(&b);
    pool_stop(b.pool);
    b.pool = NULL;
    pause_events_end(&b);
    if (halt_is_begun(&b))
        halt_say_end(&b.stop);
    window_close(b.window);
    pace_close(b.pace);
    feed_close(b.feed);
    space_release(b.reserve);
    buffer_release(&b.words);
    free(b.told);
    free(b.suspects);
    unexecuted_close(b.unexecuted);
    *ret_stop = b.stop;
    return b.failed ? -1 : result;
}
