/*
 * buffer: bytes that grow.
 *
 * The bytes are always followed by a NUL that does not count. When memory runs out the buffer turns
 * `failed` and stays as it was; callers append freely and ask once at the end.
 *
 * Tested by tests/unit/test_buffer.c
 */
#ifndef CLAIMBATCH_BASE_BUFFER_H
#define CLAIMBATCH_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
    char *ptr; /* NULL until the first byte is appended */
    size_t len;
    size_t cap;
    bool failed;
};

/* A zeroed struct is an empty buffer. */

/* Makes room for `more` further bytes and the NUL. Returns false, and fails the buffer, without
 * memory. */
bool buffer_reserve(struct buffer *buffer, size_t more);

/* Empties it, and gives its memory back where that is more than `kept` bytes. */
void buffer_trim(struct buffer *buffer, size_t kept);

void buffer_append(struct buffer *buffer, const void *bytes, size_t len);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_byte(struct buffer *buffer, char byte);
void buffer_integer(struct buffer *buffer, int64_t number);

/* A number in decimal, at the end of `digits`, where the returned text starts. */
#define BUFFER_INTEGER_BYTES 21 /* INT64_MIN and its NUL */
char *buffer_integer_text(int64_t number, char digits[BUFFER_INTEGER_BYTES]);

void buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_vformat(struct buffer *buffer, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* The text so far, never NULL. Valid until the next append. */
const char *buffer_string(const struct buffer *buffer);

/* Empties the buffer and keeps its memory; `failed` is forgotten. */
void buffer_reset(struct buffer *buffer);

/* Overwrites the memory before giving it back; for secrets. */
void buffer_wipe(struct buffer *buffer);

void buffer_release(struct buffer *buffer);

#endif
