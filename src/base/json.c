#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_gen.h>

#include "base/character.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#define TEXT_BYTES 4200 /* a path is shown whole */

struct json {
    yajl_gen gen;
    struct buffer *out; /* NULL: standard output */
};

static void put(struct json *json, const char *text, size_t len)
{
    if (json->out)
        buffer_append(json->out, text, len);
    else
        fwrite(text, 1, len, stdout);
}

/* As two halves where 16 bits do not hold it. */
static void put_escaped(struct json *json, uint32_t point)
{
    char text[16];
    int len;

    if (point > 0xffff)
        len = snprintf(text, sizeof(text), "\\u%04x\\u%04x",
                       (unsigned)(0xd800 + ((point - 0x10000) >> 10)),
                       (unsigned)(0xdc00 + ((point - 0x10000) & 0x3ff)));
    else
        len = snprintf(text, sizeof(text), "\\u%04x", (unsigned)point);
    put(json, text, (size_t)len);
}

/* What yajl leaves as it is, and a terminal would obey or not show: only texts have it. A piece
 * ends where a character does. */
static void take_piece(void *context, const char *text, size_t len)
{
    const char *end = text + len, *plain = text;

    while (text < end) {
        uint32_t point = (unsigned char)*text;
        size_t bytes = point < 0x80 ? 1 : character_decode(text, &point);

        if (bytes &&
            ((point >= 0x7f && point <= 0x9f) || (bytes > 1 && character_is_invisible(point)))) {
            put(context, plain, (size_t)(text - plain));
            put_escaped(context, point);
            plain = text + bytes;
        }
        text += bytes ? bytes : 1;
    }
    put(context, plain, (size_t)(end - plain));
}

struct json *json_open(enum json_form form, struct buffer *out)
{
    const yajl_alloc_funcs memory = {memory_get, memory_resize, memory_free, NULL};
    struct json *json = calloc(1, sizeof(*json));

    if (!json)
        return NULL;
    json->out = out;
    json->gen = yajl_gen_alloc(&memory);
    yajl_gen_config(json->gen, yajl_gen_print_callback, take_piece, json);
    if (form == JSON_INDENTED) {
        yajl_gen_config(json->gen, yajl_gen_beautify, 1);
        yajl_gen_config(json->gen, yajl_gen_indent_string, "  ");
    }
    return json;
}

void json_close(struct json *json)
{
    if (!json)
        return;
    yajl_gen_free(json->gen);
    free(json);
}

/* ---- values ---- */

void json_map_open(struct json *json)
{
    yajl_gen_map_open(json->gen);
}

void json_map_close(struct json *json)
{
    yajl_gen_map_close(json->gen);
}

void json_array_open(struct json *json)
{
    yajl_gen_array_open(json->gen);
}

void json_array_close(struct json *json)
{
    yajl_gen_array_close(json->gen);
}

void json_text(struct json *json, const char *text)
{
    char shown[TEXT_BYTES];

    if (!character_is_utf8(text))
        text = log_quote(text, shown, sizeof(shown));
    yajl_gen_string(json->gen, (const unsigned char *)text, strlen(text));
}

void json_integer(struct json *json, int64_t number)
{
    yajl_gen_integer(json->gen, number);
}

void json_bool(struct json *json, bool value)
{
    yajl_gen_bool(json->gen, value);
}

void json_null(struct json *json)
{
    yajl_gen_null(json->gen);
}

/* ---- members ---- */

void json_key_map(struct json *json, const char *key)
{
    json_text(json, key);
    json_map_open(json);
}

void json_key_array(struct json *json, const char *key)
{
    json_text(json, key);
    json_array_open(json);
}

void json_key_text(struct json *json, const char *key, const char *text)
{
    json_text(json, key);
    if (text)
        json_text(json, text);
    else
        json_null(json);
}

void json_key_some(struct json *json, const char *key, const char *text)
{
    json_key_text(json, key, text && *text ? text : NULL);
}

void json_key_number(struct json *json, const char *key, int64_t number)
{
    json_text(json, key);
    json_integer(json, number);
}

void json_key_bool(struct json *json, const char *key, bool value)
{
    json_text(json, key);
    json_bool(json, value);
}

void json_key_time(struct json *json, const char *key, int64_t wall_ms)
{
    char text[CLOCK_RFC3339_BYTES] = "";

    if (wall_ms)
        clock_format_rfc3339(wall_ms, text);
    json_key_some(json, key, text);
}

void json_key_money(struct json *json, const char *key, money sum)
{
    char fen[MONEY_TEXT_BYTES];

    json_text(json, key);
    money_format_fen(sum, fen);
    yajl_gen_number(json->gen, fen, strlen(fen));
}
