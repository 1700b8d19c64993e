/* What is known of a claim over all runs. */
#include <string.h>

#include "chain.h"

bool row_place_is_before(const struct row_place *a, const struct row_place *b)
{
    return a->run < b->run || (a->run == b->run && a->row < b->row);
}

bool claim_state_is_newer(const struct claim_state *state, const struct row_place *order,
                          int64_t rank)
{
    const struct row_place *accepted = &state->accepted_order;

    return state->accepted &&
           (row_place_is_before(order, accepted) ||
            (!row_place_is_before(accepted, order) && rank < state->accepted_rank));
}

int ledger_claim_get(struct ledger *ledger, const char *platform, const struct claim_key *key,
                     struct claim_state *ret_state, struct error *err)
{
    struct claim_row claim;
    sqlite3_stmt *s;
    int64_t id;
    int found;

    memset(ret_state, 0, sizeof(*ret_state));
    if (database_platform(ledger, platform, &id, err) || chain_read(ledger, id, key, &claim, err) ||
        chain_read_accepted(ledger, &claim, ret_state, err))
        return -1;
    s = database_ready(ledger, SQL_OPEN_GET, "sii", key->claim_order_no, key->workcard_id, id);
    found = database_step(ledger, s, err);
    if (found <= 0)
        return found;
    ret_state->open = true;
    ret_state->open_at.run = sqlite3_column_int64(s, 0);
    ret_state->open_at.row = (uint64_t)sqlite3_column_int64(s, 1);
    ret_state->open_is_intent = sqlite3_column_int(s, 2);
    sqlite3_reset(s);
    return 0;
}

int ledger_claim_before(struct ledger *ledger, const char *platform, const struct claim_key *key,
                        struct row_place place, struct row_record *ret_record, struct error *err)
{
    struct claim_row claim;
    struct row_place at;
    int64_t id;

    if (database_platform(ledger, platform, &id, err) || chain_read(ledger, id, key, &claim, err))
        return -1;
    at = claim.last;
    while (at.run) {
        sqlite3_stmt *s = database_ready(ledger, SQL_ROW_GET, "i", chain_row_id(at));
        int found = database_step(ledger, s, err);
        bool is_it = at.run == place.run && at.row < place.row;

        if (found <= 0)
            return found;
        if (is_it)
            chain_read_numbers(s, ret_record);
        at = chain_read_link(s);
        sqlite3_reset(s);
        if (is_it)
            return 1;
    }
    return 0;
}
