/*
 * options: what is in force: by default, by the configuration, the environment and what the user
 * typed.
 *
 * A table says everything about an option once: name, which commands take it, where it stands in a
 * configuration, value, default, help. Options win over the environment, which wins over the
 * configuration; of an option given twice the last wins.
 *
 * Tested by tests/unit/test_options.c, test_options_config.c
 */
#ifndef CLAIMBATCH_CLI_OPTIONS_OPTIONS_H
#define CLAIMBATCH_CLI_OPTIONS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/log.h"
#include "cli/credentials.h"
#include "cli/options/settings.h"
#include "gateway/http/client.h"
#include "gateway/sign.h"
#include "gateway/verdict.h"
#include "input/claim/claim.h"
#include "input/export/charset.h"
#include "input/reader/reader.h"

struct command;
struct config;
struct ending;
struct error;

enum progress_mode { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };

#define OPTIONS_VERDICTS_MAX 64 /* sub_codes a configuration can override */

/* Strings are borrowed from argv, from the environment, or live as long as this. */
struct options {
    const char *claims;          /* the operand */
    const char *const *operands; /* all of them, of a command that takes several */
    size_t operand_count;

    const char *report, *report_dir, *ledger;
    const char *sign_key, *verify_key;
    const char *export_file; /* of an audit */
    const char *html;        /* of an audit: where its page goes; NULL: no page */
    const char *csv;         /* … and its claims */
    const char *xlsx;        /* … and its workbook */
    bool overwrite, new_ledger, require_ledger;
    bool create, print_schema; /* of a status */

    const char *gateway, *app_key, *app_secret_file, *session_file, *ca_file;
    enum sign_method sign_method;
    enum client_http http;
    bool allow_plaintext;
    int64_t connect_timeout_ms, timeout_ms;

    int64_t batch;              /* most claims a call */
    int64_t in_flight, workers; /* workers 0: as many as processors */
    int64_t rate, daily_quota;  /* 0: none */
    bool rate_is_auto;          /* … found by sending, and not above `rate` */
    int64_t retries, outage_patience_ms, wait_patience_ms, ledger_patience_ms;
    int64_t limit, max_failures, max_failures_percent; /* negative: none */
    int64_t max_changed, max_changed_percent; /* rows that may be changed: the more of both */
    int64_t expect_rows, expect_fee;          /* negative: not given */
    int64_t min_rows;                         /* 0: none */
    bool require_valid, expect_new, dry_run;
    bool resend_unknown, resubmit;
    bool include_rejected, include_unknown, accept_edits; /* of a rerun */
    const char *by, *reason;

    const char *claim, *backup; /* of a status, as the others here */
    const char *abandon;        /* a run's name */
    const char *move_to;        /* a server's URL */
    int64_t prune;              /* days; negative: not given */
    bool verify, all;

    const char *rows; /* "3,7-9"; NULL: none; of a resolve, as the others here */
    const char *as, *from, *list;
    bool yes;

    enum encoding encoding;
    struct reader_settings reader;
    struct rules rules;

    struct verdict_override verdicts[OPTIONS_VERDICTS_MAX];
    size_t verdict_count;

    enum progress_mode progress;
    enum log_format log_format;
    bool json, quiet, verbose, no_color;
    const char *config_file;
    bool print_config, help, version;

    const char *after, *metrics;
    struct ending *ending; /* what is told at the end is noted there; NULL: nothing is */

    struct settings settings;
    struct config *config;
    struct kept_text *texts; /* its own copies */
    struct pattern *pattern; /* of rules.order_no_pattern */
};

/*
 * Takes the words after the command's name, which is argv[0], and what the configuration and the
 * environment say. EXIT_BAD_USAGE with a suggestion for what was misspelt, or that names the
 * command an option belongs to; EXIT_BAD_CONFIG naming file and line. With --help, --version or
 * --print-config the operand may be missing; with the first two no configuration is read.
 * Whatever the result, release it.
 */
int options_parse(const struct command *command, int argc, char **argv, struct options *ret_options,
                  struct error *err);
void options_release(struct options *options);

/* The files of the secrets, and whether the command line or the configuration named them. */
struct credential_file options_secret_file(const struct options *options);
struct credential_file options_session_file(const struct options *options);

/* Appends the path, or the URL, of the ledger that was named, else of the usual one. */
int options_ledger_path(const struct options *options, struct buffer *ret_path, struct error *err);

/* Appends what was typed of how an export is read and judged, for the same again in another
 * command: " --delimiter tab --fee-unit yuan". */
void options_retype(const struct options *options, struct buffer *ret_words);

/* Calls `visit` with each path at which an option or an operand has the command make files, and
 * whether it is that of a folder. */
void options_written(const struct options *options,
                     void (*visit)(void *context, const char *path, bool is_folder), void *context);

/* A row of the table, as its help and whatever is made from it show it. */
struct option_words {
    unsigned commands; /* that take it: bits */
    const char *name;
    char letter;          /* 0: none */
    const char *value;    /* NULL: a flag */
    const char *fallback; /* NULL: none */
    const char *section;  /* of a configuration; NULL: it is never taken from one */
    const char *key;      /* … and its name there */
    const char *help;
};

/* False past the last. */
bool options_words_at(size_t i, struct option_words *ret_words);

/* Appends the help of the options that a command takes. */
void options_help(const struct command *command, size_t columns, struct buffer *ret_text);

/* Appends, as comments of a configuration, what is set in the environment and not used. */
void options_print_unused(struct buffer *ret_text);

/* Appends what is in force for the command and where it came from; secrets are masked. */
void options_print_config(const struct options *options, struct buffer *ret_text);

#endif
