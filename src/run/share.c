#include "run/share.h"

#include <string.h>

#include "base/clock.h"
#include "run/state.h"

void share_note_departure(struct batch *b, int64_t sent_ms)
{
    int64_t stretch = sent_ms - sent_ms % LEDGER_STRETCH_MS;

    if (sent_ms < b->wall_ms - PACE_WINDOW_MS)
        return;
    for (size_t i = 0; i < STATE_STRETCHES; i++) {
        if (b->departures[i].calls && b->departures[i].stretch_ms != stretch)
            continue;
        b->departures[i].stretch_ms = stretch;
        b->departures[i].calls++;
        return;
    }
}

int share_ban(struct batch *b, const struct verdict *verdict, struct error *err)
{
    const struct batch_settings *s = b->settings;

    return ledger_ban_set(s->ledger, s->platform, s->submit->app.app_key,
                          b->wall_ms + verdict->wait_ms, err);
}

/* A ban that is over at once leaves just that: the call that goes first after a ban. */
int share_quota(struct batch *b, struct error *err)
{
    const struct batch_settings *s = b->settings;

    return ledger_ban_set(s->ledger, s->platform, s->submit->app.app_key, b->wall_ms, err);
}

int share_begin(struct batch *b, struct error *err)
{
    const struct batch_settings *s = b->settings;
    int64_t until_ms;
    int64_t rest_ms;

    if (ledger_ban_get(s->ledger, s->platform, s->submit->app.app_key, &until_ms, err))
        return -1;
    if (!until_ms || clock_beijing_day(until_ms) < clock_beijing_day(b->wall_ms))
        return 0;
    rest_ms = until_ms > b->wall_ms ? until_ms - b->wall_ms : 1;
    pace_ban_until(b->pace, b->now_ms + rest_ms, b->now_ms);
    return 0;
}

static int read_ban(struct batch *b, struct error *err)
{
    const struct batch_settings *s = b->settings;
    int64_t until_ms;

    if (ledger_ban_get(s->ledger, s->platform, s->submit->app.app_key, &until_ms, err))
        return -1;
    if (until_ms <= b->wall_ms || until_ms == b->ban_until_ms)
        return 0;
    b->ban_until_ms = until_ms;
    pace_ban_until(b->pace, b->now_ms + (until_ms - b->wall_ms), b->now_ms);
    pool_recall(b->pool);
    return 0;
}

int share_read(struct batch *b, struct error *err)
{
    const struct batch_settings *s = b->settings;
    int64_t calls;

    if (ledger_has_news(s->ledger) && read_ban(b, err))
        return -1;
    if (!s->rate)
        return 0;
    if (ledger_departures_of_others(s->ledger, s->platform, s->submit->app.app_key, s->run->id,
                                    b->wall_ms, PACE_WINDOW_MS, &calls, err))
        return -1;
    pace_others(b->pace, (size_t)calls);
    return 0;
}

static int write_departures(struct batch *b, struct error *err)
{
    const struct batch_settings *s = b->settings;

    for (size_t i = 0; i < STATE_STRETCHES && b->departures[i].calls; i++)
        if (ledger_departures_add(s->ledger, s->platform, s->submit->app.app_key, s->run->id,
                                  b->departures[i].stretch_ms, b->departures[i].calls, err))
            return -1;
    memset(b->departures, 0, sizeof(b->departures));
    return 0;
}

int share_write(struct batch *b, struct error *err)
{
    const struct batch_settings *s = b->settings;
    int64_t pending = pace_pending(b->pace);
    int64_t calls = b->calls;

    b->calls = 0;
    if (calls && ledger_calls_add(s->ledger, s->platform, s->submit->app.app_key,
                                  clock_beijing_day(b->wall_ms), calls, err))
        return -1;
    if (write_departures(b, err))
        return -1;
    if (pending == b->pending)
        return 0;
    b->pending = pending;
    return ledger_pending_set(s->ledger, s->platform, s->submit->app.app_key, s->run->id, pending,
                              b->wall_ms, err);
}
