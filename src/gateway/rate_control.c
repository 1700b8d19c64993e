#include "gateway/rate_control.h"

#include <stdlib.h>
#include <string.h>

#define STEP_MS 2000         /* holds a full second, wherever the gateway begins its own */
#define STEP_CALLS 50        /* so many calls tell a limit from one that is little lower */
#define SEARCH_FACTOR 1.25   /* a step's growth while no limit is known */
#define PROBE_FACTOR 1.04    /* … and towards one that is known */
#define MARGIN 0.94          /* below what was kept before the limit was met */
#define FAILED_FACTOR 0.7    /* … after failures */
#define SURPRISE_FACTOR 0.85 /* … after a refusal that nothing explains */
#define FAILED_SHARE 0.05    /* of a step's answers: more than that are a sign */
#define QUEUE_FACTOR 2.0     /* calls that take so much longer than usual queue */
#define QUEUE_MS 10          /* … and so much */
#define BUSY_SHARE 0.75      /* of what the rate allows was sent: it is what bounds the sends */
#define HOLD_FIRST_MS                                                                              \
    4000 /* after a large step met the limit: what is just below it is tried soon */
#define HOLD_MS 20000
#define HOLD_MOST_MS 600000
#define HOLD_PER_PENALTY 25      /* what a refusal costs is at most a part of the time */
#define HOLD_FIRST_PER_PENALTY 4 /* so, too, where it costs more */
#define HOLD_PER_REFUSED 200     /* … and of the calls */
#define BASE_DRIFT 1.02          /* a step's: what a call takes may grow for other reasons */
#define WAIT_MOST_MS 60000

/* ---- sends of the last minute ---- */

static void count(struct rate_control *c, int64_t sent_ms)
{
    int64_t second = sent_ms / 1000;
    size_t i = (size_t)(second % RATE_CONTROL_SECONDS);

    if (c->history[i].second != second) {
        c->history[i].second = second;
        c->history[i].sent = 0;
    }
    c->history[i].sent++;
}

/* Calls a second over the last minute, or over the time since the start. */
static double average(const struct rate_control *c, int64_t now_ms)
{
    int64_t from = now_ms / 1000 - RATE_CONTROL_SECONDS;
    int64_t seconds = (now_ms - c->start_ms) / 1000 + 1;
    int64_t sum = 0;

    for (size_t i = 0; i < RATE_CONTROL_SECONDS; i++)
        if (c->history[i].second > from)
            sum += c->history[i].sent;
    return (double)sum / (double)(seconds < RATE_CONTROL_SECONDS ? seconds : RATE_CONTROL_SECONDS);
}

/* ---- the rate ---- */

static void set_rate(struct rate_control *c, double rate)
{
    c->rate = rate > c->most ? c->most : rate < 1 ? 1 : rate;
}

/* A step is the calls that leave in it, and ends with the first answer to one that left after them.
 */
static void begin_step(struct rate_control *c, int64_t now_ms)
{
    double calls_ms = c->is_searching ? 0 : 1000 * STEP_CALLS / c->rate;

    memset(&c->step, 0, sizeof(c->step));
    c->step_ms = now_ms;
    c->step_end_ms = now_ms + (calls_ms > STEP_MS ? (int64_t)calls_ms : STEP_MS);
}

static int64_t longer(int64_t a_ms, int64_t b_ms)
{
    return a_ms > b_ms ? a_ms : b_ms;
}

static void hold(struct rate_control *c, int64_t now_ms, int64_t least_ms)
{
    int64_t hold_ms = least_ms;

    if (hold_ms < (int64_t)((double)c->refused * HOLD_PER_REFUSED * 1000 / c->rate))
        hold_ms = (int64_t)((double)c->refused * HOLD_PER_REFUSED * 1000 / c->rate);
    if (hold_ms > HOLD_MOST_MS)
        hold_ms = HOLD_MOST_MS;
    c->hold_ms = now_ms + hold_ms;
}

/* Where no more was sent than what was kept before, the limit has sunk. Where the first call after
 * the wait is refused, too, it counts over a longer time, and what was sent in that tells of it. */
static void fall(struct rate_control *c, int64_t now_ms)
{
    bool is_surprise = c->proven == 0 || c->rate <= c->proven;

    c->limit = c->rate;
    c->is_long |= c->refusals_in_a_row > 2;
    if (c->is_long)
        set_rate(c, MARGIN * average(c, now_ms));
    else
        set_rate(c, is_surprise ? c->rate * SURPRISE_FACTOR : c->proven * MARGIN);
    if (is_surprise)
        c->proven = 0;
    c->refused = 1;
    if (c->is_searching && !is_surprise)
        hold(c, now_ms, longer(HOLD_FIRST_MS, c->penalty_ms * HOLD_FIRST_PER_PENALTY));
    else
        hold(c, now_ms, longer(HOLD_MS, c->penalty_ms * HOLD_PER_PENALTY));
    c->is_searching = false;
    begin_step(c, now_ms);
}

static int64_t refused(struct rate_control *c, int64_t sent_ms, int64_t now_ms, int64_t wait_ms)
{
    int64_t least_ms = 1000;

    if (sent_ms < c->episode_ms) {
        c->refused++;
        hold(c, now_ms, c->hold_ms - now_ms);
        return 0;
    }
    for (int i = 0; i < c->refusals_in_a_row && least_ms < WAIT_MOST_MS; i++)
        least_ms *= 2;
    if (c->refusals_in_a_row == 0)
        least_ms = 0;
    c->refusals_in_a_row++;
    c->penalty_ms = wait_ms > least_ms ? wait_ms : least_ms;
    c->episode_ms = now_ms;
    fall(c, now_ms);
    return c->penalty_ms;
}

/* ---- a step ---- */

static int compare_durations(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* What the quicker calls of the step took, one in four: in a queue all wait, and of some that take
 * long for reasons of their own it tells nothing. */
static double usual_ms(struct rate_control *c)
{
    size_t count =
        c->step.good < RATE_CONTROL_DURATIONS ? (size_t)c->step.good : RATE_CONTROL_DURATIONS;

    qsort(c->step.durations_ms, count, sizeof(*c->step.durations_ms), compare_durations);
    return (double)c->step.durations_ms[count / 4]; /* of none: 0 */
}

static bool is_queueing(struct rate_control *c, double latency_ms)
{
    if (c->base_ms == 0 || latency_ms < c->base_ms)
        c->base_ms = latency_ms;
    else
        c->base_ms *= BASE_DRIFT;
    return latency_ms > c->base_ms * QUEUE_FACTOR + QUEUE_MS;
}

/* Calls take longer since more are sent than are taken: as many as came back, and a little less for
 * the queue to go. */
static void fall_to_what_is_taken(struct rate_control *c, double taken)
{
    if (taken * MARGIN < c->rate)
        set_rate(c, taken * MARGIN);
    c->proven = 0;
    c->is_searching = false;
    c->base_ms *= QUEUE_FACTOR; /* if it is not our doing it is the usual from now on */
}

static void grow(struct rate_control *c, int64_t now_ms)
{
    if (c->rate > c->proven)
        c->proven = c->rate;
    if (now_ms < c->hold_ms)
        return;
    if (c->rate > c->limit * PROBE_FACTOR)
        c->is_searching = true; /* it was raised */
    set_rate(c, c->rate * (c->is_searching ? SEARCH_FACTOR : PROBE_FACTOR));
}

static void end_step(struct rate_control *c, int64_t now_ms)
{
    double seconds = (double)(c->step_end_ms - c->step_ms) / 1000;
    int64_t answers = c->step.good + c->step.failed;

    if ((double)c->step.failed > FAILED_SHARE * (double)answers && c->step.failed > 1) {
        set_rate(c, c->rate * FAILED_FACTOR);
        c->hold_ms = now_ms + HOLD_MS;
        c->is_searching = false;
    } else if (is_queueing(c, usual_ms(c))) {
        fall_to_what_is_taken(c, (double)c->step.good / seconds);
        c->hold_ms = now_ms + HOLD_MS;
    } else if ((double)c->step.sent >= BUSY_SHARE * c->rate * seconds) {
        grow(c, now_ms);
    }
    begin_step(c, now_ms);
}

/* ---- exported ---- */

void rate_control_start(struct rate_control *control, int64_t first, int64_t most, int64_t now_ms)
{
    memset(control, 0, sizeof(*control));
    control->most = most > 0 ? (double)most : RATE_CONTROL_MOST;
    control->is_searching = true;
    control->start_ms = now_ms;
    set_rate(control, first > 0 ? (double)first : RATE_CONTROL_FIRST);
    begin_step(control, now_ms);
}

double rate_control_rate(const struct rate_control *control)
{
    return control->rate;
}

void rate_control_sent(struct rate_control *control, int64_t sent_ms)
{
    count(control, sent_ms);
    if (sent_ms >= control->step_ms && sent_ms < control->step_end_ms)
        control->step.sent++;
}

int64_t rate_control_answered(struct rate_control *control, enum rate_sign sign, int64_t sent_ms,
                              int64_t now_ms, int64_t wait_ms)
{
    if (sign == RATE_REFUSED)
        return refused(control, sent_ms, now_ms, wait_ms);
    if (sign == RATE_GOOD && sent_ms >= control->episode_ms)
        control->refusals_in_a_row = 0;
    if (sent_ms >= control->step_end_ms) {
        end_step(control, now_ms);
    } else if (sent_ms >= control->step_ms) {
        control->step.failed += sign == RATE_FAILED;
        if (sign == RATE_GOOD)
            control->step.durations_ms[control->step.good++ % RATE_CONTROL_DURATIONS] =
                now_ms - sent_ms;
    }
    return 0;
}

int64_t rate_control_proven(const struct rate_control *control)
{
    return (int64_t)control->proven;
}
