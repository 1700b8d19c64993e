#include "timeline.h"

#include <string.h>

/* Doubles the width. Buckets begin at multiples of their width, so each new one is two old ones. */
static void widen(struct timeline *timeline)
{
    uint64_t old[TIMELINE_BUCKETS_MAX][OUTCOME_COUNT];
    int64_t shift = timeline->start_ms / timeline->bucket_ms % 2;

    memcpy(old, timeline->answered, sizeof(old));
    memset(timeline->answered, 0, sizeof(timeline->answered));
    for (size_t i = 0; i < timeline->bucket_count; i++)
        for (int j = 0; j < OUTCOME_COUNT; j++)
            timeline->answered[(i + (size_t)shift) / 2][j] += old[i][j];
    timeline->start_ms -= shift * timeline->bucket_ms;
    timeline->bucket_ms *= 2;
    timeline->bucket_count = (timeline->bucket_count + (size_t)shift + 1) / 2;
}

/* Makes the first bucket begin earlier, by `count` buckets, which fit. */
static void prepend(struct timeline *timeline, size_t count)
{
    memmove(timeline->answered[count], timeline->answered[0],
            timeline->bucket_count * sizeof(timeline->answered[0]));
    memset(timeline->answered, 0, count * sizeof(timeline->answered[0]));
    timeline->start_ms -= (int64_t)count * timeline->bucket_ms;
    timeline->bucket_count += count;
}

/* Whether all buckets from the first moment to the last one fit, this one included. */
static bool fits(const struct timeline *timeline, int64_t at_ms)
{
    int64_t first = timeline->start_ms / timeline->bucket_ms;
    int64_t last = first + (int64_t)timeline->bucket_count - 1;
    int64_t at = at_ms / timeline->bucket_ms;

    return (at > last ? at : last) - (at < first ? at : first) < TIMELINE_BUCKETS_MAX;
}

void timeline_add(struct timeline *timeline, int64_t at_ms, enum outcome outcome)
{
    size_t bucket;

    if (!timeline->bucket_ms) {
        timeline->bucket_ms = TIMELINE_NARROWEST_MS;
        timeline->start_ms = at_ms / TIMELINE_NARROWEST_MS * TIMELINE_NARROWEST_MS;
        timeline->bucket_count = 1;
    }
    while (!fits(timeline, at_ms))
        widen(timeline);
    if (at_ms < timeline->start_ms)
        prepend(timeline,
                (size_t)(timeline->start_ms / timeline->bucket_ms - at_ms / timeline->bucket_ms));
    bucket = (size_t)((at_ms - timeline->start_ms) / timeline->bucket_ms);
    if (bucket >= timeline->bucket_count)
        timeline->bucket_count = bucket + 1;
    timeline->answered[bucket][outcome]++;
}

uint64_t timeline_answered(const struct timeline *timeline, size_t bucket)
{
    uint64_t sum = 0;

    for (int i = 0; i < OUTCOME_COUNT; i++)
        sum += timeline->answered[bucket][i];
    return sum;
}
