/*
 * print_config: what --print-config shows: every setting in force, where it came from, and what
 * decides about the connection.
 *
 * Where an app key is set it is also a check of what a run needs before it opens anything, as
 * ExecStartPre= of a unit wants it: secrets, certificates, keys, gateway.
 *
 * Tested by tests/e2e/test_config.py
 */
#ifndef CLAIMBATCH_COMMAND_PRINT_CONFIG_H
#define CLAIMBATCH_COMMAND_PRINT_CONFIG_H

struct command;
struct error;
struct options;

/* On standard output, as text in the form of a configuration or with --json as one document; no
 * secret is in it. Returns EXIT_COMPLETE, or -1 with what a run would fail with. */
int print_config(const struct command *command, const struct options *options, struct error *err);

#endif
