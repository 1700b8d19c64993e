#include "input/value/order_no.h"

#include <string.h>

#include "base/character.h"
#include "text.h"

#define SERIAL_DIGITS 5
#define GROUP_DIGITS 3
#define SPOILT_DIGITS 6       /* before a point and a zero */
#define ENGLISH_MONTH_BYTES 8 /* Nov-2026, the longest date that begins with no digit */
#define PART_BYTES 6          /* a shorter part of a list is no number by itself */

/* ---- numbers ---- */

/* Digits, E and digits. */
static bool has_exponent_only(struct value value)
{
    size_t digits = value_count_digits(value, 0);

    if (digits == 0 || digits + 1 >= value.len || (value.ptr[digits] | 0x20) != 'e')
        return false;
    return digits + 1 + value_count_digits(value, digits + 1) == value.len;
}

/* The digits before a point and nothing but zeros, or 0. */
static size_t digits_before_point_zero(struct value value)
{
    size_t digits = value_count_digits(value, 0), n = digits + 1;

    if (digits >= value.len || value.ptr[digits] != '.')
        return 0;
    while (n < value.len && value.ptr[n] == '0')
        n++;
    return n == value.len ? digits : 0;
}

/* 202,611,004,107, perhaps with zeros behind a point. */
static bool is_grouped(struct value value)
{
    size_t at = value_count_digits(value, 0), groups = 0;

    if (at < 1 || at > GROUP_DIGITS || *value.ptr == '0')
        return false;
    for (; at < value.len && value.ptr[at] == ','; at += 1 + GROUP_DIGITS, groups++)
        if (value_count_digits(value, at + 1) != GROUP_DIGITS)
            return false;
    if (groups && at < value.len && value.ptr[at] == '.')
        for (at++; at < value.len && value.ptr[at] == '0';)
            at++;
    return groups > 0 && at == value.len;
}

enum order_look order_no_look(struct value value, unsigned kinds)
{
    /* What has lost its characters has a rule of its own. */
    if (!(kinds & TEXT_DIGIT))
        return kinds & ~(unsigned)(TEXT_UPPER | TEXT_LOWER | TEXT_DASH) &&
                       !(kinds & (TEXT_CONTROL | TEXT_QUESTION))
                   ? ORDER_DIGITLESS
                   : ORDER_PLAIN;
    if (kinds & ~(unsigned)(TEXT_DIGIT | TEXT_UPPER | TEXT_LOWER | TEXT_MARK) ||
        !character_is_digit(*value.ptr))
        return ORDER_PLAIN;
    if (kinds & (TEXT_UPPER | TEXT_LOWER))
        return has_exponent_only(value) ? ORDER_EXPONENT : ORDER_PLAIN;
    if (value.len == SERIAL_DIGITS || kinds & TEXT_MARK) {
        if (value_is_date_serial(value) && value_count_digits(value, 0) == SERIAL_DIGITS)
            return ORDER_SERIAL;
        if (digits_before_point_zero(value))
            return ORDER_POINT_ZERO;
    }
    return ORDER_PLAIN;
}

bool order_no_is_spoilt_number(struct value value, unsigned kinds)
{
    if (!(kinds & (TEXT_MARK | TEXT_DASH | TEXT_SEPARATOR)))
        return false;
    if (kinds & TEXT_SEPARATOR)
        return is_grouped(value);
    if (digits_before_point_zero(value) >= SPOILT_DIGITS)
        return true;
    /* A plus or a point is what tells 2.02E+12 from the number 2026E0012. */
    return value_is_scientific(value) && strcspn(value.ptr, ".+") < value.len;
}

bool order_no_is_limit(struct value value)
{
    static const char *const limits[] = {"2147483647", "4294967295", "9007199254740992",
                                         "9223372036854775807", "18446744073709551615"};

    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
        if (strlen(limits[i]) == value.len && memcmp(limits[i], value.ptr, value.len) == 0)
            return true;
    return false;
}

/* ---- dates ---- */

/* The length of the name of a month at the start, or 0. */
static size_t month_name_len(struct value value)
{
    static const char names[][4] = {"jan", "feb", "mar", "apr", "may", "jun",
                                    "jul", "aug", "sep", "oct", "nov", "dec"};

    for (size_t i = 0; value.len >= 3 && i < sizeof(names) / sizeof(*names); i++)
        if (((value.ptr[0] | 0x20) == names[i][0]) && (value.ptr[1] | 0x20) == names[i][1] &&
            (value.ptr[2] | 0x20) == names[i][2])
            return 3;
    return 0;
}

static struct value rest_of(struct value value, size_t n)
{
    return (struct value){value.ptr + n, value.len - n};
}

/* 4-Nov, 04-Nov-26, Nov-26, Nov-2026 */
static bool is_english_date(struct value value)
{
    size_t digits = value_count_digits(value, 0), month = 0;

    if (digits) {
        if (digits > 2 || value.len == digits || value.ptr[digits] != '-')
            return false;
        value = rest_of(value, digits + 1);
    }
    month = month_name_len(value);
    if (!month)
        return false;
    value = rest_of(value, month);
    if (value.len == 0)
        return digits > 0;
    digits = value_count_digits(rest_of(value, 1), 0);
    return *value.ptr == '-' && (digits == 2 || digits == 4) && value.len == digits + 1;
}

/* 11月4日, 2026年11月, 2026年11月4日 */
static bool is_chinese_date(struct value value)
{
    static const char *const units[] = {"年", "月", "日"};
    size_t seen = 0;

    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
        size_t digits = value_count_digits(value, 0);

        if (!digits || digits > (i == 0 ? 4 : 2) || value.len < digits + strlen(units[i]) ||
            memcmp(value.ptr + digits, units[i], strlen(units[i])) != 0)
            continue;
        value = rest_of(value, digits + strlen(units[i]));
        seen++;
    }
    return seen >= 2 && value.len == 0;
}

/* 12:31, 12:31.0, 12:31:05 */
static bool is_clock(struct value value)
{
    size_t digits = value_count_digits(value, 0), parts = 0;

    while (digits == 1 || digits == 2) {
        value = rest_of(value, digits);
        parts++;
        if (value.len == 0 || (*value.ptr != ':' && *value.ptr != '.'))
            break;
        if (*value.ptr == '.' && parts < 2)
            return false;
        if (*value.ptr == '.')
            return value.len > 1 && value_count_digits(value, 1) == value.len - 1;
        value = rest_of(value, 1);
        digits = value_count_digits(value, 0);
    }
    return parts >= 2 && parts <= 3 && value.len == 0;
}

/* 11/4/2026, 4.11.2026 */
static bool is_foreign_date(struct value value)
{
    size_t first = value_count_digits(value, 0), second = 0;
    char separator = '\0';

    if (first < 1 || first > 2 || value.len < first + 2)
        return false;
    separator = value.ptr[first];
    second = value_count_digits(value, first + 1);
    return strchr("/-.", separator) && second >= 1 && second <= 2 &&
           value.len == first + second + 6 && value.ptr[first + second + 1] == separator &&
           value_count_digits(value, first + second + 2) == 4;
}

bool order_no_is_moment(struct value value, unsigned kinds)
{
    struct civil civil = {0};
    bool date_only = false;

    if (!(kinds & (TEXT_DASH | TEXT_MARK | TEXT_SEPARATOR | TEXT_HAN)) || !(kinds & TEXT_DIGIT) ||
        value.len > 40)
        return false;
    if (!character_is_digit(*value.ptr) && value.len > ENGLISH_MONTH_BYTES)
        return false;
    if (is_english_date(value) || is_chinese_date(value) || is_clock(value) ||
        is_foreign_date(value))
        return true;
    /* Eight digits and a blank may be a number of an office. */
    return value_count_digits(value, 0) == 4 &&
           value_parse_time(value, &civil, &date_only) == RULE_NONE;
}

/* ---- shapes ---- */

/* The length of a separator of numbers at the place, or 0. */
static size_t separator_len(struct value value, size_t at, bool soft_too)
{
    static const char *const wide[] = {"，", "；", "、"};

    if (memchr(";,|\n\r", value.ptr[at], 5))
        return 1;
    if (soft_too && memchr("/ \t&+", value.ptr[at], 5))
        return 1;
    for (size_t i = 0; i < sizeof(wide) / sizeof(*wide); i++)
        if (value.len - at >= 3 && memcmp(value.ptr + at, wide[i], 3) == 0)
            return 3;
    return 0;
}

/* The next part of a cell from *at on, which is moved behind it and what follows; empty ones are
 * passed over. */
static struct value next_part(struct value value, size_t *at, bool soft_too)
{
    struct value part = {value.ptr + *at, 0};
    size_t n = 0;

    while (*at < value.len && (n = separator_len(value, *at, soft_too)) > 0)
        *at += n;
    part.ptr = value.ptr + *at;
    while (*at < value.len && !separator_len(value, *at, soft_too))
        ++*at;
    part.len = (size_t)(value.ptr + *at - part.ptr);
    return value_of(&(struct cell){part.ptr, part.len});
}

bool order_no_is_several(struct value value, unsigned kinds, uint64_t shape)
{
    size_t at = 0, parts = 0;

    if (!(kinds & (TEXT_SEPARATOR | TEXT_MARK | TEXT_GUISE | TEXT_SYMBOL | TEXT_SPECIAL)) || !shape)
        return false;
    for (;;) {
        struct value part = next_part(value, &at, true);

        if (part.len == 0)
            return parts > 1;
        if (text_shape(part) != shape)
            return false;
        parts++;
    }
}

bool order_no_is_list(struct value value, unsigned kinds)
{
    uint64_t shape = 0;
    size_t at = 0, parts = 0;

    if (!(kinds & (TEXT_SEPARATOR | TEXT_SYMBOL | TEXT_SPECIAL)))
        return false;
    for (;;) {
        struct value part = next_part(value, &at, false);

        if (part.len == 0)
            return parts > 1;
        if (part.len < PART_BYTES || !(text_kinds(part) & TEXT_DIGIT) ||
            (parts > 0 && text_shape(part) != shape))
            return false;
        shape = text_shape(part);
        parts++;
    }
}
