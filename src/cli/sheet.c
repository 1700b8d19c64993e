#include "cli/sheet.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/output.h"
#include "cli/problem.h"
#include "report/line.h"

#define FIRST_COLUMNS "row,line,severity,codes,problems"

struct sheet {
    struct output output;
};

static int refuse(const char *path, const char *why, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    return error_set(err, EXIT_CANNOT_CREATE, "'%s' %s", log_quote(path, quoted, sizeof(quoted)),
                     why);
}

/* Whether a sheet stands at the path. */
static bool is_sheet(const char *path)
{
    static const char start[] = LINE_BOM FIRST_COLUMNS;
    char bytes[sizeof(start) - 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    bool same = fd >= 0 && read(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes) &&
                memcmp(bytes, start, sizeof(bytes)) == 0;

    if (fd >= 0)
        close(fd);
    return same;
}

static int look(const char *path, const struct export *export, bool overwrite, struct error *err)
{
    struct stat there;

    if (strcmp(path, "-") == 0)
        return refuse(path, "is no file: name one with -o", err);
    if (export_spare(export, path, err))
        return -1;
    if (lstat(path, &there))
        return 0;
    if (!S_ISREG(there.st_mode))
        return refuse(path, "is not a regular file (a link, a folder, …); name another with -o",
                      err);
    if (!overwrite && !is_sheet(path))
        return refuse(path,
                      "exists and is no list of problems; name another file with -o, or use "
                      "--overwrite",
                      err);
    return 0;
}

static void append_cells(struct sheet *sheet, const struct record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        buffer_byte(&sheet->output.text, ',');
        line_append_cell(record->cells[i].text, &sheet->output.text);
    }
    buffer_byte(&sheet->output.text, '\n');
}

int sheet_open(const char *path, const struct export *export, bool overwrite,
               const struct record *header, struct sheet **ret_sheet, struct error *err)
{
    struct sheet *sheet = NULL;

    *ret_sheet = NULL;
    if (look(path, export, overwrite, err))
        return -1;
    sheet = calloc(1, sizeof(*sheet));
    if (!sheet)
        return error_no_memory(err);
    if (output_open(path, &sheet->output, err)) {
        sheet_close(sheet);
        return -1;
    }
    buffer_text(&sheet->output.text, LINE_BOM FIRST_COLUMNS);
    append_cells(sheet, header);
    *ret_sheet = sheet;
    return 0;
}

int sheet_add(struct sheet *sheet, const struct record *record, enum severity severity,
              const char *codes, const char *problems, struct error *err)
{
    buffer_format(&sheet->output.text, "%llu,%llu,%s,%s,", (unsigned long long)record->row,
                  (unsigned long long)record->line, problem_severity(severity), codes);
    line_append_cell(problems, &sheet->output.text);
    append_cells(sheet, record);
    return output_advance(&sheet->output, err);
}

int sheet_publish(struct sheet *sheet, struct error *err)
{
    return output_publish(&sheet->output, err);
}

void sheet_close(struct sheet *sheet)
{
    if (!sheet)
        return;
    output_close(&sheet->output);
    free(sheet);
}
