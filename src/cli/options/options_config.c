/* Options are taken from a configuration. */
#include "cli/options/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/words/language.h"
#include "cli/command.h"
#include "cli/options/config.h"
#include "cli/suggestion.h"
#include "option_list.h"
#include "option_values.h"
#include "options_part.h"

/* Configurations write in_flight as often as in-flight. */
static bool is_same_key(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if (*a != *b && !(strchr("-_", *a) && strchr("-_", *b)))
            return false;
    return *a == *b;
}

const struct option_spec *options_find_key(enum section section, const char *key)
{
    for (size_t i = 0; i < option_list_count; i++)
        if (option_list[i].section == section && is_same_key(option_list_key(&option_list[i]), key))
            return &option_list[i];
    return NULL;
}

static const char *section_word(size_t i)
{
    return i < SECTION_COUNT ? settings_section_name((enum section)i) : NULL;
}

/* The i-th key that a configuration may have. */
static const char *key_word(size_t i)
{
    for (size_t k = 0; k < option_list_count; k++)
        if (option_list[k].section != SECTION_NONE && i-- == 0)
            return option_list_key(&option_list[k]);
    return NULL;
}

/* Whether the key says that a secret stands behind it. */
static bool is_secret_key(const char *key)
{
    static const char *const keys[] = {"secret",      "app-secret",  "appsecret",
                                       "session",     "session-key", "sessionkey",
                                       "app-session", "password",    "access-token"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
        if (is_same_key(keys[i], key))
            return true;
    return false;
}

static int refuse_entry(const struct config *config, const struct config_entry *entry,
                        const char *why, struct error *err)
{
    const char *what = entry->key ? entry->key : entry->section;

    return error_set(err, EXIT_BAD_CONFIG,
                     "configuration '%s', line %u: %s '%s': %s; nothing was sent",
                     LOG_QUOTED(config_path(config)), entry->line,
                     entry->key ? _("the key") : _("the section"), LOG_QUOTED(what), why);
}

/* Whoever may read the configuration has read it by now, so it is to be changed as well. */
static int refuse_secret(const struct config *config, const struct config_entry *entry,
                         struct error *err)
{
    return refuse_entry(config, entry,
                        _("a secret never stands in a configuration: take it out, put it into the "
                          "first line of a file that only you can read, and name that file with "
                          "app_secret_file or session_file in [gateway]"),
                        err);
}

static int refuse_section(const struct config *config, const struct config_entry *entry,
                          struct error *err)
{
    struct config_entry head = {entry->section, NULL, NULL, entry->line};
    const char *near = suggestion_find(entry->section, section_word);
    char why[256];

    if (entry->key && is_secret_key(entry->key))
        return refuse_secret(config, entry, err);
    if (!*entry->section)
        return refuse_entry(config, entry, _("it stands before the first [section]"), err);
    if (near)
        snprintf(why, sizeof(why), _("there is no such section; did you mean [%s]?"), near);
    else
        snprintf(why, sizeof(why),
                 _("there is no such section; there are gateway, run, input, columns, statuses, "
                   "rules, verdicts"));
    return refuse_entry(config, &head, why, err);
}

/* A key that this section does not have: another may, or only the command line does. */
static int refuse_key(const struct config *config, const struct config_entry *entry,
                      struct error *err)
{
    const char *near = suggestion_find(entry->key, key_word);
    char why[320];

    snprintf(why, sizeof(why), "%s",
             _("there is no such key; claimbatch upload --print-config shows all that are set"));
    if (is_secret_key(entry->key))
        return refuse_secret(config, entry, err);
    for (size_t i = 0; i < option_list_count; i++) {
        if (!is_same_key(option_list_key(&option_list[i]), entry->key))
            continue;
        if (option_list[i].section == SECTION_NONE)
            return refuse_entry(config, entry,
                                _("it is never taken from a configuration; type it as an option"),
                                err);
        snprintf(why, sizeof(why), _("it belongs into the section [%s]"),
                 settings_section_name(option_list[i].section));
        return refuse_entry(config, entry, why, err);
    }
    if (near)
        snprintf(why, sizeof(why), _("there is no such key; did you mean '%s'?"), near);
    return refuse_entry(config, entry, why, err);
}

static int take_column_entry(struct options *o, const struct config_entry *entry,
                             const struct origin *origin, struct error *err)
{
    enum field field;

    if (!column_field_parse(entry->key, &field))
        return refuse_entry(o->config, entry,
                            _("a column is one of workcard_id, claim_desc, claim_count, "
                              "claim_order_no, claim_status, claim_time, claim_fee"),
                            err);
    if (!*entry->value)
        return refuse_entry(o->config, entry, _("the header of the column is missing"), err);
    o->reader.wanted_columns[field] = entry->value;
    return options_note(o, SECTION_COLUMNS, column_field_name(field), entry->value, origin, err);
}

static int take_status_entry(struct options *o, const struct config_entry *entry,
                             const struct origin *origin, struct error *err)
{
    const char *why = NULL;

    if (!vocabulary_add_status(&o->rules.vocabulary, entry->key, entry->value, &why))
        return refuse_entry(o->config, entry, why, err);
    return options_note(o, SECTION_STATUSES, entry->key, entry->value, origin, err);
}

static const char *rule_word(size_t i)
{
    return i < RULE_COUNT ? rule_name((enum rule)i) : NULL;
}

/* Of a key; NULL when there is no such rule. */
static const char *find_rule_name(const char *key)
{
    for (int i = 0; i < RULE_COUNT; i++)
        if (is_same_key(rule_name((enum rule)i), key))
            return rule_name((enum rule)i);
    return NULL;
}

static int refuse_rule(const struct config *config, const struct config_entry *entry, bool is_there,
                       const char *why, struct error *err)
{
    const char *near = is_there ? NULL : suggestion_find(entry->key, rule_word);
    char text[256];

    if (near) {
        snprintf(text, sizeof(text), _("there is no rule of this name; did you mean '%s'?"), near);
        why = text;
    }
    return refuse_entry(config, entry, why, err);
}

static int take_rule_entry(struct options *o, const struct config_entry *entry,
                           const struct origin *origin, struct error *err)
{
    struct buffer pair = {0};
    const char *why = NULL, *name = find_rule_name(entry->key);
    enum severity severity;
    bool taken;

    if (!rule_severity_parse(entry->value, &severity))
        return options_refuse_value(entry->key, entry->value, origin, _("it is error, warn or off"),
                                    err);
    buffer_format(&pair, "%s=%s", name ? name : entry->key, entry->value);
    taken = rules_parse(&o->rules, buffer_string(&pair), &why);
    buffer_release(&pair);
    if (!taken)
        return refuse_rule(o->config, entry, name != NULL, why, err);
    return options_note(o, SECTION_RULES, name, entry->value, origin, err);
}

static bool parse_verdict(const char *word, enum verdict_kind *ret_kind)
{
    static const struct {
        const char *word;
        enum verdict_kind kind;
    } verdicts[] = {
        {"rejected", VERDICT_REJECTED}, {"unknown", VERDICT_UNKNOWN}, {"again", VERDICT_AGAIN}};

    for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
        *ret_kind = verdicts[i].kind;
        if (strcmp(word, verdicts[i].word) == 0)
            return true;
    }
    return false;
}

static int take_verdict_entry(struct options *o, const struct config_entry *entry,
                              const struct origin *origin, struct error *err)
{
    struct verdict_override override = {.kind = VERDICT_UNKNOWN};
    size_t i = 0;

    if (!parse_verdict(entry->value, &override.kind))
        return refuse_entry(o->config, entry,
                            _("what it means is again (surely not executed, may be sent again), "
                              "rejected, or unknown"),
                            err);
    if (strlen(entry->key) >= sizeof(override.sub_code))
        return refuse_entry(o->config, entry, _("no sub_code is that long"), err);
    strcpy(override.sub_code, entry->key);
    while (i < o->verdict_count && strcmp(o->verdicts[i].sub_code, override.sub_code) != 0)
        i++;
    if (i == OPTIONS_VERDICTS_MAX)
        return refuse_entry(o->config, entry, _("more than 64 verdicts"), err);
    o->verdicts[i] = override;
    o->verdict_count += i == o->verdict_count;
    return options_note(o, SECTION_VERDICTS, entry->key, entry->value, origin, err);
}

/* A path with such an end would be another file, in silence. */
static const char *find_decoration(const struct option_spec *spec, const char *value)
{
    size_t len = strlen(value);

    if (spec->kind != KIND_TEXT)
        return NULL;
    if (strstr(value, " #") || strstr(value, " ;") || strstr(value, "\t#") || strstr(value, "\t;"))
        return _("a comment stands on a line of its own");
    if (len > 1 && *value == value[len - 1] && (*value == '"' || *value == '\''))
        return _("write it without quotes");
    return NULL;
}

/* What this command does not take is looked at all the same, so that a mistake shows at once. */
static int take_key_entry(const struct command *command, struct options *o,
                          const struct config_entry *entry, const struct origin *origin,
                          struct error *err)
{
    const struct option_spec *spec =
        options_find_key(settings_find_section(entry->section), entry->key);
    struct options unused = {0};
    char range[96];
    const char *why;

    if (!spec)
        return refuse_key(o->config, entry, err);
    why = find_decoration(spec, entry->value);
    if (why)
        return options_refuse_value(option_list_key(spec), entry->value, origin, why, err);
    if (spec->commands & command->bit)
        return options_take_from(o, spec, entry->value, origin, err);
    if (!options_take(&unused, spec, entry->value, range, sizeof(range), &why))
        return options_refuse_value(option_list_key(spec), entry->value, origin, why, err);
    return 0; /* no text is kept for what stands in this section */
}

static int take_entry(const struct command *command, struct options *o,
                      const struct config_entry *entry, struct error *err)
{
    const struct origin origin = {ORIGIN_CONFIG, config_path(o->config), entry->line};
    enum section section = settings_find_section(entry->section);

    if (section == SECTION_NONE)
        return refuse_section(o->config, entry, err);
    if (!entry->key)
        return 0;
    if (section == SECTION_COLUMNS)
        return take_column_entry(o, entry, &origin, err);
    if (section == SECTION_STATUSES)
        return take_status_entry(o, entry, &origin, err);
    if (section == SECTION_RULES)
        return take_rule_entry(o, entry, &origin, err);
    if (section == SECTION_VERDICTS)
        return take_verdict_entry(o, entry, &origin, err);
    return take_key_entry(command, o, entry, &origin, err);
}

/* Values that add up, or are judged where they are taken. */
static bool may_be_there_often(const struct config_entry *entry)
{
    enum section section = settings_find_section(entry->section);

    return !entry->key || section == SECTION_STATUSES || section == SECTION_NONE ||
           (section == SECTION_INPUT && is_same_key("null", entry->key));
}

/* Whoever changed the one and not the other would not know which holds. */
static int check_double(const struct config *config, size_t at, struct error *err)
{
    const struct config_entry *entry = config_entry(config, at);
    char why[128];

    for (size_t i = 0; i < at && !may_be_there_often(entry); i++) {
        const struct config_entry *earlier = config_entry(config, i);

        if (!earlier->key || strcmp(earlier->section, entry->section) != 0 ||
            !is_same_key(earlier->key, entry->key))
            continue;
        snprintf(why, sizeof(why), _("line %u has it already: keep one of the two"), earlier->line);
        return refuse_entry(config, entry, why, err);
    }
    return 0;
}

int options_take_config(const struct command *command, struct options *o, struct error *err)
{
    const struct config_entry *entry;

    for (size_t i = 0; o->config && (entry = config_entry(o->config, i)); i++)
        if (take_entry(command, o, entry, err) || check_double(o->config, i, err))
            return -1;
    return 0;
}
