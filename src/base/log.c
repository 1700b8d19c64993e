#include "base/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/character.h"
#include "base/clock.h"

#define SHOWN_BYTES 16 /* of one character: itself, \\xNN or \\u{NNNNNN} */

static struct {
    enum log_level threshold;
    enum log_format format;
    bool colour;
    const char *clear; /* takes away the status line that stands; NULL if none does */
} state = {.threshold = LOG_INFO};

void log_start(enum log_level threshold, enum log_format format, bool colour)
{
    state.threshold = threshold;
    state.format = format;
    state.colour = colour;
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

/* Should foreign text have come here as it is, it does nothing to the terminal all the same. */
static void append_shown(struct buffer *line, const char *text)
{
    while (*text) {
        char shown[SHOWN_BYTES] = {*text};
        size_t len = *text == '\n' || *text == '\t' ? 1 : quote_character(text, shown);

        buffer_text(line, shown);
        text += len;
    }
}

static void append_text_line(struct buffer *line, enum log_level level, const char *text)
{
    static const char *const words[] = {"error: ", "warning: ", "", ""};
    static const char *const colours[] = {"\033[1;31m", "\033[1;33m", "", ""};

    if (*words[level] && state.colour)
        buffer_format(line, "claimbatch: %s%s\033[0m", colours[level], words[level]);
    else if (*words[level])
        buffer_format(line, "claimbatch: %s", words[level]);
    append_shown(line, text);
    buffer_byte(line, '\n');
}

static void append_json_line(struct buffer *line, enum log_level level, const char *text)
{
    static const char *const names[] = {"error", "warning", "info", "debug"};
    char now[CLOCK_RFC3339_BYTES];

    clock_format_rfc3339(clock_wall_ms(), now);
    buffer_format(line, "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", now, names[level]);
    append_json_string(line, text);
    buffer_text(line, "}\n");
}

__attribute__((format(printf, 2, 0))) static void write_line(enum log_level level,
                                                             const char *format, va_list args)
{
    char text[4096];
    struct buffer line = {0};

    if (level > state.threshold)
        return;
    vsnprintf(text, sizeof(text) - 1, format, args);
    if (state.clear)
        buffer_text(&line, state.clear);
    state.clear = NULL;
    if (state.format == LOG_JSON)
        append_json_line(&line, level, text);
    else
        append_text_line(&line, level, text);
    if (line.failed)
        strcat(text, "\n"); /* without memory the bare words must do */
    /* Whole lines, so that two runs into one file do not mix; nobody is left to tell if it fails.
     */
    if (write(STDERR_FILENO, line.failed ? text : line.ptr, line.failed ? strlen(text) : line.len) <
        0)
        state.threshold = LOG_ERROR;
    buffer_release(&line);
}

#define LOG_BODY(level)                                                                            \
    va_list args;                                                                                  \
    va_start(args, format);                                                                        \
    write_line(level, format, args);                                                               \
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
