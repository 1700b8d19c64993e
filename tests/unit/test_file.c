/* Unit tests of base/file/file: locked, written, published, read and removed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file/file.h"
#include "folder.h"

static void locked_file_is_empty_and_owner_only(void **state)
{
    struct folder *folder = *state;
    struct error err = {0};
    struct stat status;
    int fd;

    write_file(folder->file, "left behind", 11, 0644);
    fd = file_create_locked(folder->file, &err);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_size, 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(file_write(fd, folder->file, "new", 3, &err), 0);
    assert_int_equal(file_sync(fd, folder->file, &err), 0);
    assert_int_equal(file_sync_folder(folder->file, &err), 0);
    close(fd);
}

/* What is said on standard error goes to `folder`'s file. */
static void discard_listened(struct folder *folder, const char *path)
{
    int terminal = dup(STDERR_FILENO);
    int fd = open(folder->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0 && terminal >= 0);
    dup2(fd, STDERR_FILENO);
    errno = ENOSPC;
    file_discard(path);
    assert_int_equal(errno, ENOSPC);
    dup2(terminal, STDERR_FILENO);
    close(terminal);
    close(fd);
}

/* A folder is what unlink refuses, whoever asks. */
static void what_cannot_be_removed_is_told(void **state)
{
    struct folder *folder = *state;
    struct stat status;
    char other[128];

    snprintf(other, sizeof(other), "%s/other", folder->path);
    write_file(other, "x", 1, 0600);
    discard_listened(folder, other);
    assert_int_equal(stat(other, &status), -1);
    discard_listened(folder, other);
    assert_int_equal(stat(folder->file, &status), 0);
    assert_int_equal(status.st_size, 0);
    discard_listened(folder, folder->path);
    assert_int_equal(stat(folder->file, &status), 0);
    assert_true(status.st_size > 0);
}

/* Goal: what a caller may replace, a regular file, is told from all else that may stand there. */
static void what_stands_at_a_path_is_told(void **state)
{
    struct folder *folder = *state;
    char other[512];

    snprintf(other, sizeof(other), "%s/other", folder->path);
    assert_int_equal(file_look(folder->file), FILE_NONE);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(symlink(other, folder->file), 0);
    assert_int_equal(file_look(folder->file), FILE_OTHER); /* though it leads nowhere */
    write_file(other, "x", 1, 0600);
    assert_int_equal(file_look(folder->file), FILE_OTHER);
    assert_int_equal(file_look(other), FILE_REGULAR);
    assert_int_equal(file_look(folder->path), FILE_OTHER);
    unlink(other);
    assert_int_equal(mkfifo(other, 0600), 0);
    assert_int_equal(file_look(other), FILE_OTHER);
    snprintf(other, sizeof(other), "%s/%0*d", folder->path, 256, 0);
    assert_int_equal(file_look(other), FILE_NONE);
}

static void beginning_of_a_file_is_compared(void **state)
{
    static const struct {
        const char *content, *beginning;
        bool begins;
    } cases[] = {
        {"row,outcome\n1", "row,", true}, {"row,", "row,", true},
        {"row", "row,", false},           {"", "row,", false},
        {"Row,", "row,", false},          {"", "", true},
    };
    struct folder *folder = *state;
    char many[FILE_BEGINNING + 1] = "";

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        write_text(folder->file, cases[i].content);
        assert_int_equal(
            file_begins_with(folder->file, cases[i].beginning, strlen(cases[i].beginning)),
            cases[i].begins);
    }
    write_file(folder->file, many, sizeof(many), 0600);
    assert_true(file_begins_with(folder->file, many, FILE_BEGINNING));
    assert_false(file_begins_with(folder->file, many, FILE_BEGINNING + 1));
    assert_false(file_begins_with(folder->path, "row,", 4));
    unlink(folder->file);
    assert_false(file_begins_with(folder->file, "", 0));
    assert_int_equal(mkfifo(folder->file, 0600), 0);
    assert_false(file_begins_with(folder->file, "row,", 4)); /* nor is it waited for */
}

static void name_is_looked_at_without_making_it(void **state)
{
    struct folder *folder = *state;
    struct error err = {0};
    struct stat status;
    char path[512];

    snprintf(path, sizeof(path), "%s/%0*d", folder->path, 255, 0);
    assert_int_equal(file_check_name(path, &err), 0);
    assert_int_equal(lstat(path, &status), -1);
    assert_int_equal(file_check_name(folder->path, &err), 0);
    snprintf(path, sizeof(path), "%s/%0*d", folder->path, 256, 0);
    assert_int_equal(file_check_name(path, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
}

static void locked_file_has_one_holder(void **state)
{
    struct folder *folder = *state;
    struct error err = {0};
    int status = -1;
    int fd = file_create_locked(folder->file, &err);
    pid_t child;

    assert_true(fd >= 0);
    assert_int_equal(file_write(fd, folder->file, "mine", 4, &err), 0);
    child = fork();
    if (child == 0) {
        close(fd);
        _exit(file_create_locked(folder->file, &err) < 0 ? err.exit_code : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), EXIT_TRY_LATER);
    assert_int_equal(lseek(fd, 0, SEEK_END), 4);
    close(fd);
    fd = file_create_locked(folder->file, &err);
    assert_true(fd >= 0);
    close(fd);
}

static void locked_file_that_was_renamed_away_is_no_obstacle(void **state)
{
    struct folder *folder = *state;
    struct error err = {0};
    char other[128];
    int first = file_create_locked(folder->file, &err);
    int second;

    snprintf(other, sizeof(other), "%s/other", folder->path);
    assert_int_equal(file_publish(first, folder->file, other, &err), 0);
    second = file_create_locked(folder->file, &err);
    assert_true(second >= 0);
    close(first);
    close(second);
}

static void locked_file_is_never_made_through_a_link(void **state)
{
    struct folder *folder = *state;
    struct error err = {0};
    char link[128];
    char content[16];
    int fd;

    write_file(folder->file, "precious", 8, 0600);
    snprintf(link, sizeof(link), "%s/link", folder->path);
    assert_int_equal(symlink(folder->file, link), 0);
    assert_int_equal(file_create_locked(link, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    assert_non_null(strstr(err.text, "symbolic link"));
    fd = open(folder->file, O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, content, sizeof(content)), 8);
    close(fd);
}

static void locked_file_needs_a_folder_and_a_regular_file(void **state)
{
    struct folder *folder = *state;
    struct error err = {0};

    assert_int_equal(file_create_locked("/nowhere-at-all/file", &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    assert_int_equal(file_create_locked(folder->path, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    assert_int_equal(mkfifo(folder->file, 0600), 0);
    assert_int_equal(file_create_locked(folder->file, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
}

static void write_to_a_full_disk_fails(void **state)
{
    struct error err = {0};
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

    (void)state;
    if (fd < 0)
        skip();
    assert_int_equal(file_write(fd, "/dev/full", "a", 1, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_WRITE);
    close(fd);
}

static void whole_file_is_read_up_to_a_limit(void **state)
{
    struct folder *folder = *state;
    struct buffer content = {0};
    struct error err = {0};
    char bytes[40000];

    memset(bytes, 'a', sizeof(bytes));
    write_file(folder->file, bytes, sizeof(bytes), 0600);
    assert_int_equal(file_read_all(folder->file, sizeof(bytes), &content, &err), 0);
    assert_int_equal(content.len, sizeof(bytes));
    assert_int_equal(file_read_all(folder->file, sizeof(bytes) - 1, &content, &err), -1);
    assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
    assert_int_equal(file_read_all("/nowhere-at-all", 10, &content, &err), -1);
    assert_int_equal(err.exit_code, EXIT_INPUT_MISSING);
    buffer_release(&content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(locked_file_is_empty_and_owner_only),
        IN_FOLDER(what_cannot_be_removed_is_told),
        IN_FOLDER(what_stands_at_a_path_is_told),
        IN_FOLDER(beginning_of_a_file_is_compared),
        IN_FOLDER(name_is_looked_at_without_making_it),
        IN_FOLDER(locked_file_has_one_holder),
        IN_FOLDER(locked_file_that_was_renamed_away_is_no_obstacle),
        IN_FOLDER(locked_file_is_never_made_through_a_link),
        IN_FOLDER(locked_file_needs_a_folder_and_a_regular_file),
        cmocka_unit_test(write_to_a_full_disk_fails),
        IN_FOLDER(whole_file_is_read_up_to_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
