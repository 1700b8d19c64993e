/* Room on the disk: what is asked for before, and what is held in reserve. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "ledger/store/space.h"

static char folder[] = "/tmp/claimbatch-space-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void path_in_folder(char ret_path[64])
{
    snprintf(ret_path, 64, "%s/ledger.db", folder);
}

static void space_refuses_what_the_disk_cannot_hold(void **state)
{
    struct error err = {0};
    char path[64];

    (void)state;
    path_in_folder(path);
    assert_int_equal(space_check(path, 1, "ledger", &err), 0);
    assert_int_equal(space_check(path, UINT64_MAX / 2, "ledger", &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    assert_non_null(strstr(err.text, "nothing was sent"));
    assert_non_null(strstr(err.text, path));
}

static void space_refuses_a_reserve_that_finds_no_room(void **state)
{
    struct error err = {0};
    struct space *space = NULL;
    char path[64];

    (void)state;
    path_in_folder(path);
    assert_int_equal(space_reserve(path, UINT64_C(1) << 60, &space, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    assert_null(space);
}

/* The folder can be removed at the end of the tests: nothing with a name is in it. */
static void space_takes_room_without_a_name_and_gives_it_back(void **state)
{
    struct error err = {0};
    struct space *space = NULL;
    char path[64];

    (void)state;
    path_in_folder(path);
    assert_int_equal(space_reserve(path, 1 << 20, &space, &err), 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_false(space_is_tight(space));
    space_release(space);
    space_release(NULL);
}

/* 16 KiB a call, as measured; twenty claims a call need less than twenty calls, and more than one.
 */
static void space_of_calls_covers_what_was_measured(void **state)
{
    uint64_t none = space_of_calls(0, 20);

    (void)state;
    assert_true(none == 2 << 20);
    assert_true(space_of_calls(1, 1) - none == 16 << 10);
    assert_true(space_of_calls(1, 5) - none >= 54 << 10);
    assert_true(space_of_calls(1, 20) - none >= 197 << 10);
    assert_true(space_of_calls(1, 20) - none < 20 * 16 << 10);
    assert_true(space_of_calls(8192, 20) - none == 8192 * (space_of_calls(1, 20) - none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(space_refuses_what_the_disk_cannot_hold),
        cmocka_unit_test(space_refuses_a_reserve_that_finds_no_room),
        cmocka_unit_test(space_takes_room_without_a_name_and_gives_it_back),
        cmocka_unit_test(space_of_calls_covers_what_was_measured),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
