/*
 * text: what the characters of a cell give away.
 *
 * One pass over the bytes with a table says what kinds of bytes a text has; the costlier questions
 * are asked only where these point. Pure, UTF-8.
 *
 * Tested by tests/unit/test_text.c
 */
#ifndef CLAIMBATCH_INPUT_VALUE_TEXT_H
#define CLAIMBATCH_INPUT_VALUE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "input/value/value.h"

/* Kinds of bytes, as a set. */
enum {
    TEXT_DIGIT = 1 << 0,
    TEXT_UPPER = 1 << 1,
    TEXT_LOWER = 1 << 2,
    TEXT_DASH = 1 << 3,       /* - and _ */
    TEXT_MARK = 1 << 4,       /* : . and + */
    TEXT_SEPARATOR = 1 << 5,  /* ; , | / blank, tab, line end */
    TEXT_GUISE = 1 << 6,      /* ' ` & */
    TEXT_QUESTION = 1 << 7,   /* ? */
    TEXT_BACKSLASH = 1 << 8,  /* \ */
    TEXT_CONTROL = 1 << 9,    /* control characters other than tab and line ends */
    TEXT_OTHER = 1 << 10,     /* other ASCII */
    TEXT_TWO = 1 << 11,       /* begins a character of two bytes: U+0080 to U+07FF */
    TEXT_SYMBOL = 1 << 12,    /* begins one of U+0800 to U+3FFF: dashes, blanks, 、 */
    TEXT_HAN = 1 << 13,       /* begins one of U+4000 to U+DFFF */
    TEXT_SPECIAL = 1 << 14,   /* begins one of U+E000 on: private use, full width, U+FFFD */
    TEXT_CONTINUED = 1 << 15, /* another byte of a character */
};

#define TEXT_BEYOND_ASCII (TEXT_TWO | TEXT_SYMBOL | TEXT_HAN | TEXT_SPECIAL)

/* The kinds of all its bytes. */
unsigned text_kinds(struct value value);

/* A hash of the shape: which bytes are digits, which are letters, and all others. Never 0. */
uint64_t text_shape(struct value value);

/* A character of a private use area, or a code that is no character. */
bool text_has_private_use(struct value value);

/* Nothing but question marks, U+FFFD and blanks; 锟斤拷 anywhere; or question marks in a row in a
 * text that is ASCII else: where a converter lost what it said. */
bool text_is_lost(struct value value, unsigned kinds);

/* A backslash as MySQL and Hive write it: before a line end, a quote, n, t, r, N, `delimiter`, or
 * at the end of the text. */
bool text_has_backslash_escape(struct value value, uint32_t delimiter);

/* The kind of a text that was read in a wrong encoding somewhere. */
enum mojibake {
    MOJIBAKE_NONE,
    MOJIBAKE_UTF8_AS_GBK, /* 涓嶅湪 for 不在 */
    MOJIBAKE_GBK_AS_UTF8, /* ©ˮ for 漏水 */
    MOJIBAKE_AS_LATIN,    /* ä¸åœ¨ or ²»ÔÚ for 不在 */
};

/* Whether undoing it gives Chinese. Not thread-safe before its first call has returned. */
enum mojibake mojibake_find(struct value value, unsigned kinds);

#endif
