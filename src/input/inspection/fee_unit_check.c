#include "fee_unit_check.h"

#include <string.h>

#define FEN_OF_YUAN 100
#define SEVERAL 10 /* one amount in so many is no slip */

/* How many bits the number takes: numbers of about the same size take about as many. */
static uint64_t bits_of(int64_t number)
{
    return number ? 64 - (uint64_t)__builtin_clzll((unsigned long long)number) : 0;
}

void fee_unit_check_note(struct fee_unit_check *check, struct value value)
{
    int64_t fen = 0;

    if (value_parse_fee(value, FEE_UNIT_FEN, &fen) == RULE_NONE) {
        const char *point = memchr(value.ptr, '.', value.len);

        check->pointed += fen && point;
        check->whole += fen && !point;
        check->with_cents += fen && point && point + 3 == value.ptr + value.len;
        check->whole_bits += point ? 0 : bits_of(fen);
    } else if (value_parse_fee(value, FEE_UNIT_YUAN, &fen) == RULE_NONE && fen % FEN_OF_YUAN) {
        check->decimals++;
        check->decimals_bits += bits_of(fen / FEN_OF_YUAN);
    }
}

/* Whether the whole amounts are less than ten times those with decimals, by the mean of their
 * logarithms: in fen they would be about a hundred times as large. Three bits are eight times. */
static bool is_alike(const struct fee_unit_check *check)
{
    double whole = (double)check->whole_bits / (double)check->whole;
    double decimals = (double)check->decimals_bits / (double)check->decimals;

    return whole - decimals < 3.3;
}

enum fee_doubt fee_unit_check_doubt(const struct fee_unit_check *check)
{
    uint64_t amounts = check->decimals + check->pointed + check->whole;

    if (!check->decimals)
        return check->with_cents && check->pointed < check->whole ? FEE_DOUBT_POINTED
                                                                  : FEE_DOUBT_NONE;
    if (check->whole && check->decimals * SEVERAL >= amounts && is_alike(check))
        return FEE_DOUBT_ALL;
    return FEE_DOUBT_POINTED;
}

bool fee_unit_check_has_cents(const struct fee_unit_check *check)
{
    return check->with_cents && check->with_cents == check->pointed && !check->decimals &&
           check->whole <= check->pointed;
}
