#include "gateway/mask.h"

#include <stddef.h>
#include <string.h>

#include "base/buffer.h"
#include "gateway/top.h"

/* How much of the secret's beginning the text ends with. */
static size_t cut_at_end(const char *text, const char *secret)
{
    size_t len = strlen(text), most = strlen(secret);

    for (size_t part = len < most ? len : most; part >= MASK_LEAST; part--)
        if (memcmp(text + len - part, secret, part) == 0)
            return part;
    return 0;
}

void mask_text(char *text, const char *secret)
{
    size_t len = secret ? strlen(secret) : 0;
    size_t cut;

    if (len < MASK_LEAST)
        return;
    for (char *at = text; (at = strstr(at, secret)); at += strlen(MASK_TEXT)) {
        memcpy(at, MASK_TEXT, strlen(MASK_TEXT));
        memmove(at + strlen(MASK_TEXT), at + len, strlen(at + len) + 1);
    }
    cut = cut_at_end(text, secret);
    if (cut)
        strcpy(text + strlen(text) - cut, MASK_TEXT);
}

static const char *last_at(const char *text, size_t len)
{
    const char *at = NULL;

    for (size_t i = 0; i < len; i++)
        if (text[i] == '@')
            at = text + i;
    return at;
}

/* A word without blanks and quotes. */
static void append_word(const char *word, size_t len, struct buffer *ret_text)
{
    const char *scheme = memmem(word, len, "://", 3);
    const char *colon = memchr(word, ':', len);
    const char *start = scheme ? scheme + 3 : word;
    const char *end = word + len;
    const char *at = last_at(start, (size_t)(end - start));
    const char *query;

    if (at && (scheme || (colon && colon < at))) {
        buffer_append(ret_text, word, (size_t)(start - word));
        buffer_text(ret_text, MASK_TEXT);
        word = at;
    }
    query = scheme ? memchr(word, '?', (size_t)(end - word)) : NULL;
    buffer_append(ret_text, word, (size_t)((query ? query + 1 : end) - word));
    if (query)
        buffer_text(ret_text, MASK_TEXT);
}

void mask_url(const char *text, struct buffer *ret_text)
{
    static const char between[] = " \t\r\n\"'";

    while (*text) {
        size_t len = strcspn(text, between);

        append_word(text, len, ret_text);
        text += len;
        len = strspn(text, between);
        buffer_append(ret_text, text, len);
        text += len;
    }
}

void mask_answer(struct answer *answer, const char *secret)
{
    mask_text(answer->code_text, secret);
    mask_text(answer->sub_code, secret);
    mask_text(answer->message, secret);
    mask_text(answer->sub_message, secret);
    mask_text(answer->request_id, secret);
}
