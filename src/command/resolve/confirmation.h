/*
 * confirmation: what a person is about to settle is named before it is recorded.
 *
 * On a terminal he is asked, and silence is no. A script that names what it means (a list, a claim,
 * a number of rows) is taken at its word.
 *
 * Tested by tests/e2e/test_confirmation.py
 */
#ifndef CLAIMBATCH_COMMAND_RESOLVE_CONFIRMATION_H
#define CLAIMBATCH_COMMAND_RESOLVE_CONFIRMATION_H

#include <stdbool.h>
#include <stdint.h>

#include "decisions.h"

struct error;
struct ledger;
struct options;

#define CONFIRMATION_SHOWN 20 /* decisions that are named one by one */

/* Names one: row, claim, amount, the time it was handed over, what is known of it, and what is said
 * of it. `run` is whose attempt it is. A negative amount is not known: then `report`, which may be
 * NULL, has it. */
void confirmation_name(const struct decision *decision, const char *run, int64_t fee_fen,
                       const char *report);

/* Whether a person sits there. */
bool confirmation_can_ask(void);

/* Asks whether `count` of them are meant, if that can be asked and was not said: EXIT_ROWS_UNKNOWN
 * when they are not. What this process holds of the ledger it keeps meanwhile. */
int confirmation_ask(const struct options *options, struct ledger *ledger, uint64_t count,
                     struct error *err);

#endif
