/*
 * SQLite's log is carried over into the ledger while others commit. A layer over SQLite's files
 * says when a checkpoint is in the middle, so that a test can do at that moment what another
 * process would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/wait.h>

#include "ledger/commits.h"
#include "ledger_place.h"

#define LONG_LOG 4100 /* rows: their pages are more than what a log is carried over from */

/* ---- the middle of a checkpoint ---- */

static sqlite3_vfs *below;
static const sqlite3_io_methods *methods_below;
static sqlite3_io_methods methods;
static void (*meanwhile)(void); /* done once */

static void do_meanwhile(void)
{
    void (*act)(void) = meanwhile;

    meanwhile = NULL;
    if (act)
        act();
}

/* The length of the log is known, and what of it is left not yet. */
static int unfetch(sqlite3_file *file, sqlite3_int64 offset, void *page)
{
    do_meanwhile();
    return methods_below->xUnfetch(file, offset, page);
}

/* Beside a log nothing but a checkpoint writes the ledger itself. */
static int write_page(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset)
{
    do_meanwhile();
    return methods_below->xWrite(file, bytes, count, offset);
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *opened)
{
    int code = below->xOpen(vfs, name, file, flags, opened);

    if (code == SQLITE_OK && (flags & SQLITE_OPEN_MAIN_DB) && file->pMethods) {
        methods_below = file->pMethods;
        methods = *methods_below;
        methods.xUnfetch = unfetch;
        methods.xWrite = write_page;
        file->pMethods = &methods;
    }
    return code;
}

static int lay_over_files(void **state)
{
    static sqlite3_vfs layer;

    (void)state;
    below = sqlite3_vfs_find(NULL);
    layer = *below;
    layer.zName = "meanwhile";
    layer.pNext = NULL;
    layer.xOpen = open_file;
    return sqlite3_vfs_register(&layer, 1);
}

/* ---- words ---- */

static void remove_beside(const struct place *place, const char *suffix)
{
    char path[160];

    snprintf(path, sizeof(path), "%s%s", place->path, suffix);
    unlink(path);
}

static void remove_files(const struct place *place)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock"};

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
        remove_beside(place, suffixes[i]);
}

static struct ledger *open_another(const struct place *place)
{
    struct ledger *ledger = NULL;

    if (ledger_open(place->path, &ledger, &err))
        fail_msg("%s", err.text);
    return ledger;
}

/* Rows of about a page each, in one transaction. 0, or -1: it may be another process. */
static int add_rows(struct ledger *ledger, int64_t run, uint64_t first, uint64_t count)
{
    static char words[3500];
    char order_no[32];

    memset(words, 'w', sizeof(words) - 1);
    if (ledger_begin(ledger, &err))
        return -1;
    for (uint64_t row = first; row < first + count; row++) {
        struct row_ref ref = ref_of(run, row, order_no);
        struct row_record record = record_of(&ref, ROW_FINAL, OUTCOME_SKIPPED);

        snprintf(order_no, sizeof(order_no), "C%llu", (unsigned long long)row);
        record.message = words;
        if (ledger_row_note(ledger, &ref, &record, false, &err))
            return -1;
    }
    return ledger_commit(ledger, &err);
}

static void add(struct ledger *ledger, int64_t run, uint64_t first, uint64_t count)
{
    if (add_rows(ledger, run, first, count))
        fail_msg("%s", err.text);
}

/* What begins a transaction carries over a long log first. */
static void carry_over(struct ledger *ledger)
{
    begin(ledger);
    ledger_rollback(ledger);
}

static void check_rows(const char *path, int64_t rows)
{
    assert_int_equal(run_sql(path, "SELECT count(*) FROM pragma_integrity_check"
                                   " WHERE integrity_check<>'ok'"),
                     0);
    assert_int_equal(run_sql(path, "SELECT count(*) FROM row"), rows);
}

static void wait_for(pid_t child, int expected)
{
    int status = -1;

    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, expected);
}

static struct {
    struct ledger *ledger;
    int64_t run;
    bool done;
} committer;

static void commit_one(void)
{
    add(committer.ledger, committer.run, LONG_LOG + 100, 1);
    committer.done = true;
}

/* ---- the tests ---- */

/* The second of two checkpoints finds all carried over, and a commit starts the log anew beside it:
 * SQLite up to 3.51.2 then takes that commit for carried over. */
static void commit_between_two_checkpoints_is_not_lost(void **state)
{
    struct place *place = *state;
    int64_t run = create_run(place->ledger, 1).id;
    struct ledger *second = open_another(place);
    struct ledger *third = open_another(place);

    add(place->ledger, run, 1, LONG_LOG);
    add(second, run, LONG_LOG + 1, 1);
    add(third, run, LONG_LOG + 2, 1);
    carry_over(place->ledger);

    committer.ledger = place->ledger;
    committer.run = run;
    committer.done = false;
    meanwhile = commit_one;
    carry_over(second);
    meanwhile = NULL;
    if (!committer.done)
        commit_one();

    ledger_close(second);
    ledger_close(third);
    ledger_close(place->ledger);
    place->ledger = NULL;
    check_rows(place->path, LONG_LOG + 3);
}

static void commits_go_on_during_a_checkpoint(void **state)
{
    struct place *place = *state;
    int64_t run = create_run(place->ledger, 1).id;
    struct ledger *second = open_another(place);

    add(place->ledger, run, 1, LONG_LOG);
    committer.ledger = second;
    committer.run = run;
    committer.done = false;
    meanwhile = commit_one;
    carry_over(place->ledger);
    assert_true(committer.done);

    ledger_close(second);
    ledger_close(place->ledger);
    place->ledger = NULL;
    check_rows(place->path, LONG_LOG + 1);
}

static void die(void)
{
    raise(SIGKILL);
}

static void checkpoint_that_is_killed_keeps_nobody_from_the_next(void **state)
{
    struct place *place = *state;
    int64_t run = create_run(place->ledger, 1).id;
    pid_t child = fork();

    if (child == 0) {
        struct ledger *ledger = NULL;

        if (ledger_open(place->path, &ledger, &err) || add_rows(ledger, run, 1, LONG_LOG))
            _exit(1);
        meanwhile = die;
        ledger_begin(ledger, &err);
        _exit(2);
    }
    wait_for(child, SIGKILL);

    add(place->ledger, run, LONG_LOG + 1, 1);
    committer.ledger = open_another(place);
    committer.run = run;
    committer.done = false;
    meanwhile = commit_one;
    carry_over(place->ledger);
    assert_true(committer.done);

    ledger_close(committer.ledger);
    ledger_close(place->ledger);
    place->ledger = NULL;
    check_rows(place->path, LONG_LOG + 2);
}

static void runs_that_carry_over_by_turns_lose_nothing(void **state)
{
    enum { PROCESSES = 2, TURNS = 40, ROWS = 250 };
    struct place *place = *state;
    pid_t children[PROCESSES];
    int64_t runs[PROCESSES];

    for (int i = 0; i < PROCESSES; i++)
        runs[i] = create_run(place->ledger, (unsigned char)(i + 1)).id;
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            struct ledger *ledger = NULL;
            int failed = ledger_open(place->path, &ledger, &err);

            for (uint64_t turn = 0; !failed && turn < TURNS; turn++)
                failed = add_rows(ledger, runs[i], turn * ROWS + 1, ROWS);
            ledger_close(ledger);
            _exit(failed != 0);
        }
    }
    for (int i = 0; i < PROCESSES; i++)
        wait_for(children[i], 0);
    check_rows(place->path, (int64_t)PROCESSES * TURNS * ROWS);
}

/* ---- a log that is lost ---- */

static int pages_before_death;

static void die_after_pages(void)
{
    if (pages_before_death-- == 0)
        die();
    meanwhile = die_after_pages;
}

/* Claims whose records lie all over the ledger. */
static void send_claims(struct ledger *ledger, int64_t run, uint64_t first, uint64_t count)
{
    char order_no[32];

    for (uint64_t row = first; row < first + count; row++) {
        snprintf(order_no, sizeof(order_no), "C%llu", (unsigned long long)(row * 7919 % 1000));
        send_one(ledger, run, row, order_no, OUTCOME_ACCEPTED);
    }
}

/* Another process records something and carries the log over when it closes the ledger: it is
 * killed before so many pages are written. False when that many never were. */
static bool is_killed_at_close(const struct place *place, int64_t run, int pages)
{
    pid_t child = fork();
    int status = -1;

    if (child == 0) {
        struct ledger *ledger = open_another(place);

        send_claims(ledger, run, 200, 3);
        pages_before_death = pages;
        meanwhile = die_after_pages;
        ledger_close(ledger);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status == SIGKILL;
}

/* So many rows that no page more is needed for those of the other process. */
static int64_t make_anew(struct place *place)
{
    int64_t run;

    remove_files(place);
    place->ledger = open_another(place);
    run = create_run(place->ledger, 1).id;
    send_claims(place->ledger, run, 1, 150);
    ledger_close(place->ledger);
    place->ledger = NULL;
    return run;
}

/* Its commits are gone, and that stays so; or it is damaged. */
static void check_loss_is_known(const struct place *place)
{
    for (int i = 0; i < 2; i++) {
        struct ledger *ledger = NULL;

        if (ledger_open(place->path, &ledger, &err))
            assert_int_equal(err.exit_code, EXIT_CANNOT_WRITE);
        else
            assert_true(ledger_commits_lost(ledger) > 0);
        ledger_close(ledger);
    }
}

static void log_that_is_lost_at_any_page_of_a_checkpoint_is_missed(void **state)
{
    struct place *place = *state;
    int pages = 0;

    ledger_close(place->ledger);
    for (; is_killed_at_close(place, make_anew(place), pages); pages++) {
        remove_beside(place, "-wal");
        remove_beside(place, "-shm");
        check_loss_is_known(place);
    }
    assert_in_range(pages, 4, 100);
}

static void checkpoint_that_is_killed_and_made_again_loses_nothing(void **state)
{
    struct place *place = *state;
    int pages = 0;

    ledger_close(place->ledger);
    for (; is_killed_at_close(place, make_anew(place), pages); pages++) {
        for (int i = 0; i < 2; i++) {
            place->ledger = open_another(place);
            assert_int_equal(ledger_commits_lost(place->ledger), 0);
            ledger_close(place->ledger);
            place->ledger = NULL;
        }
        check_rows(place->path, 153);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LEDGER(commit_between_two_checkpoints_is_not_lost),
        WITH_LEDGER(commits_go_on_during_a_checkpoint),
        WITH_LEDGER(checkpoint_that_is_killed_keeps_nobody_from_the_next),
        WITH_LEDGER(runs_that_carry_over_by_turns_lose_nothing),
        WITH_LEDGER(log_that_is_lost_at_any_page_of_a_checkpoint_is_missed),
        WITH_LEDGER(checkpoint_that_is_killed_and_made_again_loses_nothing),
    };

    return cmocka_run_group_tests(tests, lay_over_files, NULL);
}
