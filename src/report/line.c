#include "report/line.h"

#include <string.h>

#include "base/clock.h"
#include "base/file/file.h"
#include "base/formula.h"
#include "base/hex.h"
#include "input/claim/rules.h"

bool line_begins_file(const char *path)
{
    static const char beginning[] = LINE_BOM LINE_HEADER;

    return file_begins_with(path, beginning, sizeof(beginning) - 1);
}

void line_append_cell(const char *text, struct buffer *ret_text)
{
    bool guarded = formula_starts(text);

    if (!text[strcspn(text, ",\"\r\n")]) {
        if (guarded)
            buffer_byte(ret_text, '\'');
        buffer_text(ret_text, text);
        return;
    }
    buffer_text(ret_text, guarded ? "\"'" : "\"");
    for (const char *quote = strchr(text, '"'); quote; quote = strchr(text, '"')) {
        buffer_append(ret_text, text, (size_t)(quote - text) + 1);
        buffer_byte(ret_text, '"');
        text = quote + 1;
    }
    buffer_text(ret_text, text);
    buffer_byte(ret_text, '"');
}

void line_append_clean(const char *text, struct buffer *ret_text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        bool is_c1 = *p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f;

        buffer_byte(ret_text, *p < 0x20 || *p == 0x7f || is_c1 ? ' ' : (char)*p);
        p += is_c1;
    }
}

static bool is_of_rule(const char *code, size_t len)
{
    for (int i = 0; i < RULE_COUNT; i++)
        if (!rule_is_of_run((enum rule)i) && strlen(rule_code((enum rule)i)) == len &&
            memcmp(rule_code((enum rule)i), code, len) == 0)
            return true;
    return false;
}

static void append_codes(const char *codes, bool of_rules, struct buffer *ret_codes)
{
    const char *separator = "";

    while (*codes) {
        size_t len = strcspn(codes, ";");

        if (is_of_rule(codes, len) == of_rules) {
            buffer_text(ret_codes, separator);
            buffer_append(ret_codes, codes, len);
            separator = ";";
        }
        codes += len + (codes[len] == ';');
    }
}

void line_append_noted(const char *warnings, struct buffer *ret_codes)
{
    append_codes(warnings, true, ret_codes);
}

void line_append_arisen(const char *warnings, struct buffer *ret_codes)
{
    append_codes(warnings, false, ret_codes);
}

/* The gateway's words. */
static void append_foreign(const char *text, struct buffer *ret_text)
{
    struct buffer clean = {0};
    size_t i = 0;

    while ((unsigned char)text[i] >= 0x20 && text[i] != 0x7f && text[i] != '\xc2')
        i++;
    if (!text[i]) {
        line_append_cell(text, ret_text);
        return;
    }
    line_append_clean(text, &clean);
    ret_text->failed |= clean.failed;
    line_append_cell(buffer_string(&clean), ret_text);
    buffer_release(&clean);
}

/* A comma and a text of our own that needs no quotes. */
static void append_plain(const char *text, struct buffer *ret_text)
{
    buffer_byte(ret_text, ',');
    buffer_text(ret_text, text);
}

void line_append(const struct line *line, struct buffer *ret_text)
{
    const struct row_record *r = &line->record;
    char submitted[CLOCK_RFC3339_BYTES] = "";
    char digest[DIGEST_CLAIM_TEXT_BYTES] = "";

    if (r->submitted_ms)
        clock_format_rfc3339(r->submitted_ms, submitted);
    if (line->has_digest)
        hex_format(r->digest, DIGEST_CLAIM_BYTES, digest);
    buffer_integer(ret_text, (int64_t)r->row);
    for (int i = 0; i < FIELD_COUNT; i++) {
        buffer_byte(ret_text, ',');
        line_append_cell(line->fields[i], ret_text);
    }
    buffer_byte(ret_text, ',');
    buffer_text(ret_text, outcome_name(r->outcome));
    buffer_byte(ret_text, ',');
    append_foreign(r->code, ret_text);
    buffer_byte(ret_text, ',');
    append_foreign(r->sub_code, ret_text);
    buffer_byte(ret_text, ',');
    append_foreign(r->message, ret_text);
    append_plain(line->warnings, ret_text);
    buffer_byte(ret_text, ',');
    buffer_integer(ret_text, r->attempts);
    buffer_byte(ret_text, ',');
    if (r->http_status)
        buffer_integer(ret_text, r->http_status);
    buffer_byte(ret_text, ',');
    append_foreign(r->request_id, ret_text);
    append_plain(submitted, ret_text);
    buffer_byte(ret_text, ',');
    if (r->submitted_ms)
        buffer_integer(ret_text, r->duration_ms);
    append_plain(digest, ret_text);
    buffer_byte(ret_text, '\n');
}
