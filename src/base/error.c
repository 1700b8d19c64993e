#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *err, int exit_code, const char *format, ...)
{
    char text[ERROR_TEXT_BYTES];
    va_list args;

    /* Formatted apart, so that the old text may be one of the arguments. */
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    err->exit_code = exit_code;
    snprintf(err->text, sizeof(err->text), "%s", text);
    return -1;
}

void error_add(struct error *err, const char *words)
{
    size_t len = strlen(err->text);

    if (!strstr(err->text, words))
        snprintf(err->text + len, sizeof(err->text) - len, "; %s", words);
}

int error_no_memory(struct error *err)
{
    return error_set(err, EXIT_RESOURCES, "out of memory");
}
