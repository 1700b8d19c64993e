/*
 * month_claims: the rows of many exports, put in the order of their claims.
 *
 * They are kept in a temporary SQLite file that has no name, so memory does not grow with them.
 * First all rows are added, then they are folded, once; what is kept of that can be listed any
 * number of times.
 *
 * Tested by tests/unit/test_month_claim.c
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_CLAIMS_H
#define CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_CLAIMS_H

#include <stdint.h>

#include "month_claim.h"

struct error;
struct month_claims;

/* An id is on more rows than these only where it tells no call from another. */
#define MONTH_REPEATED_MAX 8

/* What a claim is listed as. */
enum month_list { MONTH_OPEN, MONTH_CHANGED, MONTH_TWICE, MONTH_LISTS };

/* A request_id that stands on rows of two exports. */
struct month_repeat {
    const char *request_id;
    size_t export_before, export_after;
    uint64_t row_before, row_after;
};

/* EXIT_CANNOT_WRITE when there is no place for temporary files. */
int month_claims_open(struct month_claims **ret_claims, struct error *err);
void month_claims_close(struct month_claims *claims); /* NULL is fine */

int month_claims_add(struct month_claims *claims, const struct month_line *line, struct error *err);

/* Takes one claim, borrowed; 0, or -1 to end it. */
typedef int month_take(void *context, const struct month_claim *claim, struct error *err);

/* Hands each claim to `take`, ordered by platform, claim_order_no and workcard_id, and keeps those
 * that are to be listed. */
int month_claims_fold(struct month_claims *claims, month_take *take, void *context,
                      struct error *err);

/* The same for a list, once folded; of open ones the most urgent first. At most `limit`. */
int month_claims_list(struct month_claims *claims, enum month_list list, uint64_t limit,
                      month_take *take, void *context, struct error *err);

/* Each request_id that stands on rows of two exports. */
int month_claims_repeats(struct month_claims *claims,
                         int (*take)(void *context, const struct month_repeat *repeat,
                                     struct error *err),
                         void *context, struct error *err);

#endif
