/* Unit tests of rate_control: an hour at each of a table of gateways, simulated by the millisecond.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "gateway/pace.h"
#include "gateway/rate_control.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define HOUR_MS INT64_C(3600000)
#define IN_FLIGHT 4096
#define SETTLED_MS INT64_C(120000) /* what comes before is the search */

/* A gateway: what it takes, and what it does with what it does not take. */
struct model {
    const char *name;
    int64_t calls, per_ms; /* it takes so many in so long … */
    bool is_fixed;         /* … from each full one on, not in any */
    int64_t penalty_ms;    /* then it refuses all for so long */
    bool is_growing;       /* twice as long each time within ten minutes */
    bool says_nothing;     /* of how long that is */
    int64_t latency_ms;
    int64_t slow_ms;                                /* one call in four, by chance; 0: none */
    int64_t capacity;                               /* a second; what is more queues; 0: no bound */
    int64_t queue;                                  /* what is more than so many fails with a 5xx */
    int64_t change_ms, calls_then, latency_then_ms; /* from then on */
};

static const struct model models[] = {
    {"5 a second", 5, 1000, false, 1000, .latency_ms = 80},
    {"20 a second", 20, 1000, false, 1000, .latency_ms = 50},
    {"100 a full second", 100, 1000, true, 1000, .latency_ms = 20},
    {"1,000 a second", 1000, 1000, false, 1000, .latency_ms = 50},
    {"20 a second, slow", 20, 1000, false, 1000, .latency_ms = 1000},
    {"300 a full minute", 300, 60000, true, 1000, .says_nothing = true, .latency_ms = 50},
    {"3,000 a minute", 3000, 60000, false, 1000, .latency_ms = 50},
    {"300 a second, bans of 5 s", 300, 1000, false, 5000, .latency_ms = 3},
    {"280 a full second, of 5 s", 280, 1000, true, 5000, .latency_ms = 50},
    {"30 a second, bans of 15 s", 30, 1000, false, 15000, .latency_ms = 50},
    {"raised, bans of 5 s", 50, 1000, false, 5000, .latency_ms = 50, .change_ms = HOUR_MS / 2,
     .calls_then = 100},
    {"some calls are slow", 100, 1000, false, 1000, .latency_ms = 10, .slow_ms = 500},
    {"penalties that grow", 50, 1000, false, 1000, .is_growing = true, .latency_ms = 50},
    {"raised at noon", 50, 1000, false, 1000, .latency_ms = 50, .change_ms = HOUR_MS / 2,
     .calls_then = 100},
    {"lowered at noon", 100, 1000, false, 1000, .latency_ms = 50, .change_ms = HOUR_MS / 2,
     .calls_then = 40},
    {"latency first", 100000, 1000, .latency_ms = 20, .capacity = 200, .queue = 400},
    {"slower at noon", 100, 1000, false, 1000, .latency_ms = 20, .change_ms = HOUR_MS / 2,
     .calls_then = 100, .latency_then_ms = 90},
};

struct call {
    int64_t at_ms, sent_ms;
    struct pace_ticket ticket;
    enum rate_sign sign;
};

struct world {
    const struct model *model;
    struct rate_control control;
    int64_t now_ms;
    struct call answers[IN_FLIGHT];
    size_t first, count;
    struct pace *pace;
    /* the gateway */
    int64_t taken[60001]; /* the moments of the last ones, as a ring by its limit */
    size_t taken_at;
    int64_t period, in_period;
    int64_t banned_ms, last_penalty_ms, last_ban_ms;
    double free_ms; /* when the queue is empty */
    /* what came of it */
    int64_t sent, good, refused, failed;
    int64_t good_settled;
    int64_t minutes[61];
};

static int64_t limit_of(const struct world *w)
{
    const struct model *m = w->model;

    return m->calls_then && w->now_ms >= m->change_ms ? m->calls_then : m->calls;
}

static bool takes(struct world *w)
{
    const struct model *m = w->model;
    int64_t limit = limit_of(w);

    if (m->is_fixed) {
        if (w->period != w->now_ms / m->per_ms) {
            w->period = w->now_ms / m->per_ms;
            w->in_period = 0;
        }
        return w->in_period++ < limit;
    }
    if (limit > 60000)
        return true;
    w->taken_at = (w->taken_at + 1) % COUNT(w->taken);
    w->taken[w->taken_at] = w->now_ms;
    size_t before = (w->taken_at + COUNT(w->taken) - (size_t)limit) % COUNT(w->taken);
    if (w->taken[before] && w->taken[before] > w->now_ms - m->per_ms) {
        w->taken_at = (w->taken_at + COUNT(w->taken) - 1) % COUNT(w->taken);
        return false;
    }
    return true;
}

static enum rate_sign receive(struct world *w)
{
    const struct model *m = w->model;

    if (w->now_ms < w->banned_ms)
        return RATE_REFUSED;
    if (takes(w))
        return RATE_GOOD;
    if (m->is_growing && w->now_ms - w->last_ban_ms < 600000 && w->last_penalty_ms)
        w->last_penalty_ms *= 2;
    else
        w->last_penalty_ms = m->penalty_ms;
    w->last_ban_ms = w->now_ms;
    w->banned_ms = w->now_ms + w->last_penalty_ms;
    return RATE_REFUSED;
}

static unsigned chance; /* of a call to be slow */

/* The call behind the last one, which may end before others. */
static void put_in_order(struct world *w)
{
    for (size_t i = w->count++; i > 0; i--) {
        struct call *call = &w->answers[(w->first + i) % IN_FLIGHT];
        struct call *before = &w->answers[(w->first + i - 1) % IN_FLIGHT];
        struct call later = *before;

        if (before->at_ms <= call->at_ms)
            break;
        *before = *call;
        *call = later;
    }
}

static void send_one(struct world *w)
{
    const struct model *m = w->model;
    struct call *a = &w->answers[(w->first + w->count) % IN_FLIGHT];
    int64_t latency =
        m->latency_then_ms && w->now_ms >= m->change_ms ? m->latency_then_ms : m->latency_ms;

    *a = (struct call){.sent_ms = w->now_ms, .ticket = pace_grant(w->pace, w->now_ms)};
    pace_sent(w->pace, w->now_ms);
    a->sign = receive(w);
    if (m->capacity) {
        double now = (double)w->now_ms;

        if (w->free_ms < now)
            w->free_ms = now;
        if (w->free_ms - now > (double)m->queue * 1000 / (double)m->capacity)
            a->sign = RATE_FAILED;
        else
            w->free_ms += 1000 / (double)m->capacity;
        latency += (int64_t)(w->free_ms - now);
    }
    chance = chance * 1103515245 + 12345;
    if (m->slow_ms && (chance >> 16) % 4 == 0)
        latency = m->slow_ms;
    a->at_ms = w->now_ms + latency;
    put_in_order(w);
    w->sent++;
    rate_control_sent(&w->control, w->now_ms);
}

static void take_answers(struct world *w)
{
    while (w->count && w->answers[w->first].at_ms <= w->now_ms) {
        const struct call *a = &w->answers[w->first];
        bool is_told = a->sign == RATE_REFUSED && !w->model->says_nothing;
        int64_t said_ms = is_told ? w->banned_ms - w->now_ms : 0;
        int64_t wait_ms = rate_control_answered(&w->control, a->sign, a->sent_ms, w->now_ms,
                                                a->sign != RATE_REFUSED ? 0
                                                : is_told               ? said_ms
                                                                        : 1000);
        struct verdict verdict = {.kind = a->sign == RATE_REFUSED ? VERDICT_BAN
                                          : a->sign == RATE_GOOD  ? VERDICT_ACCEPTED
                                                                  : VERDICT_UNKNOWN,
                                  .wait_ms = wait_ms > said_ms ? wait_ms : said_ms};

        pace_judged(w->pace, a->ticket, &verdict, w->now_ms);
        w->refused += a->sign == RATE_REFUSED;
        w->failed += a->sign == RATE_FAILED;
        w->good += a->sign == RATE_GOOD;
        w->minutes[w->now_ms / 60000] += a->sign == RATE_GOOD;
        w->good_settled += a->sign == RATE_GOOD && w->now_ms > SETTLED_MS;
        w->first = (w->first + 1) % IN_FLIGHT;
        w->count--;
    }
}

static struct world world; /* too large for a stack */

static void live(const struct model *model, int64_t first, int64_t most)
{
    struct pace_settings settings = {
        .rate = 1, .in_flight = IN_FLIGHT, .outage_patience_ms = 60000};
    struct world *w = &world;
    struct error err = {0};
    enum pace_state why;
    int64_t until;

    memset(w, 0, sizeof(*w));
    w->model = model;
    w->period = -1;
    w->now_ms = 1;
    rate_control_start(&w->control, first, most, w->now_ms);
    assert_non_null(w->pace = pace_open(&settings, &err));
    for (; w->now_ms < HOUR_MS; w->now_ms++) {
        take_answers(w);
        pace_set_rate(w->pace, rate_control_rate(&w->control), w->now_ms);
        for (size_t room = pace_allowance(w->pace, w->now_ms, IN_FLIGHT - w->count, &until, &why);
             room; room--)
            send_one(w);
    }
    assert_int_equal(pace_ended(w->pace, w->now_ms), PACE_GO_ON);
    pace_close(w->pace);
}

static double capacity_of(const struct model *m, int64_t ms)
{
    double a = (double)(m->capacity ? m->capacity * m->per_ms / 1000 : m->calls);

    if (m->calls_then && ms >= m->change_ms)
        a = (double)m->calls_then;
    return a / (double)m->per_ms;
}

/* Of what it takes once the search is over, in percent. */
static double used(const struct model *m)
{
    double possible = 0;

    for (int64_t ms = SETTLED_MS; ms < HOUR_MS; ms += 1000)
        possible += capacity_of(m, ms) * 1000;
    return 100 * (double)world.good_settled / possible;
}

static void each_gateway_is_used_and_not_annoyed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(models); i++) {
        double refused;

        live(&models[i], 0, 0);
        refused = 100.0 * (double)world.refused / (double)world.sent;
        print_message("%-20s %5.1f %% of what is taken, %.2f %% refused, %.2f %% failed\n",
                      models[i].name, used(&models[i]), refused,
                      100.0 * (double)world.failed / (double)world.sent);
        assert_true(used(&models[i]) >= 80);
        assert_true(refused < 1);
        assert_int_equal(world.failed, 0);
    }
}

static void a_raised_limit_is_found_in_a_minute(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(models); i++) {
        const struct model *m = &models[i];

        if (!m->calls_then || m->calls_then <= m->calls)
            continue;
        live(m, 0, 0);
        assert_true(world.minutes[m->change_ms / 60000 + 1] >= m->calls_then * 60 * 80 / 100);
    }
}

/* The last large step ends far below the limit, and a ban of some seconds must not keep it there.
 */
static void the_search_ends_near_the_limit(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(models); i++) {
        const struct model *m = &models[i];

        if (m->per_ms > 1000 || m->penalty_ms > 5000)
            continue;
        for (unsigned seed = 0; seed < (m->slow_ms ? 10 : 1); seed++) {
            chance = seed;
            live(m, 0, 0);
            assert_true((double)world.minutes[2] >= capacity_of(m, 0) * 60000 * 0.8);
        }
    }
}

static void what_was_named_is_never_passed(void **state)
{
    const struct model *m = &models[2];

    (void)state;
    live(m, 0, 40);
    for (size_t i = 0; i < 60; i++)
        assert_in_range(world.minutes[i], i < 2 ? 0 : 38 * 60, 40 * 60);
    assert_int_equal(world.refused, 0);
}

static void what_is_remembered_saves_the_search(void **state)
{
    const struct model *m = &models[3];
    int64_t first_minute;

    (void)state;
    live(m, 0, 0);
    first_minute = world.minutes[0];
    live(m, rate_control_proven(&world.control), 0);
    assert_true(world.minutes[0] > 2 * first_minute);
    assert_true(world.minutes[0] >= m->calls * 60 * 80 / 100);
    assert_true(100 * world.refused < world.sent);
}

static void failures_lower_the_rate(void **state)
{
    struct rate_control c;
    double before;

    (void)state;
    rate_control_start(&c, 100, 0, 0);
    before = rate_control_rate(&c);
    for (int64_t ms = 0; ms < 2200; ms += 10) {
        rate_control_sent(&c, ms);
        rate_control_answered(&c, ms % 100 ? RATE_GOOD : RATE_FAILED, ms, ms, 0);
    }
    assert_true(rate_control_rate(&c) < before * 0.8);
}

static void sends_that_others_bound_do_not_raise_it(void **state)
{
    struct rate_control c;

    (void)state;
    rate_control_start(&c, 1000, 0, 0);
    for (int64_t ms = 0; ms < 60000; ms += 10) {
        rate_control_sent(&c, ms);
        rate_control_answered(&c, RATE_GOOD, ms, ms, 0);
    }
    assert_true(rate_control_rate(&c) <= 1000);
    assert_int_equal(rate_control_proven(&c), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_gateway_is_used_and_not_annoyed),
        cmocka_unit_test(a_raised_limit_is_found_in_a_minute),
        cmocka_unit_test(the_search_ends_near_the_limit),
        cmocka_unit_test(what_was_named_is_never_passed),
        cmocka_unit_test(what_is_remembered_saves_the_search),
        cmocka_unit_test(failures_lower_the_rate),
        cmocka_unit_test(sends_that_others_bound_do_not_raise_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
