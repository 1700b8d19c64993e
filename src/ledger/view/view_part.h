/*
 * view_part: the looks at a ledger share this.
 *
 * Tested by tests/unit/test_view.c
 */
#ifndef CLAIMBATCH_LEDGER_VIEW_VIEW_PART_H
#define CLAIMBATCH_LEDGER_VIEW_VIEW_PART_H

#include <stdbool.h>
#include <stdint.h>

struct ledger;

/* Ends what a list holds. */
void view_let_go(struct ledger *ledger);
/* Whether the run is under way. */
bool view_is_active(struct ledger *ledger, int64_t run);

#endif
