#include "auto_rate.h"

#include "ledger/shared_limits.h"
#include "state.h"

/* Written anew when it has changed by more than one in so many. */
#define CHANGE 10

static void set(struct batch *b)
{
    double rate = rate_control_rate(&b->rate_control) * (b->rate_share > 0 ? b->rate_share : 1);

    pace_set_rate(b->pace, rate < 1 ? 1 : rate, b->now_ms);
}

void auto_rate_share(struct batch *b, double share)
{
    if (share <= b->rate_share && share >= b->rate_share)
        return;
    b->rate_share = share;
    set(b);
}

int auto_rate_begin(struct batch *b, struct error *err)
{
    const struct batch_settings *s = b->settings;
    const struct app app = state_app(b);

    if (!s->rate_is_auto)
        return 0;
    if (ledger_rate_get(s->ledger, &app, &b->rate_known, err))
        return -1;
    rate_control_start(&b->rate_control, b->rate_known, s->rate, b->now_ms);
    set(b);
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

void auto_rate_judge(struct batch *b, struct job *job)
{
    struct verdict *verdict = &job->verdict;
    int64_t sent_ms =
        job->exchange.phase == PHASE_NOT_SENT ? b->now_ms : job->exchange.sent_mono_ms;
    enum rate_sign sign;
    int64_t wait_ms;

    if (!b->settings->rate_is_auto || !sign_of(verdict, &sign))
        return;
    wait_ms = rate_control_answered(&b->rate_control, sign, sent_ms, b->now_ms, verdict->wait_ms);
    if (sign == RATE_REFUSED && wait_ms > verdict->wait_ms)
        verdict->wait_ms = wait_ms;
    set(b);
}

int auto_rate_write(struct batch *b, struct error *err)
{
    const struct batch_settings *s = b->settings;
    const struct app app = state_app(b);
    int64_t found = s->rate_is_auto ? rate_control_proven(&b->rate_control) : 0;
    int64_t change = found > b->rate_known ? found - b->rate_known : b->rate_known - found;

    if (!found || change * CHANGE <= b->rate_known)
        return 0;
    b->rate_known = found;
    return ledger_rate_set(s->ledger, &app, found, b->wall_ms, err);
}
