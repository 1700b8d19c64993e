#include "explanation_row.h"

#include <string.h>

#include "base/log.h"
#include "base/words/language.h"
#include "input/claim/claim.h"
#include "input/claim/findings.h"
#include "input/value/value.h"
#include "swallowed_rows.h"

/* Whether quotes around all of a row made one cell of it, as a spreadsheet does that takes the file
 * for one column. */
static bool is_whole_row(const struct columns *columns, const struct record *record)
{
    return record->count == 1 && columns->count > 1 && strpbrk(record->cells[0].text, ",;\t|");
}

/* A cell with content under a header without a name, or behind the last one; 0: there is none, else
 * counted from 1. */
static size_t find_nameless(const struct columns *columns, const struct record *record)
{
    size_t named = columns->named ? columns->named : columns->count;

    for (size_t i = 0; i < record->count && i < columns->count; i++)
        if ((i >= named || (columns->nameless[i / 8] >> i % 8 & 1)) &&
            value_of(&record->cells[i]).len)
            return i + 1;
    return 0;
}

static void explain_column_count(const struct columns *columns, const struct record *record,
                                 struct buffer *ret_sentence)
{
    size_t nameless = find_nameless(columns, record);

    language_format(ret_sentence, "the row that begins '%s' has ",
                    LOG_QUOTED_WITHIN(record->cells[0].text, EXPLANATION_VALUE_BYTES));
    if (nameless) {
        language_format(
            ret_sentence,
            "'%s' in column %zu, which has no header: give the column a header, or empty "
            "the cell; a text with a comma needs quotes (\") around it",
            LOG_QUOTED_WITHIN(record->cells[nameless - 1].text, EXPLANATION_VALUE_BYTES), nameless);
        return;
    }
    language_format(ret_sentence, "%zu cell%s but the header has %zu: ", record->count,
                    record->count == 1 ? "" : "s", columns->count);
    if (is_whole_row(columns, record))
        language_append(ret_sentence,
                        "quotes stand around the whole row, or another delimiter "
                        "separates it: take the quotes away, and one of each two inside "
                        "it");
    else if (record->count == 1)
        language_append(ret_sentence, "if this line is no claim, delete it; if it is the rest of a "
                                      "text with a line break, put quotes (\") around that text");
    else
        buffer_text(ret_sentence,
                    _("look for a comma or a quote too many or too few; a text with a "
                      "comma or a line break needs quotes (\") around it; if cells "
                      "that are left out at the end were empty, say --short-rows"));
}

static void explain_cut(const struct rules *rules, const struct columns *columns,
                        const struct record *record, struct buffer *ret_sentence)
{
    if (swallowed_rows_explain(rules, columns, record, ret_sentence))
        return;
    language_format(
        ret_sentence,
        "the row that begins '%s' may be cut: a line of too few cells follows, as where "
        "a line break stands in a text without quotes; export it with quotes (\") "
        "around texts, or delete the line below if it is no claim",
        LOG_QUOTED_WITHIN(record->cells[0].text, EXPLANATION_VALUE_BYTES));
}

void explanation_row_changed_key(const struct finding *finding, const struct columns *columns,
                                 const struct record *record, struct buffer *ret_sentence)
{
    if (finding->field == FIELD_CLAIM_TIME) {
        language_format(ret_sentence,
                        "claim_time '%s' has lost the seconds that it has in the export, as "
                        "spreadsheets save it: write it as it stands in row %llu of the export",
                        LOG_QUOTED_WITHIN(claim_raw(columns, record, FIELD_CLAIM_TIME),
                                          EXPLANATION_VALUE_BYTES),
                        (unsigned long long)record->row);
        return;
    }
    if (finding->field == FIELD_CLAIM_FEE) {
        language_format(
            ret_sentence,
            "%s '%s' is not the amount of row %llu of the export, and was not the "
            "problem: were only some of the columns sorted or moved? Write it as it "
            "stands there; if it is to be another, correct the export",
            column_header(columns, FIELD_CLAIM_FEE),
            LOG_QUOTED_WITHIN(claim_raw(columns, record, FIELD_CLAIM_FEE), EXPLANATION_VALUE_BYTES),
            (unsigned long long)record->row);
        return;
    }
    language_format(
        ret_sentence,
        "this line, with workcard_id '%s' and claim_order_no '%s', is not of the claim "
        "that it was in the export, and its key was not the problem: write both as they "
        "stand in row %llu of the export",
        LOG_QUOTED_WITHIN(claim_raw(columns, record, FIELD_WORKCARD_ID), EXPLANATION_VALUE_BYTES),
        LOG_QUOTED_WITHIN(claim_raw(columns, record, FIELD_CLAIM_ORDER_NO),
                          EXPLANATION_VALUE_BYTES),
        (unsigned long long)record->row);
}

void explanation_row_explain(enum rule rule, const struct rules *rules,
                             const struct columns *columns, const struct record *record,
                             struct buffer *ret_sentence)
{
    if (claim_is_blank(record))
        language_append(ret_sentence,
                        "the row has nothing but empty cells: delete it from the export");
    else if (rule == RULE_CUT_ROW)
        explain_cut(rules, columns, record, ret_sentence);
    else
        explain_column_count(columns, record, ret_sentence);
}
