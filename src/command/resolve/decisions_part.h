/*
 * decisions_part: what the parts of decisions share.
 *
 * Tested by tests/unit/test_decisions.c
 */
#ifndef CLAIMBATCH_COMMAND_RESOLVE_DECISIONS_PART_H
#define CLAIMBATCH_COMMAND_RESOLVE_DECISIONS_PART_H

#include "decisions.h"

struct decisions {
    struct decision *list;
    size_t count, room;
    uint64_t skipped, refused;
    struct buffer texts; /* names and reasons, each with its NUL */
};

/* A zeroed one behind those there are; NULL without memory. */
struct decision *decisions_new(struct decisions *decisions);
/* By row, then by line. */
int decisions_compare(const void *a, const void *b);

#endif
