/*
 * alike: rows whose claim the ledger knows under another spelling of its number, of the same work
 * order: a spreadsheet took the zeros before it, say. Sent as they are they would be other claims,
 * and all of them paid again.
 *
 * Tested by tests/e2e/test_alike.py
 */
#ifndef CLAIMBATCH_RUN_START_ALIKE_H
#define CLAIMBATCH_RUN_START_ALIKE_H

#include <stdint.h>

struct alike;
struct claim;
struct error;
struct ledger;

#define ALIKE_TEXT_BYTES 520 /* a claim number and its NUL */

struct alike_found {
    uint64_t rows;
    uint64_t first_row; /* and of that … */
    char now[ALIKE_TEXT_BYTES];
    char before[ALIKE_TEXT_BYTES];
};

/* Borrows all; NULL without memory. */
struct alike *alike_open(struct ledger *ledger, const char *platform, struct alike_found *found);
void alike_close(struct alike *alike); /* NULL is fine */

/* Takes a row, in the order of the file, whose own claim was not accepted. Many are asked for at
 * once: what was found is known after the end. */
int alike_take(struct alike *alike, uint64_t row, const struct claim *claim, struct error *err);
int alike_end(struct alike *alike, struct error *err);

#endif
