/*
 * audit: whether reports are true, and what they add up to.
 *
 * Each report is held against its own digests and its manifest, and all of them, as far as they are
 * there, against the export and the ledger. Reports of one export (an upload and its re-runs) are
 * folded: a row's final state is accepted if any of them says so, else unknown if any does, else
 * what the newest says. All are read side by side, row by row, so memory does not depend on their
 * size. Nothing is judged here but truth: that rows were rejected is no disagreement.
 *
 * Tested by tests/unit/test_audit.c and tests/e2e/test_audit.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_AUDIT_H
#define CLAIMBATCH_COMMAND_AUDIT_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/money.h"
#include "input/inspection/inspection.h"
#include "input/reader/columns.h"
#include "latency.h"
#include "ledger/outcome.h"
#include "report/advice/advice.h"
#include "report/export_rows.h"
#include "report/manifest/manifest.h"
#include "timeline.h"

struct error;
struct scan_row;

#define AUDIT_REPORTS_MAX 64
#define AUDIT_DISAGREEMENTS_MAX 1000 /* are kept with their words; all are counted */
#define AUDIT_NOTES_MAX 16
#define AUDIT_CODES_MAX 500 /* further ones are counted as AUDIT_OTHER_CODE */
#define AUDIT_OTHER_CODE "OTHER"
#define AUDIT_CODE_BYTES 64
#define AUDIT_FIRST_ROWS 5
#define AUDIT_OPEN_ROWS_MAX 5000
#define AUDIT_TEXT_BYTES 256 /* of a text of a row that is kept; cut at a character, with "…" */

struct audit_sum {
    uint64_t rows;
    money fee_fen;
};

/* What one check came to. */
enum audit_check {
    AUDIT_NOT_CHECKED, /* it was not asked for, or could not be made: a note says why */
    AUDIT_AGREES,
    AUDIT_DISAGREES,
};

/* What a report was held against when it was found wrong. */
enum audit_measure {
    AUDIT_ITSELF, /* its cells, its digests, its manifest */
    AUDIT_OTHERS, /* the other reports of its export */
    AUDIT_SIGNATURE,
    AUDIT_LEDGER,
    AUDIT_EXPORT,
    AUDIT_MEASURE_COUNT,
};

struct audit_disagreement {
    enum audit_measure measure;
    size_t report; /* of audit.reports; AUDIT_NO_REPORT: all of them together */
    uint64_t row;  /* as the export counts; 0: the report as a whole */
    char *text;    /* safe for a terminal */
};
#define AUDIT_NO_REPORT SIZE_MAX

/* One of the reports that were read. */
struct audit_report {
    const char *path; /* as it was named */
    bool has_manifest;
    char manifest_fault[AUDIT_TEXT_BYTES * 2]; /* why there is none; safe for a terminal */
    struct manifest_found manifest;            /* empty without one */
    char sha256[MANIFEST_SHA256_TEXT_BYTES];   /* of the file; "" when it could not be read whole */
    uint64_t bytes;
    uint64_t lines;                       /* records read */
    struct audit_sum sums[OUTCOME_COUNT]; /* of its own lines */
    struct audit_sum changed; /* … that were sent with the warning changed-since-accepted */
    uint64_t held_back;       /* … that were not sent for that reason */
    enum audit_check signature, ledger;
    uint64_t disagreements;
};

/* Rows of one outcome with one code, in their final state. */
struct audit_code {
    enum outcome outcome;
    char code[AUDIT_CODE_BYTES];
    char message[AUDIT_TEXT_BYTES]; /* of the first row */
    struct advice advice;
    uint64_t rows;
    money fee_fen;
    uint64_t first_rows[AUDIT_FIRST_ROWS];
    size_t first_count;
};

struct audit_event {
    size_t report; /* of audit.reports */
    const struct manifest_event *event;
};

/* A row that needs a person, in its final state. Texts are owned, raw and cut at AUDIT_TEXT_BYTES.
 */
struct audit_row {
    uint64_t row;
    size_t report; /* that says so */
    enum outcome outcome;
    int64_t fee_fen; /* 0 of an invalid row */
    int status;      /* claim_status; -1 of an invalid row */
    int attempts, http_status;
    int64_t submitted_ms; /* wall time; 0: never sent */
    const char *workcard_id, *claim_order_no, *claim_desc;
    const char *code, *sub_code, *message, *request_id;
    char *texts; /* where they lie */
};

struct audit {
    bool agrees;
    struct audit_disagreement *disagreements; /* the first AUDIT_DISAGREEMENTS_MAX */
    size_t disagreement_count, disagreement_room;
    uint64_t disagreements_found; /* all of them */
    uint64_t disagreements_by[AUDIT_MEASURE_COUNT];
    char *notes[AUDIT_NOTES_MAX]; /* what was not checked, and why; safe for a terminal */
    size_t note_count;

    struct audit_report *reports; /* by the last start of their runs, the oldest first */
    size_t report_count;

    const char *export_path; /* NULL: not compared */
    enum audit_check export;
    uint64_t export_rows;

    /* Of the final states. */
    uint64_t rows;
    struct audit_sum outcomes[OUTCOME_COUNT];
    struct audit_sum statuses[INSPECTION_STATUSES][OUTCOME_COUNT]; /* invalid rows have no status */
    struct audit_code *codes; /* those of accepted rows left out; the most urgent outcome first, in
                                 it the most rows */
    size_t code_count;
    struct audit_row *open_rows; /* unknown, rejected, failed and invalid rows, in their order;
                                    where there are too many, the former go before the latter */
    size_t open_count;
    uint64_t open_left_out;

    /* Of all lines that were sent. */
    struct latency_summary latency; /* of their last attempts */
    struct timeline timeline;       /* by the moments of their last answers */
    struct audit_event *events;     /* in the order of time */
    size_t event_count;
    int64_t started_ms, finished_ms; /* the first start and the last end; 0: not known */

    bool no_memory; /* while it was made */
};

/* What is to be audited. Borrowed until audit_release. */
struct audit_settings {
    const char *const *paths; /* of the reports */
    size_t path_count;
    struct export_rows_settings export; /* its path NULL: not compared */
    const char *ledger_path;            /* NULL: not compared. Never created */
    bool ledger_is_named;               /* by the user: then it has to be there */
    const char *verify_key;             /* PEM file; NULL: signatures are not checked */
    /* Told of each row in its final state, which audit->reports[report] tells; NULL: nobody. 0, or
     * -1 to end the audit. */
    int (*on_row)(void *context, const struct audit *audit, const struct scan_row *row,
                  size_t report, struct error *err);
    void *context;
};

/*
 * Audits. 0 whatever it finds: audit->agrees. EXIT_INPUT_MISSING when a report, the export or the
 * key cannot be opened; EXIT_INPUT_REFUSED when a file is no report, or the reports are not those
 * of one export; EXIT_BAD_CONFIG when the key is none. Release it in any case.
 */
int audit_run(const struct audit_settings *settings, struct audit *ret_audit, struct error *err);
void audit_release(struct audit *audit);

/* "itself", "other reports", "signature", "ledger", "export". */
const char *audit_measure_name(enum audit_measure measure);

#endif
