#include "input/value/order_no_alike.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/character.h"

#define IDEOGRAPHIC_BLANK 0x3000
#define WIDE_FIRST 0xff01 /* U+FF01 to U+FF5E are ASCII 0x21 to 0x7e in full width */
#define WIDE_LAST 0xff5e
#define WIDE_OFFSET (WIDE_FIRST - '!')

static size_t add(struct buffer *texts, size_t start, const char *order_no)
{
    buffer_byte(texts, 0);
    if (texts->failed || strcmp(texts->ptr + start, order_no) != 0)
        return 1;
    texts->len = start;
    return 0;
}

static bool is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == 0;
}

static size_t add_zeros(const char *order_no, const struct order_no_filter *filter,
                        struct buffer *texts)
{
    size_t own = strspn(order_no, "0");
    const char *number = order_no + own;
    size_t count = 0;

    for (size_t zeros = 0; *number && zeros <= ORDER_NO_ALIKE_ZEROS; zeros++) {
        if (zeros == own || !filter->wants(filter->context, zeros, (unsigned char)*number))
            continue;
        for (size_t i = 0; i < zeros; i++)
            buffer_byte(texts, '0');
        buffer_append(texts, number, strlen(number) + 1);
        count++;
    }
    return count;
}

enum change { UPPER, LOWER, CLOSED, NARROW, WIDE_BRACKETS, CHANGES };

static uint32_t changed(uint32_t point, enum change change)
{
    bool is_ascii = point < 0x80;

    switch (change) {
    case UPPER:
        return point >= 'a' && point <= 'z' ? point - 'a' + 'A' : point;
    case LOWER:
        return is_ascii ? (uint32_t)character_lower((char)point) : point;
    case CLOSED:
        return character_is_blank(point) ? 0 : point;
    case NARROW:
        if (point == IDEOGRAPHIC_BLANK)
            return ' ';
        return point >= WIDE_FIRST && point <= WIDE_LAST ? point - WIDE_OFFSET : point;
    case WIDE_BRACKETS:
        return point == '(' || point == ')' ? point + WIDE_OFFSET : point;
    case CHANGES:
        break;
    }
    return point;
}

static size_t add_changed(const char *order_no, enum change change, struct buffer *texts)
{
    size_t start = texts->len;

    for (size_t i = 0; order_no[i];) {
        char text[CHARACTER_ROOM];
        uint32_t point, other;
        size_t len = character_decode(order_no + i, &point);

        other = changed(point, change);
        len = len ? len : 1;
        if (other == point)
            buffer_append(texts, order_no + i, len);
        else if (other)
            buffer_append(texts, text, character_encode(other, text));
        i += len;
    }
    return add(texts, start, order_no);
}

/* The changes that change anything of it, as bits: mostly one or two do. */
static unsigned due_changes(const char *order_no)
{
    unsigned due = 0;

    for (const char *p = order_no; *p; p++) {
        unsigned char byte = (unsigned char)*p;

        if (byte >= 0x80)
            return ~0U;
        if (byte >= 'a' && byte <= 'z')
            due |= 1U << UPPER;
        else if (byte >= 'A' && byte <= 'Z')
            due |= 1U << LOWER;
        else if (byte == '(' || byte == ')')
            due |= 1U << WIDE_BRACKETS;
        else if (byte <= ' ')
            due |= 1U << CLOSED;
    }
    return due;
}

size_t order_no_alike(const char *order_no, const struct order_no_filter *filter,
                      struct buffer *ret_texts)
{
    unsigned due = due_changes(order_no);
    size_t zeros = strspn(order_no, "0");
    size_t count = 0;

    if (is_number(order_no))
        return add_zeros(order_no, filter, ret_texts);
    for (int i = 0; i < CHANGES; i++) {
        enum change change = (enum change)i;
        unsigned char next = (unsigned char)order_no[zeros];

        if (due >> i & 1 && (next >= 0x80 || filter->wants(filter->context, zeros,
                                                           (unsigned char)changed(next, change))))
            count += add_changed(order_no, change, ret_texts);
    }
    return count;
}

/* 0: it is left out. */
static uint32_t folded(uint32_t point)
{
    point = changed(changed(point, NARROW), CLOSED);
    return changed(point, UPPER);
}

void order_no_fold(const char *order_no, struct buffer *ret_text)
{
    size_t start = ret_text->len;
    size_t zeros = 0;

    for (size_t i = 0; order_no[i];) {
        char text[CHARACTER_ROOM];
        uint32_t point;
        size_t len = character_decode(order_no + i, &point);

        if (!len)
            buffer_byte(ret_text, order_no[i]);
        else if (folded(point))
            buffer_append(ret_text, text, character_encode(folded(point), text));
        i += len ? len : 1;
    }
    if (ret_text->failed || ret_text->len == start || !is_number(ret_text->ptr + start))
        return;
    while (ret_text->ptr[start + zeros] == '0' && start + zeros + 1 < ret_text->len)
        zeros++;
    ret_text->len -= zeros;
    memmove(ret_text->ptr + start, ret_text->ptr + start + zeros, ret_text->len - start + 1);
}

/* Most numbers are of nothing else. */
static bool is_plain(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z');
}

bool order_no_is_folded(const char *order_no)
{
    size_t plain = 0;

    if (*order_no == '0' && order_no[1] && is_number(order_no))
        return false;
    while (is_plain(order_no[plain]))
        plain++;
    for (size_t i = plain; order_no[i];) {
        uint32_t point;
        size_t len = character_decode(order_no + i, &point);

        if (len && folded(point) != point)
            return false;
        i += len ? len : 1;
    }
    return true;
}
