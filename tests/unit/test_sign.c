/* Unit tests of gateway/sign, against vectors made with the official SDKs. */
#include "vectors.h"

#include <string.h>

#include "base/error.h"
#include "gateway/sign.h"

#define PARAMS_MAX 32

static size_t take_params(yajl_val object, struct param *params, size_t count)
{
    for (size_t i = 0; object && i < YAJL_GET_OBJECT(object)->len; i++) {
        assert_true(count < PARAMS_MAX);
        params[count++] = (struct param){YAJL_GET_OBJECT(object)->keys[i],
                                         YAJL_GET_STRING(YAJL_GET_OBJECT(object)->values[i])};
    }
    return count;
}

static struct signer *open_signer(enum sign_method method, const char *secret)
{
    struct signer *signer = NULL;
    struct error err = {0};

    if (sign_open(method, secret, &signer, &err) != 0)
        fail_msg("%s", err.text);
    return signer;
}

static void assert_signs(struct signer *signer, struct param *params, size_t count,
                         const char *body, const char *expected)
{
    char sign[SIGN_TEXT_BYTES];
    struct error err = {0};

    assert_int_equal(sign_call(signer, params, count, body, body ? strlen(body) : 0, sign, &err),
                     0);
    assert_string_equal(sign, expected);
}

/* Goal: what a vector holds comes out, the parameters that the SDK drops included. */
static void check_vector(yajl_val vector)
{
    const char *secret = vectors_text(vector, "secret"), *body = vectors_text(vector, "body");
    struct param params[PARAMS_MAX];
    enum sign_method method;
    struct signer *signer = NULL;
    struct buffer string = {0};
    size_t count = take_params(vectors_member(vector, "params"), params, 0);

    count = take_params(vectors_member(vector, "dropped_params"), params, count);
    assert_true(count > 0);
    assert_true(sign_method_parse(vectors_text(vector, "sign_method"), &method));

    if (method == SIGN_MD5)
        buffer_text(&string, secret);
    sign_string(params, count, &string);
    buffer_text(&string, body ? body : "");
    if (method == SIGN_MD5)
        buffer_text(&string, secret);
    assert_string_equal(buffer_string(&string), vectors_text(vector, "string_to_sign"));
    buffer_release(&string);

    signer = open_signer(method, secret);
    assert_signs(signer, params, count, body, vectors_text(vector, "sign"));
    assert_signs(signer, params, count, body, vectors_text(vector, "sign"));
    sign_close(signer);
}

static void signature_is_the_one_of_the_official_sdks(void **state)
{
    yajl_val vectors = vectors_load();

    (void)state;
    assert_true(YAJL_GET_ARRAY(vectors)->len >= 40);
    for (size_t i = 0; i < YAJL_GET_ARRAY(vectors)->len; i++) {
        print_message("%s\n", vectors_text(YAJL_GET_ARRAY(vectors)->values[i], "name"));
        check_vector(YAJL_GET_ARRAY(vectors)->values[i]);
    }
    yajl_tree_free(vectors);
}

/* Goal: a signer keeps nothing of one call in the next. Only the key may stay. */
static void calls_of_one_signer_do_not_mix(void **state)
{
    struct param first[] = {{"foo", "1"}, {"bar", "2"}, {"foo_bar", "3"}, {"foobar", "4"}};
    struct param second[] = {{"app_key", "12345678"}, {"v", "2.0"}};
    static const struct {
        enum sign_method method;
        const char *first, *second;
    } expected[] = {
        {SIGN_MD5, "5AAF1C690262A24768F5478B084C2C8A", "4B57454F4DAC3FB8E6E3BE92D8D89FBD"},
        {SIGN_HMAC_MD5, "E687005F819D6F9E6ED085311C8ACC75", "CAEB418C34B8CE08F3397C3CE7DD30A2"},
        {SIGN_HMAC_SHA256, "339676BF36C50A8BD3D8F6B4A81B2F9AA614B05BFCFEBEFC169CB830D6B77D3B",
         "4789636CF6A4F254D8C12A851CF1D092643E829E79D13E1BB5A5DE683A90DAD2"},
    };

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct signer *signer = open_signer(expected[i].method, "helloworld");
        for (int round = 0; round < 3; round++) {
            assert_signs(signer, first, 4, NULL, expected[i].first);
            assert_signs(signer, second, 2, "raw=body&x=%E4%BD%A0", expected[i].second);
        }
        sign_close(signer);
    }
    sign_close(NULL);
}

static void values_of_java_whitespace_are_skipped(void **state)
{
    static const struct {
        const char *value;
        bool skipped;
    } cases[] = {
        {"", true},
        {" ", true},
        {"\t\n\v\f\r\x1c\x1d\x1e\x1f ", true},
        {"\u3000", true},
        {"\u1680\u2000\u2006\u2008\u200a\u2028\u2029\u205f", true},
        {" \u3000 ", true},
        {"\u00a0", false},
        {"\u2007", false},
        {"\u202f", false},
        {"\u200b", false},
        {"\x08", false},
        {"\x7f", false},
        {" x", false},
        {"0", false},
        {"\xe3\x80", false},
        {"\xe2", false},
        {"\xe2\x80", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(sign_skips(cases[i].value), cases[i].skipped);
}

static void method_names_are_those_of_the_gateway(void **state)
{
    enum sign_method method;

    (void)state;
    for (int i = SIGN_HMAC_SHA256; i <= SIGN_MD5; i++) {
        assert_true(sign_method_parse(sign_method_name((enum sign_method)i), &method));
        assert_int_equal(method, i);
    }
    assert_string_equal(sign_method_name(SIGN_HMAC_MD5), "hmac");
    assert_false(sign_method_parse("hmac-md5", &method));
    assert_false(sign_method_parse("MD5", &method));
    assert_false(sign_method_parse("", &method));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signature_is_the_one_of_the_official_sdks),
        cmocka_unit_test(calls_of_one_signer_do_not_mix),
        cmocka_unit_test(values_of_java_whitespace_are_skipped),
        cmocka_unit_test(method_names_are_those_of_the_gateway),
    };
    return cmocka_run_group_tests_name("sign", tests, NULL, NULL);
}
