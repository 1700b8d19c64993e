/*
 * line: one line of a report (contract section 3).
 *
 * Pure. UTF-8, RFC 4180, LF. A cell that a spreadsheet would take for a formula gets one more
 * apostrophe in front, so nothing runs and nothing is lost.
 *
 * Tested by tests/unit/test_line.c
 */
#ifndef CLAIMBATCH_REPORT_LINE_H
#define CLAIMBATCH_REPORT_LINE_H

#include <stdint.h>

#include "base/buffer.h"
#include "input/reader/columns.h"
#include "ledger/outcome.h"

#define LINE_BOM "\xef\xbb\xbf"
#define LINE_HEADER                                                                                \
    "row,workcard_id,claim_desc,claim_count,claim_order_no,claim_status,claim_time,claim_fee,"     \
    "outcome,code,sub_code,message,warnings,attempts,http_status,request_id,submitted_at,"         \
    "duration_ms,digest\n"

/* Everything one line says. Texts are never NULL. */
struct line {
    const char *fields[FIELD_COUNT]; /* as sent; of an invalid row the raw text */
    struct row_record record;
    const char *warnings; /* all codes, joined by ';' */
    bool has_digest;
};

/* Appends the line. */
void line_append(const struct line *line, struct buffer *ret_text);

/* Appends one cell: the apostrophe where needed, quoted where needed. */
void line_append_cell(const char *text, struct buffer *ret_text);

/* Whether a file stands there that begins as reports do. */
bool line_begins_file(const char *path);

/* Appends words of the gateway as a cell has them: each control character is a blank, for it is of
 * no use to a reader and of some to an attacker. */
void line_append_clean(const char *text, struct buffer *ret_text);

/* Appends of a list of warnings those that rules gave, which are about the content; and the others,
 * which are about the run. */
void line_append_noted(const char *warnings, struct buffer *ret_codes);
void line_append_arisen(const char *warnings, struct buffer *ret_codes);

#endif
