#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file/output.h"
#include "base/log.h"
#include "base/process/confinement.h"
#include "base/stop.h"
#include "base/words/language.h"
#include "base/words/terminal.h"
#include "cli/ending/ending.h"
#include "cli/options/options.h"
#include "cli/suggestion.h"
#include "cli/summary.h"
#include "cli/version.h"
#include "command/commands.h"
#include "command/print_config.h"
#include "gateway/http/client.h"
#include "ledger/ledger.h"
#include "ledger/postgres/server_url.h"

#include "commit.h"

#define HELP_INDENT 28       /* where what a command is begins */
#define HELP_INDENT_NARROW 8 /* beneath it */
#define HELP_COLUMNS_MIN 30  /* beside it there must be so many */
#define VERSION_LINE "claimbatch " CLAIMBATCH_VERSION " (commit " CLAIMBATCH_COMMIT ")"

static const char *command_word(size_t i)
{
    const struct command *command = commands_at(i);

    return command ? command->name : NULL;
}

/* What it is stands beside it, or beneath where its words or the terminal leave no room. */
static void put_command(const struct command *command, size_t columns, struct buffer *text)
{
    struct buffer words = {0};
    size_t used;

    buffer_format(&words, "  %-8s %s", command->name, command->operand ? command->operand : "");
    used = terminal_columns(buffer_string(&words));
    buffer_text(text, buffer_string(&words));
    if (used >= HELP_INDENT || columns < HELP_INDENT + HELP_COLUMNS_MIN) {
        buffer_format(text, "\n%*s", HELP_INDENT_NARROW, "");
        terminal_flow(_(command->help), HELP_INDENT_NARROW, HELP_INDENT_NARROW, columns, text);
    } else {
        buffer_format(text, "%*s", (int)(HELP_INDENT - used), "");
        terminal_flow(_(command->help), HELP_INDENT, HELP_INDENT, columns, text);
    }
    text->failed |= words.failed;
    buffer_release(&words);
}

/* Up to a blank that is not in quotes. */
static size_t word_length(const char *line, size_t len)
{
    bool is_quoted = false;
    size_t at = 0;

    for (; at < len && (is_quoted || line[at] != ' '); at++)
        is_quoted ^= line[at] == '\'';
    return at;
}

/* A command line that is too wide goes on behind a backslash, so that it can still be typed as it
 * stands. */
static void put_example(const char *line, size_t len, size_t columns, struct buffer *text)
{
    size_t used = 2;

    buffer_text(text, "  ");
    for (size_t i = 0; i < len;) {
        size_t word = word_length(line + i, len - i);

        if (i && used + 1 + word + 2 > columns) {
            buffer_text(text, " \\\n      ");
            used = 6;
        } else if (i) {
            buffer_byte(text, ' ');
            used++;
        }
        buffer_append(text, line + i, word);
        used += word;
        i += word + 1;
    }
    buffer_byte(text, '\n');
}

static void print_help(void)
{
    const struct command *command;
    struct buffer text = {0};

    language_append(&text, "usage: claimbatch COMMAND [OPTION]... [FILE]...\n\ncommands:\n");
    for (size_t i = 0; (command = commands_at(i)); i++)
        put_command(command, terminal_width(STDOUT_FILENO), &text);
    language_append(&text, "\noptions of a command: claimbatch COMMAND --help\n"
                           "the manual: man claimbatch\n");
    terminal_print(buffer_string(&text));
    buffer_release(&text);
}

static void print_command_help(const struct command *command)
{
    size_t columns = terminal_width(STDOUT_FILENO);
    struct buffer text = {0}, words = {0};

    language_format(&words, "usage: claimbatch %s [OPTION]... %s", command->name,
                    command->operand ? command->operand : "");
    terminal_flow(buffer_string(&words), 0, HELP_INDENT_NARROW, columns, &text);
    terminal_flow(_(command->help), 0, 0, columns, &text);
    buffer_release(&words);
    language_append(&text, "\noptions:\n");
    options_help(command, columns, &text);
    language_append(&text, "\nexamples:\n");
    for (const char *line = command->examples; *line;) {
        size_t len = strcspn(line, "\n");

        put_example(line, len, columns, &text);
        line += len + 1;
    }
    terminal_print(buffer_string(&text));
    buffer_release(&text);
}

/* One descriptor a connection, and some for files. */
static void allow_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* A standard stream that is closed would be opened as the next file is, and what is meant for the
 * stream be written into that. What is printed there fails instead. */
static void keep_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) == -1 && errno == EBADF && open("/dev/null", O_RDONLY) != fd)
            _exit(EXIT_RESOURCES);
}

static void start_log(const struct options *options)
{
    bool colour = !options->no_color && !getenv("NO_COLOR") && isatty(STDERR_FILENO) == 1;

    log_start(options->quiet     ? LOG_WARN
              : options->verbose ? LOG_VERBOSE
                                 : LOG_INFO,
              options->log_format, colour);
}

static void allow_path(void *context, const char *path, bool is_folder)
{
    if (server_url_is(path))
        return;
    if (is_folder)
        confinement_allow_folder(context, path);
    else
        confinement_allow_file(context, path);
}

static bool names_server(const struct options *options)
{
    return options->ledger && server_url_is(options->ledger);
}

/* From here on the process works on what others wrote. What is to outlive it, or to have none of
 * its secrets, locks and restrictions, is forked before: no secret has been read, nothing is open
 * but what we were started with, and there is one thread. */
static void confine(const struct options *options)
{
    struct confinement confinement = {0};
    struct buffer told = {0}, ledger = {0};
    struct error none;

    options_written(options, allow_path, &confinement);
    /* … or, beside it, what tells of this host's workers of a ledger on a server. */
    if ((!options->ledger || names_server(options)) && !ledger_default_path(&ledger, &none) &&
        !ledger.failed)
        confinement_allow_file(&confinement, ledger.ptr);
    confinement_allow_temporary(&confinement);
    confinement_begin(&confinement, &told);
    log_verbose("%s", buffer_string(&told));
    buffer_release(&told);
    buffer_release(&ledger);
    confinement_release(&confinement);
}

static const struct command *find_command(const char *word, struct error *err)
{
    const struct command *command;
    const char *near;

    for (size_t i = 0; (command = commands_at(i)); i++)
        if (strcmp(word, command->name) == 0)
            return command;
    near = suggestion_find(word, command_word);
    if (near)
        error_set(err, EXIT_BAD_USAGE, "there is no command '%s'; did you mean %s?",
                  LOG_QUOTED(word), near);
    else
        error_set(err, EXIT_BAD_USAGE, "there is no command '%s'; see: claimbatch --help",
                  LOG_QUOTED(word));
    return NULL;
}

static int run_options(const struct command *command, const struct options *options,
                       const char *invocation, struct error *err)
{
    if (options->help) {
        print_command_help(command);
        return EXIT_COMPLETE;
    }
    if (options->version) {
        puts(VERSION_LINE);
        return EXIT_COMPLETE;
    }
    if (options->print_config)
        return print_config(command, options, err);
    start_log(options);
    if (ending_prepare(options->ending, options, err))
        return -1;
    confine(options);
    if (stop_watch(err) || client_library_init(err))
        return -1;
    return command->run(options, invocation, err);
}

/* Who waits for another process and is asked to stop ends by that. */
static int exit_code_of(const struct error *err)
{
    return err->exit_code == EXIT_TRY_LATER && stop_signal() ? EXIT_SIGNAL_BASE + stop_signal()
                                                             : err->exit_code;
}

/* The exit code. Whatever a command has printed on standard output is part of its result. */
static int end(int result, struct error *err)
{
    if (result >= 0 && output_flush_standard(err))
        result = -1;
    if (result < 0)
        log_event(LOG_ERROR, "error", LOG_FIELDS(LOG_FIELD_NUMBER("exit_code", exit_code_of(err))),
                  "%s", err->text);
    return result < 0 ? exit_code_of(err) : result;
}

/* The exit code. Whoever is to be told of the end is told last, when nothing can change any more.
 */
static int run_command(int argc, char **argv, const char *invocation)
{
    struct options options = {0};
    struct ending ending = {.invocation = invocation};
    struct error err;
    const struct command *command = find_command(argv[1], &err);
    int result = -1;
    int exit_code;

    if (command && !options_parse(command, argc - 1, argv + 1, &options, &err)) {
        if (options.json || options.log_format == LOG_JSON)
            language_stop(); /* machines read it */
        ending.command = command->name;
        options.ending = &ending;
        result = run_options(command, &options, invocation, &err);
    }
    exit_code = end(result, &err);
    if (options.ending)
        ending_tell(&ending, &options, exit_code);
    ending_release(&ending);
    options_release(&options);
    return exit_code;
}

static void quote_invocation(int argc, char **argv, struct buffer *ret_text)
{
    for (int i = 0; i < argc; i++) {
        if (i)
            buffer_byte(ret_text, ' ');
        summary_quote(argv[i], ret_text);
    }
}

int main(int argc, char **argv)
{
    struct buffer invocation = {0}, room = {0};
    struct error err;
    int exit_code;

    keep_standard_streams();
    language_start();
    terminal_start();
    confinement_forbid_dumps();
    allow_descriptors();
    if (argc < 2) {
        fputs(terminal_text(_("usage: claimbatch upload CLAIMS.csv; more: claimbatch --help\n"),
                            &room),
              stderr);
        buffer_release(&room);
        return EXIT_BAD_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help();
        return end(EXIT_COMPLETE, &err);
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts(VERSION_LINE);
        return end(EXIT_COMPLETE, &err);
    }
    quote_invocation(argc, argv, &invocation);
    exit_code = run_command(argc, argv, buffer_string(&invocation));
    buffer_release(&invocation);
    client_library_release();
    terminal_end();
    return exit_code;
}
