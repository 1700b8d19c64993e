/* Unit tests of base/hash: what changes it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void hash_changes_with_every_bit(void **state)
{
    unsigned char bytes[100];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 7);
    for (size_t len = 1; len <= sizeof(bytes); len++) {
        uint64_t hash = hash_bytes(bytes, len);

        for (size_t bit = 0; bit < 8 * len; bit++) {
            bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
            assert_true(hash_bytes(bytes, len) != hash);
            bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
        assert_true(hash_bytes(bytes, len) == hash);
    }
}

static void hash_changes_with_length_and_order(void **state)
{
    static const unsigned char zeros[100] = {0};
    unsigned char swapped[64] = {0};
    uint64_t seen[COUNT(zeros)];

    (void)state;
    for (size_t len = 0; len < COUNT(zeros); len++) {
        seen[len] = hash_bytes(zeros, len);
        for (size_t i = 0; i < len; i++)
            assert_true(seen[i] != seen[len]);
    }
    /* Words that trade places between lanes, and within one. */
    swapped[0] = 1;
    seen[0] = hash_bytes(swapped, sizeof(swapped));
    for (size_t at = 8; at < sizeof(swapped); at += 8) {
        swapped[at - 8] = 0;
        swapped[at] = 1;
        assert_true(hash_bytes(swapped, sizeof(swapped)) != seen[0]);
    }
}

static void hash_of_texts_tells_where_each_ends(void **state)
{
    (void)state;
    assert_true(hash_text(0, "00123") == hash_text(0, "00123"));
    assert_true(hash_text(0, "00123") != hash_text(1, "00123"));
    assert_true(hash_text(hash_text(0, "ab"), "c") != hash_text(hash_text(0, "a"), "bc"));
    assert_true(hash_text(0, "") != hash_text(hash_text(0, ""), ""));
    assert_true(hash_text(0, "12345678") != hash_text(hash_text(0, "12345678"), ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_changes_with_every_bit),
        cmocka_unit_test(hash_changes_with_length_and_order),
        cmocka_unit_test(hash_of_texts_tells_where_each_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
