#include "cli/check_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_gen.h>

#include "base/log.h"
#include "base/memory.h"
#include "input/charset.h"

struct check_json {
    yajl_gen gen;
    bool in_problems; /* their list is open */
};

static void write_piece(void *context, const char *text, size_t len)
{
    (void)context;
    fwrite(text, 1, len, stdout);
}

/* A file's name is whatever bytes the user's folder has. */
static void put_text(yajl_gen gen, const char *text)
{
    char shown[LOG_QUOTE_BYTES];

    if (!charset_is_utf8(text))
        text = log_quote(text, shown, sizeof(shown));
    yajl_gen_string(gen, (const unsigned char *)text, strlen(text));
}

static void put_key_text(yajl_gen gen, const char *key, const char *text)
{
    put_text(gen, key);
    if (text)
        put_text(gen, text);
    else
        yajl_gen_null(gen);
}

static void put_key_number(yajl_gen gen, const char *key, uint64_t number)
{
    put_text(gen, key);
    yajl_gen_integer(gen, (long long)number);
}

static void put_key_money(yajl_gen gen, const char *key, money sum)
{
    char fen[MONEY_TEXT_BYTES];

    put_text(gen, key);
    money_format_fen(sum, fen);
    yajl_gen_number(gen, fen, strlen(fen));
}

struct check_json *check_json_open(const char *file)
{
    const yajl_alloc_funcs memory = {memory_get, memory_resize, memory_free, NULL};
    struct check_json *json = calloc(1, sizeof(*json));

    if (!json)
        return NULL;
    json->gen = yajl_gen_alloc(&memory);
    if (!json->gen) {
        free(json);
        return NULL;
    }
    yajl_gen_config(json->gen, yajl_gen_print_callback, write_piece, NULL);
    yajl_gen_map_open(json->gen);
    put_key_text(json->gen, "file", file);
    return json;
}

void check_json_close(struct check_json *json)
{
    if (!json)
        return;
    yajl_gen_free(json->gen);
    free(json);
}

static bool is_used(const struct columns *columns, size_t index)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        if (columns->index[i] == (int)index)
            return true;
    return false;
}

static void put_columns(yajl_gen gen, const struct columns *columns, const struct record *header)
{
    put_text(gen, "columns");
    yajl_gen_array_open(gen);
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (columns->index[i] == COLUMN_ABSENT)
            continue;
        yajl_gen_map_open(gen);
        put_key_text(gen, "field", field_name((enum field)i));
        put_key_number(gen, "column", (uint64_t)columns->index[i] + 1);
        put_key_text(gen, "header", header->cells[columns->index[i]].text);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
    put_text(gen, "unused_columns");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < header->count; i++)
        if (!is_used(columns, i))
            put_text(gen, header->cells[i].text);
    yajl_gen_array_close(gen);
}

void check_json_reading(struct check_json *json, const struct intake *intake,
                        const struct inspection *inspection, const struct record *header)
{
    const char delimiter[] = {intake->reader.delimiter, '\0'};

    put_key_text(json->gen, "encoding", encoding_name(inspection->survey.encoding));
    put_text(json->gen, "byte_order_mark");
    yajl_gen_bool(json->gen, inspection->survey.bom_bytes > 0);
    put_key_text(json->gen, "delimiter", delimiter);
    put_key_text(json->gen, "fee_unit",
                 inspection->columns.fee_unit == FEE_UNIT_YUAN ? "yuan" : "fen");
    put_columns(json->gen, &inspection->columns, header);
    put_text(json->gen, "problems");
    yajl_gen_array_open(json->gen);
    json->in_problems = true;
}

void check_json_problem(struct check_json *json, const struct problem *problem)
{
    yajl_gen_map_open(json->gen);
    put_key_number(json->gen, "row", problem->row);
    put_key_number(json->gen, "line", problem->line);
    put_key_number(json->gen, "column", problem->column);
    put_key_text(json->gen, "severity", problem_severity(problem->severity));
    put_key_text(json->gen, "code", rule_code(problem->rule));
    put_key_text(json->gen, "field",
                 problem->field == FIELD_NONE ? NULL : field_name(problem->field));
    put_key_text(json->gen, "value", problem->value);
    put_key_text(json->gen, "message", problem->sentence);
    yajl_gen_map_close(json->gen);
}

static void end_problems(struct check_json *json)
{
    if (json->in_problems)
        yajl_gen_array_close(json->gen);
    json->in_problems = false;
}

static void put_codes(yajl_gen gen, const struct intake *intake,
                      const struct inspection *inspection)
{
    put_text(gen, "codes");
    yajl_gen_array_open(gen);
    for (int i = 0; i < RULE_COUNT; i++) {
        if (!inspection->broken[i])
            continue;
        yajl_gen_map_open(gen);
        put_key_text(gen, "code", rule_code((enum rule)i));
        put_key_text(gen, "severity", problem_severity(intake->rules.severity[i]));
        put_key_number(gen, "count", inspection->broken[i]);
        put_key_number(gen, "first_row", inspection->first_row[i]);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_statuses(yajl_gen gen, const struct inspection *inspection)
{
    put_text(gen, "statuses");
    yajl_gen_array_open(gen);
    for (int i = 0; i < INSPECTION_STATUSES; i++) {
        yajl_gen_map_open(gen);
        put_key_number(gen, "claim_status", (uint64_t)i);
        put_key_number(gen, "rows", inspection->status_rows[i]);
        put_key_money(gen, "fee_fen", inspection->status_fee[i]);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_duplicates(yajl_gen gen, const struct duplicates *duplicates, size_t count)
{
    put_text(gen, "duplicates");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < count; i++) {
        struct duplicate duplicate = duplicates_at(duplicates, i);

        yajl_gen_map_open(gen);
        put_key_number(gen, "row", duplicate.row);
        put_key_number(gen, "before", duplicate.before);
        put_text(gen, "same_content");
        yajl_gen_bool(gen, duplicate.same_content);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

void check_json_totals(struct check_json *json, const struct intake *intake,
                       const struct inspection *inspection, const struct duplicates *duplicates,
                       size_t duplicate_count)
{
    end_problems(json);
    put_key_number(json->gen, "rows", inspection->rows);
    put_key_number(json->gen, "invalid", inspection->invalid);
    put_key_number(json->gen, "blank_lines", inspection->blank_lines);
    put_key_money(json->gen, "fee_fen", inspection_fee(inspection));
    put_codes(json->gen, intake, inspection);
    put_statuses(json->gen, inspection);
    put_duplicates(json->gen, duplicates, duplicate_count);
}

void check_json_end(struct check_json *json, int exit_code, const char *refused)
{
    end_problems(json);
    put_key_number(json->gen, "exit_code", (uint64_t)exit_code);
    put_key_text(json->gen, "refused", refused);
    yajl_gen_map_close(json->gen);
    putchar('\n');
}
