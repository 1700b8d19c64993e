/* Which hosts of a server are this one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buffer.h"
#include "ledger/postgres/host.h"

static bool all_local(const char *list)
{
    bool is = false;

    host_count(list, &is);
    return is;
}

static void sockets_and_loopback_are_this_host(void **state)
{
    (void)state;
    assert_true(all_local(NULL));
    assert_true(all_local(""));
    assert_true(all_local("/run/postgresql"));
    assert_true(all_local("@abstract"));
    assert_true(all_local("localhost"));
    assert_true(all_local("127.0.0.1"));
    assert_true(all_local("127.8.0.1,::1,/tmp,localhost"));
}

static void whatever_is_like_them_is_another_host(void **state)
{
    (void)state;
    assert_false(all_local("db"));
    assert_false(all_local("127.0.0.1.example"));
    assert_false(all_local("localhost.example"));
    assert_false(all_local("128.0.0.1"));
    assert_false(all_local("::2"));
    assert_false(all_local("::ffff:10.0.0.1"));
    assert_false(all_local("0.0.0.0"));
    assert_false(all_local("a-name-that-is-longer-than-any-address-could-be-written.example"));
}

static void one_that_is_not_makes_the_list_so(void **state)
{
    (void)state;
    assert_false(all_local("localhost,db"));
    assert_false(all_local("db,localhost"));
    assert_false(all_local(",db"));
    assert_true(all_local("localhost,"));
}

static void expect_nth(const char *list, size_t place, const char *expected)
{
    struct buffer host = {0};

    host_nth(list, place, &host);
    assert_string_equal(buffer_string(&host), expected);
    buffer_release(&host);
}

static void each_of_them_can_be_had(void **state)
{
    (void)state;
    expect_nth("db1,db2,db3", 0, "db1");
    expect_nth("db1,db2,db3", 1, "db2");
    expect_nth("db1,db2,db3", 2, "db3");
    expect_nth("db1,,db3", 1, "");
    expect_nth("db1,db2", 2, "");
    expect_nth("5433", 2, "5433"); /* a port of all */
}

static void hosts_are_counted(void **state)
{
    bool is;

    (void)state;
    assert_int_equal(host_count(NULL, &is), 1);
    assert_int_equal(host_count("db", &is), 1);
    assert_int_equal(host_count("db1,db2,db3", &is), 3);
    assert_int_equal(host_count("db1,", &is), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_and_loopback_are_this_host),
        cmocka_unit_test(whatever_is_like_them_is_another_host),
        cmocka_unit_test(one_that_is_not_makes_the_list_so),
        cmocka_unit_test(each_of_them_can_be_had),
        cmocka_unit_test(hosts_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
