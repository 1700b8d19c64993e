#include "pace_window.h"

#include <stddef.h>
#include <string.h>

static size_t slot_of(int64_t ms)
{
    return (size_t)(ms % PACE_WINDOW_MS);
}

void pace_window_advance(struct pace_window *window, int64_t now_ms)
{
    if (now_ms - window->now_ms >= PACE_WINDOW_MS) {
        memset(window->slots, 0, sizeof(window->slots));
        window->total = 0;
        window->now_ms = now_ms;
    }
    while (window->now_ms < now_ms) {
        uint32_t *slot = &window->slots[slot_of(++window->now_ms)];
        window->total -= *slot;
        *slot = 0;
    }
}

void pace_window_add(struct pace_window *window, int64_t sent_ms)
{
    pace_window_advance(window, sent_ms);
    if (window->now_ms - sent_ms >= PACE_WINDOW_MS)
        return;
    window->slots[slot_of(sent_ms)]++;
    window->total++;
}

int64_t pace_window_relief_ms(const struct pace_window *window)
{
    if (window->total == 0)
        return INT64_MAX;
    for (int64_t ms = window->now_ms - PACE_WINDOW_MS + 1; ms <= window->now_ms; ms++) {
        if (ms >= 0 && window->slots[slot_of(ms)])
            return ms + PACE_WINDOW_MS;
    }
    return INT64_MAX;
}
