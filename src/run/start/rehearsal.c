#include "run/start/rehearsal.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/digest.h"
#include "base/error.h"
#include "input/claim/claim_digest.h"
#include "input/inspection/claim_rows.h"
#include "input/inspection/repeat_filter.h"
#include "run/job.h"
#include "run/rows/feed.h"

#define ASK_EVERY 65536                 /* rows */
#define PAGE_ROWS OTHER_WORK_ORDER_ROWS /* whose claims are asked for at once */

/* A row that is to be decided. */
struct looked_at {
    struct judged_row row; /* its claim's texts are in the store */
    struct claim_store store;
};

/* A row that is a correction, unless a later one has what was accepted. */
struct changed_row {
    unsigned char accepted[DIGEST_CLAIM_BYTES];
    uint64_t row;
    bool is_of_this_run, has_before;
    int64_t before;
    int64_t fee;
};

struct pass {
    const struct rehearsal_settings *settings;
    struct sent_before sent_before;
    struct claim_rows *claim_rows;
    struct ledger_rows *rows;
    struct known_row known;
    size_t visits; /* rows that are still to be shown */
    size_t count;  /* on the page */
    struct looked_at page[PAGE_ROWS];
    struct claim_key keys[PAGE_ROWS];
    struct claim_state states[PAGE_ROWS];
    struct alike *alike; /* NULL: nobody asks; so is the next one */
    struct other_number *other_number;
    size_t unmet_count;
    struct unmet_row unmet[PAGE_ROWS]; /* of the page */
    struct changed_row *changed;
    size_t changed_count, changed_room;
};

/* The round as far as it is about this row. One that is not opened yet has no id: whatever was sent
 * in an earlier one may be sent again. */
static struct round round_of(const struct pass *pass, const struct judged_row *row)
{
    enum round_kind kind = pass->settings->round;

    if (kind == ROUND_NONE || (kind == ROUND_RESEND_UNKNOWN && !row->may_resend))
        return (struct round){0};
    return (struct round){.id = INT64_MAX, .kind = kind};
}

/* Whether an earlier start of this run has settled the row for good. */
static int is_done(struct pass *pass, const struct judged_row *row, bool *ret_done,
                   struct error *err)
{
    struct round round = round_of(pass, row);
    int found = pass->rows ? ledger_rows_find(pass->rows, row->row, &pass->known, err) : 0;

    *ret_done = found > 0 && !feed_tries_again(&pass->known.record, &round);
    return found < 0 ? -1 : 0;
}

/* Where the row will stand. A run that does not exist yet will be newer than all that do. */
static struct row_place order_of(const struct rehearsal_settings *s, uint64_t row)
{
    return (struct row_place){s->sequence ? s->sequence : INT64_MAX, row};
}

static struct changed_row changed_row_of(const struct pass *pass, const struct judged_row *row,
                                         const struct claim_state *state)
{
    struct changed_row changed = {
        .row = row->row,
        .is_of_this_run = state->accepted_order.run == pass->settings->sequence,
        .has_before = state->has_fee,
        .before = state->fee_fen,
        .fee = row->claim.claim_fee,
    };

    memcpy(changed.accepted, state->accepted_digest, sizeof(changed.accepted));
    return changed;
}

/* What an earlier row of the same export was accepted with is corrected within it. */
static void count_change(const struct changed_row *changed, struct rehearsal *rehearsal)
{
    rehearsal->rows[FATE_SEND_CHANGED]++;
    rehearsal->fee[FATE_SEND_CHANGED] += changed->fee;
    if (!changed->is_of_this_run)
        ledger_changed_sum_add(&rehearsal->changed, changed->has_before ? &changed->before : NULL,
                               changed->fee);
}

static bool is_repeated(const struct pass *pass, const struct judged_row *row)
{
    const struct repeat_filter *repeats = pass->settings->inspection->repeats;

    return repeats && repeat_filter_maybe(repeats, &row->claim);
}

/* A later row may tell that it is older than what was accepted. */
static int note_change(struct pass *pass, const struct judged_row *row,
                       const struct claim_state *state, struct rehearsal *rehearsal,
                       struct error *err)
{
    struct changed_row changed = changed_row_of(pass, row, state);

    if (changed.is_of_this_run || pass->changed_count == HISTORY_ROWS_MAX ||
        !is_repeated(pass, row)) {
        count_change(&changed, rehearsal);
        return 0;
    }
    if (!ARRAY_HAS_ROOM(pass->changed, pass->changed_count, pass->changed_room))
        return error_no_memory(err);
    pass->changed[pass->changed_count++] = changed;
    return 0;
}

/* All rows were seen: those of which a later one is what was accepted are older than it. */
static void count_changed(struct pass *pass, struct rehearsal *rehearsal)
{
    history_sort(rehearsal->history);
    for (size_t i = 0; i < pass->changed_count; i++) {
        const struct changed_row *changed = &pass->changed[i];

        if (history_row(rehearsal->history, changed->accepted) > changed->row) {
            rehearsal->rows[FATE_SUPERSEDED]++;
            rehearsal->fee[FATE_SUPERSEDED] += changed->fee;
        } else {
            count_change(changed, rehearsal);
        }
    }
}

static int decide(const struct pass *pass, const struct judged_row *row, struct claim_state *state,
                  enum fate *ret_fate, struct error *err)
{
    const struct rehearsal_settings *s = pass->settings;
    unsigned char digest[DIGEST_CLAIM_BYTES] = {0};
    enum round_kind round = round_of(pass, row).kind;
    struct row_record open_row = {.row = row->open_row, .counts_as = OUTCOME_UNKNOWN};
    struct fate_facts facts = {
        .order = order_of(s, row->row),
        .rank = s->rank,
        .digest = digest,
        .claim = state,
        .resend_unknown = round == ROUND_RESEND_UNKNOWN,
        .resubmit = round == ROUND_RESUBMIT,
    };

    if (row->open_row)
        facts.before = &open_row;
    /* A claim that nothing is known of has nothing to be compared with. */
    if ((state->accepted || row->open_row) && claim_digest(&row->claim, digest))
        return error_no_memory(err);
    *ret_fate = fate_make(&facts);
    /* The run will make it unknown before it decides. */
    state->open_is_intent = false;
    if (*ret_fate == FATE_RECOVER)
        *ret_fate = fate_make(&facts);
    return 0;
}

static int count(struct pass *pass, const struct judged_row *row, const struct claim_state *state,
                 enum fate fate, struct rehearsal *rehearsal, struct error *err)
{
    if (fate == FATE_SEND_CHANGED)
        return note_change(pass, row, state, rehearsal, err);
    if (fate == FATE_ACCEPTED && is_repeated(pass, row) &&
        history_note(rehearsal->history, state->accepted_digest, row->row))
        return error_no_memory(err);
    if (fate == FATE_SEND && pass->alike) {
        pass->unmet[pass->unmet_count++] = (struct unmet_row){row->row, &row->claim};
        if (alike_take(pass->alike, row->row, &row->claim, err))
            return -1;
        if (!state->accepted && !state->open &&
            other_number_take(pass->other_number, row->row, &row->claim, err))
            return -1;
    }
    rehearsal->rows[fate]++;
    rehearsal->fee[fate] += row->claim.claim_fee;
    return 0;
}

/* An earlier start of this run may have found the content accepted. */
static int note_done(const struct pass *pass, const struct judged_row *row,
                     struct rehearsal *rehearsal, struct error *err)
{
    const struct row_record *known = &pass->known.record;

    if (strcmp(known->code, "ALREADY_ACCEPTED") != 0 || !is_repeated(pass, row))
        return 0;
    return history_note(rehearsal->history, known->digest, row->row) ? error_no_memory(err) : 0;
}

/* The next rows that are to be decided: 1, or 0 where there are none any more. */
static int read_page(struct pass *pass, struct rehearsal *rehearsal, struct error *err)
{
    int found = 1;

    for (pass->count = 0; pass->count < PAGE_ROWS;) {
        struct looked_at *at = &pass->page[pass->count];
        bool done = false;

        buffer_trim(&at->store.desc, JOB_KEPT_BYTES);
        buffer_trim(&at->store.order_no, JOB_KEPT_BYTES);
        found = claim_rows_next(pass->claim_rows, &at->store, &at->row, err);
        if (found <= 0)
            break;
        if (at->row.invalid)
            continue;
        if (is_done(pass, &at->row, &done, err) ||
            (done && note_done(pass, &at->row, rehearsal, err)))
            return -1;
        rehearsal->done += done;
        pass->keys[pass->count] =
            (struct claim_key){at->row.claim.workcard_id, at->row.claim.claim_order_no};
        pass->count += !done;
    }
    return found < 0 ? -1 : pass->count > 0;
}

static int decide_page(struct pass *pass, struct rehearsal *rehearsal, struct error *err)
{
    const struct rehearsal_settings *s = pass->settings;

    pass->unmet_count = 0;
    memset(pass->states, 0, sizeof(pass->states));
    if (s->ledger &&
        ledger_claims_get(s->ledger, s->platform, pass->keys, pass->count, pass->states, err))
        return -1;
    for (size_t i = 0; i < pass->count; i++) {
        const struct judged_row *row = &pass->page[i].row;
        enum fate fate = FATE_SEND;

        if (decide(pass, row, &pass->states[i], &fate, err) ||
            count(pass, row, &pass->states[i], fate, rehearsal, err))
            return -1;
        if (pass->visits && (fate == FATE_SEND || fate == FATE_SEND_CHANGED)) {
            s->visit(s->context, &row->claim);
            pass->visits--;
        }
    }
    return other_work_order_look(&pass->sent_before, pass->unmet, pass->unmet_count,
                                 &rehearsal->other_work_order, err);
}

/* The rows once more, where claims seem to have other numbers. A server ends a look that asks it
 * nothing for some seconds. */
static int meet_rows(struct pass *pass, struct error *err)
{
    struct looked_at *at = &pass->page[0];
    bool ignored;
    int found;

    claim_rows_close(pass->claim_rows);
    pass->claim_rows = NULL;
    if (claim_rows_open(pass->settings->row_source, pass->settings->inspection, &pass->claim_rows,
                        err))
        return -1;
    while ((found = claim_rows_next(pass->claim_rows, &at->store, &at->row, err)) > 0) {
        if (!at->row.invalid)
            other_number_meet(pass->other_number, &at->row.claim);
        if (at->row.row % ASK_EVERY == 0 &&
            ledger_claims_between(pass->settings->ledger, "", "", &ignored, err))
            return -1;
    }
    return found;
}

static int look_for_numbers(struct pass *pass, const struct rehearsal *rehearsal, struct error *err)
{
    if (other_number_look(pass->other_number, err))
        return -1;
    if (!rehearsal->other_number.rows)
        return 0;
    return meet_rows(pass, err) || other_number_look(pass->other_number, err) ? -1 : 0;
}

static int read_rows(struct pass *pass, struct rehearsal *rehearsal, struct error *err)
{
    int found;

    while ((found = read_page(pass, rehearsal, err)) > 0)
        if (decide_page(pass, rehearsal, err))
            return -1;
    if (!found && pass->alike)
        found = alike_end(pass->alike, err) || look_for_numbers(pass, rehearsal, err) ? -1 : 0;
    return found;
}

static int begin(struct pass *pass, struct rehearsal *rehearsal, struct error *err)
{
    const struct rehearsal_settings *s = pass->settings;

    if (s->ledger && s->row_source->rules.severity[RULE_DAMAGED_ORDER_NO] != SEVERITY_OFF) {
        pass->alike = alike_open(s->ledger, s->platform, &rehearsal->alike);
        pass->other_number = other_number_open(&pass->sent_before, &rehearsal->other_number);
        if (!pass->alike || !pass->other_number)
            return error_no_memory(err);
    }
    if (claim_rows_open(s->row_source, s->inspection, &pass->claim_rows, err))
        return -1;
    return s->run ? ledger_rows_open(s->ledger, s->run, &pass->rows, err) : 0;
}

static void end(struct pass *pass)
{
    ledger_rows_close(pass->rows);
    known_row_release(&pass->known);
    claim_rows_close(pass->claim_rows);
    for (size_t i = 0; i < PAGE_ROWS; i++)
        claim_store_release(&pass->page[i].store);
    free(pass->changed);
    alike_close(pass->alike);
    other_number_close(pass->other_number);
    free(pass);
}

int rehearsal_run(const struct rehearsal_settings *settings, struct rehearsal *ret_rehearsal,
                  struct error *err)
{
    struct pass *pass = calloc(1, sizeof(*pass));
    int result = -1;

    memset(ret_rehearsal, 0, sizeof(*ret_rehearsal));
    ret_rehearsal->history = history_open();
    if (!pass || !ret_rehearsal->history) {
        free(pass);
        return error_no_memory(err);
    }
    pass->settings = settings;
    pass->sent_before = (struct sent_before){settings->ledger, settings->platform, settings->run,
                                             settings->sequence};
    pass->visits = settings->visits;
    if (settings->ledger && ledger_look_begin(settings->ledger, err)) {
        free(pass);
        return -1;
    }
    if (!begin(pass, ret_rehearsal, err))
        result = read_rows(pass, ret_rehearsal, err);
    count_changed(pass, ret_rehearsal);
    end(pass);
    if (settings->ledger)
        ledger_look_end(settings->ledger);
    return result;
}

void rehearsal_release(struct rehearsal *rehearsal)
{
    history_close(rehearsal->history);
    rehearsal->history = NULL;
}
