#include "detection_feed.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "line_count.h"

/* Notes the first trouble. `at` counts from the start of the piece; it is negative for a character
 * that began before it, on the same line. */
void detection_note_trouble(const struct detection *detection, struct trouble *trouble,
                            const unsigned char *bytes, int64_t at)
{
    struct line_count lines = detection->lines;

    if (trouble->found)
        return;
    if (at > 0)
        line_count_add(&lines, bytes, (size_t)at);
    *trouble = (struct trouble){true, detection->offset + (uint64_t)at, lines.ends + 1};
}

/* Begins a character; false when no character begins with this byte. */
static bool utf8_begin(struct utf8 *utf8, unsigned char byte)
{
    utf8->len = 1;
    utf8->low = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
    utf8->high = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
    if (byte >= 0xc2 && byte <= 0xdf)
        utf8->left = 1;
    else if (byte >= 0xe0 && byte <= 0xef)
        utf8->left = 2;
    else if (byte >= 0xf0 && byte <= 0xf4)
        utf8->left = 3;
    else
        return false;
    return true;
}

/* Takes the next byte of an unfinished character; false when it does not belong to it. */
static bool utf8_continue(struct utf8 *utf8, unsigned char byte)
{
    if (byte < utf8->low || byte > utf8->high)
        return false;
    utf8->low = 0x80;
    utf8->high = 0xbf;
    utf8->len++;
    if (--utf8->left == 0) {
        utf8->has_two |= utf8->len == 2;
        utf8->long_bytes += utf8->len > 2 ? utf8->len : 0;
    }
    return true;
}

void detection_break_utf8(struct detection *detection, const unsigned char *bytes, size_t at)
{
    struct utf8 *utf8 = &detection->utf8;

    if (!utf8->trouble.found)
        detection_note_trouble(detection, &utf8->trouble, bytes, (int64_t)at - utf8->len);
    utf8->bad_bytes += utf8->len;
    utf8->left = 0;
}

/* Keeps the first text beyond ASCII, to show it. */
static void take_sample(struct detection *detection, const unsigned char *bytes, size_t at)
{
    struct utf8 *utf8 = &detection->utf8;

    if (!utf8->first.found)
        detection_note_trouble(detection, &utf8->first, bytes, (int64_t)at);
    if (utf8->sample_len < SAMPLE_BYTES - 1)
        utf8->sample[utf8->sample_len++] = (char)bytes[at];
    else
        utf8->sampled = true;
}

void detection_feed_utf8(struct detection *detection, const unsigned char *bytes, size_t len)
{
    struct utf8 *utf8 = &detection->utf8;
    size_t i = 0;

    while (i < len) {
        if (!utf8->sampled && bytes[i] >= 0x80)
            take_sample(detection, bytes, i);
        if (utf8->left) {
            if (utf8_continue(utf8, bytes[i]))
                i++;
            else
                detection_break_utf8(detection, bytes, i);
            continue;
        }
        if (bytes[i] < 0x80) {
            utf8->sampled |= utf8->sample_len > 0;
            i += charset_ascii_prefix(bytes + i, len - i);
        } else if (!utf8_begin(utf8, bytes[i++])) {
            detection_break_utf8(detection, bytes, i);
        }
    }
}

/* What a pair may be by its first byte, and by its second. */
enum {
    PAIR_COMMON = 1,     /* no half of a UTF-8 character looks like it */
    PAIR_USUAL_GBK = 2,  /* Chinese of GB2312, full-width forms */
    PAIR_USUAL_BIG5 = 4, /* the frequent characters */
    PAIR_BIG5 = 8,       /* any of Big5 */
    PAIR = 16,           /* any of GB18030 */
};

static unsigned char by_lead[256], by_trail[256];

static unsigned char kinds_of_lead(unsigned c)
{
    bool common = (c >= 0xb0 && c <= 0xdf) || (c >= 0xf0 && c <= 0xf7) || c == 0xa1 || c == 0xa3;
    bool usual_gbk = (c >= 0xb0 && c <= 0xf7) || (c >= 0xa1 && c <= 0xa3);
    bool usual_big5 = (c >= 0xa4 && c <= 0xc6) || c == 0xa1;

    return (unsigned char)((common ? PAIR_COMMON : 0) | (usual_gbk ? PAIR_USUAL_GBK : 0) |
                           (usual_big5 ? PAIR_USUAL_BIG5 : 0) |
                           (c >= 0xa1 && c <= 0xf9 ? PAIR_BIG5 : 0) |
                           (c >= 0x81 && c <= 0xfe ? PAIR : 0));
}

static unsigned char kinds_of_trail(unsigned c)
{
    bool low = c >= 0x40 && c <= 0x7e;
    bool high = c >= 0xa1 && c <= 0xfe;

    return (unsigned char)((high ? PAIR_COMMON | PAIR_USUAL_GBK : 0) |
                           (low || high ? PAIR_USUAL_BIG5 | PAIR_BIG5 : 0) |
                           (low || (c >= 0x80 && c <= 0xfe) ? PAIR : 0));
}

__attribute__((constructor)) static void fill_kinds(void)
{
    for (unsigned c = 0; c < 256; c++) {
        by_lead[c] = kinds_of_lead(c);
        by_trail[c] = kinds_of_trail(c);
    }
}

static void count_pair(struct gb18030 *gb, unsigned char lead, unsigned char trail)
{
    unsigned kinds = by_lead[lead] & by_trail[trail];

    gb->pairs++;
    gb->has_common |= (kinds & PAIR_COMMON) != 0;
    gb->usual_gbk += (kinds & PAIR_USUAL_GBK) != 0;
    gb->usual_big5 += (kinds & PAIR_USUAL_BIG5) != 0;
    gb->not_big5 |= !(kinds & PAIR_BIG5);
}

/* Whole pairs, of which a Chinese text mostly is: how many bytes of them there are. */
static size_t count_pairs(struct gb18030 *gb, const unsigned char *bytes, size_t len)
{
    size_t i = 0;

    for (; i + 1 < len && by_lead[bytes[i]] & by_trail[bytes[i + 1]] & PAIR; i += 2)
        count_pair(gb, bytes[i], bytes[i + 1]);
    return i;
}

static bool gb18030_continue(struct gb18030 *gb, unsigned char byte)
{
    bool lead = byte >= 0x81 && byte <= 0xfe;
    bool digit = byte >= '0' && byte <= '9';

    if (gb->len == 1 && digit)
        gb->wide = true;
    else if (gb->len == 1 && by_trail[byte] & PAIR)
        gb->wide = false;
    else if (!(gb->len == 2 && lead) && !(gb->len == 3 && digit))
        return false;
    gb->len++;
    if (gb->len == 2 && !gb->wide)
        count_pair(gb, gb->lead, byte);
    gb->not_big5 |= gb->wide;
    gb->has_common |= gb->wide && gb->len == 4;
    if (gb->len == (gb->wide ? 4 : 2))
        gb->len = 0;
    return true;
}

/* Stops at the first trouble. */
void detection_feed_gb18030(struct detection *detection, const unsigned char *bytes, size_t len)
{
    struct gb18030 *gb = &detection->gb18030;

    for (size_t i = 0; i < len && !gb->trouble.found;) {
        if (gb->len == 0 && bytes[i] < 0x80) {
            i += charset_ascii_prefix(bytes + i, len - i);
        } else if (gb->len == 0 && by_lead[bytes[i]]) {
            size_t whole = count_pairs(gb, bytes + i, len - i);

            if (!whole) {
                gb->len = 1;
                gb->lead = bytes[i++];
            }
            i += whole;
        } else if (gb->len > 0 && gb18030_continue(gb, bytes[i])) {
            i++;
        } else {
            gb->has_euro = gb->len == 0 && bytes[i] == 0x80;
            detection_note_trouble(detection, &gb->trouble, bytes, (int64_t)i - gb->len);
        }
    }
}

void detection_trouble_of_utf16(const struct utf16 *utf16, struct trouble *trouble, uint64_t offset)
{
    if (!trouble->found)
        *trouble = (struct trouble){true, offset, utf16->lines.ends + 1};
}

/* `offset` is where the unit starts. */
static void utf16_unit(struct utf16 *utf16, unsigned unit, uint64_t offset)
{
    bool high = unit >= 0xd800 && unit <= 0xdbff;
    bool low = unit >= 0xdc00 && unit <= 0xdfff;

    if (utf16->after_high_surrogate != low)
        detection_trouble_of_utf16(utf16, &utf16->trouble,
                                   offset - (utf16->after_high_surrogate ? 2 : 0));
    utf16->after_high_surrogate = high;
    if (unit == 0)
        detection_trouble_of_utf16(utf16, &utf16->nul, offset);
    if (unit == '\r' || (unit == '\n' && !utf16->lines.after_cr))
        utf16->lines.ends++;
    utf16->lines.after_cr = unit == '\r';
}

void detection_feed_utf16(struct detection *detection, const unsigned char *bytes, size_t len,
                          bool big_endian)
{
    struct utf16 *utf16 = &detection->utf16;

    for (size_t i = 0; i < len; i++) {
        unsigned first = utf16->half, second = bytes[i];

        utf16->half = bytes[i];
        utf16->has_half = !utf16->has_half;
        if (!utf16->has_half)
            utf16_unit(utf16, big_endian ? first << 8 | second : second << 8 | first,
                       detection->offset + i - 1);
    }
}
