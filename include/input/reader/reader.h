/*
 * reader: an export as rows.
 *
 * Streaming and strict, on libcsv. The reader knows for every record its row as a spreadsheet
 * counts (the header is row 1, blank lines count but are no rows) and the physical line it starts
 * on (CR, LF and CRLF end a line, inside quotes too). Memory is bounded by one block and one
 * record. Several readers can pass over one export; each is used by one thread. A list of problems
 * (problem_line.h) is read as rows of the export it came from: its first columns are taken away,
 * and so are the guards of its cells.
 *
 * Tested by tests/unit/test_reader.c, test_reader_size.c
 */
#ifndef CLAIMBATCH_INPUT_READER_READER_H
#define CLAIMBATCH_INPUT_READER_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/export/export.h"
#include "input/reader/columns.h"

struct problem_line;
struct error;
struct reader;

#ifndef READER_RECORD_BYTES                   /* tests/fuzz has less, which is quicker */
#define READER_RECORD_BYTES ((size_t)1 << 20) /* a longer record is refused */
#endif

struct cell {
    const char *text; /* NUL-terminated UTF-8, quotes taken off; valid until the next reader_next */
    size_t len;
};

struct record {
    uint64_t row;  /* as a spreadsheet counts, of the export; the header is row 1 */
    uint64_t line; /* physical, from 1, where the record starts */
    size_t count;
    const struct cell *cells;
    const struct problem_line *correction; /* of a list of problems: where the row came from */
    bool has_line_end;                     /* a cell of it has one, in quotes */
};

/* How the export is to be read; what a run records as its reading. Strings are borrowed for the
 * reader's life. */
struct reader_settings {
    uint32_t delimiter;                      /* a character of Unicode */
    const char *wanted_columns[FIELD_COUNT]; /* --column, or NULL */
    enum fee_unit fee_unit;                  /* --fee-unit, or FEE_UNIT_UNDECLARED */
    bool is_report; /* a report is meant, which in the place of an export is refused */
};

/*
 * Starts a pass over a surveyed export, reads and resolves the header. The export must outlive the
 * reader. EXIT_INPUT_REFUSED as contract section 6 says.
 */
int reader_open(struct export *export, const struct survey *survey,
                const struct reader_settings *settings, struct reader **ret_reader,
                struct error *err);
/* The same for a table that is no export: its header may be any, and reader_columns says nothing.
 */
int reader_open_table(struct export *export, const struct survey *survey, uint32_t delimiter,
                      struct reader **ret_reader, struct error *err);
void reader_close(struct reader *reader);

/* How the header was understood; of a list of problems, the office's part of it. Borrowed. */
const struct columns *reader_columns(const struct reader *reader);

/* What separates the cells of a list of problems: as in the export, but a comma in place of a
 * character of several bytes or a control character, at which no spreadsheet parts cells. */
char reader_delimiter(const struct reader *reader);

/* The header as it stands in the export. Borrowed. */
const struct record *reader_header(const struct reader *reader);

/* Of a list of problems (problem_line.h): the SHA-256 of the export that its rows came from, known
 * from its first row on; NULL for an export itself. Borrowed. */
const unsigned char *reader_corrects(const struct reader *reader);

/* The headers nobody asked for, joined by ", "; empty if none. Borrowed. */
const char *reader_unused_columns(const struct reader *reader);

/*
 * The next record: 1, or 0 at the end of the file, or -1: an unterminated or stray quote (line and
 * column named), a record over READER_RECORD_BYTES, a file that changed: EXIT_INPUT_REFUSED. The
 * record is valid until the next call. The one quote that may stand inside a bare cell is that of
 * the spreadsheet idiom ="00123"; blanks and tabs around a quoted cell are passed over.
 */
int reader_next(struct reader *reader, struct record *ret_record, struct error *err);

/*
 * Whether what was last read, the header included, has no line end behind it: rule
 * missing-final-newline. A header alone that is cut would else pass for an empty export.
 */
bool reader_is_unfinished(const struct reader *reader);

/* Refuses the export for a record that was read; `why` says what is wrong with it. Returns -1. */
int reader_refuse(const struct reader *reader, const struct record *record, const char *why,
                  struct error *err);

/* Blank lines passed over so far. */
uint64_t reader_blank_lines(const struct reader *reader);

/* Bytes of the export taken so far; for progress. */
uint64_t reader_position(const struct reader *reader);

/*
 * Where a cell of the record last returned starts: its physical line and its column in characters,
 * from 1. An index past the last cell gives the end of the record.
 */
void reader_locate(const struct reader *reader, size_t index, uint64_t *ret_line,
                   uint64_t *ret_column);

#endif
