#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yajl/yajl_parse.h>
#include <yajl/yajl_tree.h>

#include "base/character.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/memory.h"
#include "report/manifest/manifest.h"

#define DEPTH_MAX 16        /* ours are 3 deep */
#define MONEY_DIGITS_MAX 38 /* of 128 bits */

/* ---- is it JSON, and not deep? ---- */

static int go_deeper(void *context)
{
    int *depth = context;

    return ++*depth <= DEPTH_MAX;
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

/* ---- the tree ---- */

/* yajl's own tree takes no allocator, and writes through what it got without a look: it is built
 * here in the same form, for yajl_tree_get and yajl_tree_free. */
struct builder {
    yajl_val root;
    yajl_val open[DEPTH_MAX + 1]; /* objects and arrays that are not ended */
    char *key[DEPTH_MAX + 1];     /* of the member that comes next */
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

/* ---- members ---- */

/* The manifest that is being taken apart, and what is wrong with it. */
struct parts {
    yajl_val tree;
    char wrong[128]; /* "": nothing so far */
    bool no_memory;
};

static void spoil(struct parts *parts, const char *what, const char *first, const char *second)
{
    if (!*parts->wrong)
        snprintf(parts->wrong, sizeof(parts->wrong), "%s: '%s%s%s'", what, first, second ? "." : "",
                 second ? second : "");
}

static yajl_val find(const struct parts *parts, const char *first, const char *second)
{
    const char *path[] = {first, second, NULL};

    return yajl_tree_get(parts->tree, path, yajl_t_any);
}

/* A member that must be there, in this type; NULL when it is not. */
static yajl_val need(struct parts *parts, const char *first, const char *second, yajl_type type)
{
    yajl_val value = find(parts, first, second);

    if (value && value->type == type)
        return value;
    spoil(parts, value ? "of another type" : "missing", first, second);
    return NULL;
}

static const char *need_text(struct parts *parts, const char *first, const char *second)
{
    yajl_val value = need(parts, first, second, yajl_t_string);

    return value ? value->u.string : "";
}

/* A text that may be missing or null. */
static const char *take_text(struct parts *parts, const char *first, const char *second)
{
    yajl_val value = find(parts, first, second);

    return value && !YAJL_IS_NULL(value) ? need_text(parts, first, second) : "";
}

static void need_hex(struct parts *parts, const char *first, const char *second, size_t size,
                     char *ret_text)
{
    const char *text = need_text(parts, first, second);

    if (hex_is_text(text, size - 1))
        memcpy(ret_text, text, size);
    else
        spoil(parts, "not in hex", first, second);
}

/* The name of a run, as the ledger makes them. */
static void check_run(struct parts *parts, const char *member, const char *text, char *ret_text)
{
    size_t len = strlen(text);

    if (len && len < LEDGER_ID_BYTES && strspn(text, "0123456789abcdef-") == len)
        memcpy(ret_text, text, len + 1);
    else
        spoil(parts, "not a run", member, NULL);
}

/* A plain integer that is not negative. */
static uint64_t take_count(struct parts *parts, yajl_val value, const char *first,
                           const char *second)
{
    if (!YAJL_IS_INTEGER(value) || value->u.number.i < 0) {
        spoil(parts, "not a number of things", first, second);
        return 0;
    }
    return (uint64_t)value->u.number.i;
}

static uint64_t need_count(struct parts *parts, const char *first, const char *second)
{
    yajl_val value = need(parts, first, second, yajl_t_number);

    return value ? take_count(parts, value, first, second) : 0;
}

/* A time that may be missing or null. */
static int64_t take_time(struct parts *parts, const char *first)
{
    const char *text = take_text(parts, first, NULL);
    int64_t time_ms = 0;

    if (*text && !clock_parse_rfc3339(text, &time_ms))
        spoil(parts, "not a time", first, NULL);
    return time_ms;
}

/* ---- the parts of a manifest ---- */

static money take_money(struct parts *parts, yajl_val value, const char *first, const char *second)
{
    const char *text = YAJL_IS_NUMBER(value) ? value->u.number.r : "";

    if (*text && strlen(text) <= MONEY_DIGITS_MAX && strspn(text, "0123456789") == strlen(text))
        return money_parse_fen(text);
    spoil(parts, "not an amount", first, second);
    return 0;
}

static void take_outcomes(struct parts *parts, struct manifest_found *found)
{
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        const char *name = outcome_name((enum outcome)i);
        const char *rows[] = {"outcomes", name, "rows", NULL};
        const char *fee[] = {"outcomes", name, "fee_fen", NULL};

        found->rows[i] =
            take_count(parts, yajl_tree_get(parts->tree, rows, yajl_t_number), "outcomes", name);
        found->fee_fen[i] =
            take_money(parts, yajl_tree_get(parts->tree, fee, yajl_t_number), "outcomes", name);
    }
}

/* One sum of claims that changed, as if it were a manifest of its own. */
static void take_changed_sum(struct parts *parts, yajl_val value, struct changed_sum *sum)
{
    struct parts part = {.tree = value};

    sum->rows = need_count(&part, "rows", NULL);
    sum->without_before = need_count(&part, "rows_without_before", NULL);
    sum->before = take_money(&part, find(&part, "fee_fen_before", NULL), "fee_fen_before", NULL);
    sum->after = take_money(&part, find(&part, "fee_fen_after", NULL), "fee_fen_after", NULL);
    if (*part.wrong || sum->without_before > sum->rows)
        spoil(parts, "not a sum", "changed", NULL);
}

static void take_changed(struct parts *parts, struct manifest_found *found)
{
    yajl_val changed = find(parts, "changed", NULL);

    if (!changed)
        return;
    if (!YAJL_IS_OBJECT(changed) || !YAJL_IS_OBJECT(find(parts, "changed", "held_back"))) {
        spoil(parts, "of another type", "changed", NULL);
        return;
    }
    found->has_changed = true;
    take_changed_sum(parts, changed, &found->changed);
    take_changed_sum(parts, find(parts, "changed", "held_back"), &found->held_back);
}

static void take_repeats(struct parts *parts, struct manifest_found *found)
{
    static const char name[] = "repeated_with_another_amount";
    yajl_val may_be_more = NULL;

    if (!find(parts, name, NULL))
        return;
    may_be_more = find(parts, name, "may_be_more");
    found->has_repeats = true;
    found->repeats = (struct tally_repeats){.rows = need_count(parts, name, "rows"),
                                            .first_row = need_count(parts, name, "first_row"),
                                            .row_before = need_count(parts, name, "row_before"),
                                            .more = YAJL_IS_TRUE(may_be_more)};
    if (!YAJL_IS_TRUE(may_be_more) && !YAJL_IS_FALSE(may_be_more))
        spoil(parts, "of another type", name, NULL);
}

static int compare_codes(const void *a, const void *b)
{
    const struct manifest_code *x = a;
    const struct manifest_code *y = b;

    return strcmp(x->code, y->code);
}

static void take_codes(struct parts *parts, struct manifest_found *found)
{
    yajl_val map = need(parts, "codes", NULL, yajl_t_object);

    if (!map || !map->u.object.len)
        return;
    found->codes = calloc(map->u.object.len, sizeof(*found->codes));
    if (!found->codes) {
        parts->no_memory = true;
        return;
    }
    for (size_t i = 0; i < map->u.object.len; i++)
        found->codes[found->code_count++] = (struct manifest_code){
            map->u.object.keys[i],
            take_count(parts, map->u.object.values[i], "codes", map->u.object.keys[i])};
    qsort(found->codes, found->code_count, sizeof(*found->codes), compare_codes);
}

static void take_columns(struct parts *parts, int *ret_columns)
{
    for (int i = 0; i < FIELD_COUNT; i++) {
        const char *path[] = {"reading", "columns", field_name((enum field)i), NULL};
        yajl_val value = yajl_tree_get(parts->tree, path, yajl_t_any);
        uint64_t number = value ? take_count(parts, value, "reading", "columns") : 0;

        if (number > INT32_MAX)
            spoil(parts, "not a column", "reading", "columns");
        ret_columns[i] = number && number <= INT32_MAX ? (int)number - 1 : COLUMN_ABSENT;
    }
}

static void take_rules(struct parts *parts, struct rules *rules)
{
    yajl_val most = find(parts, "reading", "max_fee");

    rules_init(rules);
    for (int i = 0; i < RULE_COUNT; i++) {
        const char *name = rule_name((enum rule)i);
        const char *path[] = {"reading", "rules", name, NULL};
        yajl_val value = yajl_tree_get(parts->tree, path, yajl_t_any);
        const char *word = YAJL_GET_STRING(value);
        int severity = SEVERITY_OFF;

        if (!value) {
            /* A rule that a version did not know did not hold. */
            if (!rule_is_fixed((enum rule)i) && i != RULE_CHANGED_SINCE_ACCEPTED)
                rules->severity[i] = SEVERITY_OFF;
            continue;
        }
        while (severity <= SEVERITY_ERROR &&
               !(word && strcmp(word, severity_name((enum severity)severity)) == 0))
            severity++;
        if (severity > SEVERITY_ERROR)
            spoil(parts, "not a severity", "reading.rules", name);
        else
            rules->severity[i] = (enum severity)severity;
    }
    if (most)
        rules->max_fee = (int64_t)take_count(parts, most, "reading", "max_fee");
}

static void take_statuses(struct parts *parts, struct vocabulary *words)
{
    yajl_val map = find(parts, "reading", "statuses");
    const char *why = NULL;

    for (size_t i = 0; YAJL_IS_OBJECT(map) && i < map->u.object.len; i++) {
        const char *number = YAJL_GET_NUMBER(map->u.object.values[i]);

        if (!number || !vocabulary_add_status(words, map->u.object.keys[i], number, &why))
            spoil(parts, "not a status", "reading", "statuses");
    }
}

static void take_nulls(struct parts *parts, struct vocabulary *words)
{
    yajl_val list = find(parts, "reading", "null_words");
    const char *why = NULL;

    vocabulary_add_null(words, "none", &why);
    for (size_t i = 0; YAJL_IS_ARRAY(list) && i < list->u.array.len; i++) {
        const char *word = YAJL_GET_STRING(list->u.array.values[i]);

        if (!word || !vocabulary_add_null(words, word, &why))
            spoil(parts, "not a word", "reading", "null_words");
    }
}

/* What words and rows meant for the run. */
static void take_words(struct parts *parts, struct manifest_reading *reading)
{
    struct rules *rules = &reading->rules;
    yajl_val clock = find(parts, "reading", "time_of_day");
    const char *oldest = take_text(parts, "reading", "oldest_time");
    const char *pattern = take_text(parts, "reading", "order_no_pattern");

    reading->has_words = find(parts, "reading", "null_words") != NULL;
    take_statuses(parts, &rules->vocabulary);
    take_nulls(parts, &rules->vocabulary);
    rules->short_rows = YAJL_IS_TRUE(find(parts, "reading", "short_rows"));
    rules->order_no_pattern = *pattern ? pattern : NULL;
    if (*oldest && !rules_parse_date(oldest, &rules->oldest_s))
        spoil(parts, "not a date", "reading", "oldest_time");
    reading->time_of_day = clock ? take_count(parts, clock, "reading", "time_of_day") : 0;
}

static void take_reading(struct parts *parts, struct manifest_reading *reading)
{
    const char *delimiter = need_text(parts, "reading", "delimiter");
    const char *unit = need_text(parts, "reading", "fee_unit");

    if (!encoding_parse(need_text(parts, "input", "encoding"), &reading->encoding))
        spoil(parts, "not an encoding", "input", "encoding");
    if (!*delimiter || character_decode(delimiter, &reading->delimiter) != strlen(delimiter))
        spoil(parts, "not one character", "reading", "delimiter");
    if (strcmp(unit, "fen") != 0 && strcmp(unit, "yuan") != 0)
        spoil(parts, "not a unit", "reading", "fee_unit");
    reading->fee_unit = strcmp(unit, "yuan") == 0 ? FEE_UNIT_YUAN : FEE_UNIT_FEN;
    take_columns(parts, reading->columns);
    take_rules(parts, &reading->rules);
    take_words(parts, reading);
}

static void take_replaced(struct parts *parts, struct manifest_found *found)
{
    yajl_val list = find(parts, "replaced", NULL);
    size_t count = YAJL_IS_ARRAY(list) ? list->u.array.len : 0;

    if (list && !YAJL_IS_ARRAY(list))
        spoil(parts, "of another type", "replaced", NULL);
    if (!count)
        return;
    found->replaced = calloc(count, sizeof(*found->replaced));
    if (!found->replaced) {
        parts->no_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const char *text = YAJL_GET_STRING(list->u.array.values[i]);

        if (!text || !hex_is_text(text, MANIFEST_SHA256_TEXT_BYTES - 1)) {
            spoil(parts, "not in hex", "replaced", NULL);
            return;
        }
        memcpy(found->replaced[found->replaced_count++], text, MANIFEST_SHA256_TEXT_BYTES);
    }
}

/* One event, as if it were a manifest of its own. */
static void take_event(struct parts *parts, yajl_val value, struct manifest_event *ret_event)
{
    struct parts event = {.tree = value};

    if (YAJL_IS_OBJECT(value))
        *ret_event = (struct manifest_event){
            .kind = need_text(&event, "kind", NULL),
            .at_ms = take_time(&event, "at"),
            .until_ms = take_time(&event, "until"),
            .text = take_text(&event, "text", NULL),
        };
    if (!YAJL_IS_OBJECT(value) || *event.wrong || !ret_event->at_ms)
        spoil(parts, "not an event", "events", NULL);
}

static void take_events(struct parts *parts, struct manifest_found *found)
{
    yajl_val list = find(parts, "events", NULL);
    size_t count = YAJL_IS_ARRAY(list) ? list->u.array.len : 0;

    if (list && !YAJL_IS_ARRAY(list))
        spoil(parts, "of another type", "events", NULL);
    if (!count)
        return;
    found->events = calloc(count, sizeof(*found->events));
    if (!found->events) {
        parts->no_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++)
        take_event(parts, list->u.array.values[i], &found->events[found->event_count++]);
}

static void take_signature(struct parts *parts, struct manifest_signature *signature)
{
    if (!find(parts, "signature", NULL))
        return;
    signature->is_there = true;
    signature->algorithm = need_text(parts, "signature", "algorithm");
    signature->public_key = need_text(parts, "signature", "public_key");
    signature->value = need_text(parts, "signature", "value");
}

static void take_ledger(struct parts *parts, struct manifest_found *found)
{
    yajl_val commits = find(parts, "ledger_commits", NULL);

    need_hex(parts, "ledger_id", NULL, sizeof(found->ledger_id), found->ledger_id);
    if (commits)
        found->ledger_commits = (int64_t)take_count(parts, commits, "ledger_commits", NULL);
    found->ledger_path = take_text(parts, "ledger_path", NULL);
}

static void take_run(struct parts *parts, struct manifest_found *found)
{
    const char *parent = take_text(parts, "parent_run", NULL);

    check_run(parts, "run", need_text(parts, "run", NULL), found->run);
    if (*parent)
        check_run(parts, "parent_run", parent, found->parent_run);
    take_ledger(parts, found);
    found->program_version = need_text(parts, "version", NULL);
    found->command = need_text(parts, "command", NULL);
    found->platform = need_text(parts, "platform", NULL);
    found->gateway = need_text(parts, "gateway", NULL);
    found->app_key = need_text(parts, "app_key", NULL);
    found->started_ms = take_time(parts, "started");
    found->finished_ms = take_time(parts, "finished");
    found->complete = YAJL_IS_TRUE(find(parts, "complete", NULL));
    if (!found->complete)
        need(parts, "complete", NULL, yajl_t_false);
    found->stopped_because = take_text(parts, "stopped_because", NULL);
}

static void take_input(struct parts *parts, struct manifest_found *found)
{
    found->input_name = need_text(parts, "input", "name");
    found->input_path = take_text(parts, "input", "path");
    need_hex(parts, "input", "sha256", sizeof(found->input_sha256), found->input_sha256);
    if (*take_text(parts, "input", "corrects"))
        need_hex(parts, "input", "corrects", sizeof(found->corrects), found->corrects);
    found->input_bytes = need_count(parts, "input", "bytes");
    found->input_rows = need_count(parts, "input", "rows");
}

static void take_report(struct parts *parts, struct manifest_found *found)
{
    found->report_name = need_text(parts, "report", "name");
    need_hex(parts, "report", "sha256", sizeof(found->report_sha256), found->report_sha256);
    found->report_bytes = need_count(parts, "report", "bytes");
    found->report_rows = need_count(parts, "report", "rows");
}

/* ---- nothing stands twice ---- */

static int compare_keys(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;

    return strcmp(*x, *y);
}

static void check_keys(struct parts *parts, yajl_val value);

/* Of two members of one name, other readers take the other one. */
static void check_map(struct parts *parts, yajl_val map)
{
    size_t count = map->u.object.len;
    const char **keys = count > 1 ? malloc(count * sizeof(*keys)) : NULL;

    if (count > 1 && !keys) {
        parts->no_memory = true;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        check_keys(parts, map->u.object.values[i]);
        if (keys)
            keys[i] = map->u.object.keys[i];
    }
    if (keys)
        qsort(keys, count, sizeof(*keys), compare_keys);
    for (size_t i = 1; i < count && keys; i++)
        if (strcmp(keys[i - 1], keys[i]) == 0)
            spoil(parts, "named twice", keys[i], NULL);
    free(keys);
}

/* The depth is bounded by is_flat_json. */
static void check_keys(struct parts *parts, yajl_val value)
{
    if (YAJL_IS_OBJECT(value))
        check_map(parts, value);
    for (size_t i = 0; YAJL_IS_ARRAY(value) && i < value->u.array.len; i++)
        check_keys(parts, value->u.array.values[i]);
}

/* ---- reading ---- */

/* Fills `found`, whose tree is there, and says in `parts` what is wrong. */
static void take_start(struct parts *parts, struct manifest_found *found)
{
    check_keys(parts, parts->tree);
    take_run(parts, found);
    take_input(parts, found);
    take_reading(parts, &found->reading);
}

static void take(struct parts *parts, struct manifest_found *found)
{
    take_start(parts, found);
    take_report(parts, found);
    take_outcomes(parts, found);
    take_changed(parts, found);
    take_repeats(parts, found);
    take_codes(parts, found);
    take_replaced(parts, found);
    take_events(parts, found);
    take_signature(parts, &found->signature);
}

static int refuse(const char *path, const char *why, struct error *err)
{
    char quoted[2][LOG_QUOTE_BYTES];

    return error_set(err, EXIT_INPUT_REFUSED, "'%s' is not a whole manifest of claimbatch%s%s",
                     log_quote(path, quoted[0], LOG_QUOTE_BYTES), *why ? ": " : "",
                     log_quote(why, quoted[1], LOG_QUOTE_BYTES));
}

static int parse(const char *path, void (*take_all)(struct parts *, struct manifest_found *),
                 struct manifest_found *found, struct error *err)
{
    struct parts parts = {0};
    const char *text = buffer_string(&found->text);

    if (strlen(text) != found->text.len || !is_flat_json(&found->text))
        return refuse(path, "it is no JSON", err);
    found->tree = parts.tree = build_tree(&found->text);
    if (!parts.tree)
        return error_no_memory(err);
    if (strcmp(need_text(&parts, "manifest", NULL), MANIFEST_FORMAT) != 0)
        return refuse(path, "", err);
    take_all(&parts, found);
    if (parts.no_memory)
        return error_no_memory(err);
    return *parts.wrong ? refuse(path, parts.wrong, err) : 0;
}

static void empty(struct manifest_found *found)
{
    memset(found, 0, sizeof(*found));
    found->program_version = found->command = found->platform = found->gateway = "";
    found->app_key = found->input_name = found->input_path = found->report_name = "";
    found->stopped_because = found->ledger_path = "";
    found->signature = (struct manifest_signature){false, "", "", ""};
}

static int read_file(const char *path, void (*take_all)(struct parts *, struct manifest_found *),
                     struct manifest_found *ret_found, struct error *err)
{
    struct stat status = {.st_mode = S_IFREG};

    empty(ret_found);
    if (stat(path, &status) && errno == ENOENT)
        return 0;
    if (!S_ISREG(status.st_mode)) /* reading it may never end, or never begin */
        return refuse(path, "it is not a regular file", err);
    if (file_read_all(path, MANIFEST_BYTES_MAX, &ret_found->text, err))
        return -1;
    return parse(path, take_all, ret_found, err) ? -1 : 1;
}

int manifest_read_file(const char *path, struct manifest_found *ret_found, struct error *err)
{
    return read_file(path, take, ret_found, err);
}

int manifest_read_start(const char *path, struct manifest_found *ret_found, struct error *err)
{
    return read_file(path, take_start, ret_found, err);
}

int manifest_read(const char *report_path, struct manifest_found *ret_found, struct error *err)
{
    struct buffer path = {0};
    int result;

    empty(ret_found);
    manifest_path(report_path, &path);
    result = path.failed ? error_no_memory(err) : manifest_read_file(path.ptr, ret_found, err);
    buffer_release(&path);
    return result;
}

int manifest_require(const char *report_path, const char *platform,
                     struct manifest_found *ret_found, struct error *err)
{
    char quoted[3][LOG_QUOTE_BYTES];
    int found = manifest_read(report_path, ret_found, err);

    log_quote(report_path, quoted[0], LOG_QUOTE_BYTES);
    if (found < 0)
        return -1;
    if (!found)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the report '%s' has no manifest beside it ('%s.manifest.json'), so its "
                         "run is not known; name it where claimbatch wrote both",
                         quoted[0], quoted[0]);
    if (strcmp(ret_found->platform, platform) == 0)
        return 0;
    return error_set(err, EXIT_BAD_CONFIG,
                     "the report '%s' is of platform '%s', not of '%s'; name the same --gateway as "
                     "when it was made",
                     quoted[0], log_quote(ret_found->platform, quoted[1], LOG_QUOTE_BYTES),
                     log_quote(platform, quoted[2], LOG_QUOTE_BYTES));
}

void manifest_found_release(struct manifest_found *found)
{
    buffer_release(&found->text);
    yajl_tree_free(found->tree);
    free(found->codes);
    free(found->replaced);
    free(found->events);
    empty(found);
}
