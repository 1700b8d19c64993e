#include "input/value/pattern.h"

#include <locale.h>
#include <regex.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"

struct pattern {
    regex_t regex;
    locale_t locale; /* in which it was compiled and is matched; 0: the program's */
};

static int compile(struct pattern *pattern, const char *expression, struct error *err)
{
    struct buffer whole = {0};
    char words[128];
    locale_t before = (locale_t)0;
    int failure = 0;

    buffer_format(&whole, "^(%s)$", expression);
    if (whole.failed)
        return error_no_memory(err);
    before = pattern->locale ? uselocale(pattern->locale) : (locale_t)0;
    failure = regcomp(&pattern->regex, whole.ptr, REG_EXTENDED | REG_NOSUB);
    if (pattern->locale)
        uselocale(before);
    buffer_release(&whole);
    if (!failure)
        return 0;
    if (failure == REG_ESPACE)
        return error_no_memory(err);
    regerror(failure, &pattern->regex, words, sizeof(words));
    return error_set(err, EXIT_BAD_USAGE,
                     "--order-no-pattern '%s' is no extended regular expression: %s; nothing was "
                     "sent",
                     LOG_QUOTED(expression), words);
}

int pattern_open(const char *expression, struct pattern **ret_pattern, struct error *err)
{
    struct pattern *pattern = calloc(1, sizeof(*pattern));

    *ret_pattern = NULL;
    if (!pattern)
        return error_no_memory(err);
    pattern->locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (compile(pattern, expression, err)) {
        if (pattern->locale)
            freelocale(pattern->locale);
        free(pattern);
        return -1;
    }
    *ret_pattern = pattern;
    return 0;
}

void pattern_close(struct pattern *pattern)
{
    if (!pattern)
        return;
    regfree(&pattern->regex);
    if (pattern->locale)
        freelocale(pattern->locale);
    free(pattern);
}

bool pattern_fits(const struct pattern *pattern, const char *text)
{
    locale_t before = pattern->locale ? uselocale(pattern->locale) : (locale_t)0;
    bool fits = regexec(&pattern->regex, text, 0, NULL, 0) == 0;

    if (pattern->locale)
        uselocale(before);
    return fits;
}
