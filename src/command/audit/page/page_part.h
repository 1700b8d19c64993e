/*
 * page_part: the parts of a page, in their order.
 *
 * Each appends one part, or nothing where the audit has nothing to say in it. A part takes no more
 * of the page than its limit; what does not fit is left out, and it says how much.
 *
 * Tested by tests/unit/test_page.c
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_PAGE_PAGE_PART_H
#define CLAIMBATCH_COMMAND_AUDIT_PAGE_PAGE_PART_H

#include <stdbool.h>
#include <stddef.h>

#include "command/audit/audit.h"

struct buffer;

/* Bytes of a name (a path, a code, a number) at most, written out. */
#define PAGE_NAME_BYTES 256

/* Limits that, with AUDIT_REPORTS_MAX reports of names of the greatest length, leave the rows that
 * need a person a third of the page. */
#define PAGE_DISAGREEMENTS_BYTES ((size_t)256 << 10)
#define PAGE_CODES_BYTES ((size_t)320 << 10)
#define PAGE_EVENTS_BYTES ((size_t)48 << 10)

/* The inlays that the build makes of page.css and page.js. */
extern const char page_style[], page_script[];
extern const size_t page_style_bytes, page_script_bytes;

struct page_context {
    const struct audit *audit;
    struct buffer *page;
    const char *version; /* of the program */
    int64_t now_ms;
    size_t linked; /* the rows that need a person which are on the page: so many of the first */
};

/* What stands before the first part, and behind the last one: what is kept for that. */
#define PAGE_END_BYTES (page_script_bytes + 1024)
void page_begin(struct buffer *page, const char *title);
void page_end(struct buffer *page, const char *version, int64_t now_ms);

void page_verdict(const struct page_context *context);
void page_disagreements(const struct page_context *context);
void page_totals(const struct page_context *context);
void page_sums(const struct page_context *context); /* the same without its figures */
void page_time(const struct page_context *context);
void page_codes(const struct page_context *context);
void page_reports(const struct page_context *context);

/* Where the rows are chosen from, above their table. */
void page_controls(struct buffer *page);

/* At most context->linked rows, and none that makes the page longer than `limit` bytes. Returns how
 * many. */
size_t page_rows(const struct page_context *context, size_t limit);

/* ---- what several parts say ---- */

/* Ends an entry that began at `before`: false, and it is gone, when the page is over `limit` now.
 */
bool page_keeps(struct buffer *page, size_t before, size_t limit);

/* Ends a list that lacks so many entries, nothing where it lacks none: "… and 3 codes", without a
 * noun "… and 3", and the ending. */
void page_left_out(struct buffer *page, uint64_t count, const char *noun, const char *ending);

/* A cell of a table or a word of a list: the key in the colour of the outcome, and its name. */
void page_outcome(struct buffer *page, enum outcome outcome);

/* The outcomes of a report as a chart, and as a list of their counts, with the money of each or
 * not. */
void page_outcomes(struct buffer *page, const struct audit_sum *sums, bool with_money);

/* A row's number, and the way to it if it is on the page. */
void page_row_number(const struct page_context *context, uint64_t row);

/* A sign for a check and a word. */
void page_check(struct buffer *page, enum audit_check check, const char *words);

/* A count and its money, in a list of figures; of so many of the count the amount is not known. */
void page_figure(struct buffer *page, const char *name, struct audit_sum sum, uint64_t without);

/* The rows of all outcomes. */
uint64_t page_sum_rows(const struct audit_sum *sums);

#endif
