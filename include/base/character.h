/*
 * character: one Unicode character in UTF-8, and what a person sees of it.
 *
 * Tested by tests/unit/test_character.c
 */
#ifndef CLAIMBATCH_BASE_CHARACTER_H
#define CLAIMBATCH_BASE_CHARACTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CHARACTER_REPLACEMENT 0xfffd /* what converters write where they lost a character */

/* The bytes of the valid character at `text`, which ends with a NUL somewhere, or 0. The code point
 * of what is 0 or 1 bytes long is its byte. */
size_t character_decode(const char *text, uint32_t *ret_point);

/* Whether the NUL-terminated text is strict UTF-8 (no surrogates, no overlong forms). */
bool character_is_utf8(const char *text);

/* Writes the character and a NUL. Returns its bytes, 0 for what is no character. */
#define CHARACTER_ROOM 5
size_t character_encode(uint32_t point, char ret_text[CHARACTER_ROOM]);

/* Of ASCII alone, whatever the locale says. */
static inline bool character_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool character_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline char character_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whether it shows nothing: of zero width, or one that turns the direction of writing. */
bool character_is_invisible(uint32_t point);

/* Whether it is a blank of whatever width, or a line's end. */
bool character_is_blank(uint32_t point);

/* Whether it looks like an ASCII character and is none: full-width forms, blanks of another kind,
 * dashes. */
bool character_is_lookalike(uint32_t point);

#endif
