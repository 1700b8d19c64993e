#include "input/reader/reader.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <csv.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "input/export/lines.h"
#include "input/export/own_file.h"
#include "input/reader/problem_line.h"
#include "preamble.h"
#include "quoting.h"

#define PARSER_OPTIONS (CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL)
#define PARSER_GROWTH ((size_t)64 << 10) /* libcsv's own step is 128 bytes */

/* Each cell but the last has a delimiter in the record's text, and a NUL here in its place. Texts
 * are looked at by words: so much is behind them. */
#define TEXTS_BYTES (READER_RECORD_BYTES + 1 + sizeof(uint64_t))

struct reader {
    struct export *export;
    struct lines *lines;
    struct quoting quoting;
    uint32_t delimiter;
    bool is_plain; /* the delimiter is one byte: lines can be taken apart in place */

    /* The record that is being read, as text. */
    struct line last; /* its last line so far */
    uint64_t row;
    uint64_t start_line; /* physical, where it starts */
    uint64_t start_row;  /* … and its row */
    uint64_t line;       /* physical, the one that comes next */
    uint64_t blank_lines;
    bool unfinished;

    /* What libcsv made of it. */
    struct csv_parser parser;
    char *texts; /* of the cells, room for TEXTS_BYTES */
    size_t texts_len;
    struct cell *cells;
    size_t count, room;
    bool no_memory;
    bool complete; /* libcsv gave the end of the record */

    /* A list of problems: its first columns are taken away. */
    bool is_list;
    struct problem_line correction;                  /* of the current record */
    unsigned char corrects[CORRECTION_SHA256_BYTES]; /* the export of all its rows */

    struct columns columns;
    struct buffer unused;
    struct record header; /* its cells and texts are its own */
    struct cell *header_cells;
    char *header_texts;
};

/* A place in the record's text; the column in characters, from 1. */
struct place {
    const char *ptr, *end;
    uint64_t line, column;
};

/* Blanks are part of a cell; what they mean is for the rules. */
static int is_never_space(unsigned char c)
{
    (void)c;
    return 0;
}

static bool add_room(struct reader *reader)
{
    size_t room = reader->room ? reader->room * 2 : 32;
    struct cell *cells = realloc(reader->cells, room * sizeof(*cells));

    if (!cells) {
        reader->no_memory = true;
        return false;
    }
    reader->cells = cells;
    reader->room = room;
    return true;
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
static void step(struct place *place)
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
static bool pass_cell(struct place *place, const struct quoting *quoting)
{
    size_t blanks = quoting_blanks(quoting, place->ptr, place->end);
    bool open = false;

    place->ptr += blanks;
    place->column += blanks;
    open = is_at(place, '"');
    if (open)
        step(place);
    while (open && place->ptr < place->end) {
        bool quote = is_at(place, '"');

        step(place);
        if (quote && is_at(place, '"'))
            step(place);
        else if (quote)
            open = false;
    }
    while (place->ptr < place->end && !quoting_is_delimiter(quoting, place->ptr, place->end))
        step(place);
    return !open;
}

/* The start of the current record, whose text is looked at up to `end`. */
static struct place record_start(const struct reader *reader, const char *end)
{
    return (struct place){reader->last.start, end, reader->start_line, 1};
}

static const char *record_end(const struct reader *reader)
{
    return reader->last.text + reader->last.len;
}

#define ROW_BYTES 48

/* Which row a line is of, where an editor and a spreadsheet count differently; "" where not. */
static const char *describe_row(const struct reader *reader, uint64_t line, uint64_t row,
                                char ret_text[ROW_BYTES])
{
    ret_text[0] = '\0';
    if (row != line && row && !reader->is_list)
        snprintf(ret_text, ROW_BYTES, " (row %llu)", (unsigned long long)row);
    return ret_text;
}

static int refuse_at(const struct reader *reader, const struct place *place, const char *why,
                     struct error *err)
{
    char quoted[LOG_QUOTE_BYTES], row[ROW_BYTES];

    return error_set(
        err, EXIT_INPUT_REFUSED, "'%s', line %llu%s, column %llu: %s; nothing was sent",
        log_quote(export_name(reader->export), quoted, sizeof(quoted)),
        (unsigned long long)place->line, describe_row(reader, place->line, reader->start_row, row),
        (unsigned long long)place->column, why);
}

/* Gives the start of the last cell of the record's text up to `end`. True when its quote is not
 * closed. */
static bool find_open_quote(const struct reader *reader, const char *end, struct place *ret_quote)
{
    struct place place = record_start(reader, end);
    bool closed = true;

    for (;;) {
        *ret_quote = place;
        closed = pass_cell(&place, &reader->quoting);
        if (place.ptr == place.end)
            return !closed;
        step(&place);
    }
}

static int refuse_unterminated(const struct reader *reader, struct error *err)
{
    struct place quote = {0};

    find_open_quote(reader, record_end(reader), &quote);
    return refuse_at(reader, &quote,
                     "a quote is opened here and never closed; the file may be cut; close or "
                     "remove the quote, or export the file again",
                     err);
}

/* Says what a file that has no header at its start looks like. Returns -1. */
static int advise_on_start(const char *text, size_t len, struct error *err)
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
    refuse_at(reader, place,
              "a stray quote inside a cell that does not begin with one; put the whole cell in "
              "quotes and double the quotes inside it",
              err);
    if (reader->header.count)
        return -1;
    return advise_on_start(reader->last.start, (size_t)(record_end(reader) - reader->last.start),
                           err);
}

/* Whether a backslash stands before the quote that is before the place. */
static bool is_escaped(const struct reader *reader, const char *at)
{
    return at - reader->last.text >= 2 && at[-1] == '"' && at[-2] == '\\';
}

/* `at` is where libcsv stopped. */
static int refuse_stray(const struct reader *reader, const char *at, struct error *err)
{
    struct place place = record_start(reader, at), quote = {0};
    char why[224];

    while (place.ptr < place.end)
        step(&place);
    if (*at == '"')
        return refuse_stray_quote(reader, &place, err);
    find_open_quote(reader, at, &quote);
    snprintf(why, sizeof(why),
             "text behind a closing quote; a quote inside a cell must be doubled%s, or the quote "
             "of line %llu, column %llu was not closed where its cell ends",
             is_escaped(reader, at) ? " (a backslash before it does not do)" : "",
             (unsigned long long)quote.line, (unsigned long long)quote.column);
    return refuse_at(reader, &place, why, err);
}

static int refuse_too_long(const struct reader *reader, struct error *err)
{
    struct place start = record_start(reader, record_end(reader));
    struct place quote = {0};

    if (find_open_quote(reader, record_end(reader), &quote))
        return refuse_at(reader, &quote,
                         "a quote is opened here and not closed within 1 MiB; close or remove it",
                         err);
    return refuse_at(reader, &start,
                     "the record that starts here is longer than 1 MiB; this is no export of "
                     "claims, or its line ends are lost",
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
static int begin_record(struct reader *reader, struct error *err)
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

static int read_record(struct reader *reader, struct error *err)
{
    if (reader->is_plain && !memchr(reader->last.text, '"', reader->last.len))
        return split_line(reader, err);
    if (reader->is_plain && split_quoted_line(reader))
        return reader->no_memory ? error_no_memory(err) : 0;
    return parse_record(reader, err);
}

/* Reads the record whose first line is at hand: 1, or -1. */
static int end_record(struct reader *reader, struct record *ret_record, struct error *err)
{
    reader->count = 0;
    reader->texts_len = 0;
    if (read_record(reader, err))
        return -1;
    *ret_record = (struct record){.row = reader->row,
                                  .line = reader->start_line,
                                  .count = reader->count,
                                  .cells = reader->cells};
    return 1;
}

/* ---- a list of problems ---- */

static int refuse_line(const struct reader *reader, const char *why, struct error *err)
{
    struct place start = record_start(reader, record_end(reader));

    return refuse_at(reader, &start, why, err);
}

/* Takes the guard off a cell, in its place. */
static void unguard(struct cell *cell)
{
    const char *plain = problem_line_plain(cell->text);

    cell->len -= (size_t)(plain - cell->text);
    cell->text = plain;
}

static int check_correction(struct reader *reader, uint64_t last_row, struct error *err)
{
    struct problem_line *correction = &reader->correction;

    if (!problem_line_take(reader->cells, reader->count, correction))
        return refuse_line(reader,
                           "the columns row, export_sha256 and key_check of this line of a list "
                           "of problems are not as claimbatch check wrote them: take them from "
                           "the list again; a claim that is not in the list belongs in an export",
                           err);
    if (last_row && memcmp(reader->corrects, correction->export_sha256, CORRECTION_SHA256_BYTES))
        return refuse_line(reader,
                           "this line is of another export than those above: give each list of "
                           "problems to upload by itself",
                           err);
    if (correction->row <= last_row)
        return refuse_line(reader,
                           correction->row == last_row
                               ? "this row of the export stands twice in the list of problems: "
                                 "delete the line that is wrong"
                               : "the lines of the list of problems are in another order: sort "
                                 "them by the column row, smallest first",
                           err);
    memcpy(reader->corrects, correction->export_sha256, CORRECTION_SHA256_BYTES);
    return 0;
}

/* Makes of a line a row of the export that it came from. */
static int take_line(struct reader *reader, struct record *record, struct error *err)
{
    if (check_correction(reader, reader->correction.row, err))
        return -1;
    reader->correction.list_row = record->row;
    for (size_t i = CORRECTION_COLUMNS; i < reader->count; i++)
        unguard(&reader->cells[i]);
    record->row = reader->correction.row;
    record->cells += CORRECTION_COLUMNS;
    record->count -= CORRECTION_COLUMNS;
    record->correction = &reader->correction;
    return 1;
}

static bool is_blank_record(const struct record *record)
{
    for (size_t i = 0; i < record->count; i++)
        if (record->cells[i].text[strspn(record->cells[i].text, " \t")])
            return false;
    return true;
}

int reader_next(struct reader *reader, struct record *ret_record, struct error *err)
{
    int result;

    /* Of a line that was cleared a spreadsheet leaves the delimiters. */
    do {
        result = begin_record(reader, err);
        if (result > 0)
            result = end_record(reader, ret_record, err);
        if (result <= 0 || !reader->is_list)
            return result;
    } while (is_blank_record(ret_record));
    return take_line(reader, ret_record, err);
}

/* Keeps the header beyond the record that it is. */
static int keep_header(struct reader *reader, const struct record *header, struct error *err)
{
    size_t len = 0;
    char *text = NULL;

    for (size_t i = 0; i < header->count; i++)
        len += header->cells[i].len + 1;
    text = reader->header_texts = malloc(len);
    reader->header_cells = calloc(header->count, sizeof(*reader->header_cells));
    if (!text || !reader->header_cells)
        return error_no_memory(err);
    for (size_t i = 0; i < header->count; i++) {
        memcpy(text, header->cells[i].text, header->cells[i].len + 1);
        reader->header_cells[i] = (struct cell){text, header->cells[i].len};
        text += header->cells[i].len + 1;
    }
    reader->header = *header;
    reader->header.cells = reader->header_cells;
    return 0;
}

static int set_delimiter(struct reader *reader, uint32_t delimiter, struct error *err)
{
    quoting_release(&reader->quoting);
    if (!quoting_init(&reader->quoting, delimiter))
        return error_set(err, EXIT_BAD_USAGE,
                         "a quote, a line end or nothing can not be the delimiter");
    reader->delimiter = delimiter;
    reader->is_plain = reader->quoting.delimiter_len == 1;
    csv_set_delim(&reader->parser, (unsigned char)reader->quoting.byte);
    return 0;
}

/* Looks whether this program wrote the file itself: a list of problems is read as it was written or
 * saved since, another one is refused. */
static int check_origin(struct reader *reader, struct error *err)
{
    char delimiter = reader->quoting.byte;
    enum own_file kind =
        own_file_of_header(reader->last.text, reader->last.len, delimiter, &delimiter);

    if (kind != OWN_FILE_NONE && kind != OWN_FILE_PROBLEMS)
        return own_file_refuse(kind, export_name(reader->export), err);
    reader->is_list = kind == OWN_FILE_PROBLEMS;
    return reader->is_list ? set_delimiter(reader, (unsigned char)delimiter, err) : 0;
}

/* 1, or 0 where there is none, or -1. */
static int read_first(struct reader *reader, bool is_export, struct record *ret_header,
                      struct error *err)
{
    int result = begin_record(reader, err);

    if (result <= 0)
        return result;
    return is_export && check_origin(reader, err) ? -1 : end_record(reader, ret_header, err);
}

static int read_header(struct reader *reader, bool is_export, struct error *err)
{
    struct record header = {0};
    char quoted[LOG_QUOTE_BYTES];
    int result = read_first(reader, is_export, &header, err);

    if (result < 0)
        return -1;
    if (result == 0)
        return error_set(err, EXIT_INPUT_REFUSED,
                         "'%s', line 1: there is no header, the file is empty; export it again; "
                         "nothing was sent",
                         log_quote(export_name(reader->export), quoted, sizeof(quoted)));
    return keep_header(reader, &header, err);
}

/* The office's part of a list's header. */
static int take_list_header(struct reader *reader, struct error *err)
{
    struct record *header = &reader->header;

    if (!reader->is_list)
        return 0;
    if (!problem_line_is_header(header->cells, header->count))
        return refuse_line(reader,
                           "the first columns of a list of problems, up to export_sha256 and "
                           "key_check, are not there: let claimbatch check write it again",
                           err);
    header->cells += CORRECTION_COLUMNS;
    header->count -= CORRECTION_COLUMNS;
    for (size_t i = 0; i < header->count; i++)
        unguard(&reader->header_cells[CORRECTION_COLUMNS + i]);
    return 0;
}

static int resolve_header(struct reader *reader, const struct reader_settings *settings,
                          struct error *err)
{
    if (columns_resolve(&reader->header, export_name(reader->export), settings->wanted_columns,
                        settings->fee_unit, &reader->columns, &reader->unused, err))
        return advise_on_start(reader->header.cells[0].text, reader->header.cells[0].len, err);
    reader->columns.delimiter = reader->delimiter;
    return 0;
}

static int start(struct reader *reader, struct export *export, const struct survey *survey,
                 uint32_t delimiter, struct error *err)
{
    reader->export = export;
    reader->line = 1;
    csv_init(&reader->parser, PARSER_OPTIONS);
    csv_set_space_func(&reader->parser, is_never_space);
    csv_set_blk_size(&reader->parser, PARSER_GROWTH);
    reader->texts = calloc(1, TEXTS_BYTES);
    if (!reader->texts)
        return error_no_memory(err);
    if (set_delimiter(reader, delimiter, err))
        return -1;
    reader->lines = lines_open(export, survey, err);
    return reader->lines ? 0 : -1;
}

static int open_table(struct export *export, const struct survey *survey, uint32_t delimiter,
                      bool is_export, struct reader **ret_reader, struct error *err)
{
    struct reader *reader = calloc(1, sizeof(*reader));

    *ret_reader = NULL;
    if (!reader)
        return error_no_memory(err);
    if (start(reader, export, survey, delimiter, err) || read_header(reader, is_export, err) ||
        take_list_header(reader, err)) {
        reader_close(reader);
        return -1;
    }
    *ret_reader = reader;
    return 0;
}

int reader_open_table(struct export *export, const struct survey *survey, uint32_t delimiter,
                      struct reader **ret_reader, struct error *err)
{
    return open_table(export, survey, delimiter, false, ret_reader, err);
}

int reader_open(struct export *export, const struct survey *survey,
                const struct reader_settings *settings, struct reader **ret_reader,
                struct error *err)
{
    int result =
        open_table(export, survey, settings->delimiter, !settings->is_report, ret_reader, err);

    if (!result && resolve_header(*ret_reader, settings, err)) {
        reader_close(*ret_reader);
        *ret_reader = NULL;
        result = -1;
    }
    if (result && err->exit_code == EXIT_INPUT_REFUSED && !settings->is_report)
        preamble_advise(export, survey, settings->delimiter, err);
    return result;
}

void reader_close(struct reader *reader)
{
    if (!reader)
        return;
    /* A zeroed parser, of a start that failed early, holds nothing to free. */
    csv_free(&reader->parser);
    lines_close(reader->lines);
    quoting_release(&reader->quoting);
    buffer_release(&reader->unused);
    free(reader->texts);
    free(reader->cells);
    free(reader->header_cells);
    free(reader->header_texts);
    free(reader);
}

const struct columns *reader_columns(const struct reader *reader)
{
    return &reader->columns;
}

char reader_delimiter(const struct reader *reader)
{
    char byte = reader->quoting.byte;

    return reader->is_plain && (byte == '\t' || (byte >= ' ' && byte <= '~')) ? byte : ',';
}

const struct record *reader_header(const struct reader *reader)
{
    return &reader->header;
}

const char *reader_unused_columns(const struct reader *reader)
{
    return buffer_string(&reader->unused);
}

int reader_refuse(const struct reader *reader, const struct record *record, const char *why,
                  struct error *err)
{
    char quoted[LOG_QUOTE_BYTES], row[ROW_BYTES];

    return error_set(err, EXIT_INPUT_REFUSED, "'%s', line %llu%s: %s; nothing was sent",
                     log_quote(export_name(reader->export), quoted, sizeof(quoted)),
                     (unsigned long long)record->line,
                     describe_row(reader, record->line, record->row, row), why);
}

bool reader_is_unfinished(const struct reader *reader)
{
    return reader->unfinished;
}

uint64_t reader_blank_lines(const struct reader *reader)
{
    return reader->blank_lines;
}

uint64_t reader_position(const struct reader *reader)
{
    return lines_position(reader->lines);
}

const unsigned char *reader_corrects(const struct reader *reader)
{
    return reader->is_list ? reader->corrects : NULL;
}

void reader_locate(const struct reader *reader, size_t index, uint64_t *ret_line,
                   uint64_t *ret_column)
{
    struct place place = record_start(reader, record_end(reader));

    index += reader->is_list ? CORRECTION_COLUMNS : 0;
    for (; index > 0 && place.ptr < place.end; index--) {
        pass_cell(&place, &reader->quoting);
        if (place.ptr < place.end)
            step(&place);
    }
    *ret_line = place.line;
    *ret_column = place.column;
}
