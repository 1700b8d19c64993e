/*
 * lines: an export as physical lines of UTF-8.
 *
 * Hides blocks, byte order mark and encoding. LF, CR and CRLF end a line. What was read stays in
 * memory from the last mark on, so that a record of several lines is one stretch of text; the
 * caller refuses one that grows too long, which bounds the memory.
 *
 * Tested by tests/unit/test_reader.c
 */
#ifndef CLAIMBATCH_INPUT_EXPORT_LINES_H
#define CLAIMBATCH_INPUT_EXPORT_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/export/export.h"

struct error;
struct lines;

/* One line; the text is valid until the next call of lines_next. */
struct line {
    const char *text;
    size_t len;        /* without the line end */
    size_t end_len;    /* of the line end: 1, 2, or 0 where the export ends without one */
    const char *start; /* of the text since the mark, which this line ends */
};

/* Starts a pass over a surveyed export, which must outlive it. NULL with `err` set. */
struct lines *lines_open(struct export *export, const struct survey *survey, struct error *err);
void lines_close(struct lines *lines);

/* The next line starts a record; the text before it may go. */
void lines_mark(struct lines *lines);

/*
 * The next line: 1, or 0 at the end of the export (then `text` is that end), or -1. When the text
 * since the mark is longer than `limit` without the line's end, LINES_TOO_LONG; then `text` is as
 * far as it was read.
 */
#define LINES_TOO_LONG 2
int lines_next(struct lines *lines, size_t limit, struct line *ret_line, struct error *err);

/* Bytes of the export taken so far; for progress. */
uint64_t lines_position(const struct lines *lines);

#endif
