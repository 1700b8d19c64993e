/*
 * commands: the commands of the program, one cmd_<name>.c each.
 *
 * A command returns an exit code, or -1 with the run's error, which main prints once.
 *
 * Tested by tests/e2e/test_options.py
 */
#ifndef CLAIMBATCH_COMMAND_COMMANDS_H
#define CLAIMBATCH_COMMAND_COMMANDS_H

#include "cli/command.h"

/* The i-th command; NULL past the last. */
const struct command *commands_at(size_t i);

/* `invocation` is the command line as typed, quoted for a shell. */
int cmd_upload(const struct options *options, const char *invocation, struct error *err);
int cmd_rerun(const struct options *options, const char *invocation, struct error *err);
int cmd_check(const struct options *options, const char *invocation, struct error *err);
int cmd_resolve(const struct options *options, const char *invocation, struct error *err);
int cmd_import(const struct options *options, const char *invocation, struct error *err);
int cmd_audit(const struct options *options, const char *invocation, struct error *err);
int cmd_status(const struct options *options, const char *invocation, struct error *err);
int cmd_explain(const struct options *options, const char *invocation, struct error *err);

#endif
