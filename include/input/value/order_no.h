/*
 * order_no: what a claim number looks like, and in which guises it comes.
 *
 * A claim number is whatever an office says it is; but tools leave marks on it, and what they leave
 * is no number of any office. Some marks can be told from the cell alone, others only beside the
 * rest of the column (profile.h). Pure.
 *
 * Tested by tests/unit/test_order_no.c
 */
#ifndef CLAIMBATCH_INPUT_VALUE_ORDER_NO_H
#define CLAIMBATCH_INPUT_VALUE_ORDER_NO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/value/value.h"

/* What may be a number of an office, or what a spreadsheet or data frame made of one: the column
 * tells. */
enum order_look {
    ORDER_PLAIN,
    ORDER_EXPONENT,   /* 12E05 */
    ORDER_SERIAL,     /* 46330, 46330.5 */
    ORDER_POINT_ZERO, /* 4107.0 */
    ORDER_DIGITLESS,  /* a text without a digit that is more than letters */
    ORDER_LOOKS,
};
enum order_look order_no_look(struct value value, unsigned kinds);

/* What no office writes: 2.02E+12, 2.02E12, 202611004107.0 and .00 of at least six digits, and
 * 202,611,004,107 in groups. */
bool order_no_is_spoilt_number(struct value value, unsigned kinds);

/* The limit of some type, where a program stopped counting. */
bool order_no_is_limit(struct value value);

/* Whether all of the cell is a date or a time of day with separators: 11月4日, 4-Nov, 2026/11/4,
 * 12:31.0. */
bool order_no_is_moment(struct value value, unsigned kinds);

enum order_no_guise {
    ORDER_GENUINE,
    ORDER_APOSTROPHE, /* an apostrophe or backtick before or behind */
    ORDER_ENTITY,     /* &nbsp; */
    ORDER_LOOKALIKE,  /* characters that imitate ASCII where all else is ASCII */
    ORDER_UNFILLED,   /* zeros, a word or a mark in place of a number: TRUE, 待定, # */
    ORDER_LABELLED,   /* the name of the number stands before it: 报案号LP1 */
    ORDER_WRAPPED,    /* quotes, braces, tags or a formula around it, a separator behind */
    ORDER_CUT,        /* LP2026…, LP****07: not all of it */
    ORDER_SIGNED,     /* -1, +8613… */
    ORDER_LOSSY,      /* ?LP1: a question mark in place of a character */
    ORDER_BROKEN,     /* a line break or a tab inside */
};
enum order_no_guise order_no_guise_find(struct value value, unsigned kinds);

/* Whether a name and a colon, a point or a hash stand before a number of the shape: No:LP1, ID#LP1
 * where the column has LP1. */
bool order_no_guise_is_labelled(struct value value, unsigned kinds, uint64_t shape);

/* Whether the cell has several parts, each of the shape; what parts them is among ;,，；、/| blanks
 * and line ends. */
bool order_no_is_several(struct value value, unsigned kinds, uint64_t shape);

/* Whether the cell has several parts of one shape, long enough to be numbers, with ;,，；、| or a
 * line end between them: which shape the column has is not asked. */
bool order_no_is_list(struct value value, unsigned kinds);

#endif
