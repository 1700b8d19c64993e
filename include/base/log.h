/*
 * log: words for the operator, on standard error.
 *
 * One line a message, as text or as one JSON object. A line of text begins with the time where it
 * goes to a file or a pipe (Beijing time, as in the report), and with its priority where it goes to
 * the journal (sd-daemon(3)), which has times of its own. Text that came from outside (a cell, an
 * answer of the gateway, a file name) goes through log_quote first, so that no terminal escape gets
 * through. Only the thread of main logs; workers and libraries never do.
 *
 * Tested by tests/unit/test_log.c and tests/e2e/test_log.py
 */
#ifndef CLAIMBATCH_BASE_LOG_H
#define CLAIMBATCH_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer;

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_VERBOSE };
enum log_format { LOG_TEXT, LOG_JSON };

/* `threshold` is the last level that is shown; colour only where asked for. */
void log_start(enum log_level threshold, enum log_format format, bool colour);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What a machine reads of a message beside its words. */
struct log_field {
    const char *name;
    const char *text; /* NULL: the number */
    int64_t number;
    bool is_json; /* the text is a value of JSON, and not a string */
};

#define LOG_FIELD_TEXT(field, value)                                                               \
    {                                                                                              \
        .name = (field), .text = (value)                                                           \
    }
#define LOG_FIELD_NUMBER(field, value)                                                             \
    {                                                                                              \
        .name = (field), .number = (int64_t)(value)                                                \
    }
#define LOG_FIELD_JSON(field, value)                                                               \
    {                                                                                              \
        .name = (field), .text = (value), .is_json = true                                          \
    }
/* Two arguments: the fields and how many there are. */
#define LOG_FIELDS(...)                                                                            \
    (const struct log_field[]){__VA_ARGS__},                                                       \
        sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field)

/* A message with a name of its own and fields; the others are called "note". As text it is its
 * words alone, so these say all that a person needs. */
void log_event(enum log_level level, const char *event, const struct log_field *fields,
               size_t count, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* Whether such messages are shown: asked where it costs something to make one. */
bool log_shows(enum log_level level);

/* The run that all further lines of JSON name; copied. */
void log_run(const char *run);

/* Takes note of a status line that stands on the terminal without a newline: the next message
   first clears it. `clear` is the text that does so; NULL when no line stands. */
void log_status_line(const char *clear);

#define LOG_QUOTE_BYTES 256

/*
 * Writes `text` so that a terminal shows it as it is: control characters (C0, C1, DEL), what cannot
 * be seen, bidirectional overrides and bytes that are not UTF-8 become \xNN or \u{NNNN}; what is
 * too long is cut at a character and gets an ellipsis. Returns ret_text. `size` is at least 8.
 */
const char *log_quote(const char *text, char *ret_text, size_t size);

/* The same as an argument of a message: it lives as long as the block that it stands in. A path
 * that is a result is shown whole: LOG_QUOTED_LONG. */
#define LOG_QUOTED_WITHIN(text, size) log_quote((text), (char[size]){""}, (size))
#define LOG_QUOTED(text) LOG_QUOTED_WITHIN(text, LOG_QUOTE_BYTES)
#define LOG_QUOTED_LONG(text) LOG_QUOTED_WITHIN(text, 4200)

/* The same for a text of any length: appends it. */
void log_quote_whole(const char *text, struct buffer *ret_text);

#endif
