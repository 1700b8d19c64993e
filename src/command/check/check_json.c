#include "check_json.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/character.h"
#include "base/json.h"
#include "base/words/language.h"
#include "input/export/charset.h"

struct check_json {
    struct json *document;
    bool in_problems; /* their list is open */
};

struct check_json *check_json_open(const char *file)
{
    struct check_json *json = calloc(1, sizeof(*json));

    if (!json)
        return NULL;
    json->document = json_open(JSON_COMPACT, NULL);
    if (!json->document) {
        free(json);
        return NULL;
    }
    json_map_open(json->document);
    json_key_text(json->document, "file", file);
    return json;
}

void check_json_close(struct check_json *json)
{
    if (!json)
        return;
    json_close(json->document);
    free(json);
}

static void put_columns(struct json *document, const struct columns *columns,
                        const struct record *header)
{
    json_key_array(document, "columns");
    for (int i = 0; i < FIELD_COUNT; i++) {
        if (columns->index[i] == COLUMN_ABSENT)
            continue;
        json_map_open(document);
        json_key_text(document, "field", column_field_name((enum field)i));
        json_key_number(document, "column", (int64_t)columns->index[i] + 1);
        json_key_text(document, "header", header->cells[columns->index[i]].text);
        json_map_close(document);
    }
    json_array_close(document);
    json_key_array(document, "unused_columns");
    for (size_t i = 0; i < header->count; i++)
        if (!columns_is_used(columns, i))
            json_text(document, header->cells[i].text);
    json_array_close(document);
}

void check_json_reading(struct check_json *json, const struct inspection *inspection,
                        const struct record *header)
{
    char delimiter[CHARACTER_ROOM];

    character_encode(inspection->columns.delimiter, delimiter);
    json_key_text(json->document, "encoding", charset_encoding_name(inspection->survey.encoding));
    json_key_bool(json->document, "byte_order_mark", inspection->survey.bom_bytes > 0);
    json_key_text(json->document, "delimiter", delimiter);
    json_key_text(json->document, "fee_unit", column_unit_name(inspection->columns.fee_unit));
    put_columns(json->document, &inspection->columns, header);
    json_key_array(json->document, "problems");
    json->in_problems = true;
}

void check_json_problem(struct check_json *json, const struct problem *problem)
{
    json_map_open(json->document);
    json_key_number(json->document, "row", (int64_t)problem->row);
    json_key_number(json->document, "line", (int64_t)problem->line);
    json_key_number(json->document, "column", (int64_t)problem->column);
    json_key_text(json->document, "severity", problem_severity(problem->severity));
    json_key_text(json->document, "code", rule_code(problem->rule));
    json_key_text(json->document, "field",
                  problem->field == FIELD_NONE ? NULL : column_field_name(problem->field));
    json_key_text(json->document, "value", problem->value);
    json_key_text(json->document, "message", problem->sentence);
    json_map_close(json->document);
}

static void end_problems(struct check_json *json)
{
    if (json->in_problems)
        json_array_close(json->document);
    json->in_problems = false;
}

static void put_codes(struct json *document, const struct inspection *inspection)
{
    json_key_array(document, "codes");
    for (int i = 0; i < RULE_COUNT; i++) {
        if (!inspection->broken[i])
            continue;
        json_map_open(document);
        json_key_text(document, "code", rule_code((enum rule)i));
        json_key_text(document, "severity",
                      problem_severity(inspection_severity(inspection, (enum rule)i)));
        json_key_number(document, "count", (int64_t)inspection->broken[i]);
        json_key_number(document, "first_row", (int64_t)inspection->first_row[i]);
        json_key_number(document, "first_line", (int64_t)inspection->first_line[i]);
        json_map_close(document);
    }
    json_array_close(document);
}

static void put_statuses(struct json *document, const struct inspection *inspection)
{
    json_key_array(document, "statuses");
    for (int i = 0; i < INSPECTION_STATUSES; i++) {
        json_map_open(document);
        json_key_number(document, "claim_status", i);
        json_key_number(document, "rows", (int64_t)inspection->status_rows[i]);
        json_key_money(document, "fee_fen", inspection->status_fee[i]);
        json_map_close(document);
    }
    json_array_close(document);
}

static void put_duplicates(struct json *document, const struct duplicates *duplicates, size_t count)
{
    json_key_array(document, "duplicates");
    for (size_t i = 0; i < count; i++) {
        struct duplicate duplicate = duplicates_at(duplicates, i);

        json_map_open(document);
        json_key_number(document, "row", (int64_t)duplicate.row);
        json_key_number(document, "before", (int64_t)duplicate.before);
        json_key_bool(document, "same_content", duplicate.same_content);
        json_map_close(document);
    }
    json_array_close(document);
}

void check_json_totals(struct check_json *json, const struct inspection *inspection,
                       const struct duplicates *duplicates, size_t duplicate_count)
{
    end_problems(json);
    json_key_number(json->document, "rows", (int64_t)inspection->rows);
    json_key_number(json->document, "invalid", (int64_t)inspection->invalid);
    json_key_number(json->document, "blank_lines", (int64_t)inspection->blank_lines);
    json_key_number(json->document, "footer_lines", (int64_t)inspection->profile.footer_rows);
    json_key_money(json->document, "fee_fen", inspection_fee(inspection));
    put_codes(json->document, inspection);
    put_statuses(json->document, inspection);
    put_duplicates(json->document, duplicates, duplicate_count);
}

void check_json_end(struct check_json *json, int exit_code, const char *refused)
{
    end_problems(json);
    json_key_number(json->document, "exit_code", exit_code);
    json_key_text(json->document, "refused", refused);
    json_map_close(json->document);
    putchar('\n');
}
