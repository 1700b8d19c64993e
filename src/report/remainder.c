#include "report/remainder.h"

#include <stdlib.h>
#include <string.h>

/* Without it uthash ends the program when it has no memory; with it an entry that could not be
 * added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/error.h"
#include "base/log.h"
#include "base/stop.h"
#include "input/repeats.h"
#include "report/proof.h"
#include "report/scan.h"

/* What the report tells of a claim that may stand in it more than once. */
struct past {
    UT_hash_handle hh;
    uint64_t unknown_row;  /* the first that is unknown and not taken; 0: none */
    uint64_t accepted_row; /* the last that is accepted; 0: none */
    char key[];
};

struct remainder {
    struct remainder_settings settings;
    struct scan *scan;
    struct remainder_counts counts;
    uint64_t *left; /* rows that are left because of another row of their claim, ascending */
    size_t left_count, left_room;
};

/* One pass. The seven cells of a row stand as if they were an export's. */
struct pass {
    const struct remainder *remainder;
    const struct intake *intake;
    struct scan *scan;
    size_t left_at; /* of remainder->left, the first not yet passed */
    struct cell cells[FIELD_COUNT];
    struct record record;
    struct buffer noted, unsettled;
};

static const struct columns row_columns = {
    .index = {0, 1, 2, 3, 4, 5, 6}, .count = FIELD_COUNT, .fee_unit = FEE_UNIT_FEN};

int remainder_open(const struct remainder_settings *settings, struct remainder **ret_remainder,
                   struct error *err)
{
    struct remainder *remainder = calloc(1, sizeof(*remainder));

    *ret_remainder = NULL;
    if (!remainder)
        return error_no_memory(err);
    remainder->settings = *settings;
    if (scan_open(settings->path, &remainder->scan, err)) {
        remainder_close(remainder);
        return -1;
    }
    *ret_remainder = remainder;
    return 0;
}

void remainder_close(struct remainder *remainder)
{
    if (!remainder)
        return;
    scan_close(remainder->scan);
    free(remainder->left);
    free(remainder);
}

const struct remainder_counts *remainder_counts(const struct remainder *remainder)
{
    return &remainder->counts;
}

static bool is_wanted(const struct remainder *remainder, enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_FAILED:
    case OUTCOME_UNSENT:
        return true;
    case OUTCOME_REJECTED:
        return remainder->settings.rejected;
    case OUTCOME_UNKNOWN:
        return remainder->settings.unknown;
    default:
        return false;
    }
}

/* ---- one row ---- */

static void set_record(struct pass *pass, const struct scan_row *row)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        pass->cells[i] = (struct cell){row->line.fields[i], strlen(row->line.fields[i])};
    pass->record = (struct record){.row = row->line.record.row,
                                   .line = row->start_line,
                                   .count = FIELD_COUNT,
                                   .cells = pass->cells};
}

static void take_text(const char **text, struct buffer *store)
{
    buffer_reset(store);
    buffer_text(store, *text);
    *text = buffer_string(store);
}

/* A row as it was written: its claim is known exactly, and was judged before; but a limit that is
 * set now holds now. */
static void take_claim(struct pass *pass, const struct scan_row *row, struct claim_store *store,
                       struct supply_row *ret_row)
{
    const struct rules *rules = &pass->intake->rules;

    ret_row->claim = row->claim;
    take_text(&ret_row->claim.claim_desc, &store->desc);
    take_text(&ret_row->claim.claim_order_no, &store->order_no);
    buffer_reset(&pass->noted);
    line_append_noted(row->line.warnings, &pass->noted);
    ret_row->noted = buffer_string(&pass->noted);
    if (rules->max_fee >= 0 && row->claim.claim_fee > rules->max_fee)
        findings_add(&ret_row->findings, rules, RULE_MAX_FEE, FIELD_CLAIM_FEE);
}

/* What became of an unknown row so far. */
static void take_unsettled(struct pass *pass, const struct scan_row *row,
                           struct supply_row *ret_row)
{
    const struct row_record *record = &row->line.record;

    ret_row->may_resend = record->outcome == OUTCOME_UNKNOWN;
    ret_row->unsettled = NULL;
    ret_row->is_unrecorded = ret_row->may_resend && pass->remainder->settings.is_stranger;
    if (!ret_row->may_resend)
        return;
    buffer_reset(&pass->unsettled);
    buffer_format(&pass->unsettled, "%s %s", record->code, record->message);
    ret_row->unsettled = buffer_string(&pass->unsettled);
}

/* Makes of a row that is taken one of the run. */
static int take_row(struct pass *pass, const struct scan_row *row, struct claim_store *store,
                    struct supply_row *ret_row, struct error *err)
{
    const struct intake *intake = pass->intake;

    set_record(pass, row);
    ret_row->row = row->line.record.row;
    ret_row->record = &pass->record;
    ret_row->columns = &row_columns;
    ret_row->noted = "";
    ret_row->findings.count = 0;
    take_unsettled(pass, row, ret_row);
    if (row->digest_fits)
        take_claim(pass, row, store, ret_row);
    else
        claim_judge(&intake->rules, &row_columns, &pass->record, intake->now_ms, store,
                    &ret_row->claim, &ret_row->findings);
    ret_row->invalid = findings_invalid(&ret_row->findings);
    return store->desc.failed || store->order_no.failed || pass->noted.failed ||
                   pass->unsettled.failed
               ? error_no_memory(err)
               : 1;
}

/* ---- a pass of the run ---- */

static void pass_close(void *context)
{
    struct pass *pass = context;

    if (!pass)
        return;
    scan_close(pass->scan);
    buffer_release(&pass->noted);
    buffer_release(&pass->unsettled);
    free(pass);
}

static int pass_open(const struct intake *intake, void **ret_pass, struct error *err)
{
    struct pass *pass = calloc(1, sizeof(*pass));

    *ret_pass = pass;
    if (!pass)
        return error_no_memory(err);
    pass->remainder = intake->selection;
    pass->intake = intake;
    return scan_open_second(pass->remainder->scan, &pass->scan, err);
}

static bool is_left(struct pass *pass, uint64_t row)
{
    const struct remainder *remainder = pass->remainder;
    bool found = pass->left_at < remainder->left_count && remainder->left[pass->left_at] == row;

    pass->left_at += found;
    return found;
}

static int pass_next(void *context, struct claim_store *store, struct supply_row *ret_row,
                     struct error *err)
{
    struct pass *pass = context;
    struct scan_row row;
    int found;

    while ((found = scan_next(pass->scan, &row, err)) > 0)
        if (is_wanted(pass->remainder, row.line.record.outcome) &&
            !is_left(pass, row.line.record.row))
            return take_row(pass, &row, store, ret_row, err);
    return found;
}

static const struct supply_kind report_supply = {pass_open, pass_next, pass_close};

/* ---- what other rows say of a claim ---- */

static int key_of(const struct claim *claim, struct buffer *ret_key, struct error *err)
{
    buffer_reset(ret_key);
    buffer_format(ret_key, "%lld ", (long long)claim->workcard_id);
    buffer_text(ret_key, claim->claim_order_no);
    return ret_key->failed ? error_no_memory(err) : 0;
}

static struct past *find_past(struct past *pasts, const struct buffer *key)
{
    struct past *past = NULL;

    HASH_FIND(hh, pasts, key->ptr, key->len, past);
    return past;
}

/* NULL without memory. */
static struct past *add_past(struct past **pasts, const struct buffer *key)
{
    struct past *past = find_past(*pasts, key);

    if (past)
        return past;
    past = calloc(1, sizeof(*past) + key->len);
    if (!past)
        return NULL;
    memcpy(past->key, key->ptr, key->len);
    HASH_ADD_KEYPTR(hh, *pasts, past->key, key->len, past);
    if (past->hh.tbl)
        return past;
    free(past);
    return NULL;
}

static void forget_pasts(struct past *pasts)
{
    struct past *past;
    struct past *next;

    HASH_ITER(hh, pasts, past, next)
    {
        HASH_DEL(pasts, past);
        free(past);
    }
}

static int note_left(struct remainder *remainder, uint64_t row, struct error *err)
{
    if (remainder->left_count == remainder->left_room) {
        size_t room = remainder->left_room ? 2 * remainder->left_room : 64;
        uint64_t *left = realloc(remainder->left, room * sizeof(*left));

        if (!left)
            return error_no_memory(err);
        remainder->left = left;
        remainder->left_room = room;
    }
    remainder->left[remainder->left_count++] = row;
    return 0;
}

/* ---- the first pass ---- */

/* What the first pass has at hand. */
struct first {
    struct remainder *remainder;
    struct pass pass;
    struct proof proof;
    struct inspection *inspection;
    struct past *pasts;
    struct claim_store store;
    struct buffer key;
};

static int refuse_stopped(const struct first *first, struct error *err)
{
    char name[LOG_QUOTE_BYTES];

    return error_set(err, EXIT_SIGNAL_BASE + stop_signal(),
                     "stopped by a signal while '%s' was read; nothing was sent",
                     log_quote(first->proof.path, name, sizeof(name)));
}

/* The next row: 1, or 0 behind the last one, or -1. */
static int next_row(struct first *first, struct scan_row *ret_row, struct error *err)
{
    return stop_signal() ? refuse_stopped(first, err)
                         : scan_next(first->remainder->scan, ret_row, err);
}

/* Whether newer content of the claim had been accepted when this row was judged. */
static bool tells_accepted(const struct remainder *remainder, const struct row_record *record)
{
    if (record->outcome == OUTCOME_ACCEPTED)
        return remainder->settings.is_stranger;
    return record->outcome == OUTCOME_SKIPPED && (strcmp(record->code, "ALREADY_ACCEPTED") == 0 ||
                                                  strcmp(record->code, "SUPERSEDED") == 0);
}

static bool tells_unknown(const struct remainder *remainder, const struct row_record *record)
{
    return remainder->settings.is_stranger && record->outcome == OUTCOME_UNKNOWN &&
           !remainder->settings.unknown;
}

static int note_past(struct first *first, const struct scan_row *row, struct error *err)
{
    const struct row_record *record = &row->line.record;
    bool is_unknown = tells_unknown(first->remainder, record);
    struct past *past;

    if (!is_unknown && !tells_accepted(first->remainder, record))
        return 0;
    if (key_of(&row->claim, &first->key, err))
        return -1;
    past = add_past(&first->pasts, &first->key);
    if (!past)
        return error_no_memory(err);
    if (!is_unknown)
        past->accepted_row = record->row;
    else if (!past->unknown_row)
        past->unknown_row = record->row;
    return 0;
}

/* Only of claims that may stand in the report more than once is anything kept. */
static int read_pasts(struct first *first, struct repeats *repeats, struct error *err)
{
    struct scan *scan = first->remainder->scan;
    struct scan_row row;
    int found;

    while ((found = next_row(first, &row, err)) > 0)
        if (row.has_claim)
            repeats_note(repeats, &row.claim);
    if (found < 0 || scan_restart(scan, err))
        return -1;
    while ((found = next_row(first, &row, err)) > 0)
        if (row.has_claim && repeats_maybe(repeats, &row.claim) && note_past(first, &row, err))
            return -1;
    return found < 0 ? -1 : scan_restart(scan, err);
}

/* What became of the other rows of a claim the ledger tells, with two exceptions: a row that was
 * skipped because its content had been accepted in an earlier run has no place of its own there,
 * and of the run of a stranger's report nothing is known. */
static int look_back(struct first *first, struct error *err)
{
    struct repeats *repeats;
    int result;

    if (!first->remainder->settings.is_stranger && !first->remainder->settings.rejected)
        return 0;
    repeats = repeats_open();
    result = repeats ? read_pasts(first, repeats, err) : error_no_memory(err);
    repeats_close(repeats);
    return result;
}

static void count_claim(struct inspection *inspection, const struct claim *claim)
{
    inspection->status_rows[claim->claim_status]++;
    inspection->status_fee[claim->claim_status] += claim->claim_fee;
    repeats_note(inspection->repeats, claim);
}

static void count_row(struct first *first, const struct supply_row *row, enum outcome outcome)
{
    struct inspection *inspection = first->inspection;

    first->remainder->counts.taken[outcome]++;
    inspection->rows++;
    inspection->invalid += row->invalid;
    inspection->last_line = row->record->line;
    for (size_t i = 0; i < row->findings.count; i++)
        if (!inspection->broken[row->findings.list[i].rule]++)
            inspection->first_row[row->findings.list[i].rule] = row->row;
    if (!row->invalid)
        count_claim(inspection, &row->claim);
}

/* Whether another row of its claim forbids to send this one: 1, counted, or 0. */
static int is_forbidden(struct first *first, const struct supply_row *row, struct error *err)
{
    struct remainder_counts *counts = &first->remainder->counts;
    const struct past *past;
    bool waits, is_superseded;

    if (!first->pasts || row->invalid)
        return 0;
    if (key_of(&row->claim, &first->key, err))
        return -1;
    past = find_past(first->pasts, &first->key);
    waits = past && past->unknown_row && past->unknown_row < row->row;
    is_superseded = past && past->accepted_row > row->row;
    counts->waiting += waits;
    counts->superseded += !waits && is_superseded;
    return waits || is_superseded;
}

static int inspect_taken(struct first *first, const struct scan_row *scanned, struct error *err)
{
    struct supply_row row;
    int forbidden;

    if (take_row(&first->pass, scanned, &first->store, &row, err) < 0)
        return -1;
    forbidden = is_forbidden(first, &row, err);
    if (forbidden < 0)
        return -1;
    if (forbidden) {
        first->inspection->left_out++;
        return note_left(first->remainder, row.row, err);
    }
    count_row(first, &row, scanned->line.record.outcome);
    return 0;
}

static int inspect_rows(struct first *first, struct error *err)
{
    struct remainder *remainder = first->remainder;
    struct scan_row row;
    int found;

    while ((found = next_row(first, &row, err)) > 0) {
        enum outcome outcome = row.line.record.outcome;
        bool taken = is_wanted(remainder, outcome);

        if (proof_show(&first->proof, &row, taken, err))
            return -1;
        remainder->counts.rows[outcome]++;
        if (!taken)
            first->inspection->left_out++;
        else if (inspect_taken(first, &row, err))
            return -1;
    }
    return found;
}

/* Where the fields stand in the report, for who asks how it was read. */
static void set_columns(struct inspection *inspection)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        inspection->columns.index[i] = SCAN_WORKCARD_ID + i;
    inspection->columns.count = SCAN_COLUMNS;
    inspection->columns.fee_unit = FEE_UNIT_FEN;
}

static int inspect(struct first *first, struct error *err)
{
    struct remainder *remainder = first->remainder;

    if (look_back(first, err) || inspect_rows(first, err) ||
        proof_finish(&first->proof, scan_survey(remainder->scan)->sha256, err))
        return -1;
    remainder->counts.edited = first->proof.edited;
    first->inspection->survey = *scan_survey(remainder->scan);
    set_columns(first->inspection);
    return 0;
}

int remainder_inspect(struct remainder *remainder, struct intake *intake,
                      struct inspection *ret_inspection, struct error *err)
{
    const struct remainder_settings *s = &remainder->settings;
    struct first first = {
        .remainder = remainder,
        .pass = {.remainder = remainder, .intake = intake},
        .proof = {.path = s->path,
                  .manifest = s->manifest,
                  .accept_edits = s->accept_edits,
                  .is_all_there_is = s->is_stranger},
        .inspection = ret_inspection,
    };
    int result;

    memset(ret_inspection, 0, sizeof(*ret_inspection));
    ret_inspection->repeats = repeats_open();
    result = ret_inspection->repeats ? inspect(&first, err) : error_no_memory(err);
    intake->export = scan_export(remainder->scan);
    intake->encoding = ENCODING_UTF8;
    intake->reader.delimiter = ',';
    intake->kind = &report_supply;
    intake->selection = remainder;
    proof_release(&first.proof);
    forget_pasts(first.pasts);
    claim_store_release(&first.store);
    buffer_release(&first.key);
    buffer_release(&first.pass.noted);
    buffer_release(&first.pass.unsettled);
    return result;
}
