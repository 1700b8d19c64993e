/*
 * quoting: a line of an export as strict CSV, which libcsv takes.
 *
 * Some tools write what strict CSV forbids but what can mean one thing only: blanks and tabs around
 * a quoted cell, the spreadsheet idiom ="00123" without quotes around it, a delimiter of several
 * bytes. Anything else is handed on as it is, so that libcsv refuses it.
 *
 * Tested by tests/unit/test_reader.c
 */
#ifndef CLAIMBATCH_INPUT_READER_QUOTING_H
#define CLAIMBATCH_INPUT_READER_QUOTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

#define QUOTING_DELIMITER_BYTES 5 /* a character in UTF-8 and its NUL */

struct quoting {
    char delimiter[QUOTING_DELIMITER_BYTES];
    size_t delimiter_len;
    char byte;          /* what stands for the delimiter in the strict text */
    struct buffer text; /* the strict form of the last line */
    bool is_open;       /* a quote is open where the next line begins */
    bool was_open;      /* … where the last one began */
};

/* False for what cannot be a delimiter. */
bool quoting_init(struct quoting *ret_quoting, uint32_t delimiter);
void quoting_release(struct quoting *quoting);

/* A record begins. */
void quoting_reset(struct quoting *quoting);

/* Makes the strict form of a line of `len` bytes, its line end not among them. Memory that runs out
 * shows in `text`. */
void quoting_line(struct quoting *quoting, const char *line, size_t len);

/* Where in the line an offset of its strict form comes from. */
size_t quoting_origin(const struct quoting *quoting, const char *line, size_t len, size_t offset);

/* Whether the delimiter stands at the text. */
bool quoting_is_delimiter(const struct quoting *quoting, const char *text, const char *end);

/* The blanks at the text that are passed over because a quote follows, 0 otherwise. */
size_t quoting_blanks(const struct quoting *quoting, const char *text, const char *end);

#endif
