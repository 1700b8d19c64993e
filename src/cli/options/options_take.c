/* A value is taken, and noted with where it came from. */
#include "cli/options/options.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/character.h"
#include "base/error.h"
#include "base/words/language.h"
#include "gateway/mask.h"
#include "option_list.h"
#include "option_values.h"
#include "options_part.h"

/* Seconds with up to 3 decimals, as milliseconds. */
static bool take_seconds(const char *value, int64_t least, int64_t most, int64_t *ret_ms)
{
    size_t whole = strspn(value, "0123456789");
    const char *rest = value + whole;
    int64_t ms = 0;
    int64_t unit = 100;

    if (!whole || whole > 9)
        return false;
    for (size_t i = 0; i < whole; i++)
        ms = ms * 10 + (value[i] - '0');
    ms *= 1000;
    if (*rest == '.' && rest[1])
        for (rest++; character_is_digit(*rest) && unit; rest++, unit /= 10)
            ms += (*rest - '0') * unit;
    *ret_ms = ms;
    return !*rest && ms > 0 && ms >= least && ms <= most * 1000;
}

static bool take_flag(const char *value, bool *ret_flag)
{
    static const char *const words[][2] = {
        {"yes", "no"}, {"true", "false"}, {"on", "off"}, {"1", "0"}};

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        *ret_flag = strcasecmp(value, words[i][0]) == 0;
        if (*ret_flag || strcasecmp(value, words[i][1]) == 0)
            return true;
    }
    return false;
}

/* False, with the reason, when the value does not fit. A flag that was typed has the value "yes".
 */
bool options_take(struct options *options, const struct option_spec *spec, const char *value,
                  char *ret_range, size_t size, const char **ret_why)
{
    void *member = (char *)options + spec->offset;

    *ret_why = ret_range;
    switch (spec->kind) {
    case KIND_FLAG:
        *ret_why = _("it is yes or no");
        return take_flag(value, member);
    case KIND_TEXT:
        *ret_why = _("it must not be empty");
        *(const char **)member = value;
        return *value != '\0';
    case KIND_INTEGER:
        snprintf(ret_range, size, _("it is a whole number from %" PRId64 " to %" PRId64),
                 spec->least, spec->most);
        return option_value_integer(value, spec->least, spec->most, member);
    case KIND_SECONDS:
        snprintf(ret_range, size, _("it is a number of seconds above 0, up to %" PRId64),
                 spec->most);
        return take_seconds(value, spec->least, spec->most, member);
    case KIND_SPECIAL:
        return spec->take(options, value, ret_why);
    }
    return false;
}

static int refuse_masked(const char *key, const char *value, const struct origin *origin,
                         const char *why, struct error *err)
{
    const char *quoted = LOG_QUOTED(value);

    switch (origin->kind) {
    case ORIGIN_CONFIG:
        return error_set(err, EXIT_BAD_CONFIG,
                         "configuration '%s', line %u: %s does not take '%s': %s; nothing was sent",
                         LOG_QUOTED(origin->name), origin->line, LOG_QUOTED(key), quoted, why);
    case ORIGIN_ENVIRONMENT:
        return error_set(err, EXIT_BAD_CONFIG,
                         "the environment variable %s cannot be '%s': %s; nothing was sent",
                         origin->name, quoted, _(why));
    case ORIGIN_DEFAULT:
    case ORIGIN_OPTION:
        break;
    }
    return error_set(err, why == vocabulary_conflict ? EXIT_BAD_CONFIG : EXIT_BAD_USAGE,
                     "--%s does not take '%s': %s; nothing was sent", LOG_QUOTED(key), quoted, why);
}

int options_refuse_value(const char *key, const char *value, const struct origin *origin,
                         const char *why, struct error *err)
{
    struct buffer masked = {0};
    int result;

    mask_url(value, &masked);
    result = refuse_masked(key, masked.failed ? "" : buffer_string(&masked), origin, why, err);
    buffer_release(&masked);
    return result;
}

int options_note(struct options *options, enum section section, const char *key, const char *value,
                 const struct origin *origin, struct error *err)
{
    struct setting setting = {section, key, value, *origin};

    return section != SECTION_NONE && settings_note(&options->settings, &setting)
               ? error_no_memory(err)
               : 0;
}

/* --column and --rule: each field and each rule is a setting of its own. */
static int note_pair(struct options *options, const struct option_spec *spec, const char *value,
                     const struct origin *origin, struct error *err)
{
    const char *equals = strchr(value, '=');
    size_t len = (size_t)(equals - value);

    for (int i = 0; spec->section == SECTION_COLUMNS && i < FIELD_COUNT; i++) {
        const char *name = column_field_name((enum field)i);

        if (strlen(name) == len && strncmp(name, value, len) == 0)
            return options_note(options, spec->section, name, equals + 1, origin, err);
    }
    for (int i = 0; spec->section == SECTION_RULES && i < RULE_COUNT; i++) {
        const char *name = rule_name((enum rule)i);

        if (strlen(name) == len && strncmp(name, value, len) == 0)
            return options_note(options, spec->section, name, equals + 1, origin, err);
    }
    return 0;
}

/* --status: each word is a setting of its own. */
static int note_status(struct options *options, const char *value, const struct origin *origin,
                       struct error *err)
{
    const char *equals = strrchr(value, '=');
    const char *word = option_value_keep(options, value, (size_t)(equals - value));

    return word ? options_note(options, SECTION_STATUSES, word, equals + 1, origin, err)
                : error_no_memory(err);
}

int options_take_from(struct options *options, const struct option_spec *spec, const char *value,
                      const struct origin *origin, struct error *err)
{
    char range[96];
    const char *why;

    if (!options_take(options, spec, value, range, sizeof(range), &why))
        return options_refuse_value(origin->kind == ORIGIN_CONFIG ? option_list_key(spec)
                                                                  : spec->name,
                                    value, origin, why, err);
    if (spec->section == SECTION_COLUMNS || spec->section == SECTION_RULES)
        return note_pair(options, spec, value, origin, err);
    if (spec->section == SECTION_STATUSES)
        return note_status(options, value, origin, err);
    return options_note(options, spec->section, option_list_key(spec), value, origin, err);
}
