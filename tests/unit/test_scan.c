/* Unit tests of report/scan: a report is read back exactly, or it is said what happened to a cell.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scan_words.h"

/* Reads the one row of a report made of one line's text. */
static void read_one(const char *line, void (*look)(const struct scan_row *row))
{
    struct buffer text = {0};
    struct scan_row row;
    struct scan *scan;

    begin(&text);
    buffer_text(&text, line);
    scan = open_text(text.ptr, text.len);
    if (scan_next(scan, &row, &err) != 1)
        fail_msg("%s", err.text);
    look(&row);
    scan_close(scan);
    buffer_release(&text);
}

/* ---- what was written is read back ---- */

static void assert_same_line(const struct line *written, const struct line *read)
{
    struct buffer texts[2] = {{0}, {0}};

    line_append(written, &texts[0]);
    line_append(read, &texts[1]);
    assert_string_equal(buffer_string(&texts[1]), buffer_string(&texts[0]));
    for (int i = 0; i < FIELD_COUNT; i++)
        assert_string_equal(read->fields[i], written->fields[i]);
    assert_string_equal(read->record.message, written->record.message);
    buffer_release(&texts[0]);
    buffer_release(&texts[1]);
}

static void every_text_is_read_back_as_it_was_written(void **state)
{
    static const char *const texts[] = {
        "",        "=1+1",
        "'=1",     "''+1",
        "'",       "@x",
        "\t=",     "＝1",
        "'＠1",    "a,b",
        "a\"b",    "\"",
        "a\nb",    "a\r\nb",
        "\r",      "\n",
        "理赔，",  "=\"0\"",
        " a ",     "=\"1,2\"",
        "''''",    "\xf0\x9f\x98\x80",
        "a;b\t|c",
    };
    struct buffer text = {0};
    struct scan_row row;
    struct scan *scan;

    (void)state;
    begin(&text);
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct line line = plain_line(i + 2);

        line.fields[FIELD_CLAIM_DESC] = texts[i];
        line.fields[FIELD_CLAIM_ORDER_NO] = texts[i];
        line_append(&line, &text);
    }
    scan = open_text(text.ptr, text.len);
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct line line = plain_line(i + 2);

        line.fields[FIELD_CLAIM_DESC] = texts[i];
        line.fields[FIELD_CLAIM_ORDER_NO] = texts[i];
        assert_int_equal(scan_next(scan, &row, &err), 1);
        assert_same_line(&line, &row.line);
        assert_int_equal(row.malformed, *texts[i] ? 0 : 1u << SCAN_CLAIM_ORDER_NO);
    }
    assert_int_equal(scan_next(scan, &row, &err), 0);
    scan_close(scan);
    buffer_release(&text);
}

static const char letters[] = "=+-@'\"\t\r\n,; ab0\xff";

/* A text of a few characters that matter; \xff stands for one of several bytes. */
static void make_text(char *ret_text)
{
    int len = rand() % 8;

    *ret_text = '\0';
    while (len--) {
        char letter[] = {letters[rand() % (int)(sizeof(letters) - 1)], '\0'};

        strcat(ret_text, *letter == '\xff' ? "＝" : letter);
    }
}

static void random_lines_are_read_back_exactly(void **state)
{
    enum { LINES = 2000 };
    static char texts[LINES][5][32];
    static struct line lines[LINES];
    struct buffer text = {0};
    struct scan_row row;
    struct scan *scan;

    (void)state;
    srand(7);
    begin(&text);
    for (size_t i = 0; i < LINES; i++) {
        struct line *line = &lines[i];

        *line = plain_line(i + 2);
        for (int j = 0; j < 5; j++)
            make_text(texts[i][j]);
        strcat(texts[i][0], "x");
        line->fields[FIELD_CLAIM_ORDER_NO] = texts[i][0];
        line->fields[FIELD_CLAIM_DESC] = texts[i][1];
        line->record.code = texts[i][2];
        line->record.outcome = (enum outcome)(rand() % OUTCOME_COUNT);
        line->has_digest = rand() % 2;
        line->record.attempts = rand();
        line->record.http_status = rand() % 600;
        line->record.submitted_ms = rand() % 2 ? 1 + (int64_t)rand() * 1000 + rand() % 1000 : 0;
        line->record.duration_ms = line->record.submitted_ms ? rand() : 0;
        for (int j = 0; j < DIGEST_CLAIM_BYTES; j++)
            line->record.digest[j] = (unsigned char)rand();
        line_append(line, &text);
    }
    scan = open_text(text.ptr, text.len);
    for (size_t i = 0; i < LINES; i++) {
        struct buffer again[2] = {{0}, {0}};

        assert_int_equal(scan_next(scan, &row, &err), 1);
        line_append(&lines[i], &again[0]);
        line_append(&row.line, &again[1]);
        assert_string_equal(buffer_string(&again[1]), buffer_string(&again[0]));
        assert_int_equal(row.malformed, 0);
        assert_string_equal(row.line.fields[FIELD_CLAIM_ORDER_NO], texts[i][0]);
        buffer_release(&again[0]);
        buffer_release(&again[1]);
    }
    assert_int_equal(scan_next(scan, &row, &err), 0);
    scan_close(scan);
    buffer_release(&text);
}

static void expect_sound(const struct scan_row *row)
{
    assert_int_equal(row->malformed, 0);
    assert_true(row->has_claim && row->digest_fits);
    assert_int_equal(row->edit, SCAN_EDIT_NONE);
    assert_int_equal(row->line.record.row, 2);
    assert_int_equal(row->line.record.submitted_ms, 1670774400007);
    assert_int_equal(row->claim.claim_fee, 12800);
    assert_string_equal(row->claim.claim_order_no, "0012345");
}

static void sound_row_has_its_claim_and_its_digest_fits(void **state)
{
    struct line line = plain_line(2);
    struct buffer text = {0};

    (void)state;
    line_append(&line, &text);
    read_one(buffer_string(&text), expect_sound);
    buffer_release(&text);
}

static void rows_are_the_same_after_a_restart(void **state)
{
    struct line line = plain_line(2);
    struct buffer text = {0};
    struct scan_row row;
    struct scan *scan;

    (void)state;
    begin(&text);
    line_append(&line, &text);
    scan = open_text(text.ptr, text.len);
    assert_int_equal(scan_survey(scan)->bytes, text.len);
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(scan_next(scan, &row, &err), 1);
        assert_same_line(&line, &row.line);
        assert_int_equal(scan_next(scan, &row, &err), 0);
        assert_int_equal(scan_restart(scan, &err), 0);
    }
    scan_close(scan);
    buffer_release(&text);
}

/* ---- cells that are not as they were written ---- */

/* The line of row 2 with the text of one cell replaced. */
static void replace_cell(enum scan_column column, const char *with, struct buffer *ret_text)
{
    struct line line = plain_line(2);
    struct buffer text = {0};
    char *rest;
    char *cell;
    int i = 0;

    line_append(&line, &text);
    text.ptr[--text.len] = '\0';
    rest = text.ptr;
    while ((cell = strsep(&rest, ","))) {
        buffer_text(ret_text, i ? "," : "");
        buffer_text(ret_text, i++ == (int)column ? with : cell);
    }
    buffer_byte(ret_text, '\n');
    buffer_release(&text);
}

static uint32_t seen_malformed;
static enum scan_edit seen_edit;
static bool seen_fit;
static char seen_words[512];

static void note(const struct scan_row *row)
{
    struct buffer words = {0};

    seen_malformed = row->malformed;
    seen_edit = row->edit;
    seen_fit = row->digest_fits;
    scan_explain_edit(row, &words);
    snprintf(seen_words, sizeof(seen_words), "%s", buffer_string(&words));
    buffer_release(&words);
}

static void read_with(enum scan_column column, const char *with)
{
    struct buffer text = {0};

    replace_cell(column, with, &text);
    read_one(buffer_string(&text), note);
    buffer_release(&text);
}

static void cell_in_any_other_form_is_malformed(void **state)
{
    static const struct {
        enum scan_column column;
        const char *text;
    } cases[] = {
        {SCAN_ROW, ""},
        {SCAN_ROW, "02"},
        {SCAN_ROW, "2 "},
        {SCAN_ROW, "+2"},
        {SCAN_ROW, "99999999999999999999"},
        {SCAN_WORKCARD_ID, "0815"},
        {SCAN_WORKCARD_ID, "8,15"},
        {SCAN_CLAIM_DESC, "=1"},
        {SCAN_CLAIM_DESC, "＋1"},
        {SCAN_CLAIM_COUNT, ""},
        {SCAN_CLAIM_ORDER_NO, ""},
        {SCAN_CLAIM_STATUS, "3"},
        {SCAN_CLAIM_TIME, "2026-11-02 9:00:00"},
        {SCAN_CLAIM_TIME, "2026-11-31 09:00:00"},
        {SCAN_CLAIM_TIME, "2026-11-02 09:00"},
        {SCAN_CLAIM_FEE, "-1"},
        {SCAN_CLAIM_FEE, "128.00"},
        {SCAN_OUTCOME, "Accepted"},
        {SCAN_OUTCOME, ""},
        {SCAN_CODE, "@x"},
        {SCAN_MESSAGE, "-1"},
        {SCAN_ATTEMPTS, ""},
        {SCAN_ATTEMPTS, "4294967297"},
        {SCAN_HTTP_STATUS, "0"},
        {SCAN_HTTP_STATUS, "x"},
        {SCAN_SUBMITTED_AT, "2022-12-12T00:00:00.007Z"},
        {SCAN_SUBMITTED_AT, "2022-12-12 00:00:00"},
        {SCAN_SUBMITTED_AT, "2022-13-12T00:00:00.007+08:00"},
        {SCAN_SUBMITTED_AT, "2022-12-12T00:00:00.007+09:00"},
        {SCAN_DURATION_MS, ""},
        {SCAN_DURATION_MS, "-1"},
        {SCAN_DIGEST, "01AB0000000000000000000000000000"},
        {SCAN_DIGEST, "01ab"},
        {SCAN_DIGEST, "g1ab0000000000000000000000000000"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t want = 1u << cases[i].column;
        char quoted[64];

        snprintf(quoted, sizeof(quoted), "\"%s\"", cases[i].text);
        read_with(cases[i].column, quoted);
        if (!(seen_malformed & want))
            fail_msg("%s '%s' passes", scan_column_name(cases[i].column), cases[i].text);
    }
}

static void duration_without_a_time_is_malformed(void **state)
{
    (void)state;
    read_with(SCAN_SUBMITTED_AT, "");
    assert_int_equal(seen_malformed, 1u << SCAN_DURATION_MS);
}

static void edited_content_does_not_fit_the_digest(void **state)
{
    static const struct {
        enum scan_column column;
        const char *text;
        enum scan_edit edit;
        const char *words;
    } cases[] = {
        {SCAN_CLAIM_FEE, "12801", SCAN_EDIT_CONTENT, "edited"},
        {SCAN_CLAIM_DESC, "x", SCAN_EDIT_CONTENT, "edited"},
        {SCAN_DIGEST, "01ab0000000000000000000000000000", SCAN_EDIT_CONTENT, "edited"},
        {SCAN_DIGEST, "", SCAN_EDIT_CONTENT, "edited"},
        {SCAN_CLAIM_ORDER_NO, "12345", SCAN_EDIT_ZEROS, "leading zeros"},
        {SCAN_CLAIM_ORDER_NO, "1.23457E+15", SCAN_EDIT_SCIENTIFIC, "1.23457E+15"},
        {SCAN_WORKCARD_ID, "8.15E+18", SCAN_EDIT_SCIENTIFIC, "8.15E+18"},
        {SCAN_DIGEST, "1.2E+31", SCAN_EDIT_SCIENTIFIC, "scientific"},
        {SCAN_CLAIM_TIME, "2026/11/2 9:00", SCAN_EDIT_DATE, "2026/11/2 9:00"},
        {SCAN_CLAIM_TIME, "11/02/2026 09:00:00", SCAN_EDIT_DATE, "11/02/2026"},
        {SCAN_CLAIM_TIME, "46328", SCAN_EDIT_DATE, "46328"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        read_with(cases[i].column, cases[i].text);
        assert_false(seen_fit);
        if (seen_edit != cases[i].edit || !strstr(seen_words, cases[i].words))
            fail_msg("%s '%s': %d, %s", scan_column_name(cases[i].column), cases[i].text,
                     (int)seen_edit, seen_words);
    }
}

static void expect_broken(const struct scan_row *row)
{
    assert_int_equal(row->malformed, (1u << SCAN_COLUMNS) - 1);
    assert_int_equal(row->line.record.row, 7);
    assert_false(row->has_claim);
}

static void row_with_another_number_of_cells_says_nothing(void **state)
{
    (void)state;
    read_one("7,1,2\n", expect_broken);
    read_one("7,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0\n", expect_broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_text_is_read_back_as_it_was_written),
        cmocka_unit_test(random_lines_are_read_back_exactly),
        cmocka_unit_test(sound_row_has_its_claim_and_its_digest_fits),
        cmocka_unit_test(rows_are_the_same_after_a_restart),
        cmocka_unit_test(cell_in_any_other_form_is_malformed),
        cmocka_unit_test(duration_without_a_time_is_malformed),
        cmocka_unit_test(edited_content_does_not_fit_the_digest),
        cmocka_unit_test(row_with_another_number_of_cells_says_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
