/* Unit tests of input/order_no: what a claim number looks like. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "input/value/order_no.h"
#include "input/value/text.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct value value(const char *text)
{
    return (struct value){text, strlen(text)};
}

/* What offices write, which nothing may be said against. */
static const char *const plausible[] = {
    "（2026）浙赔字第1号",
    "P2026/8",
    "2026E0012",
    "46330",
    "LP 2026 11004107",
    "LP202611004107",
    "LP-2026-00000001",
    "2026-11-0004",
    "20261104000123",
    "20261104 000123",
    "00123",
    "A1",
    "1",
    "PICC/2026/3301/000012",
    "浙A-2026-0001",
    "理赔〔2026〕12号",
    "C#2026#1",
    "TB_2026_77",
    "2026.0001",
    "CLM:2026:0001",
    "X1E5Y",
    "E2026",
    "0-1",
    "-LP1",
    "B00012+",
    "TRUE1",
    "NA2026",
    "[2026]沪赔第1号",
    "单2026-1",
    "编号2026",
    "无锡2026-1",
    "空调2026",
    "Nr1:2026",
    "12,34",
    "2,0261",
    "12.3400001",
    "2147483646",
    "9999999999999999999999",
    "a1b2c3d4-e5f6-7890-abcd-ef0123456789",
    "第12号",
    "２０２６年赔字1号",
    "LP202611004107-1",
    "(2026)12345",
    "2026/8",
    "NO.2026-1",
    "11-4",
    "LP2026110041.1",
    "S/N 12",
    "JUNE-1",
    "12-2026-1",
    "T12:31",
    "2026年第8号",
    "二〇二六年第8号",
    "A№12",
    "CLⅡ-2026",
    "éA-1",
};

static void order_no_of_an_office_is_left_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(plausible); i++) {
        struct value v = value(plausible[i]);
        unsigned kinds = text_kinds(v);

        if (order_no_is_spoilt_number(v, kinds) || order_no_is_moment(v, kinds) ||
            order_no_guise_find(v, kinds) != ORDER_GENUINE || order_no_is_list(v, kinds))
            fail_msg("'%s' is not left alone", plausible[i]);
    }
}

static void order_no_that_a_tool_spoilt_is_known(void **state)
{
    static const char *const numbers[] = {"2.02E+12",        "2.02E12",       "1E+15",
                                          "1.23457E+15",     "12E+10",        "202611004107.0",
                                          "202611004107.00", "202611004107.", "2,026,110,041",
                                          "46,330",          "2,026,110.00"};
    static const char *const moments[] = {"11月4日",
                                          "4-Nov",
                                          "Nov-26",
                                          "04-Nov-26",
                                          "2026/11/4",
                                          "2026-11-04",
                                          "2026-11-04 00:00:00",
                                          "12:31.0",
                                          "12:31",
                                          "2026年11月4日",
                                          "11/4/2026",
                                          "2026年11月"};

    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++)
        if (!order_no_is_spoilt_number(value(numbers[i]), text_kinds(value(numbers[i]))))
            fail_msg("'%s' passes", numbers[i]);
    for (size_t i = 0; i < COUNT(moments); i++)
        if (!order_no_is_moment(value(moments[i]), text_kinds(value(moments[i]))))
            fail_msg("'%s' passes", moments[i]);
}

static void order_no_has_a_look_that_the_column_judges(void **state)
{
    static const struct {
        const char *text;
        enum order_look look;
    } cases[] = {
        {"12E05", ORDER_EXPONENT},    {"2026E0012", ORDER_EXPONENT}, {"46330", ORDER_SERIAL},
        {"46330.5", ORDER_SERIAL},    {"4107.0", ORDER_POINT_ZERO},  {"4633", ORDER_PLAIN},
        {"LP1", ORDER_PLAIN},         {"00123", ORDER_PLAIN},        {"E05", ORDER_PLAIN},
        {"赔一号", ORDER_DIGITLESS},  {"A B", ORDER_DIGITLESS},      {"AB-C", ORDER_PLAIN},
        {"4107.00", ORDER_POINT_ZERO}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (order_no_look(value(cases[i].text), text_kinds(value(cases[i].text))) != cases[i].look)
            fail_msg("'%s'", cases[i].text);
}

static void order_no_in_a_guise_is_known(void **state)
{
    static const struct {
        const char *text;
        enum order_no_guise guise;
    } cases[] = {{"'20260725", ORDER_APOSTROPHE},
                 {"`20260725", ORDER_APOSTROPHE},
                 {"LP&nbsp;1", ORDER_ENTITY},
                 {"LP&#39;1", ORDER_ENTITY},
                 {"A&B;C", ORDER_GENUINE},
                 {"R&D1", ORDER_GENUINE},
                 {"LP２０２６", ORDER_LOOKALIKE},
                 {"ＬＰ2026", ORDER_LOOKALIKE},
                 {"LP–2026", ORDER_LOOKALIKE},
                 {"“LP2026”", ORDER_LOOKALIKE},
                 {"LР2026", ORDER_LOOKALIKE},
                 {"LP2026。", ORDER_LOOKALIKE},
                 {"20260725'", ORDER_APOSTROPHE},
                 {"0", ORDER_UNFILLED},
                 {"000", ORDER_UNFILLED},
                 {"0.00", ORDER_UNFILLED},
                 {"TRUE", ORDER_UNFILLED},
                 {"#", ORDER_UNFILLED},
                 {"...", ORDER_UNFILLED},
                 {"待定", ORDER_UNFILLED},
                 {"(空白)", ORDER_UNFILLED},
                 {"[object Object]", ORDER_UNFILLED},
                 {"[B@1b2c3d", ORDER_UNFILLED},
                 {"n/a", ORDER_UNFILLED},
                 {"报案号LP1", ORDER_LABELLED},
                 {"赔案号：2026-1", ORDER_LABELLED},
                 {"编号:LP1", ORDER_LABELLED},
                 {"No:LP1", ORDER_LABELLED},
                 {"ID：LP1", ORDER_LABELLED},
                 {"\"LP1\"", ORDER_WRAPPED},
                 {"<b>LP1</b>", ORDER_WRAPPED},
                 {"{LP1}", ORDER_WRAPPED},
                 {"=A2&B2", ORDER_WRAPPED},
                 {"*LP1*", ORDER_WRAPPED},
                 {"b'LP1'", ORDER_WRAPPED},
                 {"LP1;", ORDER_WRAPPED},
                 {"LP1，", ORDER_WRAPPED},
                 {"http://x/1", ORDER_WRAPPED},
                 {"LP2026…", ORDER_CUT},
                 {"LP20...", ORDER_CUT},
                 {"LP****07", ORDER_CUT},
                 {"-1", ORDER_SIGNED},
                 {"+8613800000000", ORDER_SIGNED},
                 {"LP\u00a02026", ORDER_LOOKALIKE},
                 {"-nan", ORDER_UNFILLED},
                 {"1.#QNAN", ORDER_UNFILLED},
                 {"Infinity", ORDER_UNFILLED},
                 {"Err:502", ORDER_UNFILLED},
                 {"Error 2042", ORDER_UNFILLED},
                 {"x", ORDER_GENUINE},
                 {"XXXX", ORDER_UNFILLED},
                 {"xx", ORDER_UNFILLED},
                 {"Missing", ORDER_UNFILLED},
                 {"no data", ORDER_UNFILLED},
                 {"ObjectId(5f2a)", ORDER_UNFILLED},
                 {"['LP1']", ORDER_UNFILLED},
                 {"X1", ORDER_GENUINE},
                 {"XXI-2026", ORDER_GENUINE},
                 {"ERROR-2026", ORDER_GENUINE},
                 {"赔", ORDER_GENUINE},
                 {"?LP2026", ORDER_LOSSY},
                 {"LP2026?", ORDER_LOSSY},
                 {"LP?2026", ORDER_LOSSY},
                 {"浙?2026", ORDER_LOSSY},
                 {"LP20\n26", ORDER_BROKEN},
                 {"LP20\r26", ORDER_BROKEN},
                 {"LP 20\t26", ORDER_BROKEN},
                 {"LP202611004107\nLP202611004108", ORDER_BROKEN},
                 {"??", ORDER_GENUINE},
                 {"LP2〇26", ORDER_LOOKALIKE},
                 {"LP─2026", ORDER_LOOKALIKE},
                 {"LPー2026", ORDER_LOOKALIKE},
                 {"LP\u0661\u0662", ORDER_LOOKALIKE},
                 {"LP2026\u00b9", ORDER_LOOKALIKE},
                 {"\U0001d40bP2026", ORDER_LOOKALIKE},
                 {"O'2026", ORDER_GENUINE},
                 {"浙２０２６", ORDER_GENUINE}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (order_no_guise_find(value(cases[i].text), text_kinds(value(cases[i].text))) !=
            cases[i].guise)
            fail_msg("'%s'", cases[i].text);
}

static void order_no_behind_a_name_is_known_by_the_shape_of_the_others(void **state)
{
    static const char *const labelled[] = {"No:LP2026", "no.LP2026", "ID：LP2026", "N#LP2026",
                                           "No: LP2026"};
    uint64_t shape = text_shape(value("LP1999"));

    (void)state;
    for (size_t i = 0; i < COUNT(labelled); i++) {
        struct value v = value(labelled[i]);

        assert_true(order_no_guise_is_labelled(v, text_kinds(v), shape));
        assert_false(order_no_guise_is_labelled(v, text_kinds(v), text_shape(v)));
        assert_false(order_no_guise_is_labelled(v, text_kinds(v), 0));
    }
    assert_false(order_no_guise_is_labelled(value("LP2026"), text_kinds(value("LP2026")), shape));
    assert_false(
        order_no_guise_is_labelled(value("A:LP20267"), text_kinds(value("A:LP20267")), shape));
}

static void order_no_that_is_the_limit_of_a_type_is_known(void **state)
{
    (void)state;
    assert_true(order_no_is_limit(value("2147483647")));
    assert_true(order_no_is_limit(value("9223372036854775807")));
    assert_false(order_no_is_limit(value("2147483648")));
    assert_false(order_no_is_limit(value("214748364")));
}

static void order_no_that_is_several_is_known(void **state)
{
    static const char *const lists[] = {
        "LP202611004107，LP202611004108", "LP202611004107;LP202611004108",
        "LP202611004107、LP202611004108", "LP202611004107\nLP202611004108"};
    uint64_t shape = text_shape(value("LP202611004107"));

    (void)state;
    for (size_t i = 0; i < COUNT(lists); i++)
        assert_true(order_no_is_list(value(lists[i]), text_kinds(value(lists[i]))));
    assert_true(order_no_is_several(value("LP202611004107/LP202611004108"), TEXT_SEPARATOR, shape));
    assert_true(order_no_is_several(value("LP202611004107 LP202611004108"), TEXT_SEPARATOR, shape));
    assert_false(order_no_is_several(value("LP202611004107/8"), TEXT_SEPARATOR, shape));
    assert_false(order_no_is_several(value("LP202611004107"), TEXT_UPPER, shape));
    assert_false(
        order_no_is_several(value("P2026/8"), TEXT_SEPARATOR, text_shape(value("P2026/8"))));
    assert_false(order_no_is_several(value("a b"), TEXT_SEPARATOR, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_no_of_an_office_is_left_alone),
        cmocka_unit_test(order_no_that_a_tool_spoilt_is_known),
        cmocka_unit_test(order_no_has_a_look_that_the_column_judges),
        cmocka_unit_test(order_no_in_a_guise_is_known),
        cmocka_unit_test(order_no_behind_a_name_is_known_by_the_shape_of_the_others),
        cmocka_unit_test(order_no_that_is_the_limit_of_a_type_is_known),
        cmocka_unit_test(order_no_that_is_several_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
