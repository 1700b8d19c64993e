/* Unit tests of base/buffer: what grows, what is kept, and what a failure leaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buffer.h"

static void buffer_is_always_followed_by_a_nul(void **state)
{
    struct buffer buffer = {0};

    (void)state;
    assert_string_equal(buffer_string(&buffer), "");
    buffer_text(&buffer, "ab");
    buffer_byte(&buffer, 'c');
    buffer_append(&buffer, "d\0e", 3);
    buffer_format(&buffer, "%d", 42);
    assert_int_equal(buffer.len, 8);
    assert_memory_equal(buffer.ptr, "abcd\0e42", 9);
    buffer_release(&buffer);
    assert_null(buffer.ptr);
}

static void buffer_trim_gives_back_what_is_more_than_is_kept(void **state)
{
    struct buffer buffer = {0};

    (void)state;
    buffer_text(&buffer, "small");
    buffer_trim(&buffer, 64);
    assert_non_null(buffer.ptr);
    assert_int_equal(buffer.len, 0);
    assert_true(buffer_reserve(&buffer, 64));
    buffer.failed = true;
    buffer_trim(&buffer, 64);
    assert_null(buffer.ptr);
    assert_int_equal(buffer.cap, 0);
    assert_false(buffer.failed);
}

static void buffer_grows_as_needed(void **state)
{
    struct buffer buffer = {0};

    (void)state;
    for (int i = 0; i < 10000; i++)
        buffer_format(&buffer, "%04d", i);
    assert_false(buffer.failed);
    assert_int_equal(buffer.len, 40000);
    assert_string_equal(buffer.ptr + 39996, "9999");
    buffer_release(&buffer);
}

static void buffer_keeps_its_memory_when_emptied(void **state)
{
    struct buffer buffer = {0};
    const char *ptr;

    (void)state;
    buffer_text(&buffer, "something");
    buffer.failed = true;
    ptr = buffer.ptr;
    buffer_reset(&buffer);
    assert_string_equal(buffer_string(&buffer), "");
    assert_ptr_equal(buffer.ptr, ptr);
    assert_false(buffer.failed);
    buffer_text(&buffer, "new");
    assert_string_equal(buffer_string(&buffer), "new");
    buffer_wipe(&buffer);
    assert_null(buffer.ptr);
}

static void buffer_that_failed_stays_as_it_was(void **state)
{
    struct buffer buffer = {0};

    (void)state;
    buffer_text(&buffer, "kept");
    buffer.failed = true;
    buffer_text(&buffer, "more");
    buffer_format(&buffer, "%s", "more");
    assert_string_equal(buffer_string(&buffer), "kept");
    assert_true(buffer.failed);
    buffer_release(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffer_is_always_followed_by_a_nul),
        cmocka_unit_test(buffer_trim_gives_back_what_is_more_than_is_kept),
        cmocka_unit_test(buffer_grows_as_needed),
        cmocka_unit_test(buffer_keeps_its_memory_when_emptied),
        cmocka_unit_test(buffer_that_failed_stays_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
