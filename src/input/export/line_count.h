/*
 * line_count: on which physical line a byte is.
 *
 * Text comes in pieces of any size; LF, CR and CRLF end a line, across pieces too.
 *
 * Tested by tests/unit/test_charset.c
 */
#ifndef CLAIMBATCH_INPUT_EXPORT_LINE_COUNT_H
#define CLAIMBATCH_INPUT_EXPORT_LINE_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed is the start of a text. */
struct line_count {
    uint64_t ends;
    bool after_cr; /* the last piece ended with a CR; it is counted, an LF right behind it is not */
};

/* Adds the line ends of a piece of UTF-8, GB18030 or ASCII. */
void line_count_add(struct line_count *lines, const unsigned char *bytes, size_t len);

#endif
