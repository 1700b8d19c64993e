/*
 * command: what there is to know of a command of the program.
 *
 * Tested by tests/unit/test_options.c
 */
#ifndef CLAIMBATCH_CLI_COMMAND_H
#define CLAIMBATCH_CLI_COMMAND_H

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

#endif
