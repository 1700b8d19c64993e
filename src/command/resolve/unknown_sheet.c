#include "unknown_sheet.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/file/output.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/words/language.h"
#include "report/line.h"

struct unknown_sheet {
    struct output output;
};

static int refuse(const char *path, const char *why, struct error *err)
{
    return error_set(err, EXIT_CANNOT_CREATE, "'%s' %s", LOG_QUOTED(path), why);
}

static int look(const char *path, const char *report_path, bool overwrite, struct error *err)
{
    enum file_stands stands = file_look(path);

    if (stands == FILE_NONE)
        return 0;
    if (stands == FILE_OTHER)
        return refuse(path, _("is not a regular file (a link, a folder, …); name another with -o"),
                      err);
    if (file_is_same(path, report_path))
        return refuse(path, _("is the report itself; name another file with -o"), err);
    if (!overwrite)
        return refuse(path,
                      _("exists, and may hold decisions; name another file with -o, or use "
                        "--overwrite"),
                      err);
    return 0;
}

int unknown_sheet_open(const char *path, const char *report_path, bool overwrite,
                       struct unknown_sheet **ret_sheet, struct error *err)
{
    bool is_standard = output_is_standard(path);
    struct unknown_sheet *sheet;

    *ret_sheet = NULL;
    if (!is_standard && look(path, report_path, overwrite, err))
        return -1;
    sheet = calloc(1, sizeof(*sheet));
    if (!sheet)
        return error_no_memory(err);
    if (is_standard) {
        output_open_standard(&sheet->output);
    } else if (output_open(path, &sheet->output, err)) {
        unknown_sheet_close(sheet);
        return -1;
    }
    buffer_text(&sheet->output.text, LINE_BOM UNKNOWN_SHEET_HEADER);
    *ret_sheet = sheet;
    return 0;
}

static void append_text(struct unknown_sheet *sheet, const char *text)
{
    buffer_byte(&sheet->output.text, ',');
    line_append_cell(text, &sheet->output.text);
}

int unknown_sheet_add(struct unknown_sheet *sheet, const struct unknown_row *unknown_row,
                      struct error *err)
{
    const struct row_record *attempt = &unknown_row->attempt.record;
    const char *const *fields = unknown_row->line->fields;
    bool is_this_content =
        memcmp(attempt->digest, unknown_row->line->record.digest, sizeof(attempt->digest)) == 0;
    char digest[DIGEST_CLAIM_TEXT_BYTES];
    char time[CLOCK_RFC3339_BYTES];

    hex_format(attempt->digest, DIGEST_CLAIM_BYTES, digest);
    clock_format_rfc3339(attempt->submitted_ms, time);
    buffer_integer(&sheet->output.text, (int64_t)unknown_row->line->record.row);
    append_text(sheet, digest);
    append_text(sheet, time);
    append_text(sheet, fields[FIELD_WORKCARD_ID]);
    append_text(sheet, fields[FIELD_CLAIM_ORDER_NO]);
    append_text(sheet, is_this_content ? fields[FIELD_CLAIM_FEE] : "");
    append_text(sheet, LOG_QUOTED(attempt->request_id));
    buffer_text(&sheet->output.text, ",,,\n");
    return output_advance(&sheet->output, err);
}

int unknown_sheet_publish(struct unknown_sheet *sheet, struct error *err)
{
    return output_publish(&sheet->output, err);
}

void unknown_sheet_close(struct unknown_sheet *sheet)
{
    if (!sheet)
        return;
    output_close(&sheet->output);
    free(sheet);
}
