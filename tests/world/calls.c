/* Calls leave, meet their fate at the gateway of the world, and are judged by the program's own
 * verdicts. */
#include "calls.h"

#include <string.h>

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

static struct job *take_job(void)
{
    struct job *job = pool.queue;

    pool.queue = job->queue_next;
    pool.queued--;
    job->queue_next = job->company = NULL;
    job->leads = false;
    return job;
}

/* As the pool does it. */
static struct job *take_call(void)
{
    struct job *call = take_job();
    struct job **tail = &call->company;

    call->leads = true;
    for (size_t i = 1;
         i < submit_claims(pool.settings) && pool.queue &&
         pool.queue->firewall == JOB_FIREWALL_NONE && call->firewall == JOB_FIREWALL_NONE;
         i++) {
        *tail = take_job();
        tail = &(*tail)->company;
    }
    return call;
}

/* A worker takes what has room. */
void calls_fill(void)
{
    for (size_t i = 0; i < pool.in_flight && pool.queue; i++) {
        struct call *c = &pool.slots[i];

        if (c->job)
            continue;
        *c = (struct call){.job = take_call(), .submitted = pool.submitted};
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
    job->company = NULL;
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
    for (size_t i = 0; i < pool.in_flight; i++) {
        struct job *job = pool.slots[i].has_begun ? NULL : pool.slots[i].job;

        if (job)
            pool.slots[i].job = NULL;
        for (struct job *next; job; job = next) {
            next = job->company;
            withdraw(job);
        }
    }
}

/* ---- a call leaves ---- */

static void note_sent(struct call *c, const struct job *job, int part)
{
    if (world->sent_count == SENT_MAX) {
        violation("more than %d calls left", SENT_MAX);
        process_end(1);
    }
    c->sent[part] = world->sent_count++;
    world->sent[c->sent[part]] = (struct sent){
        .mono_ms = c->left_ms,
        .wall_ms = c->left_wall_ms,
        .claim = c->fate.parts[part].claim,
        .version = c->fate.parts[part].version,
        .row = job->row,
        .actor = self,
        .start = me()->start,
        .executed = c->fate.parts[part].executed,
        .fault = c->fate.parts[part].is_struck ? c->fate.fault : -1,
        .round = me()->round,
        .is_of_other_ledger = me()->operation.kind == OPERATION_OTHER_LEDGER,
        .is_resubmitted = me()->operation.kind == OPERATION_RESUBMIT,
    };
    oracle_sent(c->sent[part], c->submitted);
}

static void note_departure(struct call *c)
{
    const struct job *job = c->job;

    if (pool.settings->client.tells_departures)
        pool.told[pool.told_count++] = (struct departure){c->left_ms, (size_t)c->fate.count};
    for (int i = 0; i < c->fate.count; i++, job = job->company)
        note_sent(c, job, i);
}

static void depart(struct call *c)
{
    struct exchange *x = &c->job->exchange;

    c->has_begun = true;
    c->left_ms = c->at_ms;
    c->left_wall_ms = world->wall_ms - (world->mono_ms - c->at_ms);
    for (const struct job *job = c->job; job; job = job->company) {
        c->sent[c->fate.count] = -1;
        c->fate.parts[c->fate.count++] =
            (struct part){.claim = calls_claim(job), .version = version_of(job)};
    }
    submit_start(pool.submitter, c->job);
    if (pool.begun != x)
        violation("a row cannot be encoded");
    gateway_decide(x, &c->fate);
    c->at_ms += c->fate.takes_ms;
    x->sent_ms = c->left_wall_ms;
    x->sent_mono_ms = c->left_ms;
    if (c->fate.leaves)
        note_departure(c);
    happen(EVENT_DEPART, calls_claim(c->job), c->fate.leaves ? c->fate.parts[0].version : -1);
}

/* ---- it is answered ---- */

static enum said said_by(const struct fate *fate, const struct part *part)
{
    const struct fault *fault = part->is_struck ? fault_at((size_t)fate->fault) : NULL;

    if (!fault)
        return fate->ban_s && fate->fault < 0 ? SAID_NOT_EXECUTED : SAID_ACCEPTED;
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
        c->job->exchange.phase != PHASE_ANSWERED ||
        pool.suspicion_count + (size_t)c->fate.count > SLOTS_MAX * PARTS_MAX ||
        !chance(STREAM_SCHEDULE, SUSPICION_PERCENT))
        return;
    for (const struct job *job = c->job; job; job = job->company)
        pool.suspicions[pool.suspicion_count++] = job->row;
    world->suspected += c->fate.count;
    c->is_doubted = true;
    mark(MARK_SUSPECTED);
}

/* A part that breaks off within a text hides where the next one begins. */
static bool may_hide(const struct fate *fate)
{
    return fate->is_narrow && fault_at((size_t)fate->fault)->words == WORDS_MALFORMED;
}

static void look_at_verdict(const struct call *c, const struct job *job, int part)
{
    enum said said = said_by(&c->fate, &c->fate.parts[part]);

    if (job->verdict.kind == VERDICT_UNKNOWN && may_hide(&c->fate))
        said = SAID_UNKNOWN;
    if (c->fate.leaves && !agrees(said, job->verdict.kind))
        violation("the verdict on an answer of '%s' is wrong (%d)",
                  c->fate.fault < 0 ? "no fault" : fault_at((size_t)c->fate.fault)->name,
                  (int)job->verdict.kind);
    if (c->sent[part] >= 0)
        world->sent[c->sent[part]].said = c->is_doubted ? SAID_UNKNOWN : said;
}

/* The worst of its parts decides whether others may leave. */
static void heed(enum verdict_kind kind)
{
    bool stops = kind == VERDICT_STOP || kind == VERDICT_UNKNOWN_STOP || kind == VERDICT_QUOTA;

    if (stops)
        mark(MARK_STOPPED_BY_ANSWER);
    if (stops || kind == VERDICT_BAN)
        calls_recall();
}

static void answer(struct call *c)
{
    struct job *jobs[PARTS_MAX];
    struct exchange *x = &c->job->exchange;
    int count = 0;

    gateway_answer(&c->fate, (uint64_t)world->event_count, x);
    x->duration_ms = c->fate.leaves ? c->at_ms - c->left_ms : 0;
    for (struct job *job = c->job; job; job = job->company)
        jobs[count++] = job;
    doubt(c);
    pool.ended = x;
    submit_finish(pool.submitter, 0);
    c->job = NULL;
    note_ban(c);
    for (int i = 0; i < count; i++) {
        look_at_verdict(c, jobs[i], i);
        give_back(jobs[i]);
    }
    for (int i = 0; i < count; i++)
        heed(jobs[i]->verdict.kind);
    happen(EVENT_ANSWER, calls_claim(jobs[0]), (int)jobs[0]->verdict.kind);
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
