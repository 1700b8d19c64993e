/*
 * fee_unit_check: whether the amounts of a column in fen are in yuan.
 *
 * An amount in fen has no decimals. Where some have, they are refused one by one; but then the
 * column may be one of yuan, and the others, 128.00 or 128, would be sent as a hundredth of what
 * they are. Those with a point are doubted beside a single such amount; those without only where
 * there are many, and of about the same size, for else it is a slip. Where there is none, a column
 * of 12800 and 128.00 was written by two hands, and those with a point are doubted as well, where
 * they are the fewer: no program writes one number with two zeros and the next one without.
 *
 * Tested by tests/unit/test_fee_unit_check.c
 */
#ifndef CLAIMBATCH_INPUT_INSPECTION_FEE_UNIT_CHECK_H
#define CLAIMBATCH_INPUT_INSPECTION_FEE_UNIT_CHECK_H

#include "input/claim/profile.h"
#include "input/value/value.h"

/* A zeroed one has seen nothing. Amounts of zero and what is no amount are not counted. */
struct fee_unit_check {
    uint64_t decimals, pointed, whole;  /* 99.50; 128.00; 128 */
    uint64_t with_cents;                /* of those with a point: two zeros behind it */
    uint64_t decimals_bits, whole_bits; /* of the numbers before the point, together */
};

void fee_unit_check_note(struct fee_unit_check *check, struct value value);

/* Whatever the order in which they were noted. */
enum fee_doubt fee_unit_check_doubt(const struct fee_unit_check *check);

/* Whether most are written as 128.00, as yuan mostly are and fen seldom, and none is doubted. */
bool fee_unit_check_has_cents(const struct fee_unit_check *check);

#endif
