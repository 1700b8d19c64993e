/* Unit tests of ledger: what is durable, what is open, and who is alive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "ledger/ledger.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define PLATFORM "taobao"
#define OTHER_PLATFORM "http://127.0.0.1:8080/router/rest"

static const unsigned char export_sha256[DIGEST_SHA256_BYTES] = {0xaa, 0xbb};
static const unsigned char other_sha256[DIGEST_SHA256_BYTES] = {0xcc};

static struct error err; /* of the call made last */

/* ---- a ledger in a folder of its own ---- */

struct place {
    char folder[64];
    char path[128];
    struct ledger *ledger;
};

static struct ledger *open_ledger(const char *path)
{
    struct ledger *ledger = NULL;

    if (ledger_open(path, &ledger, &err))
        fail_msg("%s", err.text);
    return ledger;
}

static int make_folder(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    snprintf(place->folder, sizeof(place->folder), "/tmp/claimbatch-test-XXXXXX");
    *state = place;
    if (!mkdtemp(place->folder))
        return -1;
    snprintf(place->path, sizeof(place->path), "%s/ledger.db", place->folder);
    return 0;
}

static int make_ledger(void **state)
{
    struct place *place;

    if (make_folder(state))
        return -1;
    place = *state;
    place->ledger = open_ledger(place->path);
    return 0;
}

static int remove_all(void **state)
{
    struct place *place = *state;
    DIR *folder;
    const struct dirent *entry;

    ledger_close(place->ledger);
    folder = opendir(place->folder);
    while (folder && (entry = readdir(folder)))
        unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
    rmdir(place->folder);
    free(place);
    return 0;
}

/* ---- short words for what every test does ---- */

static void begin(struct ledger *ledger)
{
    if (ledger_begin(ledger, &err))
        fail_msg("%s", err.text);
}

static void commit(struct ledger *ledger)
{
    if (ledger_commit(ledger, &err))
        fail_msg("%s", err.text);
}

static struct run_record run_record(const char *platform)
{
    return (struct run_record){
        .command = "upload",
        .platform = platform,
        .export_name = "claims.csv",
        .export_sha256 = export_sha256,
        .export_bytes = 4711,
        .reading = "utf-8 , fen",
        .report_path = "claims.report.csv",
        .started_ms = 1670774400000, /* 2022-12-12 in Beijing */
        .stopped_because = "",
    };
}

/* In a transaction of its own; returns its id. */
static int64_t create_run(struct ledger *ledger, const char *platform)
{
    struct run_record run = run_record(platform);

    begin(ledger);
    assert_int_equal(ledger_run_create(ledger, &run, &err), 0);
    commit(ledger);
    return run.id;
}

static struct claim_key claim_key(const char *order_no)
{
    return (struct claim_key){.workcard_id = 815, .claim_order_no = order_no};
}

static struct row_ref ref_of(int64_t run, uint64_t row, const char *order_no)
{
    return (struct row_ref){
        .platform = PLATFORM,
        .place = {run, row},
        .key = claim_key(order_no),
    };
}

static struct row_record record_of(const struct row_ref *ref, enum row_state state,
                                   enum outcome outcome)
{
    return (struct row_record){
        .row = ref->place.row,
        .state = state,
        .outcome = outcome,
        .counts_as = outcome,
        .attempts = 1,
        .submitted_ms = 1000,
        .duration_ms = 50,
        .digest = {(unsigned char)ref->place.row, (unsigned char)ref->place.run},
        .code = "",
        .sub_code = "",
        .message = "",
        .request_id = "",
        .warnings = "",
    };
}

static int intend(struct ledger *ledger, const struct row_ref *ref)
{
    struct row_record record = record_of(ref, ROW_UNTOUCHED, OUTCOME_ACCEPTED);

    return ledger_row_intend(ledger, ref, &record, &err);
}

static void settle(struct ledger *ledger, const struct row_ref *ref, enum row_state row_state,
                   enum outcome outcome)
{
    struct row_record record = record_of(ref, row_state, outcome);

    if (ledger_row_settle(ledger, ref, &record, &err))
        fail_msg("%s", err.text);
}

/* A row from intent to outcome, in the open transaction. */
static void send(struct ledger *ledger, int64_t run, uint64_t row, const char *order_no,
                 enum outcome outcome)
{
    struct row_ref ref = ref_of(run, row, order_no);

    assert_int_equal(intend(ledger, &ref), 1);
    settle(ledger, &ref, ROW_FINAL, outcome);
}

static void note(struct ledger *ledger, int64_t run, uint64_t row, const char *order_no,
                 bool repeated)
{
    struct row_ref ref = ref_of(run, row, order_no);
    struct row_record record = record_of(&ref, ROW_FINAL, OUTCOME_SKIPPED);

    assert_int_equal(ledger_row_note(ledger, &ref, &record, repeated, &err), 0);
}

static struct claim_state claim_of(struct ledger *ledger, const char *order_no)
{
    struct claim_key key = claim_key(order_no);
    struct claim_state claim;

    if (ledger_claim_get(ledger, PLATFORM, &key, &claim, &err))
        fail_msg("%s", err.text);
    return claim;
}

/* The row before, 0 if the ledger knows none. */
static uint64_t row_before(struct ledger *ledger, int64_t run, uint64_t row, const char *order_no)
{
    struct claim_key key = claim_key(order_no);
    struct row_place place = {run, row};
    struct row_record record = {0};
    int found = ledger_claim_before(ledger, PLATFORM, &key, place, &record, &err);

    if (found < 0)
        fail_msg("%s", err.text);
    return found ? record.row : 0;
}

static size_t count_rows(struct ledger *ledger, int64_t run)
{
    struct ledger_rows *rows;
    struct row_record record;
    size_t count = 0;

    assert_int_equal(ledger_rows_open(ledger, run, 0, &rows, &err), 0);
    while (ledger_rows_next(rows, &record, &err) == 1)
        count++;
    ledger_rows_close(rows);
    return count;
}

/* The row's record without its texts; it must be there. */
static struct row_record row_of(struct ledger *ledger, int64_t run, uint64_t row)
{
    struct ledger_rows *rows;
    struct row_record record;

    assert_int_equal(ledger_rows_open(ledger, run, row, &rows, &err), 0);
    assert_int_equal(ledger_rows_next(rows, &record, &err), 1);
    assert_int_equal(record.row, row);
    ledger_rows_close(rows);
    record.code = record.sub_code = record.message = record.request_id = record.warnings = NULL;
    return record;
}

/* Runs SQL on a file as another program would; the first number of its result, or -1. */
static int64_t run_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    while (*sql) {
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, &sql), SQLITE_OK);
        if (sqlite3_step(statement) == SQLITE_ROW)
            number = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
    }
    sqlite3_close(db);
    return number;
}

/* ---- opening ---- */

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

/* ---- transactions ---- */

static void nothing_is_seen_by_others_before_the_commit(void **state)
{
    struct place *place = *state;
    struct ledger *other = open_ledger(place->path);
    int64_t run = create_run(place->ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "A");

    begin(place->ledger);
    assert_int_equal(intend(place->ledger, &ref), 1);
    assert_true(claim_of(place->ledger, "A").open);
    assert_false(claim_of(other, "A").open);
    commit(place->ledger);
    assert_true(claim_of(other, "A").open);
    ledger_close(other);
}

static void commit_of_another_process_is_news(void **state)
{
    struct place *place = *state;
    struct ledger *other = open_ledger(place->path);
    int64_t run = create_run(place->ledger, PLATFORM);

    begin(place->ledger);
    commit(place->ledger);
    begin(place->ledger);
    assert_false(ledger_has_news(place->ledger));
    note(place->ledger, run, 2, "A", false);
    commit(place->ledger);
    begin(place->ledger);
    assert_false(ledger_has_news(place->ledger)); /* one's own commits are none */
    commit(place->ledger);

    begin(other);
    note(other, run, 3, "B", false);
    commit(other);
    begin(place->ledger);
    assert_true(ledger_has_news(place->ledger));
    commit(place->ledger);
    begin(place->ledger);
    assert_false(ledger_has_news(place->ledger));
    commit(place->ledger);
    ledger_close(other);
}

static void rollback_leaves_nothing(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    struct run_record run = run_record(OTHER_PLATFORM);

    begin(ledger);
    assert_int_equal(ledger_run_create(ledger, &run, &err), 0);
    ledger_rollback(ledger);
    assert_int_equal(ledger_run_find(ledger, "upload", OTHER_PLATFORM, export_sha256, &run, &err),
                     0);

    /* The platform, too, must be made again. */
    create_run(ledger, OTHER_PLATFORM);
    assert_int_equal(ledger_run_find(ledger, "upload", OTHER_PLATFORM, export_sha256, &run, &err),
                     1);
    assert_int_equal(run_sql(ledger_path(ledger), "SELECT count(*) FROM platform"), 1);
}

static void what_is_committed_survives_sigkill_and_nothing_else_does(void **state)
{
    struct place *place = *state;
    int64_t run = create_run(place->ledger, PLATFORM);
    struct row_ref first = ref_of(run, 2, "A");
    struct row_ref second = ref_of(run, 3, "B");
    int status;
    pid_t child = fork();

    if (child == 0) {
        struct ledger *ledger = NULL;

        if (ledger_open(place->path, &ledger, &err) || ledger_begin(ledger, &err) ||
            intend(ledger, &first) != 1 || ledger_commit(ledger, &err) ||
            ledger_begin(ledger, &err) || intend(ledger, &second) != 1)
            _exit(1);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_true(claim_of(place->ledger, "A").open_is_intent);
    assert_false(claim_of(place->ledger, "B").open);
}

static void writers_of_many_processes_lose_nothing(void **state)
{
    enum { PROCESSES = 4, TURNS = 25 };
    struct place *place = *state;
    pid_t children[PROCESSES];
    int64_t calls = 0;

    create_run(place->ledger, PLATFORM);
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            struct ledger *ledger = NULL;
            int failed = ledger_open(place->path, &ledger, &err);

            for (int turn = 0; !failed && turn < TURNS; turn++)
                failed = ledger_begin(ledger, &err) ||
                         ledger_calls_add(ledger, PLATFORM, "key", 20221212, 1, &err) ||
                         ledger_commit(ledger, &err);
            _exit(failed);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;

        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(ledger_calls_get(place->ledger, PLATFORM, "key", 20221212, &calls, &err), 0);
    assert_int_equal(calls, PROCESSES * TURNS);
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

/* ---- runs ---- */

static void run_is_found_by_command_platform_and_content(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    struct run_record run;

    assert_int_equal(ledger_run_find(ledger, "upload", PLATFORM, export_sha256, &run, &err), 0);
    create_run(ledger, PLATFORM);
    assert_int_equal(ledger_run_find(ledger, "rerun", PLATFORM, export_sha256, &run, &err), 0);
    assert_int_equal(ledger_run_find(ledger, "upload", OTHER_PLATFORM, export_sha256, &run, &err),
                     0);
    assert_int_equal(ledger_run_find(ledger, "upload", PLATFORM, other_sha256, &run, &err), 0);
    assert_int_equal(ledger_run_find(ledger, "upload", PLATFORM, export_sha256, &run, &err), 1);
    assert_string_equal(run.export_name, "claims.csv");
    assert_int_equal(run.export_bytes, 4711);
    assert_string_equal(run.reading, "utf-8 , fen");
    assert_string_equal(run.report_path, "claims.report.csv");
    assert_int_equal(run.started_ms, 1670774400000);
    assert_int_equal(run.finished_ms, 0);
    assert_false(run.complete);
    assert_false(run.published);
    assert_memory_equal(run.name, "20221212-", 9);
}

static void newest_run_is_found(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t first = create_run(ledger, PLATFORM);
    int64_t second = create_run(ledger, PLATFORM);
    struct run_record run;

    assert_true(second > first);
    assert_int_equal(ledger_run_find(ledger, "upload", PLATFORM, export_sha256, &run, &err), 1);
    assert_int_equal(run.id, second);
}

static void run_remembers_how_it_ended(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    struct run_record run;

    create_run(ledger, PLATFORM);
    assert_int_equal(ledger_run_find(ledger, "upload", PLATFORM, export_sha256, &run, &err), 1);
    run.started_ms += 5;
    run.finished_ms = run.started_ms + 7;
    run.stopped_because = "quota";
    run.complete = true;
    run.published = true;
    run.report_path = "elsewhere.csv";
    run.open_rows = 3;
    run.invalid_rows = 2;
    begin(ledger);
    assert_int_equal(ledger_run_save(ledger, &run, &err), 0);
    commit(ledger);
    assert_int_equal(ledger_run_find(ledger, "upload", PLATFORM, export_sha256, &run, &err), 1);
    assert_int_equal(run.started_ms, 1670774400005);
    assert_int_equal(run.finished_ms, 1670774400012);
    assert_string_equal(run.stopped_because, "quota");
    assert_true(run.complete);
    assert_true(run.published);
    assert_string_equal(run.report_path, "elsewhere.csv");
    assert_int_equal(run.open_rows, 3);
    assert_int_equal(run.invalid_rows, 2);
}

static void run_remembers_its_counts(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    struct run_count counts[OUTCOME_COUNT] = {0};
    struct run_count read[OUTCOME_COUNT];

    for (int i = 0; i < OUTCOME_COUNT; i++) {
        counts[i].rows = (uint64_t)i * 10;
        counts[i].counts_as = (uint64_t)i;
        snprintf(counts[i].fee_fen, MONEY_TEXT_BYTES, "9223372036854775807%d", i);
    }
    for (int again = 0; again < 2; again++) {
        begin(ledger);
        assert_int_equal(ledger_run_count_put(ledger, run, counts, &err), 0);
        commit(ledger);
    }
    assert_int_equal(ledger_run_count_get(ledger, run, read, &err), 0);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        assert_int_equal(read[i].rows, counts[i].rows);
        assert_int_equal(read[i].counts_as, counts[i].counts_as);
        assert_string_equal(read[i].fee_fen, counts[i].fee_fen);
    }
    assert_int_equal(ledger_run_count_get(ledger, run + 1, read, &err), 0);
    assert_int_equal(read[OUTCOME_UNSENT].rows, 0);
}

static void run_has_rows_once_one_is_recorded(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);

    assert_int_equal(ledger_run_has_rows(ledger, run, &err), 0);
    begin(ledger);
    note(ledger, run, 2, "A", false);
    commit(ledger);
    assert_int_equal(ledger_run_has_rows(ledger, run, &err), 1);
    assert_int_equal(ledger_run_has_rows(ledger, run + 1, &err), 0);
}

static void run_last_row_is_the_last_that_is_recorded(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    int64_t next = create_run(ledger, PLATFORM);
    uint64_t last = 99;

    assert_int_equal(ledger_run_last_row(ledger, run, &last, &err), 0);
    assert_int_equal(last, 0);
    begin(ledger);
    note(ledger, run, 7, "A", false);
    note(ledger, run, 2, "B", false);
    note(ledger, next, 11, "C", false);
    commit(ledger);
    assert_int_equal(ledger_run_last_row(ledger, run, &last, &err), 0);
    assert_int_equal(last, 7);
}

static void run_has_rows_once_one_may_be_on_the_wire(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "A");

    begin(ledger);
    assert_int_equal(intend(ledger, &ref), 1);
    commit(ledger);
    assert_int_equal(ledger_run_has_rows(ledger, run, &err), 1);
    assert_int_equal(ledger_run_has_rows(ledger, run + 1, &err), 0);
}

static void round_is_the_same_for_the_same_words(void **state)
{
    static const struct {
        enum round_kind kind;
        const char *by, *reason;
        bool same;
    } cases[] = {
        {ROUND_RESEND_UNKNOWN, "ops", "ticket 7", true},
        {ROUND_RESUBMIT, "ops", "ticket 7", false},
        {ROUND_RESEND_UNKNOWN, "audit", "ticket 7", false},
        {ROUND_RESEND_UNKNOWN, "ops", "ticket 8", false},
    };
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    int64_t other_run = create_run(ledger, PLATFORM);
    struct round first;
    struct round round;

    begin(ledger);
    assert_int_equal(
        ledger_round_open(ledger, run, ROUND_RESEND_UNKNOWN, "ops", "ticket 7", 5, &first, &err),
        0);
    assert_true(first.id > 0);
    assert_int_equal(first.kind, ROUND_RESEND_UNKNOWN);
    assert_false(first.finished);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(ledger_round_open(ledger, run, cases[i].kind, cases[i].by, cases[i].reason,
                                           6, &round, &err),
                         0);
        assert_int_equal(round.id == first.id, cases[i].same);
    }
    assert_int_equal(ledger_round_open(ledger, other_run, ROUND_RESEND_UNKNOWN, "ops", "ticket 7",
                                       6, &round, &err),
                     0);
    assert_int_not_equal(round.id, first.id);

    assert_int_equal(ledger_round_finish(ledger, first.id, 9, &err), 0);
    commit(ledger);
    begin(ledger);
    assert_int_equal(
        ledger_round_open(ledger, run, ROUND_RESEND_UNKNOWN, "ops", "ticket 7", 10, &round, &err),
        0);
    commit(ledger);
    assert_int_equal(round.id, first.id);
    assert_true(round.finished);
}

/* ---- who is alive ---- */

/* A process that holds the lock of a run until it is killed. */
static pid_t start_holder(const char *path, int64_t run)
{
    int ready[2];
    char byte = 0;
    pid_t child;

    assert_int_equal(pipe(ready), 0);
    child = fork();
    if (child == 0) {
        struct ledger *ledger = NULL;

        if (ledger_open(path, &ledger, &err) || ledger_run_lock(ledger, run, &err) != 1)
            _exit(1);
        if (write(ready[1], "+", 1) == 1)
            for (;;)
                pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void run_is_alive_as_long_as_its_process(void **state)
{
    struct place *place = *state;
    int64_t run = create_run(place->ledger, PLATFORM);
    int status;
    pid_t holder;

    assert_false(ledger_run_is_alive(place->ledger, run));
    holder = start_holder(place->path, run);
    assert_true(ledger_run_is_alive(place->ledger, run));
    assert_false(ledger_run_is_alive(place->ledger, run + 1));
    assert_int_equal(ledger_run_lock(place->ledger, run, &err), 0);
    assert_int_equal(ledger_run_lock(place->ledger, run + 1, &err), 1);

    kill(holder, SIGKILL);
    assert_int_equal(waitpid(holder, &status, 0), holder);
    assert_false(ledger_run_is_alive(place->ledger, run));
    assert_int_equal(ledger_run_lock(place->ledger, run, &err), 1);
}

static void own_run_is_alive(void **state)
{
    struct place *place = *state;
    struct ledger *other = open_ledger(place->path);
    int64_t run = create_run(place->ledger, PLATFORM);

    assert_int_equal(ledger_run_lock(place->ledger, run, &err), 1);
    assert_true(ledger_run_is_alive(place->ledger, run));
    assert_true(ledger_run_is_alive(other, run));
    assert_int_equal(ledger_run_lock(other, run, &err), 0);
    ledger_close(other);
    assert_true(ledger_run_is_alive(place->ledger, run));
    ledger_close(place->ledger);
    place->ledger = open_ledger(place->path);
    assert_false(ledger_run_is_alive(place->ledger, run));
}

/* ---- claims and rows ---- */

static void claim_has_one_open_attempt(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t first = create_run(ledger, PLATFORM);
    int64_t second = create_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(first, 2, "A");
    struct row_ref rival = ref_of(second, 9, "A");
    struct row_ref other_claim = ref_of(second, 10, "B");
    struct row_ref other_workcard = ref_of(second, 11, "A");
    struct claim_state claim;

    other_workcard.key.workcard_id = 816;
    begin(ledger);
    assert_int_equal(intend(ledger, &ref), 1);
    assert_int_equal(intend(ledger, &rival), 0);
    assert_int_equal(intend(ledger, &other_claim), 1);
    assert_int_equal(intend(ledger, &other_workcard), 1);
    commit(ledger);
    claim = claim_of(ledger, "A");
    assert_true(claim.open);
    assert_true(claim.open_is_intent);
    assert_int_equal(claim.open_at.run, first);
    assert_int_equal(claim.open_at.row, 2);
    assert_false(claim.accepted);
    assert_int_equal(run_sql(ledger_path(ledger), "SELECT count(*) FROM open_attempt"), 3);
}

static void platforms_do_not_share_claims(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    int64_t elsewhere = create_run(ledger, OTHER_PLATFORM);
    struct row_ref ref = ref_of(elsewhere, 2, "A");

    begin(ledger);
    send(ledger, run, 2, "A", OUTCOME_ACCEPTED);
    ref.platform = OTHER_PLATFORM;
    assert_int_equal(intend(ledger, &ref), 1);
    commit(ledger);
    assert_true(claim_of(ledger, "A").accepted);
    assert_false(claim_of(ledger, "A").open);
}

static void accepted_row_is_the_claims_newest_content(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    struct run_record found;
    struct claim_state claim;

    begin(ledger);
    send(ledger, run, 7, "A", OUTCOME_ACCEPTED);
    commit(ledger);
    claim = claim_of(ledger, "A");
    assert_true(claim.accepted);
    assert_false(claim.open);
    assert_int_equal(claim.accepted_digest[0], 7);
    assert_int_equal(claim.accepted_at.run, run);
    assert_int_equal(claim.accepted_at.row, 7);
    assert_int_equal(claim.accepted_ms, 1050);
    assert_int_equal(ledger_run_find(ledger, "upload", PLATFORM, export_sha256, &found, &err), 1);
    assert_string_equal(claim.accepted_run_name, found.name);
}

static void outcomes_close_the_attempt_unless_it_is_unknown(void **state)
{
    static const struct {
        enum row_state row_state;
        enum outcome outcome;
        bool open, accepted;
    } cases[] = {
        {ROW_FINAL, OUTCOME_ACCEPTED, false, true}, {ROW_FINAL, OUTCOME_REJECTED, false, false},
        {ROW_FINAL, OUTCOME_FAILED, false, false},  {ROW_FINAL, OUTCOME_UNKNOWN, true, false},
        {ROW_FINAL, OUTCOME_UNSENT, false, false},  {ROW_AGAIN, OUTCOME_ACCEPTED, false, false},
    };
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);

    begin(ledger);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char order_no[8];
        struct row_ref ref;
        struct claim_state claim;

        snprintf(order_no, sizeof(order_no), "%zu", i);
        ref = ref_of(run, i + 2, order_no);
        assert_int_equal(intend(ledger, &ref), 1);
        settle(ledger, &ref, cases[i].row_state, cases[i].outcome);
        claim = claim_of(ledger, order_no);
        assert_int_equal(claim.open, cases[i].open);
        assert_false(claim.open_is_intent);
        assert_int_equal(claim.accepted, cases[i].accepted);
        assert_int_equal(row_of(ledger, run, i + 2).state, cases[i].row_state);
    }
    commit(ledger);
}

static void unknown_claim_cannot_be_intended(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    struct row_ref later = ref_of(run, 5, "A");

    begin(ledger);
    send(ledger, run, 2, "A", OUTCOME_UNKNOWN);
    assert_int_equal(intend(ledger, &later), 0);
    commit(ledger);
    assert_int_equal(claim_of(ledger, "A").open_at.row, 2);
    assert_int_equal(count_rows(ledger, run), 1);
}

static void resend_takes_over_an_unknown_attempt_and_only_acceptance_ends_it(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "A");

    begin(ledger);
    send(ledger, run, 2, "A", OUTCOME_UNKNOWN);
    ref.resend = true;
    assert_int_equal(intend(ledger, &ref), 1);
    assert_true(claim_of(ledger, "A").open_is_intent);
    assert_int_equal(intend(ledger, &ref), 0); /* it is on the wire */
    settle(ledger, &ref, ROW_AGAIN, OUTCOME_ACCEPTED);
    assert_true(claim_of(ledger, "A").open);
    assert_false(claim_of(ledger, "A").open_is_intent);
    assert_int_equal(row_of(ledger, run, 2).outcome, OUTCOME_UNKNOWN);

    assert_int_equal(intend(ledger, &ref), 1);
    settle(ledger, &ref, ROW_FINAL, OUTCOME_REJECTED);
    assert_true(claim_of(ledger, "A").open);
    assert_false(claim_of(ledger, "A").open_is_intent);

    assert_int_equal(intend(ledger, &ref), 1);
    settle(ledger, &ref, ROW_FINAL, OUTCOME_ACCEPTED);
    commit(ledger);
    assert_false(claim_of(ledger, "A").open);
    assert_true(claim_of(ledger, "A").accepted);
}

static void resend_that_dies_on_the_wire_is_unknown_again(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "A");
    size_t count = 0;

    begin(ledger);
    send(ledger, run, 2, "A", OUTCOME_UNKNOWN);
    ref.resend = true;
    assert_int_equal(intend(ledger, &ref), 1);
    commit(ledger);
    begin(ledger);
    assert_int_equal(ledger_run_recover(ledger, run, &count, &err), 0);
    commit(ledger);
    assert_int_equal(count, 1);
    assert_true(claim_of(ledger, "A").open);
    assert_false(claim_of(ledger, "A").open_is_intent);
    assert_int_equal(row_of(ledger, run, 2).outcome, OUTCOME_UNKNOWN);
}

static void a_row_that_was_asked_for_does_not_hold_an_old_view(void **state)
{
    struct place *place = *state;
    struct ledger *ledger = place->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    struct ledger *other;
    struct row_record record;

    begin(ledger);
    send(ledger, run, 2, "A", OUTCOME_UNKNOWN);
    commit(ledger);
    assert_int_equal(ledger_row_get(ledger, (struct row_place){run, 2}, &record, &err), 1);
    other = open_ledger(place->path);
    create_run(other, PLATFORM);
    ledger_close(other);
    begin(ledger);
    commit(ledger);
    assert_string_equal(record.message, "");
}

static void resend_that_is_put_off_gives_the_attempt_before_its_place_back(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    int64_t later_run = create_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(later_run, 7, "A");

    begin(ledger);
    send(ledger, run, 2, "A", OUTCOME_UNKNOWN);
    ref.resend = true;
    assert_int_equal(intend(ledger, &ref), 1);
    assert_int_equal(claim_of(ledger, "A").open_at.run, later_run);
    settle(ledger, &ref, ROW_AGAIN, OUTCOME_UNSENT);
    commit(ledger);
    assert_true(claim_of(ledger, "A").open);
    assert_false(claim_of(ledger, "A").open_is_intent);
    assert_int_equal(claim_of(ledger, "A").open_at.run, run);
    assert_int_equal(claim_of(ledger, "A").open_at.row, 2);
    assert_int_equal(count_rows(ledger, later_run), 0);
}

static void resend_of_what_no_row_tells_of_is_unknown_where_it_was_put_off(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 7, "A");

    begin(ledger);
    ref.resend = true;
    assert_int_equal(intend(ledger, &ref), 1);
    settle(ledger, &ref, ROW_AGAIN, OUTCOME_UNSENT);
    commit(ledger);
    assert_true(claim_of(ledger, "A").open);
    assert_false(claim_of(ledger, "A").open_is_intent);
    assert_int_equal(claim_of(ledger, "A").open_at.row, 7);
    assert_int_equal(row_of(ledger, run, 7).state, ROW_FINAL);
    assert_int_equal(row_of(ledger, run, 7).outcome, OUTCOME_UNKNOWN);
}

static void what_dies_on_the_wire_was_sent_in_the_round_of_its_intent(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "A");
    struct row_record record = record_of(&ref, ROW_AGAIN, OUTCOME_UNSENT);
    struct round open;

    begin(ledger);
    send(ledger, run, 2, "A", OUTCOME_UNKNOWN);
    assert_int_equal(
        ledger_round_open(ledger, run, ROUND_RESEND_UNKNOWN, "ops", "7", 5, &open, &err), 0);
    ref.resend = true;
    record.round = open.id;
    assert_int_equal(ledger_row_intend(ledger, &ref, &record, &err), 1);
    /* One that was sent as it always is, while the round is open. */
    ref = ref_of(run, 3, "B");
    assert_int_equal(intend(ledger, &ref), 1);
    assert_int_equal(ledger_run_recover(ledger, run, NULL, &err), 0);
    commit(ledger);
    assert_int_equal(row_of(ledger, run, 2).round, open.id);
    assert_int_equal(row_of(ledger, run, 3).round, 0);
}

static void row_that_waits_is_released_though_it_was_tried_before(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    int64_t other = create_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "A");
    struct row_record waits = record_of(&ref, ROW_NOTED, OUTCOME_UNKNOWN);

    begin(ledger);
    send(ledger, run, 2, "A", OUTCOME_FAILED);
    send(ledger, other, 2, "A", OUTCOME_UNKNOWN);
    assert_int_equal(ledger_row_note(ledger, &ref, &waits, false, &err), 0);
    ref = ref_of(other, 2, "A");
    ref.resend = true;
    assert_int_equal(intend(ledger, &ref), 1);
    settle(ledger, &ref, ROW_FINAL, OUTCOME_ACCEPTED);
    commit(ledger);
    assert_int_equal(row_of(ledger, run, 2).outcome, OUTCOME_UNSENT);
}

static void settling_one_attempt_leaves_the_one_before_it_open(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    int64_t other = create_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(other, 3, "A");
    struct row_record record;
    struct settlement settlement = {
        .outcome = OUTCOME_FAILED, .by = "ops", .reason = "looked up", .at_ms = 5};

    begin(ledger);
    send(ledger, run, 2, "A", OUTCOME_UNKNOWN);
    ref.resend = true;
    assert_int_equal(intend(ledger, &ref), 1);
    settle(ledger, &ref, ROW_FINAL, OUTCOME_UNKNOWN);
    commit(ledger);
    record = row_of(ledger, other, 3);
    settlement.digest = record.digest;
    settlement.submitted_ms = record.submitted_ms;
    begin(ledger);
    assert_int_equal(ledger_row_resolve(ledger, &ref, &settlement, &err), 1);
    commit(ledger);
    assert_true(claim_of(ledger, "A").open);
    assert_int_equal(claim_of(ledger, "A").open_at.run, run);
    ref = ref_of(run, 2, "A");
    record = row_of(ledger, run, 2);
    settlement.digest = record.digest;
    settlement.submitted_ms = record.submitted_ms;
    begin(ledger);
    assert_int_equal(ledger_row_resolve(ledger, &ref, &settlement, &err), 1);
    commit(ledger);
    assert_false(claim_of(ledger, "A").open);
}

static void safe_repeat_is_intended_anew(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "A");
    struct row_record again = record_of(&ref, ROW_UNTOUCHED, OUTCOME_ACCEPTED);

    begin(ledger);
    assert_int_equal(intend(ledger, &ref), 1);
    settle(ledger, &ref, ROW_AGAIN, OUTCOME_ACCEPTED);
    again.attempts = 2;
    again.submitted_ms = 2000;
    assert_int_equal(ledger_row_intend(ledger, &ref, &again, &err), 1);
    commit(ledger);
    assert_int_equal(row_of(ledger, run, 2).state, ROW_AGAIN);
    assert_true(claim_of(ledger, "A").open_is_intent);

    /* What the second intent said is what is left if the run dies now. */
    begin(ledger);
    assert_int_equal(ledger_run_recover(ledger, run, NULL, &err), 0);
    commit(ledger);
    assert_int_equal(row_of(ledger, run, 2).outcome, OUTCOME_UNKNOWN);
    assert_int_equal(row_of(ledger, run, 2).attempts, 2);
    assert_int_equal(row_of(ledger, run, 2).submitted_ms, 2000);
    assert_int_equal(row_before(ledger, run, 3, "A"), 2);
}

static void newest_accepted_is_by_the_order_of_rows_not_of_time(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t first = create_run(ledger, PLATFORM);
    int64_t second = create_run(ledger, PLATFORM);
    const struct {
        struct row_place accepted, newest;
    } steps[] = {
        {{first, 8}, {first, 8}},   {{first, 5}, {first, 8}},   {{first, 9}, {first, 9}},
        {{second, 3}, {second, 3}}, {{first, 20}, {second, 3}}, {{second, 2}, {second, 3}},
        {{second, 4}, {second, 4}},
    };

    for (size_t i = 0; i < COUNT(steps); i++) {
        struct claim_state claim;

        begin(ledger);
        send(ledger, steps[i].accepted.run, steps[i].accepted.row, "A", OUTCOME_ACCEPTED);
        commit(ledger);
        claim = claim_of(ledger, "A");
        assert_int_equal(claim.accepted_at.run, steps[i].newest.run);
        assert_int_equal(claim.accepted_at.row, steps[i].newest.row);
        assert_int_equal(claim.accepted_digest[0], steps[i].newest.row);
        assert_int_equal(claim.accepted_digest[1], steps[i].newest.run);
    }
}

static void later_refusal_leaves_what_was_accepted(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);

    begin(ledger);
    send(ledger, run, 2, "A", OUTCOME_ACCEPTED);
    send(ledger, run, 3, "A", OUTCOME_REJECTED);
    send(ledger, run, 4, "A", OUTCOME_UNKNOWN);
    commit(ledger);
    assert_true(claim_of(ledger, "A").accepted);
    assert_int_equal(claim_of(ledger, "A").accepted_at.row, 2);
    assert_int_equal(claim_of(ledger, "A").open_at.row, 4);
}

static void row_that_failed_may_be_accepted_in_a_later_start(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);

    begin(ledger);
    send(ledger, run, 2, "A", OUTCOME_FAILED);
    send(ledger, run, 3, "A", OUTCOME_FAILED);
    commit(ledger);
    begin(ledger);
    send(ledger, run, 2, "A", OUTCOME_ACCEPTED);
    commit(ledger);
    assert_int_equal(claim_of(ledger, "A").accepted_at.row, 2);
    assert_int_equal(row_of(ledger, run, 2).outcome, OUTCOME_ACCEPTED);
    assert_int_equal(row_before(ledger, run, 3, "A"), 2);
    assert_int_equal(row_before(ledger, run, 4, "A"), 3);
    assert_int_equal(row_before(ledger, run, 2, "A"), 0);
}

static void row_before_is_of_the_same_claim_and_file(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t first = create_run(ledger, PLATFORM);
    int64_t second = create_run(ledger, PLATFORM);

    begin(ledger);
    send(ledger, first, 3, "A", OUTCOME_ACCEPTED);
    send(ledger, first, 4, "B", OUTCOME_ACCEPTED);
    note(ledger, first, 5, "A", true);
    send(ledger, second, 2, "A", OUTCOME_FAILED);
    send(ledger, first, 9, "A", OUTCOME_REJECTED);
    commit(ledger);
    assert_int_equal(row_before(ledger, first, 2, "A"), 0);
    assert_int_equal(row_before(ledger, first, 3, "A"), 0);
    assert_int_equal(row_before(ledger, first, 5, "A"), 3);
    assert_int_equal(row_before(ledger, first, 9, "A"), 5);
    assert_int_equal(row_before(ledger, first, 100, "A"), 9);
    assert_int_equal(row_before(ledger, second, 2, "A"), 0);
    assert_int_equal(row_before(ledger, second, 3, "A"), 2);
    assert_int_equal(row_before(ledger, first, 5, "B"), 4);
    assert_int_equal(row_before(ledger, first, 5, "C"), 0);
}

/* Row 3 was invalid in the first start (its time lay ahead), and is sent in the second. */
static void row_before_is_the_nearest_though_rows_became_final_in_another_order(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);

    begin(ledger);
    send(ledger, run, 5, "A", OUTCOME_FAILED);
    send(ledger, run, 9, "A", OUTCOME_FAILED);
    send(ledger, run, 3, "A", OUTCOME_ACCEPTED);
    send(ledger, run, 7, "A", OUTCOME_FAILED);
    send(ledger, run, 5, "A", OUTCOME_REJECTED);
    commit(ledger);
    assert_int_equal(row_before(ledger, run, 10, "A"), 9);
    assert_int_equal(row_before(ledger, run, 9, "A"), 7);
    assert_int_equal(row_before(ledger, run, 7, "A"), 5);
    assert_int_equal(row_before(ledger, run, 5, "A"), 3);
    assert_int_equal(row_before(ledger, run, 3, "A"), 0);
}

static void row_that_stands_alone_costs_the_claim_nothing(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);

    begin(ledger);
    note(ledger, run, 2, "A", false);
    commit(ledger);
    assert_int_equal(row_before(ledger, run, 3, "A"), 0);
    assert_int_equal(count_rows(ledger, run), 1);
    assert_int_equal(run_sql(ledger_path(ledger), "SELECT count(*) FROM claim"), 0);
}

static void intents_of_a_dead_run_become_unknown(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t dead = create_run(ledger, PLATFORM);
    int64_t alive = create_run(ledger, PLATFORM);
    struct row_ref refs[] = {ref_of(dead, 2, "A"), ref_of(dead, 3, "B"), ref_of(alive, 2, "C")};
    struct ledger_rows *rows;
    struct row_record record;
    size_t count = 0;

    begin(ledger);
    for (size_t i = 0; i < COUNT(refs); i++)
        assert_int_equal(intend(ledger, &refs[i]), 1);
    send(ledger, dead, 4, "D", OUTCOME_ACCEPTED);
    send(ledger, dead, 5, "E", OUTCOME_UNKNOWN);
    commit(ledger);

    begin(ledger);
    assert_int_equal(ledger_run_recover(ledger, dead, &count, &err), 0);
    commit(ledger);
    assert_int_equal(count, 2);
    assert_true(claim_of(ledger, "A").open);
    assert_false(claim_of(ledger, "A").open_is_intent);
    assert_false(claim_of(ledger, "B").open_is_intent);
    assert_true(claim_of(ledger, "C").open_is_intent);
    assert_int_equal(row_before(ledger, dead, 9, "A"), 2);
    assert_int_equal(row_of(ledger, dead, 4).outcome, OUTCOME_ACCEPTED);
    assert_int_equal(count_rows(ledger, alive), 0);

    assert_int_equal(ledger_rows_open(ledger, dead, 3, &rows, &err), 0);
    assert_int_equal(ledger_rows_next(rows, &record, &err), 1);
    assert_int_equal(record.state, ROW_FINAL);
    assert_int_equal(record.outcome, OUTCOME_UNKNOWN);
    assert_int_equal(record.counts_as, OUTCOME_UNKNOWN);
    assert_int_equal(record.attempts, 1);
    assert_int_equal(record.digest[0], 3);
    assert_string_equal(record.code, "RUN_ENDED");
    assert_true(*record.message);
    ledger_rows_close(rows);

    begin(ledger);
    assert_int_equal(ledger_run_recover(ledger, dead, &count, &err), 0);
    assert_int_equal(ledger_run_recover(ledger, dead, NULL, &err), 0);
    commit(ledger);
    assert_int_equal(count, 0);
}

static void row_keeps_all_that_a_report_line_says(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "理赔'\"; DROP TABLE row; --");
    struct row_record record = record_of(&ref, ROW_FINAL, OUTCOME_REJECTED);
    struct ledger_rows *rows;
    struct row_record read;

    record.attempts = 3;
    record.tries = 2;
    record.http_status = 200;
    record.counts_as = OUTCOME_FAILED;
    record.submitted_ms = 1670774400007;
    record.duration_ms = 51;
    memset(record.digest, 0xee, sizeof(record.digest));
    record.code = "50";
    record.sub_code = "isv.invalid-parameter";
    record.message = "参数错误,\n\"x\"";
    record.request_id = "abc";
    record.warnings = "changed-since-accepted";
    begin(ledger);
    assert_int_equal(intend(ledger, &ref), 1);
    assert_int_equal(ledger_row_settle(ledger, &ref, &record, &err), 0);
    commit(ledger);

    assert_int_equal(ledger_rows_open(ledger, run, 0, &rows, &err), 0);
    assert_int_equal(ledger_rows_next(rows, &read, &err), 1);
    assert_int_equal(read.row, 2);
    assert_int_equal(read.state, ROW_FINAL);
    assert_int_equal(read.outcome, OUTCOME_REJECTED);
    assert_int_equal(read.counts_as, OUTCOME_FAILED);
    assert_int_equal(read.attempts, 3);
    assert_int_equal(read.tries, 2);
    assert_int_equal(read.http_status, 200);
    assert_int_equal(read.submitted_ms, 1670774400007);
    assert_int_equal(read.duration_ms, 51);
    assert_memory_equal(read.digest, record.digest, sizeof(read.digest));
    assert_string_equal(read.code, record.code);
    assert_string_equal(read.sub_code, record.sub_code);
    assert_string_equal(read.message, record.message);
    assert_string_equal(read.request_id, record.request_id);
    assert_string_equal(read.warnings, record.warnings);
    assert_int_equal(ledger_rows_next(rows, &read, &err), 0);
    ledger_rows_close(rows);
}

static void cursor_goes_through_the_rows_in_order_and_can_be_rewound(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    struct ledger_rows *rows;
    struct row_record record;

    begin(ledger);
    note(ledger, run, 10, "B", false);
    note(ledger, run, 9, "A", false);
    note(ledger, run, 300, "C", false);
    note(ledger, run + 1, 11, "D", false);
    commit(ledger);
    assert_int_equal(ledger_rows_open(ledger, run, 10, &rows, &err), 0);
    assert_int_equal(ledger_rows_next(rows, &record, &err), 1);
    assert_int_equal(record.row, 10);

    /* A cursor that is open neither blocks a writer nor is it disturbed by one. */
    begin(ledger);
    note(ledger, run, 400, "E", false);
    commit(ledger);
    assert_int_equal(ledger_rows_next(rows, &record, &err), 1);
    assert_int_equal(record.row, 300);

    ledger_rows_rewind(rows, 301);
    assert_int_equal(ledger_rows_next(rows, &record, &err), 1);
    assert_int_equal(record.row, 400);
    assert_int_equal(ledger_rows_next(rows, &record, &err), 0);

    ledger_rows_rewind(rows, 0);
    assert_int_equal(ledger_rows_next(rows, &record, &err), 1);
    assert_int_equal(record.row, 9);
    ledger_rows_close(rows);
    ledger_rows_close(NULL);
}

static void cursor_that_was_rewound_sees_what_others_wrote(void **state)
{
    struct place *place = *state;
    struct ledger *other = open_ledger(place->path);
    int64_t run = create_run(place->ledger, PLATFORM);
    struct ledger_rows *rows;
    struct row_record record;

    assert_int_equal(ledger_rows_open(place->ledger, run, 2, &rows, &err), 0);
    assert_int_equal(ledger_rows_next(rows, &record, &err), 0);
    begin(other);
    note(other, run, 2, "A", false);
    commit(other);
    ledger_rows_rewind(rows, 2);
    assert_int_equal(ledger_rows_next(rows, &record, &err), 1);
    ledger_rows_close(rows);
    ledger_close(other);
}

/* ---- what all runs of an app key share ---- */

static void calls_are_counted_by_day_and_app_key(void **state)
{
    static const struct {
        const char *platform, *app_key;
        int32_t day;
        int64_t calls;
    } cases[] = {
        {PLATFORM, "key", 20221212, 8},          {PLATFORM, "key", 20221213, 1},
        {PLATFORM, "other", 20221212, 0},        {OTHER_PLATFORM, "key", 20221212, 0},
        {"http://nowhere/", "key", 20221212, 0},
    };
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t calls;

    create_run(ledger, PLATFORM);
    create_run(ledger, OTHER_PLATFORM);
    begin(ledger);
    assert_int_equal(ledger_calls_add(ledger, PLATFORM, "key", 20221212, 5, &err), 0);
    assert_int_equal(ledger_calls_add(ledger, PLATFORM, "key", 20221212, 3, &err), 0);
    assert_int_equal(ledger_calls_add(ledger, PLATFORM, "key", 20221213, 1, &err), 0);
    commit(ledger);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(ledger_calls_get(ledger, cases[i].platform, cases[i].app_key, cases[i].day,
                                          &calls, &err),
                         0);
        assert_int_equal(calls, cases[i].calls);
    }
}

static struct ban ban_of(struct ledger *ledger, const char *app_key)
{
    struct ban ban;

    assert_int_equal(ledger_ban_get(ledger, PLATFORM, app_key, &ban, &err), 0);
    return ban;
}

static void set_ban(struct ledger *ledger, int64_t now_ms, int64_t wait_ms)
{
    begin(ledger);
    assert_int_equal(ledger_ban_set(ledger, PLATFORM, "key", now_ms, wait_ms, &err), 0);
    commit(ledger);
}

static void ban_is_remembered_for_its_app_key(void **state)
{
    struct place *place = *state;

    create_run(place->ledger, PLATFORM);
    assert_int_equal(ban_of(place->ledger, "key").until_ms, 0);
    set_ban(place->ledger, 1000, 500);
    set_ban(place->ledger, 2000, 700);
    ledger_close(place->ledger);
    place->ledger = open_ledger(place->path);
    assert_int_equal(ban_of(place->ledger, "key").until_ms, 2700);
    assert_int_equal(ban_of(place->ledger, "other").until_ms, 0);
}

static void longer_ban_outlives_a_shorter_one_that_is_heard_of_later(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;

    create_run(ledger, PLATFORM);
    set_ban(ledger, 1000, 5000);
    set_ban(ledger, 2000, 1);
    set_ban(ledger, 2000, 0);
    assert_int_equal(ban_of(ledger, "key").until_ms, 6000);
    set_ban(ledger, 7000, 1);
    assert_int_equal(ban_of(ledger, "key").until_ms, 7001);
}

static void ban_is_never_longer_than_the_gateway_said_though_the_clock_is_set_back(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    struct ban ban;

    create_run(ledger, PLATFORM);
    set_ban(ledger, 100000, 5000);
    ban = ban_of(ledger, "key");
    assert_int_equal(ledger_ban_rest_ms(&ban, 102000), 3000);
    assert_int_equal(ledger_ban_rest_ms(&ban, 105000), 0);
    assert_int_equal(ledger_ban_rest_ms(&ban, 7000), 5000);
    /* What was recorded by the clock of before does not keep a new one out. */
    set_ban(ledger, 7000, 6000);
    assert_int_equal(ban_of(ledger, "key").until_ms, 13000);
}

static int64_t others_of(struct ledger *ledger, int64_t run, int64_t now_ms)
{
    int64_t calls;

    assert_int_equal(
        ledger_departures_of_others(ledger, PLATFORM, "key", run, 0, now_ms, 1000, &calls, &err),
        0);
    return calls;
}

static void departures_of_others_fall_into_the_window_or_are_forgotten(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    int64_t other = create_run(ledger, PLATFORM);
    int64_t calls;

    begin(ledger);
    assert_int_equal(ledger_departures_add(ledger, PLATFORM, "key", other, 100000, 3, &err), 0);
    assert_int_equal(ledger_pending_set(ledger, PLATFORM, "key", other, 2, 100000, &err), 0);
    commit(ledger);
    assert_int_equal(others_of(ledger, run, 100500), 5);
    assert_int_equal(others_of(ledger, other, 100500), 0);
    /* What is pending may leave at any moment. */
    assert_int_equal(others_of(ledger, run, 102000), 2);
    /* A start of the run that left them behind is another one. */
    assert_int_equal(ledger_departures_of_others(ledger, PLATFORM, "key", other, 100300, 100500,
                                                 1000, &calls, &err),
                     0);
    assert_int_equal(calls, 3);
    /* The clock was set back by a little, or by much. */
    assert_int_equal(others_of(ledger, run, 98000), 5);
    assert_int_equal(others_of(ledger, run, 50000), 2);
    begin(ledger);
    assert_int_equal(ledger_departures_add(ledger, PLATFORM, "key", run, 50000, 1, &err), 0);
    commit(ledger);
    assert_int_equal(others_of(ledger, other, 50500), 1);
    assert_int_equal(others_of(ledger, run, 100500), 2); /* what was pending; the rest is gone */
}

/* ---- words ---- */

static void outcomes_have_their_words(void **state)
{
    static const char *const names[] = {"accepted", "rejected", "failed", "unknown",
                                        "invalid",  "skipped",  "unsent"};
    enum outcome outcome;

    (void)state;
    assert_int_equal(COUNT(names), OUTCOME_COUNT);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        assert_string_equal(outcome_name((enum outcome)i), names[i]);
        assert_true(outcome_parse(names[i], &outcome));
        assert_int_equal(outcome, i);
    }
    assert_false(outcome_parse("Accepted", &outcome));
    assert_false(outcome_parse("", &outcome));
}

/* ---- a person's word ---- */

static struct settlement settlement_of(enum outcome outcome, const unsigned char *digest)
{
    return (struct settlement){
        .outcome = outcome,
        .digest = digest,
        .submitted_ms = 1000,
        .by = "claims-desk",
        .reason = "asked the platform",
        .at_ms = 5000,
    };
}

static int resolve(struct ledger *ledger, const struct row_ref *ref, enum outcome outcome)
{
    struct row_record record = record_of(ref, ROW_FINAL, outcome);
    struct settlement settlement = settlement_of(outcome, record.digest);
    int result;

    begin(ledger);
    result = ledger_row_resolve(ledger, ref, &settlement, &err);
    commit(ledger);
    return result;
}

static void unknown_attempt_is_settled_as_accepted(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "LP-1");
    struct row_record record;

    begin(ledger);
    send(ledger, run, 2, "LP-1", OUTCOME_UNKNOWN);
    commit(ledger);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_ACCEPTED), 1);
    assert_true(claim_of(ledger, "LP-1").accepted);
    assert_false(claim_of(ledger, "LP-1").open);
    assert_int_equal(ledger_row_get(ledger, ref.place, &record, &err), 1);
    assert_int_equal(record.outcome, OUTCOME_ACCEPTED);
    assert_string_equal(record.code, "RESOLVED_ACCEPTED");
    assert_non_null(strstr(record.message, "claims-desk: asked the platform"));
}

static void unknown_attempt_is_settled_as_not_executed_and_its_run_has_a_row_to_send(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "LP-1");
    struct run_record found;

    begin(ledger);
    send(ledger, run, 2, "LP-1", OUTCOME_UNKNOWN);
    commit(ledger);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_FAILED), 1);
    assert_false(claim_of(ledger, "LP-1").accepted);
    assert_false(claim_of(ledger, "LP-1").open);
    assert_int_equal(row_of(ledger, run, 2).outcome, OUTCOME_FAILED);
    assert_int_equal(ledger_run_find(ledger, "upload", PLATFORM, export_sha256, &found, &err), 1);
    assert_int_equal(found.released, 1);
    begin(ledger);
    assert_int_equal(ledger_run_take_released(ledger, run, &err), 0);
    commit(ledger);
    assert_int_equal(ledger_run_find(ledger, "upload", PLATFORM, export_sha256, &found, &err), 1);
    assert_int_equal(found.released, 0);
}

static void word_on_another_attempt_settles_nothing(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "LP-1");
    struct row_ref other_row = ref_of(run, 3, "LP-1");
    struct row_record record = record_of(&ref, ROW_FINAL, OUTCOME_ACCEPTED);
    struct settlement later = settlement_of(OUTCOME_ACCEPTED, record.digest);
    unsigned char digest[DIGEST_CLAIM_BYTES] = {0xee};
    struct settlement edited = settlement_of(OUTCOME_ACCEPTED, digest);

    begin(ledger);
    send(ledger, run, 2, "LP-1", OUTCOME_UNKNOWN);
    later.submitted_ms++;
    assert_int_equal(ledger_row_resolve(ledger, &ref, &later, &err), 0);
    assert_int_equal(ledger_row_resolve(ledger, &ref, &edited, &err), 0);
    commit(ledger);
    assert_int_equal(resolve(ledger, &other_row, OUTCOME_ACCEPTED), 0);
    assert_true(claim_of(ledger, "LP-1").open);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_ACCEPTED), 1);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_ACCEPTED), 0);
}

static void intent_is_not_settled_by_a_word(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    struct row_ref ref = ref_of(create_run(ledger, PLATFORM), 2, "LP-1");

    begin(ledger);
    assert_int_equal(intend(ledger, &ref), 1);
    commit(ledger);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_ACCEPTED), 0);
    assert_true(claim_of(ledger, "LP-1").open_is_intent);
}

/* A row that waits for an unknown attempt, in another run. */
static struct row_ref wait_in(struct ledger *ledger, int64_t run, uint64_t row,
                              const char *order_no)
{
    struct row_ref ref = ref_of(run, row, order_no);
    struct row_record record = record_of(&ref, ROW_FINAL, OUTCOME_UNKNOWN);

    record.attempts = 0;
    record.submitted_ms = 0;
    assert_int_equal(ledger_row_note(ledger, &ref, &record, false, &err), 0);
    return ref;
}

static void rows_that_wait_are_released_when_the_attempt_is_settled(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t first = create_run(ledger, PLATFORM);
    int64_t second = create_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(first, 2, "LP-1");
    struct run_record found;

    begin(ledger);
    send(ledger, first, 2, "LP-1", OUTCOME_UNKNOWN);
    wait_in(ledger, second, 7, "LP-1");
    wait_in(ledger, second, 9, "LP-2");
    commit(ledger);
    assert_int_equal(resolve(ledger, &ref, OUTCOME_ACCEPTED), 1);
    assert_int_equal(row_of(ledger, second, 7).outcome, OUTCOME_UNSENT);
    assert_int_equal(row_of(ledger, second, 9).outcome, OUTCOME_UNKNOWN);
    assert_int_equal(ledger_run_find(ledger, "upload", PLATFORM, export_sha256, &found, &err), 1);
    assert_int_equal(found.id, second);
    assert_int_equal(found.released, 1);
}

static void rows_that_wait_are_released_when_a_resend_is_accepted(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t first = create_run(ledger, PLATFORM);
    int64_t second = create_run(ledger, PLATFORM);
    struct row_ref ref = ref_of(first, 2, "LP-1");

    begin(ledger);
    send(ledger, first, 2, "LP-1", OUTCOME_UNKNOWN);
    wait_in(ledger, second, 7, "LP-1");
    ref.resend = true;
    assert_int_equal(intend(ledger, &ref), 1);
    settle(ledger, &ref, ROW_FINAL, OUTCOME_REJECTED);
    assert_int_equal(row_of(ledger, second, 7).outcome, OUTCOME_UNKNOWN);
    assert_int_equal(intend(ledger, &ref), 1);
    settle(ledger, &ref, ROW_FINAL, OUTCOME_ACCEPTED);
    commit(ledger);
    assert_int_equal(row_of(ledger, second, 7).outcome, OUTCOME_UNSENT);
}

/* ---- the line of runs a rerun belongs to ---- */

static void row_of_a_rerun_stands_in_the_place_of_the_run_it_comes_from(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t old = create_run(ledger, PLATFORM);
    int64_t newer = create_run(ledger, PLATFORM);
    struct run_record rerun = run_record(PLATFORM);
    struct row_ref ref;
    struct claim_state claim;

    rerun.command = "rerun";
    rerun.parent = "20221212-aabbccdd";
    rerun.origin = old;
    begin(ledger);
    assert_int_equal(ledger_run_create(ledger, &rerun, &err), 0);
    send(ledger, newer, 2, "LP-1", OUTCOME_ACCEPTED);
    ref = ref_of(rerun.id, 2, "LP-1");
    assert_int_equal(intend(ledger, &ref), 1);
    settle(ledger, &ref, ROW_FINAL, OUTCOME_ACCEPTED);
    commit(ledger);
    claim = claim_of(ledger, "LP-1");
    assert_int_equal(claim.accepted_at.run, newer);

    begin(ledger);
    ref = ref_of(rerun.id, 3, "LP-2");
    assert_int_equal(intend(ledger, &ref), 1);
    settle(ledger, &ref, ROW_FINAL, OUTCOME_ACCEPTED);
    commit(ledger);
    claim = claim_of(ledger, "LP-2");
    assert_int_equal(claim.accepted_at.run, rerun.id);
    assert_int_equal(claim.accepted_order.run, rerun.sequence);
    assert_int_equal(ledger_run_get(ledger, old, &rerun, &err), 1);
    assert_int_equal(claim.accepted_order.run, rerun.sequence);
    assert_int_equal(ledger_run_find(ledger, "rerun", PLATFORM, export_sha256, &rerun, &err), 1);
    assert_string_equal(rerun.parent, "20221212-aabbccdd");
    assert_int_equal(rerun.origin, old);
}

/* ---- what happened to a run ---- */

static void write_event(void *context, const struct event *event)
{
    char line[64];

    snprintf(line, sizeof(line), "%s %d-%d %s;", ledger_event_name(event->kind), (int)event->at_ms,
             (int)event->until_ms, event->text);
    strcat(context, line);
}

static void events_of_a_run_are_kept_in_the_order_of_time(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    struct event ban = {EVENT_BAN, 20, 0, "ban"};
    struct event start = {EVENT_START, 10, 0, "start"};
    char said[256] = "";

    begin(ledger);
    assert_int_equal(ledger_event_put(ledger, run, &ban, &err), 0);
    assert_int_equal(ledger_event_put(ledger, run, &start, &err), 0);
    assert_int_equal(ledger_event_put(ledger, run + 1, &start, &err), 0);
    ban.until_ms = 30;
    assert_int_equal(ledger_event_put(ledger, run, &ban, &err), 0);
    commit(ledger);
    assert_int_equal(ledger_events_visit(ledger, run, write_event, said, &err), 0);
    assert_string_equal(said, "start 10-0 start;ban 20-30 ban;");
}

static void count_event(void *context, const struct event *event)
{
    (void)event;
    ++*(int *)context;
}

static void events_of_a_run_are_not_kept_without_bound(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    int64_t run = create_run(ledger, PLATFORM);
    int count = 0;

    begin(ledger);
    for (int i = 1; i <= LEDGER_EVENTS_MAX + 10; i++) {
        struct event ban = {EVENT_BAN, i, 0, ""};

        assert_int_equal(ledger_event_put(ledger, run, &ban, &err), 0);
    }
    commit(ledger);
    assert_int_equal(ledger_events_visit(ledger, run, count_event, &count, &err), 0);
    assert_int_equal(count, LEDGER_EVENTS_MAX);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_all)
#define WITH_LEDGER(test) cmocka_unit_test_setup_teardown(test, make_ledger, remove_all)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(new_ledger_is_made_with_its_folders_for_its_owner_only),
        WITH_LEDGER(ledger_keeps_its_id),
        IN_FOLDER(file_that_is_no_database_is_refused),
        IN_FOLDER(database_of_another_program_is_refused_and_left_alone),
        WITH_LEDGER(ledger_of_a_newer_version_is_refused),
        IN_FOLDER(ledger_that_cannot_be_made_is_an_error),
        cmocka_unit_test(default_place_comes_from_the_environment),
        WITH_LEDGER(nothing_is_seen_by_others_before_the_commit),
        WITH_LEDGER(commit_of_another_process_is_news),
        WITH_LEDGER(rollback_leaves_nothing),
        WITH_LEDGER(what_is_committed_survives_sigkill_and_nothing_else_does),
        WITH_LEDGER(writers_of_many_processes_lose_nothing),
        IN_FOLDER(ledger_is_made_once_by_many_processes),
        WITH_LEDGER(run_is_found_by_command_platform_and_content),
        WITH_LEDGER(newest_run_is_found),
        WITH_LEDGER(run_remembers_how_it_ended),
        WITH_LEDGER(unknown_attempt_is_settled_as_accepted),
        WITH_LEDGER(unknown_attempt_is_settled_as_not_executed_and_its_run_has_a_row_to_send),
        WITH_LEDGER(word_on_another_attempt_settles_nothing),
        WITH_LEDGER(intent_is_not_settled_by_a_word),
        WITH_LEDGER(rows_that_wait_are_released_when_the_attempt_is_settled),
        WITH_LEDGER(rows_that_wait_are_released_when_a_resend_is_accepted),
        WITH_LEDGER(row_of_a_rerun_stands_in_the_place_of_the_run_it_comes_from),
        WITH_LEDGER(events_of_a_run_are_kept_in_the_order_of_time),
        WITH_LEDGER(events_of_a_run_are_not_kept_without_bound),
        WITH_LEDGER(run_remembers_its_counts),
        WITH_LEDGER(run_has_rows_once_one_is_recorded),
        WITH_LEDGER(run_has_rows_once_one_may_be_on_the_wire),
        WITH_LEDGER(run_last_row_is_the_last_that_is_recorded),
        WITH_LEDGER(round_is_the_same_for_the_same_words),
        WITH_LEDGER(run_is_alive_as_long_as_its_process),
        WITH_LEDGER(own_run_is_alive),
        WITH_LEDGER(claim_has_one_open_attempt),
        WITH_LEDGER(platforms_do_not_share_claims),
        WITH_LEDGER(accepted_row_is_the_claims_newest_content),
        WITH_LEDGER(outcomes_close_the_attempt_unless_it_is_unknown),
        WITH_LEDGER(unknown_claim_cannot_be_intended),
        WITH_LEDGER(resend_takes_over_an_unknown_attempt_and_only_acceptance_ends_it),
        WITH_LEDGER(resend_that_dies_on_the_wire_is_unknown_again),
        WITH_LEDGER(a_row_that_was_asked_for_does_not_hold_an_old_view),
        WITH_LEDGER(resend_that_is_put_off_gives_the_attempt_before_its_place_back),
        WITH_LEDGER(resend_of_what_no_row_tells_of_is_unknown_where_it_was_put_off),
        WITH_LEDGER(what_dies_on_the_wire_was_sent_in_the_round_of_its_intent),
        WITH_LEDGER(row_that_waits_is_released_though_it_was_tried_before),
        WITH_LEDGER(settling_one_attempt_leaves_the_one_before_it_open),
        WITH_LEDGER(safe_repeat_is_intended_anew),
        WITH_LEDGER(newest_accepted_is_by_the_order_of_rows_not_of_time),
        WITH_LEDGER(later_refusal_leaves_what_was_accepted),
        WITH_LEDGER(row_that_failed_may_be_accepted_in_a_later_start),
        WITH_LEDGER(row_before_is_of_the_same_claim_and_file),
        WITH_LEDGER(row_before_is_the_nearest_though_rows_became_final_in_another_order),
        WITH_LEDGER(row_that_stands_alone_costs_the_claim_nothing),
        WITH_LEDGER(intents_of_a_dead_run_become_unknown),
        WITH_LEDGER(row_keeps_all_that_a_report_line_says),
        WITH_LEDGER(cursor_goes_through_the_rows_in_order_and_can_be_rewound),
        WITH_LEDGER(cursor_that_was_rewound_sees_what_others_wrote),
        WITH_LEDGER(calls_are_counted_by_day_and_app_key),
        WITH_LEDGER(ban_is_remembered_for_its_app_key),
        WITH_LEDGER(longer_ban_outlives_a_shorter_one_that_is_heard_of_later),
        WITH_LEDGER(ban_is_never_longer_than_the_gateway_said_though_the_clock_is_set_back),
        WITH_LEDGER(departures_of_others_fall_into_the_window_or_are_forgotten),
        cmocka_unit_test(outcomes_have_their_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
