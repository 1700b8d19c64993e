/* Unit tests of base/secret: from whom a secret is taken, what it may say, and where it lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/process/secret.h"
#include "folder.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define NOBODY 65534

static struct error err;

static int make_folder_without_credentials(void **state)
{
    unsetenv("CREDENTIALS_DIRECTORY");
    return make_folder(state);
}

static void it_is_the_first_line(void **state)
{
    static const char *const cases[][2] = {
        {"s3cret", "s3cret"},
        {"s3cret\n", "s3cret"},
        {"s3cret\r\n", "s3cret"},
        {"one\ntwo two\n", "one"},
        {"\xef\xbb\xbfs3cret\r\n", "s3cret"},
        {"密\n", "密"},
    };
    struct secret secret;

    for (size_t i = 0; i < COUNT(cases); i++) {
        write_text(((struct folder *)*state)->file, cases[i][0]);
        assert_int_equal(
            secret_read_line(((struct folder *)*state)->file, "app secret", &secret, &err), 0);
        assert_string_equal(secret.text, cases[i][1]);
        assert_int_equal(secret.len, strlen(cases[i][1]));
        secret_release(&secret);
    }
}

static void what_no_secret_has_is_named(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        const char *words;
    } cases[] = {
        {"", 0, "is empty"},
        {"\n", 1, "is empty"},
        {"\r\n", 2, "is empty"},
        {"\nsecond\n", 8, "is empty"},
        {"\xef\xbb\xbf\n", 4, "is empty"},
        {"hush \n", 6, "blanks"},
        {" hush\n", 6, "blanks"},
        {"hu\tsh\n", 6, "blanks"},
        {"hush\r\r\n", 7, "blanks"},
        {"hush\xe3\x80\x80\n", 8, "blanks"},
        {"hush\xc2\xa0\n", 7, "blanks"},
        {"hu\033[2Jsh\n", 9, "control characters"},
        {"hush\x7f\n", 6, "control characters"},
        {"hush\xc2\x9b\n", 7, "control characters"},
        {"\xe2\x80\x8bhush\n", 8, "control characters"},
        {"\xff\xfeh\0u\0s\0h\0\n\0", 12, "UTF-16"},
        {"\xfe\xff\0h\0u\0s\0h\0\n", 12, "UTF-16"},
        {"h\0u\0s\0h\0\n\0", 10, "UTF-16"},
        {"h\0sh\n", 5, "UTF-16"},
        {"hush\xff\n", 6, "not plain text"},
    };
    const struct folder *folder = *state;
    struct secret secret;

    for (size_t i = 0; i < COUNT(cases); i++) {
        write_file(((struct folder *)*state)->file, cases[i].bytes, cases[i].len, 0600);
        assert_int_equal(secret_read_line(folder->file, "session", &secret, &err), -1);
        assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
        if (!strstr(err.text, cases[i].words) || !strstr(err.text, "session file '"))
            fail_msg("case %zu: %s", i, err.text);
        assert_null(strstr(err.text, "hush"));
        assert_null(secret.text);
    }
}

static void one_that_is_too_long_is_refused(void **state)
{
    static char bytes[SECRET_LINE_BYTES_MAX + 2];
    struct secret secret;

    memset(bytes, 'x', sizeof(bytes));
    write_file(((struct folder *)*state)->file, bytes, SECRET_LINE_BYTES_MAX + 1, 0600);
    assert_int_equal(secret_read_line(((struct folder *)*state)->file, "app secret", &secret, &err),
                     -1);
    assert_non_null(strstr(err.text, "too long"));
}

/* Whether a file of this owner and mode is taken. */
static bool is_taken(const struct folder *folder, uid_t uid, mode_t mode)
{
    struct secret secret;
    bool taken;

    write_file(folder->file, "hidden\n", 7, mode);
    assert_int_equal(chown(folder->file, uid, (gid_t)-1), 0);
    err = (struct error){0};
    taken = !secret_read_line(folder->file, "app secret", &secret, &err);
    assert_int_equal(err.exit_code, taken ? 0 : EXIT_BAD_CONFIG);
    assert_null(strstr(err.text, "hidden"));
    secret_release(&secret);
    return taken;
}

static void a_file_of_our_own_is_for_us_alone(void **state)
{
    assert_true(is_taken(*state, geteuid(), 0600));
    assert_true(is_taken(*state, geteuid(), 0400));
    for (mode_t bit = 1; bit <= 040; bit <<= 1) {
        assert_false(is_taken(*state, geteuid(), 0600 | bit));
        assert_non_null(strstr(err.text, "chmod 600"));
    }
}

static void a_file_of_another_is_refused_also_by_root(void **state)
{
    if (geteuid() != 0)
        skip();
    assert_false(is_taken(*state, NOBODY, 0600));
    assert_non_null(strstr(err.text, "another user"));
    setenv("CREDENTIALS_DIRECTORY", ((struct folder *)*state)->path, 1);
    assert_false(is_taken(*state, NOBODY, 0400));
}

static void a_group_may_read_what_lies_among_the_credentials(void **state)
{
    setenv("CREDENTIALS_DIRECTORY", ((struct folder *)*state)->path, 1);
    assert_true(is_taken(*state, geteuid(), 0440));
    assert_true(is_taken(*state, geteuid(), 0640));
    assert_false(is_taken(*state, geteuid(), 0460));
    assert_false(is_taken(*state, geteuid(), 0444));
    assert_false(is_taken(*state, geteuid(), 0404));
    setenv("CREDENTIALS_DIRECTORY", "/nowhere-at-all", 1);
    assert_false(is_taken(*state, geteuid(), 0440));
}

/* Returns what a process of user NOBODY in group `gid` makes of a file of root's. */
static int try_as_nobody(const struct folder *folder, gid_t gid, gid_t supplementary)
{
    struct secret secret;
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        if (setgroups(1, &supplementary) || setgid(gid) || setuid(NOBODY))
            _exit(99);
        _exit(secret_read_line(folder->file, "app secret", &secret, &err) ? 1 : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void what_root_gave_to_our_group_is_taken(void **state)
{
    struct folder *folder = *state;

    if (geteuid() != 0)
        skip();
    assert_int_equal(chmod(folder->path, 0755), 0);
    write_file(folder->file, "hidden\n", 7, 0640);
    assert_int_equal(chown(folder->file, 0, 4711), 0);
    assert_int_equal(try_as_nobody(folder, 4711, NOBODY), 0);
    assert_int_equal(try_as_nobody(folder, NOBODY, 4711), 0);
    assert_int_equal(try_as_nobody(folder, NOBODY, NOBODY), 1);
    assert_int_equal(chmod(folder->file, 0644), 0);
    assert_int_equal(try_as_nobody(folder, 4711, NOBODY), 1);
    assert_int_equal(chmod(folder->file, 0660), 0);
    assert_int_equal(try_as_nobody(folder, 4711, NOBODY), 1);
}

static void what_is_neither_file_nor_pipe_is_refused(void **state)
{
    const struct folder *folder = *state;
    struct secret secret;

    assert_int_equal(secret_read_line(folder->file, "app secret", &secret, &err), -1);
    assert_non_null(strstr(err.text, "No such file"));
    assert_int_equal(secret_read_line(folder->path, "app secret", &secret, &err), -1);
    assert_non_null(strstr(err.text, "not a regular file"));
    assert_int_equal(secret_read_line("/dev/null", "app secret", &secret, &err), -1);
    assert_non_null(strstr(err.text, "not a regular file"));
}

static void a_pipe_will_do(void **state)
{
    struct secret secret;
    char path[64];
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "hush\nmore\n", 10), 10);
    snprintf(path, sizeof(path), "/dev/fd/%d", ends[0]);
    close(ends[1]);
    assert_int_equal(secret_read_line(path, "app secret", &secret, &err), 0);
    assert_string_equal(secret.text, "hush");
    secret_release(&secret);
    close(ends[0]);
}

static void a_pipe_that_nobody_writes_to_is_given_up(void **state)
{
    const struct folder *folder = *state;
    struct secret secret;

    assert_int_equal(mkfifo(folder->file, 0600), 0);
    assert_int_equal(secret_read_line(folder->file, "app secret", &secret, &err), -1);
    assert_int_equal(err.exit_code, EXIT_BAD_CONFIG);
    assert_non_null(strstr(err.text, "nobody writes to it"));
}

static void a_variable_is_judged_alike_and_wiped(void **state)
{
    struct secret secret;
    char *place;

    (void)state;
    setenv("CLAIMBATCH_TEST", "\xef\xbb\xbfhush\r", 1);
    place = getenv("CLAIMBATCH_TEST");
    assert_int_equal(secret_take_variable("CLAIMBATCH_TEST", "session", &secret, &err), 0);
    assert_string_equal(secret.text, "hush");
    assert_null(getenv("CLAIMBATCH_TEST"));
    assert_null(memchr(place, 'h', 9));
    secret_release(&secret);
    assert_int_equal(secret_take_variable("CLAIMBATCH_TEST", "session", &secret, &err), 0);
    assert_null(secret.text);
    setenv("CLAIMBATCH_TEST", "hu sh", 1);
    assert_int_equal(secret_take_variable("CLAIMBATCH_TEST", "session", &secret, &err), -1);
    assert_non_null(strstr(err.text, "CLAIMBATCH_TEST"));
    assert_null(strstr(err.text, "hu sh"));
}

/* The flags of the mapping that holds an address, as /proc/self/smaps has them. */
static void read_flags(const void *address, char ret_flags[512])
{
    FILE *maps = fopen("/proc/self/smaps", "re");
    char line[512];
    unsigned long start, end;
    bool is_here = false;

    assert_non_null(maps);
    *ret_flags = '\0';
    while (fgets(line, sizeof(line), maps)) {
        if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
            is_here = start <= (uintptr_t)address && (uintptr_t)address < end;
        if (is_here && strncmp(line, "VmFlags:", 8) == 0)
            snprintf(ret_flags, 512, "%s", line + 8);
    }
    fclose(maps);
}

static void it_lies_where_no_dump_no_swap_and_no_child_sees_it(void **state)
{
    const struct folder *folder = *state;
    struct secret secret;
    char flags[512];
    int status = 0;
    pid_t child;

    write_file(folder->file, "hush\n", 5, 0600);
    assert_int_equal(secret_read_line(folder->file, "app secret", &secret, &err), 0);
    read_flags(secret.text, flags);
    if (!strstr(flags, " dd") || !strstr(flags, " lo") || !strstr(flags, " wf"))
        fail_msg("the memory of a secret has the flags%s", flags);
    child = fork();
    if (child == 0)
        _exit(*secret.text);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    secret_release(&secret);
    assert_null(secret.text);
    secret_release(&secret);
}

#define OF_A_USER(test)                                                                            \
    cmocka_unit_test_setup_teardown(test, make_folder_without_credentials, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OF_A_USER(it_is_the_first_line),
        OF_A_USER(what_no_secret_has_is_named),
        OF_A_USER(one_that_is_too_long_is_refused),
        OF_A_USER(a_file_of_our_own_is_for_us_alone),
        OF_A_USER(a_file_of_another_is_refused_also_by_root),
        OF_A_USER(a_group_may_read_what_lies_among_the_credentials),
        OF_A_USER(what_root_gave_to_our_group_is_taken),
        OF_A_USER(what_is_neither_file_nor_pipe_is_refused),
        OF_A_USER(a_pipe_will_do),
        OF_A_USER(a_pipe_that_nobody_writes_to_is_given_up),
        OF_A_USER(a_variable_is_judged_alike_and_wiped),
        OF_A_USER(it_lies_where_no_dump_no_swap_and_no_child_sees_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
