#include "cli/statement.h"

#include <string.h>

#include "base/character.h"
#include "base/words/language.h"
#include "input/reader/reader.h"
#include "input/value/value.h"

const char *statement_breach(const char *text, size_t limit)
{
    struct cell cell = {text, strlen(text)};

    if (value_of(&cell).len == 0)
        return _("is empty");
    if (cell.len > limit)
        return _("is too long");
    if (!character_is_utf8(text))
        return _("is not UTF-8");
    if (value_has_control((struct value){text, cell.len}) || strpbrk(text, "\t\r\n"))
        return _("has control characters");
    return NULL;
}
