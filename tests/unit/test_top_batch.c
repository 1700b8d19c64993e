/* Unit tests of gateway/top_batch, requests against vectors made with the official SDKs. */
#include "vector_claim.h"

#include <string.h>

#include "base/error.h"
#include "gateway/top_batch.h"

#define SEPARATOR "\r\n-S-\r\n"
#define PUBLIC "#PUBLIC#method=" TOP_METHOD
#define TAKEN "{\"is_success\":true,\"request_id\":\"r\"}"
#define REFUSED "{\"is_success\":false,\"request_id\":\"r\"}"
#define ERROR(code) "{\"error_response\":{\"code\":" code "}}"

/* ---- requests ---- */

static int hex_value(char digit)
{
    return digit <= '9' ? digit - '0' : digit - 'A' + 10;
}

static char *form_decode(const char *text, size_t len)
{
    char *decoded = malloc(len + 1), *out = decoded;

    assert_non_null(decoded);
    for (const char *s = text; s < text + len; s++) {
        if (*s == '%') {
            *out++ = (char)(hex_value(s[1]) << 4 | hex_value(s[2]));
            s += 2;
        } else {
            *out++ = *s == '+' ? ' ' : *s;
        }
    }
    *out = '\0';
    return decoded;
}

/* Adds the claim of a segment of a vector, and what the segment is without the method, which the
 * first segment has for all. */
static void add_segment(const char *segment, size_t len, struct buffer *body,
                        struct buffer *expected)
{
    size_t name = strlen(TOP_PARAMETER "="), end = strcspn(segment, "&\r");
    char *json = form_decode(segment + name, (end < len ? end : len) - name);
    yajl_val parsed = yajl_tree_parse(json, NULL, 0);
    struct claim claim = vector_claim(parsed);
    struct buffer scratch = {0};

    top_batch_add(&claim, &scratch, body);
    buffer_text(expected, SEPARATOR);
    buffer_append(expected, segment, end < len ? end : len);
    buffer_release(&scratch);
    yajl_tree_free(parsed);
    free(json);
}

static void check_body(const char *vector)
{
    struct buffer body = {0}, expected = {0};
    const char *segment = strstr(vector, SEPARATOR);

    assert_int_equal(segment - vector, strlen(PUBLIC));
    buffer_append(&expected, vector, strlen(PUBLIC));
    while (segment) {
        const char *next;

        segment += strlen(SEPARATOR);
        next = strstr(segment, SEPARATOR);
        add_segment(segment, next ? (size_t)(next - segment) : strlen(segment), &body, &expected);
        segment = next;
    }
    assert_string_equal(buffer_string(&body), buffer_string(&expected));
    buffer_release(&body);
    buffer_release(&expected);
}

/* One vector has a claim with an empty claim_desc, which the SDK sends and we leave out. */
static void body_is_the_one_of_the_official_sdk(void **state)
{
    yajl_val vectors = vectors_load();
    size_t checked = 0;

    (void)state;
    for (size_t i = 0; i < YAJL_GET_ARRAY(vectors)->len; i++) {
        const char *body = vectors_text(YAJL_GET_ARRAY(vectors)->values[i], "body");

        if (!body || !strstr(body, SEPARATOR) || strstr(body, "claim_desc%22%3A%22%22"))
            continue;
        check_body(body);
        checked++;
    }
    assert_int_equal(checked, 2);
    yajl_tree_free(vectors);
}

static void query_is_signed_over_parameters_and_body(void **state)
{
    const struct top_app app = {"12345678", "test-session", SIGN_MD5};
    const struct top_app without = {"12345678", NULL, SIGN_MD5};
    struct param params[] = {
        {"app_key", "12345678"}, {"format", "json"}, {"session", "test-session"},
        {"sign_method", "md5"},  {"v", "2.0"},       {"timestamp", "2022-12-12 00:00:00"}};
    struct buffer body = {0}, query = {0}, expected = {0};
    struct signer *signer = NULL;
    struct error err = {0};
    char sign[SIGN_TEXT_BYTES];

    (void)state;
    buffer_text(&body, PUBLIC SEPARATOR TOP_PARAMETER "=%7B%7D");
    assert_int_equal(sign_open(SIGN_MD5, "helloworld", &signer, &err), 0);
    assert_int_equal(sign_call(signer, params, 6, body.ptr, body.len, sign, &err), 0);
    buffer_format(&expected,
                  "app_key=12345678&format=json&session=test-session&sign_method=md5"
                  "&timestamp=2022-12-12+00%%3A00%%3A00&v=2.0&sign=%s",
                  sign);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(top_batch_sign(&app, signer, "2022-12-12 00:00:00", &body, &query, &err),
                         0);
        assert_string_equal(buffer_string(&query), buffer_string(&expected));
    }
    assert_int_equal(top_batch_sign(&without, signer, "2022-12-12 00:00:00", &body, &query, &err),
                     0);
    assert_null(strstr(buffer_string(&query), "session"));
    body.failed = true;
    assert_int_equal(top_batch_sign(&app, signer, "2022-12-12 00:00:00", &body, &query, &err), -1);
    assert_int_equal(err.exit_code, EXIT_RESOURCES);
    buffer_release(&body);
    buffer_release(&query);
    buffer_release(&expected);
    sign_close(signer);
}

/* ---- answers ---- */

static void every_claim_has_the_answer_at_its_place(void **state)
{
    static const char body[] =
        " " TAKEN SEPARATOR REFUSED " " SEPARATOR ERROR("7") SEPARATOR SEPARATOR "<html>";
    struct answer answers[5];

    (void)state;
    top_batch_parse(body, strlen(body), answers, 5);
    assert_int_equal(answers[0].kind, ANSWER_CLAIM);
    assert_true(answers[0].success);
    assert_int_equal(answers[1].kind, ANSWER_CLAIM);
    assert_false(answers[1].success);
    assert_int_equal(answers[2].code, 7);
    assert_int_equal(answers[3].kind, ANSWER_EMPTY);
    assert_int_equal(answers[4].kind, ANSWER_HTML);
}

static void call_of_one_claim_has_one_answer(void **state)
{
    struct answer answer;

    (void)state;
    top_batch_parse(TAKEN, strlen(TAKEN), &answer, 1);
    assert_true(answer.success);
    top_batch_parse(ERROR("25"), strlen(ERROR("25")), &answer, 1);
    assert_int_equal(answer.kind, ANSWER_ERROR);
    assert_int_equal(answer.code, 25);
    top_batch_parse(TAKEN SEPARATOR TAKEN, strlen(TAKEN SEPARATOR TAKEN), &answer, 1);
    assert_int_equal(answer.kind, ANSWER_PARTS);
    assert_false(answer.success);
}

static void one_error_judges_all(void **state)
{
    struct answer answers[3];

    (void)state;
    top_batch_parse(ERROR("25"), strlen(ERROR("25")), answers, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(answers[i].kind, ANSWER_ERROR);
        assert_int_equal(answers[i].code, 25);
    }
}

static void other_numbers_of_parts_judge_none(void **state)
{
    static const struct {
        enum answer_kind kind;
        const char *body;
    } cases[] = {
        {ANSWER_PARTS, TAKEN},
        {ANSWER_PARTS, REFUSED},
        {ANSWER_PARTS, TAKEN SEPARATOR TAKEN},
        {ANSWER_PARTS, ERROR("25") SEPARATOR ERROR("25")},
        {ANSWER_PARTS, TAKEN SEPARATOR TAKEN SEPARATOR TAKEN SEPARATOR TAKEN},
        {ANSWER_PARTS, TAKEN SEPARATOR TAKEN SEPARATOR TAKEN SEPARATOR},
        {ANSWER_PARTS, SEPARATOR TAKEN SEPARATOR TAKEN SEPARATOR TAKEN},
        /* a separator of another shape is none */
        {ANSWER_MALFORMED, TAKEN "\n-S-\n" TAKEN "\n-S-\n" TAKEN},
        {ANSWER_EMPTY, ""},
        {ANSWER_HTML, "<html>maintenance"},
        {ANSWER_XML, "<?xml version=\"1.0\"?><error_response/>"},
        {ANSWER_MALFORMED, "{\"is_success\":tru"},
        {ANSWER_SHAPE, "{}"},
    };
    struct answer answers[3];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        top_batch_parse(cases[i].body, strlen(cases[i].body), answers, 3);
        for (size_t part = 0; part < 3; part++) {
            assert_int_equal(answers[part].kind, cases[i].kind);
            assert_false(answers[part].success);
        }
    }
}

/* Else the answers behind it would be those of the claims before theirs. */
static void separator_inside_a_string_separates_nothing(void **state)
{
    static const char body[] =
        "{\"is_success\":false,\"msg_info\":\"a\\\"" SEPARATOR "\"}" SEPARATOR TAKEN;
    static const char open[] = "{\"is_success\":false,\"msg_info\":\"a" SEPARATOR TAKEN;
    struct answer answers[3];

    (void)state;
    top_batch_parse(body, strlen(body), answers, 2);
    assert_int_equal(answers[0].kind, ANSWER_CLAIM);
    assert_false(answers[0].success);
    assert_true(answers[1].success);
    top_batch_parse(body, strlen(body), answers, 3);
    assert_int_equal(answers[2].kind, ANSWER_PARTS);
    /* a string that does not end leaves no part to be sure of */
    top_batch_parse(open, strlen(open), answers, 2);
    assert_false(answers[0].success || answers[1].success);
}

/* Goal: the clock does not give way to a hostile body of the largest size. */
static void many_parts_are_counted_quickly(void **state)
{
    static const char *const patterns[] = {SEPARATOR, "\r\n-S-\r", "\r", ("\"" SEPARATOR)};
    const size_t size = 1 << 20;
    char *body = malloc(size);
    struct answer answers[TOP_BATCH_MAX];

    (void)state;
    assert_non_null(body);
    for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
        for (size_t at = 0; at < size; at++)
            body[at] = patterns[i][at % strlen(patterns[i])];
        top_batch_parse(body, size, answers, TOP_BATCH_MAX);
        assert_false(answers[TOP_BATCH_MAX - 1].success);
    }
    free(body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(body_is_the_one_of_the_official_sdk),
        cmocka_unit_test(query_is_signed_over_parameters_and_body),
        cmocka_unit_test(every_claim_has_the_answer_at_its_place),
        cmocka_unit_test(call_of_one_claim_has_one_answer),
        cmocka_unit_test(one_error_judges_all),
        cmocka_unit_test(other_numbers_of_parts_judge_none),
        cmocka_unit_test(separator_inside_a_string_separates_nothing),
        cmocka_unit_test(many_parts_are_counted_quickly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
