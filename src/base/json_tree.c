#include "base/json_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>
#include <yajl/yajl_tree.h>

#include "base/buffer.h"
#include "base/memory.h"

static int go_deeper(void *context)
{
    int *depth = context;

    return ++*depth <= JSON_TREE_DEPTH_MAX;
}

static int come_back(void *context)
{
    int *depth = context;

    --*depth;
    return 1;
}

/* yajl's tree is built by recursion and allows comments: what goes there is looked at before. */
static bool is_flat_json(const struct buffer *text)
{
    static const yajl_callbacks callbacks = {
        .yajl_start_map = go_deeper,
        .yajl_end_map = come_back,
        .yajl_start_array = go_deeper,
        .yajl_end_array = come_back,
    };
    yajl_alloc_funcs memory = {memory_get, memory_resize, memory_free, NULL};
    int depth = 0;
    yajl_handle handle = yajl_alloc(&callbacks, &memory, &depth);
    bool good = handle &&
                yajl_parse(handle, (const unsigned char *)text->ptr, text->len) == yajl_status_ok &&
                yajl_complete_parse(handle) == yajl_status_ok;

    if (handle)
        yajl_free(handle);
    return good;
}

/* yajl's own tree takes no allocator, and writes through what it got without a look: it is built
 * here in the same form, for yajl_tree_get and yajl_tree_free. */
struct builder {
    yajl_val root;
    yajl_val open[JSON_TREE_DEPTH_MAX + 1]; /* objects and arrays that are not ended */
    char *key[JSON_TREE_DEPTH_MAX + 1];     /* of the member that comes next */
    size_t depth;
};

static char *copy_of(const unsigned char *text, size_t len)
{
    char *copy = memory_get(NULL, len + 1);

    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

static yajl_val *add_place(yajl_val **values, size_t *len)
{
    *values = memory_resize(NULL, *values, (*len + 1) * sizeof(**values));
    return &(*values)[(*len)++];
}

static yajl_val add_value(struct builder *b, yajl_type type)
{
    yajl_val value = memory_get(NULL, sizeof(*value));
    yajl_val parent = b->depth ? b->open[b->depth - 1] : NULL;

    memset(value, 0, sizeof(*value));
    value->type = type;
    if (!parent) {
        b->root = value;
    } else if (parent->type == yajl_t_array) {
        *add_place(&parent->u.array.values, &parent->u.array.len) = value;
    } else {
        size_t at = parent->u.object.len;

        parent->u.object.keys =
            memory_resize(NULL, parent->u.object.keys, (at + 1) * sizeof(*parent->u.object.keys));
        parent->u.object.keys[at] = b->key[b->depth - 1];
        b->key[b->depth - 1] = NULL;
        *add_place(&parent->u.object.values, &parent->u.object.len) = value;
    }
    return value;
}

static int take_null(void *context)
{
    add_value(context, yajl_t_null);
    return 1;
}

static int take_boolean(void *context, int value)
{
    add_value(context, value ? yajl_t_true : yajl_t_false);
    return 1;
}

static int take_number(void *context, const char *text, size_t len)
{
    yajl_val value = add_value(context, yajl_t_number);
    char *end = NULL;

    value->u.number.r = copy_of((const unsigned char *)text, len);
    errno = 0;
    value->u.number.i = strtoll(value->u.number.r, &end, 10);
    if (!errno && !*end)
        value->u.number.flags |= YAJL_NUMBER_INT_VALID;
    return 1;
}

static int take_string(void *context, const unsigned char *text, size_t len)
{
    add_value(context, yajl_t_string)->u.string = copy_of(text, len);
    return 1;
}

static int take_key(void *context, const unsigned char *text, size_t len)
{
    struct builder *b = context;

    b->key[b->depth - 1] = copy_of(text, len);
    return 1;
}

static int begin_value(struct builder *b, yajl_type type)
{
    b->open[b->depth] = add_value(b, type);
    b->depth++;
    return 1;
}

static int begin_object(void *context)
{
    return begin_value(context, yajl_t_object);
}

static int begin_array(void *context)
{
    return begin_value(context, yajl_t_array);
}

static int end_value(void *context)
{
    struct builder *b = context;

    b->depth--;
    return 1;
}

/* Of text that is_flat_json has seen. */
static yajl_val build_tree(const struct buffer *text)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = take_null,
        .yajl_boolean = take_boolean,
        .yajl_number = take_number,
        .yajl_string = take_string,
        .yajl_start_map = begin_object,
        .yajl_map_key = take_key,
        .yajl_end_map = end_value,
        .yajl_start_array = begin_array,
        .yajl_end_array = end_value,
    };
    yajl_alloc_funcs memory = {memory_get, memory_resize, memory_free, NULL};
    struct builder builder = {0};
    yajl_handle handle = yajl_alloc(&callbacks, &memory, &builder);

    yajl_parse(handle, (const unsigned char *)text->ptr, text->len);
    yajl_complete_parse(handle);
    yajl_free(handle);
    return builder.root;
}

bool json_tree_read(const struct buffer *text, struct yajl_val_s **ret_tree)
{
    if (strlen(buffer_string(text)) != text->len || !is_flat_json(text))
        return false;
    *ret_tree = build_tree(text);
    return true;
}
