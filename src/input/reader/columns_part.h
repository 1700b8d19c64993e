/*
 * columns_part: what is told of columns that were not found.
 *
 * Tested by tests/unit/test_columns.c
 */
#ifndef CLAIMBATCH_INPUT_READER_COLUMNS_PART_H
#define CLAIMBATCH_INPUT_READER_COLUMNS_PART_H

#include "input/reader/columns.h"
#include "input/reader/reader.h"

#define SHOWN_HEADER_BYTES 48
#define SHOWN_HEADERS 20

/* What resolving passes around. */
struct resolution {
    const struct record *header;
    const char *name; /* of the export */
    const char *const *wanted;
    struct columns *columns;
    struct error *err;
};

void columns_append_delimiter_advice(struct buffer *text, const char *header);
void columns_append_guess(struct buffer *text, const struct resolution *resolution,
                          enum field field);
bool columns_is_garbled(const struct resolution *resolution);
const char *columns_header_of(const struct resolution *resolution, int index);
bool columns_is_taken(const struct resolution *resolution, int index);

#endif
