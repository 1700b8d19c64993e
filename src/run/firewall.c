#include "firewall.h"

#include <string.h>

#include "base/log.h"
#include "run/halt.h"
#include "state.h"

/* Something that speaks for the gateway itself: it takes claims, or says why not. */
static bool is_definite(const struct job *job)
{
    enum verdict_kind kind = job->verdict.kind;

    return kind == VERDICT_ACCEPTED || kind == VERDICT_REJECTED ||
           (kind == VERDICT_AGAIN && job->exchange.http_status == 200);
}

static bool is_of_guard(const struct job *job)
{
    return job->verdict.kind == VERDICT_STOP && verdict_is_guard_code(job->verdict.code);
}

/* Whether definite answers came within the last in-flight limit of calls. What the guard may have
 * answered does not count among those. */
static bool gateway_answers(const struct batch *b)
{
    return b->guard.has_definite && b->guard.calls_since < b->settings->in_flight;
}

static void say_once(struct batch *b, const struct job *job)
{
    if (!b->guard.is_told)
        log_event(
            LOG_WARN, "row-set-aside",
            LOG_FIELDS(LOG_FIELD_NUMBER("row", job->row),
                       LOG_FIELD_NUMBER("attempt", job->attempts),
                       LOG_FIELD_TEXT("code", job->verdict.code)),
            "row %llu: %s: something in front of the gateway may dislike its text. If others are "
            "taken it is tried once more at the end, and so are others like it",
            (unsigned long long)job->row, job->verdict.code);
    b->guard.is_told = true;
}

/* Calls that are in flight, or were sent before that answer came, may still tell. */
static void begin_doubt(struct batch *b, const struct job *job)
{
    if (b->guard.doubt)
        return;
    b->guard.doubt = job->verdict.exit_code;
    memcpy(b->guard.words, job->verdict.message, sizeof(b->guard.words));
    pool_recall(b->pool);
}

static enum firewall_fate judge_guarded(struct batch *b, struct job *job)
{
    bool is_last = job->guard == JOB_GUARD_LAST;
    bool answers = gateway_answers(b);

    if (is_last && answers)
        return FIREWALL_FAIL;
    say_once(b, job);
    b->guard.in_a_row += job->leads;
    if (!is_last)
        job->guard = JOB_GUARD_ASIDE;
    if (!answers || b->guard.in_a_row >= FIREWALL_IN_A_ROW_MAX)
        begin_doubt(b, job);
    return FIREWALL_WAIT;
}

enum firewall_fate firewall_judge(struct batch *b, struct job *job)
{
    if (is_of_guard(job))
        return judge_guarded(b, job);
    b->guard.calls_since += job->leads;
    if (is_definite(job)) {
        b->guard.has_definite = true;
        b->guard.calls_since = b->guard.in_a_row = 0;
        b->guard.doubt = 0;
    }
    return FIREWALL_NONE;
}

bool firewall_is_in_doubt(const struct batch *b)
{
    return b->guard.doubt != 0;
}

void firewall_check(struct batch *b)
{
    if (firewall_is_in_doubt(b) && !window_count(b->window, JOB_GRANTED))
        halt_begin(b, b->guard.doubt, "gateway", "%s", b->guard.words);
}

/* Whether all that is open waits for the end: for their own, or behind such a row of their claim.
 */
static bool is_only_waiting(const struct batch *b)
{
    const struct window *w = b->window;

    return window_count(w, JOB_ASIDE) &&
           window_used(w) == window_count(w, JOB_ASIDE) + window_count(w, JOB_BLOCKED);
}

void firewall_release(struct batch *b)
{
    struct job *job;

    if (!is_only_waiting(b) || !(b->feed_at_end || b->limit_hit || !window_spare(b->window)))
        return;
    while ((job = window_first(b->window, JOB_ASIDE))) {
        job->guard = JOB_GUARD_LAST;
        window_move(b->window, job, JOB_JUDGE, INT64_MIN);
    }
}
