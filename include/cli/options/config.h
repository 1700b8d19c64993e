/*
 * config: the configuration file (contract section 8) as entries.
 *
 * Hides inih and where the file lies. What the entries mean is for options.h. A `#` or `;` starts a
 * comment only at the start of a line, so that both may stand in a header or be a delimiter.
 *
 * Tested by tests/unit/test_config.c
 */
#ifndef CLAIMBATCH_CLI_OPTIONS_CONFIG_H
#define CLAIMBATCH_CLI_OPTIONS_CONFIG_H

#include <stddef.h>

struct error;
struct config;

#define CONFIG_BYTES_MAX ((size_t)1 << 20)
#define CONFIG_LINE_BYTES_MAX 4096

/* One `key = value`; or the head of a section, then key and value are NULL. Texts live as long as
 * the configuration. */
struct config_entry {
    const char *section, *key, *value;
    unsigned line;
};

/*
 * Reads the file that --config names, else $CLAIMBATCH_CONFIG, else the first that exists of
 * $XDG_CONFIG_HOME/claimbatch/claimbatch.conf (~/.config) and /etc/claimbatch/claimbatch.conf;
 * *ret_config is NULL when there is none. `named` may be NULL. EXIT_BAD_CONFIG when a file that was
 * named is not there, or one that is cannot be read or is no configuration, with file and line;
 * when it belongs to another user than us and root, or others may write to it; and when the folder
 * of the environment that would be looked into is not an absolute path.
 */
int config_open(const char *named, struct config **ret_config, struct error *err);
void config_close(struct config *config); /* NULL is fine */

const char *config_path(const struct config *config);

/* The entries in the order of the file; NULL past the last. */
const struct config_entry *config_entry(const struct config *config, size_t i);

#endif
