#include "problem.h"

#include "base/words/language.h"
#include "input/claim/claim.h"

const char *problem_severity(enum severity severity)
{
    return severity == SEVERITY_ERROR ? N_("error") : N_("warning");
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
    cell_name(record, index, ret_problem->cell);
    if (finding->field != FIELD_NONE)
        ret_problem->value = claim_raw(columns, record, finding->field);
    explanation_of_finding(finding, rules, columns, record, sentence);
    ret_problem->sentence = sentence->failed ? "" : buffer_string(sentence) + start;
}
