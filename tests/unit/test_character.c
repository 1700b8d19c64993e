/* Unit tests of base/character: strict UTF-8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/character.h"

static void character_knows_strict_utf8(void **state)
{
    static const char *const good[] = {"",
                                       "a",
                                       "é",
                                       "理赔",
                                       "😀",
                                       "\xed\x9f\xbf\xee\x80\x80",
                                       "\xf4\x8f\xbf\xbf",
                                       "\xe0\xa0\x80\xf0\x90\x80\x80"};
    static const char *const bad[] = {"\x80",         "\xc0\xaf",         "\xc1\xbf",
                                      "\xc3",         "\xe7\x90",         "\xe7\x90!",
                                      "\xe0\x9f\xbf", "\xed\xa0\x80",     "\xf0\x8f\xbf\xbf",
                                      "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
                                      "\xff",         "理\xe8\xb5"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_true(character_is_utf8(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(character_is_utf8(bad[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(character_knows_strict_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
