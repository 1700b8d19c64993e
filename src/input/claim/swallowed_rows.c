#include "swallowed_rows.h"

#include <string.h>

#include "base/character.h"
#include "input/value/value.h"

/* A line of a cell. The last one goes on with the cells behind that cell. */
struct piece {
    const char *at, *end;
    size_t count; /* its own cells */
    const struct cell *behind;
    size_t behind_count;
};

struct separator {
    char text[CHARACTER_ROOM];
    size_t len;
};

static struct separator separator_of(const struct columns *columns)
{
    struct separator separator = {0};

    separator.len = character_encode(columns->delimiter ? columns->delimiter : ',', separator.text);
    return separator;
}

static const char *find_separator(const struct separator *separator, const char *at,
                                  const char *end)
{
    return memmem(at, (size_t)(end - at), separator->text, separator->len);
}

static const char *find_line_end(const char *at, const char *end)
{
    while (at < end && *at != '\n' && *at != '\r')
        at++;
    return at;
}

static size_t count_cells(const struct separator *separator, const char *at, const char *end)
{
    size_t count = 1;

    for (; (at = find_separator(separator, at, end)); at += separator->len)
        count++;
    return count;
}

/* The cell of the line, counted from 0, which it has. */
static struct cell cell_at(const struct separator *separator, const struct piece *piece,
                           size_t index)
{
    const char *at = piece->at, *stop;

    if (index >= piece->count)
        return piece->behind[index - piece->count];
    for (; index; index--)
        at = find_separator(separator, at, piece->end) + separator->len;
    stop = find_separator(separator, at, piece->end);
    return (struct cell){at, (size_t)((stop ? stop : piece->end) - at)};
}

/* What the line has for a field, which may be nothing. */
static struct value value_at(const struct separator *separator, const struct columns *columns,
                             const struct piece *piece, enum field field)
{
    struct cell cell = {"", 0};

    if (columns->index[field] != COLUMN_ABSENT &&
        (size_t)columns->index[field] < piece->count + piece->behind_count)
        cell = cell_at(separator, piece, (size_t)columns->index[field]);
    return value_of_field(&cell, field);
}

static bool is_row(const struct rules *rules, const struct columns *columns,
                   const struct separator *separator, const struct piece *piece)
{
    int64_t ignored = 0;

    if (piece->count == 1 ||
        piece->count + piece->behind_count < columns_least(columns, rules->short_rows))
        return false;
    return value_parse_integer(value_at(separator, columns, piece, FIELD_WORKCARD_ID), &ignored) ==
               RULE_NONE &&
           value_at(separator, columns, piece, FIELD_CLAIM_ORDER_NO).len &&
           vocabulary_status(&rules->vocabulary,
                             value_at(separator, columns, piece, FIELD_CLAIM_STATUS), &ignored);
}

/* How many lines of the cell, after its first, are rows. */
static size_t count_rows(const struct rules *rules, const struct columns *columns,
                         const struct record *record, size_t index)
{
    const struct separator separator = separator_of(columns);
    const struct cell *cell = &record->cells[index];
    const char *end = cell->text + cell->len, *at = find_line_end(cell->text, end);
    size_t rows = 0;

    while (at < end) {
        struct piece piece = {.at = at + 1, .end = find_line_end(at + 1, end)};

        piece.count = count_cells(&separator, piece.at, piece.end);
        if (piece.end == end) {
            piece.behind = cell + 1;
            piece.behind_count = record->count - 1 - index;
        }
        rows += is_row(rules, columns, &separator, &piece);
        at = piece.end;
    }
    return rows;
}

struct swallowed_rows swallowed_rows_find(const struct rules *rules, const struct columns *columns,
                                          const struct record *record)
{
    struct swallowed_rows swallowed = {0};

    for (size_t i = 0; i < record->count && !swallowed.count; i++)
        swallowed = (struct swallowed_rows){count_rows(rules, columns, record, i), i};
    return swallowed;
}
