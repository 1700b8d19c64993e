/*
 * top_text: texts of an answer, as far as they are text.
 *
 * Tested by tests/unit/test_top.c
 */
#ifndef CLAIMBATCH_GATEWAY_TOP_TEXT_H
#define CLAIMBATCH_GATEWAY_TOP_TEXT_H

#include <stddef.h>

/* Copies as much as fits, and a NUL; what is no UTF-8 is replaced. */
void top_text_copy(const unsigned char *text, size_t len, char *ret_text, size_t size);

#endif
