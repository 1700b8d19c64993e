/* Unit tests of base/stop: what a signal ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/stop.h"
#include "folder.h"

/* In a process of its own, which is asked to stop before it reads: the exit code of the failure, or
 * 0. */
static int read_when_stopped(const char *path)
{
    struct buffer content = {0};
    struct error err = {0};
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        stop_watch(&err);
        raise(SIGTERM);
        _exit(file_read_all(path, 100, &content, &err) ? err.exit_code : (int)content.len);
    }
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void stop_ends_a_wait_and_no_reading(void **state)
{
    struct folder *folder = *state;
    char pipe[sizeof(folder->file) + 8];

    write_file(folder->file, "seven b", 7, 0600);
    assert_int_equal(read_when_stopped(folder->file), 7);
    snprintf(pipe, sizeof(pipe), "%s.pipe", folder->file);
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_int_equal(read_when_stopped(pipe), EXIT_SIGNAL_BASE + SIGTERM);
    unlink(pipe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(stop_ends_a_wait_and_no_reading),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
