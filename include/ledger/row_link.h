/*
 * row_link: what a ledger on a server knows a row by. It is the ledger's, zeroed at first, and
 * stays with the row until that is final.
 *
 * Tested by tests/unit/test_ledger_turn.c
 */
#ifndef CLAIMBATCH_LEDGER_ROW_LINK_H
#define CLAIMBATCH_LEDGER_ROW_LINK_H

#include <stdint.h>

struct server_answer;

struct row_link {
    int64_t claim;                /* its number; 0: not known */
    int32_t version;              /* of the claim, as it was asked for */
    int64_t call;                 /* the attempt at hand */
    struct server_answer *answer; /* that a turn brings; NULL: nothing was asked */
};

/* For a row of which nothing is to be known any more: it is zeroed again. */
void ledger_row_forget(struct row_link *link);

#endif
