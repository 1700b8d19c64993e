#include "run/start/rehearsal.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "input/claim/claim_digest.h"
#include "input/inspection/claim_rows.h"
#include "run/job.h"
#include "run/rows/feed.h"

#define PAGE_ROWS 256 /* whose claims are asked for at once */

/* A row that is to be decided. */
struct looked_at {
    struct judged_row row; /* its claim's texts are in the store */
    struct claim_store store;
};

struct pass {
    const struct rehearsal_settings *settings;
    struct claim_rows *claim_rows;
    struct ledger_rows *rows;
    struct known_row known;
    size_t visits; /* rows that are still to be shown */
    size_t count;  /* on the page */
    struct looked_at page[PAGE_ROWS];
    struct claim_key keys[PAGE_ROWS];
    struct claim_state states[PAGE_ROWS];
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

/* What an earlier row of the same export was accepted with is corrected within it. */
static void count_change(const struct pass *pass, const struct judged_row *row,
                         const struct claim_state *state, struct rehearsal *rehearsal)
{
    if (state->accepted_order.run != pass->settings->sequence)
        ledger_changed_sum_add(&rehearsal->changed, state->has_fee ? &state->fee_fen : NULL,
                               row->claim.claim_fee);
}

static int decide(const struct pass *pass, const struct judged_row *row, struct claim_state *state,
                  enum fate *ret_fate, struct rehearsal *rehearsal, struct error *err)
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
    if (*ret_fate == FATE_SEND_CHANGED)
        count_change(pass, row, state, rehearsal);
    return 0;
}

static void count(const struct judged_row *row, enum fate fate, struct rehearsal *rehearsal)
{
    rehearsal->rows[fate]++;
    rehearsal->fee[fate] += row->claim.claim_fee;
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
        if (is_done(pass, &at->row, &done, err))
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

    memset(pass->states, 0, sizeof(pass->states));
    if (s->ledger &&
        ledger_claims_get(s->ledger, s->platform, pass->keys, pass->count, pass->states, err))
        return -1;
    for (size_t i = 0; i < pass->count; i++) {
        const struct judged_row *row = &pass->page[i].row;
        enum fate fate = FATE_SEND;

        if (decide(pass, row, &pass->states[i], &fate, rehearsal, err))
            return -1;
        count(row, fate, rehearsal);
        if (pass->visits && (fate == FATE_SEND || fate == FATE_SEND_CHANGED)) {
            s->visit(s->context, &row->claim);
            pass->visits--;
        }
    }
    return 0;
}

static int read_rows(struct pass *pass, struct rehearsal *rehearsal, struct error *err)
{
    int found;

    while ((found = read_page(pass, rehearsal, err)) > 0)
        if (decide_page(pass, rehearsal, err))
            return -1;
    return found;
}

static void end(struct pass *pass)
{
    ledger_rows_close(pass->rows);
    known_row_release(&pass->known);
    claim_rows_close(pass->claim_rows);
    for (size_t i = 0; i < PAGE_ROWS; i++)
        claim_store_release(&pass->page[i].store);
    free(pass);
}

int rehearsal_run(const struct rehearsal_settings *settings, struct rehearsal *ret_rehearsal,
                  struct error *err)
{
    struct pass *pass = calloc(1, sizeof(*pass));
    int result = -1;

    memset(ret_rehearsal, 0, sizeof(*ret_rehearsal));
    if (!pass)
        return error_no_memory(err);
    pass->settings = settings;
    pass->visits = settings->visits;
    if (settings->ledger && ledger_look_begin(settings->ledger, err)) {
        free(pass);
        return -1;
    }
    if (!claim_rows_open(settings->row_source, settings->inspection, &pass->claim_rows, err) &&
        !(settings->run && ledger_rows_open(settings->ledger, settings->run, &pass->rows, err)))
        result = read_rows(pass, ret_rehearsal, err);
    end(pass);
    if (settings->ledger)
        ledger_look_end(settings->ledger);
    return result;
}
