/* Short words for what the tests of values do in every line. */
#ifndef CLAIMBATCH_TESTS_VALUE_WORDS_H
#define CLAIMBATCH_TESTS_VALUE_WORDS_H

#include <string.h>

#include "input/value/value.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static inline struct value value(const char *text)
{
    return (struct value){text, strlen(text)};
}

#endif
