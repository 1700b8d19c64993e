/*
 * repeat_filter: which claims may stand in an export more than once.
 *
 * A filter of fixed size: it never misses a claim that does, and is wrong about a few that do not.
 * What is certain is kept for those few alone by the ledger, so memory and the cost of a usual row
 * do not depend on the size of the export.
 *
 * Tested by tests/unit/test_repeat_filter.c
 */
#ifndef CLAIMBATCH_INPUT_INSPECTION_REPEAT_FILTER_H
#define CLAIMBATCH_INPUT_INSPECTION_REPEAT_FILTER_H

#include <stdbool.h>

struct claim;
struct repeat_filter;

/* 8 MiB for each of two bit maps: 14 % wrong at 10 million claims. */
#ifndef REPEAT_FILTER_BITS /* tests/fuzz has fewer, which is quicker */
#define REPEAT_FILTER_BITS (1u << 26)
#endif

struct repeat_filter *repeat_filter_open(void); /* NULL without memory */
void repeat_filter_close(struct repeat_filter *repeats);

/* Forgets all notes. */
void repeat_filter_clear(struct repeat_filter *repeats);

/* Takes note of one row; in the first pass, for every valid row. */
void repeat_filter_note(struct repeat_filter *repeats, const struct claim *claim);

/* Whether another row may be of the same claim; in the second pass. */
bool repeat_filter_maybe(const struct repeat_filter *repeats, const struct claim *claim);

#endif
