#include "timers.h"
#include "base/array.h"

#include <stdlib.h>

bool timers_add(struct timers *timers, int64_t due_us, void *item)
{
    size_t at = timers->count;

    if (!ARRAY_HAS_ROOM(timers->heap, at, timers->capacity))
        return false;
    timers->count++;
    for (; at && timers->heap[(at - 1) / 2].due_us > due_us; at = (at - 1) / 2)
        timers->heap[at] = timers->heap[(at - 1) / 2];
    timers->heap[at] = (struct timer){.due_us = due_us, .item = item};
    return true;
}

/* Moves `last` down from the root, which is free, to its place. */
static void sink(struct timers *timers, struct timer last)
{
    size_t at = 0;

    for (size_t child = 1; child < timers->count; child = 2 * at + 1) {
        if (child + 1 < timers->count &&
            timers->heap[child + 1].due_us < timers->heap[child].due_us)
            child++;
        if (timers->heap[child].due_us >= last.due_us)
            break;
        timers->heap[at] = timers->heap[child];
        at = child;
    }
    timers->heap[at] = last;
}

void *timers_take(struct timers *timers, int64_t now_us)
{
    void *item;

    if (!timers->count || timers->heap[0].due_us > now_us)
        return NULL;
    item = timers->heap[0].item;
    timers->count--;
    if (timers->count)
        sink(timers, timers->heap[timers->count]);
    return item;
}

int64_t timers_next(const struct timers *timers)
{
    return timers->count ? timers->heap[0].due_us : INT64_MAX;
}

void timers_release(struct timers *timers)
{
    free(timers->heap);
    *timers = (struct timers){0};
}
