/* Unit tests of base: error, clock, buffer, log, file, money and hash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/character.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/file/output.h"
#include "base/hash.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/money.h"
#include "base/stop.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- a folder of its own for each test that writes files ---- */

struct folder {
    char path[64];
    char file[128];
};

static int make_folder(void **state)
{
    struct folder *folder = calloc(1, sizeof(*folder));

    snprintf(folder->path, sizeof(folder->path), "/tmp/claimbatch-test-XXXXXX");
    *state = folder;
    if (!mkdtemp(folder->path))
        return -1;
    snprintf(folder->file, sizeof(folder->file), "%s/file", folder->path);
    return 0;
}

static int remove_folder(void **state)
{
    struct folder *folder = *state;
    static const char *const names[] = {"file", "other", "link"};
    char path[128];

    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder->path, names[i]);
        unlink(path);
    }
    rmdir(folder->path);
    free(folder);
    return 0;
}

static void write_file(const char *path, const void *bytes, size_t len, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

/* ---- error ---- */

static void error_set_may_use_the_old_text(void **state)
{
    struct error err = {0};

    (void)state;
    assert_int_equal(error_set(&err, EXIT_CANNOT_WRITE, "no room on '%s'", "disk"), -1);
    assert_int_equal(error_set(&err, EXIT_INTERNAL, "row 7: %s", err.text), -1);
    assert_int_equal(err.exit_code, EXIT_INTERNAL);
    assert_string_equal(err.text, "row 7: no room on 'disk'");
}

static void error_cuts_what_is_too_long(void **state)
{
    struct error err = {0};
    char text[ERROR_TEXT_BYTES + 100];

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    error_set(&err, EXIT_INTERNAL, "%s", text);
    assert_int_equal(strlen(err.text), ERROR_TEXT_BYTES - 1);
}

static void error_is_cut_at_a_character(void **state)
{
    struct error err = {0};
    char text[ERROR_TEXT_BYTES + 4];

    (void)state;
    for (size_t before = 1; before <= 4; before++) {
        memset(text, 'a', sizeof(text));
        strcpy(text + ERROR_TEXT_BYTES - before, "\U00020bb7");
        error_set(&err, EXIT_INTERNAL, "%s", text);
        assert_int_equal(strlen(err.text), ERROR_TEXT_BYTES - before);
        text[ERROR_TEXT_BYTES - before] = '\0';
        assert_string_equal(err.text, text);
    }
}

/* ---- clock ---- */

static void civil_knows_real_dates(void **state)
{
    static const struct {
        struct civil civil;
        bool valid;
    } cases[] = {
        {{2022, 12, 12, 0, 0, 0}, true},    {{2024, 2, 29, 23, 59, 59}, true},
        {{2000, 2, 29, 0, 0, 0}, true},     {{1, 1, 1, 0, 0, 0}, true},
        {{9999, 12, 31, 23, 59, 59}, true}, {{2023, 2, 29, 0, 0, 0}, false},
        {{1900, 2, 29, 0, 0, 0}, false},    {{2022, 4, 31, 0, 0, 0}, false},
        {{2022, 0, 1, 0, 0, 0}, false},     {{2022, 13, 1, 0, 0, 0}, false},
        {{2022, 1, 0, 0, 0, 0}, false},     {{2022, 1, 32, 0, 0, 0}, false},
        {{2022, 1, 1, 24, 0, 0}, false},    {{2022, 1, 1, -1, 0, 0}, false},
        {{2022, 1, 1, 0, 60, 0}, false},    {{2016, 12, 31, 23, 59, 60}, false},
        {{0, 1, 1, 0, 0, 0}, false},        {{10000, 1, 1, 0, 0, 0}, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (clock_civil_valid(&cases[i].civil) != cases[i].valid)
            fail_msg("case %zu", i);
}

static void civil_seconds_count_from_1970(void **state)
{
    static const struct {
        struct civil civil;
        int64_t seconds;
    } cases[] = {
        {{1970, 1, 1, 0, 0, 0}, 0},
        {{1969, 12, 31, 23, 59, 59}, -1},
        {{2000, 2, 29, 12, 0, 0}, 951825600},
        {{2000, 3, 1, 0, 0, 0}, 951868800},
        {{2022, 12, 12, 0, 0, 0}, 1670803200},
        {{2038, 1, 19, 3, 14, 8}, 2147483648},
        {{1, 1, 1, 0, 0, 0}, -62135596800},
        {{9999, 12, 31, 23, 59, 59}, 253402300799},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(clock_civil_seconds(&cases[i].civil), cases[i].seconds);
}

static void civil_conversion_is_exact_for_every_day_of_ten_thousand_years(void **state)
{
    static const struct civil first = {1, 1, 1, 12, 34, 56};
    int64_t seconds = clock_civil_seconds(&first);
    struct civil last = {0};

    (void)state;
    for (;; seconds += 86400) {
        struct civil civil = clock_civil_of(seconds);
        bool next_day = civil.day == last.day + 1 && civil.month == last.month;
        bool next_month = civil.day == 1 && civil.month == last.month % 12 + 1;

        if (civil.year > 9999)
            break;
        if (!clock_civil_valid(&civil) || clock_civil_seconds(&civil) != seconds ||
            (last.year && !next_day && !next_month))
            fail_msg("%d-%d-%d", civil.year, civil.month, civil.day);
        last = civil;
    }
    assert_int_equal(last.year, 9999);
    assert_int_equal(last.month, 12);
    assert_int_equal(last.day, 31);
}

static void beijing_time_does_not_depend_on_the_zone_of_the_host(void **state)
{
    static const char *const zones[] = {"UTC", "America/New_York", "Asia/Shanghai",
                                        "Asia/Kathmandu"};
    char top[CLOCK_TOP_BYTES];
    char rfc3339[CLOCK_RFC3339_BYTES];

    (void)state;
    for (size_t i = 0; i < COUNT(zones); i++) {
        setenv("TZ", zones[i], 1);
        clock_format_top(1670774400000, top);
        assert_string_equal(top, "2022-12-12 00:00:00");
        clock_format_rfc3339(1670774400007, rfc3339);
        assert_string_equal(rfc3339, "2022-12-12T00:00:00.007+08:00");
    }
    unsetenv("TZ");
}

static void times_before_1970_are_formatted_too(void **state)
{
    char text[CLOCK_RFC3339_BYTES];

    (void)state;
    clock_format_rfc3339(-1 - CLOCK_BEIJING_OFFSET_MS, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999+08:00");
}

static void beijing_day_ends_at_16_utc(void **state)
{
    static const struct {
        int64_t wall_ms;
        int32_t day;
        int64_t next_ms;
    } cases[] = {
        {1670774399999, 20221211, 1670774400000}, /* 2022-12-11T15:59:59.999Z */
        {1670774400000, 20221212, 1670860800000},
        {1672502399999, 20221231, 1672502400000}, /* the last of a year */
        {1672502400000, 20230101, 1672588800000},
        {1709135999000, 20240228, 1709136000000},
        {1709136000000, 20240229, 1709222400000},
        {1709222400000, 20240301, 1709308800000},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(clock_beijing_day(cases[i].wall_ms), cases[i].day);
        assert_int_equal(clock_next_beijing_day_ms(cases[i].wall_ms), cases[i].next_ms);
    }
}

static void monotonic_time_does_not_go_back(void **state)
{
    int64_t last = clock_mono_ms();

    (void)state;
    for (int i = 0; i < 1000; i++) {
        int64_t now = clock_mono_ms();

        assert_true(now >= last);
        last = now;
    }
}

/* ---- buffer ---- */

static void buffer_is_always_followed_by_a_nul(void **state)
{
    struct buffer buffer = {0};

    (void)state;
    assert_string_equal(buffer_string(&buffer), "");
    buffer_text(&buffer, "ab");
    buffer_byte(&buffer, 'c');
    buffer_append(&buffer, "d\0e", 3);
    buffer_format(&buffer, "%d", 42);
    assert_int_equal(buffer.len, 8);
    assert_memory_equal(buffer.ptr, "abcd\0e42", 9);
    buffer_release(&buffer);
    assert_null(buffer.ptr);
}

static void buffer_trim_gives_back_what_is_more_than_is_kept(void **state)
{
    struct buffer buffer = {0};

    (void)state;
    buffer_text(&buffer, "small");
    buffer_trim(&buffer, 64);
    assert_non_null(buffer.ptr);
    assert_int_equal(buffer.len, 0);
    assert_true(buffer_reserve(&buffer, 64));
    buffer.failed = true;
    buffer_trim(&buffer, 64);
    assert_null(buffer.ptr);
    assert_int_equal(buffer.cap, 0);
    assert_false(buffer.failed);
}

static void buffer_grows_as_needed(void **state)
{
    struct buffer buffer = {0};

    (void)state;
    for (int i = 0; i < 10000; i++)
        buffer_format(&buffer, "%04d", i);
    assert_false(buffer.failed);
    assert_int_equal(buffer.len, 40000);
    assert_string_equal(buffer.ptr + 39996, "9999");
    buffer_release(&buffer);
}

static void buffer_keeps_its_memory_when_emptied(void **state)
{
    struct buffer buffer = {0};
    const char *ptr;

    (void)state;
    buffer_text(&buffer, "something");
    buffer.failed = true;
    ptr = buffer.ptr;
    buffer_reset(&buffer);
    assert_string_equal(buffer_string(&buffer), "");
    assert_ptr_equal(buffer.ptr, ptr);
    assert_false(buffer.failed);
    buffer_text(&buffer, "new");
    assert_string_equal(buffer_string(&buffer), "new");
    buffer_wipe(&buffer);
    assert_null(buffer.ptr);
}

static void buffer_that_failed_stays_as_it_was(void **state)
{
    struct buffer buffer = {0};

    (void)state;
    buffer_text(&buffer, "kept");
    buffer.failed = true;
    buffer_text(&buffer, "more");
    buffer_format(&buffer, "%s", "more");
    assert_string_equal(buffer_string(&buffer), "kept");
    assert_true(buffer.failed);
    buffer_release(&buffer);
}

/* ---- log_quote ---- */

static void quote_shows_what_a_terminal_would_obey(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"claims 理赔.csv", "claims 理赔.csv"},
        {"a\033[2Jb", "a\\x1B[2Jb"},
        {"\033]0;title\007", "\\x1B]0;title\\x07"},
        {"a\r\nb\tc", "a\\x0D\\x0Ab\\x09c"},
        {"del\x7f", "del\\x7F"},
        {"csi \xc2\x9b 2J", "csi \\u{009B} 2J"},
        {"rtl \u202e.csv", "rtl \\u{202E}.csv"},
        {"isolate \u2066x\u2069", "isolate \\u{2066}x\\u{2069}"},
        {"bom \ufeff", "bom \\u{FEFF}"},
        {"zero\u200bwidth", "zero\\u{200B}width"},
        {"soft\u00adhyphen", "soft\\u{00AD}hyphen"},
        {"tag\U000e0041", "tag\\u{E0041}"},
        {"gbk \xc0\xed", "gbk \\xC0\\xED"},
        {"cut \xe7\x90", "cut \\xE7\\x90"},
        {"overlong \xc0\xaf", "overlong \\xC0\\xAF"},
        {"surrogate \xed\xa0\x80", "surrogate \\xED\\xA0\\x80"},
        {"beyond \xf4\x90\x80\x80", "beyond \\xF4\\x90\\x80\\x80"},
        {"\xff\xfe", "\\xFF\\xFE"},
        {"😀", "😀"},
    };
    struct buffer whole = {0};
    char quoted[LOG_QUOTE_BYTES];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_ptr_equal(log_quote(cases[i][0], quoted, sizeof(quoted)), quoted);
        assert_string_equal(quoted, cases[i][1]);
        buffer_reset(&whole);
        log_quote_whole(cases[i][0], &whole);
        assert_string_equal(buffer_string(&whole), cases[i][1]);
    }
    buffer_release(&whole);
}

static void quote_cuts_at_a_character(void **state)
{
    char text[1000] = "";
    char quoted[64];

    (void)state;
    for (int i = 0; i < 100; i++)
        strcat(text, "理");
    for (size_t size = 8; size <= sizeof(quoted); size++) {
        size_t len;

        memset(quoted, 'x', sizeof(quoted));
        log_quote(text, quoted, size);
        len = strlen(quoted);
        assert_true(len < size && len + 3 >= size);
        assert_int_equal(len % 3, 0);
        assert_string_equal(quoted + len - 3, "…");
        assert_memory_equal(quoted, text, len - 3);
    }
}

static void quote_never_cuts_an_escape(void **state)
{
    char quoted[16];

    (void)state;
    log_quote("ab\033\033\033\033\033", quoted, sizeof(quoted));
    assert_string_equal(quoted, "ab\\x1B\\x1B…");
}

/* ---- files ---- */

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

/* ---- output ---- */

/* Goal: what stands at the path is there until the whole output takes its place, and stays when it
   is given up. */
static void output_is_whole_or_not_there(void **state)
{
    struct folder *folder = *state;
    char partial[sizeof(folder->file) + 16];
    struct output output;
    struct buffer found = {0};
    struct error err;

    snprintf(partial, sizeof(partial), "%s.partial", folder->file);
    for (int is_published = 0; is_published < 2; is_published++) {
        assert_int_equal(output_open(folder->file, &output, &err), 0);
        for (int i = 0; i < 10000; i++) {
            buffer_text(&output.text, "0123456789");
            assert_int_equal(output_advance(&output, &err), 0);
        }
        assert_int_not_equal(access(folder->file, F_OK), 0);
        if (is_published)
            assert_int_equal(output_publish(&output, &err), 0);
        output_close(&output);
        assert_int_not_equal(access(partial, F_OK), 0);
    }
    assert_int_equal(file_read_all(folder->file, 1 << 20, &found, &err), 0);
    assert_int_equal(found.len, 100000);
    buffer_release(&found);
    output_close(&output);
}

/* ---- money ---- */

static void money_is_shown_in_fen_and_yuan(void **state)
{
    static const struct {
        int64_t fen;
        const char *as_fen, *as_yuan;
    } cases[] = {
        {0, "0", "0.00"},
        {1, "1", "0.01"},
        {10, "10", "0.10"},
        {99, "99", "0.99"},
        {100, "100", "1.00"},
        {12345, "12345", "123.45"},
        {99999, "99999", "999.99"},
        {100000, "100000", "1,000.00"},
        {123456789, "123456789", "1,234,567.89"},
        {-1, "-1", "-0.01"},
        {-123456, "-123456", "-1,234.56"},
        {INT64_MAX, "9223372036854775807", "92,233,720,368,547,758.07"},
    };
    char text[MONEY_TEXT_BYTES];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(money_format_fen(cases[i].fen, text), cases[i].as_fen);
        assert_true(money_parse_fen(text) == cases[i].fen);
        assert_string_equal(money_format_yuan(cases[i].fen, text), cases[i].as_yuan);
    }
}

static void money_does_not_overflow_64_bits(void **state)
{
    char text[MONEY_TEXT_BYTES];
    money sum = 0;
    money most = ((money)1 << 126) - 1 + ((money)1 << 126);

    (void)state;
    for (int i = 0; i < 1000; i++)
        sum += INT64_MAX;
    assert_string_equal(money_format_fen(sum, text), "9223372036854775807000");
    assert_true(money_parse_fen(text) == sum);
    assert_string_equal(money_format_yuan(sum, text), "92,233,720,368,547,758,070.00");

    assert_string_equal(money_format_fen(most, text), "170141183460469231731687303715884105727");
    assert_true(money_parse_fen(text) == most);
    assert_string_equal(money_format_fen(-most - 1, text),
                        "-170141183460469231731687303715884105728");
    assert_string_equal(money_format_yuan(most, text),
                        "1,701,411,834,604,692,317,316,873,037,158,841,057.27");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

/* ---- hash ---- */

static void hash_changes_with_every_bit(void **state)
{
    unsigned char bytes[100];

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (unsigned char)(i * 7);
    for (size_t len = 1; len <= sizeof(bytes); len++) {
        uint64_t hash = hash_bytes(bytes, len);

        for (size_t bit = 0; bit < 8 * len; bit++) {
            bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
            assert_true(hash_bytes(bytes, len) != hash);
            bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
        assert_true(hash_bytes(bytes, len) == hash);
    }
}

static void hash_changes_with_length_and_order(void **state)
{
    static const unsigned char zeros[100] = {0};
    unsigned char swapped[64] = {0};
    uint64_t seen[COUNT(zeros)];

    (void)state;
    for (size_t len = 0; len < COUNT(zeros); len++) {
        seen[len] = hash_bytes(zeros, len);
        for (size_t i = 0; i < len; i++)
            assert_true(seen[i] != seen[len]);
    }
    /* Words that trade places between lanes, and within one. */
    swapped[0] = 1;
    seen[0] = hash_bytes(swapped, sizeof(swapped));
    for (size_t at = 8; at < sizeof(swapped); at += 8) {
        swapped[at - 8] = 0;
        swapped[at] = 1;
        assert_true(hash_bytes(swapped, sizeof(swapped)) != seen[0]);
    }
}

static void hash_of_texts_tells_where_each_ends(void **state)
{
    (void)state;
    assert_true(hash_text(0, "00123") == hash_text(0, "00123"));
    assert_true(hash_text(0, "00123") != hash_text(1, "00123"));
    assert_true(hash_text(hash_text(0, "ab"), "c") != hash_text(hash_text(0, "a"), "bc"));
    assert_true(hash_text(0, "") != hash_text(hash_text(0, ""), ""));
    assert_true(hash_text(0, "12345678") != hash_text(hash_text(0, "12345678"), ""));
}

static void character_knows_strict_utf8(void **state)
{
    static const char *const good[] = {"",
                                       "a",
                                       "é",
                                       "理赔",
                                       "😀",
                                       "\xed\x9f\xbf\xee\x80\x80",
                                       "\xf4\x8f\xbf\xbf",
                                       "\xe0\xa0\x80\xf0\x90\x80\x80"};
    static const char *const bad[] = {"\x80",         "\xc0\xaf",         "\xc1\xbf",
                                      "\xc3",         "\xe7\x90",         "\xe7\x90!",
                                      "\xe0\x9f\xbf", "\xed\xa0\x80",     "\xf0\x8f\xbf\xbf",
                                      "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
                                      "\xff",         "理\xe8\xb5"};

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
        assert_true(character_is_utf8(good[i]));
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(character_is_utf8(bad[i]));
}

static void hex_is_written_and_read_back(void **state)
{
    static const unsigned char bytes[] = {0x00, 0x0f, 0xa5, 0xff};
    unsigned char again[sizeof(bytes)];
    char text[2 * sizeof(bytes) + 1];

    (void)state;
    hex_format_upper(bytes, sizeof(bytes), text);
    assert_string_equal(text, "000FA5FF");
    assert_false(hex_parse(text, sizeof(again), again));
    hex_format(bytes, sizeof(bytes), text);
    assert_string_equal(text, "000fa5ff");
    assert_true(hex_is_text(text, 8));
    assert_true(hex_parse(text, sizeof(again), again));
    assert_memory_equal(again, bytes, sizeof(bytes));
}

static void hex_takes_digits_in_lower_case_alone(void **state)
{
    static const char *const bad[] = {"", "0", "0g", "0A", "00 ", "0x00", "-1", "/0", ":0", "`0"};
    unsigned char byte = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_false(hex_is_text(bad[i], 2));
    for (size_t i = 2; i < sizeof(bad) / sizeof(*bad); i++)
        if (strlen(bad[i]) == 2)
            assert_false(hex_parse(bad[i], 1, &byte));
    assert_int_equal(byte, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(error_set_may_use_the_old_text),
        cmocka_unit_test(error_cuts_what_is_too_long),
        cmocka_unit_test(error_is_cut_at_a_character),
        cmocka_unit_test(civil_knows_real_dates),
        cmocka_unit_test(civil_seconds_count_from_1970),
        cmocka_unit_test(civil_conversion_is_exact_for_every_day_of_ten_thousand_years),
        cmocka_unit_test(beijing_time_does_not_depend_on_the_zone_of_the_host),
        cmocka_unit_test(times_before_1970_are_formatted_too),
        cmocka_unit_test(beijing_day_ends_at_16_utc),
        cmocka_unit_test(monotonic_time_does_not_go_back),
        cmocka_unit_test(buffer_is_always_followed_by_a_nul),
        cmocka_unit_test(buffer_trim_gives_back_what_is_more_than_is_kept),
        cmocka_unit_test(buffer_grows_as_needed),
        cmocka_unit_test(buffer_keeps_its_memory_when_emptied),
        cmocka_unit_test(buffer_that_failed_stays_as_it_was),
        cmocka_unit_test(quote_shows_what_a_terminal_would_obey),
        cmocka_unit_test(quote_cuts_at_a_character),
        cmocka_unit_test(quote_never_cuts_an_escape),
        IN_FOLDER(locked_file_is_empty_and_owner_only),
        IN_FOLDER(what_cannot_be_removed_is_told),
        IN_FOLDER(name_is_looked_at_without_making_it),
        IN_FOLDER(locked_file_has_one_holder),
        IN_FOLDER(locked_file_that_was_renamed_away_is_no_obstacle),
        IN_FOLDER(locked_file_is_never_made_through_a_link),
        IN_FOLDER(locked_file_needs_a_folder_and_a_regular_file),
        cmocka_unit_test(write_to_a_full_disk_fails),
        IN_FOLDER(whole_file_is_read_up_to_a_limit),
        IN_FOLDER(stop_ends_a_wait_and_no_reading),
        IN_FOLDER(output_is_whole_or_not_there),
        cmocka_unit_test(money_is_shown_in_fen_and_yuan),
        cmocka_unit_test(money_does_not_overflow_64_bits),
        cmocka_unit_test(hash_changes_with_every_bit),
        cmocka_unit_test(hash_changes_with_length_and_order),
        cmocka_unit_test(hash_of_texts_tells_where_each_ends),
        cmocka_unit_test(character_knows_strict_utf8),
        cmocka_unit_test(hex_is_written_and_read_back),
        cmocka_unit_test(hex_takes_digits_in_lower_case_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
