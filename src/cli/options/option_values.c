#include "option_values.h"

#include "cli/row_ranges.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/character.h"
#include "base/words/language.h"
#include "cli/options/options.h"
#include "gateway/rate_control.h"

bool option_value_sign_method(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = _("it is hmac-sha256, hmac or md5");
    return sign_method_parse(value, &o->sign_method);
}

bool option_value_http(struct options *o, const char *value, const char **ret_why)
{
    static const struct {
        const char *name;
        enum client_http http;
    } known[] = {{"1.1", CLIENT_HTTP_1_1}, {"auto", CLIENT_HTTP_AUTO}, {"2", CLIENT_HTTP_2}};

    *ret_why = _("it is auto, 1.1 or 2");
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (strcmp(known[i].name, value) != 0)
            continue;
        o->http = known[i].http;
        return true;
    }
    return false;
}

bool option_value_encoding(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = _("it is auto, utf-8, gb18030 (GBK too) or utf-16");
    return charset_encoding_parse(value, &o->encoding);
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

bool option_value_delimiter(struct options *o, const char *value, const char **ret_why)
{
    uint32_t point = parse_escape(value);
    char text[CHARACTER_ROOM];

    *ret_why = _("it is one character, also as \\t, \\x01 or ^A, or the word tab");
    if (!point && (!*value || character_decode(value, &point) != strlen(value)))
        return false;
    if (strchr("\"\r\n", (int)point) && point < 0x80)
        return false;
    if (!character_encode(point, text))
        return false;
    o->reader.delimiter = point;
    return true;
}

bool option_value_null(struct options *o, const char *value, const char **ret_why)
{
    return vocabulary_add_null(&o->rules.vocabulary, value, ret_why);
}

/* A text that lives as long as the options. */
struct kept_text {
    struct kept_text *next;
    char text[];
};

/* NULL without memory. */
const char *option_value_keep(struct options *o, const char *text, size_t len)
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

void option_value_release(struct options *o)
{
    while (o->texts) {
        struct kept_text *next = o->texts->next;

        free(o->texts);
        o->texts = next;
    }
}

/* Splits WORD=N at the last '='. */
bool option_value_status(struct options *o, const char *value, const char **ret_why)
{
    const char *equals = strrchr(value, '=');
    const char *word = NULL;

    *ret_why = _("it is WORD=N, with N 0 (not settled), 1 (claim succeeded) or 2 (claim failed)");
    if (!equals || equals == value)
        return false;
    word = option_value_keep(o, value, (size_t)(equals - value));
    *ret_why = "out of memory";
    return word && vocabulary_add_status(&o->rules.vocabulary, word, equals + 1, ret_why);
}

bool option_value_oldest_time(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = _("it is a date such as 2010-01-01");
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
    return column_field_parse(name, ret_field);
}

bool option_value_column(struct options *o, const char *value, const char **ret_why)
{
    enum field field;
    const char *header;

    *ret_why = _("it is FIELD=HEADER, with FIELD one of workcard_id, claim_desc, claim_count, "
                 "claim_order_no, claim_status, claim_time, claim_fee");
    if (!parse_column(value, &field, &header))
        return false;
    o->reader.wanted_columns[field] = header;
    return true;
}

bool option_value_fee_unit(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = _("it is fen or yuan");
    return column_unit_parse(value, &o->reader.fee_unit);
}

bool option_value_rule(struct options *o, const char *value, const char **ret_why)
{
    return rules_parse(&o->rules, value, ret_why);
}

bool option_value_integer(const char *value, int64_t least, int64_t most, int64_t *ret_number)
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
bool option_value_rate(struct options *o, const char *value, const char **ret_why)
{
    static const char word[] = "auto";
    size_t len = sizeof(word) - 1;

    *ret_why = _("it is a whole number of claims a second from 1 to 1000000, auto, or auto:N");
    o->rate_is_auto = strncmp(value, word, len) == 0 && (!value[len] || value[len] == ':');
    if (!o->rate_is_auto)
        return option_value_integer(value, 1, RATE_MAX, &o->rate);
    o->rate = RATE_CONTROL_MOST;
    return !value[len] || option_value_integer(value + len + 1, 1, RATE_CONTROL_MOST, &o->rate);
}

bool option_value_max_fee(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = _("it is an amount in fen");
    return option_value_integer(value, 0, INT64_MAX, &o->rules.max_fee);
}

/* Either "N" or "N%": *ret_rows or *ret_percent, and the other stays as it is. */
static bool rows_or_percent(const char *value, int64_t least, int64_t *ret_rows,
                            int64_t *ret_percent)
{
    char digits[24];
    size_t len = strlen(value);

    if (!len || len >= sizeof(digits))
        return false;
    if (value[len - 1] != '%')
        return option_value_integer(value, least, INT64_MAX, ret_rows);
    snprintf(digits, sizeof(digits), "%.*s", (int)len - 1, value);
    return option_value_integer(digits, least, 100, ret_percent);
}

bool option_value_max_changed(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = _("it is a number of rows, or a percentage such as 5%");
    o->max_changed = o->max_changed_percent = 0;
    return rows_or_percent(value, 0, &o->max_changed, &o->max_changed_percent);
}

bool option_value_max_failures(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = _("it is a number of rows from 1 on, or a percentage such as 5%");
    o->max_failures = o->max_failures_percent = -1;
    return rows_or_percent(value, 1, &o->max_failures, &o->max_failures_percent);
}

bool option_value_include(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = _("it is rejected, unknown, or rejected,unknown");
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

bool option_value_rows(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = _("it is the number of a row, from 2 on, or several: 3,7-9");
    o->rows = value;
    return row_ranges_are_valid(value);
}

bool option_value_progress(struct options *o, const char *value, const char **ret_why)
{
    static const char *const words[] = {"auto", "always", "never"};

    *ret_why = _("it is auto, always or never");
    for (int i = 0; i < 3; i++)
        if (strcmp(value, words[i]) == 0) {
            o->progress = (enum progress_mode)i;
            return true;
        }
    return false;
}

bool option_value_log_format(struct options *o, const char *value, const char **ret_why)
{
    *ret_why = _("it is text or json");
    o->log_format = strcmp(value, "json") == 0 ? LOG_JSON : LOG_TEXT;
    return o->log_format == LOG_JSON || strcmp(value, "text") == 0;
}
