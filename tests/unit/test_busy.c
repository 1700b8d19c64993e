/* Whether it is another process that a run waits for when the ledger is busy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>

#include "holder.h"
#include "ledger/store/database.h"
#include "ledger_place.h"

/* The program's own locks fail, as on a share whose server is gone; SQLite's do not. */
static bool no_locks;

int __real_fcntl64(int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, void *argument);

int __wrap_fcntl64(int fd, int command, void *argument)
{
    if (no_locks && command == F_GETLK) {
        errno = EIO;
        return -1;
    }
    return __real_fcntl64(fd, command, argument);
}

static int begin_to_write(const void *path)
{
    sqlite3 *db = NULL;

    return sqlite3_open(path, &db) ||
           sqlite3_exec(db, "BEGIN IMMEDIATE; DELETE FROM row", NULL, NULL, NULL);
}

static void another_process_is_told_from_nobody(void **state)
{
    struct place *place = *state;
    struct holder holder;

    create_run(place->ledger, 1);
    assert_false(ledger_is_held(place->ledger));
    holder = holder_start(begin_to_write, place->path);
    assert_true(ledger_is_held(place->ledger));
    holder_end(&holder);
    assert_false(ledger_is_held(place->ledger));
}

/* A run would wait for it without an end. */
static void locks_that_fail_are_nobody(void **state)
{
    struct place *place = *state;

    create_run(place->ledger, 1);
    no_locks = true;
    assert_false(ledger_is_held(place->ledger));
    no_locks = false;
}

static void check_begin(struct ledger *ledger, int exit_code)
{
    assert_int_equal(ledger_begin(ledger, &err), -1);
    assert_int_equal(err.exit_code, exit_code);
}

static void a_begin_is_of_use_later_while_somebody_holds_the_ledger(void **state)
{
    struct place *place = *state;
    struct holder holder;

    create_run(place->ledger, 1);
    sqlite3_busy_timeout(place->ledger->db, 0);
    holder = holder_start(begin_to_write, place->path);
    for (int i = 0; i < 3; i++)
        check_begin(place->ledger, EXIT_TRY_LATER);
    holder_end(&holder);
    begin(place->ledger);
    ledger_rollback(place->ledger);
}

static void a_begin_that_nobody_hinders_twice_in_a_row_is_of_no_use(void **state)
{
    struct place *place = *state;

    create_run(place->ledger, 1);
    sqlite3_busy_timeout(place->ledger->db, 0);
    no_locks = true;
    for (int i = 0; i < 2; i++) {
        struct holder holder = holder_start(begin_to_write, place->path);

        check_begin(place->ledger, EXIT_TRY_LATER);
        if (i == 1)
            check_begin(place->ledger, EXIT_CANNOT_WRITE);
        holder_end(&holder);
        begin(place->ledger); /* from now on it is counted anew */
        ledger_rollback(place->ledger);
    }
    no_locks = false;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LEDGER(another_process_is_told_from_nobody),
        WITH_LEDGER(locks_that_fail_are_nobody),
        WITH_LEDGER(a_begin_is_of_use_later_while_somebody_holds_the_ledger),
        WITH_LEDGER(a_begin_that_nobody_hinders_twice_in_a_row_is_of_no_use),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
