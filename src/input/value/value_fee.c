/* The amount of a cell, in every spelling that is exact. */
#include <string.h>

#include "base/character.h"
#include "input/value/value.h"

#define GROUP_DIGITS 3
#define USUAL_BYTES 16

static size_t count_digits(const char *text, const char *end)
{
    const char *p = text;

    while (p < end && character_is_digit(*p))
        p++;
    return (size_t)(p - text);
}

static bool add_digit(char digit, int64_t *number)
{
    return !__builtin_mul_overflow(*number, 10, number) &&
           !__builtin_add_overflow(*number, digit - '0', number);
}

/* The digits before the point, in threes where commas group them. Returns where they end, or NULL.
 * Too large a number turns *ret_large. */
static const char *take_whole(const char *text, const char *end, int64_t *ret_number,
                              bool *ret_large)
{
    size_t digits = count_digits(text, end);
    bool grouped = digits <= GROUP_DIGITS && text + digits < end && text[digits] == ',';

    if (grouped && digits == 0)
        return NULL;
    for (;;) {
        for (size_t i = 0; i < digits; i++)
            *ret_large |= !add_digit(text[i], ret_number);
        text += digits;
        if (!grouped || text == end || *text != ',')
            return text;
        text++;
        digits = count_digits(text, end);
        if (digits != GROUP_DIGITS)
            return NULL;
    }
}

/* The decimals; those beyond the unit's must be zero. */
static bool take_decimals(const char *text, const char *end, size_t exact, int64_t *number,
                          bool *ret_large)
{
    size_t digits = count_digits(text, end);

    if (text + digits != end)
        return false;
    for (size_t i = 0; i < (digits > exact ? digits : exact); i++) {
        char digit = i < digits ? text[i] : '0';

        if (i < exact)
            *ret_large |= !add_digit(digit, number);
        else if (digit != '0')
            return false;
    }
    return true;
}

/* Digits, and in yuan perhaps a point and two more, too few to overflow: as nearly every amount is
 * written. False where it is another. */
static bool parse_usual(struct value value, enum fee_unit unit, int64_t *ret_fen)
{
    size_t point = value.len;
    uint64_t number = 0;

    if (value.len == 0 || value.len > USUAL_BYTES)
        return false;
    if (unit == FEE_UNIT_YUAN && value.len > 3 && value.ptr[value.len - 3] == '.')
        point = value.len - 3;
    for (size_t i = 0; i < value.len; i++) {
        unsigned digit = (unsigned char)value.ptr[i] - (unsigned)'0';

        if (i == point)
            continue;
        if (digit > 9)
            return false;
        number = number * 10 + digit;
    }
    *ret_fen = (int64_t)(unit == FEE_UNIT_YUAN && point == value.len ? number * 100 : number);
    return true;
}

enum rule value_parse_fee(struct value value, enum fee_unit unit, int64_t *ret_fen)
{
    const char *text = value.ptr, *end = value.ptr + value.len, *rest = NULL;
    bool large = false, point = false;

    if (parse_usual(value, unit, ret_fen))
        return RULE_NONE;
    *ret_fen = 0;
    if (text < end && *text == '+')
        text++;
    rest = take_whole(text, end, ret_fen, &large);
    if (!rest)
        return RULE_BAD_FEE;
    point = rest < end && *rest == '.';
    /* A digit must stand somewhere. */
    if (rest == text && !(point && rest + 1 < end))
        return RULE_BAD_FEE;
    if (!take_decimals(rest + point, end, unit == FEE_UNIT_YUAN ? 2 : 0, ret_fen, &large) ||
        (!point && rest < end))
        return RULE_BAD_FEE;
    return large ? RULE_NUMBER_RANGE : RULE_NONE;
}
