/* Unit tests of sandbox/check, sandbox/form and sandbox/signature: vectors made with the official
 * SDKs, then every refusal. */
#include "vectors.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "sandbox/check.h"

#define NOW_MS INT64_C(1670774400000) /* 2022-12-12 00:00:00 Beijing time */
#define NOW "2022-12-12 00:00:00"
#define SECRET "helloworld"

static struct verifier *open_verifier(const char *secret)
{
    struct verifier *verifier = NULL;
    struct error err = {0};

    if (signature_verifier_open(secret, &verifier, &err))
        fail_msg("%s", err.text);
    return verifier;
}

/* ---- vectors ---- */

static void add_fields(yajl_val object, struct form *form)
{
    for (size_t i = 0; object && i < YAJL_GET_OBJECT(object)->len; i++)
        form_add(form, YAJL_GET_OBJECT(object)->keys[i],
                 YAJL_GET_STRING(YAJL_GET_OBJECT(object)->values[i]));
}

static void add_field_once(struct form *form, const char *name, const char *value)
{
    if (!form_value(form, name))
        form_add(form, name, value);
}

/* Goal: the text that is signed, and its signature, are the SDK's to the byte. */
static void check_text(yajl_val vector, const struct form *form, struct verifier *verifier)
{
    const char *secret = vectors_text(vector, "secret");
    const char *body = vectors_text(vector, "body");
    const char *method = vectors_text(vector, "sign_method");
    bool is_md5 = !strcmp(method, "md5"); /* the vectors then show the secret around the text */
    char sign[SIGNATURE_HEX_BYTES];
    struct buffer text = {0}, shown = {0};

    signature_text(form, SIGNATURE_SKIP_BLANK, body, body ? strlen(body) : 0, &text);
    buffer_format(&shown, "%s%s%s", is_md5 ? secret : "", buffer_string(&text),
                  is_md5 ? secret : "");
    assert_string_equal(buffer_string(&shown), vectors_text(vector, "string_to_sign"));
    assert_true(signature_of_call(verifier, method, buffer_string(&text), text.len, sign));
    assert_string_equal(sign, vectors_text(vector, "sign"));
    buffer_release(&text);
    buffer_release(&shown);
}

/* Goal: the SDK's sign fits, in either case, and neither another secret nor one more parameter. */
static void check_sign(yajl_val vector, struct form *form, struct verifier *verifier)
{
    const char *body = vectors_text(vector, "body");
    size_t len = body ? strlen(body) : 0;
    struct verifier *stranger = open_verifier("another secret");
    char lower[SIGNATURE_HEX_BYTES] = "";

    for (size_t i = 0; vectors_text(vector, "sign")[i]; i++)
        lower[i] = (char)(vectors_text(vector, "sign")[i] | 0x20);
    form_add(form, "sign", vectors_text(vector, "sign"));
    assert_true(signature_accepts(verifier, form, body, len));
    assert_false(signature_accepts(stranger, form, body, len));
    form->fields[form->count - 1].value = lower;
    assert_true(signature_accepts(verifier, form, body, len));
    form_add(form, "more", "1");
    assert_false(signature_accepts(verifier, form, body, len));
    signature_verifier_close(stranger);
}

static void every_vector_is_signed_as_the_sdk_signs_it(void **state)
{
    yajl_val vectors = vectors_load();
    size_t accepted = 0;

    (void)state;
    for (size_t i = 0; i < YAJL_GET_ARRAY(vectors)->len; i++) {
        yajl_val vector = YAJL_GET_ARRAY(vectors)->values[i];
        struct verifier *verifier = open_verifier(vectors_text(vector, "secret"));
        struct form form = {0};

        add_fields(vectors_member(vector, "params"), &form);
        add_fields(vectors_member(vector, "dropped_params"), &form);
        check_text(vector, &form, verifier);
        /* Some vectors are of the bare algorithm and do not sign the name of their method. */
        if (form_value(&form, "sign_method") ||
            !strcmp(vectors_text(vector, "sign_method"), "md5")) {
            check_sign(vector, &form, verifier);
            accepted++;
        }
        signature_verifier_close(verifier);
    }
    assert_int_equal(YAJL_GET_ARRAY(vectors)->len, 40);
    assert_in_range(accepted, 30, 40);
    yajl_tree_free(vectors);
}

static void the_body_an_sdk_sends_decodes_to_what_it_signed(void **state)
{
    yajl_val vectors = vectors_load();
    size_t bodies = 0;

    (void)state;
    for (size_t i = 0; i < YAJL_GET_ARRAY(vectors)->len; i++) {
        yajl_val vector = YAJL_GET_ARRAY(vectors)->values[i];
        const char *body = vectors_text(vector, "http_body");
        struct form form = {0}, sent = {0};
        char *text = body ? strdup(body) : NULL;

        if (!text)
            continue;
        bodies++;
        add_fields(vectors_member(vector, "params"), &sent);
        form_decode(&form, text);
        assert_string_equal(form_value(&form, CHECK_PARAMETER), form_value(&sent, CHECK_PARAMETER));
        free(text);
    }
    assert_int_equal(bodies, 20);
    yajl_tree_free(vectors);
}

/* ---- refusals of a call ---- */

/* Signs with MD5, the method of a call that names none. */
static void sign_form(struct form *form, char ret_sign[33])
{
    struct buffer text = {0};
    unsigned char md5[EVP_MAX_MD_SIZE];
    size_t len = 0;

    buffer_text(&text, SECRET);
    signature_text(form, SIGNATURE_SKIP_NONE, NULL, 0, &text);
    buffer_text(&text, SECRET);
    assert_int_equal(EVP_Q_digest(NULL, "MD5", NULL, text.ptr, text.len, md5, &len), 1);
    assert_int_equal(len, 16);
    for (size_t i = 0; i < len; i++)
        snprintf(ret_sign + 2 * i, 3, "%02X", md5[i]);
    buffer_release(&text);
    form_add(form, "sign", ret_sign);
}

static int code_of(const struct form *form, const char *session)
{
    const struct check_settings settings = {.app_key = "12345678", .session = session};
    struct verifier *verifier = open_verifier(SECRET);
    struct refusal refusal;

    check_call(&settings, verifier, form, NULL, 0, NOW_MS, &refusal);
    signature_verifier_close(verifier);
    return refusal.code;
}

/* A whole call, but for one parameter: another value, or none (NULL). */
static const struct {
    const char *name, *value;
    int code;
} call_cases[] = {
    {"method", NULL, 21},
    {"method", "", 21},
    {"format", "yaml", 23},
    {"format", "json", 0},
    {"format", "xml", 0},
    {"format", NULL, 0},
    {"app_key", NULL, 28},
    {"app_key", "87654321", 29},
    {"timestamp", NULL, 30},
    {"timestamp", "now", 31},
    {"timestamp", "2022-12-12T00:00:00", 31},
    {"timestamp", "2022-13-12 00:00:00", 31},
    {"timestamp", "2022-12-11 23:50:00", 0},
    {"timestamp", "2022-12-11 23:49:59", 31},
    {"timestamp", "2022-12-12 00:10:00", 0},
    {"timestamp", "2022-12-12 00:10:01", 31},
    {"timestamp", "1670774400000", 0},
    {"timestamp", "1670775000001", 31},
    {"v", NULL, 32},
    {"v", "two", 33},
    {"v", "1.0", 34},
    {"partner_id", "", 0},
};

static void a_call_is_refused_for_each_common_parameter(void **state)
{
    static const struct field whole[] = {{"method", CHECK_METHOD},
                                         {"app_key", "12345678"},
                                         {"timestamp", NOW},
                                         {"v", "2.0"},
                                         {"format", "json"}};

    (void)state;
    for (size_t i = 0; i < sizeof(call_cases) / sizeof(*call_cases); i++) {
        struct form form = {0};
        char sign[33];

        if (call_cases[i].value)
            form_add(&form, call_cases[i].name, call_cases[i].value);
        for (size_t j = 0; j < sizeof(whole) / sizeof(*whole); j++)
            if (strcmp(whole[j].name, call_cases[i].name) != 0)
                add_field_once(&form, whole[j].name, whole[j].value);
        sign_form(&form, sign);
        if (code_of(&form, NULL) != call_cases[i].code)
            fail_msg("%s=%s: %d", call_cases[i].name,
                     call_cases[i].value ? call_cases[i].value : "(none)", code_of(&form, NULL));
    }
}

static void fill_whole(struct form *form)
{
    form_add(form, "method", CHECK_METHOD);
    form_add(form, "app_key", "12345678");
    form_add(form, "timestamp", NOW);
    form_add(form, "v", "2.0");
}

static void a_call_without_its_signature_is_refused(void **state)
{
    struct form form = {0};
    char sign[33];

    (void)state;
    fill_whole(&form);
    assert_int_equal(code_of(&form, NULL), REFUSAL_MISSING_SIGNATURE);
    sign_form(&form, sign);
    assert_int_equal(code_of(&form, NULL), REFUSAL_NONE);
    sign[0] = sign[0] == '0' ? '1' : '0';
    assert_int_equal(code_of(&form, NULL), REFUSAL_INVALID_SIGNATURE);
}

static void a_signature_by_an_unknown_method_is_refused(void **state)
{
    struct form form = {0};
    char sign[33];

    (void)state;
    fill_whole(&form);
    form_add(&form, "sign_method", "sha1");
    sign_form(&form, sign);
    assert_int_equal(code_of(&form, NULL), REFUSAL_INVALID_SIGNATURE);
}

static void a_call_with_too_many_parameters_is_refused(void **state)
{
    struct form form = {0};
    char sign[33];

    (void)state;
    fill_whole(&form);
    sign_form(&form, sign);
    for (size_t i = form.count; i <= FORM_FIELDS; i++)
        form_add(&form, "x", "");
    assert_true(form.overflow);
    assert_int_equal(code_of(&form, NULL), REFUSAL_INVALID_SIGNATURE);
}

static void a_session_is_asked_for_only_where_one_is_set(void **state)
{
    static const struct {
        const char *sent, *wanted;
        int code;
    } cases[] = {
        {NULL, NULL, 0}, {"s", NULL, 0}, {NULL, "s", 26},
        {"", "s", 26},   {"t", "s", 27}, {"s", "s", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct form form = {0};
        char sign[33];

        fill_whole(&form);
        if (cases[i].sent)
            form_add(&form, "session", cases[i].sent);
        sign_form(&form, sign);
        assert_int_equal(code_of(&form, cases[i].wanted), cases[i].code);
    }
}

/* ---- refusals of a claim ---- */

#define REST "\"claim_count\":1,\"claim_status\":1,\"claim_time\":\"" NOW "\",\"claim_fee\":1000"
#define WHOLE "{\"workcard_id\":7,\"claim_order_no\":\"C-7\"," REST "}"

static const struct {
    const char *json;
    int code;
    const char *sub_code;
} claim_cases[] = {
    {WHOLE, 0, ""},
    {NULL, 40, "isv.missing-parameter:" CHECK_PARAMETER},
    {"", 40, "isv.missing-parameter:" CHECK_PARAMETER},
    {"{", 41, "isv.invalid-parameter:" CHECK_PARAMETER},
    {"7", 41, "isv.invalid-parameter:" CHECK_PARAMETER},
    {"[" WHOLE "]", 41, "isv.invalid-parameter:" CHECK_PARAMETER},
    {WHOLE WHOLE, 41, "isv.invalid-parameter:" CHECK_PARAMETER},
    {"{\"claim_order_no\":\"C-7\"," REST "}", 40, "isv.missing-parameter:workcard_id"},
    {"{\"workcard_id\":null,\"claim_order_no\":\"C-7\"," REST "}", 40,
     "isv.missing-parameter:workcard_id"},
    {"{\"workcard_id\":\"7\",\"claim_order_no\":\"C-7\"," REST "}", 41,
     "isv.invalid-parameter:workcard_id"},
    {"{\"workcard_id\":7.5,\"claim_order_no\":\"C-7\"," REST "}", 41,
     "isv.invalid-parameter:workcard_id"},
    {"{\"workcard_id\":-1,\"claim_order_no\":\"C-7\"," REST "}", 41,
     "isv.invalid-parameter:workcard_id"},
    {"{\"workcard_id\":9223372036854775807,\"claim_order_no\":\"C-7\"," REST "}", 0, ""},
    {"{\"workcard_id\":9223372036854775808,\"claim_order_no\":\"C-7\"," REST "}", 41,
     "isv.invalid-parameter:workcard_id"},
    {"{\"workcard_id\":{\"claim_fee\":1},\"claim_order_no\":\"C-7\"," REST "}", 41,
     "isv.invalid-parameter:workcard_id"},
    {"{\"workcard_id\":[7],\"claim_order_no\":\"C-7\"," REST "}", 41,
     "isv.invalid-parameter:workcard_id"},
    {"{\"workcard_id\":true,\"claim_order_no\":\"C-7\"," REST "}", 41,
     "isv.invalid-parameter:workcard_id"},
    {"{\"workcard_id\":7,\"claim_order_no\":\"\"," REST "}", 40,
     "isv.missing-parameter:claim_order_no"},
    {"{\"workcard_id\":7,\"claim_order_no\":7," REST "}", 41,
     "isv.invalid-parameter:claim_order_no"},
    {"{\"workcard_id\":7,\"claim_order_no\":\"C-7\",\"claim_desc\":7," REST "}", 41,
     "isv.invalid-parameter:claim_desc"},
    {"{\"workcard_id\":7,\"claim_order_no\":\"C-7\",\"claim_desc\":null," REST "}", 0, ""},
    {"{\"workcard_id\":7,\"claim_order_no\":\"C-7\",\"other\":[{\"claim_fee\":\"x\"}]," REST "}", 0,
     ""},
    {"{\"workcard_id\":7,\"claim_order_no\":\"C-7\",\"claim_count\":1,\"claim_status\":3,"
     "\"claim_time\":\"" NOW "\",\"claim_fee\":0}",
     41, "isv.invalid-parameter:claim_status"},
    {"{\"workcard_id\":7,\"claim_order_no\":\"C-7\",\"claim_count\":1,\"claim_status\":0,"
     "\"claim_time\":\"2022-02-29 00:00:00\",\"claim_fee\":0}",
     41, "isv.invalid-parameter:claim_time"},
    {"{\"workcard_id\":7,\"claim_order_no\":\"C-7\",\"claim_count\":1,\"claim_status\":0,"
     "\"claim_time\":\"2022-12-12\",\"claim_fee\":0}",
     41, "isv.invalid-parameter:claim_time"},
    {"{\"workcard_id\":7,\"claim_order_no\":\"C-7\",\"claim_count\":1,\"claim_status\":0,"
     "\"claim_time\":\"" NOW "\",\"claim_fee\":-1}",
     41, "isv.invalid-parameter:claim_fee"},
    {"{\"workcard_id\":7,\"claim_order_no\":\"C-7\",\"claim_count\":1,\"claim_status\":0,"
     "\"claim_time\":\"" NOW "\"}",
     40, "isv.missing-parameter:claim_fee"},
};

static void a_claim_is_refused_for_each_field(void **state)
{
    struct claim_seen seen = {0};
    struct refusal refusal;

    (void)state;
    for (size_t i = 0; i < sizeof(claim_cases) / sizeof(*claim_cases); i++) {
        check_claim(CHECK_METHOD, claim_cases[i].json, &seen, &refusal);
        if (refusal.code != claim_cases[i].code ||
            strcmp(refusal.sub_code, claim_cases[i].sub_code) != 0)
            fail_msg("%s: %d %s", claim_cases[i].json, refusal.code, refusal.sub_code);
    }
    buffer_release(&seen.claim_order_no);
}

static void a_claim_needs_the_method_of_the_api(void **state)
{
    struct claim_seen seen = {0};
    struct refusal refusal;

    (void)state;
    check_claim(NULL, WHOLE, &seen, &refusal);
    assert_int_equal(refusal.code, REFUSAL_MISSING_METHOD);
    check_claim("taobao.item.seller.get", WHOLE, &seen, &refusal);
    assert_int_equal(refusal.code, REFUSAL_INVALID_METHOD);
    buffer_release(&seen.claim_order_no);
}

static void what_was_read_of_a_refused_claim_is_known(void **state)
{
    struct claim_seen seen = {0};
    struct refusal refusal;

    (void)state;
    check_claim(CHECK_METHOD, "{\"workcard_id\":7,\"claim_order_no\":\"C-\\u0037\"}", &seen,
                &refusal);
    assert_int_equal(refusal.code, REFUSAL_MISSING_ARGUMENT);
    assert_true(seen.well_formed && seen.has_workcard_id);
    assert_int_equal(seen.workcard_id, 7);
    assert_string_equal(buffer_string(&seen.claim_order_no), "C-7");
    check_claim(CHECK_METHOD, "{", &seen, &refusal);
    assert_false(seen.well_formed || seen.has_workcard_id);
    assert_int_equal(seen.claim_order_no.len, 0);
    buffer_release(&seen.claim_order_no);
}

/* ---- forms ---- */

static void a_form_is_decoded(void **state)
{
    char text[] = "a=1+2&b=%E4%BD%A0&&c&d==&e=a%2Bb%26";
    struct form form = {0};

    (void)state;
    form_decode(&form, text);
    assert_int_equal(form.count, 5);
    assert_string_equal(form_value(&form, "a"), "1 2");
    assert_string_equal(form_value(&form, "b"), "你");
    assert_string_equal(form_value(&form, "c"), "");
    assert_string_equal(form_value(&form, "d"), "=");
    assert_string_equal(form_value(&form, "e"), "a+b&");
    assert_null(form_filled(&form, "c"));
    assert_null(form_value(&form, "f"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_is_signed_as_the_sdk_signs_it),
        cmocka_unit_test(the_body_an_sdk_sends_decodes_to_what_it_signed),
        cmocka_unit_test(a_call_is_refused_for_each_common_parameter),
        cmocka_unit_test(a_call_without_its_signature_is_refused),
        cmocka_unit_test(a_signature_by_an_unknown_method_is_refused),
        cmocka_unit_test(a_call_with_too_many_parameters_is_refused),
        cmocka_unit_test(a_session_is_asked_for_only_where_one_is_set),
        cmocka_unit_test(a_claim_is_refused_for_each_field),
        cmocka_unit_test(a_claim_needs_the_method_of_the_api),
        cmocka_unit_test(what_was_read_of_a_refused_claim_is_known),
        cmocka_unit_test(a_form_is_decoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
