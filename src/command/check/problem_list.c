#include "problem_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/file/output.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/words/language.h"
#include "input/export/encoder.h"
#include "input/export/own_file.h"
#include "input/reader/problem_line.h"
#include "problem.h"

struct problem_list {
    struct output output;
    struct encoder *encoder;
    struct buffer line; /* in UTF-8 */
    const struct problem_list_source *source;
    char delimiter;
};

static int refuse(const char *path, const char *why, struct error *err)
{
    return error_set(err, EXIT_CANNOT_CREATE, "'%s' %s", LOG_QUOTED(path), why);
}

static int look(const char *path, const struct export *export, bool overwrite, struct error *err)
{
    enum file_stands stands;

    if (export_spare(export, path, err))
        return -1;
    stands = file_look(path);
    if (stands == FILE_OTHER)
        return refuse(path, _("is not a regular file (a link, a folder, …); name another with -o"),
                      err);
    if (stands == FILE_REGULAR && !overwrite && own_file_at(path) != OWN_FILE_PROBLEMS)
        return refuse(path,
                      _("exists and is no list of problems; name another file with -o, or use "
                        "--overwrite"),
                      err);
    return 0;
}

/* Ends the line and hands it over in the encoding of the export. */
static int end_line(struct problem_list *sheet, struct error *err)
{
    int result;

    buffer_byte(&sheet->line, '\n');
    if (sheet->line.failed)
        return error_no_memory(err);
    result =
        encoder_append(sheet->encoder, sheet->line.ptr, sheet->line.len, &sheet->output.text, err);
    buffer_reset(&sheet->line);
    return result ? -1 : output_advance(&sheet->output, err);
}

static void append_cell(struct problem_list *sheet, const char *text)
{
    problem_line_append_cell(text, sheet->delimiter, &sheet->line);
    buffer_byte(&sheet->line, sheet->delimiter);
}

/* The cells of the office. */
static void append_cells(struct problem_list *sheet, const struct record *record)
{
    for (size_t i = 0; i < record->count; i++) {
        if (i)
            buffer_byte(&sheet->line, sheet->delimiter);
        problem_line_append_cell(record->cells[i].text, sheet->delimiter, &sheet->line);
    }
}

static int start(struct problem_list *sheet, const char *path, struct error *err)
{
    const struct problem_list_source *source = sheet->source;

    if (encoder_open(source->survey->encoding, &sheet->encoder, err) ||
        output_open(path, &sheet->output, err))
        return -1;
    encoder_append_mark(sheet->encoder, &sheet->output.text);
    problem_line_append_header(sheet->delimiter, &sheet->line);
    append_cells(sheet, reader_header(source->reader));
    return end_line(sheet, err);
}

int problem_list_open(const char *path, const struct problem_list_source *source, bool overwrite,
                      struct problem_list **ret_sheet, struct error *err)
{
    struct problem_list *sheet = NULL;

    *ret_sheet = NULL;
    if (look(path, source->export, overwrite, err))
        return -1;
    sheet = calloc(1, sizeof(*sheet));
    if (!sheet)
        return error_no_memory(err);
    sheet->source = source;
    sheet->delimiter = reader_delimiter(source->reader);
    if (start(sheet, path, err)) {
        problem_list_close(sheet);
        return -1;
    }
    *ret_sheet = sheet;
    return 0;
}

/* Where the row came from: a line of a list of problems keeps what it has. */
static int append_origin(struct problem_list *sheet, const struct record *record,
                         const struct findings *findings, struct error *err)
{
    const struct problem_line *correction = record->correction;
    const unsigned char *sha256 =
        correction ? correction->export_sha256 : sheet->source->survey->sha256;
    char hex[2 * EXPORT_SHA256_BYTES + 1];
    char seal[CORRECTION_SEAL_BYTES];

    if (!correction && problem_line_seal(reader_columns(sheet->source->reader), record, findings,
                                         record->row, sha256, seal))
        return error_no_memory(err);
    hex_format(sha256, EXPORT_SHA256_BYTES, hex);
    buffer_format(&sheet->line, "%s%c%s%c", hex, sheet->delimiter,
                  correction ? correction->seal : seal, sheet->delimiter);
    return 0;
}

int problem_list_add(struct problem_list *sheet, const struct record *record,
                     const struct findings *findings, enum severity severity, const char *codes,
                     const char *problems, struct error *err)
{
    char delimiter = sheet->delimiter;

    buffer_format(&sheet->line, "%llu%c%llu%c%s%c", (unsigned long long)record->row, delimiter,
                  (unsigned long long)record->line, delimiter, problem_severity(severity),
                  delimiter);
    append_cell(sheet, codes);
    append_cell(sheet, problems);
    if (append_origin(sheet, record, findings, err))
        return -1;
    append_cells(sheet, record);
    return end_line(sheet, err);
}

int problem_list_publish(struct problem_list *sheet, struct error *err)
{
    return output_publish(&sheet->output, err);
}

void problem_list_close(struct problem_list *sheet)
{
    if (!sheet)
        return;
    output_close(&sheet->output);
    encoder_close(sheet->encoder);
    buffer_release(&sheet->line);
    free(sheet);
}
