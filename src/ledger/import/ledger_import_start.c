/* A start that left no report: its rows may have been sent, and the ledger knows nothing of it. */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "import_part.h"
#include "ledger/chain.h"
#include "ledger/commits.h"
#include "ledger/import/import.h"

/* ---- the run ---- */

/* Whether nothing of the run can be missing in the ledger that the start was made with: 1 or 0.
 * What was lost has numbers that are given again by what is recorded later: the start itself has to
 * be known, too. */
static int is_whole(struct ledger *ledger, const struct run_record *known,
                    const struct import_start *start, struct error *err)
{
    int found;

    if (strcmp(start->ledger, ledger->id) != 0 || !*known->command || ledger_commits_lost(ledger) ||
        known->started_ms < start->run.record.started_ms)
        return 0;
    found = ledger_commits_is_lost(ledger, start->commits, err);
    if (!found)
        found = ledger_run_is_in_doubt(ledger, known->id, err);
    return found < 0 ? -1 : !found;
}

/* Whether it was imported before, or what the ledger with which it was made told of it later. */
static int is_learned(struct ledger *ledger, const struct import_start *start, struct error *err)
{
    struct pass pass = {start->ledger, start->run.record.name, start->commits, PASS_LEARNED};

    return ledger_pass_find(ledger, &pass, err);
}

/* As of this start the run is neither finished nor published. */
static int begin_again(struct ledger *ledger, int64_t id, int64_t started_ms, struct error *err)
{
    struct run_record run;

    if (ledger_run_get(ledger, id, &run, err) <= 0)
        return -1;
    if (run.started_ms > started_ms)
        return 0;
    run.started_ms = started_ms;
    run.finished_ms = 0;
    run.stopped_because = "";
    run.complete = false;
    run.published = false;
    return ledger_run_save(ledger, &run, err);
}

int ledger_import_start(struct ledger *ledger, const struct import_start *start,
                        struct import_place *ret_place, bool *ret_known, struct error *err)
{
    struct run_record run;
    int found = ledger_run_named(ledger, start->run.record.name, &run, err);
    int known = found > 0 ? is_whole(ledger, &run, start, err) : found;

    if (!known && found)
        known = is_learned(ledger, start, err);
    *ret_known = known > 0;
    if (known < 0 || ledger_import_run(ledger, &start->run, ret_place, err))
        return -1;
    return known || !ret_place->was_known
               ? 0
               : begin_again(ledger, ret_place->run, start->run.record.started_ms, err);
}

/* ---- its rows ---- */

/* Whether the start would send a row of which this is known. */
static bool is_sent_again(const struct row_record *known)
{
    enum outcome outcome = known->counts_as;

    if (!outcome_is_there(known))
        return true;
    if (known->outcome == OUTCOME_FAILED || known->outcome == OUTCOME_UNSENT)
        return true;
    return outcome_is_noted(known) && (outcome == OUTCOME_FAILED || outcome == OUTCOME_UNSENT ||
                                       outcome == OUTCOME_UNKNOWN || outcome == OUTCOME_INVALID);
}

/* Whether content as good as this or newer was accepted, so that it was not sent, or need not be
 * asked about: 1 or 0. */
static int is_accepted(struct ledger *ledger, const struct row_ref *ref, int64_t platform,
                       const unsigned char *digest, struct error *err)
{
    struct claim_state state = {0};
    struct claim_row claim;
    struct row_place order;
    struct run_brief brief;

    if (chain_read(ledger, platform, &ref->key, &claim, err) ||
        chain_read_accepted(ledger, &claim, &state, err) ||
        database_brief(ledger, ref->place.run, &brief, err))
        return -1;
    order = (struct row_place){brief.sequence, ref->place.row};
    return state.accepted && (memcmp(state.accepted_digest, digest, DIGEST_CLAIM_BYTES) == 0 ||
                              ledger_claim_is_newer(&state, &order, brief.rank));
}

/* What the claim's open attempt is to this row. */
struct standing {
    bool is_same; /* that of a row of this run with the same content: this one repeats it */
    bool stays;   /* it was made later */
};

static int read_standing(struct ledger *ledger, const struct row_ref *ref, int64_t platform,
                         const struct row_record *record, struct standing *ret, struct error *err)
{
    struct database_statement *s = database_ready(
        ledger, SQL_IMPORT_OPEN, "sii", ref->key.claim_order_no, ref->key.workcard_id, platform);
    int found = database_step(ledger, s, err);
    struct known_row open = {0};
    struct row_place at;
    bool stands_in; /* for an attempt of which nothing was known */

    *ret = (struct standing){0};
    if (found <= 0)
        return found;
    at = (struct row_place){database_integer(s, 0), (uint64_t)database_integer(s, 1)};
    ret->stays = database_integer(s, 2) || database_integer(s, 4) > record->submitted_ms;
    stands_in = !database_integer(s, 2) && !database_integer(s, 3);
    database_done(s);
    if (at.run == ref->place.run ? at.row == ref->place.row : !stands_in)
        return 0;
    found = ledger_row_get(ledger, at, &open, err);
    if (found > 0 && at.run == ref->place.run)
        ret->is_same = memcmp(open.record.digest, record->digest, DIGEST_CLAIM_BYTES) == 0;
    else if (found > 0 && outcome_awaited_row(&open.record) == ref->place.row)
        ret->stays = false; /* this is the attempt */
    known_row_release(&open);
    return found < 0 ? -1 : 0;
}

static int put(struct ledger *ledger, const struct row_ref *ref, int64_t platform,
               const struct row_record *record, bool is_open, struct error *err)
{
    if (chain_finish_row(ledger, platform, ref, record, err))
        return -1;
    return is_open ? import_part_put_open(ledger, platform, ref, record, record->submitted_ms, err)
                   : 0;
}

/* Whether the row may have been sent by this start: 1 or 0; of what is known only the numbers. */
static int is_doubtful(struct ledger *ledger, const struct row_ref *ref, int64_t platform,
                       const struct row_record *record, int *ret_attempts, struct error *err)
{
    struct known_row known = {0};
    int found = ledger_row_get(ledger, ref->place, &known, err);
    bool is_over = found > 0 && !is_sent_again(&known.record);

    *ret_attempts = known.record.attempts;
    known_row_release(&known);
    if (found < 0 || is_over)
        return found < 0 ? -1 : 0;
    found = import_part_was_settled(ledger, &ref->place, record->submitted_ms, err);
    if (!found)
        found = is_accepted(ledger, ref, platform, record->digest, err);
    return found < 0 ? -1 : !found;
}

int ledger_import_doubtful(struct ledger *ledger, const struct import_place *place,
                           const struct import_row *row, bool *ret_learned, struct error *err)
{
    struct row_ref ref = {.platform = place->platform,
                          .place = {place->run, row->row},
                          .key = row->key,
                          .has_fee = true,
                          .fee_fen = row->fee_fen};
    struct row_record record = row->record;
    struct standing standing;
    int64_t platform;
    int attempts;
    int found;

    *ret_learned = false;
    if (database_platform(ledger, place->platform, &platform, err))
        return -1;
    found = is_doubtful(ledger, &ref, platform, &record, &attempts, err);
    if (found <= 0 || read_standing(ledger, &ref, platform, &record, &standing, err))
        return found == 0 ? 0 : -1;
    if (standing.is_same)
        return 0;
    record.attempts = record.tries = attempts + 1;
    *ret_learned = true;
    return put(ledger, &ref, platform, &record, !standing.stays, err);
}
