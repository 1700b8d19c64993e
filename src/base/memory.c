#include "base/memory.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"

/* Nothing here may allocate. */
_Noreturn static void end(void)
{
    static const char words[] = "claimbatch: error: out of memory; what was in flight is unknown: "
                                "the same command again goes on\n";
    ssize_t ignored = write(STDERR_FILENO, words, sizeof(words) - 1);

    (void)ignored;
    _exit(EXIT_RESOURCES);
}

void *memory_get(void *context, size_t size)
{
    return memory_resize(context, NULL, size);
}

void *memory_resize(void *context, void *old, size_t size)
{
    void *memory = realloc(old, size);

    (void)context;
    if (!memory)
        end();
    return memory;
}

void memory_free(void *context, void *old)
{
    (void)context;
    free(old);
}
