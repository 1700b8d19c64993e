/* Unit tests of gateway/proxy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "gateway/endpoint.h"
#include "gateway/proxy.h"

static const char *const variables[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                        "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

static int clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
        unsetenv(variables[i]);
    return 0;
}

static int find(const char *gateway, struct proxy *ret_proxy, struct error *err)
{
    struct endpoint endpoint;

    assert_int_equal(endpoint_parse(gateway, true, &endpoint, err), 0);
    return proxy_find(&endpoint, ret_proxy, err);
}

static void loopback_is_reached_directly(void **state)
{
    static const char *const gateways[] = {"http://127.0.0.1:8080/", "http://localhost/x",
                                           "http://[::1]/", "https://127.1.2.3/",
                                           "https://LOCALHOST/"};
    struct proxy proxy;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++)
        setenv(variables[i], "http://10.0.0.1:3128", 1);
    for (size_t i = 0; i < sizeof(gateways) / sizeof(*gateways); i++) {
        assert_int_equal(find(gateways[i], &proxy, &err), 0);
        assert_string_equal(proxy.url, "");
    }
}

static void variable_of_the_scheme_comes_before_that_of_all(void **state)
{
    struct proxy proxy;
    struct error err;

    (void)state;
    setenv("HTTP_PROXY", "http://never:1", 1);
    assert_int_equal(find("http://example.com/", &proxy, &err), 0);
    assert_string_equal(proxy.url, "");
    setenv("all_proxy", "socks5h://a:1", 1);
    assert_int_equal(find("http://example.com/", &proxy, &err), 0);
    assert_string_equal(proxy.variable, "all_proxy");
    setenv("http_proxy", "http://b:1", 1);
    setenv("HTTPS_PROXY", "http://c:1", 1);
    setenv("NO_PROXY", "x.com", 1);
    assert_int_equal(find("http://example.com/", &proxy, &err), 0);
    assert_string_equal(proxy.url, "http://b:1");
    assert_string_equal(proxy.except, "x.com");
    assert_int_equal(find("https://example.com/", &proxy, &err), 0);
    assert_string_equal(proxy.url, "http://c:1");
}

static void malformed_proxy_is_refused_without_its_value(void **state)
{
    static const char *const values[] = {
        "http://corp:pa/ss@10.0.0.1:3128", "http://corp:12/ss@10.0.0.1:3128",
        "http://corp:pa#ss@10.0.0.1:3128", "http://corp:pa?ss@10.0.0.1:3128",
        "http://corp:pass@10.0.0.1:99999", "ftp://corp:pass@10.0.0.1",
        "http://corp:pa ss@10.0.0.1",      "http://",
        "http://corp:pass@10.0.0.1/path",  "corp:pa/ss@10.0.0.1:3128",
    };
    struct proxy proxy;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        struct buffer text = {0};

        setenv("https_proxy", values[i], 1);
        assert_int_equal(find("https://example.com/", &proxy, &err), -1);
        assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
        assert_non_null(strstr(err.text, "https_proxy"));
        assert_null(strstr(err.text, "corp"));
        proxy_describe(&proxy, &text);
        assert_null(strstr(buffer_string(&text), "corp"));
        buffer_release(&text);
    }
}

static void password_is_masked(void **state)
{
    static const struct {
        const char *value, *shown;
    } cases[] = {
        {"http://corp:pa%2Fss@10.0.0.1:3128/", "# proxy: http://***@10.0.0.1:3128 ("},
        {"corp:pass@proxy.corp:3128", "# proxy: http://***@proxy.corp:3128 ("},
        {"10.0.0.1:3128", "# proxy: http://10.0.0.1:3128 ("},
        {"socks5h://u@[2001:db8::1]:1080", "# proxy: socks5h://***@[2001:db8::1]:1080 ("},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct buffer text = {0};
        struct proxy proxy;
        struct error err;

        setenv("https_proxy", cases[i].value, 1);
        assert_int_equal(find("https://example.com/", &proxy, &err), 0);
        assert_string_equal(proxy.url, cases[i].value);
        proxy_describe(&proxy, &text);
        assert_ptr_equal(strstr(buffer_string(&text), cases[i].shown), buffer_string(&text));
        buffer_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(loopback_is_reached_directly, clear),
        cmocka_unit_test_setup(variable_of_the_scheme_comes_before_that_of_all, clear),
        cmocka_unit_test_setup(malformed_proxy_is_refused_without_its_value, clear),
        cmocka_unit_test_setup(password_is_masked, clear),
    };

    return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}
