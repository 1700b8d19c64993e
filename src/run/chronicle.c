#include "run/chronicle.h"

#include "base/error.h"
#include "run/state.h"

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

int chronicle_turn(struct batch *b, struct error *err)
{
    enum event_kind kind = kind_of(pace_cause(b->pace));

    if (b->pause.at_ms && b->pause.kind == kind)
        return 0;
    if (b->pause.at_ms) {
        b->pause.until_ms = b->wall_ms;
        if (put(b, err))
            return -1;
        b->pause.at_ms = 0;
    }
    if (kind == EVENT_START)
        return 0;
    b->pause = (struct event){.kind = kind, .at_ms = b->wall_ms, .text = ""};
    return put(b, err);
}
