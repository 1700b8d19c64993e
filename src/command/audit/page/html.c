#include "html.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/words/language.h"

#define SECOND_MS 1000
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)

/* ---- text ---- */

static const char *escape_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&#34;";
    default:
        return NULL;
    }
}

/* Appends a text, with those of its characters escaped that are among `special`. */
static void escape(struct buffer *page, const char *text, const char *special)
{
    while (*text) {
        size_t plain = strcspn(text, special);

        buffer_append(page, text, plain);
        text += plain;
        if (*text)
            buffer_text(page, escape_of(*text++));
    }
}

void html_cut(struct buffer *page, const char *text, size_t bytes)
{
    char shown[HTML_TEXT_BYTES];

    escape(page, log_quote(text, shown, bytes), "&<>");
}

void html_text(struct buffer *page, const char *text)
{
    html_cut(page, text, HTML_TEXT_BYTES);
}

void html_attribute(struct buffer *page, const char *text, size_t bytes)
{
    char shown[HTML_TEXT_BYTES];

    buffer_byte(page, '"');
    escape(page, log_quote(text, shown, bytes), "&<>\"");
    buffer_byte(page, '"');
}

/* ---- numbers ---- */

void html_count(struct buffer *page, uint64_t count)
{
    char digits[32];
    size_t len = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64, count);

    for (size_t i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            buffer_byte(page, ',');
        buffer_byte(page, digits[i]);
    }
}

void html_counted(struct buffer *page, uint64_t count, const char *noun)
{
    html_count(page, count);
    language_format(page, " %s%s", _(noun), count == 1 ? "" : "s");
}

void html_yuan(struct buffer *page, money fen)
{
    char yuan[MONEY_TEXT_BYTES];

    buffer_text(page, money_format_yuan(fen, yuan));
}

void html_time(struct buffer *page, int64_t wall_ms)
{
    char text[CLOCK_TOP_BYTES];

    clock_format_top(wall_ms, text);
    buffer_text(page, text);
}

void html_time_after(struct buffer *page, int64_t wall_ms, int64_t other_ms)
{
    char text[CLOCK_TOP_BYTES];

    clock_format_top(wall_ms, text);
    buffer_text(page, clock_beijing_day(wall_ms) == clock_beijing_day(other_ms)
                          ? text + strlen("2026-01-02 ")
                          : text);
}

void html_duration(struct buffer *page, int64_t ms)
{
    if (ms < SECOND_MS)
        buffer_format(page, "%" PRId64 " ms", ms);
    else if (ms < MINUTE_MS)
        buffer_format(page, "%" PRId64 ".%" PRId64 " s", ms / SECOND_MS, ms % SECOND_MS / 100);
    else if (ms < HOUR_MS)
        language_format(page, _("%" PRId64 " min %" PRId64 " s"), ms / MINUTE_MS,
                        ms % MINUTE_MS / SECOND_MS);
    else
        language_format(page, _("%" PRId64 " h %" PRId64 " min"), ms / HOUR_MS,
                        ms % HOUR_MS / MINUTE_MS);
}

/* ---- the policy ---- */

int html_source(const char *block, size_t len, char ret_source[HTML_SOURCE_BYTES])
{
    static const char prefix[] = "sha256-";
    unsigned char digest[DIGEST_SHA256_BYTES];
    struct digest *sha256 = digest_open();
    int result = -1;

    if (sha256 && !digest_update(sha256, block, len) && !digest_finish(sha256, digest)) {
        strcpy(ret_source, prefix);
        EVP_EncodeBlock((unsigned char *)ret_source + strlen(prefix), digest, sizeof(digest));
        result = 0;
    }
    digest_close(sha256);
    return result;
}
