/*
 * order_no: what a claim number looks like, and in which guises it comes.
 *
 * A claim number is whatever an office says it is; but tools leave marks on it, and what they leave
 * is no number of any office. Some marks can be told from the cell alone, others only beside the
 * rest of the column (profile.h). Pure.
 *
 * Tested by tests/unit/test_order_no.c
 */
#ifndef CLAIMBATCH_INPUT_ORDER_NO_H
#define CLAIMBATCH_INPUT_ORDER_NO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/value.h"

/* What may be a number of an office, or what a spreadsheet or data frame made of one: the column
 * tells. */
enum order_look {
    ORDER_PLAIN,
    ORDER_EXPONENT,   /* 12E05 */
    ORDER_SERIAL,     /* 46330, 46330.5 */
    ORDER_POINT_ZERO, /* 4107.0 */
    ORDER_LOOKS,
};
enum order_look order_no_look(struct value value, unsigned kinds);

/* What no office writes: 2.02E+12, 2.02E12, and 202611004107.0 of at least six digits. */
bool order_no_is_spoilt_number(struct value value, unsigned kinds);

/* Whether all of the cell is a date or a time of day with separators: 11月4日, 4-Nov, 2026/11/4,
 * 12:31.0. */
bool order_no_is_moment(struct value value, unsigned kinds);

enum order_guise {
    ORDER_GENUINE,
    ORDER_APOSTROPHE, /* a leading ' or backtick */
    ORDER_ENTITY,     /* &nbsp; */
    ORDER_LOOKALIKE,  /* characters that imitate ASCII where all else is ASCII */
    ORDER_SEVERAL,    /* several numbers in one cell */
};
/* All but ORDER_SEVERAL. */
enum order_guise order_no_guise(struct value value, unsigned kinds);

/* Whether the cell has several parts, each of the shape; what parts them is among ;,，；、/| blanks
 * and line ends. */
bool order_no_is_several(struct value value, unsigned kinds, uint64_t shape);

/* Whether the cell has several parts of one shape, long enough to be numbers, with ;,，；、| or a
 * line end between them: which shape the column has is not asked. */
bool order_no_is_list(struct value value, unsigned kinds);

#endif
