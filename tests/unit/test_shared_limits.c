/* Runs of one app key, started and killed at any moment: what left in any sliding second. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/pace.h"
#include "run/shared_limits.h"
#include "run/state.h"

#include "ledger/shared_limits.h"
#include "ledger_place.h"

#define APP_KEY "key"
#define RATE 20
#define IN_FLIGHT 40
#define LOG_MAX 20000
#define NEVER INT64_MAX

static const struct app app = {PLATFORM, APP_KEY};

/* A call that was granted: it leaves at leaves_ms unless its process was killed before. */
struct call {
    int64_t leaves_ms;
};

struct process {
    struct coordinator coordinator;
    struct coordinator_settings settings;
    struct submit_settings submit;
    struct run_record run;
    struct call calls[IN_FLIGHT];
    size_t call_count;
};

struct world {
    const char *path;
    uint64_t random;
    int64_t now_ms;
    int64_t set_ms; /* by how much the clock on the wall was set */
    int64_t departures[LOG_MAX];
    size_t departure_count;
};

static int64_t below(struct world *world, int64_t limit)
{
    world->random = world->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((world->random >> 33) % (uint64_t)limit);
}

static void start_process(struct world *world, struct process *p, const struct run_record *run,
                          int64_t rate)
{
    struct pace_settings pace = {.rate = rate, .in_flight = IN_FLIGHT, .seed = 1};

    memset(p, 0, sizeof(*p));
    p->run = *run;
    p->submit.app.app_key = APP_KEY;
    p->settings = (struct coordinator_settings){
        .platform = PLATFORM, .submit = &p->submit, .run = &p->run, .rate = rate};
    assert_int_equal(ledger_open(world->path, &p->settings.ledger, &err), 0);
    assert_int_equal(ledger_run_lock(p->settings.ledger, run->id, &err), 1);
    p->coordinator.settings = &p->settings;
    p->coordinator.rate = rate;
    p->coordinator.pace = pace_open(&pace, &err);
    assert_non_null(p->coordinator.pace);
    p->coordinator.now_ms = world->now_ms;
    p->coordinator.wall_ms = STARTED_MS + world->now_ms + world->set_ms;
    assert_int_equal(shared_limits_begin(&p->coordinator, &err), 0);
}

/* What it was about to tell is never told. */
static void kill_process(struct process *p)
{
    pace_close(p->coordinator.pace);
    ledger_close(p->settings.ledger);
    memset(p, 0, sizeof(*p));
}

/* Whatever has left until now has left, and is in the log; the process is told in its next turn. */
static void let_leave(struct world *world, const struct process *p, int64_t until_ms)
{
    for (size_t i = 0; i < p->call_count; i++)
        if (p->calls[i].leaves_ms > world->now_ms && p->calls[i].leaves_ms <= until_ms) {
            assert_true(world->departure_count < LOG_MAX);
            world->departures[world->departure_count++] = p->calls[i].leaves_ms;
        }
}

static void hear_of_departures(struct process *p)
{
    for (size_t i = 0; i < p->call_count;) {
        if (p->calls[i].leaves_ms > p->coordinator.now_ms) {
            i++;
            continue;
        }
        pace_sent(p->coordinator.pace, p->calls[i].leaves_ms);
        shared_limits_note_departure(&p->coordinator, p->calls[i].leaves_ms);
        p->calls[i] = p->calls[--p->call_count];
    }
}

/* As the coordinator's: hear, look at the others, grant, tell; then commit. At most `ready` rows
 * can be granted. */
static void take_turn(struct world *world, struct process *p, size_t ready)
{
    enum pace_state pace_state;
    int64_t until_ms;
    size_t allowed;

    p->coordinator.now_ms = world->now_ms;
    p->coordinator.wall_ms = STARTED_MS + world->now_ms + world->set_ms;
    hear_of_departures(p);
    begin(p->settings.ledger);
    assert_int_equal(shared_limits_read(&p->coordinator, &err), 0);
    if (ready > IN_FLIGHT - p->call_count)
        ready = IN_FLIGHT - p->call_count;
    allowed = pace_allowance(p->coordinator.pace, world->now_ms, ready, &until_ms, &pace_state);
    for (; allowed; allowed--) {
        pace_grant(p->coordinator.pace, world->now_ms);
        p->calls[p->call_count++].leaves_ms =
            world->now_ms + 1 + below(world, 3) * below(world, 300);
    }
    assert_int_equal(shared_limits_write(&p->coordinator, &err), 0);
    commit(p->settings.ledger);
}

static void step(struct world *world, struct process *processes, size_t count, int64_t ms)
{
    for (size_t i = 0; i < count; i++)
        let_leave(world, &processes[i], world->now_ms + ms);
    world->now_ms += ms;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void assert_rate_held(struct world *world)
{
    qsort(world->departures, world->departure_count, sizeof(*world->departures), compare);
    for (size_t i = RATE; i < world->departure_count; i++)
        if (world->departures[i] - world->departures[i - RATE] <= 1000)
            fail_msg("%d calls left within %lld ms", RATE + 1,
                     (long long)(world->departures[i] - world->departures[i - RATE]));
}

/* A start grants what the rate allows and is killed before it hears of any departure; the next one
 * tells of its own, and is killed as well. */
static void two_kills_within_a_second_do_not_break_the_rate(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);
    struct world world = {.path = place->path, .now_ms = 5000};
    struct process p;

    for (int starts = 0; starts < 4; starts++) {
        start_process(&world, &p, &run, RATE);
        take_turn(&world, &p, starts ? IN_FLIGHT : RATE - 1);
        for (size_t i = 0; i < p.call_count; i++)
            p.calls[i].leaves_ms = world.now_ms + 100;
        step(&world, &p, 1, 150);
        kill_process(&p);
    }
    assert_int_equal(world.departure_count, RATE);
}

/* A call may wait long for its connection: when it was last told of says nothing of when it left.
 */
static void a_call_that_waited_long_counts_when_its_run_is_killed(void **state)
{
    struct place *place = *state;
    struct run_record one = create_run(place->ledger, 1);
    struct run_record other = create_run(place->ledger, 2);
    struct world world = {.path = place->path, .now_ms = 5000};
    struct process p[2];

    start_process(&world, &p[0], &one, RATE);
    start_process(&world, &p[1], &other, RATE);
    take_turn(&world, &p[0], IN_FLIGHT);
    assert_int_equal(p[0].call_count, RATE);
    for (size_t i = 0; i < p[0].call_count; i++)
        p[0].calls[i].leaves_ms = world.now_ms + 3000;
    step(&world, p, 2, 3001);
    kill_process(&p[0]);
    for (int i = 0; i < 4; i++, step(&world, &p[1], 1, 100))
        take_turn(&world, &p[1], IN_FLIGHT);
    assert_int_equal(world.departure_count, RATE);
    kill_process(&p[1]);
}

static void what_a_run_without_a_rate_had_pending_is_not_lost_with_its_next_start(void **state)
{
    struct place *place = *state;
    struct run_record one = create_run(place->ledger, 1);
    struct run_record other = create_run(place->ledger, 2);
    struct world world = {.path = place->path, .now_ms = 5000};
    struct process p[2];

    start_process(&world, &p[0], &one, 0);
    take_turn(&world, &p[0], IN_FLIGHT);
    assert_int_equal(p[0].call_count, IN_FLIGHT);
    for (size_t i = 0; i < p[0].call_count; i++)
        p[0].calls[i].leaves_ms = world.now_ms + 10;
    step(&world, p, 1, 20);
    kill_process(&p[0]);
    start_process(&world, &p[0], &one, 0);
    take_turn(&world, &p[0], 2);
    for (size_t i = 0; i < p[0].call_count; i++)
        p[0].calls[i].leaves_ms = NEVER;
    kill_process(&p[0]);
    start_process(&world, &p[1], &other, RATE);
    take_turn(&world, &p[1], IN_FLIGHT);
    assert_int_equal(p[1].call_count, 0);
    step(&world, &p[1], 1, 1100);
    take_turn(&world, &p[1], IN_FLIGHT);
    assert_int_equal(p[1].call_count, RATE);
    kill_process(&p[1]);
}

#define RUNS 3
#define TURNS 700

static void the_rate_holds_over_any_number_of_starts_and_runs(void **state)
{
    struct place *place = *state;
    struct run_record runs[RUNS];
    struct process processes[RUNS] = {0};
    static struct world world;

    world = (struct world){.path = place->path, .random = 20221212, .now_ms = 5000};
    for (size_t i = 0; i < RUNS; i++)
        runs[i] = create_run(place->ledger, (unsigned char)(i + 1));
    for (int turn = 0; turn < TURNS; turn++) {
        size_t i = (size_t)below(&world, RUNS);

        if (!processes[i].coordinator.settings)
            start_process(&world, &processes[i], &runs[i], RATE);
        take_turn(&world, &processes[i], IN_FLIGHT);
        step(&world, processes, RUNS, below(&world, 60));
        if (below(&world, 4) == 0)
            kill_process(&processes[i]);
    }
    for (size_t i = 0; i < RUNS; i++)
        if (processes[i].coordinator.settings)
            kill_process(&processes[i]);
    assert_true(world.departure_count > 40);
    assert_rate_held(&world);
}

/* Forwards or back, by a second or by a day, while runs go on. */
static void the_rate_holds_while_the_clock_is_set(void **state)
{
    static const int64_t steps[] = {1000, -1000, 3600000, -3600000, 86400000, -86400000};
    struct place *place = *state;
    struct run_record runs[RUNS];
    struct process processes[RUNS] = {0};
    static struct world world;

    world = (struct world){.path = place->path, .random = 3, .now_ms = 5000};
    for (size_t i = 0; i < RUNS; i++) {
        runs[i] = create_run(place->ledger, (unsigned char)(i + 1));
        start_process(&world, &processes[i], &runs[i], RATE);
    }
    for (int turn = 0; turn < 3 * TURNS; turn++) {
        size_t first = (size_t)below(&world, RUNS);

        /* Each within a tick, as the coordinator's are. */
        for (size_t i = 0; i < RUNS; i++) {
            take_turn(&world, &processes[(first + i) % RUNS], IN_FLIGHT);
            step(&world, processes, RUNS, below(&world, 30));
            if (below(&world, 150) == 0)
                world.set_ms += steps[below(&world, 6)];
        }
    }
    for (size_t i = 0; i < RUNS; i++)
        kill_process(&processes[i]);
    assert_true(world.departure_count > 400);
    assert_rate_held(&world);
}

/* What it told before the clock was set back is its own still, and counts once. */
static void a_run_is_not_slowed_by_its_own_calls_once_the_clock_was_set_back(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);
    struct world world = {.path = place->path, .random = 1, .now_ms = 5000};
    struct process p;
    size_t before;

    start_process(&world, &p, &run, RATE);
    for (int i = 0; i < 300; i++, step(&world, &p, 1, 10))
        take_turn(&world, &p, IN_FLIGHT);
    before = world.departure_count;
    world.set_ms = -3600000;
    for (int i = 0; i < 1000; i++, step(&world, &p, 1, 10))
        take_turn(&world, &p, IN_FLIGHT);
    kill_process(&p);
    assert_true(before >= 2 * RATE);
    /* Ten seconds, less what nobody can tell, and a second of calls that wait to leave. */
    assert_true(world.departure_count - before >= 7 * RATE);
    assert_rate_held(&world);
}

/* Wherever its clock went meanwhile, no call of a turn is left out. */
static void departures_of_a_turn_in_which_the_clock_was_set_are_all_told(void **state)
{
    struct place *place = *state;
    struct run_record one = create_run(place->ledger, 1);
    struct world world = {.path = place->path, .now_ms = 100000};
    struct turn turn = {.window_ms = PACE_WINDOW_MS};
    struct turn_facts facts;
    struct process p;

    start_process(&world, &p, &one, RATE);
    begin(p.settings.ledger);
    assert_int_equal(shared_limits_read(&p.coordinator, &err), 0);
    for (int64_t i = 0; i < 2 * STATE_STRETCHES; i++)
        shared_limits_note_departure(&p.coordinator, p.coordinator.now_ms + i * LEDGER_STRETCH_MS);
    assert_int_equal(shared_limits_write(&p.coordinator, &err), 0);
    commit(p.settings.ledger);
    turn.now_ms = p.coordinator.wall_ms;
    begin(place->ledger);
    assert_int_equal(ledger_turn_facts(place->ledger, &app, &turn, &facts, &err), 0);
    assert_int_equal(facts.others, 2 * STATE_STRETCHES);
    ledger_rollback(place->ledger);
    kill_process(&p);
}

/* One that was set back between two starts tells nothing of how long ago the calls left. */
static void calls_that_left_by_a_clock_ahead_count_for_the_start_that_follows(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);
    const struct turn turn = {.run = run.id,
                              .is_first = true,
                              .began_ms = STARTED_MS,
                              .now_ms = STARTED_MS,
                              .window_ms = PACE_WINDOW_MS};
    struct turn_facts facts;

    for (int starts = 0; starts < 2; starts++) {
        begin(place->ledger);
        if (!starts)
            assert_int_equal(
                ledger_departures_add(place->ledger, &app, run.id, STARTED_MS + 3600000, 5, &err),
                0);
        assert_int_equal(ledger_turn_facts(place->ledger, &app, &turn, &facts, &err), 0);
        assert_int_equal(facts.others, 5);
        commit(place->ledger);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LEDGER(calls_that_left_by_a_clock_ahead_count_for_the_start_that_follows),
        WITH_LEDGER(two_kills_within_a_second_do_not_break_the_rate),
        WITH_LEDGER(a_call_that_waited_long_counts_when_its_run_is_killed),
        WITH_LEDGER(what_a_run_without_a_rate_had_pending_is_not_lost_with_its_next_start),
        WITH_LEDGER(the_rate_holds_over_any_number_of_starts_and_runs),
        WITH_LEDGER(the_rate_holds_while_the_clock_is_set),
        WITH_LEDGER(a_run_is_not_slowed_by_its_own_calls_once_the_clock_was_set_back),
        WITH_LEDGER(departures_of_a_turn_in_which_the_clock_was_set_are_all_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
