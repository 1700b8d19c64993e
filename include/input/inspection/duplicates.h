/*
 * duplicates: rows of a file that are of the same claim.
 *
 * 16 bytes a row: two hashes of what the row says, and its number; of the first million rows in
 * memory, of more in a file without a name in $TMPDIR (or in memory where that cannot be made).
 * What is found is for people to look at, and wrong with a chance of one in some billions; what a
 * run sends or skips is decided by the ledger, exactly.
 *
 * Tested by tests/unit/test_duplicates.c
 */
#ifndef CLAIMBATCH_INPUT_INSPECTION_DUPLICATES_H
#define CLAIMBATCH_INPUT_INSPECTION_DUPLICATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct claim;
struct duplicates;

#define DUPLICATES_IN_MEMORY ((size_t)1 << 20) /* rows */

/* As many rows stay in memory, the others are in a temporary file. NULL without memory. */
struct duplicates *duplicates_open(size_t in_memory);
void duplicates_close(struct duplicates *duplicates);

/* Forgets all rows. */
void duplicates_clear(struct duplicates *duplicates);

/* Takes note of a row, in the order of the file. -1 without memory; rows past 2^32 are not noted.
 */
int duplicates_note(struct duplicates *duplicates, uint64_t row, const struct claim *claim);

/* The same, but that of its content only the amount counts. */
int duplicates_note_amount(struct duplicates *duplicates, uint64_t row, const struct claim *claim);

/* How many rows were noted. */
size_t duplicates_count(const struct duplicates *duplicates);

/* A row, and the row directly before it of the same claim. */
struct duplicate {
    uint64_t row, before;
    bool same_content; /* of these two */
};

/* Finds them, once, after the last row; returns how many. */
size_t duplicates_find(struct duplicates *duplicates);

/* The i-th that was found, in the order of the file. */
struct duplicate duplicates_at(const struct duplicates *duplicates, size_t i);

#endif
