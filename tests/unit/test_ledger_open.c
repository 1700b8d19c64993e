/* Unit tests of ledger: the file, its place, and whose it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger_words.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void new_ledger_is_made_with_its_folders_for_its_owner_only(void **state)
{
    struct place *place = *state;
    struct ledger *ledger;
    struct stat status;
    char path[256];
    char folder[128];
    mode_t old = umask(0);

    snprintf(folder, sizeof(folder), "%s/a/b", place->folder);
    snprintf(path, sizeof(path), "%s/ledger.db", folder);
    ledger = open_ledger(path);
    umask(old);
    assert_true(ledger_is_new(ledger));
    assert_string_equal(ledger_path(ledger), path);
    assert_int_equal(strlen(ledger_id(ledger)), LEDGER_ID_BYTES - 1);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(stat(folder, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    ledger_close(ledger);

    unlink(path);
    strcat(path, ".lock");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    unlink(path);
    rmdir(folder);
    *strrchr(folder, '/') = '\0';
    rmdir(folder);
}

static void ledger_keeps_its_id(void **state)
{
    struct place *place = *state;
    char id[LEDGER_ID_BYTES];

    snprintf(id, sizeof(id), "%s", ledger_id(place->ledger));
    assert_true(ledger_is_new(place->ledger));
    ledger_close(place->ledger);
    place->ledger = open_ledger(place->path);
    assert_false(ledger_is_new(place->ledger));
    assert_string_equal(ledger_id(place->ledger), id);
}

static void file_that_is_no_database_is_refused(void **state)
{
    static const char text[] =
        "row,workcard_id,claim_desc\n2,815,this is somebody's report and must "
        "stay as it is\n";
    struct place *place = *state;
    struct ledger *ledger;
    struct stat status;
    int fd = open(place->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    close(fd);
    assert_int_equal(ledger_open(place->path, &ledger, &err), -1);
    assert_null(ledger);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_int_equal(stat(place->path, &status), 0);
    assert_int_equal(status.st_size, sizeof(text) - 1);
}

static void database_of_another_program_is_refused_and_left_alone(void **state)
{
    struct place *place = *state;
    struct ledger *ledger;

    run_sql(place->path, "CREATE TABLE songs(title TEXT)");
    assert_int_equal(ledger_open(place->path, &ledger, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_int_equal(run_sql(place->path, "SELECT count(*) FROM sqlite_master"), 1);
    assert_int_equal(run_sql(place->path, "SELECT count(*) FROM pragma_journal_mode"
                                          " WHERE journal_mode='delete'"),
                     1);
}

static void ledger_of_a_newer_version_is_refused(void **state)
{
    struct place *place = *state;
    char pragma[64];

    ledger_close(place->ledger);
    place->ledger = NULL;
    snprintf(pragma, sizeof(pragma), "PRAGMA user_version=%d", LEDGER_SCHEMA + 1);
    run_sql(place->path, pragma);
    assert_int_equal(ledger_open(place->path, &place->ledger, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "newer"));
}

static void ledger_that_cannot_be_made_is_an_error(void **state)
{
    struct place *place = *state;
    struct ledger *ledger;

    assert_int_equal(ledger_open("/proc/ledger.db", &ledger, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    assert_int_equal(ledger_open(place->folder, &ledger, &err), -1);
    assert_true(err.exit_code == EXIT_CANNOT_CREATE || err.exit_code == EXIT_BAD_CONFIG);
    ledger_close(NULL);
}

static void default_place_comes_from_the_environment(void **state)
{
    static const struct {
        const char *state_directory, *xdg, *home, *path;
    } cases[] = {
        {"/var/lib/claimbatch", "/x", "/h", "/var/lib/claimbatch/ledger.db"},
        {NULL, "/x", "/h", "/x/claimbatch/ledger.db"},
        {"", "/x", "/h", "/x/claimbatch/ledger.db"},
        {"/first:/second", NULL, NULL, "/first/ledger.db"},
        {NULL, "relative", "/h", NULL},
        {"relative", "/x", "/h", NULL},
        {":/second", "/x", "/h", NULL},
        {NULL, NULL, "relative", NULL},
        {NULL, NULL, "/h", "/h/.local/state/claimbatch/ledger.db"},
        {NULL, NULL, NULL, NULL},
        {"", "", "", NULL},
    };
    static const char *const names[] = {"STATE_DIRECTORY", "XDG_STATE_HOME", "HOME"};
    struct buffer path = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *const values[] = {cases[i].state_directory, cases[i].xdg, cases[i].home};

        for (size_t j = 0; j < COUNT(names); j++) {
            unsetenv(names[j]);
            if (values[j])
                setenv(names[j], values[j], 1);
        }
        buffer_reset(&path);
        assert_int_equal(ledger_default_path(&path, &err), cases[i].path ? 0 : -1);
        if (cases[i].path)
            assert_string_equal(buffer_string(&path), cases[i].path);
        else
            assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    }
    buffer_release(&path);
}

static void ledger_is_made_once_by_many_processes(void **state)
{
    enum { PROCESSES = 4 };
    struct place *place = *state;
    pid_t children[PROCESSES];

    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            struct ledger *ledger = NULL;

            _exit(ledger_open(place->path, &ledger, &err) != 0);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;

        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    place->ledger = open_ledger(place->path);
    assert_int_equal(run_sql(place->path, "SELECT count(*) FROM meta WHERE name='id'"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_PLACE(new_ledger_is_made_with_its_folders_for_its_owner_only),
        WITH_LEDGER(ledger_keeps_its_id),
        IN_PLACE(file_that_is_no_database_is_refused),
        IN_PLACE(database_of_another_program_is_refused_and_left_alone),
        WITH_LEDGER(ledger_of_a_newer_version_is_refused),
        IN_PLACE(ledger_that_cannot_be_made_is_an_error),
        cmocka_unit_test(default_place_comes_from_the_environment),
        IN_PLACE(ledger_is_made_once_by_many_processes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
