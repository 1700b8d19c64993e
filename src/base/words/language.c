#include "base/words/language.h"

#include <errno.h>
#include <libintl.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/words/terminal.h"

#define DOMAIN "claimbatch"
#define PATH_BYTES 4096

static locale_t words;   /* 0: English */
static unsigned records; /* begun and not ended */

/* In a folder of a build the catalogues stand beside the program, in po. */
static const char *catalogue_folder(char path[PATH_BYTES])
{
    ssize_t len = readlink("/proc/self/exe", path, PATH_BYTES - sizeof("/po"));
    char *slash = NULL;

    if (len > 0) {
        path[len] = '\0';
        slash = strrchr(path, '/');
    }
    if (!slash)
        return CLAIMBATCH_LOCALEDIR;
    strcpy(slash, "/po");
    return access(path, X_OK) == 0 ? path : CLAIMBATCH_LOCALEDIR;
}

void language_start(void)
{
    char path[PATH_BYTES];

    words = newlocale(LC_MESSAGES_MASK, "", (locale_t)0);
    if (!words)
        return;
    bindtextdomain(DOMAIN, catalogue_folder(path));
    bind_textdomain_codeset(DOMAIN, "UTF-8");
    bind_textdomain_codeset("libc", "UTF-8");
    uselocale(words);
    /* Catalogues are read at the first look. */
    language_of(N_("out of memory"));
    strerror(ENOENT);
}

void language_stop(void)
{
    if (!words)
        return;
    uselocale(LC_GLOBAL_LOCALE);
    freelocale(words);
    words = (locale_t)0;
}

bool language_is_english(void)
{
    static const char always[] = "out of memory";

    return dgettext(DOMAIN, always) == always;
}

const char *language_of(const char *english)
{
    return english && *english ? dgettext(DOMAIN, english) : english;
}

const char *language_plural(const char *one, const char *many, unsigned long long count)
{
    return dngettext(DOMAIN, one, many, (unsigned long)count);
}

void language_record_begin(void)
{
    if (words && records++ == 0)
        uselocale(LC_GLOBAL_LOCALE);
}

void language_record_end(void)
{
    if (words && --records == 0)
        uselocale(words);
}

void language_format(struct buffer *buffer, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buffer_vformat(buffer, language_of(format), args);
    va_end(args);
}

void language_append(struct buffer *buffer, const char *english)
{
    buffer_text(buffer, language_of(english));
}

void language_printf(const char *format, ...)
{
    struct buffer text = {0};
    va_list args;

    va_start(args, format);
    buffer_vformat(&text, language_of(format), args);
    va_end(args);
    terminal_print(buffer_string(&text));
    buffer_release(&text);
}
