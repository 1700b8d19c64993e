/* Unit tests of report/scan: files that are not as they were written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scan_words.h"

/* ---- files that are not as they were written ---- */

static void expect_refused(const void *bytes, size_t len, const char *words)
{
    struct memfile file = memfile_open(bytes, len);
    struct scan *scan = NULL;

    assert_int_equal(scan_open(file.path, &scan, &err), -1);
    assert_null(scan);
    assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
    if (!strstr(err.text, words))
        fail_msg("'%s' is not in: %s", words, err.text);
    memfile_close(&file);
}

/* The header with another delimiter, and what is said of the file. */
static void expect_delimiter(char delimiter, const char *words)
{
    char text[] = LINE_BOM LINE_HEADER;

    for (char *p = text; *p; p++)
        *p = *p == ',' ? delimiter : *p;
    expect_refused(text, strlen(text), words);
}

static void file_that_is_no_report_is_refused(void **state)
{
    static const char *const texts[] = {"\n", "a,b\n", "workcard_id,claim_desc\n1,2\n",
                                        LINE_BOM "row,workcard_id\n", LINE_BOM};
    static const char body[] = "row,workcard_id,claim_desc,claim_count,claim_order_no\n";

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++)
        expect_refused(texts[i], strlen(texts[i]), i == 0 || i == 4 ? "no report" : "no report of");
    expect_refused("", 0, "is empty");
    expect_refused(body, strlen(body), "no report of");
}

static void report_that_was_saved_anew_is_told_from_other_files(void **state)
{
    static const char crlf[] = LINE_BOM LINE_HEADER;
    static const char quoted[] =
        LINE_BOM "\"row\",\"workcard_id\",\"claim_desc\",\"claim_count\",\"claim_order_no\","
                 "\"claim_status\",\"claim_time\",\"claim_fee\",\"outcome\",\"code\",\"sub_code\","
                 "\"message\",\"warnings\",\"attempts\",\"http_status\",\"request_id\","
                 "\"submitted_at\",\"duration_ms\",\"digest\"\n";
    static const char gbk[] = LINE_HEADER "2,\xc0\xed\xc5\xe2\n"; /* 理赔 */
    static const char latin[] = "\xc3\xaf\xc2\xbb\xc2\xbf" LINE_HEADER;
    char chinese[sizeof(LINE_HEADER) + 8];
    char text[sizeof(crlf) + 1];
    size_t len = strlen(crlf);

    (void)state;
    /* As GBK the mark is two letters, of which the second has the "r" of "row". */
    snprintf(chinese, sizeof(chinese), "\xe9\x94\x98\xe7\xb8\xad%s", &LINE_HEADER[1]);
    memcpy(text, crlf, len - 1);
    memcpy(text + len - 1, "\r\n", 3);
    expect_refused(text, len + 1, "saved anew: its line ends are CRLF");
    expect_refused(LINE_HEADER, strlen(LINE_HEADER), "its byte order mark is gone");
    expect_refused(gbk, strlen(gbk), "its encoding is gb18030, not utf-8");
    expect_refused(quoted, strlen(quoted), "its header is in quotes");
    expect_refused(latin, strlen(latin), "the file can be read in two encodings");
    expect_refused(chinese, strlen(chinese), "it was opened in another encoding than utf-8");
    expect_delimiter(';', "its delimiter is ';'");
    expect_delimiter('\t', "its delimiter is a tab");
}

static void all_that_was_changed_is_named(void **state)
{
    struct buffer text = {0};

    (void)state;
    buffer_text(&text, "\xff\xfe");
    for (const char *p = LINE_HEADER; *p; p++) {
        if (*p == '\n')
            buffer_append(&text, "\r", 2);
        buffer_byte(&text, *p == ',' ? '\t' : *p);
        buffer_byte(&text, '\0');
    }
    expect_refused(text.ptr, text.len,
                   "its encoding is utf-16le, not utf-8, its delimiter is a tab, not ',', its line "
                   "ends are CRLF");
    buffer_release(&text);
}

static void report_that_ends_in_the_middle_is_cut(void **state)
{
    struct line line = plain_line(2);
    struct buffer text = {0};
    size_t head;

    (void)state;
    line.fields[FIELD_CLAIM_DESC] = "a\n\"b";
    begin(&text);
    head = text.len;
    line_append(&line, &text);
    for (size_t len = head + 1; len < text.len; len++) {
        struct scan *scan = open_text(text.ptr, len);
        struct scan_row row;

        assert_int_equal(scan_next(scan, &row, &err), -1);
        assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
        assert_true(scan_is_cut(scan));
        scan_close(scan);
    }
    buffer_release(&text);
}

static void bytes_that_are_no_utf_8_are_damage_with_their_place(void **state)
{
    struct line line = plain_line(2);
    struct buffer text = {0};
    struct scan_row row;
    struct scan *scan;

    (void)state;
    line.fields[FIELD_CLAIM_DESC] = "理赔";
    begin(&text);
    line_append(&line, &text);
    *strstr(text.ptr, "理赔") ^= 0x20;
    scan = open_text(text.ptr, text.len);
    assert_null(scan_survey(scan));
    assert_int_equal(scan_next(scan, &row, &err), -1);
    assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
    assert_false(scan_is_cut(scan));
    assert_non_null(strstr(err.text, "line 2"));
    scan_close(scan);
    buffer_release(&text);
}

static void missing_report_cannot_be_opened(void **state)
{
    struct scan *scan = NULL;

    (void)state;
    assert_int_equal(scan_open("/nonexistent/claims.report.csv", &scan, &err), -1);
    assert_int_equal(err.exit_code, EXIT_INPUT_MISSING);
}

static void report_of_an_empty_export_has_no_rows(void **state)
{
    struct buffer text = {0};
    struct scan_row row;
    struct scan *scan;

    (void)state;
    begin(&text);
    scan = open_text(text.ptr, text.len);
    assert_int_equal(scan_next(scan, &row, &err), 0);
    scan_close(scan);
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_that_is_no_report_is_refused),
        cmocka_unit_test(report_that_was_saved_anew_is_told_from_other_files),
        cmocka_unit_test(all_that_was_changed_is_named),
        cmocka_unit_test(report_that_ends_in_the_middle_is_cut),
        cmocka_unit_test(bytes_that_are_no_utf_8_are_damage_with_their_place),
        cmocka_unit_test(missing_report_cannot_be_opened),
        cmocka_unit_test(report_of_an_empty_export_has_no_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
