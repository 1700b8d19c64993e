/*
 * stretch: text inside a cell, for the headers that know no more of it.
 *
 * Tested by tests/unit/test_value.c
 */
#ifndef CLAIMBATCH_INPUT_VALUE_STRETCH_H
#define CLAIMBATCH_INPUT_VALUE_STRETCH_H

#include <stddef.h>

/* A stretch of UTF-8 inside a cell; not NUL-terminated. Borrowed. */
struct value {
    const char *ptr;
    size_t len;
};

#endif
