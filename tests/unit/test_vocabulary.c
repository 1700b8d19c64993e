/* Unit tests of input/vocabulary: what the words of an office mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "input/value/value.h"
#include "input/value/vocabulary.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct value value(const char *text)
{
    return (struct value){text, strlen(text)};
}

static void numbers_and_the_words_of_the_platform_are_known(void **state)
{
    static const struct {
        const char *word;
        int64_t status; /* negative: none */
    } cases[] = {{"0", 0},        {"1", 1},    {"2", 2},      {"01", 1},
                 {"1.0", 1},      {"2.00", 2}, {"未理赔", 0}, {"理赔成功", 1},
                 {"理赔失败", 2}, {"3", -1},   {"1.5", -1},   {"１", -1},
                 {"成功", -1},    {"-1", -1},  {"", -1},      {"1-理赔成功", -1}};
    struct vocabulary words;

    (void)state;
    vocabulary_init(&words);
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t status = -7;
        bool known = vocabulary_status(&words, value(cases[i].word), &status);

        if (known != (cases[i].status >= 0) || (known && status != cases[i].status))
            fail_msg("'%s' means %d", cases[i].word, (int)status);
    }
}

static void numbers_that_are_not_mapped_mean_nothing_once_one_is(void **state)
{
    struct vocabulary words;
    const char *why = NULL;
    int64_t status = -7;

    (void)state;
    vocabulary_init(&words);
    assert_true(vocabulary_add_status(&words, "已结案", "1", &why));
    assert_true(vocabulary_status(&words, value("0"), &status));
    assert_true(vocabulary_add_status(&words, "05", "2", &why));
    assert_true(vocabulary_status(&words, value("5.0"), &status));
    assert_int_equal(status, 2);
    assert_false(vocabulary_status(&words, value("1"), &status));
    assert_true(vocabulary_status(&words, value("已结案"), &status));
    assert_int_equal(status, 1);
    assert_true(vocabulary_status(&words, value("理赔失败"), &status));
}

static void one_word_has_one_value(void **state)
{
    static const char *const bad[][2] = {
        {"x", "3"}, {"x", ""}, {"x", "01"}, {"", "1"}, {" x", "1"}};
    struct vocabulary words;
    const char *why = NULL;

    (void)state;
    vocabulary_init(&words);
    assert_true(vocabulary_add_status(&words, "结案", "1", &why));
    assert_true(vocabulary_add_status(&words, "结案", "1", &why));
    assert_false(vocabulary_add_status(&words, "结案", "2", &why));
    assert_ptr_equal(why, vocabulary_conflict);
    assert_false(vocabulary_add_status(&words, "理赔成功", "2", &why));
    assert_ptr_equal(why, vocabulary_conflict);
    assert_true(vocabulary_add_status(&words, "1", "0", &why));
    assert_false(vocabulary_add_status(&words, "1.0", "1", &why));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(vocabulary_add_status(&words, bad[i][0], bad[i][1], &why));
}

static void null_words_are_compared_without_case_and_can_be_cleared(void **state)
{
    static const char *const nulls[] = {"",       "NULL", "null", "[Null]", "\\N", "\\n",
                                        "(NULL)", "NaN",  "none", "-",      "--",  "—",
                                        "/",      "无",   "<NA>", "<NULL>", "nat", "undefined"};
    static const char *const others[] = {"N",   "NULL.", "---",  "0", "无效",
                                         "n/a", "nil",   "NaNa", "//"};
    struct vocabulary words;
    const char *why = NULL;

    (void)state;
    vocabulary_init(&words);
    for (size_t i = 0; i < COUNT(nulls); i++)
        if (!vocabulary_is_null(&words, value(nulls[i])))
            fail_msg("'%s' is a value", nulls[i]);
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(vocabulary_is_null(&words, value(others[i])));
    assert_true(vocabulary_add_null(&words, "N/A", &why));
    assert_true(vocabulary_is_null(&words, value("n/a")));
    assert_true(vocabulary_add_null(&words, "none", &why));
    assert_false(vocabulary_is_null(&words, value("NULL")));
    assert_true(vocabulary_is_null(&words, value("")));
    assert_true(vocabulary_add_null(&words, "空", &why));
    assert_true(vocabulary_is_null(&words, value("空")));
    assert_false(vocabulary_add_null(&words, "", &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_the_words_of_the_platform_are_known),
        cmocka_unit_test(numbers_that_are_not_mapped_mean_nothing_once_one_is),
        cmocka_unit_test(one_word_has_one_value),
        cmocka_unit_test(null_words_are_compared_without_case_and_can_be_cleared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
