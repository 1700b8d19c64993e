#include "cli/options/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/words/terminal.h"
#include "cli/command.h"
#include "cli/options/config.h"
#include "cli/suggestion.h"
#include "input/value/pattern.h"
#include "ledger/ledger.h"
#include "ledger/postgres/server_url.h"
#include "option_list.h"
#include "option_values.h"
#include "options_part.h"

#undef U
#undef R
#undef C
#undef A
#undef V
#undef S
#undef I
#undef EVERY

/* ---- defaults and environment ---- */

static int note_rules(struct options *o, struct error *err)
{
    static const struct origin origin = {.kind = ORIGIN_DEFAULT};

    for (int i = 0; i < RULE_COUNT; i++)
        if (!rule_is_fixed((enum rule)i) &&
            options_note(o, SECTION_RULES, rule_name((enum rule)i),
                         rule_severity_name(o->rules.severity[i]), &origin, err))
            return -1;
    return 0;
}

static int set_defaults(const struct command *command, struct options *o, struct error *err)
{
    static const struct origin origin = {.kind = ORIGIN_DEFAULT};

    o->limit = o->max_failures = o->max_failures_percent = -1;
    o->max_changed = 20;
    o->max_changed_percent = 5;
    o->expect_rows = o->expect_fee = -1;
    o->prune = -1;
    rules_init(&o->rules);
    for (size_t i = 0; i < option_list_count; i++)
        if (option_list[i].fallback && option_list[i].commands & command->bit &&
            options_take_from(o, &option_list[i], option_list[i].fallback, &origin, err))
            return -1;
    return note_rules(o, err);
}

static const struct option_spec *find_spec(const struct command *command, const char *name);

static int take_environment(const struct command *command, struct options *o, struct error *err)
{
    static const char *const variables[][2] = {{"SSL_CERT_FILE", "ca-file"}};

    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
        const struct origin origin = {ORIGIN_ENVIRONMENT, variables[i][0], 0};
        const struct option_spec *spec = find_spec(command, variables[i][1]);
        const char *value = getenv(variables[i][0]);

        if (spec && value && *value && options_take_from(o, spec, value, &origin, err))
            return -1;
    }
    return 0;
}

/* ---- the command line ---- */

#define LONG_CODE 256 /* of the first row; below are letters */

/* For getopt_long: the table once more, in its own form. */
static void fill_getopt(const struct command *command, struct option *longs, char *shorts)
{
    *shorts++ = ':';
    for (size_t i = 0; i < option_list_count; i++) {
        bool has_value = option_list[i].value != NULL;

        if (!(option_list[i].commands & command->bit))
            continue;
        *longs++ = (struct option){option_list[i].name, has_value ? required_argument : no_argument,
                                   NULL, (int)(LONG_CODE + i)};
        if (option_list[i].letter) {
            *shorts++ = option_list[i].letter;
            if (has_value)
                *shorts++ = ':';
        }
    }
    *shorts = '\0';
}

static const struct option_spec *find_letter(const struct command *command, int letter)
{
    for (size_t i = 0; i < option_list_count; i++)
        if (option_list[i].letter && option_list[i].letter == letter &&
            option_list[i].commands & command->bit)
            return &option_list[i];
    return NULL;
}

static const struct option_spec *find_spec(const struct command *command, const char *name)
{
    for (size_t i = 0; i < option_list_count; i++)
        if (strcmp(option_list[i].name, name) == 0 && option_list[i].commands & command->bit)
            return &option_list[i];
    return NULL;
}

/* An option of other commands alone, by its name or letter. */
static const struct option_spec *find_foreign(const char *name, int letter)
{
    for (size_t i = 0; i < option_list_count; i++)
        if (strcmp(option_list[i].name, name) == 0 || (letter && option_list[i].letter == letter))
            return &option_list[i];
    return NULL;
}

/* `word` as typed; `letter` 0 if it is a long option. */
static int refuse_word(const struct command *command, const char *word, int letter,
                       struct error *err)
{
    const struct option_spec *foreign;
    char quoted[LOG_QUOTE_BYTES];
    char name[64] = "";
    const char *near;

    if (letter)
        snprintf(quoted, sizeof(quoted), "-%c", letter);
    else
        log_quote(word, quoted, sizeof(quoted));
    if (!letter)
        snprintf(name, sizeof(name), "%.*s", (int)strcspn(word + strspn(word, "-"), "="),
                 word + strspn(word, "-"));
    foreign = find_foreign(name, letter);
    if (foreign)
        return error_set(err, EXIT_BAD_USAGE,
                         "'%s' is an option of other commands: %s does not take --%s; see: "
                         "claimbatch %s --help. Nothing was sent",
                         quoted, command->name, foreign->name, command->name);
    near = letter ? NULL : suggestion_find(name, option_list_word);
    if (near && find_spec(command, near))
        return error_set(err, EXIT_BAD_USAGE,
                         "there is no option '%s'; did you mean --%s? Nothing was sent", quoted,
                         near);
    return error_set(err, EXIT_BAD_USAGE,
                     "there is no option '%s'; see: claimbatch %s --help. Nothing was sent", quoted,
                     command->name);
}

/* What getopt_long does not take. It has stepped behind a long option, but not behind a letter. */
static int refuse_typed(const struct command *command, int code, char **argv, struct error *err)
{
    const char *word = argv[optind - 1];

    if (code == ':')
        return error_set(err, EXIT_BAD_USAGE, "%s needs a value; nothing was sent",
                         LOG_QUOTED(word));
    if (optopt >= LONG_CODE)
        return error_set(err, EXIT_BAD_USAGE, "--%s takes no value; nothing was sent",
                         option_list[optopt - LONG_CODE].name);
    return refuse_word(command, word, optopt, err);
}

/* What a person writes in words is UTF-8 here, whatever the terminal's charset; the name of a file
 * is the bytes that were typed. NULL without memory. */
static const char *typed_text(struct options *o, const struct option_spec *spec, const char *value)
{
    static const char *const in_words[] = {"as",   "by",     "claim", "column",
                                           "null", "reason", "status"};
    struct buffer room = {0};
    const char *text = value;

    for (size_t i = 0; i < sizeof(in_words) / sizeof(*in_words); i++)
        if (strcmp(spec->name, in_words[i]) == 0)
            text = terminal_word(value, &room);
    if (text != value)
        text = option_value_keep(o, text, strlen(text));
    buffer_release(&room);
    return text;
}

static int take_words(const struct command *command, int argc, char **argv, struct options *o,
                      struct error *err)
{
    static const struct origin origin = {.kind = ORIGIN_OPTION};
    struct option longs[OPTION_LIST_MAX + 1] = {{0}};
    char shorts[2 * OPTION_LIST_MAX + 2];
    int code;

    fill_getopt(command, longs, shorts);
    opterr = 0;
    optind = 0; /* begins anew */
    while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        const struct option_spec *spec;
        const char *value;

        if (code == ':' || code == '?')
            return refuse_typed(command, code, argv, err);
        spec = code >= LONG_CODE ? &option_list[code - LONG_CODE] : find_letter(command, code);
        value = optarg ? typed_text(o, spec, optarg) : "yes";
        if (!value)
            return error_no_memory(err);
        if (options_take_from(o, spec, value, &origin, err))
            return -1;
    }
    return 0;
}

static bool takes_several(const struct command *command)
{
    size_t len = strlen(command->operand);

    return len > 3 && strcmp(command->operand + len - 3, "...") == 0;
}

static int take_operand(const struct command *command, int argc, char **argv, struct options *o,
                        struct error *err)
{
    if (o->help || o->version || (o->print_config && optind == argc))
        return 0;
    if (!command->operand && optind < argc)
        return error_set(err, EXIT_BAD_USAGE, "%s takes options only: '%s' is too much",
                         command->name, LOG_QUOTED(argv[optind]));
    if (!command->operand)
        return 0;
    if (optind == argc && *command->operand == '[')
        return 0;
    if (optind == argc)
        return error_set(err, EXIT_BAD_USAGE,
                         "which file? Type: claimbatch %s %s; nothing was sent", command->name,
                         command->operand);
    o->operands = (const char *const *)(argv + optind);
    o->operand_count = (size_t)(argc - optind);
    if (optind + 1 < argc && !takes_several(command))
        return error_set(err, EXIT_BAD_USAGE,
                         "one file at a time: '%s' is one too many; nothing was sent",
                         LOG_QUOTED(argv[optind + 1]));
    o->claims = argv[optind];
    return 0;
}

static int compile_pattern(struct options *o, struct error *err)
{
    const struct setting *setting = settings_find(&o->settings, SECTION_INPUT, "order-no-pattern");

    if (!o->rules.order_no_pattern)
        return 0;
    if (pattern_open(o->rules.order_no_pattern, &o->pattern, err)) {
        if (setting && setting->origin.kind == ORIGIN_CONFIG && err->exit_code == EXIT_BAD_USAGE)
            err->exit_code = EXIT_BAD_CONFIG;
        return -1;
    }
    o->rules.pattern = o->pattern;
    return 0;
}

/* Elsewhere "-" is standard output; here it would be the name of a file that nobody looks for. */
static int check_places(const struct options *o, struct error *err)
{
    const struct {
        const char *option, *path;
    } places[] = {{"report", o->report},
                  {"ledger", o->ledger},
                  {"backup", o->backup},
                  {"move-to", o->move_to},
                  {"metrics", o->metrics}};

    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
        if (places[i].path && strcmp(places[i].path, "-") == 0)
            return error_set(err, EXIT_BAD_USAGE,
                             "--%s does not write to standard output: name a file ('./-' if it is "
                             "called so); nothing was sent",
                             places[i].option);
    return 0;
}

int options_parse(const struct command *command, int argc, char **argv, struct options *ret_options,
                  struct error *err)
{
    struct config *config = NULL;

    /* The words are taken twice: to find the configuration, and again to win over it. */
    *ret_options = (struct options){0};
    if (set_defaults(command, ret_options, err) ||
        take_words(command, argc, argv, ret_options, err) ||
        take_operand(command, argc, argv, ret_options, err))
        return -1;
    if (ret_options->help || ret_options->version)
        return 0;
    if (config_open(ret_options->config_file, &config, err))
        return -1;
    settings_release(&ret_options->settings);
    option_value_release(ret_options);
    *ret_options = (struct options){.config = config};
    if (set_defaults(command, ret_options, err) || options_take_config(command, ret_options, err) ||
        take_environment(command, ret_options, err) ||
        take_words(command, argc, argv, ret_options, err) || compile_pattern(ret_options, err) ||
        take_operand(command, argc, argv, ret_options, err) || check_places(ret_options, err))
        return -1;
    if (ret_options->move_to && server_url_check(ret_options->move_to, err))
        return -1;
    return ret_options->ledger ? server_url_check(ret_options->ledger, err) : 0;
}

void options_release(struct options *options)
{
    settings_release(&options->settings);
    option_value_release(options);
    pattern_close(options->pattern);
    options->pattern = NULL;
    config_close(options->config);
    options->config = NULL;
}

static struct credential_file secret_named(const struct options *options, const char *key,
                                           const char *path)
{
    const struct setting *setting = settings_find(&options->settings, SECTION_GATEWAY, key);

    return (struct credential_file){path, setting && setting->origin.kind == ORIGIN_OPTION};
}

int options_ledger_path(const struct options *options, struct buffer *ret_path, struct error *err)
{
    if (!options->ledger)
        return ledger_default_path(ret_path, err);
    buffer_text(ret_path, options->ledger);
    return ret_path->failed ? error_no_memory(err) : 0;
}

struct credential_file options_secret_file(const struct options *options)
{
    return secret_named(options, "app_secret_file", options->app_secret_file);
}

struct credential_file options_session_file(const struct options *options)
{
    return secret_named(options, "session_file", options->session_file);
}
