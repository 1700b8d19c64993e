/*
 * terminal: how words look where they are shown.
 *
 * The program's texts are UTF-8; a terminal may have another charset (GB18030, GBK). What it does
 * not have becomes a question mark: no run ends for that.
 *
 * Tested by tests/unit/test_language.c and tests/e2e/test_language.py
 */
#ifndef CLAIMBATCH_BASE_WORDS_TERMINAL_H
#define CLAIMBATCH_BASE_WORDS_TERMINAL_H

#include <stddef.h>

#include "base/buffer.h"

/* Takes the charset of the environment. Without a locale, and in that of C, bytes go out and come
 * in as they are. */
void terminal_start(void);
void terminal_end(void);

/* The text in the terminal's charset: itself, or what is in `room` then. */
const char *terminal_text(const char *text, struct buffer *room);

/* A word as it was typed, in UTF-8: itself, or what is in `room` then. What is UTF-8 already, or
 * nothing that the terminal's charset has, stays. */
const char *terminal_word(const char *typed, struct buffer *room);

/* Text on standard output, which machines do not read. */
void terminal_print(const char *text);

/* How many columns the terminal of a descriptor has; 80 where it is none, or does not say. */
size_t terminal_width(int fd);

/* The columns that a text takes: Chinese characters two each. */
size_t terminal_columns(const char *text);

/* Appends the text and then blanks up to so many columns. */
void terminal_cell(struct buffer *buffer, const char *text, size_t columns);

/* Appends a sentence in lines of so many columns, and a line end; all but the first begin at column
 * `indent`, and `at` is where the first one is now. A word that is wider than a line stays whole;
 * between Chinese characters a line may end. */
void terminal_flow(const char *text, size_t at, size_t indent, size_t columns, struct buffer *out);

#endif
