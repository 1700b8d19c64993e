/*
 * option_list: all options, each said once.
 *
 * Tested by tests/unit/test_options.c
 */
#ifndef CLAIMBATCH_CLI_OPTIONS_OPTION_LIST_H
#define CLAIMBATCH_CLI_OPTIONS_OPTION_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options/options.h"

enum kind {
    KIND_FLAG,    /* a bool */
    KIND_TEXT,    /* a const char * */
    KIND_INTEGER, /* an int64_t from least to most */
    KIND_SECONDS, /* an int64_t in milliseconds, typed in seconds */
    KIND_SPECIAL, /* taken by a function */
};

/* Two rows may have one name if no command takes both. */
struct option_spec {
    unsigned commands;    /* that take it */
    enum section section; /* of a configuration */
    const char *name;
    char letter; /* 0: none */
    enum kind kind;
    size_t offset; /* of the member of struct options */
    int64_t least, most;
    bool (*take)(struct options *options, const char *value, const char **ret_why);
    const char *fallback; /* the default, as it would be typed; NULL: none */
    const char *value;    /* what stands for it in the help; NULL for a flag */
    const char *help;
};

#define OPTION_LIST_MAX 200

extern const struct option_spec option_list[];
extern const size_t option_list_count;

/* The name of the i-th option; NULL past the last. */
const char *option_list_word(size_t i);

/* What a configuration calls it. */
const char *option_list_key(const struct option_spec *spec);

#endif
