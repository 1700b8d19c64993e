#include "form.h"

#include <microhttpd.h>
#include <string.h>

void form_add(struct form *form, const char *name, const char *value)
{
    if (form->count == FORM_FIELDS) {
        form->overflow = true;
        return;
    }
    form->fields[form->count++] = (struct field){.name = name, .value = value};
}

static void unescape(char *text)
{
    for (char *plus = strchr(text, '+'); plus; plus = strchr(plus, '+'))
        *plus = ' ';
    MHD_http_unescape(text);
}

void form_decode(struct form *form, char *text)
{
    char *rest = text;
    char *pair;

    while ((pair = strsep(&rest, "&"))) {
        char *value = strchr(pair, '=');

        if (!*pair)
            continue;
        if (value)
            *value++ = '\0';
        else
            value = pair + strlen(pair);
        unescape(pair);
        unescape(value);
        form_add(form, pair, value);
    }
}

const char *form_value(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++)
        if (!strcmp(form->fields[i].name, name))
            return form->fields[i].value;
    return NULL;
}

const char *form_filled(const struct form *form, const char *name)
{
    const char *value = form_value(form, name);

    return value && *value ? value : NULL;
}
