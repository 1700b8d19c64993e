/*
 * options_part: what taking options shares.
 *
 * Tested by tests/unit/test_options.c
 */
#ifndef CLAIMBATCH_CLI_OPTIONS_OPTIONS_PART_H
#define CLAIMBATCH_CLI_OPTIONS_OPTIONS_PART_H

#include "cli/options/options.h"
#include "option_list.h"

struct command;
struct config;
struct error;

bool options_take(struct options *options, const struct option_spec *spec, const char *value,
                  char *ret_range, size_t size, const char **ret_why);
int options_take_from(struct options *options, const struct option_spec *spec, const char *value,
                      const struct origin *origin, struct error *err);
int options_refuse_value(const char *key, const char *value, const struct origin *origin,
                         const char *why, struct error *err);
int options_note(struct options *options, enum section section, const char *key, const char *value,
                 const struct origin *origin, struct error *err);
const struct option_spec *options_find_key(enum section section, const char *key);
int options_take_config(const struct command *command, struct options *o, struct error *err);

#endif
