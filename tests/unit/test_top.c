/* Unit tests of gateway/top: requests. */
#include "vector_claim.h"

#include <string.h>

#include "base/error.h"
#include "gateway/top.h"

/* ---- requests ---- */

static void assert_claim_becomes(const char *json)
{
    yajl_val parsed = yajl_tree_parse(json, NULL, 0);
    struct claim claim = vector_claim(parsed);
    struct buffer written = {0};

    top_claim_json(&claim, &written);
    assert_string_equal(buffer_string(&written), json);
    buffer_release(&written);
    yajl_tree_free(parsed);
}

/* Goal: the JSON and its form encoding are those of the SDK, byte by byte. An empty claim_desc is
   the one thing in which we differ: the SDK sends it, to us it is absent. */
static void claim_json_is_the_one_of_the_official_sdk(void **state)
{
    yajl_val vectors = vectors_load();
    size_t checked = 0, empty_desc = 0;

    (void)state;
    for (size_t i = 0; i < YAJL_GET_ARRAY(vectors)->len; i++) {
        yajl_val vector = YAJL_GET_ARRAY(vectors)->values[i];
        yajl_val params = vectors_member(vector, "params");
        const char *json = vectors_text(params, TOP_PARAMETER);
        const char *http_body = vectors_text(vector, "http_body");
        struct buffer form = {0};

        if (!json)
            continue;
        assert_non_null(http_body);
        buffer_text(&form, TOP_PARAMETER "=");
        top_form_encode(json, &form);
        assert_string_equal(buffer_string(&form), http_body);
        buffer_release(&form);
        if (strstr(json, "\"claim_desc\":\"\""))
            empty_desc++;
        else
            assert_claim_becomes(json);
        checked++;
    }
    assert_int_equal(empty_desc, 3);
    yajl_tree_free(vectors);
    assert_int_equal(checked, 20);
}

static void empty_claim_desc_is_left_out(void **state)
{
    struct claim claim = {.workcard_id = INT64_MAX,
                          .claim_desc = "",
                          .claim_count = 1,
                          .claim_order_no = "E-1",
                          .claim_time = "2022-12-12 08:09:10",
                          .claim_fee = 1};
    struct buffer json = {0};

    (void)state;
    top_claim_json(&claim, &json);
    assert_string_equal(buffer_string(&json),
                        "{\"claim_count\":1,\"claim_fee\":1,\"claim_order_no\":\"E-1\","
                        "\"claim_status\":0,\"claim_time\":\"2022-12-12 08:09:10\","
                        "\"workcard_id\":9223372036854775807}");
    buffer_release(&json);
}

static void form_encoding_keeps_only_the_unreserved(void **state)
{
    struct buffer form = {0};

    (void)state;
    top_form_encode("AZaz09.*_- +%&=~/\x7f\u00e9", &form);
    assert_string_equal(buffer_string(&form), "AZaz09.*_-+%2B%25%26%3D%7E%2F%7F%C3%A9");
    assert_int_equal(form.len, strlen(form.ptr));
    buffer_release(&form);
}

static void assert_request(const struct top_app *app, const char *expected)
{
    const struct claim claim = {.workcard_id = 12345,
                                .claim_desc = "",
                                .claim_count = 1,
                                .claim_order_no = "12345",
                                .claim_status = 1,
                                .claim_time = "2022-12-12 00:00:00",
                                .claim_fee = 1000};
    struct signer *signer = NULL;
    struct buffer scratch = {0}, body = {0};
    struct error err = {0};

    assert_int_equal(sign_open(app->sign_method, "helloworld", &signer, &err), 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            top_request(app, signer, &claim, "2022-12-12 00:00:00", &scratch, &body, &err), 0);
        assert_string_equal(buffer_string(&body), expected);
    }
    buffer_release(&scratch);
    buffer_release(&body);
    sign_close(signer);
}

#define PLAIN_FORM                                                                                 \
    "workcard_insurance_callback_request=%7B%22claim_count%22%3A1%2C%22claim_fee%22%3A1000%2C%22"  \
    "claim_order_no%22%3A%2212345%22%2C%22claim_status%22%3A1%2C%22claim_time%22%3A%222022-12-12+" \
    "00%3A00%3A00%22%2C%22workcard_id%22%3A12345%7D"

/* The signatures were made with another library over S written by hand. */
static void request_is_signed_and_whole(void **state)
{
    (void)state;
    assert_request(
        &(struct top_app){"12345678", "test-session", SIGN_MD5},
        "app_key=12345678&format=json&method=" TOP_METHOD
        "&session=test-session&sign_method=md5&timestamp=2022-12-12+00%3A00%3A00&v=2.0&" PLAIN_FORM
        "&sign=C74C7C9C95472E2AF4F45688F18AE122");
}

static void request_without_session_sends_none(void **state)
{
    static const char *sessions[] = {NULL, "", " \u3000"};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_request(
            &(struct top_app){"12345678", sessions[i], SIGN_HMAC_SHA256},
            "app_key=12345678&format=json&method=" TOP_METHOD
            "&sign_method=hmac-sha256&timestamp=2022-12-12+00%3A00%3A00&v=2.0&" PLAIN_FORM
            "&sign=CAF7897BCC09CE4C26B48428F231D378ABE223FA86EA52CD9EA6745AB00CBC2E");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claim_json_is_the_one_of_the_official_sdk),
        cmocka_unit_test(empty_claim_desc_is_left_out),
        cmocka_unit_test(form_encoding_keeps_only_the_unreserved),
        cmocka_unit_test(request_is_signed_and_whole),
        cmocka_unit_test(request_without_session_sends_none),
    };
    return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}
