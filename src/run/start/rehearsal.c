#include "run/start/rehearsal.h"

#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "input/claim/claim_digest.h"
#include "input/inspection/claim_rows.h"
#include "run/rows/feed.h"

struct pass {
    const struct rehearsal_settings *settings;
    struct claim_rows *claim_rows;
    struct ledger_rows *rows;
    struct known_row known;
    struct claim_store store;
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

static int decide(struct pass *pass, const struct judged_row *row, enum fate *ret_decision,
                  struct rehearsal *rehearsal, struct error *err)
{
    const struct rehearsal_settings *s = pass->settings;
    unsigned char digest[DIGEST_CLAIM_BYTES] = {0};
    struct claim_key key = {row->claim.workcard_id, row->claim.claim_order_no};
    struct claim_state state = {0};
    enum round_kind round = round_of(pass, row).kind;
    struct row_record open_row = {.row = row->open_row, .counts_as = OUTCOME_UNKNOWN};
    struct fate_facts facts = {
        .order = order_of(s, row->row),
        .rank = s->rank,
        .digest = digest,
        .claim = &state,
        .resend_unknown = round == ROUND_RESEND_UNKNOWN,
        .resubmit = round == ROUND_RESUBMIT,
    };

    if (row->open_row)
        facts.before = &open_row;
    if (s->ledger && ledger_claim_get(s->ledger, s->platform, &key, &state, err))
        return -1;
    /* A claim that nothing is known of has nothing to be compared with. */
    if ((state.accepted || row->open_row) && claim_digest(&row->claim, digest))
        return error_no_memory(err);
    *ret_decision = fate_make(&facts);
    /* The run will make it unknown before it decides. */
    state.open_is_intent = false;
    if (*ret_decision == DECIDE_RECOVER)
        *ret_decision = fate_make(&facts);
    if (*ret_decision == DECIDE_SEND_CHANGED)
        count_change(pass, row, &state, rehearsal);
    return 0;
}

/* Looks at a row: 1 and a decision, or 0: nothing is to be decided. */
static int judge(struct pass *pass, const struct judged_row *row, enum fate *ret_decision,
                 struct rehearsal *rehearsal, struct error *err)
{
    bool done;

    if (row->invalid)
        return 0;
    if (is_done(pass, row, &done, err))
        return -1;
    if (done) {
        rehearsal->done++;
        return 0;
    }
    return decide(pass, row, ret_decision, rehearsal, err) ? -1 : 1;
}

static void count(const struct judged_row *row, enum fate fate, struct rehearsal *rehearsal)
{
    rehearsal->rows[fate]++;
    rehearsal->fee[fate] += row->claim.claim_fee;
}

static int read_rows(struct pass *pass, struct rehearsal *rehearsal, struct error *err)
{
    const struct rehearsal_settings *s = pass->settings;
    size_t visits = s->visits;
    struct judged_row row;
    int result;

    while ((result = claim_rows_next(pass->claim_rows, &pass->store, &row, err)) > 0) {
        enum fate fate = DECIDE_SEND;
        int judged = judge(pass, &row, &fate, rehearsal, err);

        if (judged < 0)
            return -1;
        if (!judged)
            continue;
        count(&row, fate, rehearsal);
        if (visits && (fate == DECIDE_SEND || fate == DECIDE_SEND_CHANGED)) {
            s->visit(s->context, &row.claim);
            visits--;
        }
    }
    return result;
}

int rehearsal_run(const struct rehearsal_settings *settings, struct rehearsal *ret_rehearsal,
                  struct error *err)
{
    struct pass pass = {.settings = settings};
    int result = -1;

    memset(ret_rehearsal, 0, sizeof(*ret_rehearsal));
    if (settings->ledger && ledger_look_begin(settings->ledger, err))
        return -1;
    if (!claim_rows_open(settings->row_source, settings->inspection, &pass.claim_rows, err) &&
        !(settings->run && ledger_rows_open(settings->ledger, settings->run, &pass.rows, err)))
        result = read_rows(&pass, ret_rehearsal, err);
    ledger_rows_close(pass.rows);
    known_row_release(&pass.known);
    claim_rows_close(pass.claim_rows);
    claim_store_release(&pass.store);
    if (settings->ledger)
        ledger_look_end(settings->ledger);
    return result;
}
