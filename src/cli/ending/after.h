/*
 * after: the user's own command, once a run is over (--after).
 *
 * The process that will start it is forked first of all: before a secret is read, a file is opened
 * or a thread is started, and before this process gives up starting programs. It waits, and ends
 * without a trace where this process ends without a word. Standard input and output of the command
 * are not ours: it reads what it is given, and what it prints goes to standard error. Whatever
 * becomes of it is logged and changes nothing.
 *
 * Tested by tests/unit/test_after.c and tests/e2e/test_after.py
 */
#ifndef CLAIMBATCH_CLI_ENDING_AFTER_H
#define CLAIMBATCH_CLI_ENDING_AFTER_H

#include <stdint.h>

#include "base/buffer.h"

struct after;
struct error;

#define AFTER_LIMIT_MS 60000

/* For a command of /bin/sh, which is ended when it takes longer than `limit_ms`. EXIT_RESOURCES.
 * Close it in any case. */
int after_start(const char *command, int64_t limit_ms, struct after **ret_after, struct error *err);

/* Runs it: with our environment, without what may hold a secret in it, and with these:
 * "NAME=VALUE", each with its NUL. `input` is what its standard input holds. Once. */
void after_run(struct after *after, const struct buffer *environment, const struct buffer *input);

/* NULL is fine. */
void after_close(struct after *after);

#endif
