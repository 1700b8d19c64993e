/*
 * deadline: a moment after which something may not be done any more. One thread moves it, others
 * ask whether it is over.
 *
 * It is a moment of the clock that goes on while the machine sleeps: what a host did not do because
 * it slept is late.
 *
 * Tested by tests/unit/test_deadline.c
 */
#ifndef CLAIMBATCH_BASE_DEADLINE_H
#define CLAIMBATCH_BASE_DEADLINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* One that nobody has set is over. */
struct deadline {
    _Atomic int64_t boot_ms;
};

void deadline_set(struct deadline *deadline, int64_t boot_ms);

/* That of nobody, NULL, is never over, and asks no clock. */
bool deadline_is_over(const struct deadline *deadline);

#endif
