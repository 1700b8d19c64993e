/*
 * json: a document of JSON, written member by member; hides yajl.
 *
 * JSON is UTF-8, with what a terminal would obey or not show escaped (C0, DEL, C1, characters of no
 * width, those that turn the direction); a file's name may be anything, and is then shown with its
 * bytes written out. Money is an integer of any length, in fen; times are RFC 3339. Where there is
 * no memory for yajl the program ends (base/memory.h).
 *
 * Tested by tests/unit/test_json.c
 */
#ifndef CLAIMBATCH_BASE_JSON_H
#define CLAIMBATCH_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/money.h"

struct json;

enum json_form { JSON_COMPACT, JSON_INDENTED };

/* Begins a document that is appended to `out`, which fails without memory; NULL: it goes to
 * standard output. NULL without memory. */
struct json *json_open(enum json_form form, struct buffer *out);
void json_close(struct json *json); /* NULL is fine */

/* ---- values, and keys, which are texts ---- */

void json_map_open(struct json *json);
void json_map_close(struct json *json);
void json_array_open(struct json *json);
void json_array_close(struct json *json);
void json_text(struct json *json, const char *text);
void json_integer(struct json *json, int64_t number);
void json_bool(struct json *json, bool value);
void json_null(struct json *json);

/* ---- members: a key and its value ---- */

void json_key_map(struct json *json, const char *key);                    /* to be closed */
void json_key_array(struct json *json, const char *key);                  /* to be closed */
void json_key_text(struct json *json, const char *key, const char *text); /* NULL: null */
void json_key_some(struct json *json, const char *key, const char *text); /* NULL, "": null */
void json_key_number(struct json *json, const char *key, int64_t number);
void json_key_bool(struct json *json, const char *key, bool value);
void json_key_time(struct json *json, const char *key, int64_t wall_ms); /* 0: null */
void json_key_money(struct json *json, const char *key, money sum);

#endif
