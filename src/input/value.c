#include "input/value.h"

#include <string.h>

#include "base/character.h"
#include "input/charset.h"

#define ROUNDED_ID_DIGITS 15 /* a spreadsheet's numbers are exact up to here */
#define SERIAL_DIGITS 5      /* days since 1900: 10000 is 1927, 99999 is 2173 */
#define ZONE_LIMIT_MINUTES (14 * 60)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

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

static bool is_plain(char c)
{
    return c > ' ' && c != '=';
}

struct value value_of(const struct cell *cell)
{
    struct value value = {cell->text, cell->len};

    /* Nearly every cell, and no function is called for it. */
    if (value.len == 0 || (is_plain(value.ptr[0]) && is_plain(value.ptr[value.len - 1])))
        return value;
    value = trim(value);
    if (value.len >= 3 && value.ptr[0] == '=' && value.ptr[1] == '"' &&
        memchr(value.ptr + 2, '"', value.len - 2) == value.ptr + value.len - 1)
        value = trim((struct value){value.ptr + 2, value.len - 3});
    return value;
}

/* The number of digits at the start of the value. */
static size_t leading_digits(struct value value)
{
    size_t n = 0;

    while (n < value.len && is_digit(value.ptr[n]))
        n++;
    return n;
}

static struct value skip(struct value value, size_t n)
{
    return (struct value){value.ptr + n, value.len - n};
}

static bool starts_with(struct value value, char c)
{
    return value.len > 0 && *value.ptr == c;
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

    if (digits.len == 0 || leading_digits(digits) != digits.len)
        return RULE_BAD_NUMBER;
    *ret_integer = 0;
    if (negative || !add_digits(digits.ptr, digits.len, ret_integer))
        return RULE_NUMBER_RANGE;
    return RULE_NONE;
}

enum rule value_parse_status(struct value value, int64_t *ret_status)
{
    static const char *const words[] = {"未理赔", "理赔成功", "理赔失败"};

    if (value.len == 1 && *value.ptr >= '0' && *value.ptr <= '2') {
        *ret_status = *value.ptr - '0';
        return RULE_NONE;
    }
    for (int64_t status = 0; status < 3; status++) {
        if (strlen(words[status]) == value.len &&
            memcmp(words[status], value.ptr, value.len) == 0) {
            *ret_status = status;
            return RULE_NONE;
        }
    }
    return RULE_BAD_STATUS;
}

enum rule value_parse_fee(struct value value, enum fee_unit unit, int64_t *ret_fen)
{
    size_t whole = leading_digits(value);
    struct value decimals = skip(value, whole);

    if (whole == 0)
        return RULE_BAD_FEE;
    if (unit == FEE_UNIT_YUAN && starts_with(decimals, '.')) {
        decimals = skip(decimals, 1);
        if (decimals.len < 1 || decimals.len > 2)
            return RULE_BAD_FEE;
    }
    if (leading_digits(decimals) != decimals.len)
        return RULE_BAD_FEE;
    *ret_fen = 0;
    if (!add_digits(value.ptr, whole, ret_fen) || !add_digits(decimals.ptr, decimals.len, ret_fen))
        return RULE_NUMBER_RANGE;
    if (unit == FEE_UNIT_YUAN && !add_digits("00", 2 - decimals.len, ret_fen))
        return RULE_NUMBER_RANGE;
    return RULE_NONE;
}

/* Takes a number of `least` to `most` digits off the value. */
static bool take_part(struct value *value, size_t least, size_t most, int *ret_part)
{
    size_t n = 0;
    int part = 0;

    for (; n < value->len && n < most && is_digit(value->ptr[n]); n++)
        part = part * 10 + (value->ptr[n] - '0');
    *value = skip(*value, n);
    *ret_part = part;
    return n >= least;
}

static bool take_char(struct value *value, char c)
{
    if (!starts_with(*value, c))
        return false;
    *value = skip(*value, 1);
    return true;
}

static bool take_date(struct value *value, struct civil *ret_civil)
{
    char separator = '-';

    if (!take_part(value, 4, 4, &ret_civil->year))
        return false;
    if (starts_with(*value, '/'))
        separator = '/';
    return take_char(value, separator) && take_part(value, 1, 2, &ret_civil->month) &&
           take_char(value, separator) && take_part(value, 1, 2, &ret_civil->day);
}

static bool take_time_of_day(struct value *value, struct civil *ret_civil)
{
    if (!take_char(value, ' ') && !take_char(value, 'T'))
        return false;
    if (!take_part(value, 1, 2, &ret_civil->hour) || !take_char(value, ':') ||
        !take_part(value, 1, 2, &ret_civil->minute))
        return false;
    return !take_char(value, ':') || take_part(value, 1, 2, &ret_civil->second);
}

/* Minutes east of Greenwich; a time without a zone is Beijing time. */
static bool take_zone(struct value *value, int *ret_minutes)
{
    bool west = starts_with(*value, '-');
    int hours = 0, minutes = 0;

    *ret_minutes = 8 * 60;
    if (value->len == 0)
        return true;
    if (take_char(value, 'Z')) {
        *ret_minutes = 0;
        return true;
    }
    if (!take_char(value, west ? '-' : '+') || !take_part(value, 2, 2, &hours) ||
        !take_char(value, ':') || !take_part(value, 2, 2, &minutes) || minutes > 59)
        return false;
    *ret_minutes = (hours * 60 + minutes) * (west ? -1 : 1);
    return hours * 60 + minutes <= ZONE_LIMIT_MINUTES;
}

enum rule value_parse_time(struct value value, struct civil *ret_beijing, bool *ret_date_only)
{
    struct civil civil = {0};
    int zone = 8 * 60;

    if (!take_date(&value, &civil))
        return RULE_BAD_TIME;
    *ret_date_only = value.len == 0;
    if (value.len && (!take_time_of_day(&value, &civil) || !take_zone(&value, &zone)))
        return RULE_BAD_TIME;
    if (value.len || !clock_civil_valid(&civil))
        return RULE_BAD_TIME;
    if (zone != 8 * 60)
        civil = clock_civil_of(clock_civil_seconds(&civil) + (8 * 60 - zone) * 60);
    *ret_beijing = civil;
    return clock_civil_valid(&civil) ? RULE_NONE : RULE_BAD_TIME;
}

bool value_is_scientific(struct value value)
{
    size_t n = 0;

    if (starts_with(value, '-') || starts_with(value, '+'))
        value = skip(value, 1);
    if ((n = leading_digits(value)) == 0)
        return false;
    value = skip(value, n);
    if (take_char(&value, '.'))
        value = skip(value, leading_digits(value));
    if (!take_char(&value, 'E') && !take_char(&value, 'e'))
        return false;
    if (!take_char(&value, '+'))
        take_char(&value, '-');
    return value.len > 0 && leading_digits(value) == value.len;
}

bool value_is_spreadsheet_number(struct value value)
{
    const char *plus = value.len ? memchr(value.ptr, '+', value.len) : NULL;

    /* One digit before the point, a sign and at least two digits behind the E. */
    return value_is_scientific(value) && is_digit(value.ptr[0]) && !is_digit(value.ptr[1]) &&
           plus && value.ptr + value.len - plus > 2;
}

bool value_is_date_serial(struct value value)
{
    size_t n = leading_digits(value);

    if (n != SERIAL_DIGITS || *value.ptr == '0')
        return false;
    value = skip(value, n);
    if (value.len == 0)
        return true;
    return take_char(&value, '.') && value.len > 0 && leading_digits(value) == value.len;
}

bool value_is_rounded_id(struct value value)
{
    while (starts_with(value, '0'))
        value = skip(value, 1);
    return value.len > ROUNDED_ID_DIGITS && leading_digits(value) == value.len &&
           memcmp(value.ptr + value.len - 3, "000", 3) == 0;
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
