/*
 * Reads many small exports as upload does and says which claims it would send, so that a model of
 * who wrote them can say which ones they are.
 *
 * Standard input: for each case a line with the number of its options and the length of the file,
 * the options a line each, then the file's bytes.
 * Standard output: for each case its rows: number, "1" or "0" (valid or not), the codes of what is
 * wrong, and of a valid one the seven values, 0xff behind each; 0xfe behind each row; then 0xfd,
 * and the refusal, or nothing; then 0xfc.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../claim_text.h"
#include "base/clock.h"
#include "base/error.h"
#include "cli/options/options.h"
#include "command/commands.h"
#include "input/inspection/claim_rows.h"
#include "input/inspection/inspection.h"

#define CASE_BYTES_MAX ((size_t)4 << 20)
#define OPTIONS_MAX 32
#define OPTION_BYTES 256
#define VALUE_END '\xff'
#define ROW_END '\xfe'
#define ROWS_END '\xfd'
#define CASE_END '\xfc'

/* Of a case. */
struct given {
    char words[OPTIONS_MAX][OPTION_BYTES];
    char *argv[OPTIONS_MAX + 3];
    int argc;
};

static void append_row(const struct judged_row *row, struct buffer *text)
{
    claim_text_integer(text, (int64_t)row->row, VALUE_END);
    claim_text_string(text, row->invalid ? "0" : "1", VALUE_END);
    findings_codes(&row->findings, SEVERITY_ERROR, text);
    buffer_byte(text, VALUE_END);
    if (!row->invalid)
        claim_text(text, &row->claim, VALUE_END);
    buffer_byte(text, ROW_END);
}

static int read_rows(const struct row_source *row_source, const struct inspection *inspection,
                     struct buffer *text, struct error *err)
{
    struct claim_rows *claim_rows = NULL;
    struct claim_store store = {0};
    struct judged_row row;
    int result = claim_rows_open(row_source, inspection, &claim_rows, err);

    while (!result && (result = claim_rows_next(claim_rows, &store, &row, err)) > 0) {
        append_row(&row, text);
        result = 0;
    }
    claim_rows_close(claim_rows);
    claim_store_release(&store);
    return result;
}

static int read_claims(const struct options *options, struct buffer *text, struct error *err)
{
    struct inspection inspection = {0};
    struct row_source row_source = {
        .encoding = options->encoding,
        .reader = options->reader,
        .rules = options->rules,
        .now_ms = clock_wall_ms(),
    };
    int result = -1;

    if (!export_open(options->claims, &row_source.export, err) &&
        !inspection_run(&row_source, &inspection, err))
        result = read_rows(&row_source, &inspection, text, err);
    inspection_release(&inspection);
    export_close(row_source.export);
    return result;
}

static int read_case(struct given *given, const char *path, struct buffer *text)
{
    static const struct command command = {"check", COMMAND_CHECK, "CLAIMS.csv", NULL, "", ""};
    struct options options;
    struct error err = {0};
    int result;

    memcpy(given->words[0], "check", sizeof("check"));
    given->argv[given->argc++] = strcpy(given->words[OPTIONS_MAX - 1], path);
    given->argv[given->argc] = NULL;
    buffer_reset(text);
    result = options_parse(&command, given->argc, given->argv, &options, &err);
    if (!result)
        result = read_claims(&options, text, &err);
    options_release(&options);
    if (result)
        buffer_reset(text);
    buffer_format(text, "%c%s%c", ROWS_END, result ? err.text : "", CASE_END);
    return text->failed || fwrite(text->ptr, 1, text->len, stdout) != text->len ? -1 : 0;
}

/* 1, or 0 behind the last case, or -1. */
static int next_case(struct given *given, char *bytes, size_t *ret_len)
{
    int count = 0;

    if (scanf("%d %zu", &count, ret_len) != 2)
        return 0;
    if (getchar() != '\n' || count < 0 || count > OPTIONS_MAX - 2 || *ret_len > CASE_BYTES_MAX)
        return -1;
    given->argv[0] = given->words[0];
    for (given->argc = 1; given->argc <= count; given->argc++) {
        char *word = given->words[given->argc];

        if (!fgets(word, OPTION_BYTES, stdin))
            return -1;
        word[strcspn(word, "\n")] = '\0';
        given->argv[given->argc] = word;
    }
    return fread(bytes, 1, *ret_len, stdin) == *ret_len ? 1 : -1;
}

int main(void)
{
    static char bytes[CASE_BYTES_MAX];
    static struct given given;
    struct buffer text = {0};
    int file = memfd_create("claims.csv", MFD_CLOEXEC);
    char path[32];
    size_t len = 0;
    int result = file < 0 ? -1 : 1;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    while (result > 0) {
        result = next_case(&given, bytes, &len);
        if (result <= 0)
            break;
        if (ftruncate(file, 0) || pwrite(file, bytes, len, 0) != (ssize_t)len ||
            read_case(&given, path, &text))
            result = -1;
    }
    buffer_release(&text);
    if (result)
        fprintf(stderr, "a case could not be taken\n");
    return result ? 1 : 0;
}
