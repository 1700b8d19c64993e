/* Unit tests of base/digest and input/claim_digest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/digest.h"
#include "base/hex.h"
#include "input/claim/claim.h"
#include "input/claim/claim_digest.h"

static const struct claim plain = {
    .workcard_id = 12345,
    .claim_desc = "",
    .claim_count = 1,
    .claim_order_no = "12345",
    .claim_status = 1,
    .claim_time = "2022-12-12 00:00:00",
    .claim_fee = 1000,
};

static void assert_claim_digest(const struct claim *claim, const char *hex)
{
    unsigned char digest[DIGEST_CLAIM_BYTES];
    char text[DIGEST_CLAIM_TEXT_BYTES];

    assert_int_equal(claim_digest(claim, digest), 0);
    hex_format(digest, sizeof(digest), text);
    assert_string_equal(text, hex);
}

/* The expected digests were made with
   printf 'claimbatch-claim-1\03712345\037\0371\03712345\0371\0372022-12-12 00:00:00\0371000' |
   sha256sum | cut -c1-32, and likewise. */
static void claim_digest_is_the_frozen_form(void **state)
{
    struct claim refused = plain;

    (void)state;
    assert_claim_digest(&plain, "1f32dda4728c8bbf4984a8984d724d7c");

    refused.claim_desc = "理赔描述:我不想赔钱";
    refused.claim_status = 2;
    refused.claim_fee = 0;
    refused.workcard_id = INT64_MAX;
    assert_claim_digest(&refused, "20f91daf414e6c68625ea5c0a5d7215d");
}

static void every_value_changes_the_claim_digest(void **state)
{
    struct claim others[7];
    unsigned char first[DIGEST_CLAIM_BYTES];

    (void)state;
    for (size_t i = 0; i < 7; i++)
        others[i] = plain;
    others[0].workcard_id++;
    others[1].claim_desc = "x";
    others[2].claim_count++;
    others[3].claim_order_no = "012345";
    others[4].claim_status = 0;
    memcpy(others[5].claim_time, "2022-12-12 00:00:01", CLAIM_TIME_BYTES);
    others[6].claim_fee = -1000;

    assert_int_equal(claim_digest(&plain, first), 0);
    for (size_t i = 0; i < 7; i++) {
        unsigned char other[DIGEST_CLAIM_BYTES];
        assert_int_equal(claim_digest(&others[i], other), 0);
        assert_memory_not_equal(first, other, sizeof(first));
    }
}

static void values_do_not_run_into_each_other(void **state)
{
    struct claim left = plain, right = plain;
    unsigned char left_digest[DIGEST_CLAIM_BYTES], right_digest[DIGEST_CLAIM_BYTES];

    (void)state;
    left.claim_desc = "a1";
    left.claim_count = 1;
    right.claim_desc = "a";
    right.claim_count = 11;
    assert_int_equal(claim_digest(&left, left_digest), 0);
    assert_int_equal(claim_digest(&right, right_digest), 0);
    assert_memory_not_equal(left_digest, right_digest, sizeof(left_digest));
}

/* NIST's example: FIPS 180-2, appendix B.1. */
static void running_digest_is_sha256_and_begins_anew(void **state)
{
    static const char expected[] =
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    static const char expected_of_nothing[] =
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    struct digest *sha256 = digest_open();
    unsigned char digest[DIGEST_SHA256_BYTES];

    (void)state;
    assert_non_null(sha256);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(digest_update(sha256, "a", 1), 0);
        assert_int_equal(digest_update(sha256, "bc", 2), 0);
        assert_int_equal(digest_finish(sha256, digest), 0);
        assert_true(digest_is(digest, expected));
        assert_false(digest_is(digest, expected_of_nothing));
    }
    assert_int_equal(digest_finish(sha256, digest), 0);
    assert_true(digest_is(digest, expected_of_nothing));
    digest_close(sha256);
    digest_close(NULL);
}

/* What is left of one must not stand in the next, which may take its place in memory. */
static void digest_that_was_given_up_leaves_nothing(void **state)
{
    unsigned char digests[2][DIGEST_SHA256_BYTES];

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct digest *sha256 = digest_open();
        struct digest *other = digest_open();

        assert_non_null(sha256);
        assert_non_null(other);
        assert_int_equal(digest_update(other, "a", 1), 0);
        assert_int_equal(digest_update(sha256, "abc", 3), 0);
        digest_close(other);
        assert_int_equal(digest_end(sha256, digests[i]), 0);
    }
    assert_memory_equal(digests[0], digests[1], DIGEST_SHA256_BYTES);
}

static void hex_of_nothing_is_an_empty_text(void **state)
{
    char hex[1] = {'x'};

    (void)state;
    hex_format((const unsigned char *)"", 0, hex);
    assert_string_equal(hex, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claim_digest_is_the_frozen_form),
        cmocka_unit_test(every_value_changes_the_claim_digest),
        cmocka_unit_test(values_do_not_run_into_each_other),
        cmocka_unit_test(running_digest_is_sha256_and_begins_anew),
        cmocka_unit_test(digest_that_was_given_up_leaves_nothing),
        cmocka_unit_test(hex_of_nothing_is_an_empty_text),
    };
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
