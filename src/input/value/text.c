#include "text.h"

#include <endian.h>
#include <string.h>

#include "base/character.h"
#include "base/hash.h"

/* Of every byte. */
static unsigned short kinds_of[256];

static unsigned short kind_of_ascii(unsigned c)
{
    if (c >= '0' && c <= '9')
        return TEXT_DIGIT;
    if (c >= 'A' && c <= 'Z')
        return TEXT_UPPER;
    if (c >= 'a' && c <= 'z')
        return TEXT_LOWER;
    if (c == '\t' || c == '\n' || c == '\r' || strchr(";,|/ ", (int)c))
        return TEXT_SEPARATOR;
    if (c < 0x20 || c == 0x7f)
        return TEXT_CONTROL;
    if (strchr("-_", (int)c))
        return TEXT_DASH;
    if (strchr(":.+", (int)c))
        return TEXT_MARK;
    if (strchr("'`&", (int)c))
        return TEXT_GUISE;
    return c == '?' ? TEXT_QUESTION : c == '\\' ? TEXT_BACKSLASH : TEXT_OTHER;
}

static unsigned short kind_of(unsigned c)
{
    if (c == 0)
        return TEXT_CONTROL;
    if (c < 0x80)
        return kind_of_ascii(c);
    if (c < 0xc0)
        return TEXT_CONTINUED;
    if (c < 0xe0)
        return TEXT_TWO;
    if (c < 0xe4)
        return TEXT_SYMBOL;
    return c < 0xee ? TEXT_HAN : (unsigned short)TEXT_SPECIAL;
}

/* Before main, so that no thread ever sees half of it. */
__attribute__((constructor)) static void fill_kinds(void)
{
    for (unsigned c = 0; c < 256; c++)
        kinds_of[c] = kind_of(c);
}

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (c))
#define TOP_BITS EACH_BYTE(0x80)

/* Eight bytes; of each its top bit tells whether it is a digit, a letter. */
struct word {
    uint64_t bytes, digits, letters;
};

/* The top bit of each byte, all of them ASCII, that is one of `first` to `last`. */
static uint64_t find_range(uint64_t ascii, unsigned char first, unsigned char last)
{
    return (ascii + EACH_BYTE(0x80U - first)) & ~(ascii + EACH_BYTE(0x7fU - last)) & TOP_BITS;
}

static struct word word_at(const char *text)
{
    struct word word = {0};
    uint64_t ascii = 0;

    memcpy(&word.bytes, text, sizeof(word.bytes));
    word.bytes = le64toh(word.bytes);
    ascii = word.bytes & ~TOP_BITS;
    word.digits = find_range(ascii, '0', '9') & ~word.bytes;
    word.letters = find_range(ascii | EACH_BYTE(0x20), 'a', 'z') & ~word.bytes;
    return word;
}

#define STEP 8 /* bytes that are looked at without a branch */

static unsigned kinds_in(const char *text)
{
    const unsigned char *p = (const unsigned char *)text;

    return (unsigned)(kinds_of[p[0]] | kinds_of[p[1]] | kinds_of[p[2]] | kinds_of[p[3]] |
                      kinds_of[p[4]] | kinds_of[p[5]] | kinds_of[p[6]] | kinds_of[p[7]]);
}

/* The last step may look at some bytes again. */
unsigned text_kinds(struct value value)
{
    unsigned kinds = 0;
    size_t i = 0;

    if (value.len >= STEP) {
        for (; i + STEP < value.len; i += STEP)
            kinds |= kinds_in(value.ptr + i);
        return kinds | kinds_in(value.ptr + value.len - STEP);
    }
    for (; i < value.len; i++)
        kinds |= kinds_of[(unsigned char)value.ptr[i]];
    return kinds;
}

/* The bytes with a 0 for each digit and an A for each letter. */
static uint64_t shape_in(const struct word *word)
{
    uint64_t digits = (word->digits >> 7) * 0xff, letters = (word->letters >> 7) * 0xff;

    return (word->bytes & ~(digits | letters)) | (digits & EACH_BYTE('0')) |
           (letters & EACH_BYTE('A'));
}

uint64_t text_shape(struct value value)
{
    uint64_t hash = value.len;
    char text[STEP] = "";
    struct word word = {0};
    size_t i = 0;

    for (; i + STEP < value.len; i += STEP) {
        word = word_at(value.ptr + i);
        hash = hash_word(hash, shape_in(&word));
    }
    if (value.len < STEP)
        memcpy(text, value.ptr, value.len);
    else
        memcpy(text, value.ptr + value.len - STEP, STEP);
    word = word_at(text);
    return hash_word(hash, shape_in(&word)) | 1;
}

static bool is_private_use(uint32_t point)
{
    return (point >= 0xe000 && point <= 0xf8ff) || point >= 0xf0000 ||
           (point >= 0xfdd0 && point <= 0xfdef) || (point & 0xfffe) == 0xfffe;
}

bool text_has_private_use(struct value value)
{
    for (size_t i = 0; i < value.len; i++) {
        uint32_t point = 0;

        if (kinds_of[(unsigned char)value.ptr[i]] == TEXT_SPECIAL &&
            character_decode(value.ptr + i, &point) > 1 && is_private_use(point))
            return true;
    }
    return false;
}

/* The length of what a converter writes for a lost character, or of a blank between, or 0. */
static size_t lost_len(const char *text, size_t len)
{
    static const char *const marks[] = {"?", "？", "\ufffd", " ", "\t", "\r", "\n", "\u3000"};

    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
        size_t n = strlen(marks[i]);

        if (n <= len && memcmp(text, marks[i], n) == 0)
            return n;
    }
    return 0;
}

static bool is_all_lost(struct value value)
{
    size_t n = 0;

    for (size_t i = 0; i < value.len; i += n) {
        n = lost_len(value.ptr + i, value.len - i);
        if (!n)
            return false;
    }
    return value.len > 0;
}

bool text_is_lost(struct value value, unsigned kinds)
{
    static const char twice[] = "锟斤拷"; /* U+FFFD U+FFFD in UTF-8, read as GBK */

    if (!(kinds & (TEXT_QUESTION | TEXT_SPECIAL | TEXT_HAN)))
        return false;
    if (kinds & (TEXT_QUESTION | TEXT_SPECIAL) && is_all_lost(value))
        return true;
    if (kinds & TEXT_HAN && memmem(value.ptr, value.len, twice, strlen(twice)))
        return true;
    return kinds & TEXT_QUESTION && !(kinds & TEXT_BEYOND_ASCII) &&
           memmem(value.ptr, value.len, "???", 3);
}

static bool is_delimiter_at(struct value value, size_t at, uint32_t delimiter)
{
    uint32_t point = 0;

    return character_decode(value.ptr + at, &point) > 0 && point == delimiter;
}

bool text_has_backslash_escape(struct value value, uint32_t delimiter)
{
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] != '\\')
            continue;
        i++;
        if (i == value.len || strchr("\r\n\"'ntrN", value.ptr[i]) ||
            is_delimiter_at(value, i, delimiter))
            return true;
    }
    return false;
}
