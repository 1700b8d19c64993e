/* Unit tests of cli/suggestion: the word that was probably meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/suggestion.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const char *word_at(size_t i)
{
    static const char *const words[] = {"upload", "rerun",     "check",          "audit",
                                        "status", "in-flight", "app-secret-file"};

    return i < COUNT(words) ? words[i] : NULL;
}

static const char *no_word(size_t i)
{
    (void)i;
    return NULL;
}

static void suggestion_is_the_nearest_word(void **state)
{
    static const char *const cases[][2] = {
        {"uplaod", "upload"},  /* swapped */
        {"uload", "upload"},   /* left out */
        {"uploadd", "upload"}, /* too many */
        {"uplosd", "upload"},  /* another */
        {"UPLOAD", NULL},      /* six changes */
        {"re-run", "rerun"},
        {"statsu", "status"},
        {"inflight", "in-flight"},
        {"app-secert-flie", "app-secret-file"},
        {"upload", "upload"},
        {"frobnicate", NULL},
        {"x", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *found = suggestion_find(cases[i][0], word_at);

        if (!cases[i][1] && found)
            fail_msg("'%s' is near to '%s'", cases[i][0], found);
        if (cases[i][1])
            assert_non_null(found);
        if (cases[i][1])
            assert_string_equal(found, cases[i][1]);
    }
}

static void suggestion_bears_a_word_of_any_length(void **state)
{
    char typed[10000];

    (void)state;
    memset(typed, 'a', sizeof(typed) - 1);
    typed[sizeof(typed) - 1] = '\0';
    suggestion_find(typed, word_at);
    assert_null(suggestion_find("upload", no_word));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suggestion_is_the_nearest_word),
        cmocka_unit_test(suggestion_bears_a_word_of_any_length),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
