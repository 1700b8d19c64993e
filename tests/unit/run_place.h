/* A run of an export in a folder of its own, and the ledger that it is recorded in. */
#ifndef CLAIMBATCH_TESTS_RUN_PLACE_H
#define CLAIMBATCH_TESTS_RUN_PLACE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "folder.h"
#include "input/inspection/inspection.h"
#include "ledger/ledger.h"

#define PLATFORM "http://127.0.0.1:8080/router/rest"
#define NOW_MS INT64_C(1670803200000) /* 2022-12-12 08:00:00 in Beijing */

/* An export: row 3 has a date alone, row 4 is invalid, and row 5 is of a refusal. */
static const char run_place_rows[] =
    "workcard_id,claim_order_no,claim_status,claim_time,claim_fee,claim_desc\n"
    "1,A,1,2022-12-01 10:00:00,100,\n"
    "2,B,1,2022-12-01,200,\n"
    "3,C,1,2022-12-01 10:00:00,0,\n"
    "4,D,2,2022-12-01 10:00:00,0,=why\n";

struct run_place {
    char folder[64];
    char export_path[128], ledger_path[128], report_path[128];
    struct row_source row_source;
    struct inspection inspection;
    struct ledger *ledger;
    struct run_record run;
};

static struct error err; /* of the call made last */

static inline void run_place_begin(struct run_place *place)
{
    assert_int_equal(ledger_begin(place->ledger, &err), 0);
}

static inline void run_place_commit(struct run_place *place)
{
    assert_int_equal(ledger_commit(place->ledger, &err), 0);
}

static inline void run_place_save(struct run_place *place)
{
    run_place_begin(place);
    assert_int_equal(ledger_run_save(place->ledger, &place->run, &err), 0);
    run_place_commit(place);
}

static inline void run_place_record(struct run_place *place)
{
    place->run = (struct run_record){
        .command = "upload",
        .platform = PLATFORM,
        .export_name = "claims.csv",
        .export_sha256 = place->inspection.survey.sha256,
        .reading = "",
        .report_path = place->report_path,
        .stopped_because = "",
        .parent = "",
        .started_ms = NOW_MS,
        .finished_ms = NOW_MS + 9000,
    };
    run_place_begin(place);
    assert_int_equal(ledger_run_create(place->ledger, &place->run, &err), 0);
    run_place_commit(place);
    run_place_save(place);
}

/* What the gateway said of a row of it. */
static inline struct row_record run_place_record_of(uint64_t row, enum row_state state,
                                                    enum outcome outcome, const char *code)
{
    return (struct row_record){
        .row = row,
        .state = state,
        .outcome = outcome,
        .counts_as = outcome,
        .attempts = 1,
        .http_status = 200,
        .submitted_ms = NOW_MS,
        .duration_ms = 5,
        .code = code,
        .sub_code = "",
        .message = "said the gateway",
        .request_id = "r1",
        .warnings = "CHANGED_SINCE_ACCEPTED",
    };
}

static inline struct row_ref run_place_ref(const struct run_place *place, uint64_t row,
                                           const char *order_no)
{
    return (struct row_ref){
        .platform = PLATFORM, .place = {place->run.id, row}, .key = {(int64_t)row - 1, order_no}};
}

/* Of this export, of which nothing is sent yet. */
static inline void run_place_make(struct run_place *place, const char *export_text)
{
    folder_make(place->folder);
    snprintf(place->export_path, sizeof(place->export_path), "%s/claims.csv", place->folder);
    snprintf(place->ledger_path, sizeof(place->ledger_path), "%s/ledger.db", place->folder);
    snprintf(place->report_path, sizeof(place->report_path), "%s/report.csv", place->folder);
    write_text(place->export_path, export_text);
    place->row_source.reader.delimiter = ',';
    place->row_source.now_ms = NOW_MS;
    rules_init(&place->row_source.rules);
    assert_int_equal(export_open(place->export_path, &place->row_source.export, &err), 0);
    assert_int_equal(inspection_run(&place->row_source, &place->inspection, &err), 0);
    assert_int_equal(ledger_open(place->ledger_path, &place->ledger, &err), 0);
    run_place_record(place);
}

static inline void run_place_remove(struct run_place *place)
{
    ledger_close(place->ledger);
    inspection_release(&place->inspection);
    export_close(place->row_source.export);
    folder_remove(place->folder);
}

#endif
