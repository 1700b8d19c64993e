/*
 * latency: how long calls took, of any number of them in a fixed piece of memory.
 *
 * Durations are counted in classes that differ by less than 1 %, so a percentile is that much too
 * high at most and never too low.
 *
 * Tested by tests/unit/test_latency.c
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_LATENCY_H
#define CLAIMBATCH_COMMAND_AUDIT_LATENCY_H

#include <stddef.h>
#include <stdint.h>

struct latency;

#define LATENCY_STEPS_MAX 40

/* Calls that took more than the last step and at most this long. */
struct latency_step {
    int64_t up_to_ms;
    uint64_t calls;
};

struct latency_summary {
    uint64_t calls;
    int64_t p50_ms, p90_ms, p95_ms, p99_ms, max_ms; /* 0 without calls */
    /* 1, 2, 5, 10, 20, 50 …; the first and the last have calls. */
    struct latency_step steps[LATENCY_STEPS_MAX];
    size_t step_count;
};

struct latency *latency_open(void); /* NULL without memory */
void latency_close(struct latency *latency);

/* Counts one call; a negative duration counts as 0. */
void latency_add(struct latency *latency, int64_t duration_ms);

void latency_summarise(const struct latency *latency, struct latency_summary *ret_summary);

#endif
