/* Unit tests of ledger/postgres/alive/share: workers that come, go, are slow, stop and are fenced
 * keep the rate in every sliding second, each by a pace of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "gateway/pace.h"
#include "ledger/postgres/shared/share.h"

#define WORLDS 60
#define WORLD_MS 60000
#define MEMBERS 6
#define LOOK_MS 200
#define FENCE_MS 4000 /* after its last departure, a stopped one is fenced */
#define PENDING_MAX 64

static void a_rate_is_divided_whole(void **state)
{
    (void)state;
    for (int64_t rate = 1; rate <= 40; rate++)
        for (size_t members = 1; members <= 9; members++)
            for (int64_t generation = 0; generation < 9; generation++) {
                int64_t sum = 0, least = rate, most = 0;

                for (size_t i = 0; i < members; i++) {
                    int64_t share = share_divide(rate, members, i, generation);

                    sum += share;
                    least = share < least ? share : least;
                    most = share > most ? share : most;
                }
                assert_int_equal(sum, rate);
                assert_true(most - least <= 1);
            }
    assert_int_equal(share_divide(SHARE_UNLIMITED, 3, 1, 5), SHARE_UNLIMITED);
    assert_int_equal(share_divide(5, 0, 0, 0), 0);
}

/* Where it does not go round, each has its turn. */
static void who_has_nothing_has_it_in_turns(void **state)
{
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        int64_t sum = 0;

        for (int64_t generation = 100; generation < 105; generation++)
            sum += share_divide(2, 5, i, generation);
        assert_int_equal(sum, 2);
    }
}

static void moves_are_in_their_order(void **state)
{
    static const struct {
        struct share_view view;
        enum share_move move;
        int64_t share;
    } cases[] = {
        {{5, 0, 100, 2, 0, false, 4, 100, 0}, SHARE_SHRINK, 50},
        {{5, 9999, 100, 2, 0, false, 4, 20, 0}, SHARE_SHRINK, 20}, /* it does not grow by it */
        {{5, 9999, 100, 2, 1, false, 5, 0, 0}, SHARE_KEEP, 0},
        {{5, 1099, 100, 2, 1, true, 5, 0, 0}, SHARE_KEEP, 0},
        {{5, 1100, 100, 2, 1, true, 5, 0, 0}, SHARE_GROW, 50},
        {{5, 1100, 100, 2, 1, true, 5, 50, 0}, SHARE_KEEP, 50},
        {{5, 1100, SHARE_UNLIMITED, 2, 1, true, 5, 50, 0}, SHARE_GROW, SHARE_UNLIMITED},
        {{4, 9999, 1, 2, 0, true, 4, 1, 0}, SHARE_KEEP, 1},
        {{4, 10000, 1, 2, 0, true, 4, 1, 0}, SHARE_ROTATE, 1},
        {{4, 10000, 1, 2, 0, false, 4, 1, 0}, SHARE_KEEP, 1},
        {{5, 0, 100, 1, 0, true, 5, 0, 1099}, SHARE_KEEP, 0},
        {{5, 0, 100, 1, 0, true, 5, 0, 1100}, SHARE_GROW, 100},
        {{5, 0, 100, 2, 0, true, 5, 0, 1100}, SHARE_KEEP, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        int64_t share;

        if (share_next(&cases[i].view, &share) != cases[i].move || share != cases[i].share)
            fail_msg("case %zu", i);
    }
}

/* ---- many of them ---- */

static uint64_t seed;

static int64_t upto(int64_t most)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int64_t)((seed >> 33) % (uint64_t)(most + 1));
}

struct member {
    bool is_in;      /* as the ledger knows */
    bool is_stopped; /* it does nothing until it is fenced */
    int64_t acked, share;
    int64_t obeys;            /* the share that it keeps */
    int64_t look_ms, told_ms; /* when it looks next; when it hears that the ledger has its share */
    int64_t grown;            /* … which is this */
    struct pace *pace;
    struct pace_ticket tickets[PENDING_MAX];
    int64_t leaves_ms[PENDING_MAX]; /* of granted calls */
    size_t pending;
    int64_t last_ms; /* its last departure */
    int64_t sent;
};

struct world {
    int64_t rate, now_ms, generation, changed_ms, left_ms;
    struct member members[MEMBERS];
    int32_t departed[WORLD_MS];
    int64_t in_second;
};

static void raise_generation(struct world *w)
{
    w->generation++;
    w->changed_ms = w->now_ms;
}

static void enter(struct world *w, struct member *m)
{
    const struct pace_settings settings = {.rate = w->rate, .in_flight = PENDING_MAX};
    struct error err;

    raise_generation(w);
    *m = (struct member){.is_in = true, .acked = w->generation, .look_ms = w->now_ms + upto(500)};
    m->pace = pace_open(&settings, &err);
    assert_non_null(m->pace);
    pace_others(m->pace, (size_t)w->rate);
}

static void leave(struct world *w, struct member *m)
{
    raise_generation(w);
    w->left_ms = w->now_ms;
    pace_close(m->pace);
    m->pace = NULL;
    m->is_in = false;
}

static struct share_view view_of(const struct world *w, const struct member *m)
{
    struct share_view view = {.generation = w->generation,
                              .changed_ms_ago = w->now_ms - w->changed_ms,
                              .rate = w->rate,
                              .all_acked = true,
                              .acked = m->acked,
                              .share = m->share,
                              .left_ms_ago = w->now_ms - w->left_ms};

    for (const struct member *other = w->members; other < w->members + MEMBERS; other++) {
        if (!other->is_in)
            continue;
        view.members++;
        view.before += other < m;
        view.all_acked &= other->acked == w->generation;
    }
    return view;
}

static void obey(struct world *w, struct member *m, int64_t share)
{
    m->obeys = share;
    pace_others(m->pace, (size_t)(w->rate - share));
}

/* A look, and what follows from it. The ledger has a share before its member hears that it does. */
static void look(struct world *w, struct member *m)
{
    struct share_view view = view_of(w, m);
    int64_t share;

    switch (share_next(&view, &share)) {
    case SHARE_SHRINK:
        if (share < m->obeys)
            obey(w, m, share);
        if (pace_taken(m->pace, w->now_ms) <= share) {
            m->share = share;
            m->acked = view.generation;
        }
        break;
    case SHARE_GROW:
        m->share = m->grown = share;
        m->told_ms = w->now_ms + upto(300);
        break;
    case SHARE_ROTATE:
        raise_generation(w);
        break;
    case SHARE_KEEP:
        break;
    }
    m->look_ms = w->now_ms + 1 + upto(LOOK_MS);
}

/* Grants what its pace allows. A call may take long to leave. */
static void grant(struct world *w, struct member *m)
{
    enum pace_state why;
    int64_t until_ms;
    size_t room = pace_allowance(m->pace, w->now_ms, PENDING_MAX - m->pending, &until_ms, &why);

    for (; room; room--) {
        m->tickets[m->pending] = pace_grant(m->pace, w->now_ms);
        m->leaves_ms[m->pending++] = w->now_ms + upto(3) * upto(600);
    }
}

static void send_due(struct world *w, struct member *m)
{
    static const struct verdict accepted = {.kind = VERDICT_ACCEPTED, .wait_ms = -1};

    for (size_t i = 0; i < m->pending;) {
        if (m->leaves_ms[i] > w->now_ms) {
            i++;
            continue;
        }
        w->departed[w->now_ms]++;
        m->last_ms = w->now_ms;
        m->sent++;
        pace_sent(m->pace, w->now_ms);
        pace_judged(m->pace, m->tickets[i], &accepted, w->now_ms);
        m->pending--;
        m->tickets[i] = m->tickets[m->pending];
        m->leaves_ms[i] = m->leaves_ms[m->pending];
    }
}

static void step(struct world *w, struct member *m)
{
    if (!m->is_in) {
        if (upto(8000) == 0)
            enter(w, m);
        return;
    }
    if (m->is_stopped) {
        if (w->now_ms - m->last_ms >= FENCE_MS)
            leave(w, m);
        return;
    }
    send_due(w, m);
    if (m->told_ms && w->now_ms >= m->told_ms) {
        m->told_ms = 0;
        obey(w, m, m->grown);
    }
    if (w->now_ms >= m->look_ms && !m->told_ms)
        look(w, m);
    grant(w, m);
    if (m->pending == 0 && upto(15000) == 0)
        leave(w, m);
    else if (upto(30000) == 0) {
        m->is_stopped = true;
        m->last_ms = w->now_ms;
    }
}

/* Goal: whatever happens, no second has more than the rate; and the rate is used. */
static void every_second_of_all_keeps_the_rate(void **state)
{
    static struct world w;
    int64_t all = 0, possible = 0;

    (void)state;
    for (uint64_t number = 0; number < WORLDS; number++) {
        memset(&w, 0, sizeof(w));
        seed = number;
        w.rate = 1 + upto(1) * upto(60) + upto(2);
        for (w.now_ms = 0; w.now_ms < WORLD_MS; w.now_ms++) {
            for (size_t i = 0; i < MEMBERS; i++)
                step(&w, &w.members[i]);
            w.in_second += w.departed[w.now_ms];
            if (w.now_ms >= 1000)
                w.in_second -= w.departed[w.now_ms - 1000];
            if (w.in_second > w.rate)
                fail_msg("world %d, %d ms: %d of %d", (int)number, (int)w.now_ms, (int)w.in_second,
                         (int)w.rate);
            all += w.departed[w.now_ms];
        }
        possible += w.rate * WORLD_MS / 1000;
        for (size_t i = 0; i < MEMBERS; i++)
            pace_close(w.members[i].pace);
    }
    if (all < possible / 5)
        fail_msg("%d of %d", (int)all, (int)possible);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_is_divided_whole),
        cmocka_unit_test(who_has_nothing_has_it_in_turns),
        cmocka_unit_test(moves_are_in_their_order),
        cmocka_unit_test(every_second_of_all_keeps_the_rate),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
