#include "cli/statement.h"

#include <string.h>

#include "base/character.h"
#include "base/error.h"
#include "base/words/language.h"
#include "input/reader/reader.h"
#include "input/value/value.h"

/* Whether nothing of it can be seen. */
static bool is_blank(const char *text)
{
    uint32_t point;
    size_t len;

    while ((len = character_decode(text, &point)) > 0 &&
           (character_is_blank(point) || character_is_invisible(point)))
        text += len;
    return !*text;
}

const char *statement_breach(const char *text, size_t limit)
{
    struct cell cell = {text, strlen(text)};

    if (value_of(&cell).len == 0 || is_blank(text))
        return _("is empty");
    if (cell.len > limit)
        return _("is too long");
    if (!character_is_utf8(text))
        return _("is not UTF-8");
    if (value_has_control((struct value){text, cell.len}) || strpbrk(text, "\t\r\n"))
        return _("has control characters");
    return NULL;
}

int statement_check(const char *by, const char *reason, struct error *err)
{
    const char *why = by ? statement_breach(by, STATEMENT_BY_BYTES) : NULL;

    if (!why && reason)
        why = statement_breach(reason, STATEMENT_REASON_BYTES);
    if (!why)
        return 0;
    return error_set(err, EXIT_BAD_USAGE,
                     "the text of --by or --reason %s: they are 1 to %d and 1 to %d bytes of plain "
                     "text",
                     why, STATEMENT_BY_BYTES, STATEMENT_REASON_BYTES);
}
