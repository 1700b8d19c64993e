#include "pause_events.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "state.h"

/* EVENT_START: nothing to record. */
static enum event_kind kind_of(enum pace_state cause)
{
    switch (cause) {
    case PACE_BAN:
    case PACE_RETRY_AFTER:
        return EVENT_BAN;
    case PACE_OUTAGE:
        return EVENT_OUTAGE;
    case PACE_BRAKE:
        return EVENT_BRAKE;
    default:
        return EVENT_START;
    }
}

static int put(struct coordinator *c, struct error *err)
{
    return ledger_event_put(c->settings->ledger, c->settings->run->id, &c->pause, err);
}

struct words {
    const char *begin, *end; /* of events */
    const char *name, *what; /* the gateway does */
};

static const struct words *words_of(enum event_kind kind)
{
    static const struct words words[EVENT_KIND_COUNT] = {
        [EVENT_BAN] = {"ban-begin", "ban-end", N_("ban"), N_("the gateway asks to wait")},
        [EVENT_OUTAGE] = {"outage-begin", "outage-end", N_("outage"),
                          N_("the gateway cannot be reached")},
        [EVENT_BRAKE] = {"brake-begin", "brake-end", N_("brake"),
                         N_("the gateway gives no definite answers")},
    };

    return &words[kind];
}

static void say_outage(const struct coordinator *c, const struct words *words, long long patience)
{
    log_event(
        LOG_WARN, words->begin,
        LOG_FIELDS(LOG_FIELD_NUMBER("patience_s", patience),
                   LOG_FIELD_TEXT("code", c->outage.code)),
        "%s: %s; now only single calls are tried, for at most %lld s (--outage-patience). %s: %s",
        _(words->name), _(words->what), patience, c->outage.code, c->outage.message);
}

static void say_begin(const struct coordinator *c)
{
    const struct words *words = words_of(c->pause.kind);
    int64_t until_ms = pace_pause_until(c->pace, c->now_ms);
    long long patience = c->settings->outage_patience_ms / 1000;
    long long wait = until_ms == INT64_MAX ? 0 : (until_ms - c->now_ms + 999) / 1000;

    if (c->pause.kind == EVENT_BAN)
        log_event(LOG_WARN, words->begin, LOG_FIELDS(LOG_FIELD_NUMBER("wait_s", wait)),
                  "%s: %s; nothing is sent for %lld s", _(words->name), _(words->what), wait);
    else if (c->pause.kind == EVENT_OUTAGE)
        say_outage(c, words, patience);
    else
        log_event(LOG_WARN, words->begin, LOG_FIELDS(LOG_FIELD_NUMBER("patience_s", patience)),
                  "%s: %s; now only single calls are tried, for at most %lld s (--outage-patience)",
                  _(words->name), _(words->what), patience);
}

static void say_end(const struct coordinator *c, const char *how)
{
    const struct words *words = words_of(c->pause.kind);
    int64_t duration_ms = c->wall_ms > c->pause.at_ms ? c->wall_ms - c->pause.at_ms : 0;

    log_event(LOG_WARN, words->end, LOG_FIELDS(LOG_FIELD_NUMBER("duration_ms", duration_ms)),
              "%s: %s after %lld.%lld s", _(words->name), how, (long long)duration_ms / 1000,
              (long long)duration_ms / 100 % 10);
}

int pause_events_turn(struct coordinator *c, struct error *err)
{
    enum event_kind kind = kind_of(pace_cause(c->pace));

    if (c->pause.at_ms && c->pause.kind == kind)
        return 0;
    if (c->pause.at_ms) {
        c->pause.until_ms = c->wall_ms;
        if (put(c, err))
            return -1;
        say_end(c, _("over"));
        c->pause.at_ms = 0;
    }
    if (kind == EVENT_START)
        return 0;
    c->pause = (struct event){.kind = kind, .at_ms = c->wall_ms, .text = ""};
    if (put(c, err))
        return -1;
    say_begin(c);
    return 0;
}

void pause_events_end(const struct coordinator *c)
{
    if (c->pause.at_ms)
        say_end(c, _("the run ends in it"));
}
