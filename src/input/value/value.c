#include "input/value/value.h"

#include <string.h>
#include <strings.h>

#include "base/character.h"
#include "input/export/charset.h"

#define EXACT_DIGITS 15 /* a spreadsheet's numbers are exact up to here */
#define SHORT_DIGITS 18 /* a number of so many fits */
#define SERIAL_DIGITS 5 /* days since 1900: 10000 is 1927, 99999 is 2173 */

/* How many bytes the blank at the start of the value takes, or 0. */
static size_t leading_blank(struct value value)
{
    if (value.len >= 1 && (*value.ptr == ' ' || *value.ptr == '\t'))
        return 1;
    if (value.len >= 2 && memcmp(value.ptr, "\u00a0", 2) == 0)
        return 2;
    if (value.len >= 3 && memcmp(value.ptr, "\u3000", 3) == 0)
        return 3;
    return 0;
}

static size_t trailing_blank(struct value value)
{
    for (size_t n = 1; n <= 3 && n <= value.len; n++) {
        struct value end = {value.ptr + value.len - n, n};

        if (leading_blank(end) == n)
            return n;
    }
    return 0;
}

static struct value trim(struct value value)
{
    size_t n = 0;

    while ((n = leading_blank(value)) > 0)
        value = (struct value){value.ptr + n, value.len - n};
    while ((n = trailing_blank(value)) > 0)
        value.len -= n;
    return value;
}

struct value value_trim(struct value value)
{
    value = trim(value);
    if (value.len >= 3 && value.ptr[0] == '=' && value.ptr[1] == '"' &&
        memchr(value.ptr + 2, '"', value.len - 2) == value.ptr + value.len - 1)
        value = trim((struct value){value.ptr + 2, value.len - 3});
    return value;
}

static bool is_line_break(char c)
{
    return c == '\n' || c == '\r';
}

struct value value_trim_order_no(struct value value)
{
    size_t before = 0;

    do {
        value = value_trim(value);
        before = value.len;
        while (value.len && is_line_break(*value.ptr))
            value = (struct value){value.ptr + 1, value.len - 1};
        while (value.len && is_line_break(value.ptr[value.len - 1]))
            value.len--;
    } while (value.len != before);
    return value;
}

/* The number of digits at the start of the value. */
static struct value skip(struct value value, size_t n)
{
    return (struct value){value.ptr + n, value.len - n};
}

static bool starts_with(struct value value, char c)
{
    return value.len > 0 && *value.ptr == c;
}

/* A number of so few digits that no sum overflows, as nearly every one is. */
static bool parse_short(struct value digits, int64_t *ret_integer)
{
    uint64_t number = 0;

    if (digits.len == 0 || digits.len > SHORT_DIGITS)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        unsigned digit = (unsigned char)digits.ptr[i] - (unsigned)'0';

        if (digit > 9)
            return false;
        number = number * 10 + digit;
    }
    *ret_integer = (int64_t)number;
    return true;
}

/* Appends the digits to *ret_integer. */
static bool add_digits(const char *digits, size_t count, int64_t *ret_integer)
{
    for (size_t i = 0; i < count; i++) {
        if (__builtin_mul_overflow(*ret_integer, 10, ret_integer) ||
            __builtin_add_overflow(*ret_integer, digits[i] - '0', ret_integer))
            return false;
    }
    return true;
}

enum rule value_parse_integer(struct value value, int64_t *ret_integer)
{
    bool negative = starts_with(value, '-');
    struct value digits = negative ? skip(value, 1) : value;

    if (parse_short(value, ret_integer))
        return RULE_NONE;
    if (digits.len == 0 || value_count_digits(digits, 0) != digits.len)
        return RULE_BAD_NUMBER;
    *ret_integer = 0;
    if (negative || !add_digits(digits.ptr, digits.len, ret_integer))
        return RULE_NUMBER_RANGE;
    return RULE_NONE;
}

static bool take_char(struct value *value, char c)
{
    if (!starts_with(*value, c))
        return false;
    *value = skip(*value, 1);
    return true;
}

/* A whole number that is written as a fraction, such as 1.0, or with zeros before it. */
enum rule value_parse_whole(struct value value, int64_t *ret_integer)
{
    size_t whole = 0;
    struct value rest = {0};

    if (parse_short(value, ret_integer))
        return RULE_NONE;
    whole = value_count_digits(value, 0);
    rest = skip(value, whole);
    if (whole > 0 && take_char(&rest, '.')) {
        while (take_char(&rest, '0'))
            ;
        if (rest.len == 0)
            value.len = whole;
    }
    return value_parse_integer(value, ret_integer);
}

bool value_is_scientific(struct value value)
{
    size_t n = 0;

    if (starts_with(value, '-') || starts_with(value, '+'))
        value = skip(value, 1);
    if ((n = value_count_digits(value, 0)) == 0)
        return false;
    value = skip(value, n);
    if (take_char(&value, '.'))
        value = skip(value, value_count_digits(value, 0));
    if (!take_char(&value, 'E') && !take_char(&value, 'e'))
        return false;
    if (!take_char(&value, '+'))
        take_char(&value, '-');
    return value.len > 0 && value_count_digits(value, 0) == value.len;
}

bool value_is_spreadsheet_number(struct value value)
{
    const char *plus = value.len ? memchr(value.ptr, '+', value.len) : NULL;

    /* One digit before the point, a sign and at least two digits behind the E. */
    return value_is_scientific(value) && character_is_digit(value.ptr[0]) &&
           !character_is_digit(value.ptr[1]) && plus && value.ptr + value.len - plus > 2;
}

bool value_is_date_serial(struct value value)
{
    size_t n = value_count_digits(value, 0);

    if (n != SERIAL_DIGITS || *value.ptr == '0')
        return false;
    value = skip(value, n);
    if (value.len == 0)
        return true;
    return take_char(&value, '.') && value.len > 0 && value_count_digits(value, 0) == value.len;
}

bool value_is_long_number(struct value *value)
{
    struct value rest = *value;

    while (starts_with(rest, '0'))
        rest = skip(rest, 1);
    if (rest.len <= EXACT_DIGITS || value_count_digits(rest, 0) != rest.len)
        return false;
    *value = rest;
    return true;
}

bool value_is_group(struct value value)
{
    if (value_count_digits(value, 0) != 3)
        return false;
    value = skip(value, 3);
    return value.len == 0 ||
           (take_char(&value, '.') && value.len > 0 && value_count_digits(value, 0) == value.len);
}

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

/* Whether one of eight bytes may be a control character; few other texts are suspected. */
static bool is_suspect(uint64_t word)
{
    uint64_t del = word ^ EACH_BYTE(0x7f);
    uint64_t c1 = word ^ EACH_BYTE(0xc2);
    uint64_t suspects = ((word - EACH_BYTE(0x20)) & ~word) | ((del - EACH_BYTE(1)) & ~del) |
                        ((c1 - EACH_BYTE(1)) & ~c1);

    return (suspects & EACH_BYTE(0x80)) != 0;
}

/* How many bytes at the start are plainly no control characters. */
static size_t plain_prefix(struct value value)
{
    uint64_t word = 0;
    size_t n = 0;

    for (; n + sizeof(word) <= value.len; n += sizeof(word)) {
        memcpy(&word, value.ptr + n, sizeof(word));
        if (is_suspect(word))
            break;
    }
    return n;
}

bool value_has_control(struct value value)
{
    for (size_t i = plain_prefix(value); i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];

        if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
            return true;
        if (c == 0x7f)
            return true;
        /* C1 is U+0080 to U+009F: 0xC2 and 0x80 to 0x9F. */
        if (c == 0xc2 && i + 1 < value.len && (unsigned char)value.ptr[i + 1] < 0xa0)
            return true;
    }
    return false;
}

/* Whether one of the characters beyond ASCII is of a kind. */
static bool has_character(struct value value, bool (*is_of_kind)(uint32_t point))
{
    size_t i = charset_ascii_prefix((const unsigned char *)value.ptr, value.len);

    while (i < value.len) {
        uint32_t point = 0;
        size_t len = character_decode(value.ptr + i, &point);

        if (is_of_kind(point))
            return true;
        i += len ? len : 1;
    }
    return false;
}

bool value_has_invisible(struct value value)
{
    return has_character(value, character_is_invisible);
}

static bool is_beyond_ascii(uint32_t point)
{
    return point >= 0x80 && !character_is_lookalike(point) && !character_is_invisible(point);
}

bool value_imitates_ascii(struct value value)
{
    return has_character(value, character_is_lookalike) && !has_character(value, is_beyond_ascii);
}

bool value_has_replacement(struct value value)
{
    const char *p = value.ptr, *end = value.ptr + value.len;

    while (p < end && (p = memchr(p, 0xef, (size_t)(end - p)))) {
        if (end - p >= 3 && memcmp(p, "\ufffd", 3) == 0)
            return true;
        p++;
    }
    return false;
}

bool value_is_spreadsheet_error(struct value value)
{
    static const char *const errors[] = {"#N/A",    "#NAME?", "#REF!",  "#VALUE!",
                                         "#DIV/0!", "#NUM!",  "#NULL!", "#SPILL!"};
    size_t hashes = 0;

    if (!starts_with(value, '#'))
        return false;
    for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++) {
        if (strlen(errors[i]) == value.len && memcmp(errors[i], value.ptr, value.len) == 0)
            return true;
    }
    while (hashes < value.len && value.ptr[hashes] == '#')
        hashes++;
    return hashes == value.len && hashes > 1;
}

bool value_is_longer(struct value value, size_t limit)
{
    size_t characters = 0;

    if (value.len <= limit)
        return false;
    for (size_t i = 0; i < value.len; i++)
        characters += ((unsigned char)value.ptr[i] & 0xc0) != 0x80;
    return characters > limit;
}

bool value_begins_with(struct value value, const char *text)
{
    size_t len = strlen(text);

    return value.len >= len && strncasecmp(value.ptr, text, len) == 0;
}
