/* What libpq and a server say of a failure. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "ledger/postgres/server_words.h"

static void joined(const char *words, const char *line)
{
    struct buffer text = {0};

    buffer_text(&text, "x");
    server_words_join(words, &text);
    assert_string_equal(buffer_string(&text) + 1, line);
    buffer_release(&text);
}

static void lines_become_one_without_their_places(void **state)
{
    (void)state;
    joined("", "");
    joined("\n\n", "");
    joined("one\n", "one");
    joined("FATAL:  28P01: no\nLOCATION:  auth_failed, auth.c:341\n", "FATAL:  28P01: no");
    joined("db1 failed: refused\n\tIs it running?\ndb2 failed: no\n",
           "db1 failed: refused; Is it running?; db2 failed: no");
}

static void certificates_are_known_in_each_language(void **state)
{
    (void)state;
    assert_true(server_words_are_of_tls("server does not support SSL, but SSL was required"));
    assert_true(server_words_are_of_tls("root certificate file \"x\" does not exist"));
    assert_true(server_words_are_of_tls("\"db\"的服务器证书与主机名不匹配"));
    assert_true(server_words_are_of_tls("… sslmode …"));
    assert_false(server_words_are_of_tls("Connection refused"));
    assert_false(server_words_are_of_tls(""));
}

static void a_pooler_is_known_by_what_it_does_not_take(void **state)
{
    (void)state;
    assert_true(
        server_words_are_of_pooler("FATAL:  08P01: unsupported startup parameter: options"));
    assert_true(server_words_are_of_pooler("unsupported startup parameter in options: jit"));
    assert_false(server_words_are_of_pooler("unrecognized configuration parameter \"jit\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_one_without_their_places),
        cmocka_unit_test(certificates_are_known_in_each_language),
        cmocka_unit_test(a_pooler_is_known_by_what_it_does_not_take),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
