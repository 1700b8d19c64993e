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

static inline enum field columns_field_at(const struct resolution *resolution, int index)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (resolution->columns->index[i] == index)
            return (enum field)i;
    }
    return FIELD_NONE;
}

static inline const char *columns_header_of(const struct resolution *resolution, int index)
{
    return resolution->header->cells[index].text;
}

/* Whether a field has the column, also as its second one. */
static inline bool columns_is_taken(const struct resolution *resolution, int index)
{
    return columns_field_at(resolution, index) != FIELD_NONE ||
           resolution->columns->time_of_day == (size_t)index + 1;
}

/* Appends what to say where the file has another delimiter. */
void columns_append_delimiter_advice(struct buffer *text, const char *header);
/* Appends which column may be the field. */
void columns_append_guess(struct buffer *text, const struct resolution *resolution,
                          enum field field, const char *name);
/* Whether a header is Chinese that was read in a wrong encoding. */
bool columns_is_garbled(const struct resolution *resolution);

#endif
