/* A ledger in a folder of its own, with what is done to it by another program. */
#ifndef CLAIMBATCH_TESTS_LEDGER_PLACE_H
#define CLAIMBATCH_TESTS_LEDGER_PLACE_H

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "ledger/ledger.h"

#define PLATFORM "taobao"
#define OTHER_PLATFORM "http://127.0.0.1:8080/router/rest"
#define STARTED_MS INT64_C(1670774400000) /* 2022-12-12 in Beijing */
#define WORKCARD 815

struct place {
    char folder[64];
    char path[128];
    struct ledger *ledger;
};

static struct error err; /* of the call made last */

static int make_place(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    *state = place;
    snprintf(place->folder, sizeof(place->folder), "/tmp/claimbatch-test-XXXXXX");
    if (!mkdtemp(place->folder))
        return -1;
    snprintf(place->path, sizeof(place->path), "%s/ledger.db", place->folder);
    return ledger_open(place->path, &place->ledger, &err);
}

static int remove_place(void **state)
{
    struct place *place = *state;
    const struct dirent *entry;
    DIR *folder;

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

static inline void begin(struct ledger *ledger)
{
    if (ledger_begin(ledger, &err))
        fail_msg("%s", err.text);
}

static inline void commit(struct ledger *ledger)
{
    if (ledger_commit(ledger, &err))
        fail_msg("%s", err.text);
}

/* A run of the export with this first byte of its SHA-256, in a transaction of its own. */
static inline struct run_record create_run(struct ledger *ledger, unsigned char export)
{
    static unsigned char sha256[DIGEST_SHA256_BYTES];
    struct run_record run = {
        .command = "upload",
        .platform = PLATFORM,
        .export_name = "claims.csv",
        .export_sha256 = sha256,
        .reading = "utf-8 , fen",
        .report_path = "claims.report.csv",
        .started_ms = STARTED_MS,
        .stopped_because = "",
    };

    sha256[0] = export;
    begin(ledger);
    if (ledger_run_create(ledger, &run, &err))
        fail_msg("%s", err.text);
    commit(ledger);
    return run;
}

/* Ends a run, in a transaction of its own. */
static inline void finish_run(struct ledger *ledger, struct run_record *run, int64_t finished_ms,
                              const char *because)
{
    run->finished_ms = finished_ms;
    run->stopped_because = because;
    run->published = true;
    begin(ledger);
    if (ledger_run_save(ledger, run, &err))
        fail_msg("%s", err.text);
    commit(ledger);
}

static inline struct row_ref ref_of(int64_t run, uint64_t row, const char *order_no)
{
    return (struct row_ref){.platform = PLATFORM, .place = {run, row}, .key = {WORKCARD, order_no}};
}

static inline struct row_record record_of(const struct row_ref *ref, enum row_state state,
                                          enum outcome outcome)
{
    return (struct row_record){
        .row = ref->place.row,
        .state = state,
        .outcome = outcome,
        .counts_as = outcome,
        .attempts = 1,
        .submitted_ms = STARTED_MS + (int64_t)ref->place.row,
        .duration_ms = 50,
        .digest = {(unsigned char)ref->place.row, (unsigned char)ref->place.run},
        .code = "CODE",
        .sub_code = "",
        .message = "the gateway's words",
        .request_id = "rid",
        .warnings = "",
    };
}

/* In the open transaction. */
static inline void intend(struct ledger *ledger, const struct row_ref *ref)
{
    struct row_record record = record_of(ref, ROW_UNTOUCHED, OUTCOME_ACCEPTED);

    assert_int_equal(ledger_row_intend(ledger, ref, &record, &err), 1);
}

/* A row from intent to outcome, in the open transaction. */
static inline void send_row(struct ledger *ledger, int64_t run, uint64_t row, const char *order_no,
                            enum outcome outcome)
{
    struct row_ref ref = ref_of(run, row, order_no);
    struct row_record record = record_of(&ref, ROW_FINAL, outcome);

    intend(ledger, &ref);
    if (ledger_row_settle(ledger, &ref, &record, &err))
        fail_msg("%s", err.text);
}

/* The same in a transaction of its own. */
static inline void send_one(struct ledger *ledger, int64_t run, uint64_t row, const char *order_no,
                            enum outcome outcome)
{
    begin(ledger);
    send_row(ledger, run, row, order_no, outcome);
    commit(ledger);
}

/* Runs SQL on a file as another program would; the first number of its result, or -1. */
static inline int64_t run_sql(const char *path, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int64_t number = -1;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    while (*sql) {
        if (sqlite3_prepare_v2(db, sql, -1, &statement, &sql) != SQLITE_OK)
            fail_msg("%s: %s", sql, sqlite3_errmsg(db));
        if (sqlite3_step(statement) == SQLITE_ROW)
            number = sqlite3_column_int64(statement, 0);
        sqlite3_finalize(statement);
    }
    sqlite3_close(db);
    return number;
}

#endif
