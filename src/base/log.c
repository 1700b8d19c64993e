#include "base/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/character.h"
#include "base/clock.h"
#include "base/words/language.h"
#include "base/words/terminal.h"

#define SHOWN_BYTES 16 /* of one character: itself, \\xNN or \\u{NNNNNN} */

#define RUN_BYTES 64

enum destination { NOT_LOOKED_AT, TERMINAL, JOURNAL, FILE_OR_PIPE };

static struct {
    enum log_level threshold;
    enum log_format format;
    bool colour;
    const char *clear; /* takes away the status line that stands; NULL if none does */
    enum destination destination;
    char run[RUN_BYTES]; /* "": none is known */
} state = {.threshold = LOG_INFO};

void log_start(enum log_level threshold, enum log_format format, bool colour)
{
    state.threshold = threshold;
    state.format = format;
    state.colour = colour;
}

bool log_shows(enum log_level level)
{
    return level <= state.threshold;
}

void log_run(const char *run)
{
    snprintf(state.run, sizeof(state.run), "%s", run);
}

void log_status_line(const char *clear)
{
    state.clear = clear;
}

static bool is_shown(uint32_t point)
{
    return point >= 0x20 && (point < 0x7f || point > 0x9f) && !character_is_invisible(point);
}

/* Writes the first character as a terminal may show it; returns how many bytes of `text` it has. */
static size_t quote_character(const char *text, char ret_shown[SHOWN_BYTES])
{
    uint32_t point = 0;
    size_t len = character_decode(text, &point);

    if (len && is_shown(point))
        snprintf(ret_shown, SHOWN_BYTES, "%.*s", (int)len, text);
    else if (len > 1)
        snprintf(ret_shown, SHOWN_BYTES, "\\u{%04X}", (unsigned)point);
    else
        snprintf(ret_shown, SHOWN_BYTES, "\\x%02X", (unsigned char)*text);
    return len ? len : 1;
}

static void append_json_string(struct buffer *line, const char *text)
{
    buffer_byte(line, '"');
    for (uint32_t point; *text;) {
        size_t len = character_decode(text, &point);

        if (!len)
            buffer_text(line, "\\ufffd"); /* not UTF-8, or cut */
        else if (*text == '"' || *text == '\\')
            buffer_format(line, "\\%c", *text);
        else if (is_shown(point))
            buffer_append(line, text, len);
        else if (point > 0xffff)
            buffer_format(line, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((point - 0x10000) >> 10)),
                          (unsigned)(0xdc00 + ((point - 0x10000) & 0x3ff)));
        else
            buffer_format(line, "\\u%04x", (unsigned)point);
        text += len ? len : 1;
    }
    buffer_byte(line, '"');
}

/* systemd.exec(5): the journal reads standard error where it is the file that this names. */
static bool is_journal(void)
{
    const char *named = getenv("JOURNAL_STREAM");
    struct stat status;
    char ours[64];

    if (!named || fstat(STDERR_FILENO, &status))
        return false;
    snprintf(ours, sizeof(ours), "%llu:%llu", (unsigned long long)status.st_dev,
             (unsigned long long)status.st_ino);
    return strcmp(named, ours) == 0;
}

static enum destination destination(void)
{
    if (state.destination == NOT_LOOKED_AT)
        state.destination = isatty(STDERR_FILENO) == 1 ? TERMINAL
                            : is_journal()             ? JOURNAL
                                                       : FILE_OR_PIPE;
    return state.destination;
}

static void append_priority(struct buffer *line, enum log_level level)
{
    static const int priorities[] = {3, 4, 6, 7};

    buffer_format(line, "<%d>", priorities[level]);
}

/* What stands before each line that a reader of lines sees. */
static void append_start(struct buffer *line, enum log_level level)
{
    char now[CLOCK_TOP_BYTES];

    if (destination() == JOURNAL)
        append_priority(line, level);
    if (destination() != FILE_OR_PIPE)
        return;
    clock_format_top(clock_wall_ms(), now);
    buffer_format(line, "%s ", now);
}

/* Should foreign text have come here as it is, it does nothing to the terminal all the same. */
static void append_shown(struct buffer *line, enum log_level level, const char *text)
{
    while (*text) {
        char shown[SHOWN_BYTES] = {*text};
        bool ends = *text == '\n';
        size_t len = ends || *text == '\t' ? 1 : quote_character(text, shown);

        buffer_text(line, shown);
        if (ends)
            append_start(line, level);
        text += len;
    }
}

static void append_text_line(struct buffer *line, enum log_level level, const char *text)
{
    static const char *const words[] = {N_("error: "), N_("warning: "), "", ""};
    static const char *const colours[] = {"\033[1;31m", "\033[1;33m", "", ""};

    append_start(line, level);
    if (*words[level] && state.colour)
        buffer_format(line, "%s%s%s\033[0m", _("claimbatch: "), colours[level], _(words[level]));
    else if (*words[level])
        buffer_format(line, "%s%s", _("claimbatch: "), _(words[level]));
    append_shown(line, level, text);
    buffer_byte(line, '\n');
}

static void append_field(struct buffer *line, const struct log_field *field)
{
    buffer_format(line, ",\"%s\":", field->name);
    if (!field->text)
        buffer_integer(line, field->number);
    else if (field->is_json)
        buffer_text(line, field->text);
    else
        append_json_string(line, field->text);
}

/* A message before it has the form of a line. */
struct message {
    enum log_level level;
    const char *event;
    const struct log_field *fields;
    size_t count;
};

static void append_json_line(struct buffer *line, const struct message *message, const char *text)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    char now[CLOCK_RFC3339_BYTES];

    if (destination() == JOURNAL)
        append_priority(line, message->level);
    clock_format_rfc3339(clock_wall_ms(), now);
    buffer_format(line, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\"", now,
                  names[message->level], message->event);
    if (*state.run)
        append_field(line, &(struct log_field)LOG_FIELD_TEXT("run", state.run));
    for (size_t i = 0; i < message->count; i++)
        append_field(line, &message->fields[i]);
    append_field(line, &(struct log_field)LOG_FIELD_TEXT("message", text));
    buffer_text(line, "}\n");
}

__attribute__((format(printf, 2, 0))) static void write_line(const struct message *message,
                                                             const char *format, va_list args)
{
    char text[4096];
    struct buffer line = {0}, room = {0};
    const char *shown;

    if (!log_shows(message->level))
        return;
    vsnprintf(text, sizeof(text) - 1, language_of(format), args);
    if (state.clear)
        buffer_text(&line, state.clear);
    state.clear = NULL;
    if (state.format == LOG_JSON)
        append_json_line(&line, message, text);
    else
        append_text_line(&line, message->level, text);
    if (line.failed)
        strcat(text, "\n"); /* without memory the bare words must do */
    shown = line.failed                ? text
            : state.format == LOG_JSON ? line.ptr
                                       : terminal_text(line.ptr, &room);
    /* Whole lines, so that two runs into one file do not mix; nobody is left to tell if it fails.
     */
    if (write(STDERR_FILENO, shown, strlen(shown)) < 0)
        state.threshold = LOG_ERROR;
    buffer_release(&line);
    buffer_release(&room);
}

#define LOG_BODY(level)                                                                            \
    const struct message message = {level, "note", NULL, 0};                                       \
    va_list args;                                                                                  \
    va_start(args, format);                                                                        \
    write_line(&message, format, args);                                                            \
    va_end(args)

void log_error(const char *format, ...)
{
    LOG_BODY(LOG_ERROR);
}

void log_warn(const char *format, ...)
{
    LOG_BODY(LOG_WARN);
}

void log_info(const char *format, ...)
{
    LOG_BODY(LOG_INFO);
}

void log_verbose(const char *format, ...)
{
    LOG_BODY(LOG_VERBOSE);
}

void log_event(enum log_level level, const char *event, const struct log_field *fields,
               size_t count, const char *format, ...)
{
    const struct message message = {level, event, fields, count};
    va_list args;

    va_start(args, format);
    write_line(&message, format, args);
    va_end(args);
}

const char *log_quote(const char *text, char *ret_text, size_t size)
{
    size_t used = 0;

    while (*text) {
        char shown[SHOWN_BYTES];

        text += quote_character(text, shown);
        if (used + strlen(shown) + sizeof("…") > size) {
            strcpy(ret_text + used, "…");
            return ret_text;
        }
        strcpy(ret_text + used, shown);
        used += strlen(shown);
    }
    ret_text[used] = '\0';
    return ret_text;
}

void log_quote_whole(const char *text, struct buffer *ret_text)
{
    while (*text) {
        char shown[SHOWN_BYTES];

        text += quote_character(text, shown);
        buffer_text(ret_text, shown);
    }
}
