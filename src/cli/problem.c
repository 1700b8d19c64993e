#include "cli/problem.h"

#include <stdio.h>

#include "input/claim.h"
#include "input/correction.h"

const char *problem_column_name(size_t index, char ret_name[PROBLEM_COLUMN_BYTES])
{
    char letters[PROBLEM_COLUMN_BYTES];
    char *p = letters + sizeof(letters) - 1;

    *p = '\0';
    for (index++; index > 0; index = (index - 1) / 26)
        *--p = (char)('A' + (index - 1) % 26);
    snprintf(ret_name, PROBLEM_COLUMN_BYTES, "%s", p);
    return ret_name;
}

const char *problem_severity(enum severity severity)
{
    return severity == SEVERITY_ERROR ? "error" : "warning";
}

/* As the file at hand shows it, which may be a list of problems. */
static void name_cell(const struct record *record, int index, char ret_cell[PROBLEM_CELL_BYTES])
{
    const struct correction *correction = record->correction;
    uint64_t row = correction ? correction->list_row : record->row;
    size_t before = correction ? CORRECTION_COLUMNS : 0;
    char name[PROBLEM_COLUMN_BYTES];

    if (index == COLUMN_ABSENT)
        snprintf(ret_cell, PROBLEM_CELL_BYTES, "row %llu", (unsigned long long)row);
    else
        snprintf(ret_cell, PROBLEM_CELL_BYTES, "cell %s%llu",
                 problem_column_name(before + (size_t)index, name), (unsigned long long)row);
}

void problem_describe(const struct reader *reader, const struct record *record,
                      const struct finding *finding, const struct rules *rules,
                      struct buffer *sentence, struct problem *ret_problem)
{
    const struct columns *columns = reader_columns(reader);
    int index = finding->field == FIELD_NONE ? COLUMN_ABSENT : columns->index[finding->field];
    size_t start = sentence->len;

    *ret_problem = (struct problem){
        .severity = finding->severity,
        .rule = finding->rule,
        .field = finding->field,
        .row = record->row,
    };
    reader_locate(reader, index == COLUMN_ABSENT ? 0 : (size_t)index, &ret_problem->line,
                  &ret_problem->column);
    name_cell(record, index, ret_problem->cell);
    if (finding->field != FIELD_NONE)
        ret_problem->value = claim_raw(columns, record, finding->field);
    finding_explain(finding, rules, columns, record, sentence);
    ret_problem->sentence = sentence->failed ? "" : buffer_string(sentence) + start;
}
