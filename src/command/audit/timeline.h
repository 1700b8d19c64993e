/*
 * timeline: how many lines were answered when, in a fixed number of buckets.
 *
 * Buckets are as narrow as they can be and still hold every moment that came: when one does not
 * fit, neighbours are joined. Moments may come in any order.
 *
 * Tested by tests/unit/test_timeline.c
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_TIMELINE_H
#define CLAIMBATCH_COMMAND_AUDIT_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#include "ledger/outcome.h"

#define TIMELINE_BUCKETS_MAX 120
#define TIMELINE_NARROWEST_MS 100

/* Zeroed is empty. */
struct timeline {
    int64_t start_ms;    /* wall time at which the first bucket begins */
    int64_t bucket_ms;   /* width of a bucket; 0: nothing came */
    size_t bucket_count; /* up to the last one that is not empty */
    uint64_t answered[TIMELINE_BUCKETS_MAX][OUTCOME_COUNT];
};

/* `at_ms` is wall time from 0 to the year 9999. */
void timeline_add(struct timeline *timeline, int64_t at_ms, enum outcome outcome);

/* All lines of one bucket. */
uint64_t timeline_answered(const struct timeline *timeline, size_t bucket);

#endif
