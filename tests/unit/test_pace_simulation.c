/* Unit tests of gateway/pace: a simulated gateway on a simulated clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pace_words.h"

#define SIMULATED_SLOTS 48
#define SIMULATED_MS 60000
#define LOG_MAX (SIMULATED_MS * 4)

enum slot_state { SLOT_FREE, SLOT_GRANTED, SLOT_LEFT };

struct simulation {
    struct pace *pace;
    int64_t rate;
    bool takes_back; /* grants more than it needs */
    uint64_t random;
    int64_t now_ms;
    struct {
        enum slot_state state;
        struct pace_ticket ticket;
        int64_t leaves_ms, answered_ms;
        struct verdict verdict;
    } slots[SIMULATED_SLOTS];

    /* of the gateway */
    int64_t ban_until_ms, down_until_ms;

    /* what the run has been told */
    int64_t told_ban_until_ms;

    int64_t departures[LOG_MAX];
    size_t departure_count, probe_count, ban_count, outage_count;
};

static int64_t chance(struct simulation *sim, int64_t below)
{
    sim->random = sim->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((sim->random >> 33) % (uint64_t)below);
}

static struct verdict answer_at(struct simulation *sim)
{
    if (sim->now_ms < sim->ban_until_ms)
        return verdict_of(VERDICT_BAN, (sim->ban_until_ms - sim->now_ms + 999) / 1000 * 1000);
    if (chance(sim, 10 * sim->rate + 20) == 0) {
        sim->ban_until_ms = sim->now_ms + 1000 * (1 + chance(sim, 3));
        return answer_at(sim);
    }
    switch (chance(sim, 300)) {
    case 0:
        return verdict_of(VERDICT_AGAIN, 1000);
    case 1:
    case 2:
        return verdict_of(VERDICT_AGAIN, -1);
    case 3:
    case 4:
        return verdict_of(VERDICT_UNKNOWN, -1);
    default:
        return verdict_of(VERDICT_ACCEPTED, -1);
    }
}

/* Any number that may go, in any order; by the clock, so that no chance is used up. */
static void simulate_grants_taken_back(struct simulation *sim)
{
    enum { MOST = 5 };
    struct pace_ticket tickets[MOST];
    size_t count = allowance(sim->pace, sim->now_ms, (size_t)(sim->now_ms % (MOST + 1)));

    for (size_t i = 0; i < count; i++)
        tickets[i] = pace_grant(sim->pace, sim->now_ms);
    for (size_t i = 0; i < count; i++)
        pace_take_back(sim->pace, tickets[sim->now_ms / 7 % 2 ? i : count - 1 - i]);
}

static void simulate_grants(struct simulation *sim)
{
    if (sim->takes_back)
        simulate_grants_taken_back(sim);
    for (size_t i = 0; i < SIMULATED_SLOTS; i++) {
        if (sim->slots[i].state != SLOT_FREE)
            continue;
        if (allowance(sim->pace, sim->now_ms, 1) == 0)
            return;
        assert_true(sim->now_ms >= sim->told_ban_until_ms);
        sim->slots[i].state = SLOT_GRANTED;
        sim->slots[i].ticket = pace_grant(sim->pace, sim->now_ms);
        sim->slots[i].leaves_ms = sim->now_ms + chance(sim, 40);
        for (size_t other = 0; other < SIMULATED_SLOTS && sim->slots[i].ticket.probe; other++)
            assert_false(other != i && sim->slots[other].state != SLOT_FREE &&
                         sim->slots[other].ticket.epoch == sim->slots[i].ticket.epoch);
        sim->probe_count += sim->slots[i].ticket.probe;
    }
}

static void simulate_departures(struct simulation *sim)
{
    for (size_t i = 0; i < SIMULATED_SLOTS; i++) {
        if (sim->slots[i].state != SLOT_GRANTED || sim->slots[i].leaves_ms > sim->now_ms)
            continue;
        if (sim->now_ms < sim->down_until_ms || sim->now_ms < sim->told_ban_until_ms) {
            bool down = sim->now_ms >= sim->told_ban_until_ms;
            pace_sent(sim->pace, -1);
            judge(sim->pace, sim->slots[i].ticket, down ? VERDICT_OUTAGE : VERDICT_WITHDRAWN, -1,
                  sim->now_ms);
            sim->outage_count += down;
            sim->slots[i].state = SLOT_FREE;
            continue;
        }
        assert_true(sim->departure_count < LOG_MAX);
        sim->departures[sim->departure_count++] = sim->now_ms;
        sim->slots[i].state = SLOT_LEFT;
        sim->slots[i].leaves_ms = sim->now_ms;
        sim->slots[i].verdict = answer_at(sim);
        sim->slots[i].answered_ms = sim->now_ms + 1 + chance(sim, 150);
    }
}

/* A departure is told only with its answer, as late as can be. */
static void simulate_answers(struct simulation *sim)
{
    for (size_t i = 0; i < SIMULATED_SLOTS; i++) {
        if (sim->slots[i].state != SLOT_LEFT || sim->slots[i].answered_ms > sim->now_ms)
            continue;
        pace_sent(sim->pace, sim->slots[i].leaves_ms);
        pace_judged(sim->pace, sim->slots[i].ticket, &sim->slots[i].verdict, sim->now_ms);
        if (sim->slots[i].verdict.kind == VERDICT_BAN) {
            int64_t until_ms = sim->now_ms + sim->slots[i].verdict.wait_ms;
            sim->ban_count++;
            if (until_ms > sim->told_ban_until_ms)
                sim->told_ban_until_ms = until_ms;
        }
        sim->slots[i].state = SLOT_FREE;
    }
}

static void assert_rate_held(const struct simulation *sim)
{
    for (size_t i = (size_t)sim->rate; i < sim->departure_count; i++)
        assert_true(sim->departures[i] - sim->departures[i - (size_t)sim->rate] > 1000);
}

static void simulate(struct simulation *sim, int64_t rate, uint64_t seed)
{
    sim->pace = open_pace(rate, SIMULATED_SLOTS);
    sim->rate = rate;
    sim->random = seed;
    for (sim->now_ms = T0; sim->now_ms < T0 + SIMULATED_MS; sim->now_ms++) {
        if (chance(sim, 20000) == 0)
            sim->down_until_ms = sim->now_ms + chance(sim, 4000);
        simulate_answers(sim);
        simulate_departures(sim);
        simulate_grants(sim);
        assert_int_not_equal(pace_ended(sim->pace, sim->now_ms), PACE_END_OUTAGE);
    }
    pace_close(sim->pace);
}

static const int64_t simulated_rates[] = {1, 3, 10, 100, 1000};

/* Goal: with bans, outages, late news and random delays, over a simulated minute, no sliding
   second holds more departures than the rate, no grant falls into a ban the run was told of, and
   with a probe no other send of the same pause is under way. */
static void pace_holds_whatever_the_gateway_does(void **state)
{
    struct simulation *sim = calloc(1, sizeof(*sim));

    (void)state;
    assert_non_null(sim);
    for (size_t i = 0; i < sizeof(simulated_rates) / sizeof(*simulated_rates); i++) {
        memset(sim, 0, sizeof(*sim));
        simulate(sim, simulated_rates[i], (uint64_t)i + 7);
        assert_rate_held(sim);
        assert_true(sim->departure_count > 40);
        assert_true(sim->rate < 10 || (sim->probe_count > 3 && sim->ban_count > 3));
    }
    free(sim);
}

/* Goal: however many grants are taken back, and when, each send leaves when it leaves without them.
 */
static void grant_that_is_taken_back_leaves_no_trace(void **state)
{
    struct simulation *sims = calloc(2, sizeof(*sims));

    (void)state;
    assert_non_null(sims);
    for (size_t i = 0; i < sizeof(simulated_rates) / sizeof(*simulated_rates); i++) {
        memset(sims, 0, 2 * sizeof(*sims));
        sims[1].takes_back = true;
        simulate(&sims[0], simulated_rates[i], (uint64_t)i + 107);
        simulate(&sims[1], simulated_rates[i], (uint64_t)i + 107);
        assert_int_equal(sims[1].departure_count, sims[0].departure_count);
        assert_memory_equal(sims[1].departures, sims[0].departures, sizeof(sims[0].departures));
        assert_int_equal(sims[1].probe_count, sims[0].probe_count);
    }
    free(sims);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pace_holds_whatever_the_gateway_does),
        cmocka_unit_test(grant_that_is_taken_back_leaves_no_trace),
    };
    return cmocka_run_group_tests_name("pace_simulation", tests, NULL, NULL);
}
