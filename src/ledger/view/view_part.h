/*
 * view_part: the looks at a ledger share this.
 *
 * Tested by tests/unit/test_view.c
 */
#ifndef CLAIMBATCH_LEDGER_VIEW_VIEW_PART_H
#define CLAIMBATCH_LEDGER_VIEW_VIEW_PART_H

struct ledger;

/* Ends what a list holds. */
void view_let_go(struct ledger *ledger);

#endif
