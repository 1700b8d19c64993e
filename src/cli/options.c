#include "cli/options.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "cli/suggestion.h"
#include "gateway/endpoint.h"
#include "run/batch.h"

enum kind {
    KIND_FLAG,    /* a bool */
    KIND_TEXT,    /* a const char * */
    KIND_INTEGER, /* an int64_t from least to most */
    KIND_SECONDS, /* an int64_t in milliseconds, typed in seconds */
    KIND_SPECIAL, /* taken by a function */
};

struct option_spec {
    const char *name;
    char letter; /* 0: none */
    enum kind kind;
    size_t offset; /* of the member of struct options */
    int64_t least, most;
    bool (*take)(struct options *options, const char *value, const char **ret_why);
    const char *value; /* what stands for it in the help; NULL for a flag */
    const char *help;
};

/* ---- values that are more than text and numbers ---- */

static bool take_sign_method(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = "it is hmac-sha256, hmac or md5";
    return sign_method_parse(value, &o->sign_method);
}

static bool take_encoding(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = "it is auto, utf-8, gb18030 or utf-16";
    return encoding_parse(value, &o->encoding);
}

static bool take_delimiter(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = "it is one character, or the word tab";
    if (strcmp(value, "tab") == 0)
        value = "\t";
    if (strlen(value) != 1 || strchr("\"\r\n", *value) || (unsigned char)*value >= 0x80)
        return false;
    o->reader.delimiter = *value;
    return true;
}

static bool take_column(struct options *o, const char *value, const char **ret_why)
{
    const char *equals = strchr(value, '=');
    char name[32];
    enum field field;

    *ret_why = "it is FIELD=HEADER, with FIELD one of workcard_id, claim_desc, claim_count, "
               "claim_order_no, claim_status, claim_time, claim_fee";
    if (!equals || !equals[1] || (size_t)(equals - value) >= sizeof(name))
        return false;
    snprintf(name, sizeof(name), "%.*s", (int)(equals - value), value);
    if (!field_parse(name, &field))
        return false;
    o->reader.wanted_columns[field] = equals + 1;
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

static bool take_max_fee(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = "it is an amount in fen";
    return take_integer(value, 0, INT64_MAX, &o->rules.max_fee);
}

static bool take_max_failures(struct options *o, const char *value, const char **ret_why)
{
    char digits[24];
    size_t len = strlen(value);

    *ret_why = "it is a number of rows from 1 on, or a percentage such as 5%";
    if (!len || len >= sizeof(digits))
        return false;
    if (value[len - 1] != '%') {
        o->max_failures_percent = -1;
        return take_integer(value, 1, INT64_MAX, &o->max_failures);
    }
    snprintf(digits, sizeof(digits), "%.*s", (int)len - 1, value);
    o->max_failures = -1;
    return take_integer(digits, 1, 100, &o->max_failures_percent);
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
#define FLAG(name, letter, member, help)                                                           \
    {                                                                                              \
        name, letter, KIND_FLAG, MEMBER(member), 0, 0, NULL, NULL, help                            \
    }
#define TEXT(name, letter, member, value, help)                                                    \
    {                                                                                              \
        name, letter, KIND_TEXT, MEMBER(member), 0, 0, NULL, value, help                           \
    }
#define INTEGER(name, letter, member, least, most, value, help)                                    \
    {                                                                                              \
        name, letter, KIND_INTEGER, MEMBER(member), least, most, NULL, value, help                 \
    }
#define SECONDS(name, member, least, most, help)                                                   \
    {                                                                                              \
        name, 0, KIND_SECONDS, MEMBER(member), least, most, NULL, "S", help                        \
    }
#define SPECIAL(name, take, value, help)                                                           \
    {                                                                                              \
        name, 0, KIND_SPECIAL, 0, 0, 0, take, value, help                                          \
    }

#define DAY_S 86400
#define RATE_MAX 1000000

static const struct option_spec table[] = {
    TEXT("report", 'o', report, "FILE", "where the report goes (CLAIMS.csv: CLAIMS.report.csv)"),
    TEXT("ledger", 'L', ledger, "FILE", "the durable record of what was sent"),
    FLAG("overwrite", 0, overwrite, "replace a report of another export"),
    FLAG("new-ledger", 0, new_ledger, "go on though the export was sent with another ledger"),
    TEXT("gateway", 'g', gateway, "URL", "the gateway (" ENDPOINT_DEFAULT ")"),
    TEXT("app-key", 0, app_key, "KEY", "the app"),
    TEXT("app-secret-file", 0, app_secret_file, "FILE", "its secret, in the first line"),
    TEXT("session-file", 0, session_file, "FILE", "a session, in the first line, if one is needed"),
    SPECIAL("sign-method", take_sign_method, "NAME", "hmac-sha256, hmac or md5 (hmac-sha256)"),
    TEXT("ca-file", 0, ca_file, "FILE", "trusted certificates, PEM (the system's)"),
    FLAG("allow-plaintext", 0, allow_plaintext, "plain http to hosts that are not loopback"),
    SECONDS("connect-timeout", connect_timeout_ms, 1, DAY_S, "to connect (10)"),
    SECONDS("timeout", timeout_ms, 1, DAY_S, "for a whole call (30)"),
    INTEGER("in-flight", 'c', in_flight, 1, BATCH_IN_FLIGHT_MAX, "N",
            "most calls on the wire at once (16)"),
    INTEGER("workers", 'w', workers, 1, BATCH_IN_FLIGHT_MAX, "N", "worker threads (processors)"),
    INTEGER("rate", 'r', rate, 1, RATE_MAX, "N", "most claims in any second (no limit)"),
    INTEGER("daily-quota", 0, daily_quota, 1, INT64_MAX, "N",
            "most claims a Beijing day (no limit)"),
    INTEGER("retries", 0, retries, 0, 1000, "N", "further attempts after a sure failure (4)"),
    SECONDS("outage-patience", outage_patience_ms, 1, DAY_S, "how long an outage may last (120)"),
    INTEGER("limit", 0, limit, 0, INT64_MAX, "N", "send the first N rows, then stop"),
    SPECIAL("max-failures", take_max_failures, "N[%]", "stop after so many bad rows"),
    SPECIAL("max-fee", take_max_fee, "FEN", "a dearer row is invalid"),
    INTEGER("expect-rows", 0, expect_rows, 0, INT64_MAX, "N",
            "refuse an export of another number of rows"),
    INTEGER("expect-fee", 0, expect_fee, 0, INT64_MAX, "FEN", "refuse an export of another total"),
    FLAG("require-valid", 0, require_valid, "send nothing if any row is invalid"),
    SPECIAL("encoding", take_encoding, "NAME", "auto, utf-8, gb18030 or utf-16 (auto)"),
    SPECIAL("delimiter", take_delimiter, "C", "one character, or tab (,)"),
    SPECIAL("column", take_column, "FIELD=HEADER", "name a column of the export; may be repeated"),
    SPECIAL("fee-unit", take_fee_unit, "UNIT", "fen or yuan (as the header says)"),
    SPECIAL("rule", take_rule, "NAME=SEVERITY", "error, warn or off; may be repeated"),
    FLAG("dry-run", 0, dry_run, "show what would be sent, send nothing"),
    SPECIAL("progress", take_progress, "WHEN", "auto, always or never (auto)"),
    FLAG("json", 0, json, "the manifest on standard output"),
    SPECIAL("log-format", take_log_format, "NAME", "text or json (text)"),
    FLAG("quiet", 'q', quiet, "warnings and errors only"),
    FLAG("verbose", 'v', verbose, "say more"),
    FLAG("no-color", 0, no_color, "no colour"),
    FLAG("help", 'h', help, "this text"),
    FLAG("version", 'V', version, "the version"),
};

#define TABLE_COUNT (sizeof(table) / sizeof(*table))

static const char *option_word(size_t i)
{
    return i < TABLE_COUNT ? table[i].name : NULL;
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

static int refuse_value(const struct option_spec *spec, const char *value, const char *why,
                        struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    return error_set(err, EXIT_BAD_USAGE, "--%s does not take '%s': %s; nothing was sent",
                     spec->name, log_quote(value, quoted, sizeof(quoted)), why);
}

static int take(struct options *options, const struct option_spec *spec, const char *value,
                struct error *err)
{
    void *member = (char *)options + spec->offset;
    char range[96];
    const char *why = range;

    switch (spec->kind) {
    case KIND_FLAG:
        *(bool *)member = true;
        return 0;
    case KIND_TEXT:
        *(const char **)member = value;
        return *value ? 0 : refuse_value(spec, value, "it must not be empty", err);
    case KIND_INTEGER:
        snprintf(range, sizeof(range), "it is a whole number from %" PRId64 " to %" PRId64,
                 spec->least, spec->most);
        return take_integer(value, spec->least, spec->most, member)
                   ? 0
                   : refuse_value(spec, value, why, err);
    case KIND_SECONDS:
        snprintf(range, sizeof(range), "it is a number of seconds up to %" PRId64, spec->most);
        return take_seconds(value, spec->least, spec->most, member)
                   ? 0
                   : refuse_value(spec, value, why, err);
    case KIND_SPECIAL:
        return spec->take(options, value, &why) ? 0 : refuse_value(spec, value, why, err);
    }
    return 0;
}

static void set_defaults(struct options *o)
{
    memset(o, 0, sizeof(*o));
    o->gateway = ENDPOINT_DEFAULT;
    o->sign_method = SIGN_HMAC_SHA256;
    o->connect_timeout_ms = 10000;
    o->timeout_ms = 30000;
    o->in_flight = 16;
    o->retries = 4;
    o->outage_patience_ms = 120000;
    o->limit = o->max_failures = o->max_failures_percent = -1;
    o->expect_rows = o->expect_fee = -1;
    o->encoding = ENCODING_AUTO;
    o->reader.delimiter = ',';
    rules_init(&o->rules);
}

/* For getopt_long: the table once more, in its own form. */
static void fill_getopt(struct option *longs, char *shorts)
{
    *shorts++ = ':';
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        bool has_value = table[i].value != NULL;

        longs[i] = (struct option){table[i].name, has_value ? required_argument : no_argument, NULL,
                                   (int)(256 + i)};
        if (table[i].letter) {
            *shorts++ = table[i].letter;
            if (has_value)
                *shorts++ = ':';
        }
    }
    *shorts = '\0';
}

static const struct option_spec *spec_of(int code)
{
    if (code >= 256)
        return &table[code - 256];
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (table[i].letter && table[i].letter == code)
            return &table[i];
    return NULL;
}

static int refuse_word(const char *command, const char *word, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    char name[64];
    const char *near;

    snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + strspn(word, "-"), "="),
             word + strspn(word, "-"));
    near = strncmp(word, "--", 2) == 0 ? suggestion_find(name, option_word) : NULL;
    log_quote(word, quoted, sizeof(quoted));
    if (near)
        return error_set(err, EXIT_BAD_USAGE,
                         "there is no option '%s'; did you mean --%s? Nothing was sent", quoted,
                         near);
    return error_set(err, EXIT_BAD_USAGE,
                     "there is no option '%s'; see: claimbatch %s --help. Nothing was sent", quoted,
                     command);
}

static int take_operand(const char *command, int argc, char **argv, struct options *o,
                        struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    if (o->help || o->version)
        return 0;
    if (optind == argc)
        return error_set(err, EXIT_BAD_USAGE,
                         "which export? Type: claimbatch %s CLAIMS.csv; nothing was sent", command);
    if (optind + 1 < argc)
        return error_set(err, EXIT_BAD_USAGE,
                         "one export at a time: '%s' is one too many; nothing was sent",
                         log_quote(argv[optind + 1], quoted, sizeof(quoted)));
    o->claims = argv[optind];
    return 0;
}

int options_parse(const char *command, int argc, char **argv, struct options *ret_options,
                  struct error *err)
{
    struct option longs[TABLE_COUNT + 1] = {{0}};
    char shorts[2 * TABLE_COUNT + 2];
    int code;

    set_defaults(ret_options);
    fill_getopt(longs, shorts);
    opterr = 0;
    optind = 1;
    for (;;) {
        int at = optind;

        code = getopt_long(argc, argv, shorts, longs, NULL);
        if (code == -1)
            break;
        if (code == ':')
            return error_set(err, EXIT_BAD_USAGE, "%s needs a value; nothing was sent", argv[at]);
        if (code == '?')
            return refuse_word(command, argv[at], err);
        if (take(ret_options, spec_of(code), optarg, err))
            return -1;
    }
    return take_operand(command, argc, argv, ret_options, err);
}

void options_help(struct buffer *ret_text)
{
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        const struct option_spec *spec = &table[i];
        char words[64];

        snprintf(words, sizeof(words), "--%s%s%s", spec->name, spec->value ? " " : "",
                 spec->value ? spec->value : "");
        if (spec->letter)
            buffer_format(ret_text, "  -%c, %-27s %s\n", spec->letter, words, spec->help);
        else
            buffer_format(ret_text, "      %-27s %s\n", words, spec->help);
    }
}
