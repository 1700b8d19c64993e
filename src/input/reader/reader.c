#include "input/reader/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "input/export/lines.h"
#include "input/export/own_file.h"
#include "input/reader/problem_line.h"
#include "preamble.h"
#include "quoting.h"
#include "reader_record.h"

/* Reads the record whose first line is at hand: 1, or -1. */
static int end_record(struct reader *reader, struct record *ret_record, struct error *err)
{
    reader->count = 0;
    reader->texts_len = 0;
    if (reader_record_read(reader, err))
        return -1;
    *ret_record = (struct record){.row = reader->row,
                                  .line = reader->start_line,
                                  .count = reader->count,
                                  .cells = reader->cells,
                                  .has_line_end = reader->line > reader->start_line + 1};
    return 1;
}

/* ---- a list of problems ---- */

static int refuse_line(const struct reader *reader, const char *why, struct error *err)
{
    struct place start = reader_record_start(reader, reader_record_end(reader));

    return reader_record_refuse_at(reader, &start, why, err);
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
        return refuse_line(
            reader,
            _("the columns row, export_sha256 and key_check of this line of a list "
              "of problems are not as claimbatch check wrote them: take them from "
              "the list again; a claim that is not in the list belongs in an export"),
            err);
    if (last_row && memcmp(reader->corrects, correction->export_sha256, CORRECTION_SHA256_BYTES))
        return refuse_line(reader,
                           _("this line is of another export than those above: give each list of "
                             "problems to upload by itself"),
                           err);
    if (correction->row <= last_row)
        return refuse_line(reader,
                           correction->row == last_row
                               ? _("this row of the export stands twice in the list of problems: "
                                   "delete the line that is wrong")
                               : _("the lines of the list of problems are in another order: sort "
                                   "them by the column row, smallest first"),
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
        result = reader_record_begin(reader, err);
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
    int result = reader_record_begin(reader, err);

    if (result <= 0)
        return result;
    return is_export && check_origin(reader, err) ? -1 : end_record(reader, ret_header, err);
}

static int read_header(struct reader *reader, bool is_export, struct error *err)
{
    struct record header = {0};
    int result = read_first(reader, is_export, &header, err);

    if (result < 0)
        return -1;
    if (result == 0)
        return error_set(err, EXIT_INPUT_REFUSED,
                         "'%s', line 1: there is no header, the file is empty; export it again; "
                         "nothing was sent",
                         LOG_QUOTED(export_name(reader->export)));
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
                           _("the first columns of a list of problems, up to export_sha256 and "
                             "key_check, are not there: let claimbatch check write it again"),
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
        return reader_record_advise_on_start(reader->header.cells[0].text,
                                             reader->header.cells[0].len, err);
    reader->columns.delimiter = reader->delimiter;
    return 0;
}

static int start(struct reader *reader, struct export *export, const struct survey *survey,
                 uint32_t delimiter, struct error *err)
{
    reader->export = export;
    reader->line = 1;
    csv_init(&reader->parser, PARSER_OPTIONS);
    csv_set_space_func(&reader->parser, reader_record_is_never_space);
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
    char row[ROW_BYTES];

    return error_set(err, EXIT_INPUT_REFUSED, "'%s', line %llu%s: %s; nothing was sent",
                     LOG_QUOTED(export_name(reader->export)), (unsigned long long)record->line,
                     reader_record_describe_row(reader, record->line, record->row, row), why);
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
    struct place place = reader_record_start(reader, reader_record_end(reader));

    index += reader->is_list ? CORRECTION_COLUMNS : 0;
    for (; index > 0 && place.ptr < place.end; index--) {
        reader_record_pass_cell(&place, &reader->quoting);
        if (place.ptr < place.end)
            reader_record_step(&place);
    }
    *ret_line = place.line;
    *ret_column = place.column;
}
