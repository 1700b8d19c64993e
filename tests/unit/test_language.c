/* Unit tests of base/words: what becomes of words without a catalogue, and the columns they take.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/words/language.h"
#include "base/words/terminal.h"

static void words_that_no_catalogue_has_stay(void **state)
{
    (void)state;
    assert_string_equal(language_of("never in a catalogue"), "never in a catalogue");
    assert_string_equal(language_of(""), "");
    assert_null(language_of(NULL));
    assert_string_equal(language_plural("one row", "rows", 1), "one row");
    assert_string_equal(language_plural("one row", "rows", 2), "rows");
}

static void a_format_of_words_is_filled_in(void **state)
{
    struct buffer text = {0};

    (void)state;
    language_format(&text, "%d rows", 3);
    language_append(&text, " more");
    assert_string_equal(buffer_string(&text), "3 rows more");
    buffer_release(&text);
}

static void chinese_takes_two_columns(void **state)
{
    (void)state;
    assert_int_equal(terminal_columns("abc"), 3);
    assert_int_equal(terminal_columns("已受理"), 6);
    assert_int_equal(terminal_columns("（元）"), 6);
    assert_int_equal(terminal_columns("a…é"), 3);
    assert_int_equal(terminal_columns("a\u200b"), 1);
}

static void cells_of_a_table_end_in_one_column(void **state)
{
    static const char *const texts[] = {"accepted", "已受理", "", "平台退回 x"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct buffer cell = {0};

        terminal_cell(&cell, texts[i], 12);
        assert_int_equal(terminal_columns(buffer_string(&cell)), 12);
        buffer_release(&cell);
    }
}

static void assert_flows(const char *text, const char *wanted)
{
    struct buffer out = {0};

    terminal_flow(text, 0, 2, 10, &out);
    assert_string_equal(buffer_string(&out), wanted);
    buffer_release(&out);
}

static void lines_end_at_blanks_and_between_chinese_characters(void **state)
{
    (void)state;
    assert_flows("one two three", "one two\n  three\n");
    assert_flows("请向平台查询结果", "请向平台查\n  询结果\n");
    assert_flows("a-word-that-is-longer b", "a-word-that-is-longer\n  b\n");
}

static void no_line_begins_with_a_closing_mark(void **state)
{
    (void)state;
    assert_flows("请向平台查，然后", "请向平台\n  查，然后\n");
    assert_flows("见（--json）好", "见\n  （--json）\n  好\n");
}

static void without_a_charset_bytes_stay(void **state)
{
    struct buffer room = {0};
    const char *text = "已受理";

    (void)state;
    setenv("LC_ALL", "C.UTF-8", 1);
    terminal_start();
    assert_ptr_equal(terminal_text(text, &room), text);
    assert_ptr_equal(terminal_word(text, &room), text);
    terminal_end();
    buffer_release(&room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_that_no_catalogue_has_stay),
        cmocka_unit_test(a_format_of_words_is_filled_in),
        cmocka_unit_test(chinese_takes_two_columns),
        cmocka_unit_test(cells_of_a_table_end_in_one_column),
        cmocka_unit_test(lines_end_at_blanks_and_between_chinese_characters),
        cmocka_unit_test(no_line_begins_with_a_closing_mark),
        cmocka_unit_test(without_a_charset_bytes_stay),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
