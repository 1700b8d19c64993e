#include "line_count.h"

#define CHUNK_BYTES 255 /* as many as a byte can count */

/* How many of the bytes end a line, but for a CR with an LF right behind it, of which one byte more
 * is looked at. In small counters, for the compiler makes vectors of them. */
static uint64_t count_chunk(const unsigned char *bytes, size_t len)
{
    uint8_t ends = 0;

    for (size_t i = 0; i < len; i++)
        ends = (uint8_t)(ends + (bytes[i] == '\n') + ((bytes[i] == '\r') & (bytes[i + 1] != '\n')));
    return ends;
}

void line_count_add(struct line_count *lines, const unsigned char *bytes, size_t len)
{
    size_t last = len - 1;

    if (len == 0)
        return;
    if (lines->after_cr && bytes[0] == '\n')
        lines->ends--;
    for (size_t at = 0; at < last; at += CHUNK_BYTES)
        lines->ends += count_chunk(bytes + at, last - at < CHUNK_BYTES ? last - at : CHUNK_BYTES);
    lines->ends += bytes[last] == '\n' || bytes[last] == '\r';
    lines->after_cr = bytes[last] == '\r';
}
