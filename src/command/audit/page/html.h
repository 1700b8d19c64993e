/*
 * html: what is said on a page, so that it stays what it says.
 *
 * Appends to a page of HTML. Whatever a text from outside holds, it is text on the page: markup is
 * escaped, and what would not be seen (control characters, bidirectional overrides, bytes that are
 * not UTF-8) is written out as log_quote does. The page turns `failed` without memory.
 *
 * Tested by tests/unit/test_html.c
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_PAGE_HTML_H
#define CLAIMBATCH_COMMAND_AUDIT_PAGE_HTML_H

#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/money.h"

/* Bytes of a text at most, once it is written out; what is longer is cut at a character and gets an
 * ellipsis. On the page it takes HTML_ESCAPE_MAX times as many at most. */
#define HTML_TEXT_BYTES 2048
#define HTML_ESCAPE_MAX 5

/* A text between tags. */
void html_text(struct buffer *page, const char *text);

/* The same, in less than `bytes` bytes, 8 … HTML_TEXT_BYTES. */
void html_cut(struct buffer *page, const char *text, size_t bytes);

/* The value of an attribute, with its quotes, in less than `bytes` bytes as above. */
void html_attribute(struct buffer *page, const char *text, size_t bytes);

/* "1,234,567" */
void html_count(struct buffer *page, uint64_t count);

/* "1 row", "2 rows": the count and its noun, which gets an s. */
void html_counted(struct buffer *page, uint64_t count, const char *noun);

/* "1,234.50" */
void html_yuan(struct buffer *page, money fen);

/* "2026-01-02 03:04:05", Beijing time. */
void html_time(struct buffer *page, int64_t wall_ms);

/* The same behind another moment: of one day it is "03:04:05". */
void html_time_after(struct buffer *page, int64_t wall_ms, int64_t other_ms);

/* "250 ms", "1.6 s", "3 min 20 s", "2 h 5 min". */
void html_duration(struct buffer *page, int64_t ms);

/* How a content security policy names a block that stands in the page: "sha256-…". -1 without
 * memory. */
#define HTML_SOURCE_BYTES 64
int html_source(const char *block, size_t len, char ret_source[HTML_SOURCE_BYTES]);

#endif
