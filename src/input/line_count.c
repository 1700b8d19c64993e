#include "input/line_count.h"

#include <string.h>

static uint64_t count_byte(const unsigned char *bytes, size_t len, unsigned char byte)
{
    const unsigned char *end = bytes + len;
    uint64_t count = 0;

    for (const unsigned char *p = bytes; len && p < end; p++, count++) {
        p = memchr(p, byte, (size_t)(end - p));
        if (!p)
            break;
    }
    return count;
}

void line_count_add(struct line_count *lines, const unsigned char *bytes, size_t len)
{
    const unsigned char *end = bytes + len;

    if (len == 0)
        return;
    lines->ends += count_byte(bytes, len, '\n');
    if (lines->after_cr && bytes[0] == '\n')
        lines->ends--;
    for (const unsigned char *p = bytes; p < end; p++) {
        p = memchr(p, '\r', (size_t)(end - p));
        if (!p)
            break;
        lines->ends += p + 1 == end || p[1] != '\n';
    }
    lines->after_cr = end[-1] == '\r';
}
