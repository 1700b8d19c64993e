/* What a server is asked, and what came: numbers, bytes, nulls, rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "ledger/store/answer.h"

static void bind(struct answer *answer, const char *types, ...)
{
    va_list args;

    va_start(args, types);
    answer_bind(answer, 7, types, args);
    va_end(args);
}

static void parameters_have_the_types_of_a_server(void **state)
{
    static const unsigned char digest[16] = {0xab, 1};
    static const unsigned char sha256[32] = {[31] = 0xff};
    struct answer answer = {0};
    int64_t number = INT64_MIN;

    (void)state;
    bind(&answer, "iosdhohds", INT64_C(-5), &number, "it's", digest, sha256, NULL, NULL, NULL, "");
    assert_int_equal(answer.which, 7);
    assert_int_equal(answer.values[0].type, SERVER_INT8);
    assert_int_equal(answer.values[0].number, -5);
    assert_int_equal(answer.values[1].number, INT64_MIN);
    assert_int_equal(answer.values[2].type, SERVER_TEXT);
    assert_string_equal(answer.values[2].bytes, "it's");
    assert_int_equal(answer.values[3].type, SERVER_BYTES);
    assert_int_equal(answer.values[3].len, sizeof(digest));
    assert_ptr_equal(answer.values[4].bytes, sha256);
    assert_int_equal(answer.values[4].len, sizeof(sha256));
    for (int i = 0; i < 9; i++)
        assert_int_equal(answer.values[i].is_null, i >= 5 && i < 8);
    answer_release(&answer);
}

static void parameters_of_a_text_are_counted(void **state)
{
    (void)state;
    assert_int_equal(answer_parameters("SELECT 1"), 0);
    assert_int_equal(answer_parameters("SELECT $2::bigint, $1, $12"), 12);
}

static void rows_come_one_after_the_other(void **state)
{
    unsigned char bytes[3];
    struct answer answer = {0};

    (void)state;
    bind(&answer, "");
    answer.columns = 3;
    for (int row = 0; row < 2; row++) {
        answer_add(&answer, row ? "t" : "-12");
        answer_add(&answer, row ? NULL : "words");
        answer_add(&answer, row ? "\\x0102" : "\\x01ff03");
    }
    assert_true(answer_next(&answer));
    assert_int_equal(answer_integer(&answer, 0), -12);
    assert_false(answer_is_null(&answer, 1));
    assert_string_equal(answer_text(&answer, 1), "words");
    answer_bytes(&answer, 2, 3, bytes);
    assert_memory_equal(bytes, "\x01\xff\x03", 3);

    assert_true(answer_next(&answer));
    assert_int_equal(answer_integer(&answer, 0), 1);
    assert_true(answer_is_null(&answer, 1));
    assert_string_equal(answer_text(&answer, 1), "");
    assert_int_equal(answer_integer(&answer, 1), 0);
    answer_bytes(&answer, 2, 3, bytes); /* another length */
    assert_memory_equal(bytes, "\0\0\0", 3);
    assert_true(answer_is_null(&answer, 3)); /* there is no such column */

    assert_false(answer_next(&answer));
    answer_release(&answer);
}

static void rows_of_an_answer_that_was_reset_are_gone(void **state)
{
    struct answer answer = {0};

    (void)state;
    answer.columns = 1;
    answer_add(&answer, "1");
    assert_true(answer_next(&answer));
    answer_reset(&answer);
    assert_true(answer_is_null(&answer, 0));
    assert_false(answer_next(&answer));
    answer_release(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parameters_have_the_types_of_a_server),
        cmocka_unit_test(parameters_of_a_text_are_counted),
        cmocka_unit_test(rows_come_one_after_the_other),
        cmocka_unit_test(rows_of_an_answer_that_was_reset_are_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
