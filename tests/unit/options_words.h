/* Short words for what the tests of options do in every line. */
#ifndef CLAIMBATCH_TESTS_OPTIONS_WORDS_H
#define CLAIMBATCH_TESTS_OPTIONS_WORDS_H

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/options/options.h"
#include "command/commands.h"
#include "memfile.h"

#define WORDS_MAX 16

static const struct command upload = {"upload", COMMAND_UPLOAD, "CLAIMS.csv", NULL, "", ""};
static const struct command check = {"check", COMMAND_CHECK, "CLAIMS.csv", NULL, "", ""};

/* A command line, a configuration and what came of them. */
struct taken {
    char *argv[WORDS_MAX];
    struct memfile config;
    struct options options;
    struct error err;
};

static const char *certificates; /* SSL_CERT_FILE, or NULL */

/* `words` are parted by single blanks; `config` may be NULL. */
static inline int take(struct taken *taken, const struct command *command, const char *words,
                       const char *config)
{
    static char name[] = "command", line[1024];
    int argc = 1;

    *taken = (struct taken){.argv = {name}, .config = {.fd = -1}};
    unsetenv("SSL_CERT_FILE");
    if (certificates)
        setenv("SSL_CERT_FILE", certificates, 1);
    setenv("CLAIMBATCH_CONFIG", "/dev/null", 1);
    if (config) {
        taken->config = memfile_text(config);
        setenv("CLAIMBATCH_CONFIG", taken->config.path, 1);
    }
    snprintf(line, sizeof(line), "%s", words);
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
        taken->argv[argc++] = word;
    return options_parse(command, argc, taken->argv, &taken->options, &taken->err);
}

static inline void release(struct taken *taken)
{
    options_release(&taken->options);
    if (taken->config.fd >= 0)
        memfile_close(&taken->config);
}

static inline void assert_taken(struct taken *taken, const struct command *command,
                                const char *words, const char *config)
{
    if (take(taken, command, words, config))
        fail_msg("%s: %s", words, taken->err.text);
}

static inline void assert_refused(const struct command *command, const char *words,
                                  const char *config, int exit_code, const char *sentence)
{
    struct taken taken;

    if (take(&taken, command, words, config) != -1)
        fail_msg("taken: %s %s", words, config ? config : "");
    if (taken.err.exit_code != exit_code || !strstr(taken.err.text, sentence))
        fail_msg("'%s' is not in %d '%s'", sentence, taken.err.exit_code, taken.err.text);
    release(&taken);
}

#endif
