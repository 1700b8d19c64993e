/* Calls leave, meet their fate at the gateway of the world, and are judged by the program's own
 * verdicts. */
#include "calls.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "gateway/sign.h"
#include "gateway/top.h"
#include "run/pool/pool.h"
#include "sandbox/fault.h"
#include "world.h"

#define SUSPICION_PERCENT 2

struct calls pool;

static struct actor *me(void)
{
    return &world->actors[self];
}

size_t gateway_in_flight(void)
{
    size_t count = 0;

    for (size_t i = 0; i < pool.in_flight; i++)
        count += pool.slots[i].job && pool.slots[i].has_begun;
    return count;
}

int calls_claim(const struct job *job)
{
    return (int)(job->claim.workcard_id - FIRST_WORKCARD);
}

static int version_of(const struct job *job)
{
    return (int)((job->claim.claim_fee - FIRST_FEE) % VERSIONS_MAX);
}

/* A worker takes what has room. */
void calls_fill(void)
{
    for (size_t i = 0; i < pool.in_flight && pool.queue; i++) {
        struct call *c = &pool.slots[i];

        if (c->job)
            continue;
        *c = (struct call){.job = pool.queue, .sent = -1, .submitted = pool.submitted};
        pool.queue = c->job->queue_next;
        c->job->leads = true;
        pool.queued--;
        c->at_ms = world->mono_ms;
        if (!world->is_quiet)
            c->at_ms += (int64_t)choice(STREAM_SCHEDULE, 3);
        if (plan_has(&world->plan, SWARM_SLOW_GATEWAY) && chance(STREAM_SCHEDULE, 5))
            c->at_ms += (int64_t)choice(STREAM_SCHEDULE, 1500);
    }
}

static void give_back(struct job *job)
{
    job->queue_next = pool.done;
    pool.done = job;
    pool.done_count++;
}

static void withdraw(struct job *job)
{
    struct exchange *x = &job->exchange;

    x->phase = PHASE_NOT_SENT;
    x->transport = TRANSPORT_WITHDRAWN;
    x->sent_ms = world->wall_ms;
    x->sent_mono_ms = world->mono_ms;
    job->verdict = (struct verdict){.kind = VERDICT_WITHDRAWN, .wait_ms = -1};
    mark(MARK_WITHDRAWN);
    give_back(job);
}

void calls_recall(void)
{
    for (struct job *next; pool.queue; pool.queue = next) {
        next = pool.queue->queue_next;
        withdraw(pool.queue);
    }
    pool.queued = 0;
    for (size_t i = 0; i < pool.in_flight; i++)
        if (pool.slots[i].job && !pool.slots[i].has_begun) {
            withdraw(pool.slots[i].job);
            pool.slots[i].job = NULL;
        }
}

/* ---- a call leaves ---- */

static void build(struct job *job)
{
    char timestamp[CLOCK_TOP_BYTES];
    struct error err;

    clock_format_top(world->wall_ms, timestamp);
    if (top_request(&pool.settings->app, pool.signer, &job->claim, timestamp, &pool.scratch,
                    &job->exchange.body, &err))
        violation("a row cannot be encoded: %s", err.text);
}

static void note_sent(struct call *c)
{
    if (world->sent_count == SENT_MAX) {
        violation("more than %d calls left", SENT_MAX);
        process_end(1);
    }
    c->sent = world->sent_count++;
    world->sent[c->sent] = (struct sent){
        .mono_ms = c->left_ms,
        .wall_ms = c->left_wall_ms,
        .claim = calls_claim(c->job),
        .version = version_of(c->job),
        .row = c->job->row,
        .actor = self,
        .start = me()->start,
        .executed = c->fate.executed,
        .fault = c->fate.fault,
        .round = me()->round,
        .is_of_other_ledger = me()->operation.kind == OPERATION_OTHER_LEDGER,
        .is_resubmitted = me()->operation.kind == OPERATION_RESUBMIT,
    };
    if (pool.settings->client.tells_departures)
        pool.told[pool.told_count++] = (struct departure){c->left_ms, 1};
    oracle_sent(c->sent, c->submitted);
}

static void depart(struct call *c)
{
    c->has_begun = true;
    c->left_ms = c->at_ms;
    c->left_wall_ms = world->wall_ms - (world->mono_ms - c->at_ms);
    build(c->job);
    gateway_decide(buffer_string(&c->job->exchange.body), calls_claim(c->job), version_of(c->job),
                   &c->fate);
    c->at_ms += c->fate.takes_ms;
    c->job->exchange.sent_ms = c->left_wall_ms;
    c->job->exchange.sent_mono_ms = c->left_ms;
    if (c->fate.leaves)
        note_sent(c);
    happen(EVENT_DEPART, calls_claim(c->job), c->fate.leaves ? version_of(c->job) : -1);
}

/* ---- it is answered ---- */

static enum said said_by(const struct fate *fate)
{
    const struct fault *fault = fate->fault < 0 ? NULL : fault_at((size_t)fate->fault);

    if (!fault)
        return fate->ban_s ? SAID_NOT_EXECUTED : SAID_ACCEPTED;
    switch (fault->class) {
    case FAULT_ACCEPTED:
        return SAID_ACCEPTED;
    case FAULT_REJECTED:
        return SAID_REJECTED;
    case FAULT_UNKNOWN:
        return SAID_UNKNOWN;
    case FAULT_STOP:
        return fault->executes == FAULT_EITHER ? SAID_UNKNOWN : SAID_NOT_EXECUTED;
    default:
        return SAID_NOT_EXECUTED;
    }
}

static bool agrees(enum said said, enum verdict_kind kind)
{
    switch (kind) {
    case VERDICT_ACCEPTED:
        return said == SAID_ACCEPTED;
    case VERDICT_REJECTED:
        return said == SAID_REJECTED;
    case VERDICT_UNKNOWN:
    case VERDICT_UNKNOWN_STOP:
        return said == SAID_UNKNOWN;
    default:
        return said == SAID_NOT_EXECUTED;
    }
}

static void note_ban(const struct call *c)
{
    if (!c->fate.ban_s || world->ban_count == BANS_MAX)
        return;
    world->bans[world->ban_count++] =
        (struct ban){.until_ms = world->banned_until_ms, .actor = self, .start = me()->start};
    mark(c->fate.ban_s > 600 ? MARK_BAN_LONG : MARK_BAN_HEARD);
    if (!is_alone())
        mark(MARK_BAN_WHILE_WAITING);
}

/* What the answer said is not to be believed, whatever it was. */
static void doubt(struct call *c)
{
    if (!plan_has(&world->plan, SWARM_ODD) || world->is_quiet ||
        c->job->exchange.phase != PHASE_ANSWERED || pool.suspicion_count == SLOTS_MAX ||
        !chance(STREAM_SCHEDULE, SUSPICION_PERCENT))
        return;
    pool.suspicions[pool.suspicion_count++] = c->job->row;
    world->suspected++;
    c->is_doubted = true;
    mark(MARK_SUSPECTED);
}

static void judge(struct call *c)
{
    struct job *job = c->job;
    struct exchange *x = &job->exchange;
    struct answer answer;

    gateway_answer(&c->fate, (uint64_t)world->event_count, x);
    x->duration_ms = c->fate.leaves ? c->at_ms - c->left_ms : 0;
    top_parse_answer(buffer_string(&x->answer), x->answer.len, &answer);
    verdict_judge(&pool.settings->verdict, x, &answer, &job->verdict);
    job->id_is_common = false;
    if (c->fate.leaves && !agrees(said_by(&c->fate), job->verdict.kind))
        violation("the verdict on an answer of '%s' is wrong (%d)",
                  c->fate.fault < 0 ? "no fault" : fault_at((size_t)c->fate.fault)->name,
                  (int)job->verdict.kind);
    doubt(c);
    if (c->sent >= 0)
        world->sent[c->sent].said = c->is_doubted ? SAID_UNKNOWN : said_by(&c->fate);
}

static void answer(struct call *c)
{
    struct job *job = c->job;
    enum verdict_kind kind;

    judge(c);
    note_ban(c);
    c->job = NULL;
    give_back(job);
    kind = job->verdict.kind;
    if (kind == VERDICT_STOP || kind == VERDICT_UNKNOWN_STOP || kind == VERDICT_QUOTA) {
        mark(MARK_STOPPED_BY_ANSWER);
        calls_recall();
    }
    if (kind == VERDICT_BAN)
        calls_recall();
    happen(EVENT_ANSWER, calls_claim(job), (int)kind);
}

/* The next call that leaves or is answered; NULL without any. */
struct call *calls_next(void)
{
    struct call *first = NULL;

    for (size_t i = 0; i < pool.in_flight; i++)
        if (pool.slots[i].job && (!first || pool.slots[i].at_ms < first->at_ms))
            first = &pool.slots[i];
    return first;
}

void gateway_advance(void)
{
    struct call *c;

    if (pool.is_advancing)
        return;
    pool.is_advancing = true;
    calls_fill();
    while ((c = calls_next()) && c->at_ms <= world->mono_ms) {
        if (c->has_begun)
            answer(c);
        else
            depart(c);
        calls_fill();
    }
    pool.is_advancing = false;
}
