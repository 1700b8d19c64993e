/* What names a ledger on a server, and that it has no password in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "ledger/postgres/server_url.h"

static void a_url_of_a_server_is_no_file(void **state)
{
    (void)state;
    assert_true(server_url_is("postgresql://"));
    assert_true(server_url_is("postgres://db/claims"));
    assert_false(server_url_is("postgresql:/db"));
    assert_false(server_url_is("./postgresql://db"));
    assert_false(server_url_is("POSTGRESQL://db"));
    assert_false(server_url_is(""));
}

static void who_and_where_may_be_said(void **state)
{
    static const char *const urls[] = {
        "ledger.db",
        "postgresql://",
        "postgresql:///claims",
        "postgresql://clerk@db1,db2:5433/claims",
        "postgres://clerk@[2001:db8::1]:5432/claims?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgresql:///claims?host=/run/postgresql&user=clerk",
        "postgresql://db/claims?",
    };
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++)
        assert_int_equal(server_url_check(urls[i], &err), 0);
}

static void a_password_is_refused_and_not_repeated(void **state)
{
    static const char *const urls[] = {
        "postgresql://clerk:geheim@db/claims",
        "postgresql://clerk:ge/heim@db/claims",
        "postgresql://clerk:geheim@db1,db2/claims?sslmode=verify-full",
        "postgresql://db/claims?password=geheim",
        "postgresql://db/claims?user=clerk&password=geheim",
        "postgresql://db/claims?sslpassword=geheim",
        "postgresql://:@geheim/claims",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        struct error err = {0};

        assert_int_equal(server_url_check(urls[i], &err), -1);
        assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
        assert_non_null(strstr(err.text, "has a password in it"));
        assert_null(strstr(err.text, "heim"));
    }
}

static void what_the_program_says_itself_is_refused(void **state)
{
    static const char *const urls[] = {
        "postgresql://db/claims?options=-csynchronous_commit%3Doff",
        "postgresql://db/claims?service=claims",
        "postgresql://db/claims?user=clerk&gssencmode=prefer",
        "postgresql://db/claims?pass%77ord=geheim",
        "postgresql://db/claims?target_session_attrs=any",
        "postgresql://db/claims?&user=clerk",
        "postgresql://db/claims?geheim",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        struct error err = {0};

        assert_int_equal(server_url_check(urls[i], &err), -1);
        assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
        assert_non_null(strstr(err.text, "a parameter that is not taken"));
        assert_null(strstr(err.text, "geheim"));
    }
}

/* Goal: no ledger is made in a file where somebody meant a server, or another folder. */
static void an_address_of_another_kind_is_no_path(void **state)
{
    static const char *const others[] = {
        "PostgreSQL://clerk@db/claims",
        " postgresql://db/claims",
        "\"postgresql://db/claims\"",
        "jdbc:postgresql://db/claims",
        "mysql://db/claims",
        "sqlite:///srv/ledger.db",
        "postgresql:claims",
        "postgres:/db/claims",
        "file:ledger.db",
        "C:\\claims\\ledger.db",
        "host=db dbname=claims",
        "dbname = claims",
        "service=claims",
        "~/ledger.db",
        "$HOME/ledger.db",
        "%h/ledger.db",
        "postgresql+ssl://db",
        "Postgresql://clerk:geheim@db",
    };
    static const char *const paths[] = {
        "ledger.db",
        "./postgresql://db",
        "/srv/a:b/ledger.db",
        "./host=db",
        "./~/ledger.db",
        "claims-a+b.db",
        "2026:claims.db",
        "name=claims",
        "hosts=db",
        ":memory:",
        "ledger.db~",
        "a$b",
        "-",
        "x/mysql:db",
        "=",
    };
    struct error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        if (server_url_check(others[i], &err) != -1)
            fail_msg("taken: %s", others[i]);
        assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
        assert_null(strstr(err.text, "geheim"));
    }
    for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
        if (server_url_check(paths[i], &err))
            fail_msg("refused: %s: %s", paths[i], err.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_url_of_a_server_is_no_file),
        cmocka_unit_test(who_and_where_may_be_said),
        cmocka_unit_test(an_address_of_another_kind_is_no_path),
        cmocka_unit_test(a_password_is_refused_and_not_repeated),
        cmocka_unit_test(what_the_program_says_itself_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
