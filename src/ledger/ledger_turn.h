/*
 * ledger_turn: what the rows of a run's turn do where the ledger is on a server: all of it is
 * queued. Private to this folder.
 *
 * Tested by tests/unit/test_ledger_turn.c
 */
#ifndef CLAIMBATCH_LEDGER_LEDGER_TURN_H
#define CLAIMBATCH_LEDGER_LEDGER_TURN_H

#include "ledger/ledger.h"
#include "ledger/shared_limits.h"

/* As the functions of ledger.h whose names end so. */
struct row_queue {
    int (*ask)(struct ledger *ledger, const struct row_ref *ref, bool repeated,
               struct row_facts *ret_facts, struct error *err);
    int (*intend)(struct ledger *ledger, const struct row_ref *ref, const struct row_record *record,
                  bool *ret_refused, struct error *err);
    int (*end)(struct ledger *ledger, const struct row_ref *ref, const struct row_record *record,
               struct error *err);
    int (*doubt)(struct ledger *ledger, const struct row_ref *ref, const struct row_record *record,
                 struct error *err);
    int (*warn)(struct ledger *ledger, struct row_place place, const char *code, struct error *err);
    int (*note)(struct ledger *ledger, const struct row_ref *ref, const struct row_record *record,
                struct error *err);
};

/* As the functions of shared_limits.h: from what the last turn has told, and what this worker has
 * of what all of them share. */
int ledger_turns_facts(struct ledger *ledger, const struct turn *turn, struct turn_facts *ret_facts,
                       struct error *err);
int ledger_turns_calls_left(struct ledger *ledger, int64_t quota, int64_t *ret_left,
                            struct error *err);
void ledger_turns_charge(struct ledger *ledger, int32_t day, int64_t calls);

/* With the ledger. */
void ledger_turns_close(struct ledger *ledger);

#endif
