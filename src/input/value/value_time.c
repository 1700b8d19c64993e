/* The date and time of a cell, in every spelling that can mean one moment only. */
#include <string.h>

#include "base/character.h"
#include "input/value/value.h"

#define ZONE_LIMIT_MINUTES (14 * 60)
#define BEIJING_MINUTES (8 * 60)
#define NOON 12

enum half { HALF_UNSAID, HALF_MORNING, HALF_AFTERNOON };

static void skip(struct value *value, size_t n)
{
    value->ptr += n;
    value->len -= n;
}

static bool starts_with(const struct value *value, const char *text)
{
    size_t len = strlen(text);

    return value->len >= len && memcmp(value->ptr, text, len) == 0;
}

static bool take(struct value *value, const char *text)
{
    if (!starts_with(value, text))
        return false;
    skip(value, strlen(text));
    return true;
}

/* Whether one of the texts stands at the start, and is taken. */
static bool take_any(struct value *value, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (take(value, texts[i]))
            return true;
    return false;
}

/* Takes a number of `least` to `most` digits off the value. */
static bool take_part(struct value *value, size_t least, size_t most, int *ret_part)
{
    size_t n = 0;
    int part = 0;

    for (; n < value->len && n < most && character_is_digit(value->ptr[n]); n++)
        part = part * 10 + (value->ptr[n] - '0');
    skip(value, n);
    *ret_part = part;
    return n >= least;
}

/* Also the narrow blank that newer programs put before AM and PM. */
static bool take_blanks(struct value *value)
{
    static const char *const blanks[] = {" ", "\t", "\u00a0", "\u3000", "\u202f"};
    bool found = false;

    while (take_any(value, blanks, sizeof(blanks) / sizeof(*blanks)))
        found = true;
    return found;
}

/* ---- the date ---- */

static bool take_plain_date(struct value *value, struct civil *ret_civil)
{
    char separator[2] = "";

    if (!take_part(value, 4, 4, &ret_civil->year) || value->len == 0)
        return false;
    separator[0] = *value->ptr;
    if (*separator != '-' && *separator != '/' && *separator != '.')
        return false;
    return take(value, separator) && take_part(value, 1, 2, &ret_civil->month) &&
           take(value, separator) && take_part(value, 1, 2, &ret_civil->day);
}

static bool take_chinese_date(struct value *value, struct civil *ret_civil)
{
    return take_part(value, 4, 4, &ret_civil->year) && take(value, "年") &&
           take_part(value, 1, 2, &ret_civil->month) && take(value, "月") &&
           take_part(value, 1, 2, &ret_civil->day) && (take(value, "日") || take(value, "号"));
}

static bool take_digits_date(struct value *value, struct civil *ret_civil)
{
    return take_part(value, 4, 4, &ret_civil->year) && take_part(value, 2, 2, &ret_civil->month) &&
           take_part(value, 2, 2, &ret_civil->day);
}

/* *ret_all_digits: the time of day may follow without anything between. */
static bool take_date(struct value *value, struct civil *ret_civil, bool *ret_all_digits)
{
    size_t digits = value_count_digits(*value, 0);

    *ret_all_digits = digits == 8 || digits == 14;
    if (*ret_all_digits)
        return take_digits_date(value, ret_civil);
    if (digits == 4 && value->len > 4 && (unsigned char)value->ptr[4] >= 0x80)
        return take_chinese_date(value, ret_civil);
    return take_plain_date(value, ret_civil);
}

/* ---- the time of day ---- */

static enum half take_half(struct value *value)
{
    static const char *const morning[] = {"上午", "AM", "am", "Am", "a.m.", "A.M."};
    static const char *const afternoon[] = {"下午", "PM", "pm", "Pm", "p.m.", "P.M."};

    if (take_any(value, morning, sizeof(morning) / sizeof(*morning)))
        return HALF_MORNING;
    if (take_any(value, afternoon, sizeof(afternoon) / sizeof(*afternoon)))
        return HALF_AFTERNOON;
    return HALF_UNSAID;
}

static bool take_chinese_clock(struct value *value, struct civil *ret_civil)
{
    static const char *const hours[] = {"时", "點", "点", "時"};

    if (!take_part(value, 1, 2, &ret_civil->hour) ||
        !take_any(value, hours, sizeof(hours) / sizeof(*hours)) ||
        !take_part(value, 1, 2, &ret_civil->minute) || !take(value, "分"))
        return false;
    return !(value->len && character_is_digit(*value->ptr)) ||
           (take_part(value, 1, 2, &ret_civil->second) && take(value, "秒"));
}

/* *ret_has_seconds: a fraction may follow. */
static bool take_plain_clock(struct value *value, struct civil *ret_civil, bool *ret_has_seconds)
{
    bool dots = false;

    if (!take_part(value, 1, 2, &ret_civil->hour))
        return false;
    dots = starts_with(value, ".");
    if (!take(value, dots ? "." : ":") || !take_part(value, 1, 2, &ret_civil->minute))
        return false;
    *ret_has_seconds = take(value, dots ? "." : ":");
    if (!*ret_has_seconds)
        return !dots; /* 9.12 may be anything */
    return take_part(value, 1, 2, &ret_civil->second);
}

static bool take_digits_clock(struct value *value, struct civil *ret_civil)
{
    return take_part(value, 2, 2, &ret_civil->hour) && take_part(value, 2, 2, &ret_civil->minute) &&
           take_part(value, 2, 2, &ret_civil->second);
}

static bool take_clock(struct value *value, struct civil *ret_civil, bool *ret_has_seconds)
{
    size_t digits = value_count_digits(*value, 0);

    *ret_has_seconds = digits == 6;
    if (digits == 6)
        return take_digits_clock(value, ret_civil);
    if (digits < value->len && (unsigned char)value->ptr[digits] >= 0x80)
        return take_chinese_clock(value, ret_civil);
    return take_plain_clock(value, ret_civil, ret_has_seconds);
}

/* A fraction of a second that is zero. What is not exact in seconds is no time that can be sent. */
static bool take_fraction(struct value *value)
{
    size_t digits = 0;

    if (!starts_with(value, ".") && !starts_with(value, ","))
        return true;
    skip(value, 1);
    digits = value_count_digits(*value, 0);
    for (size_t i = 0; i < digits; i++)
        if (value->ptr[i] != '0')
            return false;
    skip(value, digits);
    return digits > 0;
}

/* The hours of a clock of twice twelve hours, in which twelve comes before one. */
static bool add_half(enum half half, struct civil *civil)
{
    if (half == HALF_UNSAID)
        return true;
    if (civil->hour < 1 || civil->hour > NOON)
        return false;
    civil->hour = civil->hour % NOON + (half == HALF_AFTERNOON ? NOON : 0);
    return true;
}

/* The time of day with its half, but for a zone. */
static bool take_time_of_day(struct value *value, struct civil *ret_civil)
{
    enum half half = take_half(value);
    bool has_seconds = false;

    if (half != HALF_UNSAID)
        take_blanks(value);
    if (!take_clock(value, ret_civil, &has_seconds) || (has_seconds && !take_fraction(value)))
        return false;
    if (half == HALF_UNSAID) {
        struct value rest = *value;

        take_blanks(&rest);
        half = take_half(&rest);
        if (half != HALF_UNSAID)
            *value = rest;
    }
    return add_half(half, ret_civil);
}

/* Minutes east of Greenwich; a time without a zone is Beijing time. */
static bool take_zone(struct value *value, int *ret_minutes)
{
    bool west = false;
    int hours = 0, minutes = 0;

    *ret_minutes = BEIJING_MINUTES;
    if (value->len == 0)
        return true;
    take_blanks(value);
    if (take(value, "Z")) {
        *ret_minutes = 0;
        return true;
    }
    west = starts_with(value, "-");
    if (!take(value, west ? "-" : "+") || !take_part(value, 2, 2, &hours))
        return false;
    if ((take(value, ":") || value->len) && !take_part(value, 2, 2, &minutes))
        return false;
    *ret_minutes = (hours * 60 + minutes) * (west ? -1 : 1);
    return minutes <= 59 && hours * 60 + minutes <= ZONE_LIMIT_MINUTES;
}

/* What parts the date and the time of day. */
static bool take_separator(struct value *value, bool all_digits)
{
    bool chinese = starts_with(value, "上午") || starts_with(value, "下午");

    if (take(value, "T"))
        return true;
    if (take_blanks(value))
        return true;
    if (chinese || (all_digits && value_count_digits(*value, 0) == 6))
        return true;
    /* Db2: 2026-11-02-09.12.31.000000 */
    return !all_digits && value->len > 3 && value->ptr[3] == '.' && take(value, "-");
}

static bool is_of_chinese_date(const struct value *whole, const struct value *rest)
{
    return rest->ptr > whole->ptr && (unsigned char)rest->ptr[-1] >= 0x80;
}

static bool parse(struct value value, struct civil *ret_civil, int *ret_zone, bool *ret_date_only)
{
    const struct value whole = value;
    bool all_digits = false;

    if (!take_date(&value, ret_civil, &all_digits))
        return false;
    *ret_date_only = value.len == 0;
    if (*ret_date_only)
        return true;
    if (!take_separator(&value, all_digits) && !is_of_chinese_date(&whole, &value))
        return false;
    return take_time_of_day(&value, ret_civil) && take_zone(&value, ret_zone) && value.len == 0;
}

/* Two digits; what is none gives a number over 99. */
static int two_digits(const char *text)
{
    unsigned tens = (unsigned char)text[0] - (unsigned)'0';
    unsigned ones = (unsigned char)text[1] - (unsigned)'0';

    return tens > 9 || ones > 9 ? 100 : (int)(tens * 10 + ones);
}

/* The form that nearly every cell has, 2026-11-02 09:12:31: that alone is known by its length and
 * its separators. False where it is another, or no real time. */
static bool parse_usual(struct value value, struct civil *ret_civil)
{
    const char *text = value.ptr;
    struct civil civil = {0};
    int century = 0, year = 0;

    if (value.len != 19 || text[4] != '-' || text[7] != '-' || text[10] != ' ' || text[13] != ':' ||
        text[16] != ':')
        return false;
    century = two_digits(text);
    year = two_digits(text + 2);
    civil = (struct civil){.year = century * 100 + year,
                           .month = two_digits(text + 5),
                           .day = two_digits(text + 8),
                           .hour = two_digits(text + 11),
                           .minute = two_digits(text + 14),
                           .second = two_digits(text + 17)};
    if (century > 99 || year > 99 || !clock_civil_valid(&civil))
        return false;
    *ret_civil = civil;
    return true;
}

enum rule value_parse_time(struct value value, struct civil *ret_beijing, bool *ret_date_only)
{
    struct civil civil = {0};
    int zone = BEIJING_MINUTES;

    if (parse_usual(value, ret_beijing)) {
        *ret_date_only = false;
        return RULE_NONE;
    }
    if (!parse(value, &civil, &zone, ret_date_only) || !clock_civil_valid(&civil))
        return RULE_BAD_TIME;
    if (zone != BEIJING_MINUTES)
        civil = clock_civil_of(clock_civil_seconds(&civil) + (BEIJING_MINUTES - zone) * 60);
    *ret_beijing = civil;
    return clock_civil_valid(&civil) ? RULE_NONE : RULE_BAD_TIME;
}

enum rule value_parse_time_of_day(struct value value, struct civil *civil)
{
    struct civil clock = *civil;

    clock.hour = clock.minute = clock.second = 0;
    if (!take_time_of_day(&value, &clock) || value.len || !clock_civil_valid(&clock))
        return RULE_BAD_TIME;
    *civil = clock;
    return RULE_NONE;
}
