/* Unit tests of run/grant: which rows that are ready get an intent in this turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "run/grant.h"
#include "run/shared_limits.h"
#include "run/state.h"

#include "ledger/shared_limits.h"
#include "ledger_place.h"

#define APP_KEY "key"
#define IN_FLIGHT 2
#define ROWS 6 /* that are ready, of claims A to F */

static const struct app app = {PLATFORM, APP_KEY};

static const char *const names[ROWS] = {"A", "B", "C", "D", "E", "F"};

/* A turn of a run in which all rows are ready. */
struct scene {
    struct coordinator coordinator;
    struct coordinator_settings settings;
    struct submit_settings submit;
    struct row_source row_source;
    struct run_record run;
    struct job *granted;
};

static void set_scene(struct place *place, struct scene *s)
{
    const struct pace_settings pace = {.in_flight = IN_FLIGHT, .seed = 1};

    memset(s, 0, sizeof(*s));
    s->run = create_run(place->ledger, 1);
    s->submit.app.app_key = APP_KEY;
    s->settings = (struct coordinator_settings){.ledger = place->ledger,
                                                .platform = PLATFORM,
                                                .run = &s->run,
                                                .row_source = &s->row_source,
                                                .submit = &s->submit,
                                                .in_flight = IN_FLIGHT};
    s->coordinator.settings = &s->settings;
    s->coordinator.now_ms = 100000;
    s->coordinator.wall_ms = STARTED_MS;
    s->coordinator.pace = pace_open(&pace, &err);
    assert_int_equal(window_open(ROWS, &s->coordinator.window, &err), 0);
    for (uint64_t i = 0; i < ROWS; i++) {
        struct job *job = window_spare(s->coordinator.window);

        job->row = i + 2;
        job->claim = (struct claim){.workcard_id = WORKCARD, .claim_order_no = names[i]};
        assert_int_equal(window_enter(s->coordinator.window, job, &err), 0);
        window_move(s->coordinator.window, job, JOB_READY, INT64_MIN);
    }
}

static void clear_scene(struct scene *s)
{
    window_close(s->coordinator.window);
    pace_close(s->coordinator.pace);
}

/* One turn's grants; how many there are. Which rows they are of is told in `rows`. */
static size_t grant(struct scene *s, uint64_t rows[ROWS])
{
    size_t count = 0;

    begin(s->settings.ledger);
    if (grant_jobs(&s->coordinator, &s->granted, &err) ||
        grant_take_back(&s->coordinator, &s->granted, &err))
        fail_msg("%s", err.text);
    commit(s->settings.ledger);
    for (const struct job *job = s->granted; job; job = job->queue_next)
        rows[count++] = job->row;
    return count;
}

static void rows_are_granted_in_their_order_with_an_intent_each(void **state)
{
    uint64_t rows[ROWS];
    struct scene s;

    set_scene(*state, &s);
    assert_int_equal(grant(&s, rows), 2 * IN_FLIGHT);
    for (size_t i = 0; i < 2 * IN_FLIGHT; i++) {
        assert_int_equal(rows[i], i + 2);
        assert_true(claim_of(s.settings.ledger, names[i]).open_is_intent);
    }
    assert_int_equal(s.granted->attempts, 1);
    assert_int_equal(window_count(s.coordinator.window, JOB_GRANTED), 2 * IN_FLIGHT);
    assert_false(claim_of(s.settings.ledger, names[2 * IN_FLIGHT]).open);
    /* There is no room before some of them have come back. */
    assert_int_equal(grant(&s, rows), 0);
    clear_scene(&s);
}

static void claim_that_another_run_has_begun_to_send_is_judged_again(void **state)
{
    struct place *place = *state;
    struct run_record other = create_run(place->ledger, 2);
    const size_t theirs[] = {0, 2, 3}; /* of the names; their rows are two behind that */
    uint64_t rows[ROWS];
    struct scene s;

    set_scene(place, &s);
    begin(place->ledger);
    for (size_t i = 0; i < sizeof(theirs) / sizeof(*theirs); i++) {
        struct row_ref ref = ref_of(other.id, 9 + i, names[theirs[i]]);

        intend(place->ledger, &ref);
    }
    commit(place->ledger);
    assert_int_equal(grant(&s, rows), 1);
    assert_int_equal(rows[0], 3);
    for (size_t i = 0; i < sizeof(theirs) / sizeof(*theirs); i++) {
        struct job *job = window_find(s.coordinator.window, theirs[i] + 2);

        assert_int_equal(job->state, JOB_JUDGE);
        assert_int_equal(job->attempts, 0);
        assert_true(job->due_ms > s.coordinator.now_ms);
        assert_int_equal(claim_of(place->ledger, names[theirs[i]]).open_at.run, other.id);
    }
    /* They count neither against the rate nor on the day. */
    assert_int_equal(pace_pending(s.coordinator.pace), 1);
    assert_int_equal(shared_limits_charged(&s.coordinator, 20221212), 1);
    clear_scene(&s);
}

static size_t count(const struct job *jobs)
{
    size_t count = 0;

    for (; jobs; jobs = jobs->queue_next)
        count++;
    return count;
}

static void quota_of_the_day_is_not_passed(void **state)
{
    static const struct {
        int64_t calls, granted;
    } cases[] = {{0, 2 * IN_FLIGHT}, {7, 3}, {10, 0}, {11, 0}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct place *place = *state;
        struct scene s;

        set_scene(place, &s);
        s.settings.daily_quota = 10;
        begin(place->ledger);
        assert_int_equal(ledger_calls_add(place->ledger, &app, 20221212, cases[i].calls, &err), 0);
        assert_int_equal(grant_jobs(&s.coordinator, &s.granted, &err), 0);
        assert_int_equal(grant_take_back(&s.coordinator, &s.granted, &err), 0);
        ledger_rollback(place->ledger);
        assert_int_equal(count(s.granted), cases[i].granted);
        assert_int_equal(s.coordinator.stop.exit_code, cases[i].granted ? 0 : EXIT_TRY_LATER);
        assert_string_equal(s.coordinator.stop.because, cases[i].granted ? "" : "quota");
        clear_scene(&s);
    }
}

/* While some are in flight it may still be given back. */
static void quota_that_is_used_up_waits_for_those_in_flight(void **state)
{
    struct place *place = *state;
    uint64_t rows[ROWS];
    struct scene s;

    set_scene(place, &s);
    s.settings.daily_quota = 1;
    s.coordinator.outstanding = 1;
    begin(place->ledger);
    assert_int_equal(ledger_calls_add(place->ledger, &app, 20221212, 1, &err), 0);
    commit(place->ledger);
    assert_int_equal(grant(&s, rows), 0);
    assert_int_equal(s.coordinator.stop.exit_code, 0);
    assert_int_equal(s.coordinator.pace_until_ms, INT64_MAX);
    clear_scene(&s);
}

static void nothing_is_granted_in_a_ban_or_a_stop(void **state)
{
    uint64_t rows[ROWS];
    struct scene s;

    set_scene(*state, &s);
    pace_ban_until(s.coordinator.pace, s.coordinator.now_ms + 1000, s.coordinator.now_ms);
    assert_int_equal(grant(&s, rows), 0);
    assert_int_equal(s.coordinator.pace_state, PACE_BAN);
    assert_true(s.coordinator.pace_until_ms >= s.coordinator.now_ms + 1000);
    s.coordinator.now_ms += 1001;
    assert_int_equal(grant(&s, rows), 1); /* one goes first */
    s.coordinator.stop.exit_code = EXIT_STOPPED;
    assert_int_equal(grant(&s, rows), 0);
    assert_int_equal(s.coordinator.pace_state, PACE_OPEN);
    clear_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LEDGER(rows_are_granted_in_their_order_with_an_intent_each),
        WITH_LEDGER(claim_that_another_run_has_begun_to_send_is_judged_again),
        WITH_LEDGER(quota_of_the_day_is_not_passed),
        WITH_LEDGER(quota_that_is_used_up_waits_for_those_in_flight),
        WITH_LEDGER(nothing_is_granted_in_a_ban_or_a_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
