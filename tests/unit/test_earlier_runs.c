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
#include "folder.h"
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

/* Two that nobody can read, as they lead to themselves, and which was seen first. */
struct pair {
    int folder, seen;
    char other[64];
};

static const char *const starts[] = {"a.csv.started.json", "b.csv.started.json"};

static void link_to_nowhere(const struct pair *pair, const char *name)
{
    assert_int_equal(symlinkat("loop", pair->folder, name), 0);
}

/* Moves the other one away before it is looked at. */
static int move_other(void *context, const struct earlier_run *earlier_run, struct error *err)
{
    struct pair *pair = context;
    const char *name = strrchr(earlier_run->path, '/') + 1;

    (void)err;
    assert_non_null(earlier_run->unread);
    if (!pair->seen++) {
        strcpy(pair->other, starts[strcmp(name, starts[0]) == 0]);
        assert_int_equal(renameat(pair->folder, pair->other, pair->folder, "c.csv.started.json"),
                         0);
    }
    return 0;
}

static void what_is_moved_while_the_folder_is_looked_at_is_seen(void **state)
{
    struct folder *folder = *state;
    const char *const file[] = {folder->file};
    struct pair pair = {.folder = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    struct error err = {0};

    link_to_nowhere(&pair, "loop");
    for (size_t i = 0; i < 2; i++)
        link_to_nowhere(&pair, starts[i]);
    assert_int_equal(earlier_runs_visit(file, 1, move_other, &pair, &err), 0);
    assert_int_equal(pair.seen, 2);
    close(pair.folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_folder_without_manifests_tells_nothing),
        cmocka_unit_test(a_folder_that_is_not_there_tells_nothing),
        cmocka_unit_test(a_folder_that_cannot_be_listed_for_want_of_descriptors_is_an_error),
        cmocka_unit_test_setup_teardown(what_is_moved_while_the_folder_is_looked_at_is_seen,
                                        make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
