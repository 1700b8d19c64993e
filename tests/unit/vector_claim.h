/* The claims of the vectors made with the official SDKs. */
#ifndef CLAIMBATCH_TESTS_VECTOR_CLAIM_H
#define CLAIMBATCH_TESTS_VECTOR_CLAIM_H

#include "input/claim/claim.h"
#include "vectors.h"

static inline int64_t vector_number(yajl_val object, const char *name)
{
    yajl_val value = vectors_member(object, name);
    assert_true(YAJL_IS_INTEGER(value));
    return YAJL_GET_INTEGER(value);
}

/* The claim of a business parameter's object, whose texts it borrows. */
static inline struct claim vector_claim(yajl_val json)
{
    const char *desc = vectors_text(json, "claim_desc");
    struct claim claim = {
        .workcard_id = vector_number(json, "workcard_id"),
        .claim_desc = desc ? desc : "",
        .claim_count = vector_number(json, "claim_count"),
        .claim_order_no = vectors_text(json, "claim_order_no"),
        .claim_status = vector_number(json, "claim_status"),
        .claim_fee = vector_number(json, "claim_fee"),
    };
    snprintf(claim.claim_time, sizeof(claim.claim_time), "%s", vectors_text(json, "claim_time"));
    return claim;
}

#endif
