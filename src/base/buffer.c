#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool buffer_reserve(struct buffer *buffer, size_t more)
{
    size_t cap = buffer->cap ? buffer->cap : 64;
    size_t need = buffer->len + more + 1;
    char *ptr;

    if (buffer->failed)
        return false;
    if (need <= buffer->cap)
        return true;
    while (cap < need)
        cap *= 2;
    ptr = realloc(buffer->ptr, cap);
    if (!ptr) {
        buffer->failed = true;
        return false;
    }
    buffer->ptr = ptr;
    buffer->cap = cap;
    return true;
}

/* Mostly there is: a line of a report is made of some sixty pieces. */
static inline bool has_room(const struct buffer *buffer, size_t more)
{
    return !buffer->failed && more < buffer->cap && buffer->len < buffer->cap - more;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t len)
{
    if (!has_room(buffer, len) && !buffer_reserve(buffer, len))
        return;
    if (len)
        memcpy(buffer->ptr + buffer->len, bytes, len);
    buffer->len += len;
    buffer->ptr[buffer->len] = '\0';
}

void buffer_text(struct buffer *buffer, const char *text)
{
    buffer_append(buffer, text, strlen(text));
}

void buffer_byte(struct buffer *buffer, char byte)
{
    if (!has_room(buffer, 1) && !buffer_reserve(buffer, 1))
        return;
    buffer->ptr[buffer->len++] = byte;
    buffer->ptr[buffer->len] = '\0';
}

char *buffer_integer_text(int64_t number, char digits[BUFFER_INTEGER_BYTES])
{
    char *p = digits + BUFFER_INTEGER_BYTES - 1;
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

    *p = '\0';
    do {
        *--p = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0)
        *--p = '-';
    return p;
}

void buffer_integer(struct buffer *buffer, int64_t number)
{
    char digits[BUFFER_INTEGER_BYTES];

    buffer_text(buffer, buffer_integer_text(number, digits));
}

void buffer_vformat(struct buffer *buffer, const char *format, va_list args)
{
    va_list again;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len < 0 || !buffer_reserve(buffer, (size_t)len)) {
        buffer->failed = true;
        return;
    }
    vsnprintf(buffer->ptr + buffer->len, (size_t)len + 1, format, args);
    buffer->len += (size_t)len;
}

void buffer_format(struct buffer *buffer, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    buffer_vformat(buffer, format, args);
    va_end(args);
}

const char *buffer_string(const struct buffer *buffer)
{
    return buffer->len ? buffer->ptr : "";
}

void buffer_reset(struct buffer *buffer)
{
    buffer->len = 0;
    buffer->failed = false;
    if (buffer->ptr)
        buffer->ptr[0] = '\0';
}

void buffer_trim(struct buffer *buffer, size_t kept)
{
    if (buffer->cap > kept)
        buffer_release(buffer);
    else
        buffer_reset(buffer);
}

void buffer_wipe(struct buffer *buffer)
{
    if (buffer->ptr)
        explicit_bzero(buffer->ptr, buffer->cap);
    buffer_release(buffer);
}

void buffer_release(struct buffer *buffer)
{
    free(buffer->ptr);
    *buffer = (struct buffer){0};
}
