/*
 * pace_window: what left in the last PACE_WINDOW_MS. Pure.
 *
 * It is counted by the millisecond: what it takes does not depend on the rate.
 *
 * Tested by tests/unit/test_pace.c
 */
#ifndef CLAIMBATCH_GATEWAY_PACE_WINDOW_H
#define CLAIMBATCH_GATEWAY_PACE_WINDOW_H

#include <stdint.h>

#include "gateway/pace.h"

/* slots[t % PACE_WINDOW_MS] belongs to the one t in (now - PACE_WINDOW_MS, now]. */
struct pace_window {
    uint32_t slots[PACE_WINDOW_MS];
    int64_t now_ms; /* the latest moment heard of */
    int64_t total;
};

/* Forgets what leaves the window until now_ms. Monotonic time is not negative. */
void pace_window_advance(struct pace_window *window, int64_t now_ms);

/* Departures are heard of late and in any order. */
void pace_window_add(struct pace_window *window, int64_t sent_ms);

/* When the oldest departure leaves the window; INT64_MAX when it is empty. */
int64_t pace_window_relief_ms(const struct pace_window *window);

#endif
