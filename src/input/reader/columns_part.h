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

/* Appends what to say where the file has another delimiter. */
void columns_append_delimiter_advice(struct buffer *text, const char *header);
/* Appends which column may be the field. */
void columns_append_guess(struct buffer *text, const struct resolution *resolution,
                          enum field field);
/* Whether a header is Chinese that was read in a wrong encoding. */
bool columns_is_garbled(const struct resolution *resolution);
/* The name of a column. */
const char *columns_header_of(const struct resolution *resolution, int index);
/* Whether a field has the column. */
bool columns_is_taken(const struct resolution *resolution, int index);

#endif
