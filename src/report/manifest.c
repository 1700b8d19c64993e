#include "report/manifest.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_tree.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "gateway/top.h"
#include "input/charset.h"

#define PATH_BYTES 4200

/* ---- writing ---- */

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
    const char *name = export_name(m->intake->export);
    char *path = realpath(name, NULL);

    put_text(gen, "input");
    yajl_gen_map_open(gen);
    put_key_text(gen, "name", last_part(name));
    if (path)
        put_key_text(gen, "path", path);
    put_key_number(gen, "bytes", (int64_t)m->inspection->survey.bytes);
    put_key_sha256(gen, "sha256", m->inspection->survey.sha256);
    put_key_text(gen, "encoding", encoding_name(m->inspection->survey.encoding));
    put_key_number(gen, "rows", (int64_t)m->inspection->rows);
    yajl_gen_map_close(gen);
    free(path);
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

/* A code may stand under several outcomes: each code once, with the sum. */
static uint64_t sum_of_code(struct tally *tally, size_t first, const char *code)
{
    enum outcome outcome;
    uint64_t rows;
    uint64_t sum = 0;
    const char *other;

    for (size_t i = 0; (other = tally_code(tally, i, &outcome, &rows)); i++) {
        if (strcmp(other, code) != 0)
            continue;
        if (i < first)
            return 0;
        sum += rows;
    }
    return sum;
}

static void put_codes(yajl_gen gen, struct tally *tally)
{
    enum outcome outcome;
    uint64_t rows;
    const char *code;

    put_text(gen, "codes");
    yajl_gen_map_open(gen);
    for (size_t i = 0; (code = tally_code(tally, i, &outcome, &rows)); i++) {
        uint64_t sum = sum_of_code(tally, i, code);

        if (sum)
            put_key_number(gen, code, (int64_t)sum);
    }
    yajl_gen_map_close(gen);
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
    yajl_gen gen = yajl_gen_alloc(NULL);
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
    put_codes(gen, m->tally);
    result = put_events(gen, m, err);
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

/* ---- reading ---- */

static const char *text_in(yajl_val tree, const char *first, const char *second)
{
    const char *path[] = {first, second, NULL};
    const char *text = YAJL_GET_STRING(yajl_tree_get(tree, path, yajl_t_string));

    return text ? text : "";
}

static int take_replaced(yajl_val tree, struct manifest_found *found)
{
    const char *path[] = {"replaced", NULL};
    yajl_val list = yajl_tree_get(tree, path, yajl_t_array);
    size_t count = list ? list->u.array.len : 0;

    if (!count)
        return 0;
    found->replaced = calloc(count, sizeof(*found->replaced));
    if (!found->replaced)
        return -1;
    for (size_t i = 0; i < count; i++)
        if (YAJL_IS_STRING(list->u.array.values[i]))
            snprintf(found->replaced[found->replaced_count++], MANIFEST_SHA256_TEXT_BYTES, "%s",
                     YAJL_GET_STRING(list->u.array.values[i]));
    return 0;
}

static int take(yajl_val tree, struct manifest_found *found)
{
    snprintf(found->input_sha256, sizeof(found->input_sha256), "%s",
             text_in(tree, "input", "sha256"));
    snprintf(found->report_sha256, sizeof(found->report_sha256), "%s",
             text_in(tree, "report", "sha256"));
    snprintf(found->ledger_id, sizeof(found->ledger_id), "%s", text_in(tree, "ledger_id", NULL));
    snprintf(found->run, sizeof(found->run), "%s", text_in(tree, "run", NULL));
    buffer_text(&found->input_path, text_in(tree, "input", "path"));
    buffer_text(&found->platform, text_in(tree, "platform", NULL));
    return found->input_path.failed || found->platform.failed || take_replaced(tree, found) ? -1
                                                                                            : 0;
}

int manifest_read(const char *report_path, struct manifest_found *ret_found, struct error *err)
{
    struct buffer path = {0};
    struct buffer text = {0};
    yajl_val tree = NULL;
    int result = -1;

    memset(ret_found, 0, sizeof(*ret_found));
    manifest_path(report_path, &path);
    if (path.failed) {
        error_no_memory(err);
        goto out;
    }
    if (access(path.ptr, F_OK) && errno == ENOENT) {
        result = 0;
        goto out;
    }
    if (file_read_all(path.ptr, MANIFEST_BYTES_MAX, &text, err))
        goto out;
    tree = yajl_tree_parse(buffer_string(&text), NULL, 0);
    if (!tree || strcmp(text_in(tree, "manifest", NULL), MANIFEST_FORMAT) != 0) {
        char quoted[LOG_QUOTE_BYTES];

        error_set(err, EXIT_INPUT_REFUSED, "'%s' is not a manifest of claimbatch",
                  log_quote(path.ptr, quoted, sizeof(quoted)));
        goto out;
    }
    result = take(tree, ret_found) ? error_no_memory(err) : 1;
out:
    yajl_tree_free(tree);
    buffer_release(&text);
    buffer_release(&path);
    return result;
}

void manifest_found_release(struct manifest_found *found)
{
    buffer_release(&found->input_path);
    buffer_release(&found->platform);
    free(found->replaced);
    memset(found, 0, sizeof(*found));
}
