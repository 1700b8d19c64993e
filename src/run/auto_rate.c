#include "auto_rate.h"

#include "ledger/shared_limits.h"
#include "state.h"

/* Written anew when it has changed by more than one in so many. */
#define CHANGE 10

static void set(struct coordinator *c)
{
    double rate = rate_control_rate(&c->rate_control) * (c->rate_share > 0 ? c->rate_share : 1);

    pace_set_rate(c->pace, rate < 1 ? 1 : rate, c->now_ms);
}

void auto_rate_share(struct coordinator *c, double share)
{
    if (share <= c->rate_share && share >= c->rate_share)
        return;
    c->rate_share = share;
    set(c);
}

int auto_rate_begin(struct coordinator *c, struct error *err)
{
    const struct coordinator_settings *s = c->settings;
    const struct app app = state_app(c);

    if (!s->rate_is_auto)
        return 0;
    if (ledger_rate_get(s->ledger, &app, &c->rate_known, err))
        return -1;
    rate_control_start(&c->rate_control, c->rate_known, s->rate, c->now_ms);
    set(c);
    return 0;
}

/* What the answer says of the rate; false: nothing. */
static bool sign_of(const struct verdict *verdict, enum rate_sign *ret_sign)
{
    switch (verdict->kind) {
    case VERDICT_ACCEPTED:
    case VERDICT_REJECTED:
        *ret_sign = RATE_GOOD;
        return true;
    case VERDICT_BAN:
        *ret_sign = RATE_REFUSED;
        return true;
    case VERDICT_AGAIN:   /* with a wait it is HTTP 429 … */
    case VERDICT_UNKNOWN: /* … or a ban in an answer whose row is in doubt */
        *ret_sign = verdict->wait_ms >= 0 ? RATE_REFUSED : RATE_FAILED;
        return true;
    case VERDICT_OUTAGE:
        *ret_sign = RATE_FAILED;
        return true;
    case VERDICT_WITHDRAWN:
    case VERDICT_QUOTA:
    case VERDICT_STOP:
    case VERDICT_UNKNOWN_STOP:
        break;
    }
    return false;
}

void auto_rate_judge(struct coordinator *c, struct job *job)
{
    struct verdict *verdict = &job->verdict;
    int64_t sent_ms =
        job->exchange.phase == PHASE_NOT_SENT ? c->now_ms : job->exchange.sent_mono_ms;
    enum rate_sign sign;
    int64_t wait_ms;

    if (!c->settings->rate_is_auto || !sign_of(verdict, &sign))
        return;
    wait_ms = rate_control_answered(&c->rate_control, sign, sent_ms, c->now_ms, verdict->wait_ms);
    if (sign == RATE_REFUSED && wait_ms > verdict->wait_ms)
        verdict->wait_ms = wait_ms;
    set(c);
}

int auto_rate_write(struct coordinator *c, struct error *err)
{
    const struct coordinator_settings *s = c->settings;
    const struct app app = state_app(c);
    int64_t found = s->rate_is_auto ? rate_control_proven(&c->rate_control) : 0;
    int64_t change = found > c->rate_known ? found - c->rate_known : c->rate_known - found;

    if (!found || change * CHANGE <= c->rate_known)
        return 0;
    c->rate_known = found;
    return ledger_rate_set(s->ledger, &app, found, c->wall_ms, err);
}
