/*
 * command: the commands of the program, one cmd_<name>.c each.
 *
 * A command returns an exit code, or -1 with the run's error, which main prints once.
 */
#ifndef CLAIMBATCH_CLI_COMMAND_H
#define CLAIMBATCH_CLI_COMMAND_H

struct error;
struct options;

/* `invocation` is the command line as typed, quoted for a shell. */
int cmd_upload(const struct options *options, const char *invocation, struct error *err);

#endif
