/* Unit tests of gateway/head. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/http/head.h"

/* Feeds the lines of a text, as libcurl does; whether all of them were taken. */
static bool take_all(struct head *head, const char *text)
{
    while (*text) {
        const char *end = strchr(text, '\n');
        size_t len = end ? (size_t)(end - text) + 1 : strlen(text);

        if (!head_take(head, text, len))
            return false;
        text += len;
    }
    return true;
}

static void status_line_is_a_version_and_three_digits(void **state)
{
    static const struct {
        const char *line;
        long status; /* 0: it is none */
    } cases[] = {
        {"HTTP/1.1 200 OK\r\n", 200}, {"HTTP/1.1 200 \r\n", 200},
        {"HTTP/1.1 200\r\n", 200},    {"HTTP/1.0 503 X\n", 503},
        {"HTTP/1.1 999 X\r\n", 999},  {"HTTP/x 500\r\n", 0},
        {"HTTP/1.1 200x\r\n", 0},     {"HTTP/1.1 2000 OK\r\n", 0},
        {"HTTP/1.1 20\r\n", 0},       {"HTTP/1.1  200 OK\r\n", 0},
        {"HTTP/1.1\t200 OK\r\n", 0},  {"HTTP/1.1 -20 OK\r\n", 0},
        {"HTTP/1.1 020 OK\r\n", 0},   {"HTTP/1.2 200 OK\r\n", 0},
        {"HTTP/2 200\r\n", 0},        {"HTTP/0.9 200 OK\r\n", 0},
        {"http/1.1 200 OK\r\n", 0},   {" HTTP/1.1 200 OK\r\n", 0},
        {"HTTP/1.1 200", 0},          {"HTTP/1.10 200 OK\r\n", 0},
        {"ICY 200 OK\r\n", 0},        {"\r\n", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct head head = {0};

        assert_int_equal(take_all(&head, cases[i].line), cases[i].status != 0);
        assert_int_equal(head.status, cases[i].status);
        assert_int_equal(head.is_odd, cases[i].status == 0);
        assert_false(head.is_whole);
    }
}

/* Goal: each version has its own form, and is not taken for the other. */
static void status_line_is_that_of_the_version_agreed_on(void **state)
{
    static const struct {
        const char *line;
        long status; /* 0: it is none */
    } cases[] = {
        {"HTTP/2 200 \r\n", 200},
        {"HTTP/2 103 \r\n", 103},
        {"HTTP/2 200\r\n", 200},
        {"HTTP/1.1 200 OK\r\n", 0},
        {"HTTP/2  200 \r\n", 0},
        {"HTTP/2 20 \r\n", 0},
        {"HTTP/2 020 \r\n", 0},
        {"HTTP/2.0 200 OK\r\n", 0},
        {"HTTP/2", 0},
        {"HTTP/2 ", 0},
        {"HTTP/2 2000 \r\n", 0},
        {"HTTP/3 200 \r\n", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct head head = {.is_http2 = true};

        assert_int_equal(take_all(&head, cases[i].line), cases[i].status != 0);
        assert_int_equal(head.status, cases[i].status);
    }
}

static void interim_answers_are_passed_over(void **state)
{
    struct head head = {0};

    (void)state;
    assert_true(take_all(&head, "HTTP/1.1 100 Continue\r\nRetry-After: 9\r\n\r\n"));
    assert_false(head.is_whole);
    assert_true(take_all(&head, "HTTP/1.1 103 X\r\nContent-Length: 7\r\n\r\n"));
    assert_false(head.is_whole);
    assert_true(take_all(&head, "HTTP/1.1 429 X\r\nContent-Length: 2\r\n"));
    assert_false(head.is_whole);
    assert_true(take_all(&head, "\r\n"));
    assert_true(head.is_whole);
    assert_int_equal(head.status, 429);
    assert_int_equal(head_retry_after_s(&head), -1);
}

static void trailers_mean_nothing(void **state)
{
    struct head head = {0};

    (void)state;
    assert_true(take_all(&head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"));
    assert_true(take_all(&head, "X-Sum: 1\r\nRetry-After: 5\r\nHTTP/1.1 500 X\r\n"));
    assert_true(head.is_whole);
    assert_int_equal(head.status, 200);
    assert_int_equal(head_retry_after_s(&head), -1);
}

static void two_ends_of_one_answer_are_seen(void **state)
{
#define OK "HTTP/1.1 200 OK\r\n"
    static const struct {
        const char *text;
        bool is_odd, is_ambiguous;
    } cases[] = {
        {OK "Content-Length: 2\r\ncontent-length: 2\r\n\r\n", false, false},
        {OK "Content-Length: 2\r\nContent-Length: 3\r\n\r\n", true, false},
        {OK "Content-Length: 2\r\nContent-Length: 20\r\n\r\n", true, false},
        {OK "Content-Length: +2\r\n\r\n", true, false},
        {OK "Content-Length: 2, 2\r\n\r\n", true, false},
        {OK "Content-Length:\r\n\r\n", true, false},
        {OK "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", false, true},
        {OK "Transfer-Encoding: chunked\r\n\r\n", false, false},
        {OK "Content-Lengths: x\r\n\r\n", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct head head = {0};

        assert_int_equal(take_all(&head, cases[i].text), !cases[i].is_odd);
        assert_int_equal(head.is_ambiguous, cases[i].is_ambiguous);
    }
}

static void head_has_a_bound(void **state)
{
    struct head head = {0};
    size_t lines = 0;

    (void)state;
    assert_true(take_all(&head, OK));
    while (head_take(&head, "X: y\r\n", 6))
        lines++;
    assert_true(head.is_large && !head.is_odd);
    assert_int_equal(lines, (HEAD_BYTES_MAX - strlen(OK)) / 6);
}

static void values_are_those_of_the_first_field(void **state)
{
    struct head head = {0};
    struct head_date last = {0};

    (void)state;
    assert_true(take_all(&head, OK "date:Sun, 11 Dec 2022 16:00:00 GMT \r\nDate: x\r\n"
                                   "RETRY-AFTER: \t 7\r\nRetry-After: 8\r\nD\r\nR:\r\n\r\n"));
    assert_int_equal(head_retry_after_s(&head), 7);
    for (int i = 0; i < 2; i++)
        assert_int_equal(head_date_ms(&head, &last), INT64_C(1670774400000));
    assert_int_equal(head_date_ms(&(struct head){.date = "soon"}, &last), -1);
    assert_int_equal(head_date_ms(&(struct head){0}, &last), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_line_is_a_version_and_three_digits),
        cmocka_unit_test(status_line_is_that_of_the_version_agreed_on),
        cmocka_unit_test(interim_answers_are_passed_over),
        cmocka_unit_test(trailers_mean_nothing),
        cmocka_unit_test(two_ends_of_one_answer_are_seen),
        cmocka_unit_test(head_has_a_bound),
        cmocka_unit_test(values_are_those_of_the_first_field),
    };

    return cmocka_run_group_tests_name("head", tests, NULL, NULL);
}
