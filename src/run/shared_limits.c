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
void shared_limits_note_departure(struct coordinator *c, int64_t sent_mono_ms)
{
    int64_t sent_ms = c->wall_ms - (c->now_ms - sent_mono_ms);
    int64_t stretch = sent_ms - sent_ms % LEDGER_STRETCH_MS;

    if (sent_ms < c->wall_ms - PACE_WINDOW_MS)
        return;
    for (size_t i = 0; i < STATE_STRETCHES; i++) {
        bool is_last = i == STATE_STRETCHES - 1; /* somebody plays with the clock */

        if (c->departures[i].calls && c->departures[i].stretch_ms != stretch && !is_last)
            continue;
        c->departures[i].stretch_ms = stretch;
        c->departures[i].calls++;
        return;
    }
}

int shared_limits_ban(struct coordinator *c, const struct verdict *verdict, struct error *err)
{
    const struct coordinator_settings *s = c->settings;
    const struct app app = state_app(c);

    return ledger_ban_set(s->ledger, &app, c->wall_ms, verdict->wait_ms, err);
}

/* A ban that is over at once leaves just that: the call that goes first after a ban. */
int shared_limits_quota(struct coordinator *c, struct error *err)
{
    const struct coordinator_settings *s = c->settings;
    const struct app app = state_app(c);

    return ledger_ban_set(s->ledger, &app, c->wall_ms, 0, err);
}

/* Where the clock was set back since, a ban would begin anew with each start, until the clock shows
 * the old time again: it begins once more, now. */
static int shorten_ban(const struct coordinator *c, struct ban *ban, struct error *err)
{
    const struct coordinator_settings *s = c->settings;
    const struct app app = state_app(c);

    if (ban->wait_ms < 0 || ban->until_ms - c->wall_ms <= ban->wait_ms)
        return 0;
    if (ledger_begin(s->ledger, err))
        return -1;
    if (ledger_ban_set(s->ledger, &app, c->wall_ms, ban->wait_ms, err)) {
        ledger_rollback(s->ledger);
        return -1;
    }
    ban->until_ms = c->wall_ms + ban->wait_ms;
    return ledger_commit(s->ledger, err);
}

int shared_limits_begin(struct coordinator *c, struct error *err)
{
    const struct coordinator_settings *s = c->settings;
    const struct app app = state_app(c);
    struct ban ban;
    int64_t rest_ms;

    if (ledger_ban_get(s->ledger, &app, c->wall_ms, &ban, err) || shorten_ban(c, &ban, err))
        return -1;
    if (!ban.until_ms || clock_beijing_day(ban.until_ms) < clock_beijing_day(c->wall_ms))
        return 0;
    c->ban_until_ms = ban.until_ms;
    rest_ms = ledger_ban_rest_ms(&ban, c->wall_ms);
    pace_ban_until(c->pace, c->now_ms + (rest_ms ? rest_ms : 1), c->now_ms);
    return 0;
}

static void hear_of_ban(struct coordinator *c, const struct ban *ban)
{
    int64_t rest_ms = ledger_ban_rest_ms(ban, c->wall_ms);

    if (!rest_ms || ban->until_ms == c->ban_until_ms)
        return;
    c->ban_until_ms = ban->until_ms;
    pace_ban_until(c->pace, c->now_ms + rest_ms, c->now_ms);
    pool_recall(c->pool);
}

/* What this run told before has its times by the clock as it was. */
static void look_at_clock(struct coordinator *c)
{
    int64_t ahead_ms = c->wall_ms - c->now_ms;
    int64_t set_ms = ahead_ms - c->clock.ahead_ms;

    c->clock.ahead_ms = ahead_ms;
    if (!c->began_ms || (set_ms < CLOCK_SET_MS && set_ms > -CLOCK_SET_MS))
        return;
    c->began_ms += set_ms;
    c->clock.doubt_until_ms = c->now_ms + PACE_WINDOW_MS + LEDGER_STRETCH_MS + CLOCK_SEEN_MS;
}

/* Other runs may have to keep a rate though this one has none: so each start has a first turn. */
static struct turn turn_of(struct coordinator *c)
{
    struct turn turn = {
        .run = c->settings->run->id,
        .is_first = !c->began_ms,
        .now_ms = c->wall_ms,
        .window_ms = c->rate ? PACE_WINDOW_MS : 0,
        .rate = c->settings->rate,
        .taken = c->rate ? pace_taken(c->pace, c->now_ms) : 0,
    };

    if (turn.is_first)
        c->began_ms = c->wall_ms;
    turn.began_ms = c->began_ms;
    return turn;
}

/* What of the rate is not this run's. A rate that is still looked for is divided as the limit is.
 */
static int64_t keep_share(struct coordinator *c, const struct turn_facts *facts)
{
    int64_t share = facts->has_share && facts->share < c->rate ? facts->share : c->rate;

    if (!c->settings->rate_is_auto || !share)
        return c->rate - share;
    auto_rate_share(c, (double)share / (double)c->rate);
    return 0;
}

int shared_limits_read(struct coordinator *c, struct error *err)
{
    const struct app app = state_app(c);
    struct turn_facts facts;
    struct turn turn;

    look_at_clock(c);
    turn = turn_of(c);
    if (ledger_turn_facts(c->settings->ledger, &app, &turn, &facts, err))
        return -1;
    hear_of_ban(c, &facts.ban);
    if (!c->rate)
        return 0;
    if (!ledger_is_local(c->settings->ledger))
        facts.others = keep_share(c, &facts);
    else if (c->now_ms < c->clock.doubt_until_ms && facts.others < c->rate)
        facts.others = c->rate;
    pace_others(c->pace, (size_t)facts.others);
    return 0;
}

/* ---- the quota of the day ---- */

static int write_charges(struct coordinator *c, struct error *err)
{
    const struct coordinator_settings *s = c->settings;
    const struct app app = state_app(c);

    for (size_t i = 0; i < STATE_DAYS && c->charges[i].day; i++)
        if (c->charges[i].calls &&
            ledger_calls_add(s->ledger, &app, c->charges[i].day, c->charges[i].calls, err))
            return -1;
    memset(c->charges, 0, sizeof(c->charges));
    return 0;
}

static int charge(struct coordinator *c, int32_t day, int64_t calls, struct error *err)
{
    size_t i = 0;

    while (i < STATE_DAYS && c->charges[i].day && c->charges[i].day != day)
        i++;
    if (i == STATE_DAYS) {
        if (write_charges(c, err))
            return -1;
        i = 0;
    }
    c->charges[i].day = day;
    c->charges[i].calls += calls;
    return 0;
}

/* The longest that a call may wait for its turn and its connection once its intent is durable. */
static int64_t longest_wait_ms(const struct coordinator *c)
{
    const struct client_settings *client = &c->submit.client;

    return 2 * (client->connect_timeout_ms + client->timeout_ms) + 1000;
}

int shared_limits_charge_call(struct coordinator *c, struct job *job, struct error *err)
{
    job->days[0] = clock_beijing_day(c->wall_ms);
    job->days[1] = clock_beijing_day(c->wall_ms + longest_wait_ms(c));
    if (charge(c, job->days[0], 1, err))
        return -1;
    if (job->days[1] != job->days[0])
        return charge(c, job->days[1], 1, err);
    job->days[1] = 0;
    return 0;
}

/* Counted on that day alone; 0: on none. */
static int keep_day(struct coordinator *c, struct job *job, int32_t day, struct error *err)
{
    bool counted = day == 0;

    for (int i = 0; i < 2; i++) {
        if (job->days[i] && job->days[i] == day)
            counted = true;
        else if (job->days[i] && charge(c, job->days[i], -1, err))
            return -1;
        job->days[i] = 0;
    }
    return counted ? 0 : charge(c, day, 1, err);
}

int shared_limits_correct_call(struct coordinator *c, struct job *job, struct error *err)
{
    const struct exchange *x = &job->exchange;
    int32_t day = x->phase == PHASE_NOT_SENT ? 0 : clock_beijing_day(x->sent_ms);

    return keep_day(c, job, day, err);
}

int shared_limits_take_back_call(struct coordinator *c, struct job *job, struct error *err)
{
    return keep_day(c, job, 0, err);
}

int64_t shared_limits_charged(const struct coordinator *c, int32_t day)
{
    for (size_t i = 0; i < STATE_DAYS; i++)
        if (c->charges[i].day == day)
            return c->charges[i].calls;
    return 0;
}

static int write_departures(struct coordinator *c, struct error *err)
{
    const struct coordinator_settings *s = c->settings;
    const struct app app = state_app(c);

    for (size_t i = 0; i < STATE_STRETCHES && c->departures[i].calls; i++)
        if (ledger_departures_add(s->ledger, &app, s->run->id, c->departures[i].stretch_ms,
                                  c->departures[i].calls, err))
            return -1;
    memset(c->departures, 0, sizeof(c->departures));
    return 0;
}

int shared_limits_write(struct coordinator *c, struct error *err)
{
    const struct coordinator_settings *s = c->settings;
    const struct app app = state_app(c);
    int64_t pending = pace_pending(c->pace);

    if (write_charges(c, err) || write_departures(c, err))
        return -1;
    if (pending == c->pending)
        return 0;
    c->pending = pending;
    return ledger_pending_set(s->ledger, &app, s->run->id, pending, c->wall_ms, err);
}
