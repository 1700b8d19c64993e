/*
 * reader_record: a record of an export is read and taken apart.
 *
 * Tested by tests/unit/test_reader.c, test_reader_size.c
 */
#ifndef CLAIMBATCH_INPUT_READER_READER_RECORD_H
#define CLAIMBATCH_INPUT_READER_READER_RECORD_H

#include <csv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/export/lines.h"
#include "input/reader/columns.h"
#include "input/reader/problem_line.h"
#include "input/reader/reader.h"
#include "quoting.h"

#define ROW_BYTES 48

#define PARSER_OPTIONS (CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL)
#define PARSER_GROWTH ((size_t)64 << 10) /* libcsv's own step is 128 bytes */

/* A place in the record's text; the column in characters, from 1. */
struct place {
    const char *ptr, *end;
    uint64_t line, column;
};

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

int reader_record_is_never_space(unsigned char c);
void reader_record_step(struct place *place);
bool reader_record_pass_cell(struct place *place, const struct quoting *quoting);
struct place reader_record_start(const struct reader *reader, const char *end);
const char *reader_record_end(const struct reader *reader);
const char *reader_record_describe_row(const struct reader *reader, uint64_t line, uint64_t row,
                                       char ret_text[ROW_BYTES]);
int reader_record_refuse_at(const struct reader *reader, const struct place *place, const char *why,
                            struct error *err);
int reader_record_advise_on_start(const char *text, size_t len, struct error *err);
int reader_record_begin(struct reader *reader, struct error *err);
int reader_record_read(struct reader *reader, struct error *err);

#endif
