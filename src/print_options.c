/* Run by the build alone (for another language with --translated): the table of commands and
 * options as JSON, from which the man pages and the completions are made, so that they cannot say
 * anything else. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/file/output.h"
#include "base/json.h"
#include "base/words/language.h"
#include "cli/options/options.h"
#include "command/commands.h"

static void put_commands(struct json *json)
{
    const struct command *command;

    json_key_array(json, "commands");
    for (size_t i = 0; (command = commands_at(i)); i++) {
        json_map_open(json);
        json_key_text(json, "name", command->name);
        json_key_text(json, "operand", command->operand);
        json_key_text(json, "help", _(command->help));
        json_key_text(json, "examples", command->examples);
        json_map_close(json);
    }
    json_array_close(json);
}

static void put_takers(struct json *json, unsigned bits)
{
    const struct command *command;

    json_key_array(json, "commands");
    for (size_t i = 0; (command = commands_at(i)); i++)
        if (bits & command->bit)
            json_text(json, command->name);
    json_array_close(json);
}

static void put_options(struct json *json)
{
    struct option_words words;

    json_key_array(json, "options");
    for (size_t i = 0; options_words_at(i, &words); i++) {
        char letter[2] = {words.letter, '\0'};

        json_map_open(json);
        put_takers(json, words.commands);
        json_key_text(json, "name", words.name);
        json_key_some(json, "letter", letter);
        json_key_text(json, "value", words.value);
        json_key_text(json, "default", words.fallback);
        json_key_text(json, "section", words.section);
        json_key_text(json, "key", words.key);
        json_key_text(json, "help", words.help);
        json_map_close(json);
    }
    json_array_close(json);
}

int main(int argc, char **argv)
{
    struct json *json = json_open(JSON_INDENTED, NULL);
    struct error err;

    if (!json)
        return EXIT_RESOURCES;
    if (argc > 1 && strcmp(argv[1], "--translated") == 0)
        language_start();
    json_map_open(json);
    put_commands(json);
    put_options(json);
    json_map_close(json);
    json_close(json);
    if (!output_flush_standard(&err))
        return EXIT_COMPLETE;
    fprintf(stderr, "%s\n", err.text);
    return err.exit_code;
}
