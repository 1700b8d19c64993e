/*
 * columns: which column of the export holds which field.
 *
 * Headers are recognised by the names of protocol section 4, blanks, BOM and case aside, or named
 * by the user (--column FIELD=HEADER). The header of the amount declares its unit.
 *
 * Tested by tests/unit/test_columns.c
 */
#ifndef CLAIMBATCH_INPUT_READER_COLUMNS_H
#define CLAIMBATCH_INPUT_READER_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct error;
struct record;

/* In the order of the report's columns. */
enum field {
    FIELD_WORKCARD_ID,
    FIELD_CLAIM_DESC,
    FIELD_CLAIM_COUNT,
    FIELD_CLAIM_ORDER_NO,
    FIELD_CLAIM_STATUS,
    FIELD_CLAIM_TIME,
    FIELD_CLAIM_FEE,
    FIELD_COUNT,
    FIELD_NONE = FIELD_COUNT, /* the row as a whole */
};

enum fee_unit { FEE_UNIT_UNDECLARED, FEE_UNIT_FEN, FEE_UNIT_YUAN };

#define COLUMN_ABSENT (-1)

#define COLUMNS_MAX 1024       /* a header of more is refused */
#define COLUMN_HEADER_BYTES 64 /* of a header as it is shown */

struct columns {
    int index[FIELD_COUNT]; /* of each field's column, from 0, or COLUMN_ABSENT */
    size_t count;           /* columns of the header */
    enum fee_unit fee_unit; /* never undeclared once resolved */
    bool is_unit_meant;     /* … though only the column's name means it */
    size_t named;           /* up to the last one that has a name; 0: all */
    size_t time_of_day;     /* a second column for claim_time, counted from 1; 0: there is none */
    uint32_t delimiter;     /* 0: a comma */
    bool has_nameless;      /* before `named`; `nameless` has a bit for each */
    unsigned char nameless[COLUMNS_MAX / 8];
    char header[FIELD_COUNT][COLUMN_HEADER_BYTES]; /* as the file has it; "": the field's name */
    /* Of a column that nobody asked for and that may be meant for the field, or be the date beside
     * its time of day; "": there is none. */
    char similar[FIELD_COUNT][COLUMN_HEADER_BYTES];
};

/* What the file calls a field's column, for messages. Borrowed. */
const char *column_header(const struct columns *columns, enum field field);

/* Whether a field is read from the column, counted from 0. */
bool columns_is_used(const struct columns *columns, size_t index);

/* The fewest cells that a row may have. */
size_t columns_least(const struct columns *columns, bool short_rows);

/* "workcard_id" … "claim_fee". */
const char *column_field_name(enum field field);
bool column_field_parse(const char *name, enum field *ret_field);

/* "yuan", to be translated for a person; and read back, where only what is declared is one. */
const char *column_unit_name(enum fee_unit unit);
bool column_unit_parse(const char *name, enum fee_unit *ret_unit);

/*
 * Resolves the header. `wanted` has the user's header for a field or NULL, FIELD_COUNT entries, may
 * be NULL; `unit` is what --fee-unit said. Missing, doubled or ambiguous columns and an undeclared
 * unit are EXIT_INPUT_REFUSED with file, line and the user's own header in the text. A wanted
 * header "A+B" for claim_time means two columns, unless one is called so. The names of columns
 * nobody asked for are appended to `ret_unused`, joined by ", ".
 */
int columns_resolve(const struct record *header, const char *name, const char *const *wanted,
                    enum fee_unit unit, struct columns *ret_columns, struct buffer *ret_unused,
                    struct error *err);

#endif
