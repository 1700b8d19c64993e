/*
 * options: what the user typed.
 *
 * A table says everything about an option once: name, value, default, help. Of an option given
 * twice the last wins.
 *
 * Tested by tests/e2e/test_options.py
 */
#ifndef CLAIMBATCH_CLI_OPTIONS_H
#define CLAIMBATCH_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/log.h"
#include "gateway/sign.h"
#include "input/charset.h"
#include "input/claim.h"
#include "input/reader.h"

struct error;

enum progress_mode { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };

/* Strings are borrowed from argv. */
struct options {
    const char *claims; /* the operand */

    const char *report, *ledger;
    bool overwrite, new_ledger;

    const char *gateway, *app_key, *app_secret_file, *session_file, *ca_file;
    enum sign_method sign_method;
    bool allow_plaintext;
    int64_t connect_timeout_ms, timeout_ms;

    int64_t in_flight, workers; /* workers 0: as many as processors */
    int64_t rate, daily_quota;  /* 0: none */
    int64_t retries, outage_patience_ms;
    int64_t limit, max_failures, max_failures_percent; /* negative: none */
    int64_t expect_rows, expect_fee;                   /* negative: not given */
    bool require_valid, dry_run;

    enum encoding encoding;
    struct reader_settings reader;
    struct rules rules;

    enum progress_mode progress;
    enum log_format log_format;
    bool json, quiet, verbose, no_color;
    bool help, version;
};

/*
 * Takes the words after the command's name. EXIT_BAD_USAGE with a suggestion for what was misspelt.
 * With --help or --version the operand may be missing.
 */
int options_parse(const char *command, int argc, char **argv, struct options *ret_options,
                  struct error *err);

/* Appends the help of a command's options. */
void options_help(struct buffer *ret_text);

#endif
