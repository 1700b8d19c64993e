#include "plan.h"

#include <inttypes.h>
#include <string.h>

#include "gateway.h"
#include "typed.h"
#include "world.h"

#define FIRST_DAY_MS INT64_C(1795000000000) /* 2026-11-18 19:06:40 in Beijing */
#define TO_MIDNIGHT_MS (17600 * INT64_C(1000))
#define HURRY_MS 200
#define HOUR_MS (3600 * INT64_C(1000))

static const char *const event_words[] = {
#define X(name, word) word,
    EVENTS_TABLE(X)
#undef X
};
static const char *const operation_words[] = {
#define X(name, word) word,
    OPERATIONS_TABLE(X)
#undef X
};
static const char *const swarm_words[] = {
#define X(name, word) word,
    SWARM_TABLE(X)
#undef X
};

const char *event_word(enum event_kind kind)
{
    return event_words[kind];
}

const char *operation_word(enum operation_kind kind)
{
    return operation_words[kind];
}

const char *swarm_word(enum swarm swarm)
{
    return swarm_words[swarm];
}

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
}

static void draw_failure(struct plan *plan, struct operation *o)
{
    struct strike failing = draw_strike(plan->claims);

    o->failure = (enum failure)draw(FAILURE_BROKEN + 1);
    if (in_percent(30) && plan_has(plan, SWARM_FAILURES))
        o->failing = failing;
}

/* A decision that is durable and in no report yet; a log that is lost then holds what
 * nothing tells. */
static void draw_killed_resolve(struct plan *plan)
{
    int i = (int)draw((uint64_t)plan->count);
    struct operation *o = &plan->operations[i];

    if (!in_percent(40) || !i || !plan_has(plan, SWARM_PEOPLE) || !plan_has(plan, SWARM_KILLS))
        return;
    o->kind = OPERATION_RESOLVE;
    o->kill = (struct strike){EVENT_RENAME, 1 + (int)draw(2)};
    if (i + 1 < plan->count && plan_has(plan, SWARM_ACCIDENTS))
        o[1].kind = OPERATION_LOSE_LOG;
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
    plan->fault_percent = percents[draw(4)];
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
}

/* ---- as text ---- */

static void print_strike(const char *name, struct strike strike, FILE *to)
{
    if (strike.nth)
        fprintf(to, " %s %s %d", name, event_word(strike.kind), strike.nth);
}

void plan_print(const struct plan *plan, FILE *to)
{
    fprintf(to, "plan %" PRIu64 " claims %d without %" PRIx64 " percent %d", plan->seed,
            plan->claims, plan->without, plan->fault_percent);
    fprintf(to, " in-flight %d batch %d rate %d quota %d retries %d begin %" PRId64 " looks %d",
            plan->in_flight, plan->batch, plan->rate, plan->quota, plan->retries, plan->begin_ms,
            plan->looks_at_intents);
    for (int i = 0; i < SWARMS; i++)
        if (plan_has(plan, (enum swarm)i))
            fprintf(to, " with %s", swarm_word((enum swarm)i));
    fputc('\n', to);
    for (int i = 0; i < plan->count; i++) {
        const struct operation *o = &plan->operations[i];

        fprintf(to, "do %s file %d gap %" PRId64, operation_word(o->kind), o->file, o->gap_ms);
        if (o->kind == OPERATION_JUMP)
            fprintf(to, " jump %" PRId64, o->jump_ms);
        if (o->beside)
            fputs(" beside 1", to);
        print_strike("kill", o->kill, to);
        print_strike("signal", o->signal, to);
        print_strike("second", o->second_signal, to);
        print_strike("failing", o->failing, to);
        if (o->failure)
            fprintf(to, " failure %d", (int)o->failure);
        fputc('\n', to);
    }
    fputs("end\n", to);
}

static int find(const char *word, const char *const *words, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return -1;
}

#define FIND(word, words) find(word, words, (int)(sizeof(words) / sizeof(*(words))))

static bool read_strike(FILE *from, struct strike *ret_strike)
{
    char word[32];
    int kind;

    if (fscanf(from, "%31s %d", word, &ret_strike->nth) != 2)
        return false;
    kind = FIND(word, event_words);
    ret_strike->kind = kind < 0 ? EVENT_ANY : (enum event_kind)kind;
    return kind >= 0;
}

static bool read_operation_part(const char *name, FILE *from, struct operation *o)
{
    int64_t number;

    if (strcmp(name, "kill") == 0)
        return read_strike(from, &o->kill);
    if (strcmp(name, "signal") == 0)
        return read_strike(from, &o->signal);
    if (strcmp(name, "second") == 0)
        return read_strike(from, &o->second_signal);
    if (strcmp(name, "failing") == 0)
        return read_strike(from, &o->failing);
    if (fscanf(from, "%" SCNd64, &number) != 1)
        return false;
    if (strcmp(name, "failure") == 0)
        o->failure = (enum failure)number;
    else if (strcmp(name, "file") == 0)
        o->file = number != 0;
    else if (strcmp(name, "gap") == 0)
        o->gap_ms = number;
    else if (strcmp(name, "jump") == 0)
        o->jump_ms = number;
    else if (strcmp(name, "beside") == 0)
        o->beside = number != 0;
    else
        return false;
    return true;
}

static bool read_number(const char *name, int64_t number, struct plan *plan)
{
    const struct {
        const char *name;
        int *place;
    } numbers[] = {
        {"claims", &plan->claims}, {"percent", &plan->fault_percent},
        {"rate", &plan->rate},     {"in-flight", &plan->in_flight},
        {"quota", &plan->quota},   {"retries", &plan->retries},
        {"batch", &plan->batch},
    };

    if (strcmp(name, "begin") == 0)
        plan->begin_ms = number;
    else if (strcmp(name, "looks") == 0)
        plan->looks_at_intents = number != 0;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
        if (strcmp(name, numbers[i].name) == 0)
            *numbers[i].place = (int)number;
    return plan->claims <= CLAIMS_MAX && plan->batch <= PARTS_MAX;
}

static bool read_plan_part(const char *name, FILE *from, struct plan *plan)
{
    char word[32];
    int64_t number;
    int swarm;

    if (strcmp(name, "without") == 0)
        return fscanf(from, "%" SCNx64, &plan->without) == 1;
    if (strcmp(name, "with") != 0)
        return fscanf(from, "%" SCNd64, &number) == 1 && read_number(name, number, plan);
    if (fscanf(from, "%31s", word) != 1 || (swarm = FIND(word, swarm_words)) < 0)
        return false;
    plan->swarm |= UINT32_C(1) << swarm;
    return true;
}

static bool begin_operation(FILE *from, struct plan *plan)
{
    char word[32];
    int kind;

    if (plan->count == OPERATIONS_MAX || fscanf(from, "%31s", word) != 1 ||
        (kind = FIND(word, operation_words)) < 0)
        return false;
    plan->operations[plan->count++] = (struct operation){.kind = (enum operation_kind)kind};
    return true;
}

static bool read_part(const char *name, FILE *from, struct plan *plan)
{
    if (strcmp(name, "do") == 0)
        return begin_operation(from, plan);
    return plan->count ? read_operation_part(name, from, &plan->operations[plan->count - 1])
                       : read_plan_part(name, from, plan);
}

bool plan_read(FILE *from, struct plan *ret_plan)
{
    char name[32];

    *ret_plan = (struct plan){.batch = 1};
    if (fscanf(from, " plan %" SCNu64, &ret_plan->seed) != 1)
        return false;
    while (fscanf(from, "%31s", name) == 1) {
        if (strcmp(name, "end") == 0)
            return true;
        if (!read_part(name, from, ret_plan))
            return false;
    }
    return false;
}
