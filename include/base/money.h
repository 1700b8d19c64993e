/*
 * money: sums of fen that do not overflow.
 *
 * Tested by tests/unit/test_money.c
 */
#ifndef CLAIMBATCH_BASE_MONEY_H
#define CLAIMBATCH_BASE_MONEY_H

#include <stdint.h>

/* 2^64 amounts of 64 bits fit. */
__extension__ typedef __int128 money;

#define MONEY_TEXT_BYTES 64

/* The sum in fen as plain digits. Returns ret_text. */
const char *money_format_fen(money sum, char ret_text[MONEY_TEXT_BYTES]);

/* Reads what money_format_fen wrote. */
money money_parse_fen(const char *text);

/* The sum in yuan for people: "1,234,567.89". Returns ret_text. */
const char *money_format_yuan(money sum, char ret_text[MONEY_TEXT_BYTES]);

#endif
