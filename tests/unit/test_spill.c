/* Unit tests of ledger/postgres/outage/spill: what is kept is read back, whole or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "base/error.h"
#include "base/file/file.h"
#include "folder.h"
#include "spill_words.h"

#define ANSWERS 3

static struct error err;
static const struct spill_owner owner = {SPILL_LEDGER, 7, "boot", 99};

static struct spill *open_spill(const struct folder *folder)
{
    struct spill *spill;

    if (spill_open(folder->path, &owner, &spill, &err))
        fail_msg("%s", err.text);
    return spill;
}

static void write_answers(struct spill *spill, int64_t first, size_t count)
{
    struct spill_answer answers[ANSWERS];

    for (size_t i = 0; i < count; i++)
        answers[i] = spill_answer_of(5, first + (int64_t)i);
    if (append_answers(spill, answers, count, &err))
        fail_msg("%s", err.text);
}

/* A file with three of them; its bytes. */
static struct buffer make_spill(const struct folder *folder, char ret_path[160])
{
    struct spill *spill = open_spill(folder);
    struct buffer bytes = {0};

    snprintf(ret_path, 160, "%s", spill_path(spill));
    write_answers(spill, 1, 1);
    write_answers(spill, 2, 2);
    assert_int_equal(spill_count(spill), ANSWERS);
    spill_close(spill);
    assert_int_equal(file_read_all(ret_path, 1 << 20, &bytes, &err), 0);
    return bytes;
}

static struct spill_content read_spill(const char *path)
{
    struct spill_content content;

    if (spill_read(path, &content, &err))
        fail_msg("%s", err.text);
    return content;
}

static void expect_answer(const struct spill_answer *found, const struct spill_answer *kept)
{
    assert_int_equal(found->run, kept->run);
    assert_memory_equal(&found->attempt, &kept->attempt, sizeof(found->attempt));
    assert_int_equal(found->end, kept->end);
    assert_int_equal(found->record.row, kept->record.row);
    assert_int_equal(found->record.state, kept->record.state);
    assert_int_equal(found->record.outcome, kept->record.outcome);
    assert_int_equal(found->record.counts_as, kept->record.counts_as);
    assert_int_equal(found->record.attempts, kept->record.attempts);
    assert_int_equal(found->record.tries, kept->record.tries);
    assert_int_equal(found->record.round, kept->record.round);
    assert_int_equal(found->record.http_status, kept->record.http_status);
    assert_int_equal(found->record.submitted_ms, kept->record.submitted_ms);
    assert_int_equal(found->record.duration_ms, kept->record.duration_ms);
    assert_memory_equal(found->record.digest, kept->record.digest, sizeof(kept->record.digest));
    assert_string_equal(found->record.code, kept->record.code);
    assert_string_equal(found->record.sub_code, kept->record.sub_code);
    assert_string_equal(found->record.message, kept->record.message);
    assert_string_equal(found->record.request_id, kept->record.request_id);
    assert_string_equal(found->record.warnings, kept->record.warnings);
}

static void what_was_kept_is_read_back(void **state)
{
    const struct folder *folder = *state;
    struct spill_content content;
    char path[160], expected[160];
    struct stat status;

    snprintf(expected, sizeof(expected), "%s/ledger-" SPILL_LEDGER ".7.spill", folder->path);
    struct buffer bytes = make_spill(folder, path);
    assert_string_equal(path, expected);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    content = read_spill(path);
    assert_string_equal(content.owner.ledger, SPILL_LEDGER);
    assert_int_equal(content.owner.worker, 7);
    assert_string_equal(content.owner.boot, "boot");
    assert_int_equal(content.owner.pid, 99);
    assert_false(content.is_torn);
    assert_int_equal(content.count, ANSWERS);
    for (int i = 0; i < ANSWERS; i++) {
        struct spill_answer kept = spill_answer_of(5, i + 1);

        expect_answer(&content.answers[i], &kept);
    }
    spill_release(&content);
    buffer_release(&bytes);
}

/* As a disk that was full, or a host that fell, leaves it. */
static void one_that_was_cut_has_what_is_whole(void **state)
{
    const struct folder *folder = *state;
    char path[160];
    struct buffer bytes = make_spill(folder, path);
    size_t before = 0, changes = 0, whole = 0;

    for (size_t len = 0; len <= bytes.len; len++) {
        struct spill_content content;

        write_file(path, bytes.ptr, len, 0600);
        content = read_spill(path);
        assert_in_range(content.count, before, ANSWERS);
        changes += content.count != before;
        before = content.count;
        for (size_t i = 0; i < content.count; i++)
            assert_int_equal(content.answers[i].attempt.call, i + 1);
        whole += !content.is_torn;
        spill_release(&content);
    }
    assert_int_equal(before, ANSWERS);
    assert_int_equal(changes, ANSWERS);   /* one more at a time, never one that was cut */
    assert_int_equal(whole, 1 + ANSWERS); /* without any, and behind each */
    buffer_release(&bytes);
}

static void one_that_was_altered_ends_there(void **state)
{
    const struct folder *folder = *state;
    char path[160];
    struct buffer bytes = make_spill(folder, path);

    for (size_t bit = 0; bit < bytes.len * 8; bit += 5) {
        struct spill_content content;

        bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
        write_file(path, bytes.ptr, bytes.len, 0600);
        content = read_spill(path);
        assert_true(content.is_torn);
        assert_true(content.count < ANSWERS);
        for (size_t i = 0; i < content.count; i++) {
            struct spill_answer kept = spill_answer_of(5, (int64_t)i + 1);

            expect_answer(&content.answers[i], &kept);
        }
        spill_release(&content);
        bytes.ptr[bit / 8] ^= (char)(1 << bit % 8);
    }
    buffer_release(&bytes);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Where a file may grow no more, a part of the batch is written. */
static void a_full_disk_leaves_what_was_kept(void **state)
{
    const struct folder *folder = *state;
    struct spill_answer more = spill_answer_of(5, 2);
    struct spill *spill = open_spill(folder);
    struct spill_content content;
    struct stat status;
    int result;

    write_answers(spill, 1, 1);
    assert_int_equal(stat(spill_path(spill), &status), 0);
    signal(SIGXFSZ, SIG_IGN);
    limit_files((rlim_t)status.st_size + 20);
    result = append_answers(spill, &more, 1, &err);
    limit_files(RLIM_INFINITY);
    assert_int_equal(result, -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_WRITE);
    assert_non_null(strstr(err.text, "stay unknown"));
    content = read_spill(spill_path(spill));
    assert_false(content.is_torn);
    assert_int_equal(content.count, 1);
    spill_release(&content);
    write_answers(spill, 2, 1); /* there is room again */
    content = read_spill(spill_path(spill));
    assert_int_equal(content.count, 2);
    assert_int_equal(content.answers[1].attempt.call, 2);
    spill_release(&content);
    spill_close(spill);
}

static void a_second_process_does_not_write_it(void **state)
{
    const struct folder *folder = *state;
    struct spill *spill = open_spill(folder), *second;
    char path[160];

    assert_int_equal(spill_open(folder->path, &owner, &second, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    assert_non_null(strstr(err.text, "stay unknown"));
    snprintf(path, sizeof(path), "%s", spill_path(spill));
    assert_int_equal(access(path, F_OK), 0);
    spill_discard(spill);
    assert_int_equal(access(path, F_OK), -1);
}

static void what_is_not_ours_is_not_read(void **state)
{
    const struct folder *folder = *state;
    struct spill_content content;
    struct spill *spill;
    char path[160];
    struct buffer bytes = make_spill(folder, path);

    assert_int_equal(spill_read(folder->file, &content, &err), -1);
    assert_int_equal(err.exit_code, EXIT_INPUT_MISSING);
    assert_int_equal(link(path, folder->file), 0);
    assert_int_equal(spill_read(path, &content, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    unlink(path);
    assert_int_equal(symlink(folder->file, path), 0);
    assert_int_equal(spill_read(path, &content, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    assert_int_equal(spill_open(folder->path, &owner, &spill, &err), -1);
    buffer_release(&bytes);
}

static int add_worker(void *context, const char *path, int64_t worker, struct error *error)
{
    int64_t *sum = context;

    (void)error;
    assert_int_equal(access(path, R_OK), 0);
    *sum = *sum * 100 + worker;
    return 0;
}

static void spills_are_found_in_the_order_of_workers(void **state)
{
    const struct folder *folder = *state;
    static const int64_t workers[] = {11, 7, 9};
    struct spill *spill;
    int64_t sum = 0;

    for (size_t i = 0; i < 3; i++) {
        struct spill_owner other = owner;

        other.worker = workers[i];
        assert_int_equal(spill_open(folder->path, &other, &spill, &err), 0);
        spill_close(spill);
    }
    write_file(folder->file, "", 0, 0600);
    assert_int_equal(spill_each(folder->path, SPILL_LEDGER, add_worker, &sum, &err), 0);
    assert_int_equal(sum, 70911);
    sum = 0;
    assert_int_equal(spill_each(folder->path, "another", add_worker, &sum, &err), 0);
    assert_int_equal(spill_each("/nowhere", SPILL_LEDGER, add_worker, &sum, &err), 0);
    assert_int_equal(sum, 0);
}

static void a_name_tells_whose_it_is(void **state)
{
    (void)state;
    assert_int_equal(spill_worker("ledger-" SPILL_LEDGER ".70.spill", SPILL_LEDGER), 70);
    assert_int_equal(spill_worker("ledger-" SPILL_LEDGER ".7.spill", &SPILL_LEDGER[1]), -1);
    assert_int_equal(spill_worker("ledger-" SPILL_LEDGER ".7.spill~", SPILL_LEDGER), -1);
    assert_int_equal(spill_worker("ledger-" SPILL_LEDGER ".07.spill", SPILL_LEDGER), -1);
    assert_int_equal(spill_worker("ledger-" SPILL_LEDGER "..spill", SPILL_LEDGER), -1);
    assert_int_equal(spill_worker("ledger-" SPILL_LEDGER, SPILL_LEDGER), -1);
    assert_int_equal(spill_worker("ledger-" SPILL_LEDGER ".lock", SPILL_LEDGER), -1);
    assert_int_equal(spill_worker("l", SPILL_LEDGER), -1);
    assert_int_equal(
        spill_worker("ledger-" SPILL_LEDGER ".99999999999999999999.spill", SPILL_LEDGER), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_was_kept_is_read_back),
        IN_FOLDER(one_that_was_cut_has_what_is_whole),
        IN_FOLDER(one_that_was_altered_ends_there),
        IN_FOLDER(a_full_disk_leaves_what_was_kept),
        IN_FOLDER(a_second_process_does_not_write_it),
        IN_FOLDER(what_is_not_ours_is_not_read),
        IN_FOLDER(spills_are_found_in_the_order_of_workers),
        cmocka_unit_test(a_name_tells_whose_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
