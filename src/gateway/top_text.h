/*
 * top_text: texts of an answer, as far as they are text, and where they stand.
 *
 * Tested by tests/unit/test_top.c
 */
#ifndef CLAIMBATCH_GATEWAY_TOP_TEXT_H
#define CLAIMBATCH_GATEWAY_TOP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the bytes of a JSON text stand inside one of its strings. Zeroed before the first. */
struct top_string {
    bool is_inside, is_escaped;
};

/* One byte further. It runs for each byte of an answer, so it is here. */
static inline void top_string_next(struct top_string *string, char byte)
{
    if (!string->is_inside)
        string->is_inside = byte == '"';
    else if (string->is_escaped)
        string->is_escaped = false;
    else if (byte == '\\')
        string->is_escaped = true;
    else if (byte == '"')
        string->is_inside = false;
}

/* Copies as much as fits, and a NUL; what is no UTF-8 is replaced. */
void top_text_copy(const unsigned char *text, size_t len, char *ret_text, size_t size);

#endif
