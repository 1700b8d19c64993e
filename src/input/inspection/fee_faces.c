#include "fee_faces.h"

#include <string.h>

#define FEN_OF_YUAN 100
#define SEVERAL 10 /* one amount in so many is no slip */

/* How many bits the number takes: numbers of about the same size take about as many. */
static uint64_t bits_of(int64_t number)
{
    return number ? 64 - (uint64_t)__builtin_clzll((unsigned long long)number) : 0;
}

void fee_faces_note(struct fee_faces *faces, struct value value)
{
    int64_t fen = 0;

    if (value_parse_fee(value, FEE_UNIT_FEN, &fen) == RULE_NONE) {
        const char *point = memchr(value.ptr, '.', value.len);

        faces->pointed += fen && point;
        faces->whole += fen && !point;
        faces->with_cents += fen && point && point + 3 == value.ptr + value.len;
        faces->whole_bits += point ? 0 : bits_of(fen);
    } else if (value_parse_fee(value, FEE_UNIT_YUAN, &fen) == RULE_NONE && fen % FEN_OF_YUAN) {
        faces->decimals++;
        faces->decimals_bits += bits_of(fen / FEN_OF_YUAN);
    }
}

/* Whether the whole amounts are less than ten times those with decimals, by the mean of their
 * logarithms: in fen they would be about a hundred times as large. Three bits are eight times. */
static bool is_alike(const struct fee_faces *faces)
{
    double whole = (double)faces->whole_bits / (double)faces->whole;
    double decimals = (double)faces->decimals_bits / (double)faces->decimals;

    return whole - decimals < 3.3;
}

enum fee_doubt fee_faces_doubt(const struct fee_faces *faces)
{
    uint64_t amounts = faces->decimals + faces->pointed + faces->whole;

    if (!faces->decimals)
        return FEE_DOUBT_NONE;
    if (faces->whole && faces->decimals * SEVERAL >= amounts && is_alike(faces))
        return FEE_DOUBT_ALL;
    return FEE_DOUBT_POINTED;
}

bool fee_faces_are_cents(const struct fee_faces *faces)
{
    return faces->with_cents && faces->with_cents == faces->pointed && !faces->decimals &&
           !faces->whole;
}
