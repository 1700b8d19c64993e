/* Unit tests of run/rows/history. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "run/rows/history.h"

static const unsigned char *digest_of(unsigned number, unsigned char digest[DIGEST_CLAIM_BYTES])
{
    memset(digest, 0, DIGEST_CLAIM_BYTES);
    digest[0] = (unsigned char)(number * 37);
    digest[DIGEST_CLAIM_BYTES - 1] = (unsigned char)number;
    return digest;
}

static void history_tells_the_last_row_of_a_content(void **state)
{
    struct history *history = history_open();
    unsigned char digest[DIGEST_CLAIM_BYTES];

    (void)state;
    assert_non_null(history);
    for (uint64_t row = 2; row < 302; row++)
        assert_false(history_note(history, digest_of((unsigned)(row % 100), digest), row));
    history_sort(history);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(history_row(history, digest_of(i, digest)), i < 2 ? 300 + i : 200 + i);
    assert_int_equal(history_row(history, digest_of(100, digest)), 0);
    history_close(history);
}

static void history_of_nothing_tells_nothing(void **state)
{
    struct history *history = history_open();
    unsigned char digest[DIGEST_CLAIM_BYTES];

    (void)state;
    history_sort(history);
    assert_int_equal(history_row(history, digest_of(1, digest)), 0);
    assert_int_equal(history_row(NULL, digest_of(1, digest)), 0);
    history_close(history);
    history_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(history_tells_the_last_row_of_a_content),
        cmocka_unit_test(history_of_nothing_tells_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
