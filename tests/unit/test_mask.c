/* Unit tests of gateway/mask: a secret that a gateway repeats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "gateway/mask.h"
#include "gateway/top.h"

#define SECRET "6100abcdefgh"

static void it_is_written_over_wherever_it_stands(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"invalid session", "invalid session"},
        {SECRET, "***"},
        {"session " SECRET " of " SECRET "!", "session *** of ***!"},
        {SECRET SECRET, "******"},
        {"cut: 6100abcd", "cut: ***"},
        {"cut: 6100abcdefg", "cut: ***"},
        {"no more than a word: 6100abc", "no more than a word: 6100abc"},
    };
    char text[128];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        strcpy(text, cases[i][0]);
        mask_text(text, SECRET);
        assert_string_equal(text, cases[i][1]);
    }
}

static void a_url_is_shown_without_its_secrets(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"https://host/router/rest", "https://host/router/rest"},
        {"https://user:hunter2@host:8443/rest", "https://***@host:8443/rest"},
        {"https://user:hun/ter2@x@host/", "https://***@host/"},
        {"user:hunter2@host/rest", "***@host/rest"},
        {"https://host/?session=hunter2#x", "https://host/?***"},
        {"curl 'https://a:b@c/' -d @file", "curl 'https://***@c/' -d @file"},
        {"mail claims@office.example", "mail claims@office.example"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct buffer text = {0};

        mask_url(cases[i][0], &text);
        assert_string_equal(buffer_string(&text), cases[i][1]);
        buffer_release(&text);
    }
}

static void without_a_secret_nothing_changes(void **state)
{
    char text[] = "a short word";

    (void)state;
    mask_text(text, NULL);
    mask_text(text, "");
    mask_text(text, "short");
    assert_string_equal(text, "a short word");
}

static void all_texts_of_an_answer_are_looked_at(void **state)
{
    static const char body[] =
        "{\"error_response\":{\"code\":\"x" SECRET "\",\"sub_code\":\"" SECRET
        "\",\"msg\":\"" SECRET "\",\"sub_msg\":\"" SECRET "\",\"request_id\":\"" SECRET "\"}}";
    struct answer answer;

    (void)state;
    top_parse_answer(body, strlen(body), &answer);
    assert_non_null(strstr(answer.message, SECRET));
    mask_answer(&answer, SECRET);
    assert_string_equal(answer.code_text, "x***");
    assert_string_equal(answer.sub_code, "***");
    assert_string_equal(answer.message, "***");
    assert_string_equal(answer.sub_message, "***");
    assert_string_equal(answer.request_id, "***");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_written_over_wherever_it_stands),
        cmocka_unit_test(a_url_is_shown_without_its_secrets),
        cmocka_unit_test(without_a_secret_nothing_changes),
        cmocka_unit_test(all_texts_of_an_answer_are_looked_at),
    };

    return cmocka_run_group_tests_name("mask", tests, NULL, NULL);
}
