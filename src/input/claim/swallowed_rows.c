#include "swallowed_rows.h"

#include <string.h>

#include "base/character.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/words/language.h"
#include "input/reader/cell_name.h"
#include "input/value/value.h"

/* A line of a cell, with the cells before it, which its first one belongs to, or behind it, which
 * its last one does. */
struct piece {
    const struct cell *before;
    size_t before_count;
    const char *at, *end;
    size_t count; /* its own cells */
    const struct cell *behind;
    size_t behind_count;
};

#define SWALLOWED_BEGINNING_BYTES 96 /* of the row, in a sentence */

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

static size_t width_of(const struct piece *piece)
{
    return piece->before_count + piece->count + piece->behind_count;
}

/* The cell of the line, counted from 0, which it has. */
static struct cell cell_at(const struct separator *separator, const struct piece *piece,
                           size_t index)
{
    const char *at = piece->at, *stop;

    if (index < piece->before_count)
        return piece->before[index];
    index -= piece->before_count;
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

    if (columns->index[field] != COLUMN_ABSENT && (size_t)columns->index[field] < width_of(piece))
        cell = cell_at(separator, piece, (size_t)columns->index[field]);
    return value_of_field(&cell, field);
}

/* Whether it is as wide as a row, and two of three cells that every row has are what they should
 * be: one may be as a spreadsheet spoilt it, or in the office's words. */
static bool is_row(const struct rules *rules, const struct columns *columns,
                   const struct separator *separator, const struct piece *piece)
{
    struct value number, time, status;
    struct civil civil;
    int64_t ignored;
    bool is_date;

    if (width_of(piece) < columns_least(columns, rules->short_rows))
        return false;
    number = value_at(separator, columns, piece, FIELD_WORKCARD_ID);
    time = value_at(separator, columns, piece, FIELD_CLAIM_TIME);
    status = value_at(separator, columns, piece, FIELD_CLAIM_STATUS);
    return (value_parse_integer(number, &ignored) == RULE_NONE || value_is_scientific(number)) +
               (value_parse_time(time, &civil, &is_date) == RULE_NONE) +
               vocabulary_status(&rules->vocabulary, status, &ignored) >=
           2;
}

static struct piece piece_of(const struct record *record, size_t index, const char *at,
                             const struct separator *separator)
{
    const struct cell *cell = &record->cells[index];
    const char *end = cell->text + cell->len;
    struct piece piece = {.at = at, .end = find_line_end(at, end)};

    piece.count = count_cells(separator, at, piece.end);
    if (at == cell->text) {
        piece.before = record->cells;
        piece.before_count = index;
    }
    if (piece.end == end) {
        piece.behind = cell + 1;
        piece.behind_count = record->count - 1 - index;
    }
    return piece;
}

/* How many lines of the cell, after its first, are rows. Its last line borrows the cells behind it,
 * which are the record's own, where the text is nothing but a text: it counts where other lines do,
 * or the first one is a row as well. */
static size_t count_rows(const struct rules *rules, const struct columns *columns,
                         const struct record *record, size_t index)
{
    const struct separator separator = separator_of(columns);
    const struct cell *cell = &record->cells[index];
    const char *end = cell->text + cell->len;
    struct piece piece = piece_of(record, index, cell->text, &separator);
    bool begins = piece.end < end && is_row(rules, columns, &separator, &piece);
    size_t rows = 0;

    while (piece.end < end) {
        bool is_last;

        piece = piece_of(record, index, piece.end + 1, &separator);
        is_last = piece.end == end;
        if ((!is_last || rows || begins) && piece.count > 1)
            rows += is_row(rules, columns, &separator, &piece);
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

bool swallowed_rows_explain(const struct rules *rules, const struct columns *columns,
                            const struct record *record, struct buffer *ret_sentence)
{
    struct swallowed_rows swallowed = swallowed_rows_find(rules, columns, record);
    char cell[CELL_NAME_BYTES];

    if (!swallowed.count)
        return false;
    language_format(
        ret_sentence,
        "the row that begins '%s' has %zu other row%s of the export in its %s: a quote (\") there "
        "was not closed before they began; close or remove it, and the quote where they end",
        LOG_QUOTED_WITHIN(record->cells[0].text, SWALLOWED_BEGINNING_BYTES), swallowed.count,
        swallowed.count == 1 ? "" : "s", cell_name(record, (int)swallowed.index, cell));
    return true;
}
