#include "base/formula.h"

#include <stddef.h>
#include <string.h>

bool formula_starts(const char *text)
{
    static const char *const starts[] = {"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"};

    /* Nearly every text begins otherwise; \xef begins the wide ones. */
    if (!*text || !strchr("'=+-@\t\r\xef", *text))
        return false;
    text += strspn(text, "'");
    for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
        if (strncmp(text, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

const char *formula_unguard(const char *text)
{
    if (!formula_starts(text))
        return text;
    return *text == '\'' ? text + 1 : NULL;
}
