#include "top_text.h"

#include <string.h>

#define REPLACEMENT_CHARACTER "\xef\xbf\xbd"

/* How many bytes a UTF-8 character has that begins with this one; 0: none does. */
static size_t utf8_announced(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* The length of the well-formed UTF-8 character at `text`, 0 if there is none. */
static size_t utf8_len(const unsigned char *text, size_t len)
{
    size_t need = utf8_announced(*text);

    if (need > len)
        return 0;
    for (size_t i = 1; i < need; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    /* overlong forms, surrogates, beyond U+10FFFF */
    if ((*text == 0xe0 && text[1] < 0xa0) || (*text == 0xed && text[1] > 0x9f) ||
        (*text == 0xf0 && text[1] < 0x90) || (*text == 0xf4 && text[1] > 0x8f))
        return 0;
    return need;
}

/* Bytes that are no UTF-8 become U+FFFD, NUL is dropped, what is too long is cut at a character. */
void top_text_copy(const unsigned char *text, size_t len, char *ret_text, size_t size)
{
    size_t used = 0;

    for (size_t i = 0, step = 0; i < len; i += step) {
        size_t character = utf8_len(text + i, len - i);
        const void *from = character ? (const void *)(text + i) : REPLACEMENT_CHARACTER;
        size_t more = character ? character : strlen(REPLACEMENT_CHARACTER);

        step = character ? character : 1;
        if (text[i] == '\0')
            continue;
        if (used + more >= size)
            break;
        memcpy(ret_text + used, from, more);
        used += more;
    }
    ret_text[used] = '\0';
}
