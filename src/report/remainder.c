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

/* A claim that has an unknown attempt which is not taken. */
struct unknown_claim {
    UT_hash_handle hh;
    char key[];
};

struct remainder {
    struct remainder_settings settings;
    struct scan *scan;
    struct remainder_counts counts;
    uint64_t *waiting; /* rows that are left because of an unknown claim, ascending */
    size_t waiting_room;
};

/* One pass. The seven cells of a row stand as if they were an export's. */
struct pass {
    const struct remainder *remainder;
    const struct intake *intake;
    struct scan *scan;
    size_t waiting_at; /* of remainder->waiting, the first not yet passed */
    struct cell cells[FIELD_COUNT];
    struct record record;
    struct buffer noted;
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
    free(remainder->waiting);
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
    ret_row->may_resend = row->line.record.outcome == OUTCOME_UNKNOWN;
    if (row->digest_fits)
        take_claim(pass, row, store, ret_row);
    else
        claim_judge(&intake->rules, &row_columns, &pass->record, intake->now_ms, store,
                    &ret_row->claim, &ret_row->findings);
    ret_row->invalid = findings_invalid(&ret_row->findings);
    return store->desc.failed || store->order_no.failed || pass->noted.failed ? error_no_memory(err)
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

static bool is_waiting(struct pass *pass, uint64_t row)
{
    const struct remainder *remainder = pass->remainder;
    bool found =
        pass->waiting_at < remainder->counts.waiting && remainder->waiting[pass->waiting_at] == row;

    pass->waiting_at += found;
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
            !is_waiting(pass, row.line.record.row))
            return take_row(pass, &row, store, ret_row, err);
    return found;
}

static const struct supply_kind report_supply = {pass_open, pass_next, pass_close};

/* ---- claims with an unknown attempt that no ledger knows ---- */

static int key_of(const struct claim *claim, struct buffer *ret_key, struct error *err)
{
    buffer_reset(ret_key);
    buffer_format(ret_key, "%lld ", (long long)claim->workcard_id);
    buffer_text(ret_key, claim->claim_order_no);
    return ret_key->failed ? error_no_memory(err) : 0;
}

static int note_unknown(struct unknown_claim **claims, const struct buffer *key, struct error *err)
{
    struct unknown_claim *claim = NULL;

    HASH_FIND(hh, *claims, key->ptr, key->len, claim);
    if (claim)
        return 0;
    claim = malloc(sizeof(*claim) + key->len);
    if (!claim)
        return error_no_memory(err);
    memcpy(claim->key, key->ptr, key->len);
    HASH_ADD_KEYPTR(hh, *claims, claim->key, key->len, claim);
    if (claim->hh.tbl)
        return 0;
    free(claim);
    return error_no_memory(err);
}

static bool is_unknown(const struct unknown_claim *claims, const struct buffer *key)
{
    const struct unknown_claim *claim = NULL;

    HASH_FIND(hh, claims, key->ptr, key->len, claim);
    return claim != NULL;
}

static void forget_unknown(struct unknown_claim *claims)
{
    struct unknown_claim *claim;
    struct unknown_claim *next;

    HASH_ITER(hh, claims, claim, next)
    {
        HASH_DEL(claims, claim);
        free(claim);
    }
}

static int note_waiting(struct remainder *remainder, uint64_t row, struct error *err)
{
    size_t count = (size_t)remainder->counts.waiting;

    if (count == remainder->waiting_room) {
        size_t room = count ? 2 * count : 64;
        uint64_t *waiting = realloc(remainder->waiting, room * sizeof(*waiting));

        if (!waiting)
            return error_no_memory(err);
        remainder->waiting = waiting;
        remainder->waiting_room = room;
    }
    remainder->waiting[count] = row;
    remainder->counts.waiting++;
    return 0;
}

/* ---- the first pass ---- */

/* What the first pass has at hand. */
struct first {
    struct remainder *remainder;
    struct pass pass;
    struct proof proof;
    struct inspection *inspection;
    struct unknown_claim *unknown;
    struct claim_store store;
    struct buffer key;
};

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

/* Whether the row is left because an earlier one of its claim is unknown: 1 or 0. */
static int must_wait(struct first *first, const struct supply_row *row, struct error *err)
{
    if (!first->unknown || row->invalid)
        return 0;
    if (key_of(&row->claim, &first->key, err))
        return -1;
    return is_unknown(first->unknown, &first->key) && !row->may_resend;
}

static int inspect_taken(struct first *first, const struct scan_row *scanned, struct error *err)
{
    struct supply_row row;
    int waits;

    if (take_row(&first->pass, scanned, &first->store, &row, err) < 0)
        return -1;
    waits = must_wait(first, &row, err);
    if (waits < 0)
        return -1;
    if (waits) {
        first->inspection->left_out++;
        return note_waiting(first->remainder, row.row, err);
    }
    count_row(first, &row, scanned->line.record.outcome);
    return 0;
}

static int inspect_left(struct first *first, const struct scan_row *row, struct error *err)
{
    bool counts = first->remainder->settings.is_stranger && row->has_claim &&
                  row->line.record.outcome == OUTCOME_UNKNOWN;

    first->inspection->left_out++;
    if (!counts)
        return 0;
    return key_of(&row->claim, &first->key, err) || note_unknown(&first->unknown, &first->key, err)
               ? -1
               : 0;
}

static int refuse_stopped(const struct first *first, struct error *err)
{
    char name[LOG_QUOTE_BYTES];

    return error_set(err, EXIT_SIGNAL_BASE + stop_signal(),
                     "stopped by a signal while '%s' was read; nothing was sent",
                     log_quote(first->proof.path, name, sizeof(name)));
}

static int inspect_rows(struct first *first, struct error *err)
{
    struct remainder *remainder = first->remainder;
    struct scan_row row;
    int found;

    while ((found = scan_next(remainder->scan, &row, err)) > 0) {
        enum outcome outcome = row.line.record.outcome;
        bool taken = is_wanted(remainder, outcome);

        if (stop_signal())
            return refuse_stopped(first, err);
        if (proof_show(&first->proof, &row, taken, err))
            return -1;
        remainder->counts.rows[outcome]++;
        if (taken ? inspect_taken(first, &row, err) : inspect_left(first, &row, err))
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

/* The bytes may differ though all that counts is as it was: then a person shall know. */
static void warn_of_change(const struct remainder *remainder, const struct survey *survey)
{
    char hex[MANIFEST_SHA256_TEXT_BYTES];
    char name[LOG_QUOTE_BYTES];

    digest_hex(survey->sha256, DIGEST_SHA256_BYTES, hex);
    if (!remainder->counts.edited && strcmp(hex, remainder->settings.manifest->report_sha256) != 0)
        log_warn("'%s' is not byte for byte what its manifest describes, but every row fits its "
                 "digest and the counts agree: it is taken",
                 log_quote(remainder->settings.path, name, sizeof(name)));
}

static int inspect(struct first *first, struct error *err)
{
    struct remainder *remainder = first->remainder;

    if (inspect_rows(first, err) || proof_finish(&first->proof, err))
        return -1;
    remainder->counts.edited = first->proof.edited;
    first->inspection->survey = *scan_survey(remainder->scan);
    set_columns(first->inspection);
    warn_of_change(remainder, &first->inspection->survey);
    return 0;
}

int remainder_inspect(struct remainder *remainder, struct intake *intake,
                      struct inspection *ret_inspection, struct error *err)
{
    const struct remainder_settings *s = &remainder->settings;
    struct first first = {
        .remainder = remainder,
        .pass = {.remainder = remainder, .intake = intake},
        .proof = {.path = s->path, .manifest = s->manifest, .accept_edits = s->accept_edits},
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
    forget_unknown(first.unknown);
    claim_store_release(&first.store);
    buffer_release(&first.key);
    buffer_release(&first.pass.noted);
    return result;
}
