/* Unit tests of ledger/postgres/alive/host_lock: what the kernel tells of workers of this host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "folder.h"
#include "holder.h"
#include "ledger/postgres/alive/host_lock.h"

static struct error err;

static struct host_lock open_lock(const char *path)
{
    struct host_lock lock;

    if (host_lock_open(path, &lock, &err))
        fail_msg("%s", err.text);
    return lock;
}

static void a_file_has_one_name_of_its_own(void **state)
{
    const struct folder *folder = *state;
    char other[160];
    struct host_lock first = open_lock(folder->file), again = open_lock(folder->file), second;

    snprintf(other, sizeof(other), "%s/other", folder->path);
    second = open_lock(other);
    assert_int_equal(strlen(first.place), HOST_LOCK_NAME_BYTES - 1);
    assert_string_equal(first.place, again.place);
    assert_string_not_equal(first.place, second.place);
    assert_string_equal(first.boot, second.boot);
    assert_true(host_lock_is_here(&first, again.place, again.boot));
    assert_false(host_lock_is_here(&first, second.place, second.boot));
    assert_false(host_lock_is_here(&first, again.place, "another boot"));
    host_lock_close(&first);
    host_lock_close(&again);
    host_lock_close(&second);
    host_lock_close(&second);
}

static void of_many_who_make_it_all_have_its_name(void **state)
{
    const struct folder *folder = *state;
    char names[8][HOST_LOCK_NAME_BYTES];
    int pipes[2];

    assert_int_equal(pipe(pipes), 0);
    for (int i = 0; i < 8; i++)
        if (fork() == 0) {
            struct host_lock lock;

            _exit(host_lock_open(folder->file, &lock, &err) ||
                  write(pipes[1], lock.place, sizeof(lock.place)) != sizeof(lock.place));
        }
    for (int i = 0, status; i < 8; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
        assert_int_equal(read(pipes[0], names[i], sizeof(names[i])), sizeof(names[i]));
        assert_string_equal(names[i], names[0]);
    }
    close(pipes[0]);
    close(pipes[1]);
}

static void a_name_that_was_cut_is_replaced(void **state)
{
    const struct folder *folder = *state;
    struct host_lock lock;

    write_file(folder->file, "0123", 4, 0600);
    lock = open_lock(folder->file);
    assert_int_equal(strlen(lock.place), HOST_LOCK_NAME_BYTES - 1);
    host_lock_close(&lock);
}

static int take_7(const void *path)
{
    struct host_lock lock;

    return host_lock_open(path, &lock, &err) || host_lock_take(&lock, 7, &err);
}

static void a_worker_is_dead_when_its_process_is(void **state)
{
    const struct folder *folder = *state;
    struct host_lock lock = open_lock(folder->file);
    const char *no = "00000000-0000-0000-0000-000000000000";
    struct holder holder = holder_start(take_7, folder->file);

    assert_false(host_lock_knows_dead(&lock, lock.place, lock.boot, 7));
    assert_int_equal(host_lock_take(&lock, 7, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    assert_true(host_lock_knows_dead(&lock, lock.place, lock.boot, 8));
    holder_end(&holder);
    assert_true(host_lock_knows_dead(&lock, lock.place, lock.boot, 7));
    assert_false(host_lock_knows_dead(&lock, no, lock.boot, 7));
    assert_false(host_lock_knows_dead(&lock, lock.place, no, 7));
    assert_int_equal(host_lock_take(&lock, 7, &err), 0);
    host_lock_close(&lock);
}

static void what_is_not_ours_is_not_opened(void **state)
{
    const struct folder *folder = *state;
    char nowhere[160];
    struct host_lock lock;

    assert_int_equal(symlink("/dev/null", folder->file), 0);
    assert_int_equal(host_lock_open(folder->file, &lock, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    assert_int_equal(lock.fd, -1);
    snprintf(nowhere, sizeof(nowhere), "%s/no/file", folder->path);
    assert_int_equal(host_lock_open(nowhere, &lock, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_file_has_one_name_of_its_own),
        IN_FOLDER(of_many_who_make_it_all_have_its_name),
        IN_FOLDER(a_name_that_was_cut_is_replaced),
        IN_FOLDER(a_worker_is_dead_when_its_process_is),
        IN_FOLDER(what_is_not_ours_is_not_opened),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
