#include "plan.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "gateway.h"
#include "typed.h"
#include "world.h"

#define FIRST_DAY_MS INT64_C(1795000000000) /* 2026-11-18 19:06:40 in Beijing */
#define TO_MIDNIGHT_MS (17600 * INT64_C(1000))
#define HURRY_MS 200
#define HOUR_MS (3600 * INT64_C(1000))

const char *const event_words[] = {
#define X(name, word) word,
    EVENTS_TABLE(X)
#undef X
};
const char *const operation_words[] = {
#define X(name, word) word,
    OPERATIONS_TABLE(X)
#undef X
};
const char *const swarm_words[] = {
#define X(name, word) word,
    SWARM_TABLE(X)
#undef X
};

bool plan_has(const struct plan *plan, enum swarm swarm)
{
    return plan->swarm >> swarm & 1;
}

/* ---- from a seed ---- */

static uint64_t draw(uint64_t bound)
{
    return choice(STREAM_SCRIPT, bound);
}

static bool in_percent(unsigned percent)
{
    return draw(100) < percent;
}

/* Where it hurts most: around a submit, a departure, an answer, a name; else anywhere. */
static struct strike draw_strike(int claims)
{
    static const struct {
        enum event_kind kind;
        int most;
    } kinds[] = {
        {EVENT_SUBMIT, 6}, {EVENT_SYNC, 24},  {EVENT_RENAME, 6}, {EVENT_DEPART, 8},
        {EVENT_REMOVE, 4}, {EVENT_OPEN, 8},   {EVENT_BUSY, 3},   {EVENT_TURN, 8},
        {EVENT_DEPART, 0}, {EVENT_ANSWER, 0}, {EVENT_ANY, 300},  {EVENT_ANY, 60},
    };
    size_t i = draw(sizeof(kinds) / sizeof(*kinds));
    int most = kinds[i].most ? kinds[i].most : claims;

    return (struct strike){kinds[i].kind, 1 + (int)draw((uint64_t)most)};
}

/* What sends nothing is killed at its files. */
static struct strike strike_at_files(struct strike strike)
{
    bool is_of_calls = strike.kind == EVENT_SUBMIT || strike.kind == EVENT_DEPART ||
                       strike.kind == EVENT_ANSWER || strike.kind == EVENT_TURN;

    if (is_of_calls)
        strike =
            (struct strike){strike.nth % 2 ? EVENT_RENAME : EVENT_SYNC, 1 + strike.nth / 2 % 3};
    return strike;
}

/* Usual starts mostly; else what people do, and accidents, where they are on. */
static enum operation_kind draw_operation(const struct plan *plan)
{
    static const enum operation_kind people[] = {
        OPERATION_RERUN,  OPERATION_RESEND, OPERATION_RESUBMIT,    OPERATION_RESOLVE,
        OPERATION_IMPORT, OPERATION_PRUNE,  OPERATION_NEXT_EXPORT, OPERATION_AUDIT,
    };
    static const enum operation_kind accidents[] = {OPERATION_RESTORE, OPERATION_LOSE_LOG,
                                                    OPERATION_LOSE_LEDGER, OPERATION_OTHER_LEDGER};
    uint64_t x = draw(100);
    enum operation_kind other = people[draw(sizeof(people) / sizeof(*people))];
    enum operation_kind accident = accidents[draw(sizeof(accidents) / sizeof(*accidents))];

    if (x < 8)
        return plan_has(plan, SWARM_CLOCK) ? OPERATION_JUMP : OPERATION_UPLOAD;
    if (x < 16)
        return plan_has(plan, SWARM_ACCIDENTS) ? accident : OPERATION_UPLOAD;
    if (x < 22)
        return plan_has(plan, SWARM_ACCIDENTS) ? OPERATION_BACKUP : OPERATION_UPLOAD;
    return x < 55 && plan_has(plan, SWARM_PEOPLE) ? other : OPERATION_UPLOAD;
}

static int64_t draw_gap(void)
{
    static const uint64_t widths[] = {20, 400, 3000, 100000};

    return (int64_t)draw(widths[draw(4)]);
}

static int64_t draw_jump(void)
{
    static const int64_t widths[] = {2000, 60000, HOUR_MS, 30 * HOUR_MS};
    int64_t jump = (int64_t)draw((uint64_t)widths[draw(4)]);

    return in_percent(40) ? -jump : jump;
}

static void draw_one(struct plan *plan, struct operation *o)
{
    struct strike kill = draw_strike(plan->claims);
    struct strike signal = draw_strike(plan->claims);

    *o = (struct operation){.kind = draw_operation(plan)};
    o->file = in_percent(25);
    o->gap_ms = draw_gap();
    o->jump_ms = draw_jump();
    if (plan_has(plan, SWARM_HURRY)) { /* the same again at once */
        o->gap_ms %= HURRY_MS;
        if (in_percent(60))
            o->kind = OPERATION_UPLOAD;
    }
    o->beside = in_percent(35) && plan_has(plan, SWARM_BESIDE);
    if (in_percent(60) && plan_has(plan, SWARM_KILLS))
        o->kill = operation_sends(o->kind) ? kill : strike_at_files(kill);
    if (in_percent(25) && plan_has(plan, SWARM_SIGNALS)) {
        o->signal = signal;
        if (in_percent(35))
            o->second_signal = (struct strike){EVENT_ANY, 1 + (int)draw(60)};
    }
    if (o->kind != OPERATION_JUMP)
        o->jump_ms = 0;
}

static void draw_failure(struct plan *plan, struct operation *o)
{
    struct strike failing = draw_strike(plan->claims);

    o->failure = (int)draw(FAILURE_BROKEN + 1);
    if (in_percent(30) && plan_has(plan, SWARM_FAILURES))
        o->failing = failing;
}

/* A decision that is durable and in no report yet; a log that is lost then holds what nothing
 * tells, and an import takes a stale report. */
static void draw_killed_resolve(struct plan *plan)
{
    int i = (int)draw((uint64_t)plan->count);
    struct operation *o = &plan->operations[i];

    if (!in_percent(40) || !i || !plan_has(plan, SWARM_PEOPLE) || !plan_has(plan, SWARM_KILLS))
        return;
    o->kind = OPERATION_RESOLVE;
    o->kill = (struct strike){EVENT_RENAME, 1 + (int)draw(2)};
    if (i + 1 < plan->count)
        o[1].kind = plan_has(plan, SWARM_ACCIDENTS) ? OPERATION_LOSE_LOG : OPERATION_IMPORT;
}

/* The disk fails between a report and its manifest; then a prune, or a start that is killed before
 * it has made up for that, must not lose the run's place. */
static void draw_cut_publication(struct plan *plan)
{
    int i = (int)draw((uint64_t)plan->count);
    bool is_pruned = in_percent(50) && plan_has(plan, SWARM_PEOPLE);
    struct strike kill = {EVENT_SYNC, 1 + (int)draw(6)};
    struct operation *o = &plan->operations[i];

    if (!in_percent(25) || i + 1 == plan->count || !plan_has(plan, SWARM_FAILURES))
        return;
    *o = (struct operation){.kind = OPERATION_UPLOAD,
                            .file = o->file,
                            .failing = {EVENT_RENAME, 3},
                            .failure = FAILURE_ONCE};
    o[1] =
        (struct operation){.kind = is_pruned ? OPERATION_PRUNE : OPERATION_UPLOAD, .file = o->file};
    if (!is_pruned)
        o[1].kill = kill;
}

/* People come where something is left: the start before them was interrupted, or goes on. */
static void draw_rest(struct plan *plan)
{
    for (int i = 1; i < plan->count; i++) {
        struct operation *before = &plan->operations[i - 1];
        enum operation_kind kind = plan->operations[i].kind;
        struct strike strike = {in_percent(50) ? EVENT_ANSWER : EVENT_DEPART, 1 + (int)draw(4)};

        if (in_percent(50) ||
            (kind != OPERATION_RERUN && kind != OPERATION_RESEND && kind != OPERATION_RESOLVE))
            continue;
        before->kind = OPERATION_UPLOAD;
        before->file = plan->operations[i].file;
        if (plan_has(plan, SWARM_SIGNALS))
            before->signal = strike;
        else if (plan_has(plan, SWARM_KILLS))
            before->kill = strike;
        before->beside |= plan_has(plan, SWARM_BESIDE) && kind == OPERATION_RESOLVE;
    }
}

/* Numbers are drawn from the plan's own seed, before anything else happens. */
void plan_make(uint64_t seed, struct plan *ret_plan)
{
    static const int rates[] = {0, 0, 5, 20, 60};
    static const int percents[] = {0, 3, 12, 40};
    static const int batches[] = {1, 1, 3, PARTS_MAX};
    struct plan *plan = ret_plan;

    *plan = (struct plan){.seed = seed};
    world->plan = *plan;
    memset(world->drawn, 0, sizeof(world->drawn));
    plan->swarm = (uint32_t)draw(UINT64_C(1) << SWARMS);
    plan->percent = percents[draw(4)];
    plan->claims = in_percent(70) ? 3 + (int)draw(18) : 1 + (int)draw(50);
    plan->in_flight = 1 << draw(5);
    plan->rate = rates[draw(5)];
    plan->quota = in_percent(20) ? 5 + (int)draw(40) : 0;
    plan->retries = (int)draw(3);
    plan->begin_ms = FIRST_DAY_MS + (int64_t)draw((uint64_t)(24 * HOUR_MS));
    if (in_percent(15))
        plan->begin_ms = FIRST_DAY_MS + TO_MIDNIGHT_MS - (int64_t)draw(4000);
    plan->looks_at_intents = in_percent(25);
    plan->count = 1 + (int)draw(7);
    for (int i = 0; i < plan->count; i++)
        draw_one(plan, &plan->operations[i]);
    /* later, so that they move nothing else */
    plan->batch = batches[draw(4)];
    for (int i = 0; i < plan->count; i++)
        draw_failure(plan, &plan->operations[i]);
    draw_killed_resolve(plan);
    plan->has_ledger = in_percent(85);
    draw_cut_publication(plan);
    draw_rest(plan);
    plan->limit = in_percent(15) ? 1 + (int)draw(8) : 0;
    plan->max_failures = in_percent(15) ? 1 + (int)draw(4) : 0;
}

/* ---- as text ---- */

enum shape { NUMBER, WIDE, BITS, STRIKE };

struct number {
    const char *name;
    enum shape shape;
    size_t at;
};

#define AT(of, member) offsetof(struct of, member)
#define COUNT(list) (sizeof(list) / sizeof(*(list)))

static const struct number plan_numbers[] = {
    {"claims", NUMBER, AT(plan, claims)},
    {"without", BITS, AT(plan, without)},
    {"percent", NUMBER, AT(plan, percent)},
    {"in-flight", NUMBER, AT(plan, in_flight)},
    {"batch", NUMBER, AT(plan, batch)},
    {"rate", NUMBER, AT(plan, rate)},
    {"quota", NUMBER, AT(plan, quota)},
    {"retries", NUMBER, AT(plan, retries)},
    {"begin", WIDE, AT(plan, begin_ms)},
    {"looks", NUMBER, AT(plan, looks_at_intents)},
    {"ledger", NUMBER, AT(plan, has_ledger)},
    {"limit", NUMBER, AT(plan, limit)},
    {"max-failures", NUMBER, AT(plan, max_failures)},
};
static const struct number operation_numbers[] = {
    {"file", NUMBER, AT(operation, file)},
    {"gap", WIDE, AT(operation, gap_ms)},
    {"jump", WIDE, AT(operation, jump_ms)},
    {"beside", NUMBER, AT(operation, beside)},
    {"kill", STRIKE, AT(operation, kill)},
    {"signal", STRIKE, AT(operation, signal)},
    {"second", STRIKE, AT(operation, second_signal)},
    {"failing", STRIKE, AT(operation, failing)},
    {"failure", NUMBER, AT(operation, failure)},
};

/* What is 0 is left out. */
static void print_numbers(const struct number *list, size_t count, const void *of, FILE *to)
{
    for (const struct number *n = list; n < list + count; n++) {
        const void *at = (const char *)of + n->at;

        if (n->shape == STRIKE && ((const struct strike *)at)->nth)
            fprintf(to, " %s %s %d", n->name, event_words[((const struct strike *)at)->kind],
                    ((const struct strike *)at)->nth);
        else if (n->shape == BITS && *(const uint64_t *)at)
            fprintf(to, " %s %" PRIx64, n->name, *(const uint64_t *)at);
        else if (n->shape == WIDE && *(const int64_t *)at)
            fprintf(to, " %s %" PRId64, n->name, *(const int64_t *)at);
        else if (n->shape == NUMBER && *(const int *)at)
            fprintf(to, " %s %d", n->name, *(const int *)at);
    }
}

void plan_print(const struct plan *plan, FILE *to)
{
    fprintf(to, "plan %" PRIu64, plan->seed);
    print_numbers(plan_numbers, COUNT(plan_numbers), plan, to);
    for (int i = 0; i < SWARMS; i++)
        if (plan_has(plan, (enum swarm)i))
            fprintf(to, " with %s", swarm_words[i]);
    for (const struct operation *o = plan->operations; o < plan->operations + plan->count; o++) {
        fprintf(to, "\ndo %s", operation_words[o->kind]);
        print_numbers(operation_numbers, COUNT(operation_numbers), o, to);
    }
    fputs("\nend\n", to);
}

/* The next word, as one of these; -1: it is none. */
static int read_word(FILE *from, const char *const *words, int count)
{
    char word[32];

    if (fscanf(from, "%31s", word) == 1)
        for (int i = 0; i < count; i++)
            if (strcmp(word, words[i]) == 0)
                return i;
    return -1;
}

static bool read_number(const char *name, const struct number *list, size_t count, FILE *from,
                        void *of)
{
    const struct number *n = list;
    void *at;

    while (n < list + count && strcmp(name, n->name) != 0)
        n++;
    if (n == list + count)
        return false;
    at = (char *)of + n->at;
    if (n->shape == STRIKE) {
        int kind = read_word(from, event_words, EVENT_KINDS);

        ((struct strike *)at)->kind = (enum event_kind)kind;
        return kind >= 0 && fscanf(from, "%d", &((struct strike *)at)->nth) == 1;
    }
    if (n->shape == BITS)
        return fscanf(from, "%" SCNx64, (uint64_t *)at) == 1;
    return n->shape == WIDE ? fscanf(from, "%" SCNd64, (int64_t *)at) == 1
                            : fscanf(from, "%d", (int *)at) == 1;
}

static bool read_swarm(FILE *from, struct plan *plan)
{
    int swarm = read_word(from, swarm_words, SWARMS);

    plan->swarm |= UINT32_C(1) << (swarm < 0 ? 0 : swarm);
    return swarm >= 0;
}

static bool begin_operation(FILE *from, struct plan *plan)
{
    int kind = read_word(from, operation_words, OPERATION_KINDS);

    if (plan->count == OPERATIONS_MAX || kind < 0)
        return false;
    plan->operations[plan->count++].kind = (enum operation_kind)kind;
    return true;
}

static bool read_more(const char *name, FILE *from, struct plan *plan)
{
    if (strcmp(name, "do") == 0)
        return begin_operation(from, plan);
    if (strcmp(name, "with") == 0)
        return read_swarm(from, plan);
    if (plan->count)
        return read_number(name, operation_numbers, COUNT(operation_numbers), from,
                           &plan->operations[plan->count - 1]);
    return read_number(name, plan_numbers, COUNT(plan_numbers), from, plan);
}

bool plan_read(FILE *from, struct plan *ret_plan)
{
    char name[32];

    *ret_plan = (struct plan){.batch = 1};
    if (fscanf(from, " plan %" SCNu64, &ret_plan->seed) != 1)
        return false;
    while (fscanf(from, "%31s", name) == 1 && strcmp(name, "end") != 0)
        if (!read_more(name, from, ret_plan))
            return false;
    return !feof(from) && ret_plan->claims <= CLAIMS_MAX && ret_plan->batch <= PARTS_MAX;
}
