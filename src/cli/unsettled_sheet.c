#include "cli/unsettled_sheet.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "report/line.h"

#define FLUSH_BYTES ((size_t)64 << 10)

struct unsettled_sheet {
    const char *path; /* borrowed */
    struct buffer partial, text;
    int fd;
    bool published;
};

static int refuse(const char *path, const char *why, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    return error_set(err, EXIT_CANNOT_CREATE, "'%s' %s", log_quote(path, quoted, sizeof(quoted)),
                     why);
}

static int look(const char *path, const char *report_path, bool overwrite, struct error *err)
{
    struct stat there, report;

    if (lstat(path, &there))
        return 0;
    if (!S_ISREG(there.st_mode))
        return refuse(path, "is not a regular file (a link, a folder, …); name another with -o",
                      err);
    if (stat(report_path, &report) == 0 && report.st_dev == there.st_dev &&
        report.st_ino == there.st_ino)
        return refuse(path, "is the report itself; name another file with -o", err);
    if (!overwrite)
        return refuse(path,
                      "exists, and may hold decisions; name another file with -o, or use "
                      "--overwrite",
                      err);
    return 0;
}

int unsettled_sheet_open(const char *path, const char *report_path, bool overwrite,
                         struct unsettled_sheet **ret_sheet, struct error *err)
{
    struct unsettled_sheet *sheet;

    *ret_sheet = NULL;
    if (look(path, report_path, overwrite, err))
        return -1;
    sheet = calloc(1, sizeof(*sheet));
    if (!sheet)
        return error_no_memory(err);
    sheet->path = path;
    buffer_format(&sheet->partial, "%s.partial", path);
    buffer_text(&sheet->text, LINE_BOM UNSETTLED_SHEET_HEADER);
    sheet->fd =
        sheet->partial.failed ? error_no_memory(err) : file_create_locked(sheet->partial.ptr, err);
    if (sheet->fd < 0) {
        unsettled_sheet_close(sheet);
        return -1;
    }
    *ret_sheet = sheet;
    return 0;
}

static int flush(struct unsettled_sheet *sheet, struct error *err)
{
    if (sheet->text.failed)
        return error_no_memory(err);
    if (file_write(sheet->fd, sheet->partial.ptr, sheet->text.ptr, sheet->text.len, err))
        return -1;
    buffer_reset(&sheet->text);
    return 0;
}

static void append_text(struct unsettled_sheet *sheet, const char *text)
{
    buffer_byte(&sheet->text, ',');
    line_append_cell(text, &sheet->text);
}

int unsettled_sheet_add(struct unsettled_sheet *sheet, const struct unsettled *unsettled,
                        struct error *err)
{
    const struct row_record *attempt = &unsettled->attempt;
    const char *const *fields = unsettled->line->fields;
    bool is_this_content =
        memcmp(attempt->digest, unsettled->line->record.digest, sizeof(attempt->digest)) == 0;
    char digest[DIGEST_CLAIM_TEXT_BYTES];
    char time[CLOCK_RFC3339_BYTES];
    char request_id[LOG_QUOTE_BYTES];

    digest_hex(attempt->digest, DIGEST_CLAIM_BYTES, digest);
    clock_format_rfc3339(attempt->submitted_ms, time);
    buffer_integer(&sheet->text, (int64_t)unsettled->line->record.row);
    append_text(sheet, digest);
    append_text(sheet, time);
    append_text(sheet, fields[FIELD_WORKCARD_ID]);
    append_text(sheet, fields[FIELD_CLAIM_ORDER_NO]);
    append_text(sheet, is_this_content ? fields[FIELD_CLAIM_FEE] : "");
    append_text(sheet, log_quote(attempt->request_id, request_id, sizeof(request_id)));
    buffer_text(&sheet->text, ",,,\n");
    return sheet->text.len >= FLUSH_BYTES ? flush(sheet, err) : 0;
}

int unsettled_sheet_publish(struct unsettled_sheet *sheet, struct error *err)
{
    if (flush(sheet, err) || file_sync(sheet->fd, sheet->partial.ptr, err) ||
        file_rename(sheet->partial.ptr, sheet->path, err))
        return -1;
    sheet->published = true;
    return file_sync_folder(sheet->path, err);
}

void unsettled_sheet_close(struct unsettled_sheet *sheet)
{
    if (!sheet)
        return;
    if (sheet->fd >= 0 && !sheet->published)
        unlink(sheet->partial.ptr);
    if (sheet->fd >= 0)
        close(sheet->fd);
    buffer_release(&sheet->partial);
    buffer_release(&sheet->text);
    free(sheet);
}
