#include "report/manifest/manifest.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/character.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/words/language.h"
#include "gateway/top.h"
#include "input/export/charset.h"
#include "ledger/commits.h"
#include "report/beside.h"

static void put_key_sha256(struct json *document, const char *key, const unsigned char *sha256)
{
    char hex[MANIFEST_SHA256_TEXT_BYTES];

    hex_format(sha256, DIGEST_SHA256_BYTES, hex);
    json_key_text(document, key, hex);
}

static void put_input(struct json *document, const struct manifest *m)
{
    const struct manifest_found *earlier = m->earlier;
    const char *name = earlier ? earlier->input_name : export_name(m->row_source->export);
    char *real = earlier ? NULL : realpath(name, NULL);
    const char *path = earlier ? earlier->input_path : real;

    json_key_map(document, "input");
    json_key_text(document, "name", file_last_part(name));
    if (path && *path)
        json_key_text(document, "path", path);
    json_key_number(document, "bytes", (int64_t)m->inspection->survey.bytes);
    put_key_sha256(document, "sha256", m->inspection->survey.sha256);
    if (m->inspection->is_correction)
        put_key_sha256(document, "corrects", m->inspection->corrects);
    json_key_text(document, "encoding", charset_encoding_name(m->inspection->survey.encoding));
    json_key_number(document, "rows", (int64_t)m->inspection->rows);
    json_map_close(document);
    free(real);
}

/* What words and rows mean. */
static void put_words(struct json *document, const struct manifest *m)
{
    const struct rules *rules = &m->row_source->rules;
    const struct civil oldest = clock_civil_of(rules->oldest_s);
    char date[32];

    json_key_map(document, "statuses");
    for (size_t i = 0; i < rules->vocabulary.status_count; i++)
        json_key_number(document, rules->vocabulary.statuses[i].word,
                        rules->vocabulary.statuses[i].status);
    json_map_close(document);
    json_key_array(document, "null_words");
    for (size_t i = 0; i < rules->vocabulary.null_count; i++)
        json_text(document, rules->vocabulary.nulls[i]);
    json_array_close(document);
    json_key_bool(document, "short_rows", rules->short_rows);
    if (rules->order_no_pattern)
        json_key_text(document, "order_no_pattern", rules->order_no_pattern);
    snprintf(date, sizeof(date), "%04d-%02d-%02d", oldest.year, oldest.month, oldest.day);
    json_key_text(document, "oldest_time", date);
    if (m->inspection->columns.time_of_day)
        json_key_number(document, "time_of_day", (int64_t)m->inspection->columns.time_of_day);
    json_key_number(document, "footer_lines", (int64_t)m->inspection->profile.footer_rows);
}

static void put_reading(struct json *document, const struct manifest *m)
{
    static const char *const severities[] = {"off", "warn", "error"};
    const struct columns *columns = &m->inspection->columns;
    char delimiter[CHARACTER_ROOM];

    json_key_map(document, "reading");
    character_encode(m->row_source->reader.delimiter, delimiter);
    json_key_text(document, "delimiter", delimiter);
    json_key_text(document, "fee_unit", column_unit_name(columns->fee_unit));
    json_key_map(document, "columns");
    for (int i = 0; i < FIELD_COUNT; i++)
        if (columns->index[i] != COLUMN_ABSENT)
            json_key_number(document, column_field_name((enum field)i), columns->index[i] + 1);
    json_map_close(document);
    json_key_map(document, "rules");
    for (int i = 0; i < RULE_COUNT; i++)
        if (!(i == RULE_MAX_FEE && m->row_source->rules.max_fee < 0))
            json_key_text(document, rule_name((enum rule)i),
                          severities[m->row_source->rules.severity[i]]);
    json_map_close(document);
    if (m->row_source->rules.max_fee >= 0)
        json_key_number(document, "max_fee", m->row_source->rules.max_fee);
    put_words(document, m);
    json_map_close(document);
}

static void put_outcomes(struct json *document, const struct tally *tally)
{
    json_key_map(document, "outcomes");
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        json_key_map(document, outcome_name((enum outcome)i));
        json_key_number(document, "rows", (int64_t)tally_rows(tally, (enum outcome)i));
        json_key_money(document, "fee_fen", tally_fee(tally, (enum outcome)i));
        json_map_close(document);
    }
    json_map_close(document);
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
static int put_codes(struct json *document, struct tally *tally)
{
    struct manifest_code *codes = calloc(MANIFEST_CODES_MAX, sizeof(*codes));
    size_t count;

    if (!codes)
        return -1;
    count = manifest_sum_codes(tally, codes);
    qsort(codes, count, sizeof(*codes), compare_rows);
    json_key_map(document, "codes");
    for (size_t i = 0; i < count; i++)
        json_key_number(document, codes[i].code, (int64_t)codes[i].rows);
    json_map_close(document);
    free(codes);
    return 0;
}

static void put_report(struct json *document, const struct manifest *m)
{
    json_key_map(document, "report");
    json_key_text(document, "name", file_last_part(m->report_path));
    json_key_number(document, "bytes", (int64_t)m->report_bytes);
    put_key_sha256(document, "sha256", m->report_sha256);
    json_key_number(document, "rows", (int64_t)tally_all_rows(m->tally));
    json_map_close(document);
    json_key_array(document, "replaced");
    for (size_t i = 0; i < m->replaced_count; i++)
        json_text(document, m->replaced[i]);
    json_array_close(document);
}

void manifest_put_changed_sum(struct json *document, const struct changed_sum *sum)
{
    json_key_number(document, "rows", (int64_t)sum->rows);
    json_key_money(document, "fee_fen_before", sum->before);
    json_key_money(document, "fee_fen_after", sum->after);
    json_key_number(document, "rows_without_before", (int64_t)sum->without_before);
}

/* What was sent all the same, by code. */
static void put_warnings(struct json *document, const struct tally *tally)
{
    const struct tally_repeats *repeats = tally_repeats(tally);
    const struct tally_warning *warning;

    json_key_map(document, "warnings");
    for (size_t i = 0; (warning = tally_warning(tally, i)); i++) {
        json_key_map(document, warning->code);
        json_key_number(document, "rows", (int64_t)warning->rows);
        json_key_number(document, "first_row", (int64_t)warning->first_row);
        json_map_close(document);
    }
    json_map_close(document);
    if (!repeats)
        return;
    json_key_map(document, "repeated_with_another_amount");
    json_key_number(document, "rows", (int64_t)repeats->rows);
    json_key_number(document, "first_row", (int64_t)repeats->first_row);
    json_key_number(document, "row_before", (int64_t)repeats->row_before);
    json_key_bool(document, "may_be_more", repeats->more);
    json_map_close(document);
}

/* Rows whose claim was accepted with other content. */
static int put_changed(struct json *document, const struct manifest *m, struct error *err)
{
    struct changed_sum sent;
    struct changed_sum held;
    int result = ledger_changed_sum(m->ledger, m->run->id, &sent, &held, err);

    json_key_map(document, "changed");
    manifest_put_changed_sum(document, &sent);
    json_key_map(document, "held_back");
    manifest_put_changed_sum(document, &held);
    json_map_close(document);
    json_map_close(document);
    return result;
}

static void put_run(struct json *document, const struct manifest *m)
{
    json_key_text(document, "run", m->run->name);
    json_text(document, "parent_run");
    if (m->parent_run)
        json_text(document, m->parent_run);
    else
        json_null(document);
    json_key_text(document, "command", m->run->command);
}

/* Its path is a hint for a person who has to find it again. */
static void put_ledger(struct json *document, const struct ledger *ledger)
{
    char *place = realpath(ledger_path(ledger), NULL);

    json_key_text(document, "ledger_id", ledger_id(ledger));
    json_key_number(document, "ledger_commits", ledger_commits(ledger));
    json_key_text(document, "ledger_path", place ? place : ledger_path(ledger));
    free(place);
}

static void put_ending(struct json *document, const struct manifest *m)
{
    json_key_text(document, "platform", m->run->platform);
    json_key_text(document, "gateway", m->gateway);
    json_key_text(document, "app_key", m->app_key);
    json_key_text(document, "method", TOP_METHOD);
    put_ledger(document, m->ledger);
    json_key_time(document, "started", m->run->started_ms);
    json_key_time(document, "finished", m->run->finished_ms);
    json_key_bool(document, "complete", m->run->complete);
    json_text(document, "stopped_because");
    if (*m->run->stopped_because)
        json_text(document, m->run->stopped_because);
    else
        json_null(document);
}

static void put_event(void *context, const struct event *event)
{
    struct json *document = context;

    json_map_open(document);
    json_key_text(document, "kind", ledger_event_name(event->kind));
    json_key_time(document, "at", event->at_ms);
    json_key_time(document, "until", event->until_ms);
    json_key_text(document, "text", event->text);
    json_map_close(document);
}

static int put_events(struct json *document, const struct manifest *m, struct error *err)
{
    int result;

    json_key_array(document, "events");
    result = ledger_events_visit(m->ledger, m->run->id, put_event, document, err);
    json_array_close(document);
    return result;
}

static int put_result(struct json *document, const struct manifest *m, struct error *err)
{
    int result;

    put_outcomes(document, m->tally);
    json_key_number(document, "suspect_answers", (int64_t)tally_suspects(m->tally));
    put_warnings(document, m->tally);
    result = put_codes(document, m->tally) ? error_no_memory(err) : put_events(document, m, err);
    if (!result)
        result = put_changed(document, m, err);
    put_report(document, m);
    return result;
}

int manifest_format(const struct manifest *m, struct buffer *ret_json, struct error *err)
{
    struct json *document = json_open(JSON_INDENTED, ret_json);
    int result;

    if (!document)
        return error_no_memory(err);
    json_map_open(document);
    json_key_text(document, "manifest", MANIFEST_FORMAT);
    json_key_text(document, "version", m->program_version);
    put_run(document, m);
    put_input(document, m);
    put_reading(document, m);
    put_ending(document, m);
    result = m->tally ? put_result(document, m, err) : 0;
    json_map_close(document);
    json_close(document);
    if (!result && ret_json->failed)
        result = error_no_memory(err);
    return result;
}

void manifest_path(const char *report_path, struct buffer *ret_path)
{
    buffer_format(ret_path, "%s" BESIDE_MANIFEST, report_path);
}
