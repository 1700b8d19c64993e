/* What is wrong with a row of a report, in words. */
#include "report/scan.h"

#include "base/log.h"
#include "base/words/language.h"
#include "input/reader/reader.h"
#include "scan_row.h"

#define SHOWN_BYTES 80 /* of a cell in a sentence */

const char *scan_column_name(enum scan_column column)
{
    static const char *const names[] = {
        [SCAN_ROW] = "row",
        [SCAN_OUTCOME] = "outcome",
        [SCAN_CODE] = "code",
        [SCAN_SUB_CODE] = "sub_code",
        [SCAN_MESSAGE] = "message",
        [SCAN_WARNINGS] = "warnings",
        [SCAN_ATTEMPTS] = "attempts",
        [SCAN_HTTP_STATUS] = "http_status",
        [SCAN_REQUEST_ID] = "request_id",
        [SCAN_SUBMITTED_AT] = "submitted_at",
        [SCAN_DURATION_MS] = "duration_ms",
        [SCAN_DIGEST] = "digest",
    };

    return column >= SCAN_WORKCARD_ID && column <= SCAN_CLAIM_FEE
               ? column_field_name((enum field)(column - SCAN_WORKCARD_ID))
               : names[column];
}

void scan_name_malformed(const struct scan_row *row, struct buffer *ret_text)
{
    const char *between = "";

    for (int i = 0; i < SCAN_COLUMNS; i++) {
        if (!scan_row_is_marked(row, (enum scan_column)i))
            continue;
        buffer_format(ret_text, "%s%s", between, scan_column_name((enum scan_column)i));
        between = _(", ");
    }
}

static void explain_cell(const char *what, const char *cell, const char *how,
                         struct buffer *ret_text)
{
    buffer_format(ret_text, "%s '%s' %s", what, LOG_QUOTED_WITHIN(cell, SHOWN_BYTES), how);
}

void scan_explain_edit(const struct scan_row *row, struct buffer *ret_text)
{
    const char *const *fields = row->line.fields;

    switch (row->edit) {
    case SCAN_EDIT_NONE:
        break;
    case SCAN_EDIT_DATE:
        explain_cell("claim_time", fields[FIELD_CLAIM_TIME], _("was rewritten by a spreadsheet"),
                     ret_text);
        break;
    case SCAN_EDIT_SCIENTIFIC:
        language_append(ret_text, "a spreadsheet turned a long number into scientific notation: ");
        explain_cell("workcard_id", fields[FIELD_WORKCARD_ID], "", ret_text);
        explain_cell("claim_order_no", fields[FIELD_CLAIM_ORDER_NO], "", ret_text);
        break;
    case SCAN_EDIT_ZEROS:
        explain_cell("claim_order_no", fields[FIELD_CLAIM_ORDER_NO],
                     _("lost its leading zeros, as in a spreadsheet"), ret_text);
        break;
    case SCAN_EDIT_CONTENT:
        language_append(ret_text, "the digest does not fit the cells: the row was edited");
        break;
    }
}
