/*
 * libFuzzer target: any bytes as an export, through survey, reader, rules and inspection. Beyond
 * memory errors it looks for broken promises: every pass finds the same; so does libcsv alone,
 * where it takes the bytes; and what was read, written anew, reads and is judged as before.
 *
 * The first two bytes of the input choose the options, see `choose`; the rest is the file. Built
 * with blocks of few bytes, so that their seams are everywhere.
 */
#include <csv.h>

#include "input_pass.h"
#include "target.h"

#define OPTION_BYTES 2

static struct rules choose_rules(unsigned char byte)
{
    static const enum severity severities[] = {SEVERITY_OFF, SEVERITY_OFF, SEVERITY_WARN,
                                               SEVERITY_ERROR};
    struct rules rules = {0};
    unsigned choice = byte & 3; /* 0: the defaults */
    const char *why = NULL;

    rules_init(&rules);
    for (enum rule rule = 0; choice && rule < RULE_COUNT; rule++)
        if (!rule_is_fixed(rule))
            rules.severity[rule] = severities[choice];
    if (byte & 4)
        rules.max_fee = 100000;
    rules.short_rows = byte & 16;
    if (byte & 32)
        MUST(vocabulary_add_status(&rules.vocabulary, "7", "1", &why) &&
             vocabulary_add_status(&rules.vocabulary, "已结案", "2", &why));
    if (byte & 64)
        MUST(vocabulary_add_null(&rules.vocabulary, "none", &why) &&
             vocabulary_add_null(&rules.vocabulary, "x", &why));
    return rules;
}

static struct options choose(const unsigned char bytes[OPTION_BYTES])
{
    static const enum encoding encodings[] = {ENCODING_AUTO, ENCODING_UTF8, ENCODING_GB18030,
                                              ENCODING_UTF16};
    static const uint32_t delimiters[] = {',', '\t', ';', ' '};
    static const uint32_t wide[] = {0xff0c, 1, 0xa7, '|'};
    static const enum fee_unit units[] = {FEE_UNIT_UNDECLARED, FEE_UNIT_FEN, FEE_UNIT_YUAN,
                                          FEE_UNIT_YUAN};
    struct options options = {
        .encoding = encodings[bytes[0] & 3],
        .settings = {.delimiter = (bytes[0] & 128 ? wide : delimiters)[bytes[0] >> 2 & 3],
                     .fee_unit = units[bytes[0] >> 4 & 3]},
        .rules = choose_rules(bytes[1]),
    };

    if (bytes[1] & 8)
        options.settings.wanted_columns[FIELD_CLAIM_ORDER_NO] = "No.";
    if (bytes[1] & 128)
        options.settings.wanted_columns[FIELD_CLAIM_TIME] = "claim_time+claim_desc";
    return options;
}

static void append_delimiter(struct buffer *file, uint32_t delimiter)
{
    char text[CHARACTER_ROOM];

    MUST(character_encode(delimiter, text) > 0);
    buffer_text(file, text);
}

static void append_names(struct buffer *file, uint32_t delimiter)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (i)
            append_delimiter(file, delimiter);
        buffer_text(file, column_field_name((enum field)i));
    }
    buffer_byte(file, '\n');
}

static void append_quoted(struct buffer *file, const char *text, size_t len)
{
    buffer_byte(file, '"');
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '"')
            buffer_byte(file, '"');
        buffer_byte(file, text[i]);
    }
    buffer_byte(file, '"');
}

static void check_second_pass(struct export *export, const struct survey *survey,
                              const struct options *options, const struct outcome *first)
{
    struct outcome second;

    input_pass(export, survey, options, &second);
    MUST(second.err.exit_code == first->err.exit_code);
    MUST(strcmp(second.err.text, first->err.text) == 0);
    MUST(input_is_same(&second.cells, &first->cells) &&
         input_is_same(&second.claims, &first->claims));
    input_pass_release(&second);
}

static int ignore_header(void *context, const struct reader *reader, struct error *err)
{
    (void)context, (void)reader, (void)err;
    return 0;
}

struct seen {
    uint64_t claims, invalid;
};

static int count_claim(void *context, uint64_t row, const struct claim *claim, struct error *err)
{
    struct seen *seen = context;

    (void)row, (void)err;
    input_check_claim(claim);
    seen->claims++;
    return 0;
}

static void forget_claims(void *context)
{
    struct seen *seen = context;

    seen->claims = 0;
}

static int count_row(void *context, const struct reader *reader, const struct record *record,
                     const struct findings *findings, struct error *err)
{
    struct seen *seen = context;

    (void)reader, (void)record, (void)err;
    MUST(findings->count > 0);
    seen->invalid += findings_invalid(findings);
    return 0;
}

/* What an inspection must have come to, given a pass over the same file with its profile. */
static void compare(const struct inspection *inspection, const struct outcome *outcome)
{
    MUST(outcome->err.exit_code == 0);
    MUST(inspection->rows == outcome->rows && inspection->invalid == outcome->invalid);
    MUST(inspection->blank_lines == outcome->blank_lines);
    MUST(inspection_fee(inspection) == outcome->fee);
}

static struct row_source row_source_of(struct export *export, const struct options *options,
                                       enum encoding encoding)
{
    return (struct row_source){.export = export,
                               .encoding = encoding,
                               .reader = options->settings,
                               .rules = options->rules,
                               .now_ms = NOW_MS};
}

/* A check comes to the same as the inspection of a run. */
static void check_check(struct export *export, const struct options *options,
                        const struct inspection *run, int run_result, const struct error *run_err)
{
    const struct row_source row_source = row_source_of(export, options, options->encoding);
    struct seen seen = {0};
    const struct inspection_visitor visitor = {&seen,         ignore_header, count_claim,
                                               forget_claims, count_row,     false};
    struct inspection inspection = {0};
    struct error err = {0};
    int result = inspection_check(&row_source, &visitor, &inspection, &err);

    MUST(result == run_result && err.exit_code == run_err->exit_code);
    MUST(strcmp(err.text, run_err->text) == 0);
    if (!result) {
        MUST(inspection.rows == run->rows && inspection.invalid == run->invalid);
        MUST(inspection_fee(&inspection) == inspection_fee(run));
        MUST(seen.claims == run->rows - run->invalid && seen.invalid == run->invalid);
        MUST(memcmp(inspection.broken, run->broken, sizeof(run->broken)) == 0);
    }
    inspection_release(&inspection);
}

static int is_never_space(unsigned char c)
{
    (void)c;
    return 0;
}

/* The cells as libcsv alone finds them; false when it does not take the text. */
static bool parse_plainly(const char *text, size_t len, char delimiter, struct buffer *ret_cells)
{
    struct csv_parser parser;
    bool taken = false;

    csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL);
    csv_set_delim(&parser, (unsigned char)delimiter);
    csv_set_space_func(&parser, is_never_space);
    taken = csv_parse(&parser, text, len, input_take_cell, input_take_record, ret_cells) == len &&
            csv_fini(&parser, input_take_cell, input_take_record, ret_cells) == 0;
    csv_free(&parser);
    return taken;
}

/* What libcsv takes the reader takes alike; what it refuses the reader refuses too, but for the one
 * idiom that has its quotes inside a cell. */
static void check_against_libcsv(const struct buffer *file, const struct survey *survey,
                                 uint32_t delimiter, const struct outcome *outcome)
{
    const char *text = file->ptr + survey->bom_bytes;
    size_t len = survey->text_bytes - survey->bom_bytes;
    struct buffer plain = {0};

    if (survey->encoding != ENCODING_UTF8 || delimiter >= 0x80 || delimiter == ' ')
        return;
    if (!parse_plainly(text, len, (char)delimiter, &plain)) {
        MUST(memchr(text, '"', len) != NULL);
    } else {
        MUST(plain.len == outcome->header.len + outcome->cells.len);
        MUST(memcmp(plain.ptr, outcome->header.ptr, outcome->header.len) == 0);
        MUST(memcmp(plain.ptr + outcome->header.len, buffer_string(&outcome->cells),
                    outcome->cells.len) == 0);
    }
    buffer_release(&plain);
}

/* Reads a file that was written anew. With a profile of its own, unless that is NULL in the
 * options. False when its cells, now in UTF-8, make it one of two encodings. */
static bool read_anew(const struct buffer *file, const struct options *options,
                      struct outcome *ret_outcome)
{
    struct options anew = *options;
    struct export *export = NULL;
    struct inspection inspection = {0};
    struct error err = {0};
    char path[MEMORY_PATH_BYTES];
    int fd = open_memory(buffer_string(file), file->len, path);
    bool taken = true;

    MUST(export_open(path, &export, &err) == 0);
    if (options->profile) {
        const struct row_source row_source = row_source_of(export, options, ENCODING_UTF8);

        taken = inspection_run(&row_source, &inspection, &err) == 0;
        MUST(taken || strstr(err.text, "put together from two"));
        anew.profile = &inspection.profile;
    } else {
        MUST(export_survey(export, ENCODING_UTF8, &inspection.survey, &err) == 0);
    }
    *ret_outcome = (struct outcome){0};
    if (taken) {
        MUST(inspection.survey.encoding == ENCODING_UTF8 && inspection.survey.bytes == file->len);
        input_pass(export, &inspection.survey, &anew, ret_outcome);
        MUST(ret_outcome->err.exit_code == 0);
        MUST(!ret_outcome->unfinished && ret_outcome->blank_lines == 0);
    }
    inspection_release(&inspection);
    export_close(export);
    close(fd);
    return taken;
}

/* Writes records that were kept with every cell in quotes. */
static void append_records(const struct buffer *cells, uint32_t delimiter, struct buffer *file)
{
    const char *at = buffer_string(cells), *end = at + cells->len;

    while (at < end) {
        const char *stop = memchr(at, CELL_END[0], (size_t)(end - at));

        append_quoted(file, at, (size_t)(stop - at));
        at = stop + 1;
        if (*at == RECORD_END[0])
            buffer_byte(file, '\n');
        else
            append_delimiter(file, delimiter);
        at += *at == RECORD_END[0];
    }
}

/* With every cell in quotes, libcsv reads each line; the other way is for lines without a quote. */
static void check_quoted(const struct options *options, const struct outcome *outcome)
{
    struct buffer file = {0};
    struct outcome anew;

    append_records(&outcome->header, options->settings.delimiter, &file);
    append_records(&outcome->cells, options->settings.delimiter, &file);
    if (read_anew(&file, options, &anew)) {
        MUST(input_is_same(&anew.header, &outcome->header) &&
             input_is_same(&anew.cells, &outcome->cells));
        MUST(input_is_same(&anew.findings, &outcome->findings));
        MUST(input_is_same(&anew.claims, &outcome->claims));
    }
    input_pass_release(&anew);
    buffer_release(&file);
}

/* What is valid is valid as it is sent, and the same claim. */
static void check_canonical(const struct options *options, const struct outcome *outcome)
{
    struct options canonical = {.settings = {.delimiter = ','}, .rules = options->rules};
    struct buffer file = {0};
    struct outcome anew;
    const char *why = NULL;

    vocabulary_init(&canonical.rules.vocabulary);
    MUST(vocabulary_add_null(&canonical.rules.vocabulary, "none", &why));
    canonical.rules.short_rows = false;

    append_names(&file, ',');
    append_records(&outcome->claims, ',', &file);
    read_anew(&file, &canonical, &anew);
    MUST(anew.rows == outcome->rows - outcome->invalid && anew.invalid == 0);
    MUST(input_is_same(&anew.claims, &outcome->claims));
    input_pass_release(&anew);
    buffer_release(&file);
}

static void check_outcome(const struct buffer *file, const struct survey *survey,
                          const struct options *options, const struct outcome *outcome)
{
    if (outcome->err.exit_code) {
        MUST(outcome->err.exit_code == EXIT_INPUT_REFUSED && character_is_utf8(outcome->err.text));
        return;
    }
    check_against_libcsv(file, survey, options->settings.delimiter, outcome);
    check_quoted(options, outcome);
    check_canonical(options, outcome);
}

static void check_file(const char *path, const struct buffer *file, struct options *options)
{
    struct export *export = NULL;
    struct inspection inspection = {0};
    struct outcome outcome = {0};
    struct error err = {0};
    int result = 0;

    MUST(export_open(path, &export, &err) == 0);
    {
        const struct row_source row_source = row_source_of(export, options, options->encoding);

        result = inspection_run(&row_source, &inspection, &err);
        check_check(export, options, &inspection, result, &err);
    }
    MUST(result == 0 || (err.exit_code == EXIT_INPUT_REFUSED && character_is_utf8(err.text)));
    options->profile = result == 0 ? &inspection.profile : NULL;
    if (export_survey(export, options->encoding, &inspection.survey, &outcome.err) == 0) {
        input_pass(export, &inspection.survey, options, &outcome);
        check_second_pass(export, &inspection.survey, options, &outcome);
    }
    check_outcome(file, &inspection.survey, options, &outcome);
    if (result == 0)
        compare(&inspection, &outcome);
    input_pass_release(&outcome);
    inspection_release(&inspection);
    export_close(export);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    unsigned char choice[OPTION_BYTES] = {0};
    struct options options = {0};
    struct buffer file = {0};
    char path[MEMORY_PATH_BYTES];
    int fd = -1;

    memcpy(choice, bytes, len < OPTION_BYTES ? len : OPTION_BYTES);
    options = choose(choice);
    if (choice[0] & 64)
        append_names(&file, options.settings.delimiter);
    if (len > OPTION_BYTES)
        buffer_append(&file, bytes + OPTION_BYTES, len - OPTION_BYTES);
    fd = open_memory(buffer_string(&file), file.len, path);
    check_file(path, &file, &options);
    buffer_release(&file);
    close(fd);
    return 0;
}
