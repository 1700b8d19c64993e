#include "base/character.h"

struct range {
    uint32_t first, last;
};

size_t character_decode(const char *text, uint32_t *ret_point)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *p = (const unsigned char *)text;
    size_t len = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : *p >> 3 == 30 ? 4 : 0;
    uint32_t point;

    *ret_point = *p;
    if (len < 2)
        return len;
    point = *p & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (p[i] & 0x3fU);
    }
    *ret_point = point;
    if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 0;
    return len;
}

bool character_is_utf8(const char *text)
{
    size_t len = 1;
    uint32_t point;

    for (; *text && len > 0; text += len)
        len = character_decode(text, &point);
    return len > 0;
}

size_t character_encode(uint32_t point, char ret_text[CHARACTER_ROOM])
{
    static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;

    ret_text[0] = '\0';
    if (point == 0 || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return 0;
    for (size_t i = len - 1; i > 0; i--, point >>= 6)
        ret_text[i] = (char)(0x80 | (point & 0x3f));
    ret_text[0] = (char)(leads[len] | point);
    ret_text[len] = '\0';
    return len;
}

static bool is_in(const struct range *ranges, size_t count, uint32_t point)
{
    for (size_t i = 0; i < count && point >= ranges[i].first; i++)
        if (point <= ranges[i].last)
            return true;
    return false;
}

bool character_is_invisible(uint32_t point)
{
    /* Format characters and Default_Ignorable_Code_Point of Unicode, and what has no ink: the empty
     * Braille pattern, the place of an object, a note without a head. */
    static const struct range ranges[] = {
        {0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},     {0x115f, 0x1160},
        {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},
        {0x2060, 0x206f},   {0x2800, 0x2800},   {0x3164, 0x3164},   {0xfe00, 0xfe0f},
        {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffc},   {0x110bd, 0x110bd},
        {0x13430, 0x1343f}, {0x16fe4, 0x16fe4}, {0x1bca0, 0x1bca3}, {0x1d159, 0x1d159},
        {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
    };

    return is_in(ranges, sizeof(ranges) / sizeof(*ranges), point);
}

bool character_is_blank(uint32_t point)
{
    static const struct range ranges[] = {
        {0x09, 0x0d},     {0x20, 0x20},     {0x85, 0x85},     {0xa0, 0xa0},     {0x1680, 0x1680},
        {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000},
    };

    return is_in(ranges, sizeof(ranges) / sizeof(*ranges), point);
}

bool character_is_lookalike(uint32_t point)
{
    /* Blanks, dashes, full-width forms, and the digits and letters of other scripts and of
     * formulas. */
    static const struct range ranges[] = {
        {0xa0, 0xa0},     {0xb2, 0xb3},     {0xb9, 0xb9},     {0x660, 0x669},     {0x6f0, 0x6f9},
        {0x966, 0x96f},   {0x1680, 0x1680}, {0x2000, 0x200a}, {0x2010, 0x2015},   {0x202f, 0x202f},
        {0x2043, 0x2043}, {0x205f, 0x205f}, {0x2070, 0x208e}, {0x2212, 0x2212},   {0x2500, 0x2501},
        {0x2e3a, 0x2e3b}, {0x3000, 0x3000}, {0x3007, 0x3007}, {0x30fc, 0x30fc},   {0xfe58, 0xfe58},
        {0xfe63, 0xfe63}, {0xff01, 0xff5e}, {0xffe0, 0xffe6}, {0x1d400, 0x1d7ff},
    };

    return is_in(ranges, sizeof(ranges) / sizeof(*ranges), point);
}
