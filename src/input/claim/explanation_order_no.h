/*
 * explanation_order_no: the words for a claim number that is none, or not all of one.
 *
 * Tested by tests/e2e/test_tools.py
 */
#ifndef CLAIMBATCH_INPUT_CLAIM_EXPLANATION_ORDER_NO_H
#define CLAIMBATCH_INPUT_CLAIM_EXPLANATION_ORDER_NO_H

#include "input/value/value.h"

/* What stands behind the field and its value. */
const char *explanation_order_no(struct value value);

#endif
