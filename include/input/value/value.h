/*
 * value: what the text of a cell means.
 *
 * Exact or not at all: numbers are plain ASCII digits, money is integers, times are real dates. The
 * parsers return the rule that is broken, or RULE_NONE; then the result is set.
 *
 * Tested by tests/unit/test_value.c, test_value_text.c
 */
#ifndef CLAIMBATCH_INPUT_VALUE_VALUE_H
#define CLAIMBATCH_INPUT_VALUE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/character.h"
#include "base/clock.h"
#include "input/claim/rules.h"
#include "input/reader/columns.h"
#include "input/reader/reader.h"
#include "input/value/stretch.h"

/* What value_of does where an edge of the cell is a blank, an equals sign or beyond ASCII. */
struct value value_trim(struct value value);

static inline bool value_is_plain_edge(char c)
{
    return c > ' ' && c != '=';
}

/* A cell without its edge blanks (also U+3000, U+00A0), the idiom ="00123" unwrapped. */
static inline struct value value_of(const struct cell *cell)
{
    struct value value = {cell->text, cell->len};

    /* Nearly every cell, and no function is called for it. */
    if (value.len == 0 ||
        (value_is_plain_edge(value.ptr[0]) && value_is_plain_edge(value.ptr[value.len - 1])))
        return value;
    return value_trim(value);
}

/* What value_of_order_no does where an edge of the cell is no plain one. */
struct value value_trim_order_no(struct value value);

/* The same of a claim number, line breaks at the edges taken off as blanks are: they would make
 * another claim of it, which nobody sees. */
static inline struct value value_of_order_no(const struct cell *cell)
{
    struct value value = {cell->text, cell->len};

    if (value.len == 0 ||
        (value_is_plain_edge(value.ptr[0]) && value_is_plain_edge(value.ptr[value.len - 1])))
        return value;
    return value_trim_order_no(value);
}

static inline struct value value_of_field(const struct cell *cell, enum field field)
{
    return field == FIELD_CLAIM_ORDER_NO ? value_of_order_no(cell) : value_of(cell);
}

/* That of a field's cell; empty where the row has none. */
static inline struct value value_in(const struct columns *columns, const struct record *record,
                                    enum field field)
{
    size_t index = (size_t)columns->index[field];

    return index < record->count ? value_of_field(&record->cells[index], field)
                                 : (struct value){"", 0};
}

/* The digits that stand one behind the other from there on. */
static inline size_t value_count_digits(struct value value, size_t from)
{
    size_t n = from;

    while (n < value.len && character_is_digit(value.ptr[n]))
        n++;
    return n - from;
}

/* RULE_BAD_NUMBER or RULE_NUMBER_RANGE: not a plain integer from 0 to INT64_MAX. */
enum rule value_parse_integer(struct value value, int64_t *ret_integer);

/* The same, and also 1.0 or 1.00: a whole number as a data frame writes it. */
enum rule value_parse_whole(struct value value, int64_t *ret_integer);

/* RULE_BAD_FEE: not an exact amount in the unit; RULE_NUMBER_RANGE: over INT64_MAX fen. */
enum rule value_parse_fee(struct value value, enum fee_unit unit, int64_t *ret_fen);

/* RULE_BAD_TIME: no form of protocol section 4, or no real time. The result is Beijing time. */
enum rule value_parse_time(struct value value, struct civil *ret_beijing, bool *ret_date_only);

/* A time of day alone, which is put in the place of that of `civil`. */
enum rule value_parse_time_of_day(struct value value, struct civil *civil);

/* Any number in scientific notation: 1E5, 1.23457E+15. */
bool value_is_scientific(struct value value);

/* Scientific notation as a spreadsheet writes a long number, which no other text looks like:
 * 1.23457E+15. */
bool value_is_spreadsheet_number(struct value value);

/* A date as a spreadsheet counts days: 44907, 44907.5. */
bool value_is_date_serial(struct value value);

/* All digits, more than 15 of them, zeros at the start not counted, which are taken off. */
bool value_is_long_number(struct value *value);

/* Three digits, with or without decimals: what stands behind the comma of a grouped amount. */
bool value_is_group(struct value value);

/* A control character other than tab and line breaks: C0, DEL or C1. */
bool value_has_control(struct value value);

/* A character that shows nothing: of zero width, or one that turns the direction of writing. */
bool value_has_invisible(struct value value);

/* Text that looks like ASCII and is not: full-width forms, blanks of another kind, dashes. */
bool value_imitates_ascii(struct value value);

/* U+FFFD, which a converter wrote where it lost a character. */
bool value_has_replacement(struct value value);

/* What a spreadsheet shows where it has no value: #N/A, #NAME?, ####. */
bool value_is_spreadsheet_error(struct value value);

/* Whether the text has more than `limit` code points. */
bool value_is_longer(struct value value, size_t limit);

/* Whether the text stands at the start, case aside. */
bool value_begins_with(struct value value, const char *text);

#endif
