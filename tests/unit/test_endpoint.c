/* Unit tests of gateway/endpoint: which gateways are spoken to, and which are one platform. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "gateway/endpoint.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void production_hosts_are_one_platform(void **state)
{
    static const char *const urls[] = {
        ENDPOINT_DEFAULT,
        "https://eco.taobao.com:443/router/rest",
        "https://ECO.Taobao.COM/router/rest",
        "https://eco.taobao.com./router/rest",
        "HTTPS://gw.api.taobao.com/router/rest",
        "https://api.taobao.com/router/rest",
    };
    struct endpoint endpoint;
    struct error err;

    (void)state;
    for (size_t i = 0; i < COUNT(urls); i++) {
        assert_int_equal(endpoint_parse(urls[i], false, &endpoint, &err), 0);
        assert_string_equal(endpoint.platform, ENDPOINT_PRODUCTION);
    }
}

static void other_gateways_are_their_own_platform(void **state)
{
    static const struct {
        const char *url, *normalised;
    } cases[] = {
        {"https://gw.api.tbsandbox.com/router/rest", "https://gw.api.tbsandbox.com/router/rest"},
        {"HTTPS://GW.API.TBSANDBOX.com:443/router/rest",
         "https://gw.api.tbsandbox.com/router/rest"},
        {"http://127.0.0.1:8080/router/rest", "http://127.0.0.1:8080/router/rest"},
        {"http://localhost:80/router/rest", "http://localhost/router/rest"},
        {"http://[::1]:8080/router/rest", "http://[::1]:8080/router/rest"},
        {"https://eco.taobao.com.example.net/router/rest",
         "https://eco.taobao.com.example.net/router/rest"},
        {"https://xeco.taobao.com/router/rest", "https://xeco.taobao.com/router/rest"},
    };
    struct endpoint endpoint;
    struct error err;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(endpoint_parse(cases[i].url, false, &endpoint, &err), 0);
        assert_string_equal(endpoint.url, cases[i].normalised);
        assert_string_equal(endpoint.platform, cases[i].normalised);
    }
}

static void plain_http_is_for_loopback_only(void **state)
{
    static const struct {
        const char *url;
        bool is_loopback;
    } cases[] = {
        {"http://127.0.0.1/router/rest", true},
        {"http://127.8.9.10:99/router/rest", true},
        {"http://LOCALHOST:99/router/rest", true},
        {"http://[::1]/router/rest", true},
        {"http://eco.taobao.com/router/rest", false},
        {"http://10.0.0.1/router/rest", false},
        {"http://128.0.0.1/router/rest", false},
        {"http://127.0.0.1.example.net/router/rest", false},
        {"http://localhost.example.net/router/rest", false},
        {"http://[::2]/router/rest", false},
        {"http://[::ffff:10.0.0.1]/router/rest", false},
    };
    struct endpoint endpoint;
    struct error err;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int result = endpoint_parse(cases[i].url, false, &endpoint, &err);

        if ((result == 0) != cases[i].is_loopback)
            fail_msg("%s", cases[i].url);
        if (result)
            assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
        assert_int_equal(endpoint_parse(cases[i].url, true, &endpoint, &err), 0);
    }
}

static void url_that_carries_more_than_a_place_is_refused(void **state)
{
    static const char *const urls[] = {
        "",
        "eco.taobao.com/router/rest",
        "ftp://eco.taobao.com/router/rest",
        "file:///etc/passwd",
        "https://",
        "https://user@eco.taobao.com/router/rest",
        "https://user:word@eco.taobao.com/router/rest",
        "https://eco.taobao.com/router/rest?method=x",
        "https://eco.taobao.com/router/rest#x",
        "https://eco.taobao.com:99999/router/rest",
        "https://eco taobao.com/router/rest",
    };
    struct endpoint endpoint;

    (void)state;
    for (size_t i = 0; i < COUNT(urls); i++) {
        struct error err = {0};

        if (endpoint_parse(urls[i], true, &endpoint, &err) == 0)
            fail_msg("'%s' became '%s'", urls[i], endpoint.url);
        assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    }
}

static void host_name_that_is_too_long_is_refused(void **state)
{
    struct endpoint endpoint;
    struct error err;
    char url[400];

    (void)state;
    snprintf(url, sizeof(url), "https://g%0252d/", 1);
    assert_int_equal(endpoint_parse(url, false, &endpoint, &err), 0);
    snprintf(url, sizeof(url), "https://g%0253d/", 1);
    assert_int_equal(endpoint_parse(url, false, &endpoint, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
}

static void url_that_is_too_long_is_refused(void **state)
{
    char url[2 * ENDPOINT_BYTES] = "https://eco.taobao.com/";
    struct endpoint endpoint;
    struct error err = {0};

    (void)state;
    memset(url + strlen(url), 'a', sizeof(url) - strlen(url) - 1);
    assert_int_equal(endpoint_parse(url, false, &endpoint, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
}

static void calls_of_several_claims_go_beside_the_single_ones(void **state)
{
    static const struct {
        const char *url, *batch; /* NULL: there is none */
    } cases[] = {
        {"https://eco.taobao.com/router/rest", "https://eco.taobao.com/router/batch"},
        {"http://127.0.0.1:8080/x/router/rest", "http://127.0.0.1:8080/x/router/batch"},
        {"https://eco.taobao.com/router/batch", NULL},
        {"https://eco.taobao.com/router/rest/", NULL},
        {"https://eco.taobao.com/", NULL},
    };
    struct endpoint endpoint;
    char url[ENDPOINT_BYTES];
    struct error err;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(endpoint_parse(cases[i].url, false, &endpoint, &err), 0);
        assert_int_equal(endpoint_batch_url(&endpoint, url, &err), cases[i].batch ? 0 : -1);
        if (cases[i].batch)
            assert_string_equal(url, cases[i].batch);
        else
            assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    }
    memset(endpoint.url, 'a', sizeof(endpoint.url));
    strcpy(endpoint.url + ENDPOINT_BYTES - sizeof("/router/rest"), "/router/rest");
    assert_int_equal(endpoint_batch_url(&endpoint, url, &err), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(production_hosts_are_one_platform),
        cmocka_unit_test(other_gateways_are_their_own_platform),
        cmocka_unit_test(plain_http_is_for_loopback_only),
        cmocka_unit_test(url_that_carries_more_than_a_place_is_refused),
        cmocka_unit_test(host_name_that_is_too_long_is_refused),
        cmocka_unit_test(url_that_is_too_long_is_refused),
        cmocka_unit_test(calls_of_several_claims_go_beside_the_single_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
