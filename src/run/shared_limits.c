#include "shared_limits.h"

#include <string.h>

#include "auto_rate.h"
#include "base/clock.h"
#include "ledger/shared_limits.h"
#include "state.h"

/* What the clock on the wall is set by for certain: less may be a moment between two looks. What
 * comes of less is that calls of other runs count for so much too short a time. */
#define CLOCK_SET_MS 250

/* How long after that the turns of all runs have seen it. */
#define CLOCK_SEEN_MS 500

/* What is told to other runs is by the clock as it is now. */
void shared_limits_note_departure(struct batch *b, int64_t sent_mono_ms)
{
    int64_t sent_ms = b->wall_ms - (b->now_ms - sent_mono_ms);
    int64_t stretch = sent_ms - sent_ms % LEDGER_STRETCH_MS;

    if (sent_ms < b->wall_ms - PACE_WINDOW_MS)
        return;
    for (size_t i = 0; i < STATE_STRETCHES; i++) {
        bool is_last = i == STATE_STRETCHES - 1; /* somebody plays with the clock */

        if (b->departures[i].calls && b->departures[i].stretch_ms != stretch && !is_last)
            continue;
        b->departures[i].stretch_ms = stretch;
        b->departures[i].calls++;
        return;
    }
}

int shared_limits_ban(struct batch *b, const struct verdict *verdict, struct error *err)
{
    const struct batch_settings *s = b->settings;
    const struct app app = state_app(b);

    return ledger_ban_set(s->ledger, &app, b->wall_ms, verdict->wait_ms, err);
}

/* A ban that is over at once leaves just that: the call that goes first after a ban. */
int shared_limits_quota(struct batch *b, struct error *err)
{
    const struct batch_settings *s = b->settings;
    const struct app app = state_app(b);

    return ledger_ban_set(s->ledger, &app, b->wall_ms, 0, err);
}

/* Where the clock was set back since, a ban would begin anew with each start, until the clock shows
 * the old time again: it begins once more, now. */
static int shorten_ban(const struct batch *b, struct ban *ban, struct error *err)
{
    const struct batch_settings *s = b->settings;
    const struct app app = state_app(b);

    if (ban->wait_ms < 0 || ban->until_ms - b->wall_ms <= ban->wait_ms)
        return 0;
    if (ledger_begin(s->ledger, err))
        return -1;
    if (ledger_ban_set(s->ledger, &app, b->wall_ms, ban->wait_ms, err)) {
        ledger_rollback(s->ledger);
        return -1;
    }
    ban->until_ms = b->wall_ms + ban->wait_ms;
    return ledger_commit(s->ledger, err);
}

int shared_limits_begin(struct batch *b, struct error *err)
{
    const struct batch_settings *s = b->settings;
    const struct app app = state_app(b);
    struct ban ban;
    int64_t rest_ms;

    if (ledger_ban_get(s->ledger, &app, b->wall_ms, &ban, err) || shorten_ban(b, &ban, err))
        return -1;
    if (!ban.until_ms || clock_beijing_day(ban.until_ms) < clock_beijing_day(b->wall_ms))
        return 0;
    b->ban_until_ms = ban.until_ms;
    rest_ms = ledger_ban_rest_ms(&ban, b->wall_ms);
    pace_ban_until(b->pace, b->now_ms + (rest_ms ? rest_ms : 1), b->now_ms);
    return 0;
}

static void hear_of_ban(struct batch *b, const struct ban *ban)
{
    int64_t rest_ms = ledger_ban_rest_ms(ban, b->wall_ms);

    if (!rest_ms || ban->until_ms == b->ban_until_ms)
        return;
    b->ban_until_ms = ban->until_ms;
    pace_ban_until(b->pace, b->now_ms + rest_ms, b->now_ms);
    pool_recall(b->pool);
}

/* What this run told before has its times by the clock as it was. */
static void look_at_clock(struct batch *b)
{
    int64_t ahead_ms = b->wall_ms - b->now_ms;
    int64_t set_ms = ahead_ms - b->clock.ahead_ms;

    b->clock.ahead_ms = ahead_ms;
    if (!b->began_ms || (set_ms < CLOCK_SET_MS && set_ms > -CLOCK_SET_MS))
        return;
    b->began_ms += set_ms;
    b->clock.doubt_until_ms = b->now_ms + PACE_WINDOW_MS + LEDGER_STRETCH_MS + CLOCK_SEEN_MS;
}

/* Other runs may have to keep a rate though this one has none: so each start has a first turn. */
static struct turn turn_of(struct batch *b)
{
    struct turn turn = {
        .run = b->settings->run->id,
        .is_first = !b->began_ms,
        .now_ms = b->wall_ms,
        .window_ms = b->rate ? PACE_WINDOW_MS : 0,
        .rate = b->settings->rate,
        .taken = b->rate ? pace_taken(b->pace, b->now_ms) : 0,
    };

    if (turn.is_first)
        b->began_ms = b->wall_ms;
    turn.began_ms = b->began_ms;
    return turn;
}

/* What of the rate is not this run's. A rate that is still looked for is divided as the limit is.
 */
static int64_t keep_share(struct batch *b, const struct turn_facts *facts)
{
    int64_t share = facts->has_share && facts->share < b->rate ? facts->share : b->rate;

    if (!b->settings->rate_is_auto || !share)
        return b->rate - share;
    auto_rate_share(b, (double)share / (double)b->rate);
    return 0;
}

int shared_limits_read(struct batch *b, struct error *err)
{
    const struct app app = state_app(b);
    struct turn_facts facts;
    struct turn turn;

    look_at_clock(b);
    turn = turn_of(b);
    if (ledger_turn_facts(b->settings->ledger, &app, &turn, &facts, err))
        return -1;
    hear_of_ban(b, &facts.ban);
    if (!b->rate)
        return 0;
    if (!ledger_is_local(b->settings->ledger))
        facts.others = keep_share(b, &facts);
    else if (b->now_ms < b->clock.doubt_until_ms && facts.others < b->rate)
        facts.others = b->rate;
    pace_others(b->pace, (size_t)facts.others);
    return 0;
}

/* ---- the quota of the day ---- */

static int write_charges(struct batch *b, struct error *err)
{
    const struct batch_settings *s = b->settings;
    const struct app app = state_app(b);

    for (size_t i = 0; i < STATE_DAYS && b->charges[i].day; i++)
        if (b->charges[i].calls &&
            ledger_calls_add(s->ledger, &app, b->charges[i].day, b->charges[i].calls, err))
            return -1;
    memset(b->charges, 0, sizeof(b->charges));
    return 0;
}

static int charge(struct batch *b, int32_t day, int64_t calls, struct error *err)
{
    size_t i = 0;

    while (i < STATE_DAYS && b->charges[i].day && b->charges[i].day != day)
        i++;
    if (i == STATE_DAYS) {
        if (write_charges(b, err))
            return -1;
        i = 0;
    }
    b->charges[i].day = day;
    b->charges[i].calls += calls;
    return 0;
}

/* The longest that a call may wait for its turn and its connection once its intent is durable. */
static int64_t longest_wait_ms(const struct batch *b)
{
    const struct client_settings *client = &b->submit.client;

    return 2 * (client->connect_timeout_ms + client->timeout_ms) + 1000;
}

int shared_limits_charge_call(struct batch *b, struct job *job, struct error *err)
{
    job->days[0] = clock_beijing_day(b->wall_ms);
    job->days[1] = clock_beijing_day(b->wall_ms + longest_wait_ms(b));
    if (charge(b, job->days[0], 1, err))
        return -1;
    if (job->days[1] != job->days[0])
        return charge(b, job->days[1], 1, err);
    job->days[1] = 0;
    return 0;
}

/* Counted on that day alone; 0: on none. */
static int settle_days(struct batch *b, struct job *job, int32_t day, struct error *err)
{
    bool counted = day == 0;

    for (int i = 0; i < 2; i++) {
        if (job->days[i] && job->days[i] == day)
            counted = true;
        else if (job->days[i] && charge(b, job->days[i], -1, err))
            return -1;
        job->days[i] = 0;
    }
    return counted ? 0 : charge(b, day, 1, err);
}

int shared_limits_settle_call(struct batch *b, struct job *job, struct error *err)
{
    const struct exchange *x = &job->exchange;
    int32_t day = x->phase == PHASE_NOT_SENT ? 0 : clock_beijing_day(x->sent_ms);

    return settle_days(b, job, day, err);
}

int shared_limits_take_back_call(struct batch *b, struct job *job, struct error *err)
{
    return settle_days(b, job, 0, err);
}

int64_t shared_limits_charged(const struct batch *b, int32_t day)
{
    for (size_t i = 0; i < STATE_DAYS; i++)
        if (b->charges[i].day == day)
            return b->charges[i].calls;
    return 0;
}

static int write_departures(struct batch *b, struct error *err)
{
    const struct batch_settings *s = b->settings;
    const struct app app = state_app(b);

    for (size_t i = 0; i < STATE_STRETCHES && b->departures[i].calls; i++)
        if (ledger_departures_add(s->ledger, &app, s->run->id, b->departures[i].stretch_ms,
                                  b->departures[i].calls, err))
            return -1;
    memset(b->departures, 0, sizeof(b->departures));
    return 0;
}

int shared_limits_write(struct batch *b, struct error *err)
{
    const struct batch_settings *s = b->settings;
    const struct app app = state_app(b);
    int64_t pending = pace_pending(b->pace);

    if (write_charges(b, err) || write_departures(b, err))
        return -1;
    if (pending == b->pending)
        return 0;
    b->pending = pending;
    return ledger_pending_set(s->ledger, &app, s->run->id, pending, b->wall_ms, err);
}
