/*
 * command: the commands of the program, one cmd_<name>.c each.
 *
 * A command returns an exit code, or -1 with the run's error, which main prints once.
 */
#ifndef CLAIMBATCH_COMMAND_COMMAND_H
#define CLAIMBATCH_COMMAND_COMMAND_H

#include <stddef.h>

struct error;
struct options;

/* Bits, so that the table of options can say which commands take an option. */
enum command_bit {
    COMMAND_UPLOAD = 1,
    COMMAND_CHECK = 2,
    COMMAND_RERUN = 4,
    COMMAND_RESOLVE = 8,
    COMMAND_AUDIT = 16,
    COMMAND_STATUS = 32,
    COMMAND_EXPLAIN = 64,
    COMMAND_IMPORT = 128,
};
#define COMMAND_EVERY (~0u)

struct command {
    const char *name;
    unsigned bit;
    const char *operand; /* what stands for it in words: "CLAIMS.csv", or "REPORT.csv..." for one
                            or more, "[CODE]" for none or one; NULL: it takes none */
    int (*run)(const struct options *options, const char *invocation, struct error *err);
    const char *help;
    const char *examples; /* each a line */
};

/* The i-th command; NULL past the last. */
const struct command *command_at(size_t i);

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
