/* Options are typed again, and told. */
#include "cli/options/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>

#include "base/words/language.h"
#include "base/words/terminal.h"
#include "cli/command.h"
#include "cli/options/config.h"
#include "cli/summary.h"
#include "option_list.h"
#include "options_part.h"

#define HELP_INDENT 34        /* where what an option is begins */
#define HELP_INDENT_NARROW 10 /* beneath it */
#define HELP_COLUMNS_MIN 36   /* beside it there must be so many */

/* The option of a section whose settings are pairs, or NULL. */
static const char *pair_option(enum section section)
{
    return section == SECTION_COLUMNS    ? "column"
           : section == SECTION_RULES    ? "rule"
           : section == SECTION_STATUSES ? "status"
                                         : NULL;
}

static void retype(const struct setting *setting, struct buffer *ret_words)
{
    const char *option = pair_option(setting->section);
    const struct option_spec *spec =
        option ? NULL : options_find_key(setting->section, setting->key);
    struct buffer word = {0};

    buffer_format(ret_words, " --%s", option ? option : spec->name);
    if (spec && spec->kind == KIND_FLAG)
        return;
    if (option)
        buffer_format(&word, "%s=", setting->key);
    buffer_text(&word, setting->value);
    buffer_byte(ret_words, ' ');
    summary_quote(buffer_string(&word), ret_words);
    buffer_release(&word);
}

void options_retype(const struct options *options, struct buffer *ret_words)
{
    static const char *const run_keys[] = {"max-fee", "expect-rows", "expect-fee"};

    for (size_t i = 0; i < options->settings.count; i++) {
        const struct setting *setting = &options->settings.list[i];
        bool wanted = setting->section == SECTION_INPUT || pair_option(setting->section);

        for (size_t k = 0; k < sizeof(run_keys) / sizeof(*run_keys); k++)
            wanted |= setting->section == SECTION_RUN && strcmp(setting->key, run_keys[k]) == 0;
        if (wanted && setting->origin.kind == ORIGIN_OPTION)
            retype(setting, ret_words);
    }
}

/* Whether it names a file or folder that the command makes, and not only reads. */
static bool is_written(const struct option_spec *spec)
{
    static const char *const read_only[] = {"app-secret-file", "session-file", "ca-file", "config",
                                            "sign-key",        "verify-key",   "export",  "from"};

    for (size_t i = 0; i < sizeof(read_only) / sizeof(*read_only); i++)
        if (strcmp(spec->name, read_only[i]) == 0)
            return false;
    return spec->kind == KIND_TEXT &&
           (strncmp(spec->value, "FILE", strlen("FILE")) == 0 || strcmp(spec->value, "DIR") == 0);
}

void options_written(const struct options *options,
                     void (*visit)(void *context, const char *path, bool is_folder), void *context)
{
    for (size_t i = 0; i < option_list_count; i++) {
        const char *path =
            is_written(&option_list[i])
                ? *(const char *const *)((const char *)options + option_list[i].offset)
                : NULL;

        if (path)
            visit(context, path, strcmp(option_list[i].value, "DIR") == 0);
    }
    if (options->claims)
        visit(context, options->claims, false);
    for (size_t i = 0; i < options->operand_count; i++)
        visit(context, options->operands[i], false);
}

bool options_words_at(size_t i, struct option_words *ret_words)
{
    const struct option_spec *spec = i < option_list_count ? &option_list[i] : NULL;

    if (!spec)
        return false;
    *ret_words = (struct option_words){
        .commands = spec->commands,
        .name = spec->name,
        .letter = spec->letter,
        .value = spec->value,
        .fallback = spec->fallback,
        .section = spec->section == SECTION_NONE ? NULL : settings_section_name(spec->section),
        .key = spec->section == SECTION_NONE ? NULL : option_list_key(spec),
        .help = _(spec->help),
    };
    return true;
}

/* "  -o, --report FILE", and what it is: beside it, or beneath where lines are short. */
static void put_option(const struct option_spec *spec, size_t columns, struct buffer *ret_text)
{
    struct buffer words = {0}, help = {0};
    size_t at;

    if (spec->letter)
        buffer_format(&words, "  -%c, ", spec->letter);
    buffer_format(&words, "%*s--%s%s%s", spec->letter ? 0 : 6, "", spec->name,
                  spec->value ? " " : "", spec->value ? spec->value : "");
    buffer_text(&help, _(spec->help));
    if (spec->fallback)
        language_format(&help, " (%s)", spec->fallback);
    buffer_text(ret_text, buffer_string(&words));
    if (columns < HELP_INDENT + HELP_COLUMNS_MIN) {
        buffer_format(ret_text, "\n%*s", HELP_INDENT_NARROW, "");
        terminal_flow(buffer_string(&help), HELP_INDENT_NARROW, HELP_INDENT_NARROW, columns,
                      ret_text);
    } else {
        at = MAX(terminal_columns(buffer_string(&words)) + 1, HELP_INDENT);
        buffer_format(ret_text, "%*s", (int)(at - terminal_columns(buffer_string(&words))), "");
        terminal_flow(buffer_string(&help), at, HELP_INDENT, columns, ret_text);
    }
    ret_text->failed |= words.failed || help.failed;
    buffer_release(&words);
    buffer_release(&help);
}

void options_help(const struct command *command, size_t columns, struct buffer *ret_text)
{
    for (size_t i = 0; i < option_list_count; i++)
        if (option_list[i].commands & command->bit)
            put_option(&option_list[i], columns, ret_text);
}

/* Other programs take it; whoever set it should know that it changes nothing here. */
void options_print_unused(struct buffer *ret_text)
{
    const char *value = getenv("SSL_CERT_DIR");

    if (value && *value)
        language_format(
            ret_text,
            "# SSL_CERT_DIR, '%s', is not used: trusted are the certificates of ca_file, "
            "or the system's\n",
            LOG_QUOTED(value));
}

void options_print_config(const struct options *options, struct buffer *ret_text)
{
    if (options->config)
        language_format(ret_text, "# configuration: %s\n",
                        LOG_QUOTED(config_path(options->config)));
    else
        language_append(ret_text, "# there is no configuration\n");
    options_print_unused(ret_text);
    settings_print(&options->settings, ret_text);
}
