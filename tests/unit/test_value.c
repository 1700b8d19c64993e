/* Unit tests of input/value: what the text of a cell means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "value_words.h"

static void value_of_a_cell_has_no_edge_blanks_and_no_idiom(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"a", "a"},
        {" a b ", "a b"},
        {"\t a\t", "a"},
        {"\u3000\u00a0 理 赔\u00a0\u3000 ", "理 赔"},
        {" \u3000\t", ""},
        {"\u3001a\u3001", "\u3001a\u3001"},
        {"=\"00123\"", "00123"},
        {" =\" 00123\u3000\" ", "00123"},
        {"=\"\"", ""},
        {"=\"", "=\""},
        {"=", "="},
        {"=1", "=1"},
        {"=\"1\"&\"2\"", "=\"1\"&\"2\""},
        {"\"a\"", "\"a\""},
        {"a\n", "a\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cell cell = {cases[i][0], strlen(cases[i][0])};
        struct value found = value_of(&cell);

        assert_int_equal(found.len, strlen(cases[i][1]));
        assert_memory_equal(found.ptr, cases[i][1], found.len);
    }
}

static void value_parses_plain_integers_only(void **state)
{
    static const struct {
        const char *text;
        enum rule broken;
        int64_t integer;
    } cases[] = {
        {"0", RULE_NONE, 0},
        {"1", RULE_NONE, 1},
        {"00123", RULE_NONE, 123},
        {"9223372036854775807", RULE_NONE, INT64_MAX},
        {"0009223372036854775807", RULE_NONE, INT64_MAX},
        {"9223372036854775808", RULE_NUMBER_RANGE, 0},
        {"92233720368547758070", RULE_NUMBER_RANGE, 0},
        {"99999999999999999999999999999999", RULE_NUMBER_RANGE, 0},
        {"-1", RULE_NUMBER_RANGE, 0},
        {"-0", RULE_NUMBER_RANGE, 0},
        {"-99999999999999999999", RULE_NUMBER_RANGE, 0},
        {"", RULE_BAD_NUMBER, 0},
        {"-", RULE_BAD_NUMBER, 0},
        {"+5", RULE_BAD_NUMBER, 0},
        {"1.0", RULE_BAD_NUMBER, 0},
        {"1,000", RULE_BAD_NUMBER, 0},
        {"1 000", RULE_BAD_NUMBER, 0},
        {"1E5", RULE_BAD_NUMBER, 0},
        {"0x10", RULE_BAD_NUMBER, 0},
        {"１２", RULE_BAD_NUMBER, 0},
        {"12a", RULE_BAD_NUMBER, 0},
        {"--1", RULE_BAD_NUMBER, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t integer = -7;

        assert_int_equal(value_parse_integer(value(cases[i].text), &integer), cases[i].broken);
        if (cases[i].broken == RULE_NONE)
            assert_int_equal(integer, cases[i].integer);
    }
}

static void value_parses_whole_numbers_of_data_frames(void **state)
{
    static const char *const good[] = {"1", "1.0", "01.00", "1."};
    static const char *const bad[] = {"", ".", ".0", "1.5", "1.00001", "x.0", "-1.0"};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        int64_t integer = -7;

        assert_int_equal(value_parse_whole(value(good[i]), &integer), RULE_NONE);
        assert_int_equal(integer, 1);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        int64_t integer = -7;

        assert_int_not_equal(value_parse_whole(value(bad[i]), &integer), RULE_NONE);
    }
}

static void value_parses_exact_fees_only(void **state)
{
    static const struct {
        const char *text;
        enum fee_unit unit;
        enum rule broken;
        int64_t fen;
    } cases[] = {
        {"0", FEE_UNIT_FEN, RULE_NONE, 0},
        {"1234", FEE_UNIT_FEN, RULE_NONE, 1234},
        {"9223372036854775807", FEE_UNIT_FEN, RULE_NONE, INT64_MAX},
        {"9223372036854775808", FEE_UNIT_FEN, RULE_NUMBER_RANGE, 0},
        {"100.00", FEE_UNIT_FEN, RULE_NONE, 100},
        {"100.50", FEE_UNIT_FEN, RULE_BAD_FEE, 0},
        {"100.", FEE_UNIT_FEN, RULE_NONE, 100},
        {"-5", FEE_UNIT_FEN, RULE_BAD_FEE, 0},
        {"1E3", FEE_UNIT_FEN, RULE_BAD_FEE, 0},
        {"1,000", FEE_UNIT_FEN, RULE_NONE, 1000},
        {"+00000000012800.", FEE_UNIT_FEN, RULE_NONE, 12800},
        {",100", FEE_UNIT_FEN, RULE_BAD_FEE, 0},
        {"1000,000", FEE_UNIT_FEN, RULE_BAD_FEE, 0},
        {"1,00", FEE_UNIT_FEN, RULE_BAD_FEE, 0},
        {"1,000,00", FEE_UNIT_FEN, RULE_BAD_FEE, 0},
        {"1,000,000", FEE_UNIT_FEN, RULE_NONE, 1000000},
        {"+", FEE_UNIT_FEN, RULE_BAD_FEE, 0},
        {"+.", FEE_UNIT_FEN, RULE_BAD_FEE, 0},
        {"++1", FEE_UNIT_FEN, RULE_BAD_FEE, 0},
        {"+-1", FEE_UNIT_FEN, RULE_BAD_FEE, 0},
        {"", FEE_UNIT_FEN, RULE_BAD_FEE, 0},
        {"0", FEE_UNIT_YUAN, RULE_NONE, 0},
        {"0.00", FEE_UNIT_YUAN, RULE_NONE, 0},
        {"12", FEE_UNIT_YUAN, RULE_NONE, 1200},
        {"12.3", FEE_UNIT_YUAN, RULE_NONE, 1230},
        {"12.30", FEE_UNIT_YUAN, RULE_NONE, 1230},
        {"12.34", FEE_UNIT_YUAN, RULE_NONE, 1234},
        {"0.07", FEE_UNIT_YUAN, RULE_NONE, 7},
        {"0012.05", FEE_UNIT_YUAN, RULE_NONE, 1205},
        {"92233720368547758.07", FEE_UNIT_YUAN, RULE_NONE, INT64_MAX},
        {"92233720368547758.08", FEE_UNIT_YUAN, RULE_NUMBER_RANGE, 0},
        {"92233720368547759", FEE_UNIT_YUAN, RULE_NUMBER_RANGE, 0},
        {"92233720368547758.1", FEE_UNIT_YUAN, RULE_NUMBER_RANGE, 0},
        {"9223372036854775808", FEE_UNIT_YUAN, RULE_NUMBER_RANGE, 0},
        {"12.345", FEE_UNIT_YUAN, RULE_BAD_FEE, 0},
        {"12.300", FEE_UNIT_YUAN, RULE_NONE, 1230},
        {"128.0000", FEE_UNIT_YUAN, RULE_NONE, 12800},
        {".0000", FEE_UNIT_YUAN, RULE_NONE, 0},
        {"12.3001", FEE_UNIT_YUAN, RULE_BAD_FEE, 0},
        {"12.", FEE_UNIT_YUAN, RULE_NONE, 1200},
        {".5", FEE_UNIT_YUAN, RULE_NONE, 50},
        {".", FEE_UNIT_YUAN, RULE_BAD_FEE, 0},
        {"1.2.3", FEE_UNIT_YUAN, RULE_BAD_FEE, 0},
        {"1.-2", FEE_UNIT_YUAN, RULE_BAD_FEE, 0},
        {"-12.34", FEE_UNIT_YUAN, RULE_BAD_FEE, 0},
        {"+12.34", FEE_UNIT_YUAN, RULE_NONE, 1234},
        {"1,234.56", FEE_UNIT_YUAN, RULE_NONE, 123456},
        {"1,234,5.6", FEE_UNIT_YUAN, RULE_BAD_FEE, 0},
        {"￥12", FEE_UNIT_YUAN, RULE_BAD_FEE, 0},
        {"¥12", FEE_UNIT_YUAN, RULE_BAD_FEE, 0},
        {"12元", FEE_UNIT_YUAN, RULE_BAD_FEE, 0},
        {"１２", FEE_UNIT_YUAN, RULE_BAD_FEE, 0},
        {"1e2", FEE_UNIT_YUAN, RULE_BAD_FEE, 0},
        {"1.2E+3", FEE_UNIT_YUAN, RULE_BAD_FEE, 0},
        {"12,34", FEE_UNIT_YUAN, RULE_BAD_FEE, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t fen = -7;
        enum rule broken = value_parse_fee(value(cases[i].text), cases[i].unit, &fen);

        if (broken != cases[i].broken)
            fail_msg("'%s' gives %d", cases[i].text, broken);
        if (broken == RULE_NONE)
            assert_int_equal(fen, cases[i].fen);
    }
}

static void value_parses_real_times(void **state)
{
    static const struct {
        const char *text, *beijing;
        bool date_only;
    } cases[] = {
        {"2022-12-12 08:09:10", "2022-12-12 08:09:10", false},
        {"2022/12/12 08:09:10", "2022-12-12 08:09:10", false},
        {"2022-1-2 3:4:5", "2022-01-02 03:04:05", false},
        {"2022/1/2 3:04", "2022-01-02 03:04:00", false},
        {"2022-12-12T08:09:10", "2022-12-12 08:09:10", false},
        {"2022-12-12T08:09", "2022-12-12 08:09:00", false},
        {"2022-12-12", "2022-12-12 00:00:00", true},
        {"2022/1/2", "2022-01-02 00:00:00", true},
        {"2024-02-29 23:59:59", "2024-02-29 23:59:59", false},
        {"2022-12-12T08:09:10Z", "2022-12-12 16:09:10", false},
        {"2022-12-31T16:00:00Z", "2023-01-01 00:00:00", false},
        {"2022-12-12T08:09:10+08:00", "2022-12-12 08:09:10", false},
        {"2022-12-12 08:09:10+00:00", "2022-12-12 16:09:10", false},
        {"2022-12-12T08:09:10-05:30", "2022-12-12 21:39:10", false},
        {"2023-01-01T01:00:00+14:00", "2022-12-31 19:00:00", false},
        {"0001-01-01 00:00:00", "0001-01-01 00:00:00", false},
        {"20261102", "2026-11-02 00:00:00", true},
        {"20261102091231", "2026-11-02 09:12:31", false},
        {"20261102 091231", "2026-11-02 09:12:31", false},
        {"20261102T091231Z", "2026-11-02 17:12:31", false},
        {"20261102 9:12", "2026-11-02 09:12:00", false},
        {"2026.11.02 09:12:31", "2026-11-02 09:12:31", false},
        {"2026-11-02-09.12.31.000000", "2026-11-02 09:12:31", false},
        {"2026-11-02-09.12.31", "2026-11-02 09:12:31", false},
        {"2026-11-02 09.12.31", "2026-11-02 09:12:31", false},
        {"2026年11月2日", "2026-11-02 00:00:00", true},
        {"2026年11月02日 09:12:31", "2026-11-02 09:12:31", false},
        {"2026年11月2日09:12", "2026-11-02 09:12:00", false},
        {"2026年11月2日 9时12分31秒", "2026-11-02 09:12:31", false},
        {"2026年11月2日9时12分", "2026-11-02 09:12:00", false},
        {"2026年11月2日 上午9:12:31", "2026-11-02 09:12:31", false},
        {"2026/11/2 上午 9:12", "2026-11-02 09:12:00", false},
        {"2026/11/2 下午9:12:31", "2026-11-02 21:12:31", false},
        {"2026/11/2上午12:05", "2026-11-02 00:05:00", false},
        {"2026/11/2 下午 12:05", "2026-11-02 12:05:00", false},
        {"2026/11/2 9:12:31 PM", "2026-11-02 21:12:31", false},
        {"2026/11/2 9:12:31 PM", "2026-11-02 21:12:31", false},
        {"2026/11/2 12:00 am", "2026-11-02 00:00:00", false},
        {"2026-11-02  09:12:31", "2026-11-02 09:12:31", false},
        {"2026-11-02 09:12:31.0", "2026-11-02 09:12:31", false},
        {"2026-11-02 09:12:31,000", "2026-11-02 09:12:31", false},
        {"2026-11-02T02:03:47.000Z", "2026-11-02 10:03:47", false},
        {"2026-11-02 15:41:33+08", "2026-11-02 15:41:33", false},
        {"2026-11-02T15:41:33.000+0800", "2026-11-02 15:41:33", false},
        {"2026-11-02 09:12:31 +0800", "2026-11-02 09:12:31", false},
        {"9999-12-31 23:59:59", "9999-12-31 23:59:59", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct civil civil = {0};
        bool date_only = !cases[i].date_only;
        char text[128];

        if (value_parse_time(value(cases[i].text), &civil, &date_only) != RULE_NONE)
            fail_msg("'%s' is refused", cases[i].text);
        snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d", civil.year, civil.month,
                 civil.day, civil.hour, civil.minute, civil.second);
        assert_string_equal(text, cases[i].beijing);
        assert_int_equal(date_only, cases[i].date_only);
    }
}

/* Read eight characters at a time: what stands next to the digits is none, nor is one with the
 * highest bit. */
static void value_refuses_a_time_with_one_digit_that_is_none(void **state)
{
    static const char form[] = "2022-12-12 08:09:10", wrong[] = "/:aP\x80\xb1\xff";

    (void)state;
    for (size_t at = 0; at < strlen(form); at++)
        for (size_t i = 0; form[at] >= '0' && form[at] <= '9' && i < strlen(wrong); i++) {
            struct civil civil = {0};
            bool date_only = false;
            char text[sizeof(form)];

            memcpy(text, form, sizeof(form));
            text[at] = wrong[i];
            if (value_parse_time(value(text), &civil, &date_only) != RULE_BAD_TIME)
                fail_msg("'%s' is accepted", text);
        }
}

static void value_refuses_what_is_no_real_time(void **state)
{
    static const char *const cases[] = {
        "",
        "2022",
        "2022-12",
        "2022-13-01",
        "2022-00-10",
        "2022-02-29",
        "2023-02-29 10:00:00",
        "1900-01-00",
        "0000-01-01",
        "2022-04-31 10:00",
        "2022-12-12 24:00:00",
        "2022-12-12 23:60:00",
        "2022-12-12 23:59:60",
        "2022-12-12 ",
        "2022-12-12 8",
        "2022-12-12 08:",
        "2022-12-12 08:09:",
        "2022-12-12t08:09:10",
        "2022-12/12 08:09:10",
        "22-12-12",
        "12/12/2022",
        "2022-012-12",
        "2022-12-12 008:09",
        "2022-12-12 08:09:10.123",
        "2022-12-12Z",
        "2022-12-12+08:00",
        "2022-12-12T08:09:10+8:00",
        "2022-12-12T08:09:10+14:01",
        "2022-12-12T08:09:10+00:60",
        "2022-12-12T08:09:10Zulu",
        "2022-12-12 08:09:10 CST",
        "Mon Dec 12 08:09:10 CST 2022",
        "2022-12-12 08:09:10.",
        "2022-12-12 08:09:10.5 PM",
        "2022-12-12 08:09:10.000001",
        "2022-12-12 13:09:10 PM",
        "2022-12-12 0:09 上午",
        "2022-12-12 上午 08:09 PM",
        "2022-12-12 09.12",
        "2022.12-12",
        "2022年12月",
        "2022年12月12",
        "2022年12月12日9时",
        "2022年13月12日",
        "02-12月-22",
        "02-NOV-26",
        "11/2/2026 9:12",
        "1/2/26",
        "1762045951",
        "1762045951000",
        "202212120809",
        "20221332",
        "20221212091260",
        "20221212 91231",
        "2022121209123100",
        "2022-12-12 08：09：10",
        "2022-12-12-08:09:10",
        "2022-12-12+0800",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+14:00",
        "44907",
        "２０２２-12-12",
        "-2022-12-12",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct civil civil = {0};
        bool date_only = false;

        if (value_parse_time(value(cases[i]), &civil, &date_only) != RULE_BAD_TIME)
            fail_msg("'%s' passes", cases[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_of_a_cell_has_no_edge_blanks_and_no_idiom),
        cmocka_unit_test(value_parses_plain_integers_only),
        cmocka_unit_test(value_parses_whole_numbers_of_data_frames),
        cmocka_unit_test(value_parses_exact_fees_only),
        cmocka_unit_test(value_parses_real_times),
        cmocka_unit_test(value_refuses_a_time_with_one_digit_that_is_none),
        cmocka_unit_test(value_refuses_what_is_no_real_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
