/*
 * coordinator: one thread, one turn: collect → refill → COMMIT → publish.
 *
 * Owns all state of a run: feed, window, pacing, ledger and report. The order within a turn is what
 * the promises rest on: outcomes just collected and intents about to be handed out are one
 * transaction; only when it is durable are jobs given to the pool and lines to the report.
 *
 * Tested by tests/unit/test_coordinator.c and tests/e2e/test_upload.py
 */
#ifndef CLAIMBATCH_RUN_COORDINATOR_H
#define CLAIMBATCH_RUN_COORDINATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/pace.h"
#include "input/inspection/inspection.h"
#include "ledger/ledger.h"
#include "run/pool/submit.h"

struct error;
struct history;
struct report;

#define COORDINATOR_IN_FLIGHT_MAX 4096
/* Jobs beside the 2 × in-flight calls' that may have an intent: rows that wait for a retry or for
 * an earlier row of their claim. */
#define COORDINATOR_WAITING_JOBS(in_flight) (4 * (in_flight) < 1024 ? 1024 : 4 * (in_flight))
#define COORDINATOR_TEXT_BYTES 1024

/* Why a run ended before its last row, or why its last row is not the end; exit_code 0: neither. */
struct coordinator_stop {
    int exit_code;
    char because[32]; /* for manifest and ledger: "limit", "signal", "quota", … */
    bool is_clock;    /* the gateway refuses the time of this machine */
    char sentence[COORDINATOR_TEXT_BYTES]; /* what happened, and what it takes to go on */
    char record[COORDINATOR_TEXT_BYTES];   /* the same for the report, in English */
};

/* The one of them that comes after the last row: the input is not what it was any more. */
#define COORDINATOR_EXPORT_CHANGED "export-changed"

/* What a progress display shows. */
struct coordinator_progress {
    uint64_t rows; /* of the export */
    uint64_t done; /* final, of them */
    uint64_t outcomes[OUTCOME_COUNT];
    size_t in_flight; /* handed to the pool */
    enum pace_state pace;
    int64_t pause_ms; /* how long the pause at hand still lasts; -1: not known */
    bool stopping;
};

/* Borrowed for the run. */
struct coordinator_settings {
    const struct row_source *row_source;
    const struct inspection *inspection;
    const struct history *history; /* what the export says of its own rows; NULL: nothing */
    const struct submit_settings *submit;
    const char *platform;
    struct ledger *ledger;
    const struct run_record *run;
    struct round round; /* id 0: none */
    struct report *report;
    size_t in_flight, workers; /* calls on the wire at once */
    int retries;
    int64_t rate;                 /* claims a second; 0: no limit */
    bool rate_is_auto;            /* it is found by sending, and not above `rate` */
    int64_t daily_quota;          /* 0: none */
    int64_t limit;                /* rows to send in this start; negative: all */
    int64_t max_failures;         /* negative: no limit */
    int64_t max_failures_percent; /* negative: no limit */
    int64_t max_changed;          /* corrections of what other runs sent; negative: no limit */
    int64_t outage_patience_ms;
    int64_t ledger_patience_ms; /* for a ledger on a server that cannot be reached */
    int64_t wait_patience_ms;   /* for another run that holds a row's claim */
    void (*show)(void *context, const struct coordinator_progress *progress);
    void *context;
};

/*
 * Submits what the export and the ledger leave to be done, until done or stopped; the report has
 * then followed as far as rows are final. Returns 0, with *ret_stop saying why it stopped early, or
 * -1: the run's error; then answers that could not be stored were logged with their rows.
 */
int coordinator_run(const struct coordinator_settings *settings, struct coordinator_stop *ret_stop,
                    struct error *err);

#endif
