/* The count of commits, in the ledger and beside it; what is lost; what a person said of that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/stat.h>

#include "ledger/commits.h"
#include "ledger/import/import.h"
#include "ledger_place.h"

static const struct statement_by someone = {"ops", "the disk broke", STARTED_MS};

static void reopen(struct place *place)
{
    ledger_close(place->ledger);
    if (ledger_open(place->path, &place->ledger, &err))
        fail_msg("%s", err.text);
}

static char *beside(const struct place *place, const char *suffix)
{
    static char paths[2][160]; /* two may be in use at once */
    static int used;
    char *path = paths[used++ % 2];

    snprintf(path, sizeof(paths[0]), "%s%s", place->path, suffix);
    return path;
}

static int64_t count_beside(const struct place *place)
{
    FILE *file = fopen(beside(place, ".lock"), "r");
    char id[LEDGER_ID_BYTES];
    long long count = -1;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%32s %lld", id, &count), 2);
    assert_string_equal(id, ledger_id(place->ledger));
    fclose(file);
    return count;
}

static void copy_file(const char *from, const char *to)
{
    char bytes[65536];
    FILE *in = fopen(from, "r");
    FILE *out = fopen(to, "w");
    size_t len;

    assert_non_null(in);
    assert_non_null(out);
    while ((len = fread(bytes, 1, sizeof(bytes), in)) > 0)
        assert_int_equal(fwrite(bytes, 1, len, out), len);
    fclose(in);
    fclose(out);
}

/* The ledger as it is now, in one file. */
static void keep_copy(struct place *place, const char *name)
{
    ledger_close(place->ledger);
    run_sql(place->path, "PRAGMA wal_checkpoint(TRUNCATE)");
    copy_file(place->path, name);
    if (ledger_open(place->path, &place->ledger, &err))
        fail_msg("%s", err.text);
}

/* Puts a copy in the place of the ledger, as one restores a backup. */
static void restore(struct place *place, const char *name)
{
    ledger_close(place->ledger);
    place->ledger = NULL;
    unlink(beside(place, "-wal"));
    copy_file(name, place->path);
    if (ledger_open(place->path, &place->ledger, &err))
        fail_msg("%s", err.text);
}

static void what_says_something_of_rows_is_counted_and_nothing_else(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);

    assert_int_equal(ledger_commits(place->ledger), 0);
    send_one(place->ledger, run.id, 2, "A", OUTCOME_ACCEPTED);
    send_one(place->ledger, run.id, 3, "B", OUTCOME_REJECTED);
    assert_int_equal(ledger_commits(place->ledger), 2);
    assert_int_equal(count_beside(place), 2);
    finish_run(place->ledger, &run, STARTED_MS + 1, "");
    begin(place->ledger);
    commit(place->ledger);
    assert_int_equal(ledger_commits(place->ledger), 2);
    reopen(place);
    assert_int_equal(ledger_commits(place->ledger), 2);
    assert_int_equal(ledger_commits_lost(place->ledger), 0);
}

static void what_is_rolled_back_is_not_counted(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);

    begin(place->ledger);
    send_row(place->ledger, run.id, 2, "A", OUTCOME_ACCEPTED);
    ledger_rollback(place->ledger);
    begin(place->ledger);
    commit(place->ledger);
    assert_int_equal(count_beside(place), 0);
    reopen(place);
    assert_int_equal(ledger_commits(place->ledger), 0);
}

static void the_count_beside_is_its_owners_only(void **state)
{
    struct place *place = *state;
    struct stat status;

    assert_int_equal(stat(beside(place, ".lock"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void a_ledger_whose_last_commits_are_gone_is_known(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);

    send_one(place->ledger, run.id, 2, "A", OUTCOME_ACCEPTED);
    keep_copy(place, beside(place, ".old"));
    send_one(place->ledger, run.id, 3, "B", OUTCOME_ACCEPTED);
    send_one(place->ledger, run.id, 4, "C", OUTCOME_ACCEPTED);
    restore(place, beside(place, ".old"));
    assert_int_equal(ledger_commits_lost(place->ledger), 2);
    assert_int_equal(ledger_commits_is_lost(place->ledger, 1, &err), 0);
    assert_int_equal(ledger_commits_is_lost(place->ledger, 2, &err), 1);
    /* Looking at it hides nothing from the next look, nor does a commit. */
    reopen(place);
    send_one(place->ledger, run.id, 5, "D", OUTCOME_ACCEPTED);
    reopen(place);
    assert_int_equal(ledger_commits_lost(place->ledger), 1);
}

static void a_count_that_is_behind_missing_or_cut_is_taken(void **state)
{
    static const char *const damages[] = {
        "", "\0\0\0\0", "0123", "no count at all, but as long as one is, and then some words more"};
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);

    send_one(place->ledger, run.id, 2, "A", OUTCOME_ACCEPTED);
    for (size_t i = 0; i < sizeof(damages) / sizeof(*damages); i++) {
        FILE *file = fopen(beside(place, ".lock"), "w");

        fputs(damages[i], file);
        fclose(file);
        reopen(place);
        assert_int_equal(ledger_commits_lost(place->ledger), 0);
        assert_int_equal(count_beside(place), 1);
    }
    unlink(beside(place, ".lock"));
    reopen(place);
    assert_int_equal(count_beside(place), 1);
}

static void a_count_of_another_ledger_tells_nothing_of_this_one(void **state)
{
    struct place *place = *state;
    FILE *file = fopen(beside(place, ".lock"), "w");

    fprintf(file, "%032d %020d\n", 7, 5);
    fclose(file);
    reopen(place);
    assert_int_equal(ledger_commits_lost(place->ledger), 0);
    assert_int_equal(count_beside(place), 0);
}

static void after_a_jump_the_numbers_of_what_is_lost_stay_known(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);
    struct run_record other = create_run(place->ledger, 2);

    send_one(place->ledger, run.id, 2, "A", OUTCOME_ACCEPTED);
    finish_run(place->ledger, &other, STARTED_MS + 1, "");
    keep_copy(place, beside(place, ".old"));
    send_one(place->ledger, run.id, 3, "B", OUTCOME_ACCEPTED);
    restore(place, beside(place, ".old"));
    begin(place->ledger);
    assert_int_equal(ledger_commits_jump(place->ledger, 0, &someone, &err), 0);
    commit(place->ledger);
    assert_true(ledger_commits(place->ledger) > COMMITS_JUMP);
    reopen(place);
    assert_int_equal(ledger_commits_lost(place->ledger), 0);
    assert_int_equal(ledger_commits_is_lost(place->ledger, 1, &err), 0);
    for (int64_t number = 2; number < 2000; number++)
        assert_int_equal(ledger_commits_is_lost(place->ledger, number, &err), 1);
    send_one(place->ledger, run.id, 4, "C", OUTCOME_ACCEPTED);
    assert_int_equal(ledger_commits_is_lost(place->ledger, ledger_commits(place->ledger), &err), 0);
    /* The run that was not finished in the copy may have sent more than that knows. */
    assert_int_equal(ledger_run_is_in_doubt(place->ledger, run.id, &err), 1);
    assert_int_equal(ledger_run_is_in_doubt(place->ledger, other.id, &err), 0);
    begin(place->ledger);
    assert_int_equal(ledger_run_end_doubt(place->ledger, run.id, &err), 0);
    commit(place->ledger);
    assert_int_equal(ledger_run_is_in_doubt(place->ledger, run.id, &err), 0);
}

/* A kill right after it, and the log is removed. */
static void what_was_carried_over_stands_in_the_file_when_it_is_counted(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);

    send_one(place->ledger, run.id, 2, "A", OUTCOME_ACCEPTED);
    begin(place->ledger);
    assert_int_equal(ledger_import_note(place->ledger, run.id, "00", 1, "by", "reason", &err), 0);
    assert_int_equal(ledger_commit_carried(place->ledger, &err), 0);
    assert_int_equal(count_beside(place), 2);
    copy_file(place->path, beside(place, ".old"));
    restore(place, beside(place, ".old"));
    assert_int_equal(ledger_commits_lost(place->ledger), 0);
    assert_int_equal(ledger_commits(place->ledger), 2);
}

static void a_jump_where_nothing_is_lost_is_none(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);

    send_one(place->ledger, run.id, 2, "A", OUTCOME_ACCEPTED);
    begin(place->ledger);
    assert_int_equal(ledger_commits_jump(place->ledger, 1, &someone, &err), 0);
    commit(place->ledger);
    assert_int_equal(ledger_commits(place->ledger), 1);
    begin(place->ledger);
    assert_int_equal(ledger_commits_jump(place->ledger, INT64_MAX, &someone, &err), -1);
    ledger_rollback(place->ledger);
}

static void a_pass_for_the_export_is_one_for_others_and_not_the_reverse(void **state)
{
    struct place *place = *state;
    struct pass pass = {.ledger = "abc", .run = "20221212-00000001", .commits = 7};

    begin(place->ledger);
    assert_int_equal(ledger_pass_add(place->ledger, &pass, &someone, &err), 0);
    assert_int_equal(ledger_pass_add(place->ledger, &pass, &someone, &err), 0);
    commit(place->ledger);
    assert_int_equal(ledger_pass_find(place->ledger, &pass, &err), 1);
    pass.kind = PASS_EXPORT;
    assert_int_equal(ledger_pass_find(place->ledger, &pass, &err), 0);
    begin(place->ledger);
    assert_int_equal(ledger_pass_add(place->ledger, &pass, &someone, &err), 0);
    commit(place->ledger);
    assert_int_equal(ledger_pass_find(place->ledger, &pass, &err), 1);
    pass.commits = 8; /* it went on since */
    assert_int_equal(ledger_pass_find(place->ledger, &pass, &err), 0);
}

static void a_ledger_that_is_gone_is_not_taken_for_none(void **state)
{
    struct place *place = *state;
    char id[LEDGER_ID_BYTES];
    enum ledger_place found;

    assert_int_equal(ledger_place_look(place->path, &found, id, &err), 0);
    assert_int_equal(found, LEDGER_STANDS);
    snprintf(id, sizeof(id), "%s", ledger_id(place->ledger));
    ledger_close(place->ledger);
    place->ledger = NULL;
    assert_int_equal(truncate(place->path, 0), 0);
    assert_int_equal(ledger_place_look(place->path, &found, id, &err), 0);
    assert_int_equal(found, LEDGER_IS_GONE);
    assert_int_equal(strlen(id), LEDGER_ID_BYTES - 1);
    unlink(place->path);
    unlink(beside(place, ".lock"));
    assert_int_equal(ledger_place_look(place->path, &found, id, &err), 0);
    assert_int_equal(found, LEDGER_IS_ABSENT);
    assert_string_equal(id, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LEDGER(what_says_something_of_rows_is_counted_and_nothing_else),
        WITH_LEDGER(what_is_rolled_back_is_not_counted),
        WITH_LEDGER(the_count_beside_is_its_owners_only),
        WITH_LEDGER(a_ledger_whose_last_commits_are_gone_is_known),
        WITH_LEDGER(a_count_that_is_behind_missing_or_cut_is_taken),
        WITH_LEDGER(a_count_of_another_ledger_tells_nothing_of_this_one),
        WITH_LEDGER(after_a_jump_the_numbers_of_what_is_lost_stay_known),
        WITH_LEDGER(what_was_carried_over_stands_in_the_file_when_it_is_counted),
        WITH_LEDGER(a_jump_where_nothing_is_lost_is_none),
        WITH_LEDGER(a_pass_for_the_export_is_one_for_others_and_not_the_reverse),
        WITH_LEDGER(a_ledger_that_is_gone_is_not_taken_for_none),
    };

    return cmocka_run_group_tests_name("commits", tests, NULL, NULL);
}
