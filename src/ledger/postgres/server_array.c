#include "server_array.h"

#include <string.h>

/* Dimensions, whether there are nulls, the type of an element, how many, the number of the first.
 * See array_recv in PostgreSQL. */
#define HEAD_BYTES 20
#define EMPTY_HEAD_BYTES 12 /* without the last two */
#define NULL_LENGTH UINT32_MAX

static void write_4(char *at, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        at[i] = (char)(unsigned char)(number >> (24 - 8 * i));
}

static void put_4(struct buffer *buffer, uint32_t number)
{
    char bytes[4];

    write_4(bytes, number);
    buffer_append(buffer, bytes, sizeof(bytes));
}

static enum server_type type_of_element(enum server_type array)
{
    switch (array) {
    case SERVER_BOOLS:
        return SERVER_BOOL;
    case SERVER_BYTES_ARRAY:
        return SERVER_BYTES;
    case SERVER_INT4S:
        return SERVER_INT4;
    case SERVER_TEXTS:
        return SERVER_TEXT;
    default:
        return SERVER_INT8;
    }
}

static void begin(struct server_array *array, uint32_t len)
{
    static const char head[HEAD_BYTES];

    if (!array->bytes.len)
        buffer_append(&array->bytes, head, sizeof(head));
    put_4(&array->bytes, len);
    array->count++;
}

void server_array_number(struct server_array *array, int64_t number)
{
    uint32_t len = array->type == SERVER_INT8S ? 8 : array->type == SERVER_INT4S ? 4 : 1;

    begin(array, len);
    if (len == 8)
        put_4(&array->bytes, (uint32_t)((uint64_t)number >> 32));
    if (len >= 4)
        put_4(&array->bytes, (uint32_t)number);
    else
        buffer_byte(&array->bytes, (char)(number != 0));
}

void server_array_bytes(struct server_array *array, const void *bytes, size_t len)
{
    begin(array, (uint32_t)len);
    buffer_append(&array->bytes, bytes, len);
}

void server_array_null(struct server_array *array)
{
    begin(array, NULL_LENGTH);
    array->has_null = true;
}

void server_array_text(struct server_array *array, const char *text)
{
    if (text)
        server_array_bytes(array, text, strlen(text));
    else
        server_array_null(array);
}

bool server_array_end(struct server_array *array)
{
    static const char head[EMPTY_HEAD_BYTES];

    if (!array->count)
        buffer_append(&array->bytes, head, sizeof(head));
    if (array->bytes.failed)
        return false;
    write_4(array->bytes.ptr, array->count > 0);
    write_4(array->bytes.ptr + 4, array->has_null);
    write_4(array->bytes.ptr + 8, type_of_element(array->type));
    if (array->count) {
        write_4(array->bytes.ptr + 12, array->count);
        write_4(array->bytes.ptr + 16, 1);
    }
    return true;
}

void server_array_reset(struct server_array *array)
{
    buffer_reset(&array->bytes);
    array->count = 0;
    array->has_null = false;
}

void server_array_release(struct server_array *array)
{
    buffer_release(&array->bytes);
    array->count = 0;
    array->has_null = false;
}
