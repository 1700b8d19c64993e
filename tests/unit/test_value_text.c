/* Unit tests of input/value: what a value holds besides what it says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "value_words.h"

static void value_knows_what_a_spreadsheet_leaves(void **state)
{
    static const struct {
        const char *text;
        bool scientific, spreadsheet_number, date_serial, long_number;
    } cases[] = {
        {"1.23457E+15", true, true, false, false},
        {"1E+15", true, true, false, false},
        {"1.E+15", true, true, false, false},
        {"-1.5E+15", true, false, false, false},
        {"1E5", true, false, false, false},
        {"1e-05", true, false, false, false},
        {"12E+10", true, false, false, false},
        {"1E+5", true, false, false, false},
        {"1E+", false, false, false, false},
        {"E+15", false, false, false, false},
        {"1.2.3E+15", false, false, false, false},
        {"1E+15x", false, false, false, false},
        {"PICC1E+15", false, false, false, false},
        {"44907", false, false, true, false},
        {"44907.5", false, false, true, false},
        {"44907.", false, false, false, false},
        {"44907.5.1", false, false, false, false},
        {"04907", false, false, false, false},
        {"4490", false, false, false, false},
        {"449070", false, false, false, false},
        {"20221212", false, false, false, false},
        {"1234567890123000", false, false, false, true},
        {"01234567890123000", false, false, false, true},
        {"0123456789012000", false, false, false, false},
        {"123456789012000", false, false, false, false},
        {"1234567890123001", false, false, false, true},
        {"A1234567890123000", false, false, false, false},
        {"1234567890123000A", false, false, false, false},
        {"0000000000000000000", false, false, false, false},
        {"", false, false, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct value v = value(cases[i].text);

        if (value_is_scientific(v) != cases[i].scientific ||
            value_is_spreadsheet_number(v) != cases[i].spreadsheet_number ||
            value_is_date_serial(v) != cases[i].date_serial ||
            value_is_long_number(&v) != cases[i].long_number)
            fail_msg("'%s'", cases[i].text);
    }
}

static void value_knows_control_characters(void **state)
{
    static const char *const good[] = {"", "a\tb\nc\r\n", "理赔", "\u00a0", "é", "~ "};
    static const char *const bad[] = {"\x01",     "a\x1f", "\x7f", "理\xc2\x80",
                                      "\xc2\x9f", "a\x0b", "\x1b["};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_false(value_has_control(value(good[i])));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_true(value_has_control(value(bad[i])));
}

/* Values are searched eight bytes at a time. */
static void value_finds_a_control_character_at_every_place(void **state)
{
    static const char *const bad[] = {"\x01", "\x1f", "\x7f", "\xc2\x80", "\xc2\x9f"};
    static const char *const plain[] = {"x", "理", "é", "\t", "\u00a0", "\x7e", "\U0001f697"};

    (void)state;
    for (size_t k = 0; k < sizeof(plain) / sizeof(*plain); k++) {
        for (size_t places = 0; places < 20; places++) {
            char text[256] = "";

            for (size_t i = 0; i < places; i++)
                strcat(text, plain[k]);
            assert_false(value_has_control(value(text)));
            strcat(text, bad[places % 5]);
            assert_true(value_has_control(value(text)));
            strcat(text, "and more behind it");
            assert_true(value_has_control(value(text)));
        }
    }
}

static void value_knows_what_cannot_be_seen(void **state)
{
    static const char *const good[] = {"",       "A1",     "理赔",   "\u200a", "\u2010",
                                       "\u2027", "\u202f", "\u205f", "\u2070", "\u27ff",
                                       "\u2801", "\ufefe", "\uff0c", "é\u00a0"};
    static const char *const bad[] = {"\u200b", "A\u200f",        "\u2028理", "理\u202e",
                                      "\u2066", "12345678\u2069", "é\ufeff",  "CL\u00ad1",
                                      "\u2060", "1\U000e0041",    "\u2800",   "LP\u28002026",
                                      "\ufffc", "1\U0001d159"};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_false(value_has_invisible(value(good[i])));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_true(value_has_invisible(value(bad[i])));
}

static void value_knows_what_only_looks_like_ascii(void **state)
{
    static const char *const good[] = {"",  "A1-",    "理赔",     "é", "。", "\ufffd",
                                       "￭", "合计：", "二〇二六", "Ⅱ", "№1"};
    static const char *const bad[] = {"１",
                                      "1．5",
                                      "￥1",
                                      "2026\u00a0",
                                      "1\u3000",
                                      "\u20122",
                                      "\u2212",
                                      "\u0661\u0662",
                                      "1\u00b2",
                                      "2\u2500"
                                      "1",
                                      "\u3007",
                                      "\U0001d7ce",
                                      "1\u30fc"
                                      "2"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_false(value_imitates_ascii(value(good[i])));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_true(value_imitates_ascii(value(bad[i])));
}

static void value_knows_the_mark_of_a_lost_character(void **state)
{
    (void)state;
    assert_false(value_has_replacement(value("")));
    assert_false(value_has_replacement(value("\ufffc\ufffe?")));
    assert_true(value_has_replacement(value("\ufffd")));
    assert_true(value_has_replacement(value("理\ufffd赔")));
    assert_false(value_has_replacement((struct value){"\ufffd", 2}));
}

static void value_knows_what_a_spreadsheet_shows_for_none(void **state)
{
    static const char *const good[] = {"", "#", "#1", "N/A", "#N/A ", "#name?", "####1"};
    static const char *const bad[] = {"#N/A", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "########"};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_false(value_is_spreadsheet_error(value(good[i])));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_true(value_is_spreadsheet_error(value(bad[i])));
}

static void value_counts_code_points(void **state)
{
    (void)state;
    assert_false(value_is_longer(value("abc"), 3));
    assert_true(value_is_longer(value("abcd"), 3));
    assert_false(value_is_longer(value("理赔😀"), 3));
    assert_true(value_is_longer(value("理赔😀é"), 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_knows_what_a_spreadsheet_leaves),
        cmocka_unit_test(value_knows_control_characters),
        cmocka_unit_test(value_finds_a_control_character_at_every_place),
        cmocka_unit_test(value_knows_what_cannot_be_seen),
        cmocka_unit_test(value_knows_what_only_looks_like_ascii),
        cmocka_unit_test(value_knows_the_mark_of_a_lost_character),
        cmocka_unit_test(value_knows_what_a_spreadsheet_shows_for_none),
        cmocka_unit_test(value_counts_code_points),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
