/* The program's realloc, which grows all its buffers: the one call behind so many more fails. The
 * test is linked with --wrap=realloc. */
#ifndef CLAIMBATCH_TESTS_FAILING_REALLOC_H
#define CLAIMBATCH_TESTS_FAILING_REALLOC_H

#include <stddef.h>

static int reallocs_until_failure = -1; /* -1: none fails */

void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_realloc(void *memory, size_t size)
{
    if (reallocs_until_failure >= 0 && reallocs_until_failure-- == 0)
        return NULL;
    return __real_realloc(memory, size);
}

#endif
