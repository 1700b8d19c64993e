#include "cli/options.h"
#include "cli/row_ranges.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/character.h"
#include "base/error.h"
#include "cli/command.h"
#include "cli/config.h"
#include "cli/suggestion.h"
#include "cli/summary.h"
#include "gateway/endpoint.h"
#include "gateway/rate_control.h"
#include "input/value/pattern.h"
#include "run/batch.h"

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

/* ---- values that are more than text and numbers ---- */

#define FIELD_WORDS                                                                                \
    "workcard_id, claim_desc, claim_count, claim_order_no, claim_status, claim_time, claim_fee"

static bool take_sign_method(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = "it is hmac-sha256, hmac or md5";
    return sign_method_parse(value, &o->sign_method);
}

static bool take_encoding(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = "it is auto, utf-8, gb18030 (GBK too) or utf-16";
    return encoding_parse(value, &o->encoding);
}

/* The character of an escape as a shell or a SQL client writes it: \x01, \t, ^A; 0: none. */
static uint32_t parse_escape(const char *value)
{
    char *end = NULL;
    unsigned long code = 0;

    if (strcmp(value, "tab") == 0 || strcmp(value, "\\t") == 0)
        return '\t';
    if (value[0] == '^' && value[1] >= '@' && value[1] <= '_' && !value[2])
        return (uint32_t)(value[1] - '@');
    if (value[0] != '\\' || !value[1])
        return 0;
    if (value[1] == 'x' || value[1] == 'u')
        code = strtoul(value + 2, &end, 16);
    else if (value[1] >= '0' && value[1] <= '7')
        code = strtoul(value + 1, &end, 8);
    return end && end > value + 2 && end <= value + 6 && !*end ? (uint32_t)code : 0;
}

static bool take_delimiter(struct options *o, const char *value, const char **ret_why)
{
    uint32_t point = parse_escape(value);
    char text[CHARACTER_ROOM];

    *ret_why = "it is one character, also as \\t, \\x01 or ^A, or the word tab";
    if (!point && (!*value || character_decode(value, &point) != strlen(value)))
        return false;
    if (strchr("\"\r\n", (int)point) && point < 0x80)
        return false;
    if (!character_encode(point, text))
        return false;
    o->reader.delimiter = point;
    return true;
}

static bool take_null(struct options *o, const char *value, const char **ret_why)
{
    return vocabulary_add_null(&o->rules.vocabulary, value, ret_why);
}

/* A text that lives as long as the options. */
struct kept_text {
    struct kept_text *next;
    char text[];
};

/* NULL without memory. */
static const char *keep_text(struct options *o, const char *text, size_t len)
{
    struct kept_text *kept = malloc(sizeof(*kept) + len + 1);

    if (!kept)
        return NULL;
    memcpy(kept->text, text, len);
    kept->text[len] = '\0';
    kept->next = o->texts;
    o->texts = kept;
    return kept->text;
}

static void release_texts(struct options *o)
{
    while (o->texts) {
        struct kept_text *next = o->texts->next;

        free(o->texts);
        o->texts = next;
    }
}

/* Splits WORD=N at the last '='. */
static bool take_status(struct options *o, const char *value, const char **ret_why)
{
    const char *equals = strrchr(value, '=');
    const char *word = NULL;

    *ret_why = "it is WORD=N, with N 0 (not settled), 1 (claim succeeded) or 2 (claim failed)";
    if (!equals || equals == value)
        return false;
    word = keep_text(o, value, (size_t)(equals - value));
    *ret_why = "out of memory";
    return word && vocabulary_add_status(&o->rules.vocabulary, word, equals + 1, ret_why);
}

static bool take_oldest_time(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = "it is a date such as " RULES_OLDEST_TIME;
    return rules_parse_date(value, &o->rules.oldest_s);
}

/* Splits FIELD=HEADER. */
static bool parse_column(const char *value, enum field *ret_field, const char **ret_header)
{
    const char *equals = strchr(value, '=');
    char name[32];

    if (!equals || !equals[1] || (size_t)(equals - value) >= sizeof(name))
        return false;
    snprintf(name, sizeof(name), "%.*s", (int)(equals - value), value);
    *ret_header = equals + 1;
    return field_parse(name, ret_field);
}

static bool take_column(struct options *o, const char *value, const char **ret_why)
{
    enum field field;
    const char *header;

    *ret_why = "it is FIELD=HEADER, with FIELD one of " FIELD_WORDS;
    if (!parse_column(value, &field, &header))
        return false;
    o->reader.wanted_columns[field] = header;
    return true;
}

static bool take_fee_unit(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = "it is fen or yuan";
    o->reader.fee_unit = strcmp(value, "fen") == 0    ? FEE_UNIT_FEN
                         : strcmp(value, "yuan") == 0 ? FEE_UNIT_YUAN
                                                      : FEE_UNIT_UNDECLARED;
    return o->reader.fee_unit != FEE_UNIT_UNDECLARED;
}

static bool take_rule(struct options *o, const char *value, const char **ret_why)
{
    return rules_parse(&o->rules, value, ret_why);
}

static bool take_integer(const char *value, int64_t least, int64_t most, int64_t *ret_number)
{
    char *end;
    long long number;

    if (!*value || strspn(value, "0123456789") != strlen(value) || strlen(value) > 18)
        return false;
    number = strtoll(value, &end, 10);
    *ret_number = number;
    return number >= least && number <= most;
}

#define RATE_MAX 1000000

/* "auto", "auto:N" or N. */
static bool take_rate(struct options *o, const char *value, const char **ret_why)
{
    static const char word[] = "auto";
    size_t len = sizeof(word) - 1;

    *ret_why = "it is a whole number of claims a second from 1 to 1000000, auto, or auto:N";
    o->rate_is_auto = strncmp(value, word, len) == 0 && (!value[len] || value[len] == ':');
    if (!o->rate_is_auto)
        return take_integer(value, 1, RATE_MAX, &o->rate);
    o->rate = RATE_CONTROL_MOST;
    return !value[len] || take_integer(value + len + 1, 1, RATE_CONTROL_MOST, &o->rate);
}

static bool take_max_fee(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = "it is an amount in fen";
    return take_integer(value, 0, INT64_MAX, &o->rules.max_fee);
}

/* Either "N" or "N%": *ret_rows or *ret_percent, and the other stays as it is. */
static bool take_rows_or_percent(const char *value, int64_t least, int64_t *ret_rows,
                                 int64_t *ret_percent)
{
    char digits[24];
    size_t len = strlen(value);

    if (!len || len >= sizeof(digits))
        return false;
    if (value[len - 1] != '%')
        return take_integer(value, least, INT64_MAX, ret_rows);
    snprintf(digits, sizeof(digits), "%.*s", (int)len - 1, value);
    return take_integer(digits, least, 100, ret_percent);
}

static bool take_max_changed(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = "it is a number of rows, or a percentage such as 5%";
    o->max_changed = o->max_changed_percent = 0;
    return take_rows_or_percent(value, 0, &o->max_changed, &o->max_changed_percent);
}

static bool take_max_failures(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = "it is a number of rows from 1 on, or a percentage such as 5%";
    o->max_failures = o->max_failures_percent = -1;
    return take_rows_or_percent(value, 1, &o->max_failures, &o->max_failures_percent);
}

static bool take_include(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = "it is rejected, unknown, or rejected,unknown";
    o->include_rejected = o->include_unknown = false;
    for (;;) {
        size_t len = strcspn(value, ",");

        if (len == strlen("rejected") && strncmp(value, "rejected", len) == 0)
            o->include_rejected = true;
        else if (len == strlen("unknown") && strncmp(value, "unknown", len) == 0)
            o->include_unknown = true;
        else
            return false;
        if (!value[len])
            return true;
        value += len + 1;
    }
}

static bool take_rows(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = "it is the number of a row, from 2 on, or several: 3,7-9";
    o->rows = value;
    return row_ranges_are_valid(value);
}

static bool take_progress(struct options *o, const char *value, const char **ret_why)
{
    static const char *const words[] = {"auto", "always", "never"};

    *ret_why = "it is auto, always or never";
    for (int i = 0; i < 3; i++)
        if (strcmp(value, words[i]) == 0) {
            o->progress = (enum progress_mode)i;
            return true;
        }
    return false;
}

static bool take_log_format(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = "it is text or json";
    o->log_format = strcmp(value, "json") == 0 ? LOG_JSON : LOG_TEXT;
    return o->log_format == LOG_JSON || strcmp(value, "text") == 0;
}

/* ---- the table ---- */

#define MEMBER(name) offsetof(struct options, name)
#define FLAG(commands, section, name, letter, member, help)                                        \
    {                                                                                              \
        commands, SECTION_##section, name, letter, KIND_FLAG, MEMBER(member), 0, 0, NULL, NULL,    \
            NULL, help                                                                             \
    }
#define TEXT(commands, section, name, letter, member, fallback, value, help)                       \
    {                                                                                              \
        commands, SECTION_##section, name, letter, KIND_TEXT, MEMBER(member), 0, 0, NULL,          \
            fallback, value, help                                                                  \
    }
#define INTEGER(commands, section, name, letter, member, least, most, fallback, value, help)       \
    {                                                                                              \
        commands, SECTION_##section, name, letter, KIND_INTEGER, MEMBER(member), least, most,      \
            NULL, fallback, value, help                                                            \
    }
#define SECONDS(commands, section, name, member, least, most, fallback, help)                      \
    {                                                                                              \
        commands, SECTION_##section, name, 0, KIND_SECONDS, MEMBER(member), least, most, NULL,     \
            fallback, "S", help                                                                    \
    }
#define SPECIAL(commands, section, name, take, fallback, value, help)                              \
    {                                                                                              \
        commands, SECTION_##section, name, 0, KIND_SPECIAL, 0, 0, 0, take, fallback, value, help   \
    }

#define U COMMAND_UPLOAD
#define R COMMAND_RERUN
#define C COMMAND_CHECK
#define A COMMAND_AUDIT
#define V COMMAND_RESOLVE
#define S COMMAND_STATUS
#define I COMMAND_IMPORT
#define EVERY COMMAND_EVERY

#define DAY_S 86400

static const struct option_spec table[] = {
    TEXT(U, RUN, "report", 'o', report, NULL, "FILE",
         "where the report goes (CLAIMS.csv: CLAIMS.report.csv)"),
    TEXT(R, NONE, "report", 'o', report, NULL, "FILE",
         "where the report goes (X.csv: X.rerun-N.csv)"),
    TEXT(U | R, RUN, "report-dir", 0, report_dir, NULL, "DIR",
         "the folder where reports go, under their usual names"),
    TEXT(C, NONE, "report", 'o', report, NULL, "FILE", "the rows with problems, as CSV (none)"),
    TEXT(U | R | A | V | S | I, RUN, "ledger", 'L', ledger, NULL, "FILE",
         "the durable record of what was sent"),
    FLAG(U, NONE, "overwrite", 0, overwrite, "move aside what stands at FILE of -o"),
    FLAG(R, NONE, "overwrite", 0, overwrite, "move aside what stands at FILE of -o"),
    FLAG(C, NONE, "overwrite", 0, overwrite, "replace FILE of -o, whatever it is"),
    FLAG(U | R, RUN, "require-ledger", 0, require_ledger,
         "never make a ledger where there is none"),
    FLAG(U, NONE, "new-ledger", 0, new_ledger,
         "go on though this ledger does not know what was sent; needs --by and --reason"),
    FLAG(R, NONE, "new-ledger", 0, new_ledger,
         "take the report's word for what was sent; needs --by and --reason"),
    FLAG(S, NONE, "create", 0, create, "make the first ledger, where there is none"),
    SPECIAL(R, NONE, "include", take_include, NULL, "WHAT",
            "rows that are rejected, unknown, or both: rejected,unknown"),
    FLAG(R, NONE, "accept-edits", 0, accept_edits,
         "send rows edited in the report as they are now"),
    TEXT(U | R | V | I, GATEWAY, "gateway", 'g', gateway, ENDPOINT_DEFAULT, "URL", "the gateway"),
    TEXT(U | R, GATEWAY, "app-key", 0, app_key, NULL, "KEY", "the app"),
    TEXT(U | R, GATEWAY, "app-secret-file", 0, app_secret_file, NULL, "FILE",
         "its secret, in the first line"),
    TEXT(U | R, GATEWAY, "session-file", 0, session_file, NULL, "FILE",
         "a session, in the first line, if one is needed"),
    SPECIAL(U | R, GATEWAY, "sign-method", take_sign_method, "hmac-sha256", "NAME",
            "hmac-sha256, hmac or md5"),
    TEXT(U | R, GATEWAY, "ca-file", 0, ca_file, NULL, "FILE",
         "trusted certificates, PEM (the system's)"),
    FLAG(U | R, RUN, "allow-plaintext", 0, allow_plaintext,
         "plain http to hosts that are not loopback"),
    SECONDS(U | R, RUN, "connect-timeout", connect_timeout_ms, 1, DAY_S, "10", "to connect"),
    SECONDS(U | R, RUN, "timeout", timeout_ms, 1, DAY_S, "30", "for a whole call"),
    INTEGER(U | R, RUN, "in-flight", 'c', in_flight, 1, BATCH_IN_FLIGHT_MAX, "16", "N",
            "most calls on the wire at once"),
    INTEGER(U | R, RUN, "workers", 'w', workers, 1, BATCH_IN_FLIGHT_MAX, NULL, "N",
            "worker threads (processors)"),
    {U | R, SECTION_RUN, "rate", 'r', KIND_SPECIAL, 0, 0, 0, take_rate, NULL, "N",
     "most claims in any second; auto: as many as the gateway takes; auto:N: not above N"},
    INTEGER(U | R | S, RUN, "daily-quota", 0, daily_quota, 1, INT64_MAX, NULL, "N",
            "most claims a Beijing day (no limit)"),
    INTEGER(U | R, RUN, "retries", 0, retries, 0, 1000, "4", "N",
            "further attempts after a sure failure"),
    SECONDS(U | R, RUN, "outage-patience", outage_patience_ms, 1, DAY_S, "120",
            "how long an outage may last"),
    SECONDS(U | R, RUN, "wait-patience", wait_patience_ms, 0, DAY_S, "120",
            "how long rows wait for another run"),
    INTEGER(U | R, RUN, "limit", 0, limit, 0, INT64_MAX, NULL, "N",
            "send the first N rows, then stop"),
    SPECIAL(U | R, RUN, "max-failures", take_max_failures, NULL, "N[%]",
            "stop after so many bad rows"),
    SPECIAL(U | R, RUN, "max-changed", take_max_changed, NULL, "N[%]",
            "most rows that were accepted with other content (5%, at least 20)"),
    SPECIAL(U | R | C | A, RUN, "max-fee", take_max_fee, NULL, "FEN", "a row above it is invalid"),
    INTEGER(U | R | C, RUN, "expect-rows", 0, expect_rows, 0, INT64_MAX, NULL, "N",
            "refuse an export of another number of rows"),
    INTEGER(U | R | C, RUN, "expect-fee", 0, expect_fee, 0, INT64_MAX, NULL, "FEN",
            "refuse an export of another total"),
    INTEGER(U | C, RUN, "min-rows", 0, min_rows, 0, INT64_MAX, NULL, "N",
            "refuse an export of fewer rows"),
    FLAG(U, RUN, "expect-new", 0, expect_new,
         "end with 75 when this export was finished on an earlier day"),
    FLAG(U | R, RUN, "require-valid", 0, require_valid, "send nothing if any row is invalid"),
    FLAG(U, NONE, "resend-unknown", 0, resend_unknown,
         "send rows whose outcome is unknown once more; needs --by and --reason"),
    FLAG(U, NONE, "resubmit", 0, resubmit,
         "send accepted and rejected rows once more; needs --by and --reason"),
    SPECIAL(V, NONE, "row", take_rows, NULL, "N", "settle this row, or several: 3,7-9"),
    TEXT(V, NONE, "claim", 0, claim, NULL, "ORDER_NO",
         "settle this claim; beside --row: that is the row's claim"),
    FLAG(V, NONE, "all", 0, all, "settle every unknown row; needs --expect-rows"),
    INTEGER(V, NONE, "expect-rows", 0, expect_rows, 0, INT64_MAX, NULL, "N",
            "how many rows --all will settle"),
    FLAG(V, NONE, "yes", 'y', yes, "do not ask"),
    TEXT(V, NONE, "as", 0, as, NULL, "WHAT", "accepted or not-executed"),
    TEXT(V, NONE, "from", 0, from, NULL, "FILE", "settle the rows of a CSV of decisions"),
    TEXT(V, NONE, "by", 0, by, NULL, "NAME", "who says so"),
    TEXT(V, NONE, "reason", 0, reason, NULL, "TEXT", "and why; both are recorded"),
    TEXT(V, NONE, "list", 'o', list, NULL, "FILE", "the unknown rows, as a CSV of decisions"),
    FLAG(V, NONE, "overwrite", 0, overwrite, "replace FILE of -o, whatever it is"),
    FLAG(V, NONE, "json", 0, json, "the unknown rows as one JSON document"),
    TEXT(S, NONE, "abandon", 0, abandon, NULL, "RUN",
         "end a run of a wrong file: none of its rows is sent any more"),
    TEXT(U | R | I | S, NONE, "by", 0, by, NULL, "NAME", "who says so"),
    TEXT(U | R | I | S, NONE, "reason", 0, reason, NULL, "TEXT", "and why; both are recorded"),
    SPECIAL(U | C | A | V, INPUT, "encoding", take_encoding, "auto", "NAME",
            "auto, utf-8, gb18030 or utf-16"),
    SPECIAL(U | C | A, INPUT, "delimiter", take_delimiter, ",", "C",
            "one character, also \\t or \\x01, or tab"),
    SPECIAL(U | C | A | I, COLUMNS, "column", take_column, NULL, "FIELD=HEADER",
            "name a column; claim_time=DATE+TIME: two; may be repeated"),
    SPECIAL(U | C | A, STATUSES, "status", take_status, NULL, "WORD=N",
            "what a word of the office means, 0, 1 or 2; may be repeated"),
    SPECIAL(U | C | A, INPUT, "null", take_null, NULL, "WORD",
            "cells that are empty in truth; none: no word is; may be repeated"),
    FLAG(U | C | A, INPUT, "short-rows", 0, rules.short_rows,
         "rows may leave out their last cells where those are optional"),
    TEXT(U | C | A, INPUT, "order-no-pattern", 0, rules.order_no_pattern, NULL, "ERE",
         "what a whole claim_order_no looks like"),
    SPECIAL(U | C | A, INPUT, "oldest-time", take_oldest_time, RULES_OLDEST_TIME, "DATE",
            "an earlier claim_time is an error"),
    SPECIAL(U | C | A, INPUT, "fee-unit", take_fee_unit, NULL, "UNIT",
            "fen or yuan (as the header says)"),
    SPECIAL(U | R | C | A, RULES, "rule", take_rule, NULL, "NAME=SEVERITY",
            "error, warn or off; may be repeated"),
    FLAG(U | R, RUN, "dry-run", 0, dry_run, "show what would be sent, send nothing"),
    TEXT(S, NONE, "claim", 0, claim, NULL, "ORDER_NO", "the history of one claim"),
    FLAG(S, NONE, "all", 0, all, "all runs and all unknown rows, not only the newest and oldest"),
    FLAG(S, NONE, "verify", 0, verify, "read the whole ledger and say what is wrong with it"),
    TEXT(S, NONE, "backup", 0, backup, NULL, "FILE", "copy the ledger, also while runs go on"),
    INTEGER(S, NONE, "prune", 0, prune, 0, 36500, NULL, "DAYS",
            "forget the details of runs that ended so many days ago"),
    FLAG(S, NONE, "dry-run", 0, dry_run, "show what --prune would forget, forget nothing"),
    FLAG(S, NONE, "json", 0, json, "everything as one JSON document"),
    SPECIAL(U | R, RUN, "progress", take_progress, "auto", "WHEN", "auto, always or never"),
    FLAG(U | R, RUN, "json", 0, json, "the manifest on standard output"),
    FLAG(C, NONE, "json", 0, json, "one JSON document with every problem"),
    FLAG(A, NONE, "json", 0, json, "everything as one JSON document"),
    TEXT(U | R | V, RUN, "sign-key", 0, sign_key, NULL, "FILE",
         "Ed25519 private key, PEM: sign the manifest"),
    TEXT(A, NONE, "export", 0, export_file, NULL, "FILE", "compare with the export as well"),
    TEXT(I, NONE, "export", 0, export_file, NULL, "FILE",
         "what the start of STARTED.json has read, an export or a report"),
    TEXT(A, NONE, "html", 0, html, NULL, "FILE",
         "everything as one page for a browser; - is standard output"),
    TEXT(A | I, RUN, "verify-key", 0, verify_key, NULL, "FILE",
         "Ed25519 public key, PEM: check the signatures"),
    TEXT(U | R, RUN, "after", 0, after, NULL, "COMMAND",
         "run by /bin/sh at the end, however it is; ended after 60 s"),
    TEXT(U | R, RUN, "metrics", 0, metrics, NULL, "FILE", "counts for Prometheus, at the end"),
    SPECIAL(EVERY, RUN, "log-format", take_log_format, "text", "NAME", "text or json"),
    TEXT(U | R | C | A | V | S | I, NONE, "config", 0, config_file, NULL, "FILE",
         "the configuration"),
    FLAG(U | R | C | A | V | S | I, NONE, "print-config", 0, print_config,
         "show what is in force, and from where"),
    FLAG(EVERY, RUN, "quiet", 'q', quiet, "warnings and errors only"),
    FLAG(EVERY, RUN, "verbose", 'v', verbose, "say more"),
    FLAG(EVERY, RUN, "no-color", 0, no_color, "no colour"),
    FLAG(EVERY, NONE, "help", 'h', help, "this text"),
    FLAG(EVERY, NONE, "version", 'V', version, "the version"),
};

#undef U
#undef R
#undef C
#undef A
#undef V
#undef S
#undef I
#undef EVERY

#define TABLE_COUNT (sizeof(table) / sizeof(*table))

static const char *option_word(size_t i)
{
    return i < TABLE_COUNT ? table[i].name : NULL;
}

/* What the table calls an option and a configuration by another name. */
static const char *key_of(const struct option_spec *spec)
{
    static const char *const keys[][2] = {
        {"gateway", "url"},
        {"app-key", "app_key"},
        {"app-secret-file", "app_secret_file"},
        {"session-file", "session_file"},
        {"sign-method", "sign_method"},
        {"ca-file", "ca_file"},
        {"fee-unit", "fee_unit"},
    };

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (strcmp(keys[i][0], spec->name) == 0)
            return keys[i][1];
    return spec->name;
}

/* ---- taking ---- */

/* Seconds with up to 3 decimals, as milliseconds. */
static bool take_seconds(const char *value, int64_t least, int64_t most, int64_t *ret_ms)
{
    size_t whole = strspn(value, "0123456789");
    const char *rest = value + whole;
    int64_t ms = 0;
    int64_t unit = 100;

    if (!whole || whole > 9)
        return false;
    for (size_t i = 0; i < whole; i++)
        ms = ms * 10 + (value[i] - '0');
    ms *= 1000;
    if (*rest == '.' && rest[1])
        for (rest++; *rest >= '0' && *rest <= '9' && unit; rest++, unit /= 10)
            ms += (*rest - '0') * unit;
    *ret_ms = ms;
    return !*rest && ms > 0 && ms >= least && ms <= most * 1000;
}

static bool take_flag(const char *value, bool *ret_flag)
{
    static const char *const words[][2] = {
        {"yes", "no"}, {"true", "false"}, {"on", "off"}, {"1", "0"}};

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        *ret_flag = strcasecmp(value, words[i][0]) == 0;
        if (*ret_flag || strcasecmp(value, words[i][1]) == 0)
            return true;
    }
    return false;
}

/* False, with the reason, when the value does not fit. A flag that was typed has the value "yes".
 */
static bool take(struct options *options, const struct option_spec *spec, const char *value,
                 char *ret_range, size_t size, const char **ret_why)
{
    void *member = (char *)options + spec->offset;

    *ret_why = ret_range;
    switch (spec->kind) {
    case KIND_FLAG:
        *ret_why = "it is yes or no";
        return take_flag(value, member);
    case KIND_TEXT:
        *ret_why = "it must not be empty";
        *(const char **)member = value;
        return *value != '\0';
    case KIND_INTEGER:
        snprintf(ret_range, size, "it is a whole number from %" PRId64 " to %" PRId64, spec->least,
                 spec->most);
        return take_integer(value, spec->least, spec->most, member);
    case KIND_SECONDS:
        snprintf(ret_range, size, "it is a number of seconds above 0, up to %" PRId64, spec->most);
        return take_seconds(value, spec->least, spec->most, member);
    case KIND_SPECIAL:
        return spec->take(options, value, ret_why);
    }
    return false;
}

static int refuse_value(const char *key, const char *value, const struct origin *origin,
                        const char *why, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES], name[LOG_QUOTE_BYTES], shown[LOG_QUOTE_BYTES];

    log_quote(value, quoted, sizeof(quoted));
    log_quote(key, shown, sizeof(shown)); /* that of a rule may be anything */
    switch (origin->kind) {
    case ORIGIN_CONFIG:
        return error_set(err, EXIT_BAD_CONFIG,
                         "configuration '%s', line %u: %s does not take '%s': %s; nothing was sent",
                         log_quote(origin->name, name, sizeof(name)), origin->line, shown, quoted,
                         why);
    case ORIGIN_ENVIRONMENT:
        return error_set(err, EXIT_BAD_CONFIG,
                         "the environment variable %s cannot be '%s': %s; nothing was sent",
                         origin->name, quoted, why);
    case ORIGIN_DEFAULT:
    case ORIGIN_OPTION:
        break;
    }
    return error_set(err, why == vocabulary_conflict ? EXIT_BAD_CONFIG : EXIT_BAD_USAGE,
                     "--%s does not take '%s': %s; nothing was sent", shown, quoted, why);
}

static int note(struct options *options, enum section section, const char *key, const char *value,
                const struct origin *origin, struct error *err)
{
    struct setting setting = {section, key, value, *origin};

    return section != SECTION_NONE && settings_note(&options->settings, &setting)
               ? error_no_memory(err)
               : 0;
}

/* --column and --rule: each field and each rule is a setting of its own. */
static int note_pair(struct options *options, const struct option_spec *spec, const char *value,
                     const struct origin *origin, struct error *err)
{
    const char *equals = strchr(value, '=');
    size_t len = (size_t)(equals - value);

    for (int i = 0; spec->section == SECTION_COLUMNS && i < FIELD_COUNT; i++) {
        const char *name = field_name((enum field)i);

        if (strlen(name) == len && strncmp(name, value, len) == 0)
            return note(options, spec->section, name, equals + 1, origin, err);
    }
    for (int i = 0; spec->section == SECTION_RULES && i < RULE_COUNT; i++) {
        const char *name = rule_name((enum rule)i);

        if (strlen(name) == len && strncmp(name, value, len) == 0)
            return note(options, spec->section, name, equals + 1, origin, err);
    }
    return 0;
}

/* --status: each word is a setting of its own. */
static int note_status(struct options *options, const char *value, const struct origin *origin,
                       struct error *err)
{
    const char *equals = strrchr(value, '=');
    const char *word = keep_text(options, value, (size_t)(equals - value));

    return word ? note(options, SECTION_STATUSES, word, equals + 1, origin, err)
                : error_no_memory(err);
}

static int take_from(struct options *options, const struct option_spec *spec, const char *value,
                     const struct origin *origin, struct error *err)
{
    char range[96];
    const char *why;

    if (!take(options, spec, value, range, sizeof(range), &why))
        return refuse_value(origin->kind == ORIGIN_CONFIG ? key_of(spec) : spec->name, value,
                            origin, why, err);
    if (spec->section == SECTION_COLUMNS || spec->section == SECTION_RULES)
        return note_pair(options, spec, value, origin, err);
    if (spec->section == SECTION_STATUSES)
        return note_status(options, value, origin, err);
    return note(options, spec->section, key_of(spec), value, origin, err);
}

/* ---- defaults and environment ---- */

static int note_rules(struct options *o, struct error *err)
{
    static const struct origin origin = {.kind = ORIGIN_DEFAULT};

    for (int i = 0; i < RULE_COUNT; i++)
        if (!rule_is_fixed((enum rule)i) && note(o, SECTION_RULES, rule_name((enum rule)i),
                                                 severity_name(o->rules.severity[i]), &origin, err))
            return -1;
    return 0;
}

static int set_defaults(const struct command *command, struct options *o, struct error *err)
{
    static const struct origin origin = {.kind = ORIGIN_DEFAULT};

    o->limit = o->max_failures = o->max_failures_percent = -1;
    o->max_changed = 20;
    o->max_changed_percent = 5;
    o->expect_rows = o->expect_fee = -1;
    o->prune = -1;
    rules_init(&o->rules);
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (table[i].fallback && table[i].commands & command->bit &&
            take_from(o, &table[i], table[i].fallback, &origin, err))
            return -1;
    return note_rules(o, err);
}

static const struct option_spec *find_spec(const struct command *command, const char *name);

static int take_environment(const struct command *command, struct options *o, struct error *err)
{
    static const char *const variables[][2] = {{"SSL_CERT_FILE", "ca-file"}};

    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
        const struct origin origin = {ORIGIN_ENVIRONMENT, variables[i][0], 0};
        const struct option_spec *spec = find_spec(command, variables[i][1]);
        const char *value = getenv(variables[i][0]);

        if (spec && value && *value && take_from(o, spec, value, &origin, err))
            return -1;
    }
    return 0;
}

/* ---- configuration ---- */

/* Configurations write in_flight as often as in-flight. */
static bool is_same_key(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if (*a != *b && !(strchr("-_", *a) && strchr("-_", *b)))
            return false;
    return *a == *b;
}

static const struct option_spec *find_key(enum section section, const char *key)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (table[i].section == section && is_same_key(key_of(&table[i]), key))
            return &table[i];
    return NULL;
}

static const char *section_word(size_t i)
{
    return i < SECTION_COUNT ? section_name((enum section)i) : NULL;
}

/* The i-th key that a configuration may have. */
static const char *key_word(size_t i)
{
    for (size_t k = 0; k < TABLE_COUNT; k++)
        if (table[k].section != SECTION_NONE && i-- == 0)
            return key_of(&table[k]);
    return NULL;
}

/* Whether the key says that a secret stands behind it. */
static bool is_secret_key(const char *key)
{
    static const char *const keys[] = {"secret",      "app-secret",  "appsecret",
                                       "session",     "session-key", "sessionkey",
                                       "app-session", "password",    "access-token"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (is_same_key(keys[i], key))
            return true;
    return false;
}

static int refuse_entry(const struct config *config, const struct config_entry *entry,
                        const char *why, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES], name[LOG_QUOTE_BYTES];
    const char *what = entry->key ? entry->key : entry->section;

    return error_set(
        err, EXIT_BAD_CONFIG, "configuration '%s', line %u: %s '%s': %s; nothing was sent",
        log_quote(config_path(config), name, sizeof(name)), entry->line,
        entry->key ? "the key" : "the section", log_quote(what, quoted, sizeof(quoted)), why);
}

/* Whoever may read the configuration has read it by now, so it is to be changed as well. */
static int refuse_secret(const struct config *config, const struct config_entry *entry,
                         struct error *err)
{
    return refuse_entry(config, entry,
                        "a secret never stands in a configuration: take it out, put it into the "
                        "first line of a file that only you can read, and name that file with "
                        "app_secret_file or session_file in [gateway]",
                        err);
}

static int refuse_section(const struct config *config, const struct config_entry *entry,
                          struct error *err)
{
    struct config_entry head = {entry->section, NULL, NULL, entry->line};
    const char *near = suggestion_find(entry->section, section_word);
    char why[96];

    if (entry->key && is_secret_key(entry->key))
        return refuse_secret(config, entry, err);
    if (!*entry->section)
        return refuse_entry(config, entry, "it stands before the first [section]", err);
    if (near)
        snprintf(why, sizeof(why), "there is no such section; did you mean [%s]?", near);
    else
        snprintf(why, sizeof(why),
                 "there is no such section; there are gateway, run, input, columns, statuses, "
                 "rules, verdicts");
    return refuse_entry(config, &head, why, err);
}

/* A key that this section does not have: another may, or only the command line does. */
static int refuse_key(const struct config *config, const struct config_entry *entry,
                      struct error *err)
{
    const char *near = suggestion_find(entry->key, key_word);
    char why[160] = "there is no such key; claimbatch upload --print-config shows all that are set";

    if (is_secret_key(entry->key))
        return refuse_secret(config, entry, err);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        if (!is_same_key(key_of(&table[i]), entry->key))
            continue;
        if (table[i].section == SECTION_NONE)
            return refuse_entry(
                config, entry, "it is never taken from a configuration; type it as an option", err);
        snprintf(why, sizeof(why), "it belongs into the section [%s]",
                 section_name(table[i].section));
        return refuse_entry(config, entry, why, err);
    }
    if (near)
        snprintf(why, sizeof(why), "there is no such key; did you mean '%s'?", near);
    return refuse_entry(config, entry, why, err);
}

static int take_column_entry(struct options *o, const struct config_entry *entry,
                             const struct origin *origin, struct error *err)
{
    enum field field;

    if (!field_parse(entry->key, &field))
        return refuse_entry(o->config, entry, "a column is one of " FIELD_WORDS, err);
    if (!*entry->value)
        return refuse_entry(o->config, entry, "the header of the column is missing", err);
    o->reader.wanted_columns[field] = entry->value;
    return note(o, SECTION_COLUMNS, field_name(field), entry->value, origin, err);
}

static int take_status_entry(struct options *o, const struct config_entry *entry,
                             const struct origin *origin, struct error *err)
{
    const char *why = NULL;

    if (!vocabulary_add_status(&o->rules.vocabulary, entry->key, entry->value, &why))
        return refuse_entry(o->config, entry, why, err);
    return note(o, SECTION_STATUSES, entry->key, entry->value, origin, err);
}

static const char *rule_word(size_t i)
{
    return i < RULE_COUNT ? rule_name((enum rule)i) : NULL;
}

/* Of a key; NULL when there is no such rule. */
static const char *find_rule_name(const char *key)
{
    for (int i = 0; i < RULE_COUNT; i++)
        if (is_same_key(rule_name((enum rule)i), key))
            return rule_name((enum rule)i);
    return NULL;
}

static int refuse_rule(const struct config *config, const struct config_entry *entry, bool is_there,
                       const char *why, struct error *err)
{
    const char *near = is_there ? NULL : suggestion_find(entry->key, rule_word);
    char text[96];

    if (near) {
        snprintf(text, sizeof(text), "there is no rule of this name; did you mean '%s'?", near);
        why = text;
    }
    return refuse_entry(config, entry, why, err);
}

static int take_rule_entry(struct options *o, const struct config_entry *entry,
                           const struct origin *origin, struct error *err)
{
    struct buffer pair = {0};
    const char *why = NULL, *name = find_rule_name(entry->key);
    enum severity severity;
    bool taken;

    if (!severity_parse(entry->value, &severity))
        return refuse_value(entry->key, entry->value, origin, "it is error, warn or off", err);
    buffer_format(&pair, "%s=%s", name ? name : entry->key, entry->value);
    taken = rules_parse(&o->rules, buffer_string(&pair), &why);
    buffer_release(&pair);
    if (!taken)
        return refuse_rule(o->config, entry, name != NULL, why, err);
    return note(o, SECTION_RULES, name, entry->value, origin, err);
}

static bool parse_verdict(const char *word, enum verdict_kind *ret_kind)
{
    static const struct {
        const char *word;
        enum verdict_kind kind;
    } verdicts[] = {
        {"rejected", VERDICT_REJECTED}, {"unknown", VERDICT_UNKNOWN}, {"again", VERDICT_AGAIN}};

    for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
        *ret_kind = verdicts[i].kind;
        if (strcmp(word, verdicts[i].word) == 0)
            return true;
    }
    return false;
}

static int take_verdict_entry(struct options *o, const struct config_entry *entry,
                              const struct origin *origin, struct error *err)
{
    struct verdict_override override = {.kind = VERDICT_UNKNOWN};
    size_t i = 0;

    if (!parse_verdict(entry->value, &override.kind))
        return refuse_entry(o->config, entry,
                            "what it means is again (surely not executed, may be sent again), "
                            "rejected, or unknown",
                            err);
    if (strlen(entry->key) >= sizeof(override.sub_code))
        return refuse_entry(o->config, entry, "no sub_code is that long", err);
    strcpy(override.sub_code, entry->key);
    while (i < o->verdict_count && strcmp(o->verdicts[i].sub_code, override.sub_code) != 0)
        i++;
    if (i == OPTIONS_VERDICTS_MAX)
        return refuse_entry(o->config, entry, "more than 64 verdicts", err);
    o->verdicts[i] = override;
    o->verdict_count += i == o->verdict_count;
    return note(o, SECTION_VERDICTS, entry->key, entry->value, origin, err);
}

/* A path with such an end would be another file, in silence. */
static const char *find_decoration(const struct option_spec *spec, const char *value)
{
    size_t len = strlen(value);

    if (spec->kind != KIND_TEXT)
        return NULL;
    if (strstr(value, " #") || strstr(value, " ;") || strstr(value, "\t#") || strstr(value, "\t;"))
        return "a comment stands on a line of its own";
    if (len > 1 && *value == value[len - 1] && (*value == '"' || *value == '\''))
        return "write it without quotes";
    return NULL;
}

/* What this command does not take is looked at all the same, so that a mistake shows at once. */
static int take_key_entry(const struct command *command, struct options *o,
                          const struct config_entry *entry, const struct origin *origin,
                          struct error *err)
{
    const struct option_spec *spec = find_key(section_find(entry->section), entry->key);
    struct options unused = {0};
    char range[96];
    const char *why;

    if (!spec)
        return refuse_key(o->config, entry, err);
    why = find_decoration(spec, entry->value);
    if (why)
        return refuse_value(key_of(spec), entry->value, origin, why, err);
    if (spec->commands & command->bit)
        return take_from(o, spec, entry->value, origin, err);
    if (!take(&unused, spec, entry->value, range, sizeof(range), &why))
        return refuse_value(key_of(spec), entry->value, origin, why, err);
    return 0; /* no text is kept for what stands in this section */
}

static int take_entry(const struct command *command, struct options *o,
                      const struct config_entry *entry, struct error *err)
{
    const struct origin origin = {ORIGIN_CONFIG, config_path(o->config), entry->line};
    enum section section = section_find(entry->section);

    if (section == SECTION_NONE)
        return refuse_section(o->config, entry, err);
    if (!entry->key)
        return 0;
    if (section == SECTION_COLUMNS)
        return take_column_entry(o, entry, &origin, err);
    if (section == SECTION_STATUSES)
        return take_status_entry(o, entry, &origin, err);
    if (section == SECTION_RULES)
        return take_rule_entry(o, entry, &origin, err);
    if (section == SECTION_VERDICTS)
        return take_verdict_entry(o, entry, &origin, err);
    return take_key_entry(command, o, entry, &origin, err);
}

static int take_config(const struct command *command, struct options *o, struct error *err)
{
    const struct config_entry *entry;

    for (size_t i = 0; o->config && (entry = config_entry(o->config, i)); i++)
        if (take_entry(command, o, entry, err))
            return -1;
    return 0;
}

/* ---- the command line ---- */

#define LONG_CODE 256 /* of the first row; below are letters */

/* For getopt_long: the table once more, in its own form. */
static void fill_getopt(const struct command *command, struct option *longs, char *shorts)
{
    *shorts++ = ':';
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        bool has_value = table[i].value != NULL;

        if (!(table[i].commands & command->bit))
            continue;
        *longs++ = (struct option){table[i].name, has_value ? required_argument : no_argument, NULL,
                                   (int)(LONG_CODE + i)};
        if (table[i].letter) {
            *shorts++ = table[i].letter;
            if (has_value)
                *shorts++ = ':';
        }
    }
    *shorts = '\0';
}

static const struct option_spec *find_letter(const struct command *command, int letter)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (table[i].letter && table[i].letter == letter && table[i].commands & command->bit)
            return &table[i];
    return NULL;
}

static const struct option_spec *find_spec(const struct command *command, const char *name)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (strcmp(table[i].name, name) == 0 && table[i].commands & command->bit)
            return &table[i];
    return NULL;
}

/* An option of other commands alone, by its name or letter. */
static const struct option_spec *find_foreign(const char *name, int letter)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (strcmp(table[i].name, name) == 0 || (letter && table[i].letter == letter))
            return &table[i];
    return NULL;
}

/* `word` as typed; `letter` 0 if it is a long option. */
static int refuse_word(const struct command *command, const char *word, int letter,
                       struct error *err)
{
    const struct option_spec *foreign;
    char quoted[LOG_QUOTE_BYTES];
    char name[64] = "";
    const char *near;

    if (letter)
        snprintf(quoted, sizeof(quoted), "-%c", letter);
    else
        log_quote(word, quoted, sizeof(quoted));
    if (!letter)
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + strspn(word, "-"), "="),
                 word + strspn(word, "-"));
    foreign = find_foreign(name, letter);
    if (foreign)
        return error_set(err, EXIT_BAD_USAGE,
                         "'%s' is an option of other commands: %s does not take --%s; see: "
                         "claimbatch %s --help. Nothing was sent",
                         quoted, command->name, foreign->name, command->name);
    near = letter ? NULL : suggestion_find(name, option_word);
    if (near && find_spec(command, near))
        return error_set(err, EXIT_BAD_USAGE,
                         "there is no option '%s'; did you mean --%s? Nothing was sent", quoted,
                         near);
    return error_set(err, EXIT_BAD_USAGE,
                     "there is no option '%s'; see: claimbatch %s --help. Nothing was sent", quoted,
                     command->name);
}

/* What getopt_long does not take. It has stepped behind a long option, but not behind a letter. */
static int refuse_typed(const struct command *command, int code, char **argv, struct error *err)
{
    const char *word = argv[optind - 1];
    char quoted[LOG_QUOTE_BYTES];

    if (code == ':')
        return error_set(err, EXIT_BAD_USAGE, "%s needs a value; nothing was sent",
                         log_quote(word, quoted, sizeof(quoted)));
    if (optopt >= LONG_CODE)
        return error_set(err, EXIT_BAD_USAGE, "--%s takes no value; nothing was sent",
                         table[optopt - LONG_CODE].name);
    return refuse_word(command, word, optopt, err);
}

static int take_words(const struct command *command, int argc, char **argv, struct options *o,
                      struct error *err)
{
    static const struct origin origin = {.kind = ORIGIN_OPTION};
    struct option longs[TABLE_COUNT + 1] = {{0}};
    char shorts[2 * TABLE_COUNT + 2];
    int code;

    fill_getopt(command, longs, shorts);
    opterr = 0;
    optind = 0; /* begins anew */
    while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct option_spec *spec;

        if (code == ':' || code == '?')
            return refuse_typed(command, code, argv, err);
        spec = code >= LONG_CODE ? &table[code - LONG_CODE] : find_letter(command, code);
        if (take_from(o, spec, optarg ? optarg : "yes", &origin, err))
            return -1;
    }
    return 0;
}

static bool takes_several(const struct command *command)
{
    size_t len = strlen(command->operand);

    return len > 3 && strcmp(command->operand + len - 3, "...") == 0;
}

static int take_operand(const struct command *command, int argc, char **argv, struct options *o,
                        struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    if (o->help || o->version || (o->print_config && optind == argc))
        return 0;
    if (!command->operand && optind < argc)
        return error_set(err, EXIT_BAD_USAGE, "%s takes options only: '%s' is too much",
                         command->name, log_quote(argv[optind], quoted, sizeof(quoted)));
    if (!command->operand)
        return 0;
    if (optind == argc && *command->operand == '[')
        return 0;
    if (optind == argc)
        return error_set(err, EXIT_BAD_USAGE,
                         "which file? Type: claimbatch %s %s; nothing was sent", command->name,
                         command->operand);
    o->operands = (const char *const *)(argv + optind);
    o->operand_count = (size_t)(argc - optind);
    if (optind + 1 < argc && !takes_several(command))
        return error_set(err, EXIT_BAD_USAGE,
                         "one file at a time: '%s' is one too many; nothing was sent",
                         log_quote(argv[optind + 1], quoted, sizeof(quoted)));
    o->claims = argv[optind];
    return 0;
}

static int compile_pattern(struct options *o, struct error *err)
{
    const struct setting *setting = settings_find(&o->settings, SECTION_INPUT, "order-no-pattern");

    if (!o->rules.order_no_pattern)
        return 0;
    if (pattern_open(o->rules.order_no_pattern, &o->pattern, err)) {
        if (setting && setting->origin.kind == ORIGIN_CONFIG && err->exit_code == EXIT_BAD_USAGE)
            err->exit_code = EXIT_BAD_CONFIG;
        return -1;
    }
    o->rules.pattern = o->pattern;
    return 0;
}

int options_parse(const struct command *command, int argc, char **argv, struct options *ret_options,
                  struct error *err)
{
    struct config *config = NULL;

    /* The words are taken twice: to find the configuration, and again to win over it. */
    *ret_options = (struct options){0};
    if (set_defaults(command, ret_options, err) ||
        take_words(command, argc, argv, ret_options, err) ||
        take_operand(command, argc, argv, ret_options, err))
        return -1;
    if (ret_options->help || ret_options->version)
        return 0;
    if (config_open(ret_options->config_file, &config, err))
        return -1;
    settings_release(&ret_options->settings);
    release_texts(ret_options);
    *ret_options = (struct options){.config = config};
    if (set_defaults(command, ret_options, err) || take_config(command, ret_options, err) ||
        take_environment(command, ret_options, err) ||
        take_words(command, argc, argv, ret_options, err) || compile_pattern(ret_options, err))
        return -1;
    return take_operand(command, argc, argv, ret_options, err);
}

void options_release(struct options *options)
{
    settings_release(&options->settings);
    release_texts(options);
    pattern_close(options->pattern);
    options->pattern = NULL;
    config_close(options->config);
    options->config = NULL;
}

static struct credential_file secret_named(const struct options *options, const char *key,
                                           const char *path)
{
    const struct setting *setting = settings_find(&options->settings, SECTION_GATEWAY, key);

    return (struct credential_file){path, setting && setting->origin.kind == ORIGIN_OPTION};
}

struct credential_file options_secret_file(const struct options *options)
{
    return secret_named(options, "app_secret_file", options->app_secret_file);
}

struct credential_file options_session_file(const struct options *options)
{
    return secret_named(options, "session_file", options->session_file);
}

/* The option of a section whose settings are pairs, or NULL. */
static const char *pair_option(enum section section)
{
    return section == SECTION_COLUMNS    ? "column"
           : section == SECTION_RULES    ? "rule"
           : section == SECTION_STATUSES ? "status"
                                         : NULL;
}

static void retype(const struct setting *setting, struct buffer *ret_words)
{
    const char *option = pair_option(setting->section);
    const struct option_spec *spec = option ? NULL : find_key(setting->section, setting->key);
    struct buffer word = {0};

    buffer_format(ret_words, " --%s", option ? option : spec->name);
    if (spec && spec->kind == KIND_FLAG)
        return;
    if (option)
        buffer_format(&word, "%s=", setting->key);
    buffer_text(&word, setting->value);
    buffer_byte(ret_words, ' ');
    summary_quote(buffer_string(&word), ret_words);
    buffer_release(&word);
}

void options_retype(const struct options *options, struct buffer *ret_words)
{
    static const char *const run_keys[] = {"max-fee", "expect-rows", "expect-fee"};

    for (size_t i = 0; i < options->settings.count; i++) {
        const struct setting *setting = &options->settings.list[i];
        bool wanted = setting->section == SECTION_INPUT || pair_option(setting->section);

        for (size_t k = 0; k < sizeof(run_keys) / sizeof(*run_keys); k++)
            wanted |= setting->section == SECTION_RUN && strcmp(setting->key, run_keys[k]) == 0;
        if (wanted && setting->origin.kind == ORIGIN_OPTION)
            retype(setting, ret_words);
    }
}

/* Whether it names a file or folder that the command makes, and not only reads. */
static bool is_written(const struct option_spec *spec)
{
    static const char *const read_only[] = {"app-secret-file", "session-file", "ca-file", "config",
                                            "sign-key",        "verify-key",   "export",  "from"};

    for (size_t i = 0; i < sizeof(read_only) / sizeof(*read_only); i++)
        if (strcmp(spec->name, read_only[i]) == 0)
            return false;
    return spec->kind == KIND_TEXT &&
           (strncmp(spec->value, "FILE", strlen("FILE")) == 0 || strcmp(spec->value, "DIR") == 0);
}

void options_written(const struct options *options,
                     void (*visit)(void *context, const char *path, bool is_folder), void *context)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        const char *path = is_written(&table[i])
                               ? *(const char *const *)((const char *)options + table[i].offset)
                               : NULL;

        if (path)
            visit(context, path, strcmp(table[i].value, "DIR") == 0);
    }
    if (options->claims)
        visit(context, options->claims, false);
    for (size_t i = 0; i < options->operand_count; i++)
        visit(context, options->operands[i], false);
}

bool options_words_at(size_t i, struct option_words *ret_words)
{
    const struct option_spec *spec = i < TABLE_COUNT ? &table[i] : NULL;

    if (!spec)
        return false;
    *ret_words = (struct option_words){
        .commands = spec->commands,
        .name = spec->name,
        .letter = spec->letter,
        .value = spec->value,
        .fallback = spec->fallback,
        .section = spec->section == SECTION_NONE ? NULL : section_name(spec->section),
        .key = spec->section == SECTION_NONE ? NULL : key_of(spec),
        .help = spec->help,
    };
    return true;
}

void options_help(const struct command *command, struct buffer *ret_text)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        const struct option_spec *spec = &table[i];
        char words[64];

        if (!(spec->commands & command->bit))
            continue;
        snprintf(words, sizeof(words), "--%s%s%s", spec->name, spec->value ? " " : "",
                 spec->value ? spec->value : "");
        if (spec->letter)
            buffer_format(ret_text, "  -%c, %-27s %s", spec->letter, words, spec->help);
        else
            buffer_format(ret_text, "      %-27s %s", words, spec->help);
        if (spec->fallback)
            buffer_format(ret_text, " (%s)", spec->fallback);
        buffer_byte(ret_text, '\n');
    }
}

/* Other programs take it; whoever set it should know that it changes nothing here. */
void options_print_unused(struct buffer *ret_text)
{
    const char *value = getenv("SSL_CERT_DIR");
    char quoted[LOG_QUOTE_BYTES];

    if (value && *value)
        buffer_format(ret_text,
                      "# SSL_CERT_DIR, '%s', is not used: trusted are the certificates of ca_file, "
                      "or the system's\n",
                      log_quote(value, quoted, sizeof(quoted)));
}

void options_print_config(const struct options *options, struct buffer *ret_text)
{
    char path[LOG_QUOTE_BYTES];

    if (options->config)
        buffer_format(ret_text, "# configuration: %s\n",
                      log_quote(config_path(options->config), path, sizeof(path)));
    else
        buffer_text(ret_text, "# there is no configuration\n");
    options_print_unused(ret_text);
    settings_print(&options->settings, ret_text);
}
