/* Unit tests of report/json: what is written is JSON, whatever it is made of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

static void members_have_their_form(void **state)
{
    struct buffer text = {0};
    struct json *json = json_open(JSON_COMPACT, &text);

    (void)state;
    assert_non_null(json);
    json_map_open(json);
    json_key_text(json, "text", "a\"b\n");
    json_key_text(json, "none", NULL);
    json_key_some(json, "some", "x");
    json_key_some(json, "empty", "");
    json_key_number(json, "least", INT64_MIN);
    json_key_bool(json, "true", true);
    json_key_time(json, "time", INT64_C(1670774400007));
    json_key_time(json, "never", 0);
    json_key_money(json, "fen", (money)INT64_MAX * 10);
    json_text(json, "list");
    json_array_open(json);
    json_integer(json, 1);
    json_bool(json, false);
    json_null(json);
    json_array_close(json);
    json_map_close(json);
    json_close(json);
    assert_string_equal(buffer_string(&text),
                        "{\"text\":\"a\\\"b\\n\",\"none\":null,\"some\":\"x\",\"empty\":null,"
                        "\"least\":-9223372036854775808,\"true\":true,"
                        "\"time\":\"2022-12-12T00:00:00.007+08:00\",\"never\":null,"
                        "\"fen\":92233720368547758070,\"list\":[1,false,null]}");
    buffer_release(&text);
}

static void document_can_be_indented(void **state)
{
    struct buffer text = {0};
    struct json *json = json_open(JSON_INDENTED, &text);

    (void)state;
    assert_non_null(json);
    json_map_open(json);
    json_key_number(json, "a", 1);
    json_map_close(json);
    json_close(json);
    assert_string_equal(buffer_string(&text), "{\n  \"a\": 1\n}\n");
    buffer_release(&text);
}

/* Goal: a name that is not UTF-8 does not make the document something else than JSON, nor is a long
   one cut. */
static void bytes_that_are_no_text_are_written_out(void **state)
{
    char name[4001];
    struct buffer text = {0};
    struct json *json = json_open(JSON_COMPACT, &text);

    (void)state;
    assert_non_null(json);
    memset(name, 'x', sizeof(name) - 1);
    name[0] = '\xff';
    name[sizeof(name) - 1] = '\0';
    json_text(json, name);
    json_close(json);
    assert_null(strchr(buffer_string(&text), '\xff'));
    assert_true(text.len >= sizeof(name));
    buffer_release(&text);
    json_close(NULL);
}

static void what_a_terminal_would_obey_is_escaped(void **state)
{
    static const char *const cases[][2] = {
        {"a\033[2Jb", "\"a\\u001B[2Jb\""},        {"del\x7f", "\"del\\u007f\""},
        {"csi\xc2\x9b", "\"csi\\u009b\""},        {"\u202egnp.\u2066", "\"\\u202egnp.\\u2066\""},
        {"\ufeff\u200b", "\"\\ufeff\\u200b\""},   {"tag\U000e0041", "\"tag\\udb40\\udc41\""},
        {"理赔 é \"😀\"", "\"理赔 é \\\"😀\\\"\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct buffer text = {0};
        struct json *json = json_open(JSON_COMPACT, &text);

        json_text(json, cases[i][0]);
        json_close(json);
        assert_string_equal(buffer_string(&text), cases[i][1]);
        buffer_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_have_their_form),
        cmocka_unit_test(document_can_be_indented),
        cmocka_unit_test(bytes_that_are_no_text_are_written_out),
        cmocka_unit_test(what_a_terminal_would_obey_is_escaped),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
