#include "reader_record.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "input/export/lines.h"
#include "input/export/own_file.h"
#include "input/reader/reader.h"
#include "quoting.h"

/* Blanks are part of a cell; what they mean is for the rules. */
int reader_record_is_never_space(unsigned char c)
{
    (void)c;
    return 0;
}

static bool add_room(struct reader *reader)
{
    bool grown = array_grow(&reader->cells, &reader->room, sizeof(*reader->cells));

    reader->no_memory |= !grown;
    return grown;
}

/* The text is in reader->texts already. */
static void add_cell(struct reader *reader, const char *text, size_t len)
{
    if (reader->count < reader->room || add_room(reader))
        reader->cells[reader->count++] = (struct cell){text, len};
}

static void take_cell(void *text, size_t len, void *context)
{
    struct reader *reader = context;
    char *copy = reader->texts + reader->texts_len;

    memcpy(copy, text, len + 1);
    reader->texts_len += len + 1;
    add_cell(reader, copy, len);
}

static void take_record(int c, void *context)
{
    struct reader *reader = context;

    (void)c;
    reader->complete = true;
}

/* Moves over one character or line end. */
void reader_record_step(struct place *place)
{
    bool line_end = *place->ptr == '\n' || *place->ptr == '\r';

    if (*place->ptr == '\r' && place->ptr + 1 < place->end && place->ptr[1] == '\n')
        place->ptr++;
    place->ptr++;
    while (place->ptr < place->end && ((unsigned char)*place->ptr & 0xc0) == 0x80)
        place->ptr++;
    place->line += line_end;
    place->column = line_end ? 1 : place->column + 1;
}

static bool is_at(const struct place *place, char c)
{
    return place->ptr < place->end && *place->ptr == c;
}

/* Moves to the delimiter behind the cell, or to the end. False when its quote is not closed. */
bool reader_record_pass_cell(struct place *place, const struct quoting *quoting)
{
    size_t blanks = quoting_blanks(quoting, place->ptr, place->end);
    bool open = false;

    place->ptr += blanks;
    place->column += blanks;
    open = is_at(place, '"');
    if (open)
        reader_record_step(place);
    while (open && place->ptr < place->end) {
        bool quote = is_at(place, '"');

        reader_record_step(place);
        if (quote && is_at(place, '"'))
            reader_record_step(place);
        else if (quote)
            open = false;
    }
    while (place->ptr < place->end && !quoting_is_delimiter(quoting, place->ptr, place->end))
        reader_record_step(place);
    return !open;
}

/* The start of the current record, whose text is looked at up to `end`. */
struct place reader_record_start(const struct reader *reader, const char *end)
{
    return (struct place){reader->last.start, end, reader->start_line, 1};
}

const char *reader_record_end(const struct reader *reader)
{
    return reader->last.text + reader->last.len;
}

/* Which row a line is of, where an editor and a spreadsheet count differently; "" where not. */
const char *reader_record_describe_row(const struct reader *reader, uint64_t line, uint64_t row,
                                       char ret_text[ROW_BYTES])
{
    ret_text[0] = '\0';
    if (row != line && row && !reader->is_list)
        snprintf(ret_text, ROW_BYTES, _(" (row %llu)"), (unsigned long long)row);
    return ret_text;
}

int reader_record_refuse_at(const struct reader *reader, const struct place *place, const char *why,
                            struct error *err)
{
    char row[ROW_BYTES];

    return error_set(err, EXIT_INPUT_REFUSED,
                     "'%s', line %llu%s, column %llu: %s; nothing was sent",
                     LOG_QUOTED(export_name(reader->export)), (unsigned long long)place->line,
                     reader_record_describe_row(reader, place->line, reader->start_row, row),
                     (unsigned long long)place->column, why);
}

/* Gives the start of the last cell of the record's text up to `end`. True when its quote is not
 * closed. */
static bool find_open_quote(const struct reader *reader, const char *end, struct place *ret_quote)
{
    struct place place = reader_record_start(reader, end);
    bool closed = true;

    for (;;) {
        *ret_quote = place;
        closed = reader_record_pass_cell(&place, &reader->quoting);
        if (place.ptr == place.end)
            return !closed;
        reader_record_step(&place);
    }
}

static int refuse_unterminated(const struct reader *reader, struct error *err)
{
    struct place quote = {0};

    find_open_quote(reader, reader_record_end(reader), &quote);
    return reader_record_refuse_at(
        reader, &quote,
        _("a quote is opened here and never closed; the file may be cut; close or "
          "remove the quote, or export the file again"),
        err);
}

/* Says what a file that has no header at its start looks like. Returns -1. */
int reader_record_advise_on_start(const char *text, size_t len, struct error *err)
{
    const char *words = own_file_of_bytes(text, len);

    if (err->exit_code != EXIT_INPUT_REFUSED)
        return -1;
    if (len && *text == '<')
        error_add(err, "it begins as a web page or XML does: open it in a spreadsheet and save it "
                       "as 'CSV UTF-8'");
    if (len >= 4 && memcmp(text, "sep=", 4) == 0)
        error_add(err,
                  "its first line only tells a spreadsheet what separates the cells: delete it");
    if (words)
        error_add(err, words);
    return -1;
}

static int refuse_stray_quote(const struct reader *reader, const struct place *place,
                              struct error *err)
{
    reader_record_refuse_at(
        reader, place,
        _("a stray quote inside a cell that does not begin with one; put the whole cell in "
          "quotes and double the quotes inside it"),
        err);
    if (reader->header.count)
        return -1;
    return reader_record_advise_on_start(
        reader->last.start, (size_t)(reader_record_end(reader) - reader->last.start), err);
}

/* Whether a backslash stands before the quote that is before the place. */
static bool is_escaped(const struct reader *reader, const char *at)
{
    return at - reader->last.text >= 2 && at[-1] == '"' && at[-2] == '\\';
}

/* `at` is where libcsv stopped. */
static int refuse_stray(const struct reader *reader, const char *at, struct error *err)
{
    struct place place = reader_record_start(reader, at), quote = {0};
    char why[480];

    while (place.ptr < place.end)
        reader_record_step(&place);
    if (*at == '"')
        return refuse_stray_quote(reader, &place, err);
    find_open_quote(reader, at, &quote);
    snprintf(why, sizeof(why),
             _("text behind a closing quote; a quote inside a cell must be doubled%s, or the quote "
               "of line %llu, column %llu was not closed where its cell ends"),
             is_escaped(reader, at) ? _(" (a backslash before it does not do)") : "",
             (unsigned long long)quote.line, (unsigned long long)quote.column);
    return reader_record_refuse_at(reader, &place, why, err);
}

static int refuse_too_long(const struct reader *reader, struct error *err)
{
    struct place start = reader_record_start(reader, reader_record_end(reader));
    struct place quote = {0};

    if (find_open_quote(reader, reader_record_end(reader), &quote))
        return reader_record_refuse_at(
            reader, &quote,
            _("a quote is opened here and not closed within 1 MiB; close or remove it"), err);
    return reader_record_refuse_at(
        reader, &start,
        _("the record that starts here is longer than 1 MiB; this is no export of "
          "claims, or its line ends are lost"),
        err);
}

/* Gives a line to libcsv in its strict form. */
static int parse_line(struct reader *reader, struct error *err)
{
    const struct line *line = &reader->last;
    const struct buffer *text = &reader->quoting.text;
    size_t taken = 0;

    quoting_line(&reader->quoting, line->text, line->len);
    if (text->failed)
        return error_no_memory(err);
    taken =
        csv_parse(&reader->parser, buffer_string(text), text->len, take_cell, take_record, reader);
    if (taken == text->len)
        csv_parse(&reader->parser, line->text + line->len, line->end_len, take_cell, take_record,
                  reader);
    if (csv_error(&reader->parser) != CSV_SUCCESS && csv_error(&reader->parser) != CSV_EPARSE)
        return error_no_memory(err);
    if (taken < text->len)
        return refuse_stray(
            reader, line->text + quoting_origin(&reader->quoting, line->text, line->len, taken),
            err);
    return reader->no_memory ? error_no_memory(err) : 0;
}

/* The top bit of each byte of the word that is `c`. */
static uint64_t find_in_word(uint64_t word, char c)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t low = 0x7f * ones;
    uint64_t other = word ^ (unsigned char)c * ones;

    return ~(((other & low) + low) | other | low);
}

/* The text of a line that is taken apart, and its cells so far. */
struct cut {
    char *cell; /* where the next one starts */
    struct cell *cells;
    size_t count, room;
};

/* Ends the cell where its delimiter is. */
static bool end_cell(struct reader *reader, struct cut *cut, char *delimiter)
{
    if (cut->count == cut->room) {
        if (!add_room(reader))
            return false;
        cut->cells = reader->cells;
        cut->room = reader->room;
    }
    *delimiter = '\0';
    cut->cells[cut->count++] = (struct cell){cut->cell, (size_t)(delimiter - cut->cell)};
    cut->cell = delimiter + 1;
    return true;
}

/* A line without a quote is its cells and delimiters. To take it apart here, eight bytes at a time,
 * in place of a call a byte, is what makes a check of millions of rows quick; libcsv has the lines
 * that are more. The last word is looked at in part: there is room behind the text. */
static int split_line(struct reader *reader, struct error *err)
{
    char *text = reader->texts;
    struct cut cut = {text, reader->cells, 0, reader->room};
    const char byte = reader->quoting.byte;
    const size_t len = reader->last.len;

    memcpy(text, reader->last.text, len);
    for (size_t at = 0; at < len; at += sizeof(uint64_t)) {
        uint64_t word = 0, found = 0;

        memcpy(&word, text + at, sizeof(word));
        found = find_in_word(le64toh(word), byte);
        if (len - at < sizeof(word))
            found &= (UINT64_C(1) << 8 * (len - at)) - 1;
        for (; found; found &= found - 1)
            if (!end_cell(reader, &cut, text + at + __builtin_ctzll(found) / 8))
                return error_no_memory(err);
    }
    if (!end_cell(reader, &cut, text + len))
        return error_no_memory(err);
    reader->count = cut.count;
    reader->unfinished = reader->last.end_len == 0;
    reader->line++;
    return 0;
}

/* The cell that starts at `cell` of a line: its text, up to `end` of the line, and where the next
 * one starts, or NULL behind the last. False when only libcsv knows. */
static bool split_cell(const struct reader *reader, char *cell, char *end, struct cell *ret_cell,
                       char **ret_next)
{
    bool quoted = cell < end && *cell == '"';
    char *text = cell + quoted;
    char *stop = memchr(text, quoted ? '"' : reader->quoting.byte, (size_t)(end - text));
    char *delimiter = NULL;

    if (quoted && !stop)
        return false;
    stop = stop ? stop : end;
    delimiter = stop + quoted;
    if (delimiter < end && *delimiter != reader->quoting.byte)
        return false;
    if (!quoted && memchr(text, '"', (size_t)(stop - text)))
        return false;
    *ret_cell = (struct cell){text, (size_t)(stop - text)};
    *ret_next = delimiter < end ? delimiter + 1 : NULL;
    *stop = '\0';
    return true;
}

/* A line whose quotes are around cells and nowhere else can be taken apart in place too. False, and
 * nothing is done, for one that is more. */
static bool split_quoted_line(struct reader *reader)
{
    char *next = reader->texts, *end = next + reader->last.len;

    memcpy(next, reader->last.text, reader->last.len);
    while (next) {
        struct cell cell = {0};

        if (!split_cell(reader, next, end, &cell, &next)) {
            reader->count = 0;
            return false;
        }
        add_cell(reader, cell.text, cell.len);
    }
    reader->unfinished = reader->last.end_len == 0;
    reader->line++;
    return true;
}

/* The export ends inside the record. */
static int finish_record(struct reader *reader, struct error *err)
{
    reader->unfinished = true;
    if (csv_fini(&reader->parser, take_cell, take_record, reader) != 0)
        return refuse_unterminated(reader, err);
    return reader->no_memory ? error_no_memory(err) : 0;
}

/* 1, or 0 at the end of the export, or -1. */
static int next_line(struct reader *reader, struct error *err)
{
    int result = lines_next(reader->lines, READER_RECORD_BYTES, &reader->last, err);

    return result == LINES_TOO_LONG ? refuse_too_long(reader, err) : result;
}

/* Passes over blank lines to the record's first line: 1, 0 at the end of the export, or -1. */
int reader_record_begin(struct reader *reader, struct error *err)
{
    int result = 0;

    for (;;) {
        lines_mark(reader->lines);
        reader->start_line = reader->line;
        reader->start_row = reader->row + 1;
        result = next_line(reader, err);
        if (result <= 0)
            return result;
        reader->row++;
        if (reader->last.len > 0)
            return 1;
        reader->line++;
        reader->blank_lines++;
    }
}

/* Reads a record that has a quote, from its first line on. */
static int parse_record(struct reader *reader, struct error *err)
{
    reader->complete = false;
    quoting_reset(&reader->quoting);
    for (;;) {
        int result = parse_line(reader, err);

        if (result)
            return result;
        reader->line++;
        if (reader->last.end_len == 0 && finish_record(reader, err))
            return -1;
        if (reader->complete)
            return 0;
        result = next_line(reader, err);
        if (result <= 0)
            return result ? -1 : refuse_unterminated(reader, err);
    }
}

int reader_record_read(struct reader *reader, struct error *err)
{
    if (reader->is_plain && !memchr(reader->last.text, '"', reader->last.len))
        return split_line(reader, err);
    if (reader->is_plain && split_quoted_line(reader))
        return reader->no_memory ? error_no_memory(err) : 0;
    return parse_record(reader, err);
}
