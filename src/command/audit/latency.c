#include "latency.h"

#include <stdlib.h>
#include <string.h>

#define EXACT_BITS 8 /* of a duration are kept; shorter ones are exact */
#define EXACT (1 << EXACT_BITS)
#define HALF (EXACT / 2)
#define CLASSES (EXACT + (63 - EXACT_BITS) * HALF)

struct latency {
    uint64_t calls[CLASSES];
    uint64_t all;
    int64_t max_ms;
};

struct latency *latency_open(void)
{
    return calloc(1, sizeof(struct latency));
}

void latency_close(struct latency *latency)
{
    free(latency);
}

/* How many low bits of the duration its class does not see. */
static int dropped_bits(uint64_t duration)
{
    return duration < EXACT ? 0 : 63 - __builtin_clzll(duration) - (EXACT_BITS - 1);
}

static size_t class_of(uint64_t duration)
{
    int dropped = dropped_bits(duration);

    return dropped ? (size_t)(EXACT + (dropped - 1) * HALF) + (size_t)(duration >> dropped) - HALF
                   : (size_t)duration;
}

/* The longest duration of a class. */
static int64_t class_end(size_t class)
{
    int dropped = class < EXACT ? 0 : (int)(class - EXACT) / HALF + 1;
    uint64_t kept = class < EXACT ? class : (class - EXACT) % HALF + HALF;

    return (int64_t)((kept << dropped) + ((UINT64_C(1) << dropped) - 1));
}

void latency_add(struct latency *latency, int64_t duration_ms)
{
    if (duration_ms < 0)
        duration_ms = 0;
    latency->calls[class_of((uint64_t)duration_ms)]++;
    latency->all++;
    if (duration_ms > latency->max_ms)
        latency->max_ms = duration_ms;
}

/* The duration that so many percent of the calls did not exceed. */
static int64_t percentile(const struct latency *latency, unsigned percent)
{
    uint64_t wanted = latency->all / 100 * percent + (latency->all % 100 * percent + 99) / 100;
    uint64_t seen = 0;

    for (size_t i = 0; i < CLASSES; i++) {
        seen += latency->calls[i];
        if (seen && seen >= wanted)
            return class_end(i) < latency->max_ms ? class_end(i) : latency->max_ms;
    }
    return 0;
}

static void add_steps(const struct latency *latency, struct latency_summary *summary)
{
    static const int64_t leading[] = {1, 2, 5};
    int64_t power = 1;
    uint64_t before = 0;
    size_t class = 0;

    for (size_t i = 0; i < LATENCY_STEPS_MAX && before < latency->all; i++) {
        struct latency_step *step = &summary->steps[summary->step_count];
        uint64_t seen = before;

        step->up_to_ms = leading[i % 3] * power;
        power *= i % 3 == 2 ? 10 : 1;
        for (;
             class < CLASSES && (class_end(class) <= step->up_to_ms || i + 1 == LATENCY_STEPS_MAX);
             class ++)
            seen += latency->calls[class];
        step->calls = seen - before;
        before = seen;
        summary->step_count += summary->step_count || step->calls;
    }
}

void latency_summarise(const struct latency *latency, struct latency_summary *ret_summary)
{
    memset(ret_summary, 0, sizeof(*ret_summary));
    ret_summary->calls = latency->all;
    ret_summary->max_ms = latency->max_ms;
    ret_summary->p50_ms = percentile(latency, 50);
    ret_summary->p90_ms = percentile(latency, 90);
    ret_summary->p95_ms = percentile(latency, 95);
    ret_summary->p99_ms = percentile(latency, 99);
    add_steps(latency, ret_summary);
}
