/*
 * header: what the name of a column says: a field, and a unit of money.
 *
 * Blanks, line breaks, byte order marks, case, stars, "(必填)" and the width of brackets do not
 * count. Pure.
 *
 * Tested by tests/unit/test_columns.c
 */
#ifndef CLAIMBATCH_INPUT_READER_HEADER_H
#define CLAIMBATCH_INPUT_READER_HEADER_H

#include <stdbool.h>

#include "base/buffer.h"
#include "input/reader/columns.h"
#include "input/value/value.h"

/* Which unit a text says. */
enum unit_said {
    UNIT_UNSAID,
    UNIT_SAYS_FEN,
    UNIT_SAYS_YUAN,
    UNIT_SAYS_OTHER, /* 万元, USD: neither */
    UNIT_SAYS_BOTH,
};

bool header_is_same(const char *a, const char *b);
bool header_is_blank(const char *text);

/* The field that a header is known for, or FIELD_NONE; *ret_unit is what it says of the unit, or
 * what its field means by default. */
enum field header_field(const char *text, enum unit_said *ret_unit);

/* What a header says of the unit, also one that is not known. */
enum unit_said header_unit(const char *text);

/* What a cell with an amount in it says of the unit: 128元, ￥1, 1.2万. */
enum unit_said header_amount_unit(struct value value);

/* The words for a person: "yuan". */
const char *header_unit_name(enum unit_said unit);

/* Appends the names a field is known by, joined by ", ". */
void header_list_known(enum field field, struct buffer *ret_text);

/* A header that the program nearly knows: the field that it may be meant for, or FIELD_NONE. */
enum field header_guess(const char *text);

#endif
