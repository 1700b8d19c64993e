#include "report/manifest.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yajl/yajl_gen.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "gateway/top.h"
#include "input/charset.h"

#define PATH_BYTES 4200

/* JSON is UTF-8; a file name may be anything, and is then shown with its bytes written out. */
static void put_text(yajl_gen gen, const char *text)
{
    char shown[PATH_BYTES];

    if (!charset_is_utf8(text))
        text = log_quote(text, shown, sizeof(shown));
    yajl_gen_string(gen, (const unsigned char *)text, strlen(text));
}

static void put_key_text(yajl_gen gen, const char *key, const char *text)
{
    put_text(gen, key);
    put_text(gen, text);
}

static void put_key_number(yajl_gen gen, const char *key, int64_t number)
{
    put_text(gen, key);
    yajl_gen_integer(gen, number);
}

static void put_key_bool(yajl_gen gen, const char *key, bool value)
{
    put_text(gen, key);
    yajl_gen_bool(gen, value);
}

static void put_key_time(yajl_gen gen, const char *key, int64_t wall_ms)
{
    char text[CLOCK_RFC3339_BYTES];

    put_text(gen, key);
    if (!wall_ms) {
        yajl_gen_null(gen);
        return;
    }
    clock_format_rfc3339(wall_ms, text);
    put_text(gen, text);
}

static void put_key_sha256(yajl_gen gen, const char *key, const unsigned char *sha256)
{
    char hex[MANIFEST_SHA256_TEXT_BYTES];

    digest_hex(sha256, DIGEST_SHA256_BYTES, hex);
    put_key_text(gen, key, hex);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static void put_input(yajl_gen gen, const struct manifest *m)
{
    const struct manifest_found *earlier = m->earlier;
    const char *name = earlier ? earlier->input_name : export_name(m->intake->export);
    char *real = earlier ? NULL : realpath(name, NULL);
    const char *path = earlier ? earlier->input_path : real;

    put_text(gen, "input");
    yajl_gen_map_open(gen);
    put_key_text(gen, "name", last_part(name));
    if (path && *path)
        put_key_text(gen, "path", path);
    put_key_number(gen, "bytes", (int64_t)m->inspection->survey.bytes);
    put_key_sha256(gen, "sha256", m->inspection->survey.sha256);
    put_key_text(gen, "encoding", encoding_name(m->inspection->survey.encoding));
    put_key_number(gen, "rows", (int64_t)m->inspection->rows);
    yajl_gen_map_close(gen);
    free(real);
}

static void put_reading(yajl_gen gen, const struct manifest *m)
{
    static const char *const severities[] = {"off", "warn", "error"};
    const struct columns *columns = &m->inspection->columns;
    char delimiter[2] = {m->intake->reader.delimiter, '\0'};

    put_text(gen, "reading");
    yajl_gen_map_open(gen);
    put_key_text(gen, "delimiter", delimiter);
    put_key_text(gen, "fee_unit", columns->fee_unit == FEE_UNIT_YUAN ? "yuan" : "fen");
    put_text(gen, "columns");
    yajl_gen_map_open(gen);
    for (int i = 0; i < FIELD_COUNT; i++)
        if (columns->index[i] != COLUMN_ABSENT)
            put_key_number(gen, field_name((enum field)i), columns->index[i] + 1);
    yajl_gen_map_close(gen);
    put_text(gen, "rules");
    yajl_gen_map_open(gen);
    for (int i = 0; i < RULE_COUNT; i++)
        if (!(i == RULE_MAX_FEE && m->intake->rules.max_fee < 0))
            put_key_text(gen, rule_name((enum rule)i), severities[m->intake->rules.severity[i]]);
    yajl_gen_map_close(gen);
    if (m->intake->rules.max_fee >= 0)
        put_key_number(gen, "max_fee", m->intake->rules.max_fee);
    yajl_gen_map_close(gen);
}

static void put_outcomes(yajl_gen gen, const struct tally *tally)
{
    char digits[MONEY_TEXT_BYTES];

    put_text(gen, "outcomes");
    yajl_gen_map_open(gen);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        put_text(gen, outcome_name((enum outcome)i));
        yajl_gen_map_open(gen);
        put_key_number(gen, "rows", (int64_t)tally_rows(tally, (enum outcome)i));
        put_text(gen, "fee_fen");
        money_format_fen(tally_fee(tally, (enum outcome)i), digits);
        yajl_gen_number(gen, digits, strlen(digits));
        yajl_gen_map_close(gen);
    }
    yajl_gen_map_close(gen);
}

static int compare_texts(const void *a, const void *b)
{
    const struct manifest_code *x = a;
    const struct manifest_code *y = b;

    return strcmp(x->code, y->code);
}

static int compare_rows(const void *a, const void *b)
{
    const struct manifest_code *x = a;
    const struct manifest_code *y = b;

    return x->rows == y->rows ? strcmp(x->code, y->code) : x->rows < y->rows ? 1 : -1;
}

size_t manifest_sum_codes(struct tally *tally, struct manifest_code *ret_codes)
{
    enum outcome outcome;
    size_t count = 0;
    size_t used = 0;

    while (count < MANIFEST_CODES_MAX &&
           (ret_codes[count].code = tally_code(tally, count, &outcome, &ret_codes[count].rows)))
        count++;
    qsort(ret_codes, count, sizeof(*ret_codes), compare_texts);
    for (size_t i = 0; i < count; i++) {
        if (used && strcmp(ret_codes[used - 1].code, ret_codes[i].code) == 0)
            ret_codes[used - 1].rows += ret_codes[i].rows;
        else
            ret_codes[used++] = ret_codes[i];
    }
    return used;
}

/* The most frequent first. -1 without memory. */
static int put_codes(yajl_gen gen, struct tally *tally)
{
    struct manifest_code *codes = calloc(MANIFEST_CODES_MAX, sizeof(*codes));
    size_t count;

    if (!codes)
        return -1;
    count = manifest_sum_codes(tally, codes);
    qsort(codes, count, sizeof(*codes), compare_rows);
    put_text(gen, "codes");
    yajl_gen_map_open(gen);
    for (size_t i = 0; i < count; i++)
        put_key_number(gen, codes[i].code, (int64_t)codes[i].rows);
    yajl_gen_map_close(gen);
    free(codes);
    return 0;
}

static void put_report(yajl_gen gen, const struct manifest *m)
{
    put_text(gen, "report");
    yajl_gen_map_open(gen);
    put_key_text(gen, "name", last_part(m->report_path));
    put_key_number(gen, "bytes", (int64_t)m->report_bytes);
    put_key_sha256(gen, "sha256", m->report_sha256);
    put_key_number(gen, "rows", (int64_t)tally_all_rows(m->tally));
    yajl_gen_map_close(gen);
    put_text(gen, "replaced");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < m->replaced_count; i++)
        put_text(gen, m->replaced[i]);
    yajl_gen_array_close(gen);
}

static void put_run(yajl_gen gen, const struct manifest *m)
{
    put_key_text(gen, "run", m->run->name);
    put_text(gen, "parent_run");
    if (m->parent_run)
        put_text(gen, m->parent_run);
    else
        yajl_gen_null(gen);
    put_key_text(gen, "command", m->run->command);
}

static void put_ending(yajl_gen gen, const struct manifest *m)
{
    put_key_text(gen, "platform", m->run->platform);
    put_key_text(gen, "gateway", m->gateway);
    put_key_text(gen, "app_key", m->app_key);
    put_key_text(gen, "method", TOP_METHOD);
    put_key_text(gen, "ledger_id", ledger_id(m->ledger));
    put_key_time(gen, "started", m->run->started_ms);
    put_key_time(gen, "finished", m->run->finished_ms);
    put_key_bool(gen, "complete", m->run->complete);
    put_text(gen, "stopped_because");
    if (*m->run->stopped_because)
        put_text(gen, m->run->stopped_because);
    else
        yajl_gen_null(gen);
}

static void put_event(void *context, const struct event *event)
{
    yajl_gen gen = context;

    yajl_gen_map_open(gen);
    put_key_text(gen, "kind", event_name(event->kind));
    put_key_time(gen, "at", event->at_ms);
    put_key_time(gen, "until", event->until_ms);
    put_key_text(gen, "text", event->text);
    yajl_gen_map_close(gen);
}

static int put_events(yajl_gen gen, const struct manifest *m, struct error *err)
{
    int result;

    put_text(gen, "events");
    yajl_gen_array_open(gen);
    result = ledger_events_visit(m->ledger, m->run->id, put_event, gen, err);
    yajl_gen_array_close(gen);
    return result;
}

int manifest_format(const struct manifest *m, struct buffer *ret_json, struct error *err)
{
    const yajl_alloc_funcs memory = {memory_get, memory_resize, memory_free, NULL};
    yajl_gen gen = yajl_gen_alloc(&memory);
    const unsigned char *text;
    size_t len;
    int result;

    if (!gen)
        return error_no_memory(err);
    yajl_gen_config(gen, yajl_gen_beautify, 1);
    yajl_gen_config(gen, yajl_gen_indent_string, "  ");
    yajl_gen_map_open(gen);
    put_key_text(gen, "manifest", MANIFEST_FORMAT);
    put_key_text(gen, "version", m->program_version);
    put_run(gen, m);
    put_input(gen, m);
    put_reading(gen, m);
    put_ending(gen, m);
    put_outcomes(gen, m->tally);
    result = put_codes(gen, m->tally) ? error_no_memory(err) : put_events(gen, m, err);
    put_report(gen, m);
    yajl_gen_map_close(gen);
    yajl_gen_get_buf(gen, &text, &len);
    buffer_append(ret_json, text, len);
    yajl_gen_free(gen);
    if (!result && ret_json->failed)
        result = error_no_memory(err);
    return result;
}

void manifest_path(const char *report_path, struct buffer *ret_path)
{
    buffer_format(ret_path, "%s.manifest.json", report_path);
}
