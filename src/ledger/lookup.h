/*
 * lookup: entries of a table by the key of a claim, one after the other within a transaction.
 *
 * Rows of an export mostly come in the order of their claims' keys, so the next entry that is asked
 * for is mostly the one at hand or the next: then nothing is searched for. What is known is that no
 * entry lies between the key that was asked for last and the entry at hand. That holds until the
 * table is changed or the transaction ends: database_step and the ends of a transaction make it
 * forgotten. Private to this folder.
 *
 * Tested by tests/unit/test_lookup.c
 */
#ifndef CLAIMBATCH_LEDGER_LOOKUP_H
#define CLAIMBATCH_LEDGER_LOOKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

struct claim_key;
struct database_statement;
struct error;
struct ledger;

struct lookup {
    struct database_statement *statement;   /* NULL: nothing is known */
    bool at_end;                            /* it is behind the last entry */
    bool is_found;                          /* it is the one that was asked for last */
    unsigned patience;                      /* entries passed over before it searches again */
    struct buffer start;                    /* bound to the statement */
    struct buffer asked;                    /* the number of the key asked for last … */
    int64_t asked_workcard, asked_platform; /* … and the rest of it */
};

/*
 * 1: the statement stands at the entry, 0: there is none, -1 and err. `which` selects the entries
 * from the key ?1, ?2, ?3 on, in their order, with the three parts of their key from `column` on.
 */
int lookup_find(struct ledger *ledger, struct lookup *lookup, int which, int column,
                int64_t platform, const struct claim_key *key, struct error *err);

void lookup_release(struct lookup *lookup);

#endif
