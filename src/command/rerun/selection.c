#include "selection.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "base/log.h"
#include "base/stop.h"
#include "input/inspection/repeat_filter.h"
#include "other_rows.h"
#include "report/scan.h"
#include "report/unaltered.h"
#include "run/rows/fate.h"

/* A row that is taken in another way than others, because of another row of its claim. */
struct exception {
    uint64_t row;
    uint64_t open_row; /* as in struct judged_row; 0: the row is left */
};

struct selection {
    struct selection_settings settings;
    struct scan *scan;
    struct selection_counts counts;
    struct exception *exceptions; /* ascending */
    size_t exception_count, exception_room;
};

/* One pass. The seven cells of a row stand as if they were an export's. */
struct selecting {
    const struct selection *selection;
    const struct row_source *row_source;
    struct scan *scan;
    size_t exception_at; /* of the selection's, the first not yet passed */
    struct cell cells[FIELD_COUNT];
    struct record record;
    struct buffer noted, unknown_row;
};

static const struct columns row_columns = {
    .index = {0, 1, 2, 3, 4, 5, 6}, .count = FIELD_COUNT, .fee_unit = FEE_UNIT_FEN};

int selection_open(const struct selection_settings *settings, struct selection **ret_selection,
                   struct error *err)
{
    struct selection *selection = calloc(1, sizeof(*selection));

    *ret_selection = NULL;
    if (!selection)
        return error_no_memory(err);
    selection->settings = *settings;
    if (scan_open(settings->path, &selection->scan, err)) {
        selection_close(selection);
        return -1;
    }
    *ret_selection = selection;
    return 0;
}

void selection_close(struct selection *selection)
{
    if (!selection)
        return;
    scan_close(selection->scan);
    free(selection->exceptions);
    free(selection);
}

const struct selection_counts *selection_counts(const struct selection *selection)
{
    return &selection->counts;
}

static bool is_wanted(const struct selection *selection, enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_FAILED:
    case OUTCOME_UNSENT:
        return true;
    case OUTCOME_REJECTED:
        return selection->settings.rejected;
    case OUTCOME_UNKNOWN:
        return selection->settings.unknown;
    default:
        return false;
    }
}

/* ---- one row ---- */

static void set_record(struct selecting *pass, const struct scan_row *row)
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
static void take_claim(struct selecting *pass, const struct scan_row *row,
                       struct claim_store *store, struct judged_row *ret_row)
{
    const struct rules *rules = &pass->row_source->rules;

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
static void take_unsettled(struct selecting *pass, const struct scan_row *row,
                           struct judged_row *ret_row)
{
    const struct row_record *record = &row->line.record;

    ret_row->may_resend = record->outcome == OUTCOME_UNKNOWN;
    ret_row->unknown_row = NULL;
    ret_row->is_unrecorded = ret_row->may_resend && !pass->selection->settings.run;
    if (!ret_row->may_resend)
        return;
    buffer_reset(&pass->unknown_row);
    buffer_format(&pass->unknown_row, "%s %s", record->code, record->message);
    ret_row->unknown_row = buffer_string(&pass->unknown_row);
}

/* Makes of a row that is taken one of the run. */
static int take_row(struct selecting *pass, const struct scan_row *row, struct claim_store *store,
                    struct judged_row *ret_row, struct error *err)
{
    const struct row_source *row_source = pass->row_source;

    set_record(pass, row);
    ret_row->row = row->line.record.row;
    ret_row->record = &pass->record;
    ret_row->columns = &row_columns;
    ret_row->noted = "";
    ret_row->findings.count = 0;
    ret_row->was_disliked = fate_was_disliked(&row->line.record);
    take_unsettled(pass, row, ret_row);
    if (row->digest_fits)
        take_claim(pass, row, store, ret_row);
    else
        claim_judge(&row_source->rules, &row_columns, NULL, &pass->record, row_source->now_ms,
                    store, &ret_row->claim, &ret_row->findings);
    ret_row->invalid = findings_invalid(&ret_row->findings);
    return store->desc.failed || store->order_no.failed || pass->noted.failed ||
                   pass->unknown_row.failed
               ? error_no_memory(err)
               : 1;
}

/* ---- a pass of the run ---- */

static void pass_close(void *context)
{
    struct selecting *pass = context;

    if (!pass)
        return;
    scan_close(pass->scan);
    buffer_release(&pass->noted);
    buffer_release(&pass->unknown_row);
    free(pass);
}

static int pass_open(const struct row_source *row_source, void **ret_pass, struct error *err)
{
    struct selecting *pass = calloc(1, sizeof(*pass));

    *ret_pass = pass;
    if (!pass)
        return error_no_memory(err);
    pass->selection = row_source->selection;
    pass->row_source = row_source;
    return scan_open_second(pass->selection->scan, &pass->scan, err);
}

/* What is special about the row; NULL: nothing. */
static const struct exception *find_exception(struct selecting *pass, uint64_t row)
{
    const struct selection *selection = pass->selection;
    const struct exception *next = &selection->exceptions[pass->exception_at];

    if (pass->exception_at == selection->exception_count || next->row != row)
        return NULL;
    pass->exception_at++;
    return next;
}

static int pass_next(void *context, struct claim_store *store, struct judged_row *ret_row,
                     struct error *err)
{
    struct selecting *pass = context;
    struct scan_row row;
    int found;

    while ((found = scan_next(pass->scan, &row, err)) > 0) {
        const struct exception *exception;

        if (!is_wanted(pass->selection, row.line.record.outcome))
            continue;
        exception = find_exception(pass, row.line.record.row);
        if (exception && !exception->open_row)
            continue;
        ret_row->open_row = exception ? exception->open_row : 0;
        return take_row(pass, &row, store, ret_row, err);
    }
    return found;
}

static const struct claim_rows_kind report_claim_rows = {pass_open, pass_next, pass_close};

/* ---- the first pass ---- */

static int add_exception(struct selection *selection, uint64_t row, uint64_t open_row,
                         struct error *err)
{
    if (!ARRAY_HAS_ROOM(selection->exceptions, selection->exception_count,
                        selection->exception_room))
        return error_no_memory(err);
    selection->exceptions[selection->exception_count++] = (struct exception){row, open_row};
    return 0;
}

/* What the first pass has at hand. */
struct first {
    struct selection *selection;
    struct selecting pass;
    struct unaltered unaltered;
    struct inspection *inspection;
    struct other_rows *other_rows; /* NULL: none stands in the way */
    struct claim_store store;
};

static int refuse_stopped(const struct first *first, struct error *err)
{
    return error_set(err, EXIT_SIGNAL_BASE + stop_signal(),
                     "stopped by a signal while '%s' was read; nothing was sent",
                     LOG_QUOTED(first->unaltered.path));
}

/* The next row: 1, or 0 behind the last one, or -1. */
static int next_row(struct first *first, struct scan_row *ret_row, struct error *err)
{
    return stop_signal() ? refuse_stopped(first, err)
                         : scan_next(first->selection->scan, ret_row, err);
}

/* Whether rows that are not taken may stand in the way of others: most reports tell of none. */
static bool may_have_other_rows(const struct selection *selection)
{
    const struct selection_settings *s = &selection->settings;
    const uint64_t *rows = s->manifest->rows;
    bool may_be_open = !s->unknown && rows[OUTCOME_UNKNOWN];
    bool may_be_accepted = s->run ? s->rejected && rows[OUTCOME_SKIPPED]
                                  : rows[OUTCOME_ACCEPTED] || rows[OUTCOME_SKIPPED];

    return may_be_open || may_be_accepted;
}

static void count_claim(struct inspection *inspection, const struct claim *claim)
{
    inspection->status_rows[claim->claim_status]++;
    inspection->status_fee[claim->claim_status] += claim->claim_fee;
    repeat_filter_note(inspection->repeats, claim);
}

static void count_row(struct first *first, const struct judged_row *row, enum outcome outcome)
{
    struct inspection *inspection = first->inspection;

    first->selection->counts.taken[outcome]++;
    inspection->rows++;
    inspection->invalid += row->invalid;
    inspection->last_line = row->record->line;
    for (size_t i = 0; i < row->findings.count; i++)
        if (!inspection->broken[row->findings.list[i].rule]++)
            inspection->first_row[row->findings.list[i].rule] = row->row;
    if (!row->invalid)
        count_claim(inspection, &row->claim);
}

/* What other rows of its claim mean for the row: 1 it is left, counted, or 0. */
static int look_around(struct first *first, const struct judged_row *row, struct error *err)
{
    struct selection *selection = first->selection;
    struct obstacle obstacle;

    if (!first->other_rows || row->invalid)
        return 0;
    if (other_rows_find(first->other_rows, &row->claim, row->row, &obstacle, err))
        return -1;
    if (!obstacle.open_row && !obstacle.accepted_row)
        return 0;
    selection->counts.superseded += !obstacle.open_row;
    if (add_exception(selection, row->row, obstacle.open_row, err))
        return -1;
    return !obstacle.open_row;
}

static int inspect_taken(struct first *first, const struct scan_row *scanned, struct error *err)
{
    struct judged_row row;
    int is_left;

    if (take_row(&first->pass, scanned, &first->store, &row, err) < 0)
        return -1;
    is_left = look_around(first, &row, err);
    if (is_left < 0)
        return -1;
    if (is_left)
        first->inspection->left_out++;
    else
        count_row(first, &row, scanned->line.record.outcome);
    return 0;
}

static int inspect_rows(struct first *first, struct error *err)
{
    struct selection *selection = first->selection;
    struct scan_row row;
    int found;

    while ((found = next_row(first, &row, err)) > 0) {
        enum outcome outcome = row.line.record.outcome;
        bool taken = is_wanted(selection, outcome);

        if (unaltered_show(&first->unaltered, &row, taken, err))
            return -1;
        selection->counts.rows[outcome]++;
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
    struct selection *selection = first->selection;
    struct other_rows_settings other_rows = {
        .unknown = selection->settings.unknown,
        .platform = selection->settings.manifest->platform,
        .ledger = selection->settings.ledger,
        .run = selection->settings.run,
        .sequence = selection->settings.sequence,
    };

    if ((may_have_other_rows(selection) &&
         other_rows_read(&other_rows, selection->scan, &first->other_rows, err)) ||
        inspect_rows(first, err) ||
        unaltered_finish(&first->unaltered, scan_survey(selection->scan)->sha256, err))
        return -1;
    selection->counts.edited = first->unaltered.edited;
    first->inspection->survey = *scan_survey(selection->scan);
    set_columns(first->inspection);
    return 0;
}

int selection_inspect(struct selection *selection, struct row_source *row_source,
                      struct inspection *ret_inspection, struct error *err)
{
    const struct selection_settings *s = &selection->settings;
    struct first first = {
        .selection = selection,
        .pass = {.selection = selection, .row_source = row_source},
        .unaltered = {.path = s->path,
                      .manifest = s->manifest,
                      .accept_edits = s->accept_edits,
                      .is_all_there_is = !s->run},
        .inspection = ret_inspection,
    };
    int result;

    memset(ret_inspection, 0, sizeof(*ret_inspection));
    ret_inspection->repeats = repeat_filter_open();
    result = ret_inspection->repeats ? inspect(&first, err) : error_no_memory(err);
    row_source->export = scan_export(selection->scan);
    row_source->encoding = ENCODING_UTF8;
    row_source->reader.delimiter = ',';
    row_source->kind = &report_claim_rows;
    row_source->selection = selection;
    unaltered_release(&first.unaltered);
    other_rows_close(first.other_rows);
    claim_store_release(&first.store);
    buffer_release(&first.pass.noted);
    buffer_release(&first.pass.unknown_row);
    return result;
}
