/*
 * pattern: an extended regular expression that a whole text must match.
 *
 * Hides regex.h. Characters are those of UTF-8.
 *
 * Tested by tests/unit/test_claim.c
 */
#ifndef CLAIMBATCH_INPUT_VALUE_PATTERN_H
#define CLAIMBATCH_INPUT_VALUE_PATTERN_H

#include <stdbool.h>

struct error;
struct pattern;

/* EXIT_BAD_USAGE with the library's words when it is no expression. */
int pattern_open(const char *expression, struct pattern **ret_pattern, struct error *err);
void pattern_close(struct pattern *pattern); /* NULL is fine */

/* Whether all of the text matches. */
bool pattern_fits(const struct pattern *pattern, const char *text);

#endif
