/*
 * libFuzzer target: any bytes as a configuration, through INI and the table of options. Beyond
 * memory errors it looks for broken promises: a refusal is one line that a terminal shows, with the
 * exit code of a wrong configuration; what is in force is shown so that it is in force again when
 * it is read back; and no secret that stands where none may stand is repeated.
 *
 * The first byte chooses the command; the rest is the file.
 */
#include "cli/options/options.h"
#include "command/commands.h"
#include "target.h"

#define SECRET "Hush7Hush7Hush7"

static const struct command commands[] = {
    {"upload", COMMAND_UPLOAD, "CLAIMS.csv", NULL, "", ""},
    {"rerun", COMMAND_RERUN, "REPORT.csv", NULL, "", ""},
    {"check", COMMAND_CHECK, "CLAIMS.csv", NULL, "", ""},
    {"resolve", COMMAND_RESOLVE, "REPORT.csv", NULL, "", ""},
    {"audit", COMMAND_AUDIT, "REPORT.csv...", NULL, "", ""},
    {"status", COMMAND_STATUS, NULL, NULL, "", ""},
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

/* Takes the file as `claimbatch COMMAND FILE --config PATH` does. */
static int parse(const struct command *command, const char *path, struct options *ret_options,
                 struct error *err)
{
    char config[] = "--config", operand[] = "claims.csv", name[16], file[MEMORY_PATH_BYTES];
    char *argv[] = {name, config, file, command->operand ? operand : NULL, NULL};

    snprintf(name, sizeof(name), "%s", command->name);
    snprintf(file, sizeof(file), "%s", path);
    *ret_options = (struct options){0};
    return options_parse(command, command->operand ? 4 : 3, argv, ret_options, err);
}

/* What is in force, without the comments that say where it comes from. */
static void keep_values(const struct options *options, struct buffer *ret_text)
{
    struct buffer all = {0};

    options_print_config(options, &all);
    MUST(!all.failed && is_safe(buffer_string(&all), all.len));
    for (const char *line = buffer_string(&all); *line;) {
        size_t len = strcspn(line, "\n");

        if (*line != '#')
            buffer_append(ret_text, line, len + (line[len] == '\n'));
        line += len + (line[len] == '\n');
    }
    buffer_release(&all);
}

static void check_read_back(const struct command *command, const struct buffer *values)
{
    struct options options;
    struct buffer again = {0};
    struct error err = {0};
    char path[MEMORY_PATH_BYTES];
    int fd = open_memory(values->ptr, values->len, path);

    if (parse(command, path, &options, &err))
        dprintf(stderr_fd(), "%s\n--- read back: %s\n", values->ptr, err.text);
    MUST(err.exit_code == 0);
    keep_values(&options, &again);
    MUST(again.len == values->len && memcmp(again.ptr, values->ptr, again.len) == 0);
    options_release(&options);
    buffer_release(&again);
    close(fd);
}

static void check_values(const struct options *options)
{
    MUST(options->verdict_count <= OPTIONS_VERDICTS_MAX);
    MUST(options->in_flight >= 0 && options->workers >= 0 && options->rate >= 0);
    for (size_t i = 0; i < options->verdict_count; i++)
        MUST(memchr(options->verdicts[i].sub_code, '\0', sizeof(options->verdicts[i].sub_code)));
}

/* A secret that somebody wrote into the configuration is refused, and not shown. */
static void check_secret(const struct command *command, const uint8_t *bytes, size_t len)
{
    static const char line[] = "\n[gateway]\napp_secret = " SECRET "\n";
    struct buffer file = {0};
    struct options options;
    struct error err = {0};
    char path[MEMORY_PATH_BYTES];
    int fd = -1;

    buffer_append(&file, bytes, len);
    buffer_append(&file, line, strlen(line));
    fd = open_memory(file.ptr, file.len, path);
    MUST(parse(command, path, &options, &err));
    MUST(!strstr(err.text, SECRET));
    options_release(&options);
    buffer_release(&file);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const int codes[] = {EXIT_BAD_CONFIG};
    const struct command *command = &commands[len ? bytes[0] % COMMANDS : 0];
    struct options options;
    struct buffer values = {0};
    struct error err = {0};
    char path[MEMORY_PATH_BYTES];
    int fd = open_memory(len ? bytes + 1 : bytes, len ? len - 1 : 0, path);

    if (parse(command, path, &options, &err)) {
        check_error(&err, codes, 1);
    } else {
        check_values(&options);
        keep_values(&options, &values);
        check_read_back(command, &values);
    }
    options_release(&options);
    if (len && !memmem(bytes, len, SECRET, strlen(SECRET)))
        check_secret(command, bytes + 1, len - 1);
    buffer_release(&values);
    close(fd);
    return 0;
}
