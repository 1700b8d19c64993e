/*
 * statement: who says something, and why, as --by and --reason tell it.
 *
 * Tested by tests/unit/test_decisions.c
 */
#ifndef CLAIMBATCH_CLI_STATEMENT_H
#define CLAIMBATCH_CLI_STATEMENT_H

#include <stddef.h>

struct error;

#define STATEMENT_BY_BYTES 200
#define STATEMENT_REASON_BYTES 1000

/* What is wrong with a name or reason of at most `limit` bytes, as words (static); NULL: nothing.
 */
const char *statement_breach(const char *text, size_t limit);

/* EXIT_BAD_USAGE when a name or a reason that was typed has such a breach; NULL: it was not. */
int statement_check(const char *by, const char *reason, struct error *err);

#endif
