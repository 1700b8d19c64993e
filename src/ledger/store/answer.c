#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/hex.h"

#define NO_TEXT SIZE_MAX

static struct session_value number_value(const int64_t *number)
{
    return (struct session_value){
        .type = SERVER_INT8, .is_null = !number, .number = number ? *number : 0};
}

static struct session_value bytes_value(enum server_type type, const void *bytes, size_t len)
{
    return (struct session_value){.type = type, .is_null = !bytes, .bytes = bytes, .len = len};
}

static struct session_value take_value(char type, va_list *args)
{
    int64_t number;

    switch (type) {
    case 'i':
        number = va_arg(*args, int64_t);
        return number_value(&number);
    case 'o':
        return number_value(va_arg(*args, const int64_t *));
    case 'd':
        return bytes_value(SERVER_BYTES, va_arg(*args, const void *), DIGEST_CLAIM_BYTES);
    case 'h':
        return bytes_value(SERVER_BYTES, va_arg(*args, const void *), DIGEST_SHA256_BYTES);
    default:
        return bytes_value(SERVER_TEXT, va_arg(*args, const char *), 0);
    }
}

void answer_bind(struct answer *answer, int which, const char *types, va_list args)
{
    va_list rest;

    answer_reset(answer);
    answer->which = which;
    va_copy(rest, args);
    for (size_t i = 0; types[i] && i < SESSION_VALUES_MAX; i++)
        answer->values[i] = take_value(types[i], &rest);
    va_end(rest);
}

size_t answer_parameters(const char *statement)
{
    size_t most = 0;

    for (const char *at = strchr(statement, '$'); at; at = strchr(at + 1, '$')) {
        size_t number = strtoul(at + 1, NULL, 10);

        if (number > most)
            most = number;
    }
    return most;
}

void answer_reset(struct answer *answer)
{
    buffer_reset(&answer->bytes);
    buffer_reset(&answer->cells);
    answer->columns = answer->row = 0;
    answer->is_asked = false;
}

void answer_add(struct answer *answer, const char *text)
{
    size_t at = text ? answer->bytes.len : NO_TEXT;

    buffer_append(&answer->cells, &at, sizeof(at));
    if (text)
        buffer_append(&answer->bytes, text, strlen(text) + 1);
}

bool answer_next(struct answer *answer)
{
    size_t cells = answer->cells.len / sizeof(size_t);

    if (!answer->columns || answer->row >= cells / answer->columns)
        return false;
    answer->row++;
    return true;
}

const char *answer_cell(const struct answer *answer, size_t cell)
{
    size_t at;

    memcpy(&at, answer->cells.ptr + cell * sizeof(at), sizeof(at));
    return at == NO_TEXT ? NULL : answer->bytes.ptr + at;
}

static const char *find(const struct answer *answer, int column)
{
    if (!answer->row || column < 0 || (size_t)column >= answer->columns)
        return NULL;
    return answer_cell(answer, (answer->row - 1) * answer->columns + (size_t)column);
}

bool answer_is_null(const struct answer *answer, int column)
{
    return !find(answer, column);
}

const char *answer_text(const struct answer *answer, int column)
{
    const char *text = find(answer, column);

    return text ? text : "";
}

int64_t answer_integer(const struct answer *answer, int column)
{
    const char *text = answer_text(answer, column);

    return *text == 't' ? 1 : strtoll(text, NULL, 10);
}

void answer_bytes(const struct answer *answer, int column, size_t size, unsigned char *ret_bytes)
{
    const char *text = answer_text(answer, column);

    if (strncmp(text, "\\x", 2) != 0 || strlen(text) != 2 + 2 * size ||
        !hex_parse(text + 2, size, ret_bytes))
        memset(ret_bytes, 0, size);
}

void answer_release(struct answer *answer)
{
    buffer_release(&answer->bytes);
    buffer_release(&answer->cells);
}
