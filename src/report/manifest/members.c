#include "members.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/words/language.h"
#include "ledger/ledger.h"

#define MONEY_DIGITS_MAX 38 /* of 128 bits */

void members_spoil(struct members *m, const char *what, const char *first, const char *second)
{
    if (!*m->wrong)
        snprintf(m->wrong, sizeof(m->wrong), "%s: '%s%s%s'", what, first, second ? "." : "",
                 second ? second : "");
}

yajl_val members_find(const struct members *m, const char *first, const char *second)
{
    const char *path[] = {first, second, NULL};

    return yajl_tree_get(m->tree, path, yajl_t_any);
}

yajl_val members_need(struct members *m, const char *first, const char *second, yajl_type type)
{
    yajl_val value = members_find(m, first, second);

    if (value && value->type == type)
        return value;
    members_spoil(m, value ? _("of another type") : "missing", first, second);
    return NULL;
}

const char *members_text(struct members *m, const char *first, const char *second)
{
    yajl_val value = members_need(m, first, second, yajl_t_string);

    return value ? value->u.string : "";
}

const char *members_text_if(struct members *m, const char *first, const char *second)
{
    yajl_val value = members_find(m, first, second);

    return value && !YAJL_IS_NULL(value) ? members_text(m, first, second) : "";
}

void members_hex(struct members *m, const char *first, const char *second, size_t size,
                 char *ret_text)
{
    const char *text = members_text(m, first, second);

    if (hex_is_text(text, size - 1))
        memcpy(ret_text, text, size);
    else
        members_spoil(m, _("not in hex"), first, second);
}

void members_run(struct members *m, const char *member, const char *text, char *ret_text)
{
    size_t len = strlen(text);

    if (len && len < LEDGER_ID_BYTES && strspn(text, "0123456789abcdef-") == len)
        memcpy(ret_text, text, len + 1);
    else
        members_spoil(m, _("not a run"), member, NULL);
}

uint64_t members_count_of(struct members *m, yajl_val value, const char *first, const char *second)
{
    if (!YAJL_IS_INTEGER(value) || value->u.number.i < 0) {
        members_spoil(m, _("not a number of things"), first, second);
        return 0;
    }
    return (uint64_t)value->u.number.i;
}

uint64_t members_count(struct members *m, const char *first, const char *second)
{
    yajl_val value = members_need(m, first, second, yajl_t_number);

    return value ? members_count_of(m, value, first, second) : 0;
}

int64_t members_time(struct members *m, const char *first)
{
    const char *text = members_text_if(m, first, NULL);
    int64_t time_ms = 0;

    if (*text && !clock_parse_rfc3339(text, &time_ms))
        members_spoil(m, _("not a time"), first, NULL);
    return time_ms;
}

money members_money_of(struct members *m, yajl_val value, const char *first, const char *second)
{
    const char *text = YAJL_IS_NUMBER(value) ? value->u.number.r : "";

    if (*text && strlen(text) <= MONEY_DIGITS_MAX && strspn(text, "0123456789") == strlen(text))
        return money_parse_fen(text);
    members_spoil(m, _("not an amount"), first, second);
    return 0;
}

/* ---- nothing stands twice ---- */

static int compare_keys(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;

    return strcmp(*x, *y);
}

/* Of two members of one name, other readers take the other one. */
static void check_map(struct members *m, yajl_val map)
{
    size_t count = map->u.object.len;
    const char **keys = count > 1 ? malloc(count * sizeof(*keys)) : NULL;

    if (count > 1 && !keys) {
        m->no_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        members_check_keys(m, map->u.object.values[i]);
        if (keys)
            keys[i] = map->u.object.keys[i];
    }
    if (keys)
        qsort(keys, count, sizeof(*keys), compare_keys);
    for (size_t i = 1; i < count && keys; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0)
            members_spoil(m, _("named twice"), keys[i], NULL);
    free(keys);
}

/* The depth is bounded by json_tree_read. */
void members_check_keys(struct members *m, yajl_val value)
{
    if (YAJL_IS_OBJECT(value))
        check_map(m, value);
    for (size_t i = 0; YAJL_IS_ARRAY(value) && i < value->u.array.len; i++)
        members_check_keys(m, value->u.array.values[i]);
}
