/*
 * timers: what is due when: a heap, earliest first. Used by one thread.
 *
 * Tested by tests/unit/test_sandbox_timers.c
 */
#ifndef CLAIMBATCH_SANDBOX_TIMERS_H
#define CLAIMBATCH_SANDBOX_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
    int64_t due_us;
    void *item;
};

/* A zeroed struct is empty. */
struct timers {
    struct timer *heap;
    size_t count, capacity;
};

/* False without memory. */
bool timers_add(struct timers *timers, int64_t due_us, void *item);

/* Takes out the earliest item if it is due by now_us; NULL if none is. */
void *timers_take(struct timers *timers, int64_t now_us);

/* When the earliest is due; INT64_MAX if there is none. */
int64_t timers_next(const struct timers *timers);

void timers_release(struct timers *timers);

#endif
