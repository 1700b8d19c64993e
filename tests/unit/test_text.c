/* Unit tests of input/text: what the characters of a cell give away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "input/value/text.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct value value(const char *text)
{
    return (struct value){text, strlen(text)};
}

static void text_knows_what_was_read_in_a_wrong_encoding(void **state)
{
    static const struct {
        const char *text;
        enum mojibake mojibake;
    } cases[] = {
        {"涓嶅湪淇濋殰鑼冨洿", MOJIBAKE_UTF8_AS_GBK},
        {"璧勬枡涓嶅叏?", MOJIBAKE_UTF8_AS_GBK},
        {"婕忔按", MOJIBAKE_UTF8_AS_GBK},
        {"©ˮ", MOJIBAKE_GBK_AS_UTF8},
        {"й©", MOJIBAKE_GBK_AS_UTF8},
        {"²»ÔÚ±£ÕÏ·¶Î§", MOJIBAKE_AS_LATIN},
        {"×ÊÁÏ²»È«£ºÈ±ÉÙ·¢Æ±", MOJIBAKE_AS_LATIN},
        {"不在保障范围", MOJIBAKE_NONE},
        {"漏水", MOJIBAKE_NONE},
        {"预约", MOJIBAKE_NONE},
        {"摔", MOJIBAKE_NONE},
        {"浣溪沙", MOJIBAKE_NONE},
        {"滴漏", MOJIBAKE_NONE},
        {"㐂𠮷龘䶮", MOJIBAKE_NONE},
        {"é", MOJIBAKE_NONE},
        {"Müller", MOJIBAKE_NONE},
        {"10×20±5°", MOJIBAKE_NONE},
        {"Привет", MOJIBAKE_NONE},
        {"Ω", MOJIBAKE_NONE},
        {"plain", MOJIBAKE_NONE},
        {"", MOJIBAKE_NONE},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct value v = value(cases[i].text);
        enum mojibake found = mojibake_find(v, text_kinds(v));

        if (found != cases[i].mojibake)
            fail_msg("'%s' is %d", cases[i].text, found);
    }
}

static void text_knows_what_a_converter_lost(void **state)
{
    static const char *const lost[] = {"?",      "?????????", "？？？",     "\ufffd\ufffd",
                                       "?? ??",  "锟斤拷",    "屏锟斤拷碎", "iPhone????",
                                       "???1???"};
    static const char *const good[] = {"",     "漏水?",      "为什么???", "why?",
                                       "a??b", "是否赔付？", "3?"};

    (void)state;
    for (size_t i = 0; i < COUNT(lost); i++)
        if (!text_is_lost(value(lost[i]), text_kinds(value(lost[i]))))
            fail_msg("'%s' passes", lost[i]);
    for (size_t i = 0; i < COUNT(good); i++)
        if (text_is_lost(value(good[i]), text_kinds(value(good[i]))))
            fail_msg("'%s' is lost", good[i]);
}

static void text_knows_private_characters(void **state)
{
    static const char *const bad[] = {"\ue000",     "理\ue5e5", "\uf8ff", "\U000f0000",
                                      "\U0010fffd", "\ufdd0",   "\uffff"};
    static const char *const good[] = {"", "理", "﷼", "ﷲ", "\ufffd", "\U0001f697", "，", "\uf900"};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_true(text_has_private_use(value(bad[i])));
    for (size_t i = 0; i < COUNT(good); i++)
        assert_false(text_has_private_use(value(good[i])));
}

static void text_knows_escapes(void **state)
{
    static const char *const bad[] = {
        "资料不全\\\n缺少", "a\\nb", "a\\t", "a\\\"b", "a\\,b", "a\\", "\\Nb", "a\\'b"};
    static const char *const good[] = {"", "D:\\照片", "a\\b", "a\\\\b"};

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (!text_has_backslash_escape(value(bad[i]), ','))
            fail_msg("'%s' passes", bad[i]);
    for (size_t i = 0; i < COUNT(good); i++)
        assert_false(text_has_backslash_escape(value(good[i]), ','));
    assert_true(text_has_backslash_escape(value("a\\，"), 0xff0c));
}

static void text_kinds_are_of_every_byte_and_shapes_of_every_place(void **state)
{
    char plain[40], other[40];

    (void)state;
    for (size_t len = 1; len < sizeof(plain); len++)
        for (size_t at = 0; at < len; at++) {
            memset(plain, '7', sizeof(plain));
            memcpy(other, plain, sizeof(other));
            assert_int_equal(text_kinds((struct value){other, len}), TEXT_DIGIT);
            other[at] = '0';
            assert_true(text_shape((struct value){plain, len}) ==
                        text_shape((struct value){other, len}));
            assert_true(text_shape((struct value){plain, len}) !=
                        text_shape((struct value){plain, len + 1}));
            for (unsigned c = 1; c < 256; c++) {
                struct value value = {other, len};
                bool is_digit = c >= '0' && c <= '9';

                other[at] = (char)c;
                assert_int_equal(text_kinds(value), text_kinds((struct value){&other[at], 1}) |
                                                        (len > 1 ? TEXT_DIGIT : 0));
                assert_int_equal(text_shape(value) == text_shape((struct value){plain, len}),
                                 is_digit);
            }
        }
    assert_true(text_shape(value("Ab-z9@[`{/:")) == text_shape(value("zZ-Q0@[`{/:")));
    assert_true(text_shape(value("A@")) != text_shape(value("AA")));
    assert_true(text_shape(value("A[")) != text_shape(value("AA")));
    assert_true(text_shape(value("A`")) != text_shape(value("AA")));
    assert_true(text_shape(value("A{")) != text_shape(value("AA")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_kinds_are_of_every_byte_and_shapes_of_every_place),
        cmocka_unit_test(text_knows_what_was_read_in_a_wrong_encoding),
        cmocka_unit_test(text_knows_what_a_converter_lost),
        cmocka_unit_test(text_knows_private_characters),
        cmocka_unit_test(text_knows_escapes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
