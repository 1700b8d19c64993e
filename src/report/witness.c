#include "report/witness.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "report/audit.h"
#include "report/objection.h"

struct witness {
    struct audit *audit;
    size_t report;
    struct ledger_rows *rows;
    struct row_record known; /* the ledger's next row; row 0: none asked for yet */
    bool at_end;
};

/* Whether the ledger can speak of this report: 1, or 0 with a note or an objection. */
static int find_run(struct ledger *ledger, struct audit *audit, size_t report, int64_t *ret_run,
                    struct error *err)
{
    const struct audit_report *r = &audit->reports[report];
    struct run_record run;
    int found = ledger_run_named(ledger, r->manifest.run, &run, err);

    if (found < 0)
        return -1;
    if (!found) {
        objection_raise(audit, report, 0, "the ledger does not know run %s", r->manifest.run);
        audit->reports[report].ledger = AUDIT_DISAGREES;
        return 0;
    }
    if (ledger_run_is_alive(ledger, run.id)) {
        objection_note(audit,
                       "run %s is under way again, so its report was not compared with the ledger",
                       r->manifest.run);
        return 0;
    }
    *ret_run = run.id;
    return 1;
}

int witness_open(struct ledger *ledger, struct audit *audit, size_t report,
                 struct witness **ret_witness, struct error *err)
{
    struct witness *witness;
    int64_t run = 0;
    int found = find_run(ledger, audit, report, &run, err);

    *ret_witness = NULL;
    if (found <= 0)
        return found;
    witness = calloc(1, sizeof(*witness));
    if (!witness)
        return error_no_memory(err);
    witness->audit = audit;
    witness->report = report;
    audit->reports[report].ledger = AUDIT_AGREES;
    if (ledger_rows_open(ledger, run, 0, &witness->rows, err)) {
        witness_close(witness);
        return -1;
    }
    *ret_witness = witness;
    return 0;
}

void witness_close(struct witness *witness)
{
    if (!witness)
        return;
    ledger_rows_close(witness->rows);
    free(witness);
}

static void object(struct witness *witness, uint64_t row, const char *what, const char *report,
                   const char *ledger)
{
    char quoted[2][LOG_QUOTE_BYTES];

    witness->audit->reports[witness->report].ledger = AUDIT_DISAGREES;
    objection_raise(witness->audit, witness->report, row,
                    "its %s is '%s' here and '%s' in the ledger", what,
                    log_quote(report, quoted[0], LOG_QUOTE_BYTES),
                    log_quote(ledger, quoted[1], LOG_QUOTE_BYTES));
}

static void object_to_number(struct witness *witness, uint64_t row, const char *what,
                             int64_t report, int64_t ledger)
{
    char texts[2][24];

    snprintf(texts[0], sizeof(texts[0]), "%" PRId64, report);
    snprintf(texts[1], sizeof(texts[1]), "%" PRId64, ledger);
    object(witness, row, what, texts[0], texts[1]);
}

static void object_to_time(struct witness *witness, uint64_t row, int64_t report, int64_t ledger)
{
    char texts[2][CLOCK_RFC3339_BYTES] = {"", ""};

    if (report)
        clock_format_rfc3339(report, texts[0]);
    if (ledger)
        clock_format_rfc3339(ledger, texts[1]);
    object(witness, row, "submitted_at", texts[0], texts[1]);
}

static void compare_digest(struct witness *witness, const struct scan_row *row,
                           const struct row_record *known)
{
    char hex[DIGEST_CLAIM_TEXT_BYTES];

    if (!row->line.has_digest ||
        memcmp(row->line.record.digest, known->digest, DIGEST_CLAIM_BYTES) == 0)
        return;
    digest_hex(known->digest, DIGEST_CLAIM_BYTES, hex);
    object(witness, row->line.record.row, "digest", row->digest, hex);
}

/* The ledger's outcome; a row without one is unsent in a report. */
static enum outcome outcome_of(const struct row_record *known)
{
    return known->state == ROW_FINAL ? known->outcome : OUTCOME_UNSENT;
}

/* A row that waited for another attempt of its claim is freed when that is settled, which is after
 * its report was written. */
static bool is_released(const struct row_record *r)
{
    return strcmp(r->code, "UNSETTLED") == 0 || strcmp(r->code, "RELEASED") == 0;
}

static void compare(struct witness *witness, const struct scan_row *row,
                    const struct row_record *known)
{
    const struct row_record *r = &row->line.record;

    if (r->outcome != outcome_of(known) && !(is_released(r) && is_released(known)))
        object(witness, r->row, "outcome", outcome_name(r->outcome),
               outcome_name(outcome_of(known)));
    if (r->attempts != known->attempts)
        object_to_number(witness, r->row, "number of attempts", r->attempts, known->attempts);
    if (r->http_status != known->http_status)
        object_to_number(witness, r->row, "http_status", r->http_status, known->http_status);
    if (r->submitted_ms != known->submitted_ms)
        object_to_time(witness, r->row, r->submitted_ms, known->submitted_ms);
    compare_digest(witness, row, known);
}

static void miss(struct witness *witness, const struct row_record *known)
{
    witness->audit->reports[witness->report].ledger = AUDIT_DISAGREES;
    objection_raise(witness->audit, witness->report, known->row,
                    "the ledger has it as %s, and it is not in the report",
                    outcome_name(outcome_of(known)));
}

/* Takes the ledger's next row. */
static int fetch(struct witness *witness, struct error *err)
{
    int found = ledger_rows_next(witness->rows, &witness->known, err);

    witness->at_end = found == 0;
    return found < 0 ? -1 : 0;
}

/* Goes on to the ledger's row of this number, or beyond it. */
static int seek(struct witness *witness, uint64_t row, struct error *err)
{
    while (!witness->at_end && witness->known.row < row) {
        if (witness->known.row)
            miss(witness, &witness->known);
        if (fetch(witness, err))
            return -1;
    }
    return 0;
}

int witness_hear(struct witness *witness, const struct scan_row *row, struct error *err)
{
    const struct row_record *r = &row->line.record;

    if (seek(witness, r->row, err))
        return -1;
    if (!witness->at_end && witness->known.row == r->row) {
        compare(witness, row, &witness->known);
        return fetch(witness, err);
    }
    if (r->outcome != OUTCOME_INVALID && r->outcome != OUTCOME_UNSENT)
        object(witness, r->row, "outcome", outcome_name(r->outcome), "unsent");
    return 0;
}

int witness_end(struct witness *witness, struct error *err)
{
    return seek(witness, UINT64_MAX, err);
}
