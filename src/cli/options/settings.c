#include "cli/options/settings.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "base/words/language.h"
#include "gateway/mask.h"

static const char *const section_names[SECTION_COUNT] = {
    [SECTION_GATEWAY] = "gateway",   [SECTION_RUN] = "run",           [SECTION_INPUT] = "input",
    [SECTION_COLUMNS] = "columns",   [SECTION_STATUSES] = "statuses", [SECTION_RULES] = "rules",
    [SECTION_VERDICTS] = "verdicts",
};

const char *settings_section_name(enum section section)
{
    return section_names[section];
}

enum section settings_find_section(const char *name)
{
    size_t i = 0;

    while (i < SECTION_COUNT && strcmp(section_names[i], name) != 0)
        i++;
    return (enum section)i;
}

int settings_note(struct settings *settings, const struct setting *setting)
{
    if (!ARRAY_HAS_ROOM(settings->list, settings->count, settings->room))
        return -1;
    settings->list[settings->count++] = *setting;
    return 0;
}

void settings_release(struct settings *settings)
{
    free(settings->list);
    *settings = (struct settings){0};
}

const struct setting *settings_find(const struct settings *settings, enum section section,
                                    const char *key)
{
    for (size_t i = settings->count; i > 0; i--) {
        const struct setting *setting = &settings->list[i - 1];

        if (setting->section == section && strcmp(setting->key, key) == 0)
            return setting;
    }
    return NULL;
}

/* A key whose values add up. */
static bool is_list(const struct setting *setting)
{
    return setting->section == SECTION_INPUT && strcmp(setting->key, "null") == 0;
}

/* Whether an earlier setting has the same key; that one gives the place in the list. */
static bool is_known(const struct settings *settings, size_t at)
{
    const struct setting *setting = &settings->list[at];

    for (size_t i = 0; i < at && !is_list(setting); i++) {
        if (settings->list[i].section == setting->section &&
            strcmp(settings->list[i].key, setting->key) == 0)
            return true;
    }
    return false;
}

static void print_origin(const struct origin *origin, struct buffer *ret_text)
{
    switch (origin->kind) {
    case ORIGIN_DEFAULT:
        language_append(ret_text, "# the default\n");
        break;
    case ORIGIN_CONFIG:
        language_format(ret_text, "# from %s, line %u\n", LOG_QUOTED(origin->name), origin->line);
        break;
    case ORIGIN_ENVIRONMENT:
        language_format(ret_text, "# from the environment, %s\n", origin->name);
        break;
    case ORIGIN_OPTION:
        language_append(ret_text, "# from the command line\n");
        break;
    }
}

static void visit_section(const struct settings *settings, enum section section,
                          void (*visit)(void *context, const struct setting *setting),
                          void *context)
{
    for (size_t i = 0; i < settings->count; i++) {
        const struct setting *setting = &settings->list[i];

        if (setting->section == section && !is_known(settings, i))
            visit(context,
                  is_list(setting) ? setting : settings_find(settings, section, setting->key));
    }
}

void settings_visit(const struct settings *settings,
                    void (*visit)(void *context, const struct setting *setting), void *context)
{
    for (int i = 0; i < SECTION_COUNT; i++)
        visit_section(settings, (enum section)i, visit, context);
}

void settings_value(const struct setting *setting, struct buffer *ret_text)
{
    if (setting->section == SECTION_GATEWAY || setting->section == SECTION_RUN)
        mask_url(setting->value, ret_text);
    else
        buffer_text(ret_text, setting->value);
}

struct printing {
    struct buffer *text;
    enum section section; /* whose head was printed last */
};

static void print_setting(void *context, const struct setting *setting)
{
    struct printing *printing = context;
    struct buffer *text = printing->text;
    struct buffer value = {0};

    if (printing->section != setting->section)
        buffer_format(text, "%s[%s]\n", text->len ? "\n" : "",
                      settings_section_name(setting->section));
    printing->section = setting->section;
    print_origin(&setting->origin, text);
    log_quote_whole(setting->key, text); /* a word of the office's own may be anything */
    buffer_text(text, " = ");
    settings_value(setting, &value);
    log_quote_whole(value.failed ? "" : buffer_string(&value), text);
    text->failed |= value.failed;
    buffer_release(&value);
    buffer_byte(text, '\n');
}

void settings_print(const struct settings *settings, struct buffer *ret_text)
{
    struct printing printing = {ret_text, SECTION_NONE};

    settings_visit(settings, print_setting, &printing);
}
