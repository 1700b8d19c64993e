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

void view_let_go(struct ledger *ledger);
bool view_is_active(struct ledger *ledger, int64_t run);

#endif
