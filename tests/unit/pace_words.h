/* Short words for what the tests of the pace do in every line. */
#ifndef CLAIMBATCH_TESTS_PACE_WORDS_H
#define CLAIMBATCH_TESTS_PACE_WORDS_H

#include <stdint.h>

#include "base/error.h"
#include "gateway/pace.h"

#define T0 INT64_C(1000000)

static inline struct pace *open_pace(int64_t rate, size_t in_flight)
{
    const struct pace_settings settings = {
        .rate = rate, .in_flight = in_flight, .outage_patience_ms = 120000, .seed = 42};
    struct error err = {0};
    struct pace *pace = pace_open(&settings, &err);

    assert_non_null(pace);
    return pace;
}

static inline size_t allowance(struct pace *pace, int64_t now_ms, size_t wanted)
{
    int64_t until_ms = 0;
    enum pace_state state;
    return pace_allowance(pace, now_ms, wanted, &until_ms, &state);
}

static inline void assert_closed(struct pace *pace, int64_t now_ms, enum pace_state state,
                                 int64_t until_ms)
{
    int64_t got_until_ms = 0;
    enum pace_state got_state;

    assert_int_equal(pace_allowance(pace, now_ms, 10, &got_until_ms, &got_state), 0);
    assert_int_equal(got_state, state);
    assert_int_equal(got_until_ms, until_ms);
}

static inline struct verdict verdict_of(enum verdict_kind kind, int64_t wait_ms)
{
    return (struct verdict){.kind = kind, .wait_ms = wait_ms};
}

static inline void judge(struct pace *pace, struct pace_ticket ticket, enum verdict_kind kind,
                         int64_t wait_ms, int64_t now_ms)
{
    struct verdict verdict = verdict_of(kind, wait_ms);
    pace_judged(pace, ticket, &verdict, now_ms);
}

/* One send that leaves at once and is judged at once. */
static inline void send_one(struct pace *pace, enum verdict_kind kind, int64_t wait_ms,
                            int64_t now_ms)
{
    struct pace_ticket ticket;

    assert_true(allowance(pace, now_ms, 1) == 1);
    ticket = pace_grant(pace, now_ms);
    pace_sent(pace, kind == VERDICT_OUTAGE || kind == VERDICT_WITHDRAWN ? -1 : now_ms);
    judge(pace, ticket, kind, wait_ms, now_ms);
}

#endif
