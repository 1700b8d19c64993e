/* Unit tests of input/value/order_no_alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "input/value/order_no_alike.h"

static bool has(const struct buffer *texts, size_t count, const char *wanted)
{
    const char *text = texts->ptr;

    for (size_t i = 0; i < count; i++, text += strlen(text) + 1)
        if (strcmp(text, wanted) == 0)
            return true;
    return false;
}

static bool want(void *context, size_t zeros, unsigned char next)
{
    (void)zeros;
    return !context || *(const char *)context == next;
}

static const struct order_no_filter every = {want, NULL};

static void number_is_known_in_other_spellings(void **state)
{
    static const struct {
        const char *now, *before;
    } scenarios[] = {
        {"20260001", "0020260001"},
        {"0020260001", "20260001"},
        {"0020260001", "020260001"},
        {"1", "000000001"},
        {"picc-001", "PICC-001"},
        {"Picc-001", "picc-001"},
        {"PICC001A", "picc001a"},
        {"PICC-001 A", "PICC-001A"},
        {"(2026)浙赔字第1号", "（2026）浙赔字第1号"},
        {"（2026）浙赔字第1号", "(2026)浙赔字第1号"},
        {"浙赔字第１号", "浙赔字第1号"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++) {
        struct buffer texts = {0};
        size_t count = order_no_alike(scenarios[i].now, &every, &texts);

        if (!has(&texts, count, scenarios[i].before))
            fail_msg("%s: not %s", scenarios[i].now, scenarios[i].before);
        assert_false(has(&texts, count, scenarios[i].now));
        buffer_release(&texts);
    }
}

static void number_of_one_spelling_has_no_other(void **state)
{
    static const char *const numbers[] = {"", "0", "000", "-", "赔2026"};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        struct buffer texts = {0};

        assert_int_equal(order_no_alike(numbers[i], &every, &texts), 0);
        assert_int_equal(texts.len, 0);
        buffer_release(&texts);
    }
}

static void only_what_is_wanted_is_made(void **state)
{
    static const struct {
        const char *number;
        char next;
        size_t count;
    } scenarios[] = {{"0012", '1', 8}, {"0012", '2', 0},   {"PICC", 'p', 1},
                     {"PICC", 'P', 0}, {"00PICC", 'p', 1}, {"浙PICC", 'x', 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++) {
        char next = scenarios[i].next;
        const struct order_no_filter filter = {want, &next};
        struct buffer texts = {0};

        assert_int_equal(order_no_alike(scenarios[i].number, &filter, &texts), scenarios[i].count);
        buffer_release(&texts);
    }
}

static void spellings_that_are_alike_are_folded_to_one(void **state)
{
    static const struct {
        const char *spelling, *folded;
    } scenarios[] = {{"0012", "12"},
                     {"12", "12"},
                     {"000", "0"},
                     {"0", "0"},
                     {"\uff10\uff11", "1"},
                     {"lp-1", "LP-1"},
                     {"LP 1\u3000", "LP1"},
                     {"00A1", "00A1"},
                     {"（2026）浙", "(2026)浙"},
                     {"浙PICC", "浙PICC"},
                     {"", ""}};

    (void)state;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(*scenarios); i++) {
        const char *spelling = scenarios[i].spelling;
        struct buffer text = {0};

        buffer_text(&text, "x");
        order_no_fold(spelling, &text);
        assert_string_equal(buffer_string(&text) + 1, scenarios[i].folded);
        assert_int_equal(text.len, 1 + strlen(scenarios[i].folded));
        assert_int_equal(order_no_is_folded(spelling), strcmp(spelling, scenarios[i].folded) == 0);
        buffer_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(number_is_known_in_other_spellings),
        cmocka_unit_test(number_of_one_spelling_has_no_other),
        cmocka_unit_test(only_what_is_wanted_is_made),
        cmocka_unit_test(spellings_that_are_alike_are_folded_to_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
