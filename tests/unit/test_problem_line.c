/* Unit tests of input/correction and input/encoder: a list of problems is read as it was written.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "input/export/encoder.h"
#include "input/reader/problem_line.h"
#include "input/reader/reader.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct cell cell(const char *text)
{
    return (struct cell){text, strlen(text)};
}

static void a_cell_stands_so_that_a_spreadsheet_keeps_it(void **state)
{
    static const struct {
        const char *text, *cell;
    } cases[] = {
        {"", ""},
        {"LP202611004107", "LP202611004107"},
        {"8815301637", "8815301637"},
        {"0", "0"},
        {"128.5", "128.5"},
        {"88153016371", "88153016371"},
        {"881530163712", "=\"881530163712\""}, /* 8.8153E+11 */
        {"370911202104141234", "=\"370911202104141234\""},
        {"00123", "=\"00123\""},
        {"128.00", "=\"128.00\""},
        {"+5", "=\"+5\""},
        {"-5", "=\"-5\""},
        {"2026-11-02 09:12:31", "=\"2026-11-02 09:12:31\""},
        {"2026年11月2日", "=\"2026年11月2日\""},
        {"4-Nov", "=\"4-Nov\""},
        {"MAR1", "=\"MAR1\""},
        {"2026E0012", "=\"2026E0012\""},
        {"１２３", "=\"１２３\""},
        {"￥128", "=\"￥128\""},
        {"true", "=\"true\""},
        {"上午", "上午"},
        {"marble", "marble"},
        {"漏水", "漏水"},
        {"3 个月", "3 个月"},
        {"=1+2", "'=1+2"},
        {"'=1+2", "''=1+2"},
        {"'2026", "'2026"},
        {"@a", "'@a"},
        {"a,b", "\"a,b\""},
        {"a\"b", "\"a\"\"b\""},
        {"=\"00123\"", "=\"00123\""}, /* of an export that has the idiom itself */
        {"1,280.00", "\"=\"\"1,280.00\"\"\""},
        {"=\"a\"&\"b\"", "\"'=\"\"a\"\"&\"\"b\"\"\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buffer text = {0};

        problem_line_append_cell(cases[i].text, ',', &text);
        assert_string_equal(buffer_string(&text), cases[i].cell);
        buffer_release(&text);
    }
}

static void a_guard_is_taken_away_and_nothing_else(void **state)
{
    (void)state;
    assert_string_equal(problem_line_plain("'=1+2"), "=1+2");
    assert_string_equal(problem_line_plain("''=1+2"), "'=1+2");
    assert_string_equal(problem_line_plain("'2026"), "'2026");
    assert_string_equal(problem_line_plain("=\"00123\""), "=\"00123\"");
    assert_string_equal(problem_line_plain("漏水"), "漏水");
}

static void the_columns_in_front_are_known_or_refused(void **state)
{
    struct cell header[] = {cell("row"),
                            cell("line"),
                            cell("severity"),
                            cell("codes"),
                            cell("problems"),
                            cell("export_sha256"),
                            cell("key_check(请勿修改)"),
                            cell("工单ID")};

    (void)state;
    assert_true(problem_line_is_header(header, COUNT(header)));
    assert_false(problem_line_is_header(header, CORRECTION_COLUMNS));
    header[6] = cell("key_check(garbled)");
    assert_true(problem_line_is_header(header, COUNT(header)));
    header[5] = cell("export_sha2567");
    assert_false(problem_line_is_header(header, COUNT(header)));
}

static const struct columns columns = {
    .index = {0, 4, COLUMN_ABSENT, 1, COLUMN_ABSENT, 2, 3}, .count = 5, .fee_unit = FEE_UNIT_FEN};
static const unsigned char export_sha256[CORRECTION_SHA256_BYTES] = {7};

struct seal_case {
    const char *problem_of; /* the field whose finding the row has; NULL: the row as a whole */
    const char *cells[5];
    const char *broken; /* fields of CHANGED_KEY then */
};

static void judge(const struct seal_case *c, uint64_t row)
{
    const struct cell before[] = {cell("8815301637"), cell("LP1"), cell("2026-11-02 09:12:31"),
                                  cell("5"), cell("")};
    struct problem_line correction = {.row = row};
    struct record record = {.row = row, .count = COUNT(before), .cells = before};
    struct findings findings = {.count = 1,
                                .list = {{RULE_BAD_NUMBER, SEVERITY_ERROR, FIELD_NONE}}};
    struct cell after[5];
    struct rules rules;
    char broken[64] = "";

    rules_init(&rules);
    for (int i = 0; i < FIELD_COUNT; i++)
        if (c->problem_of && strcmp(column_field_name((enum field)i), c->problem_of) == 0)
            findings.list[0].field = (enum field)i;
    assert_int_equal(
        problem_line_seal(&columns, &record, &findings, 5, export_sha256, correction.seal), 0);
    memcpy(correction.export_sha256, export_sha256, sizeof(export_sha256));
    for (size_t i = 0; i < COUNT(after); i++)
        after[i] = cell(c->cells[i] ? c->cells[i] : before[i].text);
    record.cells = after;
    record.correction = &correction;
    findings.count = 0;
    assert_int_equal(problem_line_judge(&rules, &columns, &record, &findings), 0);
    for (size_t i = 0; i < findings.count; i++) {
        assert_int_equal(findings.list[i].rule, RULE_CHANGED_KEY);
        strcat(broken, findings.list[i].field == FIELD_NONE
                           ? "row"
                           : column_field_name(findings.list[i].field));
    }
    assert_string_equal(broken, c->broken);
}

static void a_key_is_sealed_where_it_was_not_the_problem(void **state)
{
    static const struct seal_case cases[] = {
        {"claim_fee", {NULL}, ""},
        {"claim_fee", {"=\"8815301637\""}, ""},
        {"claim_fee", {"08815301637"}, ""},
        {"claim_fee", {" 8815301637 "}, ""},
        {"claim_fee", {NULL, NULL, NULL, "6", "x"}, ""},
        {"claim_fee", {"8815301638"}, "row"},
        {"claim_fee", {NULL, "LP2"}, "row"},
        {"claim_fee", {"8.8153E+09"}, "row"},
        {"workcard_id", {"8815301638"}, ""},
        {"workcard_id", {"8815301638", "LP2"}, "row"},
        {"claim_order_no", {NULL, "LP2"}, ""},
        {"claim_order_no", {"1", "LP2"}, "row"},
        {NULL, {"1", "LP2", "2026-11-02 09:12"}, ""},
        {"claim_fee", {NULL, NULL, "2026/11/2 9:12"}, "claim_time"},
        {"claim_fee", {NULL, NULL, "2026-11-02"}, "claim_time"},
        {"claim_fee", {NULL, NULL, "2026-11-03 10:00:00"}, ""},
        {"claim_time", {NULL, NULL, "2026/11/2 9:12"}, ""},
        {"claim_time", {NULL, NULL, NULL, "5.00"}, ""},
        {"claim_time", {NULL, NULL, NULL, "6"}, "claim_fee"},
        {"claim_time", {NULL, NULL, NULL, "0"}, ""},
        {"claim_time", {NULL, NULL, NULL, "x"}, ""},
        {"claim_time", {NULL, "LP2", NULL, "6"}, "rowclaim_fee"},
        {"claim_order_no", {NULL, "LP2", NULL, "6"}, "claim_fee"},
        {NULL, {NULL, NULL, NULL, "6"}, ""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        judge(&cases[i], 5);
    judge(&(struct seal_case){"claim_fee", {NULL}, "row"}, 6);
}

static void the_encoder_writes_what_the_charset_reads(void **state)
{
    static const enum encoding encodings[] = {ENCODING_UTF8, ENCODING_GB18030, ENCODING_UTF16LE,
                                              ENCODING_UTF16BE};
    struct buffer text = {0};
    struct error err;

    (void)state;
    for (int i = 0; i < 200; i++)
        buffer_text(&text, "漏水,㐂𠮷é\n");
    for (size_t i = 0; i < COUNT(encodings); i++) {
        struct encoder *encoder;
        struct charset *charset = charset_open(encodings[i], &err);
        struct buffer bytes = {0}, back = {0};

        assert_int_equal(encoder_open(encodings[i], &encoder, &err), 0);
        assert_int_equal(encoder_append(encoder, text.ptr, text.len, &bytes, &err), 0);
        assert_int_equal(
            charset_convert(charset, (unsigned char *)bytes.ptr, bytes.len, &back, &err), 0);
        assert_string_equal(buffer_string(&back), buffer_string(&text));
        charset_close(charset);
        encoder_close(encoder);
        buffer_release(&bytes);
        buffer_release(&back);
    }
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cell_stands_so_that_a_spreadsheet_keeps_it),
        cmocka_unit_test(a_guard_is_taken_away_and_nothing_else),
        cmocka_unit_test(the_columns_in_front_are_known_or_refused),
        cmocka_unit_test(a_key_is_sealed_where_it_was_not_the_problem),
        cmocka_unit_test(the_encoder_writes_what_the_charset_reads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
