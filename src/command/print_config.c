#include "command/print_config.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/words/terminal.h"
#include "cli/options/config.h"
#include "cli/version.h"
#include "command/commands.h"
#include "command/upload/submission.h"

static bool sends(const struct command *command)
{
    return command->bit & (COMMAND_UPLOAD | COMMAND_RERUN);
}

/* What decides about the connection and stands in no setting. */
static void describe_connection(const struct options *options, struct buffer *text)
{
    struct endpoint endpoint;
    struct proxy proxy = {"", "", ""};
    struct error ignored;

    credentials_describe(options_secret_file(options), options_session_file(options), text);
    if (endpoint_parse(options->gateway, options->allow_plaintext, &endpoint, &ignored))
        return;
    (void)proxy_find(&endpoint, &proxy, &ignored);
    proxy_describe(&proxy, text);
}

static void print_text(const struct command *command, const struct options *options)
{
    struct buffer text = {0};

    options_print_config(options, &text);
    if (sends(command))
        describe_connection(options, &text);
    terminal_print(buffer_string(&text));
    buffer_release(&text);
}

/* ---- as JSON ---- */

static void put_setting(void *context, const struct setting *setting)
{
    static const char *const origins[] = {
        [ORIGIN_DEFAULT] = "default",
        [ORIGIN_CONFIG] = "configuration",
        [ORIGIN_ENVIRONMENT] = "environment",
        [ORIGIN_OPTION] = "command line",
    };
    const struct origin *origin = &setting->origin;
    struct json *json = context;
    struct buffer value = {0};

    json_map_open(json);
    json_key_text(json, "section", settings_section_name(setting->section));
    json_key_text(json, "key", setting->key);
    settings_value(setting, &value);
    json_key_text(json, "value", buffer_string(&value));
    buffer_release(&value);
    json_key_text(json, "from", origins[origin->kind]);
    json_key_some(json, "name", origin->name);
    if (origin->line)
        json_key_number(json, "line", origin->line);
    json_map_close(json);
}

/* The lines of a text that are comments, each as a text of its own. */
static void put_notes(struct json *json, const char *text)
{
    struct buffer line = {0};

    for (size_t len; *text; text += len + (text[len] == '\n')) {
        len = strcspn(text, "\n");
        buffer_reset(&line);
        if (len > 2)
            buffer_append(&line, text + 2, len - 2);
        json_text(json, buffer_string(&line));
    }
    buffer_release(&line);
}

static int print_json(const struct command *command, const struct options *options,
                      struct error *err)
{
    struct json *json = json_open(JSON_INDENTED, NULL);
    struct buffer notes = {0};

    if (!json)
        return error_no_memory(err);
    options_print_unused(&notes);
    if (sends(command))
        describe_connection(options, &notes);
    json_map_open(json);
    json_key_text(json, "program_version", CLAIMBATCH_VERSION);
    json_key_text(json, "configuration", options->config ? config_path(options->config) : NULL);
    json_key_array(json, "settings");
    settings_visit(&options->settings, put_setting, json);
    json_array_close(json);
    json_key_array(json, "notes");
    put_notes(json, buffer_string(&notes));
    json_array_close(json);
    json_map_close(json);
    json_close(json);
    buffer_release(&notes);
    return 0;
}

/* As a run begins: nothing is opened but what is read here. */
static int check(const struct options *options, struct error *err)
{
    struct submission s = {.options = options};

    return submission_end(&s, submission_prepare(&s, err), err);
}

int print_config(const struct command *command, const struct options *options, struct error *err)
{
    if (!options->json)
        print_text(command, options);
    else if (print_json(command, options, err))
        return -1;
    if (sends(command) && options->app_key && check(options, err))
        return -1;
    return EXIT_COMPLETE;
}
