#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/words/language.h"

/* Takes off the part of a character that the end of the text cut. */
static void drop_cut_character(char *text)
{
    size_t len = strlen(text), start = len;

    if (len < ERROR_TEXT_BYTES - 1)
        return;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start > 0 && (unsigned char)text[start - 1] >= 0xc0)
        text[start - 1] = '\0';
}

int error_set(struct error *err, int exit_code, const char *format, ...)
{
    char text[ERROR_TEXT_BYTES];
    va_list args;

    /* Formatted apart, so that the old text may be one of the arguments. */
    va_start(args, format);
    vsnprintf(text, sizeof(text), language_of(format), args);
    va_end(args);
    err->exit_code = exit_code;
    snprintf(err->text, sizeof(err->text), "%s", text);
    drop_cut_character(err->text);
    return -1;
}

void error_add(struct error *err, const char *words)
{
    size_t len = strlen(err->text);

    words = language_of(words);
    if (!strstr(err->text, words))
        snprintf(err->text + len, sizeof(err->text) - len, _("; %s"), words);
    drop_cut_character(err->text);
}

int error_no_memory(struct error *err)
{
    return error_set(err, EXIT_RESOURCES, "out of memory");
}
