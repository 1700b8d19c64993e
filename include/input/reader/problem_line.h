/*
 * problem_line: the list of problems that check writes, and that is read as the rows of the export
 * it came from.
 *
 * In front of an export's own cells each line has where it came from. Its key (workcard_id and
 * claim_order_no) is sealed where it was not the problem: so a spreadsheet or a slip cannot make it
 * another claim unnoticed. So is its amount: where some columns are sorted without the others it
 * is another claim's. Nor can a line be moved to another row or export.
 *
 * Tested by tests/unit/test_problem_line.c and tests/e2e/test_problem_list.py
 */
#ifndef CLAIMBATCH_INPUT_READER_PROBLEM_LINE_H
#define CLAIMBATCH_INPUT_READER_PROBLEM_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "input/claim/findings.h"
#include "input/reader/columns.h"

struct cell;
struct error;
struct record;

/* The columns in front of the office's own. The Chinese in the last one says to leave it alone, and
 * decides the encoding of a list whose other cells are few. */
#define CORRECTION_COLUMNS 7
#define CORRECTION_ROW_COLUMN 0
#define CORRECTION_EXPORT_COLUMN 5
#define CORRECTION_SEAL_COLUMN 6

#define CORRECTION_SHA256_BYTES 32
#define CORRECTION_SEAL_BYTES 64

/* Where one line came from. */
struct problem_line {
    uint64_t row; /* of the export */
    unsigned char export_sha256[CORRECTION_SHA256_BYTES];
    char seal[CORRECTION_SEAL_BYTES];
    uint64_t list_row; /* in the list, as a spreadsheet counts */
};

/* The header in front of the office's, each name with the delimiter behind it. */
void problem_line_append_header(char delimiter, struct buffer *ret_text);

/* Whether a header begins with those columns, in their order. */
bool problem_line_is_header(const struct cell *cells, size_t count);

/* Takes the first cells of a line; false when they are not as they were written. */
bool problem_line_take(const struct cell *cells, size_t count, struct problem_line *ret_correction);

/* Seals key and amount of a row that has these findings. -1 without memory. */
int problem_line_seal(const struct columns *columns, const struct record *record,
                      const struct findings *findings, uint64_t row,
                      const unsigned char export_sha256[CORRECTION_SHA256_BYTES],
                      char ret_seal[CORRECTION_SEAL_BYTES]);

/* Adds a finding where key or amount of a corrected record is sealed and was changed, and where its
 * time has lost the seconds. The amount of a claim that failed may become zero. -1 without memory.
 */
int problem_line_judge(const struct rules *rules, const struct columns *columns,
                       const struct record *record, struct findings *findings);

/*
 * Appends a cell so that a spreadsheet that opens the list and saves it again keeps it: what it
 * would make a number or a date of stands as ="…", what it would run is guarded; then it is quoted
 * where needed. problem_line_plain gives the text back.
 */
void problem_line_append_cell(const char *text, char delimiter, struct buffer *ret_text);
const char *problem_line_plain(const char *text);

#endif
