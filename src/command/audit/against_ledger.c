#include "against_ledger.h"

#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/words/language.h"
#include "command/audit/reports/restarted.h"
#include "disagreement.h"
#include "ledger/abandonment.h"

struct against_ledger {
    struct audit *audit;
    size_t report;
    struct ledger *ledger;
    int64_t run;
    bool is_cut_short;           /* the report was not up to date when a command ended */
    struct restarted *restarted; /* NULL: its report is the newest */
    struct ledger_rows *rows;
    struct known_row known; /* the ledger's next row; row 0: none asked for yet */
    bool at_end;
    struct buffer words; /* of the ledger, as a report has them */
};

static void object_words(struct audit *audit, size_t report, uint64_t row, const char *words)
{
    audit->reports[report].ledger = AUDIT_DISAGREES;
    disagreement_raise(audit, AUDIT_LEDGER, report, row, "%s", words);
}

static void object_to(struct audit *audit, size_t report, uint64_t row, const char *what,
                      const char *said, const char *known)
{
    audit->reports[report].ledger = AUDIT_DISAGREES;
    disagreement_raise(audit, AUDIT_LEDGER, report, row,
                       "its %s is '%s' here and '%s' in the ledger", what, LOG_QUOTED(said),
                       LOG_QUOTED(known));
}

static void compare_times(struct audit *audit, size_t report, uint64_t row, const char *what,
                          int64_t said, int64_t known)
{
    char texts[2][CLOCK_RFC3339_BYTES] = {"", ""};

    if (said == known)
        return;
    if (said)
        clock_format_rfc3339(said, texts[0]);
    if (known)
        clock_format_rfc3339(known, texts[1]);
    object_to(audit, report, row, what, texts[0], texts[1]);
}

/* ---- the run ---- */

static void compare_run_texts(struct audit *audit, size_t report, const char *what,
                              const char *said, const char *known)
{
    if (strcmp(said, known) != 0)
        object_to(audit, report, 0, what, said, known);
}

/* Of an interrupted run the manifest tells the start before. */
static bool is_interrupted(const struct manifest_found *m, const struct run_record *run)
{
    return !run->finished_ms && strcmp(m->stopped_because, "interrupted") == 0;
}

/* Whether the run was started again since its report was made. */
static bool is_outdated(const struct manifest_found *m, const struct run_record *run)
{
    return run->started_ms > m->started_ms && !is_interrupted(m, run);
}

static void compare_end(struct audit *audit, size_t report, const struct manifest_found *m,
                        const struct run_record *run)
{
    compare_times(audit, report, 0, "started", m->started_ms, run->started_ms);
    compare_times(audit, report, 0, "finished", m->finished_ms, run->finished_ms);
    compare_run_texts(audit, report, "stopped_because", m->stopped_because, run->stopped_because);
    compare_run_texts(audit, report, "complete", m->complete ? "true" : "false",
                      run->complete ? "true" : "false");
}

/* What the manifest says of the run as a whole. */
static void compare_run(struct audit *audit, size_t report, const struct run_record *run)
{
    const struct manifest_found *m = &audit->reports[report].manifest;
    char sha256[MANIFEST_SHA256_TEXT_BYTES];

    hex_format(run->export_sha256, DIGEST_SHA256_BYTES, sha256);
    compare_run_texts(audit, report, "command", m->command, run->command);
    compare_run_texts(audit, report, "platform", m->platform, run->platform);
    compare_run_texts(audit, report, "parent_run", m->parent_run, run->parent);
    compare_run_texts(audit, report, _("sha256 of the input"), m->input_sha256, sha256);
    if (!is_interrupted(m, run) && !is_outdated(m, run))
        compare_end(audit, report, m, run);
}

static bool is_pruned(const struct run_record *run)
{
    static const unsigned char none[DIGEST_SHA256_BYTES];

    return memcmp(run->export_sha256, none, sizeof(none)) == 0;
}

/* Whether the ledger can speak of the rows of this report: 1, or 0 with a note or a disagreement; 2
 * where they alone tell whether it is outdated. */
static int judge_run(struct ledger *ledger, struct audit *audit, size_t report,
                     const struct run_record *run, bool is_abandoned, struct error *err)
{
    const struct manifest_found *m = &audit->reports[report].manifest;
    char time[CLOCK_TOP_BYTES];
    int found;

    if (is_pruned(run)) {
        disagreement_note(
            audit, _("run %s was pruned from the ledger, so its report was not compared with it"),
            m->run);
        return 0;
    }
    if (ledger_run_is_alive(ledger, run->id)) {
        disagreement_note(
            audit, _("run %s is under way again, so its report was not compared with the ledger"),
            m->run);
        return 0;
    }
    if (!is_outdated(m, run))
        return 1;
    if (is_abandoned && !run->finished_ms) {
        clock_format_top(run->started_ms, time);
        audit->reports[report].ledger = AUDIT_DISAGREES;
        disagreement_raise(
            audit, AUDIT_LEDGER, report, 0,
            _("its run %s was started again at %s Beijing time, and abandoned before it "
              "made another report, so this one is behind (claimbatch resolve brings it "
              "up to date); its rows were not compared with the ledger"),
            m->run, time);
        return 0;
    }
    found = restarted_may_agree(ledger, run, m, err);
    if (found)
        return found < 0 ? -1 : 2;
    restarted_object(audit, report, run);
    return 0;
}

static void note_abandonment(struct audit *audit, const struct abandonment *a)
{
    char at[CLOCK_TOP_BYTES];

    if (!a->run)
        return;
    clock_format_top(a->at_ms, at);
    disagreement_note(
        audit,
        "run %s was abandoned at %s Beijing time by %s: %s; none of its rows is sent any "
        "more",
        a->name, at, LOG_QUOTED(a->by), LOG_QUOTED(a->reason));
}

static int find_run(struct ledger *ledger, struct audit *audit, size_t report,
                    struct run_record *ret_run, struct error *err)
{
    const char *name = audit->reports[report].manifest.run;
    struct abandonment abandonment = {0};
    int found = ledger_run_named(ledger, name, ret_run, err);

    if (found > 0 && ledger_abandonment_get(ledger, ret_run->id, &abandonment, err) < 0)
        found = -1;
    if (found < 0)
        return -1;
    if (!found) {
        audit->reports[report].ledger = AUDIT_DISAGREES;
        disagreement_raise(audit, AUDIT_LEDGER, report, 0, _("the ledger does not know its run %s"),
                           name);
        return 0;
    }
    note_abandonment(audit, &abandonment);
    found = judge_run(ledger, audit, report, ret_run, abandonment.run != 0, err);
    if (found <= 0)
        return found;
    audit->reports[report].ledger = AUDIT_AGREES;
    compare_run(audit, report, ret_run);
    return found;
}

int against_ledger_open(struct ledger *ledger, struct audit *audit, size_t report,
                        struct against_ledger **ret_against_ledger, struct error *err)
{
    struct against_ledger *against_ledger;
    struct run_record run;
    int found = find_run(ledger, audit, report, &run, err);

    *ret_against_ledger = NULL;
    if (found <= 0)
        return found;
    against_ledger = calloc(1, sizeof(*against_ledger));
    if (!against_ledger)
        return error_no_memory(err);
    against_ledger->restarted = found == 2 ? restarted_open(audit, report, &run) : NULL;
    against_ledger->audit =
        against_ledger->restarted ? restarted_audit(against_ledger->restarted) : audit;
    against_ledger->report = report;
    against_ledger->ledger = ledger;
    against_ledger->run = run.id;
    against_ledger->is_cut_short = run.finished_ms && !run.published;
    if ((found == 2 && !against_ledger->restarted && error_no_memory(err)) ||
        ledger_rows_open(ledger, run.id, &against_ledger->rows, err)) {
        against_ledger_close(against_ledger);
        return -1;
    }
    *ret_against_ledger = against_ledger;
    return 0;
}

void against_ledger_close(struct against_ledger *against_ledger)
{
    if (!against_ledger)
        return;
    ledger_rows_close(against_ledger->rows);
    restarted_close(against_ledger->restarted);
    known_row_release(&against_ledger->known);
    buffer_release(&against_ledger->words);
    free(against_ledger);
}

/* ---- rows ---- */

static void object(struct against_ledger *against_ledger, uint64_t row, const char *what,
                   const char *said, const char *known)
{
    object_to(against_ledger->audit, against_ledger->report, row, what, said, known);
}

static void compare_numbers(struct against_ledger *against_ledger, uint64_t row, const char *what,
                            int64_t said, int64_t known)
{
    char texts[2][BUFFER_INTEGER_BYTES];

    if (said != known)
        object(against_ledger, row, what, buffer_integer_text(said, texts[0]),
               buffer_integer_text(known, texts[1]));
}

/* A text of the gateway's, in which a report has no control characters. */
static void compare_words(struct against_ledger *against_ledger, uint64_t row, const char *what,
                          const char *said, const char *known)
{
    if (strcmp(said, known) == 0)
        return;
    buffer_reset(&against_ledger->words);
    line_append_clean(known, &against_ledger->words);
    against_ledger->audit->no_memory |= against_ledger->words.failed;
    if (strcmp(said, buffer_string(&against_ledger->words)) != 0)
        object(against_ledger, row, what, said, buffer_string(&against_ledger->words));
}

static void compare_digest(struct against_ledger *against_ledger, const struct scan_row *row,
                           const struct row_record *known)
{
    char hex[DIGEST_CLAIM_TEXT_BYTES];

    if (!row->line.has_digest ||
        memcmp(row->line.record.digest, known->digest, DIGEST_CLAIM_BYTES) == 0)
        return;
    hex_format(known->digest, DIGEST_CLAIM_BYTES, hex);
    object(against_ledger, row->line.record.row, "digest", row->digest, hex);
}

/* The ledger does not keep what rules say of a row. */
static void compare_warnings(struct against_ledger *against_ledger, const struct scan_row *row,
                             const struct row_record *known)
{
    buffer_reset(&against_ledger->words);
    line_append_arisen(row->line.warnings, &against_ledger->words);
    against_ledger->audit->no_memory |= against_ledger->words.failed;
    if (strcmp(buffer_string(&against_ledger->words), known->warnings) != 0)
        object(against_ledger, row->line.record.row, _("list of warnings"),
               buffer_string(&against_ledger->words), known->warnings);
}

/* The ledger's outcome; a row without one is unsent in a report. */
static enum outcome outcome_of(const struct row_record *known)
{
    return outcome_is_there(known) ? known->outcome : OUTCOME_UNSENT;
}

/* A row that waited for another attempt of its claim is freed when that is settled, which is after
 * its report was written. */
static bool is_released(const struct row_record *r)
{
    return strcmp(r->code, "UNSETTLED") == 0 || strcmp(r->code, "RELEASED") == 0;
}

/* One that repeats such a row is freed with it. */
static bool is_released_repeat(const struct row_record *r, const struct row_record *known)
{
    return strcmp(r->code, "DUPLICATE_IN_FILE") == 0 && strcmp(known->code, "RELEASED") == 0;
}

/* Why the row has its outcome. Of one that is to be sent again and has no answer, the report says
 * why the run stopped. */
static void compare_reasons(struct against_ledger *against_ledger, const struct row_record *r,
                            const struct row_record *known)
{
    if (r->outcome != outcome_of(known)) {
        object(against_ledger, r->row, "outcome", outcome_name(r->outcome),
               outcome_name(outcome_of(known)));
        return;
    }
    if (!outcome_is_there(known) && !*known->code)
        return;
    compare_words(against_ledger, r->row, "code", r->code, known->code);
    compare_words(against_ledger, r->row, "sub_code", r->sub_code, known->sub_code);
    compare_words(against_ledger, r->row, "message", r->message, known->message);
}

static void compare(struct against_ledger *against_ledger, const struct scan_row *row,
                    const struct row_record *known)
{
    const struct row_record *r = &row->line.record;

    if (row->malformed)
        return; /* that is said already */
    if (!(is_released(r) && is_released(known)) && !is_released_repeat(r, known))
        compare_reasons(against_ledger, r, known);
    compare_numbers(against_ledger, r->row, _("number of attempts"), r->attempts, known->attempts);
    compare_numbers(against_ledger, r->row, "http_status", r->http_status, known->http_status);
    compare_numbers(against_ledger, r->row, "duration_ms", r->duration_ms,
                    known->submitted_ms ? known->duration_ms : 0);
    compare_words(against_ledger, r->row, "request_id", r->request_id, known->request_id);
    compare_times(against_ledger->audit, against_ledger->report, r->row, "submitted_at",
                  r->submitted_ms, known->submitted_ms);
    compare_warnings(against_ledger, row, known);
    compare_digest(against_ledger, row, known);
}

/* What the ledger says of the row's claim: that is what decides whether it is sent again. Only a
 * row that was sent is surely known to its claim. */
static int compare_claim(struct against_ledger *against_ledger, const struct scan_row *row,
                         const struct row_record *known, struct error *err)
{
    const char *platform = against_ledger->audit->reports[against_ledger->report].manifest.platform;
    struct claim_key key = {row->claim.workcard_id, row->claim.claim_order_no};
    struct row_place behind = {against_ledger->run, known->row + 1};
    struct claim_state claim;
    struct row_record of_claim;
    int found;

    if (row->malformed || !row->has_claim || known->state != ROW_FINAL)
        return 0;
    found = ledger_claim_before(against_ledger->ledger, platform, &key, behind, &of_claim, err);
    if (found < 0 || ledger_claim_get(against_ledger->ledger, platform, &key, &claim, err))
        return -1;
    if (!found || of_claim.row != known->row)
        object_words(against_ledger->audit, against_ledger->report, known->row,
                     _("the ledger does not know it as a row of this claim"));
    else if (known->outcome == OUTCOME_ACCEPTED && !claim.accepted)
        object_words(against_ledger->audit, against_ledger->report, known->row,
                     _("it was accepted, and the ledger does not know its claim as accepted"));
    else if (claim.accepted && claim.accepted_at.run == against_ledger->run &&
             claim.accepted_at.row == known->row &&
             (memcmp(claim.accepted_digest, known->digest, DIGEST_CLAIM_BYTES) != 0 ||
              (claim.has_fee && claim.fee_fen != row->claim.claim_fee)))
        object_words(against_ledger->audit, against_ledger->report, known->row,
                     _("the ledger has other content of its claim as accepted here"));
    else if (known->outcome == OUTCOME_UNKNOWN && known->attempts && !claim.open &&
             !(claim.accepted && claim.accepted_ms >= known->submitted_ms))
        object_words(against_ledger->audit, against_ledger->report, known->row,
                     _("it is unknown, and the ledger does not know its claim as unknown"));
    return 0;
}

static void miss(struct against_ledger *against_ledger, const struct row_record *known)
{
    against_ledger->audit->reports[against_ledger->report].ledger = AUDIT_DISAGREES;
    disagreement_raise(against_ledger->audit, AUDIT_LEDGER, against_ledger->report, known->row,
                       _("the ledger has it as %s, and it is not in the report"),
                       outcome_name(outcome_of(known)));
}

/* Takes the ledger's next row. */
static int fetch(struct against_ledger *against_ledger, struct error *err)
{
    int found = ledger_rows_next(against_ledger->rows, &against_ledger->known, err);

    against_ledger->at_end = found == 0;
    return found < 0 ? -1 : 0;
}

/* Goes on to the ledger's row of this number, or beyond it. */
static int seek(struct against_ledger *against_ledger, uint64_t row, struct error *err)
{
    while (!against_ledger->at_end && against_ledger->known.record.row < row) {
        if (against_ledger->known.record.row)
            miss(against_ledger, &against_ledger->known.record);
        if (fetch(against_ledger, err))
            return -1;
    }
    return 0;
}

int against_ledger_compare(struct against_ledger *against_ledger, const struct scan_row *row,
                           struct error *err)
{
    const struct row_record *r = &row->line.record;

    if (seek(against_ledger, r->row, err))
        return -1;
    if (!against_ledger->at_end && against_ledger->known.record.row == r->row) {
        compare(against_ledger, row, &against_ledger->known.record);
        return compare_claim(against_ledger, row, &against_ledger->known.record, err)
                   ? -1
                   : fetch(against_ledger, err);
    }
    if (row->malformed)
        return 0;
    /* A row that was unknown in the report before and was not sent again has no record here. */
    if (r->outcome != OUTCOME_INVALID && r->outcome != OUTCOME_UNSENT &&
        !(r->outcome == OUTCOME_UNKNOWN && is_released(r) && !r->attempts))
        object(against_ledger, r->row, "outcome", outcome_name(r->outcome), "unsent");
    else if (r->attempts || r->submitted_ms)
        object_words(against_ledger->audit, against_ledger->report, r->row,
                     _("it was sent, and the ledger does not know that"));
    return 0;
}

int against_ledger_end(struct against_ledger *against_ledger, struct error *err)
{
    const struct audit_report *report = &against_ledger->audit->reports[against_ledger->report];

    if (seek(against_ledger, UINT64_MAX, err))
        return -1;
    if (against_ledger->restarted)
        restarted_tell(against_ledger->restarted);
    if (against_ledger->is_cut_short && report->disagreements)
        disagreement_note(against_ledger->audit,
                          "a command was cut short before '%s' and its manifest were up to date; "
                          "claimbatch resolve %s finishes that",
                          LOG_QUOTED(report->path), LOG_QUOTED(report->path));
    return 0;
}
