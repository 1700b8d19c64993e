/* What became of a claim, attempt by attempt. */
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "ledger/chain.h"
#include "ledger/view/view.h"
#include "view_part.h"

struct places {
    struct row_place *list; /* newest first */
    size_t count, room;
};

static int places_add(struct places *places, struct row_place place, struct error *err)
{
    if (!ARRAY_HAS_ROOM(places->list, places->count, places->room))
        return error_no_memory(err);
    places->list[places->count++] = place;
    return 0;
}

/* Follows the chain of a claim's rows, newest first. */
static int collect_places(struct ledger *ledger, const struct claim_key *key, int64_t platform,
                          struct places *places, struct error *err)
{
    struct claim_row claim;
    struct chain_walk walk;
    struct row_record record;
    int found;

    if (chain_read(ledger, platform, key, &claim, err))
        return -1;
    walk = (struct chain_walk){.older = claim.last};
    while ((found = chain_next(ledger, &walk, &record, err)) > 0)
        if (places_add(places, walk.at, err))
            return -1;
    return found;
}

static int visit_settlements(struct ledger *ledger, struct row_place place,
                             const struct view_visitor *visitor, struct error *err)
{
    struct database_statement *s =
        database_ready(ledger, SQL_SETTLEMENTS, "ii", place.run, (int64_t)place.row);
    int found;

    while ((found = database_step(ledger, s, err)) > 0) {
        struct view_settlement settlement = {
            .at_ms = database_integer(s, 0),
            .outcome = (enum outcome)database_integer(s, 1),
            .by = database_text(s, 2),
            .reason = database_text(s, 3),
            .was = database_text(s, 4),
        };

        if (settlement.outcome >= 0 && settlement.outcome < OUTCOME_COUNT)
            visitor->settlement(visitor->context, &settlement);
    }
    return found;
}

static int read_round(struct ledger *ledger, struct view_row *row, struct error *err)
{
    struct database_statement *s;
    int found;

    row->round_by = row->round_reason = "";
    if (!row->record.round)
        return 0;
    s = database_ready(ledger, SQL_ROUND_BRIEF, "i", row->record.round);
    found = database_step(ledger, s, err);
    if (found <= 0)
        return found;
    row->round = (enum round_kind)database_integer(s, 0);
    row->round_by = database_text(s, 1);
    row->round_reason = database_text(s, 2);
    return 0;
}

static int visit_known(struct ledger *ledger, struct row_place place,
                       const struct row_record *record, const struct view_visitor *visitor,
                       struct error *err)
{
    struct view_row row = {.place = place, .record = *record};
    struct run_brief brief;

    if (database_brief(ledger, place.run, &brief, err) || read_round(ledger, &row, err))
        return -1;
    memcpy(row.run_name, brief.name, sizeof(brief.name));
    if (row.record.outcome < 0 || row.record.outcome >= OUTCOME_COUNT)
        row.record.outcome = OUTCOME_UNKNOWN; /* damaged: verify_ledger says so */
    visitor->row(visitor->context, &row);
    return visit_settlements(ledger, place, visitor, err);
}

static int visit_row(struct ledger *ledger, struct row_place place,
                     const struct view_visitor *visitor, struct error *err)
{
    struct known_row known = {0};
    int found = ledger_row_get(ledger, place, &known, err);

    if (found > 0 && visit_known(ledger, place, &known.record, visitor, err))
        found = -1;
    known_row_release(&known);
    return found < 0 ? -1 : 0;
}

static int visit_claim(struct ledger *ledger, const struct claim_key *key, int64_t platform,
                       const char *platform_name, const struct view_visitor *visitor,
                       struct error *err)
{
    struct view_claim claim = {.workcard_id = key->workcard_id, .platform = platform_name};
    struct places places = {0};
    struct run_brief brief = {0};
    int result = -1;

    if (ledger_claim_get(ledger, platform_name, key, &claim.state, err) ||
        collect_places(ledger, key, platform, &places, err) ||
        (claim.state.open && database_brief(ledger, claim.state.open_at.run, &brief, err)))
        goto out;
    memcpy(claim.open_run_name, brief.name, sizeof(brief.name));
    claim.rows = places.count;
    visitor->claim(visitor->context, &claim);
    for (size_t i = places.count; i-- > 0;)
        if (visit_row(ledger, places.list[i], visitor, err))
            goto out;
    result = 0;
out:
    free(places.list);
    return result;
}

/* The claims of this number, one after the other, by workcard_id and platform. */
static int visit_claims(struct ledger *ledger, const char *claim_order_no,
                        const struct view_visitor *visitor, size_t *ret_claims, struct error *err)
{
    struct claim_key key = {INT64_MIN, claim_order_no};
    struct buffer name = {0};
    int64_t platform = 0;
    int found;

    *ret_claims = 0;
    for (;;) {
        struct database_statement *s = database_ready(ledger, SQL_CLAIM_LIST, "sii", claim_order_no,
                                                      key.workcard_id, platform);

        found = database_step(ledger, s, err);
        if (found <= 0)
            break;
        key.workcard_id = database_integer(s, 0);
        platform = database_integer(s, 1);
        buffer_reset(&name);
        buffer_text(&name, database_text(s, 2));
        database_done(s);
        if (name.failed)
            found = error_no_memory(err);
        else
            found = visit_claim(ledger, &key, platform, buffer_string(&name), visitor, err);
        if (found < 0)
            break;
        ++*ret_claims;
    }
    buffer_release(&name);
    return found;
}

int view_claim_history(struct ledger *ledger, const char *claim_order_no,
                       const struct view_visitor *visitor, size_t *ret_claims, struct error *err)
{
    int result;

    *ret_claims = 0;
    if (database_execute(ledger, database_ready(ledger, SQL_READ, ""), err))
        return -1;
    result = visit_claims(ledger, claim_order_no, visitor, ret_claims, err);
    view_let_go(ledger);
    ledger_rollback(ledger);
    return result;
}
