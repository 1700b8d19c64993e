/* Unit tests of verify and backup: damage is found, and a copy is whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>

#include "ledger/maintenance/backup.h"
#include "ledger/maintenance/verify.h"
#include "ledger/view/view.h"
#include "ledger_place.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* What a verification said. */
struct findings {
    uint64_t count;
    char text[4096];
};

static void take(void *context, const char *sentence)
{
    struct findings *findings = context;
    size_t len = strlen(findings->text);

    snprintf(findings->text + len, sizeof(findings->text) - len, "%s\n", sentence);
}

static struct findings verify(const char *path)
{
    struct findings findings = {0};
    struct ledger *view;

    if (view_open(path, &view, &err) || verify_ledger(view, take, &findings, &findings.count, &err))
        fail_msg("%s", err.text);
    ledger_close(view);
    return findings;
}

/* A ledger with some of everything. */
static void fill(struct place *place)
{
    struct ledger *ledger = place->ledger;
    struct run_count counts[OUTCOME_COUNT] = {[OUTCOME_ACCEPTED] = {1, 1, "100"}};
    struct run_record first = create_run(ledger, 1);
    struct run_record second = create_run(ledger, 2);
    struct round round;

    send_one(ledger, first.id, 2, "A", OUTCOME_ACCEPTED);
    send_one(ledger, first.id, 3, "B", OUTCOME_REJECTED);
    send_one(ledger, second.id, 2, "B", OUTCOME_UNKNOWN);
    begin(ledger);
    assert_int_equal(ledger_run_count_put(ledger, first.id, counts, &err), 0);
    assert_int_equal(
        ledger_round_open(ledger, first.id, ROUND_RESUBMIT, "claims-desk", "why", 5, &round, &err),
        0);
    commit(ledger);
    finish_run(ledger, &first, STARTED_MS + 1000, "");
}

static void ledger_in_order_has_no_findings(void **state)
{
    struct place *place = *state;
    struct findings findings = verify(place->path);

    assert_int_equal(findings.count, 0);
    fill(place);
    findings = verify(place->path);
    assert_string_equal(findings.text, "");
    assert_int_equal(findings.count, 0);
}

static void every_contradiction_is_named(void **state)
{
    static const struct {
        const char *sql, *words;
    } damages[] = {
        {"DELETE FROM meta", "the id of the ledger"},
        {"UPDATE run SET platform=99 WHERE id=2", "of a platform that is not there"},
        {"UPDATE run SET export_sha256=x'00' WHERE id=1", "what is known of run number 1"},
        {"UPDATE open_attempt SET run=44", "claim B has an open attempt of run number 44"},
        {"UPDATE open_attempt SET digest=x'00'", "the open attempt of claim B"},
        {"UPDATE claim SET accepted_run=45 WHERE claim_order_no='A'",
         "claim A was accepted by run number 45, row 2"},
        {"UPDATE claim SET accepted_digest=x'00' WHERE claim_order_no='A'",
         "the accepted content of claim A"},
        {"UPDATE claim SET platform=7 WHERE claim_order_no='A'", "claim A is of a platform"},
        {"DELETE FROM row WHERE run=2", "the newest row of claim B (run number 2, row 2)"},
        {"DELETE FROM row WHERE run=1 AND row=3",
         "run number 2, row 2: the row of the same claim before it (of run number 1)"},
        {"UPDATE row SET prev_run=2, prev_row=2 WHERE run=1 AND row=3", "comes after it"},
        {"UPDATE claim SET accepted_digest=zeroblob(16) WHERE claim_order_no='A'",
         "known as accepted of claim A is not the content of the row"},
        {"UPDATE claim SET accepted_digest=NULL WHERE claim_order_no='A'",
         "claim A has a row that was accepted, and is not known as accepted"},
        {"DELETE FROM claim WHERE claim_order_no='A'", "some are lost"},
        {"DELETE FROM run WHERE id=2", "there are rows of run number 2, which is not there"},
        {"UPDATE row SET outcome=9 WHERE run=1 AND row=2", "the record of run number 1, row 2"},
        {"UPDATE row SET state=7 WHERE run=1 AND row=2", "the record of run number 1, row 2"},
        {"UPDATE row SET round=12 WHERE run=1 AND row=2", "round number 12"},
        {"UPDATE run_count SET rows=-1 WHERE outcome=0", "the count of run number 1"},
        {"UPDATE round SET run=50", "is of run number 50, which is not there"},
        {"DROP TABLE settlement; DROP TABLE round", "cannot be read whole: no such table: round"},
    };
    struct place *place = *state;

    fill(place);
    ledger_close(place->ledger);
    place->ledger = NULL;
    for (size_t i = 0; i < COUNT(damages); i++) {
        char copy[192], sql[512];
        struct findings findings;

        snprintf(copy, sizeof(copy), "%s/copy%zu.db", place->folder, i);
        snprintf(sql, sizeof(sql), "VACUUM INTO '%s'", copy);
        run_sql(place->path, sql);
        assert_int_equal(verify(copy).count, 0);
        run_sql(copy, damages[i].sql);
        /* Without its id it is no ledger that can be opened. */
        if (i == 0)
            run_sql(copy, "INSERT INTO meta VALUES('id','short')");
        findings = verify(copy);
        assert_true(findings.count > 0);
        if (!strstr(findings.text, damages[i].words))
            fail_msg("%s\nis not in\n%s", damages[i].words, findings.text);
    }
}

static void many_findings_are_counted_and_the_first_are_named(void **state)
{
    struct place *place = *state;
    struct run_record run = create_run(place->ledger, 1);
    struct findings findings;
    size_t lines = 0;

    begin(place->ledger);
    for (uint64_t row = 2; row < 502; row++) {
        char order_no[16];

        snprintf(order_no, sizeof(order_no), "C%llu", (unsigned long long)row);
        send_row(place->ledger, run.id, row, order_no, OUTCOME_ACCEPTED);
    }
    commit(place->ledger);
    run_sql(place->path, "UPDATE row SET outcome=9");
    findings = verify(place->path);
    assert_int_equal(findings.count, 500);
    for (const char *p = findings.text; (p = strstr(p, "the record of")); p++)
        lines++;
    assert_true(lines > 0 && lines <= VERIFY_SENTENCES_MAX);
}

/* Writes over the beginning of each page but the first. */
static void scratch(const char *path)
{
    static const unsigned char bytes[16] = {0xa5, 0xa5, 0xa5};
    struct stat status;
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    assert_int_equal(fstat(fd, &status), 0);
    for (off_t page = 4096; page < status.st_size; page += 4096)
        assert_int_equal(pwrite(fd, bytes, sizeof(bytes), page), sizeof(bytes));
    close(fd);
}

static void damaged_pages_are_found(void **state)
{
    struct place *place = *state;
    struct ledger *view;

    fill(place);
    ledger_close(place->ledger);
    place->ledger = NULL;
    run_sql(place->path, "PRAGMA wal_checkpoint(TRUNCATE)");
    scratch(place->path);
    /* The page with the id is among them. */
    assert_int_equal(view_open(place->path, &view, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_WRITE);
    assert_non_null(strstr(err.text, "damaged"));
}

static void damaged_page_of_rows_is_found(void **state)
{
    static const unsigned char bytes[16] = {0xa5, 0xa5, 0xa5};
    struct place *place = *state;
    struct findings findings;
    int64_t page;
    int fd;

    fill(place);
    page = run_sql(place->path, "SELECT rootpage FROM sqlite_master WHERE name='row'");
    ledger_close(place->ledger);
    place->ledger = NULL;
    fd = open(place->path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(pwrite(fd, bytes, sizeof(bytes), (page - 1) * 4096), sizeof(bytes));
    close(fd);
    findings = verify(place->path);
    assert_true(findings.count > 0);
    assert_non_null(strstr(findings.text, "the structure of the file is damaged"));
}

/* ---- copying ---- */

static int back_up(struct place *place, const char *name, char path[192], struct error *ret_err)
{
    struct ledger *view;
    uint64_t bytes;
    int result;

    snprintf(path, 192, "%s/%s", place->folder, name);
    if (view_open(place->path, &view, &err))
        fail_msg("%s", err.text);
    result = backup_ledger(view, path, &bytes, ret_err);
    if (!result)
        assert_true(bytes > 4096);
    ledger_close(view);
    return result;
}

static size_t count_files(const struct place *place)
{
    const struct dirent *entry;
    DIR *folder = opendir(place->folder);
    size_t count = 0;

    while ((entry = readdir(folder)))
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

static void backup_is_whole_private_and_alone(void **state)
{
    struct place *place = *state;
    struct stat status;
    struct ledger *copy;
    size_t files;
    char path[192];

    fill(place);
    files = count_files(place);
    if (back_up(place, "backup.db", path, &err))
        fail_msg("%s", err.text);
    assert_int_equal(count_files(place), files + 1);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(verify(path).count, 0);
    assert_int_equal(ledger_open(path, &copy, &err), 0); /* and can be gone on with */
    assert_string_equal(ledger_id(copy), ledger_id(place->ledger));
    send_one(copy, 2, 9, "Z", OUTCOME_ACCEPTED);
    ledger_close(copy);
}

static void backup_never_replaces_a_file(void **state)
{
    struct place *place = *state;
    char path[192];
    size_t files;

    fill(place);
    assert_int_equal(back_up(place, "backup.db", path, &err), 0);
    run_sql(path, "UPDATE meta SET value='somebody' WHERE name='id'");
    files = count_files(place);
    assert_int_equal(back_up(place, "backup.db", path, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    assert_int_equal(run_sql(path, "SELECT count(*) FROM meta WHERE value='somebody'"), 1);
    assert_int_equal(count_files(place), files);
    assert_int_equal(back_up(place, "none/backup.db", path, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    assert_int_equal(back_up(place, "ledger.db", path, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
}

static void backup_holds_what_is_committed_while_a_writer_is_at_work(void **state)
{
    struct place *place = *state;
    char path[192];

    fill(place);
    begin(place->ledger);
    send_row(place->ledger, 2, 20, "new", OUTCOME_ACCEPTED);
    if (back_up(place, "backup.db", path, &err))
        fail_msg("%s", err.text);
    commit(place->ledger);
    assert_int_equal(run_sql(path, "SELECT count(*) FROM row"), 3);
    assert_int_equal(run_sql(place->path, "SELECT count(*) FROM row"), 4);
}

static void copy_that_does_not_verify_is_no_backup(void **state)
{
    struct place *place = *state;
    char path[192];
    size_t files;

    fill(place);
    run_sql(place->path, "UPDATE row SET outcome=9 WHERE run=1 AND row=2");
    files = count_files(place);
    assert_int_equal(back_up(place, "backup.db", path, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_WRITE);
    assert_non_null(strstr(err.text, "the record of run number 1, row 2"));
    assert_int_equal(count_files(place), files);
}

static void lowered_version_is_an_edit(void **state)
{
    struct place *place = *state;
    char path[192];

    fill(place);
    run_sql(place->path, "PRAGMA user_version=1");
    assert_int_equal(back_up(place, "backup.db", path, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_WRITE);
    assert_non_null(strstr(err.text, "the tables are not as claimbatch makes them"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LEDGER(ledger_in_order_has_no_findings),
        WITH_LEDGER(every_contradiction_is_named),
        WITH_LEDGER(many_findings_are_counted_and_the_first_are_named),
        WITH_LEDGER(damaged_pages_are_found),
        WITH_LEDGER(damaged_page_of_rows_is_found),
        WITH_LEDGER(backup_is_whole_private_and_alone),
        WITH_LEDGER(backup_never_replaces_a_file),
        WITH_LEDGER(backup_holds_what_is_committed_while_a_writer_is_at_work),
        WITH_LEDGER(copy_that_does_not_verify_is_no_backup),
        WITH_LEDGER(lowered_version_is_an_edit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
