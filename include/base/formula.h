/*
 * formula: cells that a spreadsheet would run.
 *
 * A text that it would take for a formula gets one more apostrophe in front, so nothing runs and
 * nothing is lost. Pure.
 *
 * Tested by tests/unit/test_line.c
 */
#ifndef CLAIMBATCH_BASE_FORMULA_H
#define CLAIMBATCH_BASE_FORMULA_H

#include <stdbool.h>

/* Whether the text begins a formula, apostrophes in front of it aside: it needs one more. */
bool formula_starts(const char *text);

/* What a guarded text says, without its apostrophe; a text that needs no guard is itself; NULL when
 * the apostrophe is missing. Borrowed from `text`. */
const char *formula_unguard(const char *text);

#endif
