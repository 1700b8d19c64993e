/* Unit tests of report/html: whatever a text holds, it is text on the page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/character.h"
#include "command/audit/page/html.h"
#include "page_words.h"

#define DAY_MS INT64_C(86400000)

static const char *text_of(const char *text)
{
    buffer_reset(&page);
    html_text(&page, text);
    return buffer_string(&page);
}

static const char *attribute_of(const char *text)
{
    buffer_reset(&page);
    html_attribute(&page, text, HTML_TEXT_BYTES);
    return buffer_string(&page);
}

static void markup_is_escaped(void **state)
{
    (void)state;
    assert_string_equal(text_of("<script>alert(1)</script>"),
                        "&lt;script&gt;alert(1)&lt;/script&gt;");
    assert_string_equal(text_of("a & b"), "a &amp; b");
    assert_string_equal(text_of("&lt;"), "&amp;lt;");
    assert_string_equal(text_of("<!--"), "&lt;!--");
    assert_string_equal(text_of(""), "");
    assert_string_equal(text_of("理赔，𠀀"), "理赔，𠀀");
}

static void an_attribute_cannot_be_left(void **state)
{
    (void)state;
    assert_string_equal(attribute_of("\" onload=\"x"), "\"&#34; onload=&#34;x\"");
    assert_string_equal(attribute_of("<&>"), "\"&lt;&amp;&gt;\"");
    assert_string_equal(attribute_of("it's"), "\"it's\"");
    assert_string_equal(attribute_of(""), "\"\"");
}

static void what_would_not_be_seen_is_written_out(void **state)
{
    static const char *const texts[] = {
        "a\x1b[31mb", /* a colour of a terminal */
        "a\u202eb",   /* from right to left */
        "a\u2066b",
        "a\u200bb", /* isolate; no width */
        "a\ufeffb",
        "a\xc2\x85"
        "b",
        "a\nb",
        "a\tb",
        "a\x80\xff"
        "b",
        "a\xed\xa0\x80"
        "b", /* half a surrogate */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        const char *shown = text_of(texts[i]);

        assert_true(character_is_utf8(shown));
        assert_non_null(strchr(shown, '\\'));
        for (const char *p = shown; *p; p++)
            assert_true((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f);
    }
}

static void a_long_text_is_cut_at_a_character(void **state)
{
    char text[3 * HTML_TEXT_BYTES + 1];

    (void)state;
    for (size_t bytes = 8; bytes <= HTML_TEXT_BYTES; bytes += bytes < 40 ? 1 : 331) {
        for (size_t i = 0; i + 3 < sizeof(text); i += 3)
            memcpy(text + i, "理", 4);
        buffer_reset(&page);
        html_cut(&page, text, bytes);
        assert_true(page.len < bytes);
        assert_true(page.len + 8 >= bytes);
        assert_true(character_is_utf8(page.ptr));
        assert_string_equal(page.ptr + page.len - 3, "…");
    }
    memset(text, '&', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    buffer_reset(&page);
    html_text(&page, text);
    assert_true(page.len <= (size_t)HTML_TEXT_BYTES * HTML_ESCAPE_MAX);
}

static void numbers_are_grouped(void **state)
{
    static const struct {
        uint64_t number;
        const char *text;
    } cases[] = {{0, "0 rows"},
                 {1, "1 row"},
                 {999, "999 rows"},
                 {1000, "1,000 rows"},
                 {1234567, "1,234,567 rows"},
                 {UINT64_MAX, "18,446,744,073,709,551,615 rows"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        buffer_reset(&page);
        html_counted(&page, cases[i].number, "row");
        assert_string_equal(page.ptr, cases[i].text);
    }
    buffer_reset(&page);
    html_yuan(&page, 123456789);
    assert_string_equal(page.ptr, "1,234,567.89");
}

static void durations_are_said_in_their_unit(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {{0, "0 ms"},
                 {999, "999 ms"},
                 {1000, "1.0 s"},
                 {1999, "1.9 s"},
                 {59999, "59.9 s"},
                 {60000, "1 min 0 s"},
                 {200000, "3 min 20 s"},
                 {3599999, "59 min 59 s"},
                 {7500000, "2 h 5 min"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        buffer_reset(&page);
        html_duration(&page, cases[i].ms);
        assert_string_equal(page.ptr, cases[i].text);
    }
}

static void a_moment_behind_another_leaves_the_same_day_out(void **state)
{
    (void)state;
    buffer_reset(&page);
    html_time(&page, NOW_MS);
    assert_string_equal(page.ptr, "2022-12-12 08:00:00");
    buffer_reset(&page);
    html_time_after(&page, NOW_MS + 1000, NOW_MS);
    assert_string_equal(page.ptr, "08:00:01");
    buffer_reset(&page);
    html_time_after(&page, NOW_MS + DAY_MS, NOW_MS);
    assert_string_equal(page.ptr, "2022-12-13 08:00:00");
}

static void a_block_is_named_as_the_policy_names_it(void **state)
{
    char source[HTML_SOURCE_BYTES];

    (void)state;
    assert_int_equal(html_source("", 0, source), 0);
    assert_string_equal(source, "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markup_is_escaped),
        cmocka_unit_test(an_attribute_cannot_be_left),
        cmocka_unit_test(what_would_not_be_seen_is_written_out),
        cmocka_unit_test(a_long_text_is_cut_at_a_character),
        cmocka_unit_test(numbers_are_grouped),
        cmocka_unit_test(durations_are_said_in_their_unit),
        cmocka_unit_test(a_moment_behind_another_leaves_the_same_day_out),
        cmocka_unit_test(a_block_is_named_as_the_policy_names_it),
    };

    return cmocka_run_group_tests(tests, NULL, release_page);
}
