#include "cli/problem.h"

#include <stdio.h>

#include "input/claim.h"

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

void problem_describe(const struct reader *reader, const struct record *record,
                      const struct finding *finding, const struct rules *rules,
                      struct buffer *sentence, struct problem *ret_problem)
{
    const struct columns *columns = reader_columns(reader);
    int index = finding->field == FIELD_NONE ? COLUMN_ABSENT : columns->index[finding->field];
    size_t start = sentence->len;
    char name[PROBLEM_COLUMN_BYTES];

    *ret_problem = (struct problem){
        .severity = finding->severity,
        .rule = finding->rule,
        .field = finding->field,
        .row = record->row,
    };
    reader_locate(reader, index == COLUMN_ABSENT ? 0 : (size_t)index, &ret_problem->line,
                  &ret_problem->column);
    if (index == COLUMN_ABSENT)
        snprintf(ret_problem->cell, PROBLEM_CELL_BYTES, "row %llu",
                 (unsigned long long)record->row);
    else
        snprintf(ret_problem->cell, PROBLEM_CELL_BYTES, "cell %s%llu",
                 problem_column_name((size_t)index, name), (unsigned long long)record->row);
    if (finding->field != FIELD_NONE)
        ret_problem->value = claim_raw(columns, record, finding->field);
    finding_explain(finding, rules, columns, record, sentence);
    ret_problem->sentence = sentence->failed ? "" : buffer_string(sentence) + start;
}
