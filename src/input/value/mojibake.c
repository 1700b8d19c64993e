/* Text that some program read in a wrong encoding: known by what undoing it gives. */
#include <iconv.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "base/character.h"
#include "text.h"

#define LOOKED_AT_BYTES 384 /* of a text; its rest is like it */
#define HAN_FIRST 0x4e00
#define HAN_COUNT 0x5200 /* up to U+9FFF */

/* A bit for each Chinese character. */
struct han_set {
    unsigned char bits[HAN_COUNT / 8];
};

static struct han_set usual;   /* the 3,755 of the first level of GB2312 */
static struct han_set doubted; /* those that two bytes of UTF-8 give when they are read as GBK */
static pthread_once_t made = PTHREAD_ONCE_INIT;

static bool is_in(const struct han_set *set, uint32_t point)
{
    return point >= HAN_FIRST && point < HAN_FIRST + HAN_COUNT &&
           (set->bits[(point - HAN_FIRST) / 8] >> (point - HAN_FIRST) % 8 & 1);
}

static void add_pair(iconv_t gbk, struct han_set *set, int lead, int trail)
{
    char pair[2] = {(char)lead, (char)trail}, text[8] = "";
    char *in = pair, *out = text;
    size_t in_left = sizeof(pair), out_left = sizeof(text) - 1;
    uint32_t point = 0;

    if (iconv(gbk, &in, &in_left, &out, &out_left) == (size_t)-1)
        return;
    character_decode(text, &point);
    if (point >= HAN_FIRST && point < HAN_FIRST + HAN_COUNT)
        set->bits[(point - HAN_FIRST) / 8] |= (unsigned char)(1 << (point - HAN_FIRST) % 8);
}

/* Without a converter the sets stay empty, and nothing is suspected. */
static void make_sets(void)
{
    iconv_t gbk = iconv_open("UTF-8", "GB18030");

    if (gbk == (iconv_t)-1)
        return;
    for (int lead = 0xb0; lead <= 0xd7; lead++)
        for (int trail = 0xa1; trail <= 0xfe; trail++)
            add_pair(gbk, &usual, lead, trail);
    for (int lead = 0xe3; lead <= 0xe9; lead++)
        for (int trail = 0x80; trail <= 0xbf; trail++)
            add_pair(gbk, &doubted, lead, trail);
    iconv_close(gbk);
}

/* Converts UTF-8, as far as it goes; *ret_whole: all of it. Returns the bytes written. */
static size_t convert(const char *to, const char *text, size_t len, char *ret_bytes, size_t size,
                      bool *ret_whole)
{
    iconv_t converter = iconv_open(to, "UTF-8");
    char *in = (char *)(uintptr_t)text, *out = ret_bytes;
    size_t in_left = len, out_left = size - 1;

    *ret_whole = false;
    if (converter == (iconv_t)-1)
        return 0;
    *ret_whole = iconv(converter, &in, &in_left, &out, &out_left) != (size_t)-1;
    iconv_close(converter);
    *out = '\0';
    return (size_t)(out - ret_bytes);
}

/* What bytes come to when they are read as UTF-8. */
struct reading {
    size_t usual;   /* usual Chinese characters */
    size_t others;  /* other characters of three bytes */
    size_t damaged; /* bytes of characters that lost another one on the way */
    bool broken;    /* characters of other lengths */
};

static struct reading read_as_utf8(const char *bytes, size_t len)
{
    struct reading reading = {0};

    for (size_t i = 0; i < len && !reading.broken;) {
        uint32_t point = 0;
        size_t n = character_decode(bytes + i, &point);

        if (n == 3 && is_in(&usual, point))
            reading.usual++;
        else if (n == 3)
            reading.others++;
        else if (n == 0)
            reading.damaged++;
        else
            reading.broken = n != 1;
        i += n ? n : 1;
    }
    return reading;
}

static bool is_chinese(struct reading reading)
{
    return !reading.broken && reading.usual > 0 && reading.usual >= reading.others &&
           (reading.damaged == 0 || reading.usual > reading.damaged);
}

/* The first character beyond ASCII. */
static uint32_t first_beyond_ascii(struct value value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint32_t point = 0;

        if ((unsigned char)value.ptr[i] < 0x80)
            continue;
        character_decode(value.ptr + i, &point);
        return point;
    }
    return 0;
}

static bool is_utf8_as_gbk(struct value value)
{
    char bytes[LOOKED_AT_BYTES * 2 + 8];
    bool whole = false;
    size_t len = 0;

    if (!is_in(&doubted, first_beyond_ascii(value)))
        return false;
    len = convert("GB18030", value.ptr, value.len, bytes, sizeof(bytes), &whole);
    return len > 0 && is_chinese(read_as_utf8(bytes, len));
}

/* Whether bytes are usual Chinese in GBK, but for ASCII; *ret_count: how many characters. */
static bool is_usual_gbk(const char *bytes, size_t len, size_t *ret_count)
{
    *ret_count = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char lead = (unsigned char)bytes[i];
        unsigned char trail = i + 1 < len ? (unsigned char)bytes[i + 1] : 0;

        bool punctuation = lead == 0xa1 || lead == 0xa3;

        if (lead < 0x80)
            continue;
        if ((lead < 0xb0 && !punctuation) || lead > 0xd7 || trail < 0xa1 || trail > 0xfe)
            return false;
        *ret_count += !punctuation;
        i++;
    }
    return *ret_count > 0;
}

/* A script of Unicode that has letters of two bytes, or 0 for signs that stand in any text. */
static int script_of(uint32_t point)
{
    if (point < 0x250)
        return point < 0xc0 ? 0 : 1; /* Latin */
    if (point >= 0x370 && point < 0x400)
        return 2; /* Greek */
    if (point >= 0x400 && point < 0x530)
        return 3; /* Cyrillic */
    return 4;     /* phonetic letters, accents alone, Hebrew, Arabic …: no office writes them */
}

/* Characters of two bytes as no language mixes them. */
static bool is_no_language(struct value value)
{
    int seen = 0;
    bool sign = false, letter = false;

    for (size_t i = 0; i < value.len;) {
        uint32_t point = 0;
        size_t len = character_decode(value.ptr + i, &point);
        int script = len == 2 ? script_of(point) : 0;

        if (script == 4 || (script && seen && script != seen))
            return true;
        seen = script ? script : seen;
        sign |= len == 2 && !script;
        letter |= script > 1;
        i += len ? len : 1;
    }
    return sign && letter;
}

static bool is_gbk_as_utf8(struct value value)
{
    size_t count = 0;

    return is_usual_gbk(value.ptr, value.len, &count) && is_no_language(value);
}

static bool is_as_latin(struct value value)
{
    char bytes[LOOKED_AT_BYTES + 8];
    size_t count = 0;
    bool whole = false;
    size_t len = convert("ISO-8859-1", value.ptr, value.len, bytes, sizeof(bytes), &whole);

    if (!whole)
        len = convert("CP1252", value.ptr, value.len, bytes, sizeof(bytes), &whole);
    if (!whole || len == 0)
        return false;
    return is_chinese(read_as_utf8(bytes, len)) || (is_usual_gbk(bytes, len, &count) && count > 1);
}

/* The start of the text, whole characters of it. */
static struct value start_of(struct value value)
{
    if (value.len <= LOOKED_AT_BYTES)
        return value;
    value.len = LOOKED_AT_BYTES;
    while (value.len && ((unsigned char)value.ptr[value.len] & 0xc0) == 0x80)
        value.len--;
    return value;
}

enum mojibake mojibake_find(struct value value, unsigned kinds)
{
    if (!(kinds & TEXT_BEYOND_ASCII))
        return MOJIBAKE_NONE;
    pthread_once(&made, make_sets);
    value = start_of(value);
    if (kinds & TEXT_HAN)
        return is_utf8_as_gbk(value) ? MOJIBAKE_UTF8_AS_GBK : MOJIBAKE_NONE;
    if (!(kinds & TEXT_TWO))
        return MOJIBAKE_NONE;
    if (!(kinds & (TEXT_SYMBOL | TEXT_SPECIAL)) && is_gbk_as_utf8(value))
        return MOJIBAKE_GBK_AS_UTF8;
    return is_as_latin(value) ? MOJIBAKE_AS_LATIN : MOJIBAKE_NONE;
}
