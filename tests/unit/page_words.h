/* Short words for what the tests of pages do in every line. */
#ifndef CLAIMBATCH_TESTS_PAGE_WORDS_H
#define CLAIMBATCH_TESTS_PAGE_WORDS_H

#include <stdint.h>
#include <string.h>

#include "base/buffer.h"

#define NOW_MS INT64_C(1670803200000) /* 2022-12-12 08:00:00 in Beijing */

static struct buffer page;

static inline int release_page(void **state)
{
    (void)state;
    buffer_release(&page);
    return 0;
}

static inline size_t count_of(const char *words)
{
    size_t count = 0;

    for (const char *at = page.ptr; (at = strstr(at, words)); at += strlen(words))
        count++;
    return count;
}

#endif
