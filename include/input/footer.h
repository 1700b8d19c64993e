/*
 * footer: lines below the claims that are no claims.
 *
 * A total, dashes, or nothing. Pure.
 *
 * Tested by tests/unit/test_profile.c
 */
#ifndef CLAIMBATCH_INPUT_FOOTER_H
#define CLAIMBATCH_INPUT_FOOTER_H

#include <stdbool.h>

struct columns;
struct record;

/* Whether a line may belong to a footer; `is_short`: it has too few cells to be a claim. */
bool footer_is_like(const struct columns *columns, const struct record *record, bool is_short);

#endif
