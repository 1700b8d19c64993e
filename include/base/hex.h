/*
 * hex: bytes as hexadecimal digits. Pure.
 *
 * Tested by tests/unit/test_hex.c
 */
#ifndef CLAIMBATCH_BASE_HEX_H
#define CLAIMBATCH_BASE_HEX_H

#include <stdbool.h>
#include <stddef.h>

/* The digits of `len` bytes, in lower or upper case, and a NUL: 2 * len + 1 chars. */
void hex_format(const unsigned char *bytes, size_t len, char *ret_hex);
void hex_format_upper(const unsigned char *bytes, size_t len, char *ret_hex);

/* Whether the text is `len` digits in lower case and nothing else. */
bool hex_is_text(const char *text, size_t len);

/* Reads the 2 * `count` lower-case digits at `hex`. False, and nothing else, where one is none. */
bool hex_parse(const char *hex, size_t count, unsigned char *ret_bytes);

#endif
