/* Short words for what the tests of the reader do in every line. */
#ifndef CLAIMBATCH_TESTS_READER_WORDS_H
#define CLAIMBATCH_TESTS_READER_WORDS_H

#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "input/reader/reader.h"
#include "memfile.h"

#define HEADER "workcard_id,claim_order_no,claim_status,claim_time,claim_fee"
#define HEADER_LF HEADER "\n"

/* An export from its bytes to its reader. */
struct source {
    struct memfile file;
    struct export *export;
    struct reader *reader;
};

static inline int open_source(struct source *source, const void *bytes, size_t len,
                              uint32_t delimiter, struct error *err)
{
    struct reader_settings settings = {.delimiter = delimiter};
    struct survey survey = {0};

    *source = (struct source){.file = memfile_open(bytes, len)};
    if (export_open(source->file.path, &source->export, err) ||
        export_survey(source->export, ENCODING_AUTO, &survey, err))
        return -1;
    return reader_open(source->export, &survey, &settings, &source->reader, err);
}

static inline struct source open_text(const char *text)
{
    struct source source = {0};
    struct error err = {0};

    if (open_source(&source, text, strlen(text), ',', &err))
        fail_msg("%s", err.text);
    return source;
}

static inline void close_source(struct source *source)
{
    reader_close(source->reader);
    export_close(source->export);
    memfile_close(&source->file);
}

static inline struct record next(struct source *source)
{
    struct record record = {0};
    struct error err = {0};
    int result = reader_next(source->reader, &record, &err);

    if (result != 1)
        fail_msg("%d %s", result, err.text);
    return record;
}

static inline void assert_end(struct source *source)
{
    struct record record = {0};
    struct error err = {0};

    /* And it stays the end. */
    assert_int_equal(reader_next(source->reader, &record, &err), 0);
    assert_int_equal(reader_next(source->reader, &record, &err), 0);
}

/* The cells joined by '|'. */
static inline void assert_cells(const struct record *record, const char *expected)
{
    struct buffer joined = {0};

    for (size_t i = 0; i < record->count; i++) {
        assert_int_equal(strlen(record->cells[i].text), record->cells[i].len);
        buffer_format(&joined, "%s%s", i ? "|" : "", record->cells[i].text);
    }
    assert_string_equal(buffer_string(&joined), expected);
    buffer_release(&joined);
}

/* The first error of reading all of it. */
static inline void read_all(const char *text, size_t len, struct error *ret_err)
{
    struct source source = {0};
    struct record record = {0};
    int result = open_source(&source, text, len, ',', ret_err);

    while (result == 0 && (result = reader_next(source.reader, &record, ret_err)) > 0)
        result = 0;
    if (result == 0)
        fail_msg("read without an error: %.100s", text);
    close_source(&source);
}

#endif
