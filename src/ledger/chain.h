/*
 * chain: a claim's record and the chain of its rows, newest first. Private to this folder.
 *
 * A row is linked into the chain of its claim once in its life, when it is final and can be asked
 * for from there: when other rows of its export may be of the same claim, when it was sent, or when
 * it waits for another attempt.
 *
 * Tested by tests/unit/test_ledger_claim.c
 */
#ifndef CLAIMBATCH_LEDGER_CHAIN_H
#define CLAIMBATCH_LEDGER_CHAIN_H

#include "ledger/store/database.h"

struct claim_row {
    bool exists;
    bool accepted;
    unsigned char digest[DIGEST_CLAIM_BYTES];
    struct row_place accepted_at;
    int64_t accepted_ms;
    bool has_fee;
    int64_t fee_fen;
    struct row_place last; /* the head of the chain; run 0: none */
};

int chain_read(struct ledger *ledger, int64_t platform, const struct claim_key *key,
               struct claim_row *ret_claim, struct error *err);

/* The same without `last`, quicker where claims are read in the order of their keys and nothing is
 * written between. */
int chain_read_in_order(struct ledger *ledger, int64_t platform, const struct claim_key *key,
                        struct claim_row *ret_claim, struct error *err);

/* Whether a claim of any work order and platform has this number, as quick as that. Of a file. */
int chain_has_number(struct ledger *ledger, const char *claim_order_no, bool *ret_any,
                     struct error *err);

/* What was accepted of the claim, over all its rows. */
int chain_read_accepted(struct ledger *ledger, const struct claim_row *claim,
                        struct claim_state *ret_state, struct error *err);

/* The key of a row's record, and what a statement that selects one has. The texts are the
 * statement's. */
int64_t chain_row_id(struct row_place place);
void chain_read_record(struct database_statement *s, struct row_record *ret_record);
void chain_read_numbers(struct database_statement *s,
                        struct row_record *ret_record); /* without texts */

/* A way through the rows of a claim, newest first. It begins with `older` where the claim's record
 * says. */
struct chain_walk {
    struct row_place at;    /* the row at hand */
    struct row_place older; /* the next one; run 0: none */
};

/* Goes to the next row: 1 and its record without texts, or 0 at the end. A row that is not there is
 * the end, too: it was pruned, and so were all before it. */
int chain_next(struct ledger *ledger, struct chain_walk *walk, struct row_record *ret_record,
               struct error *err);

/* Writes a row's record, linked to `before` if it is new and that is not NULL. *ret_new says
 * whether it is new. */
int chain_put_row(struct ledger *ledger, const struct row_ref *ref, const struct row_record *record,
                  const struct row_place *before, bool *ret_new, struct error *err);

/* Records a final row, links it into its claim's chain, and notes what was accepted. */
int chain_finish_row(struct ledger *ledger, int64_t platform, const struct row_ref *ref,
                     const struct row_record *record, struct error *err);

/* Whether the row tells of an attempt that nobody has settled: it can be the claim's open one. */
bool chain_is_unsettled(const struct claim_row *claim, const struct row_record *record);

/* The unknown attempt of the claim that was made last is the open one again: 1, or 0 when no row
 * tells of one. */
int chain_put_back(struct ledger *ledger, int64_t platform, const struct claim_key *key,
                   struct error *err);

/* Whether a row waits for another attempt of its claim, or repeats one that is unknown: it has none
 * of its own. */
bool chain_waits(const struct row_record *record);

/* The claim's unknown attempt is settled: rows of any run that wait for it are to be judged again.
 */
int chain_release(struct ledger *ledger, int64_t platform, const struct claim_key *key,
                  struct error *err);

/* The claim's open attempt is one no more, and what waits for it is released. */
int chain_drop_open(struct ledger *ledger, int64_t platform, const struct claim_key *key,
                    struct error *err);

/* The same, but that an attempt before it that is unknown is the open one then. */
int chain_settle_open(struct ledger *ledger, int64_t platform, const struct claim_key *key,
                      struct error *err);

/* Runs one of SQL_OPEN_UNKNOWN, SQL_OPEN_DOUBT, SQL_OPEN_END and SQL_OPEN_DROP on the claim's open
 * attempt. */
int chain_execute_open(struct ledger *ledger, enum statement which, int64_t platform,
                       const struct claim_key *key, struct error *err);

#endif
