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

static int put(struct batch *b, struct error *err)
{
    return ledger_event_put(b->settings->ledger, b->settings->run->id, &b->pause, err);
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

static void say_outage(const struct batch *b, const struct words *words, long long patience)
{
    log_event(
        LOG_WARN, words->begin,
        LOG_FIELDS(LOG_FIELD_NUMBER("patience_s", patience),
                   LOG_FIELD_TEXT("code", b->outage.code)),
        "%s: %s; now only single calls are tried, for at most %lld s (--outage-patience). %s: %s",
        _(words->name), _(words->what), patience, b->outage.code, b->outage.message);
}

static void say_begin(const struct batch *b)
{
    const struct words *words = words_of(b->pause.kind);
    int64_t until_ms = pace_pause_until(b->pace, b->now_ms);
    long long patience = b->settings->outage_patience_ms / 1000;
    long long wait = until_ms == INT64_MAX ? 0 : (until_ms - b->now_ms + 999) / 1000;

    if (b->pause.kind == EVENT_BAN)
        log_event(LOG_WARN, words->begin, LOG_FIELDS(LOG_FIELD_NUMBER("wait_s", wait)),
                  "%s: %s; nothing is sent for %lld s", _(words->name), _(words->what), wait);
    else if (b->pause.kind == EVENT_OUTAGE)
        say_outage(b, words, patience);
    else
        log_event(LOG_WARN, words->begin, LOG_FIELDS(LOG_FIELD_NUMBER("patience_s", patience)),
                  "%s: %s; now only single calls are tried, for at most %lld s (--outage-patience)",
                  _(words->name), _(words->what), patience);
}

static void say_end(const struct batch *b, const char *how)
{
    const struct words *words = words_of(b->pause.kind);
    int64_t duration_ms = b->wall_ms > b->pause.at_ms ? b->wall_ms - b->pause.at_ms : 0;

    log_event(LOG_WARN, words->end, LOG_FIELDS(LOG_FIELD_NUMBER("duration_ms", duration_ms)),
              "%s: %s after %lld.%lld s", _(words->name), how, (long long)duration_ms / 1000,
              (long long)duration_ms / 100 % 10);
}

int pause_events_turn(struct batch *b, struct error *err)
{
    enum event_kind kind = kind_of(pace_cause(b->pace));

    if (b->pause.at_ms && b->pause.kind == kind)
        return 0;
    if (b->pause.at_ms) {
        b->pause.until_ms = b->wall_ms;
        if (put(b, err))
            return -1;
        say_end(b, _("over"));
        b->pause.at_ms = 0;
    }
    if (kind == EVENT_START)
        return 0;
    b->pause = (struct event){.kind = kind, .at_ms = b->wall_ms, .text = ""};
    if (put(b, err))
        return -1;
    say_begin(b);
    return 0;
}

void pause_events_end(const struct batch *b)
{
    if (b->pause.at_ms)
        say_end(b, _("the run ends in it"));
}
