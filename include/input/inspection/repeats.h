/*
 * repeats: which claims may stand in an export more than once.
 *
 * A filter of fixed size: it never misses a claim that does, and is wrong about a few that do not.
 * What is certain is kept for those few alone by the ledger, so memory and the cost of a usual row
 * do not depend on the size of the export.
 *
 * Tested by tests/unit/test_repeats.c
 */
#ifndef CLAIMBATCH_INPUT_INSPECTION_REPEATS_H
#define CLAIMBATCH_INPUT_INSPECTION_REPEATS_H

#include <stdbool.h>

struct claim;
struct repeats;

/* 8 MiB for each of two bit maps: 14 % wrong at 10 million claims. */
#ifndef REPEATS_BITS /* tests/fuzz has fewer, which is quicker */
#define REPEATS_BITS (1u << 26)
#endif

struct repeats *repeats_open(void); /* NULL without memory */
void repeats_close(struct repeats *repeats);

/* Forgets all notes. */
void repeats_clear(struct repeats *repeats);

/* Takes note of one row; in the first pass, for every valid row. */
void repeats_note(struct repeats *repeats, const struct claim *claim);

/* Whether another row may be of the same claim; in the second pass. */
bool repeats_maybe(const struct repeats *repeats, const struct claim *claim);

#endif
