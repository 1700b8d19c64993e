/* Manifests beside an export: what cannot be looked at is no silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "report/manifest/earlier_runs.h"

static int count(void *context, const struct earlier_run *earlier_run, struct error *err)
{
    int *seen = context;

    (void)earlier_run, (void)err;
    (*seen)++;
    return 0;
}

static const char *const files[] = {"claims.csv", NULL, "claims.report.csv"};

static void a_folder_without_manifests_tells_nothing(void **state)
{
    struct error err = {0};
    int seen = 0;

    (void)state;
    assert_int_equal(earlier_runs_visit(files, 3, count, &seen, &err), 0);
    assert_int_equal(seen, 0);
}

static void a_folder_that_is_not_there_tells_nothing(void **state)
{
    static const char *const absent[] = {"no/such/folder/claims.csv"};
    struct error err = {0};
    int seen = 0;

    (void)state;
    assert_int_equal(earlier_runs_visit(absent, 1, count, &seen, &err), 0);
    assert_int_equal(seen, 0);
}

static void a_folder_that_cannot_be_listed_for_want_of_descriptors_is_an_error(void **state)
{
    struct rlimit before, none;
    struct error err = {0};
    int seen = 0;
    int result;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    result = earlier_runs_visit(files, 3, count, &seen, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(result, -1);
    assert_int_equal(err.exit_code, EXIT_RESOURCES);
    assert_non_null(strstr(err.text, "cannot look for reports of earlier runs in the folder '.'"));
    assert_non_null(strstr(err.text, "nothing was sent"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_without_manifests_tells_nothing),
        cmocka_unit_test(a_folder_that_is_not_there_tells_nothing),
        cmocka_unit_test(a_folder_that_cannot_be_listed_for_want_of_descriptors_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
