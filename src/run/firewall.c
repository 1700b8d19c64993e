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

static bool is_of_firewall(const struct job *job)
{
    return job->verdict.kind == VERDICT_STOP && verdict_is_firewall_code(job->verdict.code);
}

/* Whether definite answers came within the last in-flight limit of calls. What the firewall may
 * have answered does not count among those. */
static bool gateway_answers(const struct coordinator *c)
{
    return c->firewall.has_definite && c->firewall.calls_since < c->settings->in_flight;
}

static void say_once(struct coordinator *c, const struct job *job)
{
    if (!c->firewall.is_told)
        log_event(
            LOG_WARN, "row-set-aside",
            LOG_FIELDS(LOG_FIELD_NUMBER("row", job->row),
                       LOG_FIELD_NUMBER("attempt", job->attempts),
                       LOG_FIELD_TEXT("code", job->verdict.code)),
            "row %llu: %s: something in front of the gateway may dislike its text. If others are "
            "taken it is tried once more at the end, and so are others like it",
            (unsigned long long)job->row, job->verdict.code);
    c->firewall.is_told = true;
}

/* Calls that are in flight, or were sent before that answer came, may still tell. */
static void begin_doubt(struct coordinator *c, const struct job *job)
{
    if (c->firewall.doubt)
        return;
    c->firewall.doubt = job->verdict.exit_code;
    memcpy(c->firewall.words, job->verdict.message, sizeof(c->firewall.words));
    pool_recall(c->pool);
}

static enum firewall_fate judge_disliked(struct coordinator *c, struct job *job)
{
    bool is_last = job->firewall == JOB_FIREWALL_LAST;
    bool answers = gateway_answers(c);

    if (is_last && answers)
        return FIREWALL_FAIL;
    say_once(c, job);
    c->firewall.in_a_row += job->leads;
    if (!is_last)
        job->firewall = JOB_FIREWALL_ASIDE;
    if (!answers || c->firewall.in_a_row >= FIREWALL_IN_A_ROW_MAX)
        begin_doubt(c, job);
    return FIREWALL_WAIT;
}

enum firewall_fate firewall_judge(struct coordinator *c, struct job *job)
{
    if (is_of_firewall(job))
        return judge_disliked(c, job);
    c->firewall.calls_since += job->leads;
    if (is_definite(job)) {
        c->firewall.has_definite = true;
        c->firewall.calls_since = c->firewall.in_a_row = 0;
        c->firewall.doubt = 0;
    }
    return FIREWALL_NONE;
}

bool firewall_is_in_doubt(const struct coordinator *c)
{
    return c->firewall.doubt != 0;
}

void firewall_check(struct coordinator *c)
{
    if (firewall_is_in_doubt(c) && !window_count(c->window, JOB_GRANTED))
        halt_begin(c, c->firewall.doubt, "gateway", "%s", c->firewall.words);
}

/* Whether all that is open waits for the end: for their own, or behind such a row of their claim.
 */
static bool is_only_waiting(const struct coordinator *c)
{
    const struct window *w = c->window;

    return window_count(w, JOB_ASIDE) &&
           window_used(w) == window_count(w, JOB_ASIDE) + window_count(w, JOB_BLOCKED);
}

void firewall_release(struct coordinator *c)
{
    struct job *job;

    if (!is_only_waiting(c) || !(c->feed_at_end || c->limit_hit || !window_spare(c->window)))
        return;
    while ((job = window_first(c->window, JOB_ASIDE))) {
        job->firewall = JOB_FIREWALL_LAST;
        window_move(c->window, job, JOB_JUDGE, INT64_MIN);
    }
}
