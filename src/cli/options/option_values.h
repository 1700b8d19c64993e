/*
 * option_values: values of options that are more than text and numbers.
 *
 * Tested by tests/unit/test_options.c
 */
#ifndef CLAIMBATCH_CLI_OPTIONS_OPTION_VALUES_H
#define CLAIMBATCH_CLI_OPTIONS_OPTION_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/options/options.h"

bool option_value_sign_method(struct options *o, const char *value, const char **ret_why);
bool option_value_http(struct options *o, const char *value, const char **ret_why);
bool option_value_encoding(struct options *o, const char *value, const char **ret_why);
bool option_value_delimiter(struct options *o, const char *value, const char **ret_why);
bool option_value_null(struct options *o, const char *value, const char **ret_why);
const char *option_value_keep(struct options *o, const char *text, size_t len);
void option_value_release(struct options *o);
bool option_value_status(struct options *o, const char *value, const char **ret_why);
bool option_value_oldest_time(struct options *o, const char *value, const char **ret_why);
bool option_value_column(struct options *o, const char *value, const char **ret_why);
bool option_value_fee_unit(struct options *o, const char *value, const char **ret_why);
bool option_value_rule(struct options *o, const char *value, const char **ret_why);
bool option_value_integer(const char *value, int64_t least, int64_t most, int64_t *ret_number);
bool option_value_rate(struct options *o, const char *value, const char **ret_why);
bool option_value_max_fee(struct options *o, const char *value, const char **ret_why);
bool option_value_max_changed(struct options *o, const char *value, const char **ret_why);
bool option_value_max_failures(struct options *o, const char *value, const char **ret_why);
bool option_value_include(struct options *o, const char *value, const char **ret_why);
bool option_value_rows(struct options *o, const char *value, const char **ret_why);
bool option_value_progress(struct options *o, const char *value, const char **ret_why);
bool option_value_log_format(struct options *o, const char *value, const char **ret_why);

#endif
