/* Rows that are imported: what a report says of them meets what is known. */
#include <string.h>

#include "base/error.h"
#include "import_part.h"
#include "ledger/chain.h"
#include "ledger/import/import.h"

/* A row that is being taken. */
struct intake {
    struct ledger *ledger;
    const struct import_place *place;
    const struct import_row *row;
    struct row_ref ref;
    int64_t platform;
};

/* The claim's open attempt. */
struct open_attempt {
    bool exists, is_intent;
    bool
        is_barred; /* what its host has signed may still leave: only that it was accepted ends it */
    struct row_place at;
    int attempts; /* 0: a row waits for it, and nothing else is known of it */
    int64_t submitted_ms;
};

static int read_open(const struct intake *in, struct open_attempt *ret_open, struct error *err)
{
    const struct claim_key *key = &in->ref.key;
    struct database_statement *s = database_ready(
        in->ledger, SQL_IMPORT_OPEN, "sii", key->claim_order_no, key->workcard_id, in->platform);
    int found = database_step(in->ledger, s, err);

    *ret_open = (struct open_attempt){.exists = found == 1};
    if (found <= 0)
        return found;
    ret_open->at = (struct row_place){database_integer(s, 0), (uint64_t)database_integer(s, 1)};
    ret_open->is_intent = database_integer(s, 2);
    ret_open->attempts = (int)database_integer(s, 3);
    ret_open->submitted_ms = database_integer(s, 4);
    ret_open->is_barred = database_integer(s, 5);
    database_done(s);
    return 0;
}

static bool is_here(const struct intake *in, const struct row_place *at)
{
    return at->run == in->ref.place.run && at->row == in->ref.place.row;
}

/* Makes this row's attempt the open one. What only waits is as old as its report. */
static int put_open(const struct intake *in, const struct row_record *r, int64_t submitted_ms,
                    struct error *err)
{
    return import_part_put_open(in->ledger, in->platform, &in->ref, r, submitted_ms, err);
}

/* ---- rows that wait ---- */

/* Rows of several runs may have the number that is awaited; this one was unknown for sure. */
static bool was_unknown(const char *code)
{
    return strncmp(code, "RESOLVED_", strlen("RESOLVED_")) == 0;
}

static int was_row_unknown(struct ledger *ledger, struct row_place place, bool *ret_unknown,
                           struct error *err)
{
    struct known_row known = {0};
    int found = ledger_row_get(ledger, place, &known, err);

    *ret_unknown = was_unknown(known.record.code);
    known_row_release(&known);
    return found < 0 ? -1 : 0;
}

/* Whether the attempt that the open one stands for is that of this row, in a run before. */
static int is_awaited(const struct intake *in, const struct open_attempt *open, bool *ret_awaited,
                      struct error *err)
{
    struct known_row waiting = {0};
    int found;

    *ret_awaited = false;
    if (!open->exists || open->is_intent || open->attempts || open->at.run == in->ref.place.run)
        return 0;
    found = ledger_row_get(in->ledger, open->at, &waiting, err);
    if (found > 0)
        *ret_awaited = outcome_awaited_row(&waiting.record) == in->ref.place.row;
    known_row_release(&waiting);
    return found < 0 ? -1 : 0;
}

/* Whether the attempt that this row waits for is known by now, and what came of it: it is over. */
static int is_over(const struct intake *in, bool *ret_over, struct error *err)
{
    struct claim_row claim;
    struct chain_walk walk;
    struct row_record record;
    int found = 0;

    if (chain_read(in->ledger, in->platform, &in->ref.key, &claim, err))
        return -1;
    walk = (struct chain_walk){.older = claim.last};
    *ret_over = claim.accepted && claim.accepted_ms >= in->place->report.finished_ms;
    while (!*ret_over && (found = chain_next(in->ledger, &walk, &record, err)) > 0)
        if (walk.at.run != in->ref.place.run && walk.at.row == in->row->awaited_row &&
            was_row_unknown(in->ledger, walk.at, ret_over, err))
            return -1;
    return found < 0 ? -1 : 0;
}

/* The row that it repeats stands above it in the same report, and was taken before it: whatever is
 * open of the claim is that one's. */
static bool is_repeat(const struct row_record *record)
{
    return strcmp(record->code, "DUPLICATE_IN_FILE") == 0;
}

/* A row that waits for an attempt of another run, which may not be known here. */
static int take_waiting(const struct intake *in, const struct row_record *record, struct error *err)
{
    struct open_attempt open;
    bool is_settled;

    if (is_over(in, &is_settled, err) ||
        chain_finish_row(in->ledger, in->platform, &in->ref, record, err) ||
        read_open(in, &open, err))
        return -1;
    if ((is_settled || is_repeat(record)) && !open.exists)
        return chain_release(in->ledger, in->platform, &in->ref.key, err);
    return open.exists ? 0 : put_open(in, record, in->place->report.finished_ms, err);
}

/* ---- what was accepted ---- */

/* Notes content as accepted if none that is newer is known. One whose content is not known here has
 * a digest of zeros. */
static int accept(const struct intake *in, const struct row_place *at, const unsigned char *digest,
                  int64_t at_ms, bool *ret_recorded, struct error *err)
{
    static const unsigned char none[DIGEST_CLAIM_BYTES];
    const struct claim_key *key = &in->ref.key;
    struct claim_state state = {0};
    struct row_place order;
    struct claim_row claim;
    struct run_brief brief;
    struct database_statement *statement;
    bool is_known;

    if (chain_read(in->ledger, in->platform, key, &claim, err) ||
        chain_read_accepted(in->ledger, &claim, &state, err) ||
        database_brief(in->ledger, at->run, &brief, err))
        return -1;
    order = (struct row_place){brief.sequence, at->row};
    is_known =
        state.accepted && (ledger_row_is_before(&order, &state.accepted_order) ||
                           (!ledger_row_is_before(&state.accepted_order, &order) &&
                            (!digest || memcmp(state.accepted_digest, none, sizeof(none)) != 0)));
    *ret_recorded = !is_known;
    if (is_known)
        return 0;
    statement = database_ready(in->ledger, SQL_CLAIM_ACCEPT, "siiiidiiio", key->claim_order_no,
                               key->workcard_id, in->platform, claim.last.run,
                               (int64_t)claim.last.row, digest ? digest : none, at->run,
                               (int64_t)at->row, at_ms, digest ? &in->ref.fee_fen : NULL);
    return database_execute(in->ledger, statement, err);
}

/* An accepted answer ends what was unknown before. */
static int end_unknown_before(const struct intake *in, int64_t accepted_ms, struct error *err)
{
    struct open_attempt open;

    if (read_open(in, &open, err))
        return -1;
    if (!open.exists || open.is_intent ||
        (open.submitted_ms > accepted_ms && !is_here(in, &open.at)))
        return 0;
    return chain_drop_open(in->ledger, in->platform, &in->ref.key, err);
}

/* ---- rows that were sent ---- */

static int take_unknown(const struct intake *in, const struct row_record *record, struct error *err)
{
    struct open_attempt open;
    struct claim_row claim;
    bool is_meant;

    if (chain_finish_row(in->ledger, in->platform, &in->ref, record, err) ||
        read_open(in, &open, err) || is_awaited(in, &open, &is_meant, err) ||
        chain_read(in->ledger, in->platform, &in->ref.key, &claim, err))
        return -1;
    if (open.exists && !is_here(in, &open.at) && !is_meant &&
        (open.is_intent || open.submitted_ms >= record->submitted_ms))
        return 0;
    /* An answer that was accepted since has ended it. */
    if (claim.accepted && claim.accepted_ms >= record->submitted_ms)
        return 0;
    return put_open(in, record, record->submitted_ms, err);
}

/* Neither accepted nor unknown. */
static int end_here(const struct intake *in, const struct row_record *record, struct error *err)
{
    struct open_attempt open;
    bool is_meant = false;

    if (read_open(in, &open, err) ||
        (was_unknown(record->code) && is_awaited(in, &open, &is_meant, err)))
        return -1;
    if (open.exists && !open.is_intent && !open.is_barred && (is_here(in, &open.at) || is_meant))
        return chain_settle_open(in->ledger, in->platform, &in->ref.key, err);
    return 0;
}

static int take_final(const struct intake *in, const struct row_record *record, struct error *err)
{
    if (record->outcome == OUTCOME_UNKNOWN)
        return take_unknown(in, record, err);
    if (chain_finish_row(in->ledger, in->platform, &in->ref, record, err))
        return -1;
    return record->outcome == OUTCOME_ACCEPTED
               ? end_unknown_before(in, record->submitted_ms + record->duration_ms, err)
               : end_here(in, record, err);
}

static int take_noted(const struct intake *in, const struct row_record *record, struct error *err)
{
    const struct import_row *row = in->row;
    bool is_new;

    if (chain_waits(record))
        return take_waiting(in, record, err);
    if (row->repeated ? chain_finish_row(in->ledger, in->platform, &in->ref, record, err)
                      : chain_put_row(in->ledger, &in->ref, record, NULL, &is_new, err))
        return -1;
    return end_here(in, record, err);
}

static int take(const struct intake *in, const struct row_record *record, struct error *err)
{
    bool is_new;

    if (record->state == ROW_FINAL)
        return take_final(in, record, err);
    if (outcome_is_noted(record))
        return take_noted(in, record, err);
    return chain_put_row(in->ledger, &in->ref, record, NULL, &is_new, err) ||
                   end_here(in, record, err)
               ? -1
               : 0;
}

/* Unknown, with what is known of the attempt that was made later. */
static int join(const struct intake *in, const struct row_record *known, struct error *err)
{
    struct row_record record = in->row->record;
    struct buffer message = {0};
    int result;

    buffer_format(&message, "%s %s; sent again, and %s: %s %s", record.code, record.message,
                  outcome_name(known->outcome), known->code, known->message);
    record.code = "UNSETTLED";
    record.message = buffer_string(&message);
    if (known->attempts > record.attempts)
        record.attempts = known->attempts;
    result = message.failed ? error_no_memory(err) : take_unknown(in, &record, err);
    buffer_release(&message);
    return result;
}

/* ---- all of them ---- */

static int apply(const struct intake *in, const struct import_result *result, struct error *err)
{
    const struct row_record *record = &in->row->record;
    bool recorded;

    switch (result->merge.verdict) {
    case MERGE_TAKE:
        return take(in, record, err);
    case MERGE_ACCEPT:
        return accept(in, &in->ref.place, record->digest,
                      record->submitted_ms + record->duration_ms, &recorded, err);
    case MERGE_JOIN:
        return join(in, &result->known.record, err);
    case MERGE_KEEP:
        break;
    }
    return 0;
}

/* Where the claim was accepted before, which is true whatever became of the row. */
static int accept_elsewhere(const struct intake *in, struct import_result *result,
                            struct error *err)
{
    const struct import_row *row = in->row;
    const unsigned char *digest = row->is_content_accepted ? row->record.digest : NULL;
    bool recorded = false;

    if (row->accepted_at.run &&
        (accept(in, &row->accepted_at, digest, row->accepted_ms, &recorded, err) ||
         end_unknown_before(in, row->accepted_ms, err)))
        return -1;
    result->is_blind = recorded && !digest;
    return 0;
}

int ledger_import_row(struct ledger *ledger, const struct import_place *place,
                      const struct import_row *row, struct import_result *ret_result,
                      struct error *err)
{
    struct intake in = {
        .ledger = ledger,
        .place = place,
        .row = row,
        .ref = {.platform = place->platform,
                .place = {place->run, row->row},
                .key = row->key,
                .has_fee = true,
                .fee_fen = row->fee_fen},
    };
    struct known_row *known = &ret_result->known;
    int settled = 0;
    int found = ledger_row_get(ledger, in.ref.place, known, err);

    if (found > 0)
        settled = import_part_was_settled(ledger, &in.ref.place, row->record.submitted_ms, err);
    if (found < 0 || settled < 0 || database_platform(ledger, place->platform, &in.platform, err))
        return -1;
    ret_result->was_known = found;
    ret_result->merge =
        merge_row(found ? &known->record : NULL, &row->record, &place->report, settled);
    return apply(&in, ret_result, err) || accept_elsewhere(&in, ret_result, err) ? -1 : 0;
}
