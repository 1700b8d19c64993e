/* The command that is run once all is over: its time, and who ends it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "cli/ending/after.h"

static const struct buffer nothing;
static char said[4096];

/* Runs it with standard error in a file, which is read into `said`. */
static int64_t run(const char *command, int64_t limit_ms, const struct buffer *input)
{
    struct buffer environment = {0};
    struct after *after = NULL;
    struct error err;
    FILE *file = tmpfile();
    int kept = dup(STDERR_FILENO);
    int64_t began_ms = clock_mono_ms();
    size_t len;

    assert_non_null(file);
    dup2(fileno(file), STDERR_FILENO);
    log_start(LOG_VERBOSE, LOG_TEXT, false);
    assert_int_equal(after_start(command, limit_ms, &after, &err), 0);
    buffer_append(&environment, "WORD=told", sizeof("WORD=told"));
    after_run(after, &environment, input);
    after_close(after);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(file);
    len = fread(said, 1, sizeof(said) - 1, file);
    said[len] = '\0';
    fclose(file);
    buffer_release(&environment);
    return clock_mono_ms() - began_ms;
}

static void after_tells_the_command_what_it_is_given(void **state)
{
    struct buffer input = {0};

    (void)state;
    buffer_text(&input, "null\n");
    run("read line; echo \"$line and $WORD\"", 20000, &input);
    buffer_release(&input);
    assert_non_null(strstr(said, "null and told"));
    assert_non_null(strstr(said, "ended with exit code 0"));
    assert_null(strstr(said, "warning"));
}

static void after_ends_a_command_that_takes_too_long(void **state)
{
    (void)state;
    assert_in_range(run("sleep 30", 200, &nothing), 150, 15000);
    assert_non_null(strstr(said, "it took longer than 1 s"));
}

static void after_ends_a_command_that_will_not_end(void **state)
{
    (void)state;
    assert_in_range(run("trap '' TERM; while :; do sleep 1; done", 200, &nothing), 1500, 20000);
    assert_non_null(strstr(said, "it took longer than 1 s"));
}

static void after_takes_an_input_of_any_length(void **state)
{
    struct buffer input = {0};

    (void)state;
    for (int i = 0; i < 300000; i++)
        buffer_text(&input, "12345678\n");
    run("test \"$(wc -c)\" -eq 2700000", 20000, &input);
    buffer_release(&input);
    assert_non_null(strstr(said, "ended with exit code 0"));
}

static void after_that_is_closed_runs_nothing(void **state)
{
    char path[] = "/tmp/claimbatch-after-XXXXXX";
    int fd = mkstemp(path);
    char command[80];
    struct after *after = NULL;
    struct error err;

    (void)state;
    assert_true(fd >= 0);
    snprintf(command, sizeof(command), "echo run >%s", path);
    assert_int_equal(after_start(command, 1000, &after, &err), 0);
    after_close(after);
    usleep(300000);
    assert_int_equal(lseek(fd, 0, SEEK_END), 0);
    close(fd);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_tells_the_command_what_it_is_given),
        cmocka_unit_test(after_ends_a_command_that_takes_too_long),
        cmocka_unit_test(after_ends_a_command_that_will_not_end),
        cmocka_unit_test(after_takes_an_input_of_any_length),
        cmocka_unit_test(after_that_is_closed_runs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
