#include "base/money.h"
#include "base/character.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *money_format_fen(money sum, char ret_text[MONEY_TEXT_BYTES])
{
    char digits[MONEY_TEXT_BYTES];
    char *p = digits + sizeof(digits) - 1;
    bool negative = sum < 0;

    *p = '\0';
    do {
        int digit = (int)(sum % 10);

        *--p = (char)('0' + (digit < 0 ? -digit : digit));
        sum /= 10;
    } while (sum);
    if (negative)
        *--p = '-';
    return strcpy(ret_text, p);
}

money money_parse_fen(const char *text)
{
    money sum = 0;
    bool negative = *text == '-';

    for (text += negative; character_is_digit(*text); text++)
        sum = sum * 10 + (*text - '0');
    return negative ? -sum : sum;
}

const char *money_format_yuan(money sum, char ret_text[MONEY_TEXT_BYTES])
{
    char fen[MONEY_TEXT_BYTES];
    const char *sign = sum < 0 ? "-" : "";
    const char *p = fen;
    char *to = ret_text + strlen(sign);
    size_t whole;

    strcpy(ret_text, sign);
    money_format_fen(sum < 0 ? -sum : sum, fen);
    if (strlen(fen) < 3) {
        sprintf(to, "0.%02d", fen[1] ? (fen[0] - '0') * 10 + fen[1] - '0' : fen[0] - '0');
        return ret_text;
    }
    for (whole = strlen(fen) - 2; whole; whole--) {
        *to++ = *p++;
        if (whole > 1 && whole % 3 == 1)
            *to++ = ',';
    }
    sprintf(to, ".%s", p);
    return ret_text;
}
