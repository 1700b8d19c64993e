/* A ledger in a folder of its own, with what is done to it by another program. */
#ifndef CLAIMBATCH_TESTS_LEDGER_PLACE_H
#define CLAIMBATCH_TESTS_LEDGER_PLACE_H

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "folder.h"
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

/* Without a ledger. */
static inline int make_empty_place(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    *state = place;
    folder_make(place->folder);
    snprintf(place->path, sizeof(place->path), "%s/ledger.db", place->folder);
    return 0;
}

static inline int make_place(void **state)
{
    struct place *place;

    if (make_empty_place(state))
        return -1;
    place = *state;
    return ledger_open(place->path, &place->ledger, &err);
}

static inline int remove_place(void **state)
{
    struct place *place = *state;

    ledger_close(place->ledger);
    folder_remove(place->folder);
    free(place);
    return 0;
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, make_empty_place, remove_place)
#define WITH_LEDGER(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)

static inline struct ledger *open_ledger(const char *path)
{
    struct ledger *ledger = NULL;

    if (ledger_open(path, &ledger, &err))
        fail_msg("%s", err.text);
    return ledger;
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

/* A run of the export with this first byte of its SHA-256; not in the ledger yet. */
static inline struct run_record run_record(const char *platform, unsigned char export)
{
    static unsigned char sha256[UINT8_MAX + 1][DIGEST_SHA256_BYTES];

    sha256[export][0] = export;
    return (struct run_record){
        .command = "upload",
        .platform = platform,
        .export_name = "claims.csv",
        .export_sha256 = sha256[export],
        .export_bytes = 4711,
        .reading = "utf-8 , fen",
        .report_path = "claims.report.csv",
        .started_ms = STARTED_MS,
        .stopped_because = "",
    };
}

/* Records it, in a transaction of its own. */
static inline void record_run(struct ledger *ledger, struct run_record *run)
{
    begin(ledger);
    if (ledger_run_create(ledger, run, &err))
        fail_msg("%s", err.text);
    commit(ledger);
}

static inline struct run_record create_run(struct ledger *ledger, unsigned char export)
{
    struct run_record run = run_record(PLATFORM, export);

    record_run(ledger, &run);
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

static inline struct claim_key claim_key(const char *order_no)
{
    return (struct claim_key){WORKCARD, order_no};
}

static inline struct row_ref ref_of(int64_t run, uint64_t row, const char *order_no)
{
    return (struct row_ref){.platform = PLATFORM, .place = {run, row}, .key = claim_key(order_no)};
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

/* In the open transaction; 1, or 0 where the claim has an attempt that is open. */
static inline int try_intend_as(struct ledger *ledger, const struct row_ref *ref,
                                const struct row_record *record)
{
    bool refused;

    return ledger_row_intend(ledger, ref, record, &refused, &err) ? -1 : !refused;
}

static inline int try_intend(struct ledger *ledger, const struct row_ref *ref)
{
    struct row_record record = record_of(ref, ROW_UNTOUCHED, OUTCOME_ACCEPTED);

    return try_intend_as(ledger, ref, &record);
}

static inline void intend(struct ledger *ledger, const struct row_ref *ref)
{
    assert_int_equal(try_intend(ledger, ref), 1);
}

static inline void end_row(struct ledger *ledger, const struct row_ref *ref, enum row_state state,
                           enum outcome outcome)
{
    struct row_record record = record_of(ref, state, outcome);

    if (ledger_row_end(ledger, ref, &record, &err))
        fail_msg("%s", err.text);
}

/* A row from intent to outcome, in the open transaction. */
static inline void send_row(struct ledger *ledger, int64_t run, uint64_t row, const char *order_no,
                            enum outcome outcome)
{
    struct row_ref ref = ref_of(run, row, order_no);

    intend(ledger, &ref);
    end_row(ledger, &ref, ROW_FINAL, outcome);
}

/* The same in a transaction of its own. */
static inline void send_one(struct ledger *ledger, int64_t run, uint64_t row, const char *order_no,
                            enum outcome outcome)
{
    begin(ledger);
    send_row(ledger, run, row, order_no, outcome);
    commit(ledger);
}

static inline struct claim_state claim_of(struct ledger *ledger, const char *order_no)
{
    struct claim_key key = claim_key(order_no);
    struct claim_state claim;

    if (ledger_claim_get(ledger, PLATFORM, &key, &claim, &err))
        fail_msg("%s", err.text);
    return claim;
}

/* The row before, 0 if the ledger knows none. */
static inline uint64_t row_before(struct ledger *ledger, int64_t run, uint64_t row,
                                  const char *order_no)
{
    struct claim_key key = claim_key(order_no);
    struct row_place place = {run, row};
    struct row_record record = {0};
    int found = ledger_claim_before(ledger, PLATFORM, &key, place, &record, &err);

    if (found < 0)
        fail_msg("%s", err.text);
    return found ? record.row : 0;
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
