/*
 * Reads many small exports the way a run does and says what the reader made of each, so that a
 * reader of another make can be asked the same.
 *
 * Standard input: for each case its length as a decimal line, then so many bytes. The first byte
 * is the delimiter, the rest is the file.
 * Standard output: for each case its cells, 0xff behind each; 0xfe behind each record; then 0xfd,
 * and the encoding or the refusal; then 0xfc: bytes that UTF-8 never has. The header is the first
 * record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "input/reader/reader.h"

#define CASE_BYTES_MAX ((size_t)4 << 20)
#define CELL_END '\xff'
#define RECORD_END '\xfe'
#define CELLS_END '\xfd'
#define CASE_END '\xfc'

static void append_record(const struct record *record, struct buffer *text)
{
    for (size_t i = 0; i < record->count; i++) {
        buffer_append(text, record->cells[i].text, record->cells[i].len);
        buffer_byte(text, CELL_END);
    }
    buffer_byte(text, RECORD_END);
}

static int read_records(const char *path, char delimiter, struct buffer *text,
                        struct survey *survey, struct error *err)
{
    struct reader_settings settings = {.delimiter = (unsigned char)delimiter};
    struct export *export = NULL;
    struct reader *reader = NULL;
    struct record record;
    int result = -1;

    if (export_open(path, &export, err) || export_survey(export, ENCODING_AUTO, survey, err) ||
        reader_open(export, survey, &settings, &reader, err))
        goto out;
    append_record(reader_header(reader), text);
    while ((result = reader_next(reader, &record, err)) > 0)
        append_record(&record, text);
out:
    reader_close(reader);
    export_close(export);
    return result;
}

static int read_case(int file, const char *bytes, size_t len, struct buffer *text)
{
    struct survey survey = {0};
    struct error err = {0};
    char path[32];
    int result;

    if (ftruncate(file, 0) || pwrite(file, bytes + 1, len - 1, 0) != (ssize_t)len - 1)
        return -1;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    buffer_reset(text);
    result = read_records(path, bytes[0], text, &survey, &err);
    if (result)
        buffer_reset(text);
    buffer_format(text, "%c%s%c", CELLS_END,
                  result ? err.text : charset_encoding_name(survey.encoding), CASE_END);
    return text->failed || fwrite(text->ptr, 1, text->len, stdout) != text->len ? -1 : 0;
}

int main(void)
{
    static char bytes[CASE_BYTES_MAX];
    struct buffer text = {0};
    int file = memfd_create("claims.csv", MFD_CLOEXEC);
    size_t len;
    int result = file < 0 ? -1 : 0;

    while (!result && scanf("%zu", &len) == 1) {
        getchar();
        if (len < 1 || len > sizeof(bytes) || fread(bytes, 1, len, stdin) != len)
            result = -1;
        else
            result = read_case(file, bytes, len, &text);
    }
    buffer_release(&text);
    if (result)
        fprintf(stderr, "a case could not be taken\n");
    return result ? 1 : 0;
}
