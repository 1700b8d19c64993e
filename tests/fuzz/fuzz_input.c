/*
 * libFuzzer target: any bytes as an export, through survey, reader and rules. Where libcsv alone
 * takes the bytes, the reader must have found the same cells.
 *
 * The first byte of the input chooses the options, see `choose`; the rest is the file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csv.h>

#include "base/buffer.h"
#include "base/error.h"
#include "input/charset.h"
#include "input/claim.h"
#include "input/reader.h"

#define NOW_MS INT64_C(1670803200000)
#define CELL_END "\xfe" /* bytes that UTF-8 never has */
#define RECORD_END "\xff"

/* Says which promise was broken; unlike assert, in every build. */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "broken: %s\n", #condition);                                           \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct options {
    enum encoding encoding;
    struct reader_settings settings;
    bool header; /* put a header before the bytes */
};

static struct options choose(unsigned char byte)
{
    static const enum encoding encodings[] = {ENCODING_AUTO, ENCODING_UTF8, ENCODING_GB18030,
                                              ENCODING_UTF16};
    static const char delimiters[] = {',', '\t', ';', ' '};
    static const enum fee_unit units[] = {FEE_UNIT_UNDECLARED, FEE_UNIT_FEN, FEE_UNIT_YUAN,
                                          FEE_UNIT_YUAN};

    return (struct options){
        encodings[byte & 3],
        {.delimiter = delimiters[byte >> 2 & 3], .fee_unit = units[byte >> 4 & 3]},
        (byte & 64) != 0};
}

static void append_header(struct buffer *file, char delimiter)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        buffer_text(file, field_name((enum field)i));
        buffer_byte(file, i + 1 < FIELD_COUNT ? delimiter : '\n');
    }
}

static int is_never_space(unsigned char c)
{
    (void)c;
    return 0;
}

static void take_cell(void *text, size_t len, void *cells)
{
    buffer_append(cells, text, len);
    buffer_text(cells, CELL_END);
}

static void take_record(int c, void *cells)
{
    (void)c;
    buffer_text(cells, RECORD_END);
}

/* The cells as libcsv alone finds them; false when it does not take the text. */
static bool parse_plainly(const char *text, size_t len, char delimiter, struct buffer *ret_cells)
{
    struct csv_parser parser;
    bool taken = false;

    csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL);
    csv_set_delim(&parser, (unsigned char)delimiter);
    csv_set_space_func(&parser, is_never_space);
    taken = csv_parse(&parser, text, len, take_cell, take_record, ret_cells) == len &&
            csv_fini(&parser, take_cell, take_record, ret_cells) == 0;
    csv_free(&parser);
    return taken;
}

static void check_findings(const struct rules *rules, const struct columns *columns,
                           const struct record *record, const struct findings *findings)
{
    struct buffer text = {0};

    for (size_t i = 0; i < findings->count; i++) {
        finding_explain(&findings->list[i], rules, columns, record, &text);
        MUST(text.len > 0 && charset_is_utf8(text.ptr));
        buffer_reset(&text);
    }
    findings_codes(findings, SEVERITY_ERROR, &text);
    MUST((text.len > 0) == findings_invalid(findings));
    buffer_release(&text);
}

static void check_claim(const struct claim *claim)
{
    MUST(claim->workcard_id >= 0 && claim->claim_count >= 0 && claim->claim_fee >= 0);
    MUST(claim->claim_status >= 0 && claim->claim_status <= 2);
    MUST(strlen(claim->claim_time) == CLAIM_TIME_BYTES - 1);
    MUST(*claim->claim_order_no && charset_is_utf8(claim->claim_order_no));
    MUST(charset_is_utf8(claim->claim_desc));
}

static void judge(const struct reader *reader, const struct record *record,
                  struct claim_store *store)
{
    struct rules rules = {0};
    struct claim claim = {0};
    struct findings findings = {0};

    rules_init(&rules);
    claim_judge(&rules, reader_columns(reader), record, NOW_MS, store, &claim, &findings);
    check_findings(&rules, reader_columns(reader), record, &findings);
    if (!findings_invalid(&findings))
        check_claim(&claim);
}

/* Reads to the end; the cells of all records but the header. */
static int read_all(struct reader *reader, struct buffer *ret_cells, struct error *err)
{
    struct claim_store store = {0};
    struct record record = {0};
    uint64_t row = 0, line = 0, cell_line = 0, column = 0;
    int result = 0;

    while ((result = reader_next(reader, &record, err)) > 0) {
        MUST(record.row > row && record.line > line && record.count > 0);
        row = record.row;
        line = record.line;
        for (size_t i = 0; i < record.count; i++) {
            MUST(strlen(record.cells[i].text) == record.cells[i].len);
            take_cell((void *)(uintptr_t)record.cells[i].text, record.cells[i].len, ret_cells);
        }
        take_record(0, ret_cells);
        reader_locate(reader, record.count - 1, &cell_line, &column);
        MUST(cell_line >= line && column > 0);
        judge(reader, &record, &store);
    }
    claim_store_release(&store);
    return result;
}

static void check_against_libcsv(const struct buffer *file, const struct survey *survey,
                                 char delimiter, const struct buffer *cells)
{
    struct buffer plain = {0};

    if (survey->encoding == ENCODING_UTF8 &&
        parse_plainly(file->ptr + survey->bom_bytes, file->len - survey->bom_bytes, delimiter,
                      &plain)) {
        size_t header = plain.len - cells->len;

        MUST(plain.len > cells->len);
        MUST(memchr(plain.ptr, RECORD_END[0], plain.len) == plain.ptr + header - 1);
        MUST(memcmp(plain.ptr + header, buffer_string(cells), cells->len) == 0);
    }
    buffer_release(&plain);
}

static void read_file(const char *path, const struct buffer *file, const struct options *options)
{
    struct export *export = NULL;
    struct reader *reader = NULL;
    struct survey survey = {0};
    struct error err = {0};
    struct buffer cells = {0};
    int result = export_open(path, &export, &err);

    MUST(result == 0);
    result = export_survey(export, options->encoding, &survey, &err);
    if (result == 0)
        result = reader_open(export, &survey, &options->settings, &reader, &err);
    if (result == 0)
        result = read_all(reader, &cells, &err);
    if (result == 0)
        check_against_libcsv(file, &survey, options->settings.delimiter, &cells);
    else
        MUST(err.exit_code == EXIT_INPUT_REFUSED && charset_is_utf8(err.text));
    buffer_release(&cells);
    reader_close(reader);
    export_close(export);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct options options = choose(len ? bytes[0] : 0);
    struct buffer file = {0};
    char path[32];
    int fd = memfd_create("claims.csv", MFD_CLOEXEC);

    MUST(fd >= 0);
    if (options.header)
        append_header(&file, options.settings.delimiter);
    if (len)
        buffer_append(&file, bytes + 1, len - 1);
    MUST(write(fd, buffer_string(&file), file.len) == (ssize_t)file.len);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    read_file(path, &file, &options);
    buffer_release(&file);
    close(fd);
    return 0;
}
