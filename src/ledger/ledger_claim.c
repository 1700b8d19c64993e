/* What is known of a claim over all runs. */

#include <string.h>

#include "chain.h"
#include "ledger_turn.h"

#define OPEN_VALUES 3

/* A file's are found quicker by the one before. */
static int find_open(struct ledger *ledger, int64_t platform, const struct claim_key *key,
                     struct database_statement **ret_at, struct error *err)
{
    int found;

    if (database_is_server(ledger)) {
        *ret_at = database_ready(ledger, SQL_OPEN_GET, "sii", key->claim_order_no, key->workcard_id,
                                 platform);
        return database_step(ledger, *ret_at, err);
    }
    found = lookup_find(ledger, &ledger->opens, SQL_OPEN_FROM, OPEN_VALUES, platform, key, err);
    *ret_at = ledger->opens.statement;
    return found;
}

static int read_open(struct ledger *ledger, int64_t platform, const struct claim_key *key,
                     struct claim_state *state, struct error *err)
{
    struct database_statement *s;
    int found = find_open(ledger, platform, key, &s, err);

    if (found <= 0)
        return found;
    state->open = true;
    state->open_at.run = database_integer(s, 0);
    state->open_at.row = (uint64_t)database_integer(s, 1);
    state->open_is_intent = (int)database_integer(s, 2);
    state->open_run_alive =
        state->open_is_intent && ledger_run_is_alive(ledger, state->open_at.run);
    return 0;
}

int ledger_claim_get(struct ledger *ledger, const char *platform, const struct claim_key *key,
                     struct claim_state *ret_state, struct error *err)
{
    struct claim_row claim;
    int64_t id;
    int result;

    memset(ret_state, 0, sizeof(*ret_state));
    if (database_platform(ledger, platform, &id, err))
        return -1;
    result = chain_read_in_order(ledger, id, key, &claim, err) ||
                     chain_read_accepted(ledger, &claim, ret_state, err) ||
                     read_open(ledger, id, key, ret_state, err)
                 ? -1
                 : 0;
    database_end_lookups(ledger);
    return result;
}

int ledger_claims_get(struct ledger *ledger, const char *platform, const struct claim_key *keys,
                      size_t count, struct claim_state *ret_states, struct error *err)
{
    int64_t id;
    int result = 0;

    if (ledger->driver)
        return database_platform(ledger, platform, &id, err) ||
                       ledger->driver->claims_get(ledger, id, keys, count, ret_states, err)
                   ? -1
                   : 0;
    for (size_t i = 0; i < count && !result; i++)
        result = ledger_claim_get(ledger, platform, &keys[i], &ret_states[i], err);
    return result;
}

int ledger_claims_between(struct ledger *ledger, const char *first, const char *end, bool *ret_any,
                          struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_CLAIM_BETWEEN, "ss", first, end);
    int found = database_step(ledger, s, err);

    *ret_any = found > 0 && database_integer(s, 0);
    database_done(s);
    return found < 0 ? -1 : 0;
}

/* As a list of JSON, which both kinds of ledgers take. */
static void list_numbers(const int64_t *numbers, size_t count, struct buffer *ret_list)
{
    buffer_byte(ret_list, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buffer_byte(ret_list, ',');
        buffer_integer(ret_list, numbers[i]);
    }
    buffer_byte(ret_list, ']');
}

/* A server is told what goes through a whole table, and when that is over. */
static int tell(struct ledger *ledger, enum statement which, struct error *err)
{
    struct database_statement *s;
    int found;

    if (!database_is_server(ledger))
        return 0;
    s = database_ready(ledger, which, "");
    found = database_step(ledger, s, err);
    database_done(s);
    return found < 0 ? -1 : 0;
}

int ledger_claims_of_work_orders(struct ledger *ledger, const char *platform,
                                 const int64_t *workcard_ids, size_t count, size_t max,
                                 int (*take)(void *context, const struct claim_key *key,
                                             struct error *err),
                                 void *context, struct error *err)
{
    struct buffer list = {0};
    struct database_statement *s;
    int64_t id;
    int found = -1;

    list_numbers(workcard_ids, count, &list);
    if (list.failed) {
        error_no_memory(err);
    } else if (!database_platform(ledger, platform, &id, err) &&
               !tell(ledger, SQL_WALK_BEGIN, err)) {
        s = database_ready(ledger, SQL_CLAIM_OF_WORK_ORDERS, "isi", id, buffer_string(&list),
                           (int64_t)max);
        while ((found = database_step(ledger, s, err)) > 0) {
            struct claim_key key = {database_integer(s, 0), database_text(s, 1)};

            if (take(context, &key, err)) {
                found = -1;
                break;
            }
        }
        database_done(s);
        if (!found && tell(ledger, SQL_WALK_END, err))
            found = -1;
    }
    buffer_release(&list);
    return found;
}

int ledger_numbers_find(struct ledger *ledger, const char *const *order_nos, size_t count,
                        bool *ret_found, struct error *err)
{
    int result = 0;

    if (ledger->driver)
        return ledger->driver->numbers_find(ledger, order_nos, count, ret_found, err);
    for (size_t i = 0; i < count && !result; i++)
        result = chain_has_number(ledger, order_nos[i], &ret_found[i], err);
    database_end_lookups(ledger);
    return result;
}

int ledger_number_next(struct ledger *ledger, const char *platform, const char *order_no,
                       int64_t *workcard_id, struct error *err)
{
    int64_t here, id = INT32_MAX; /* behind all platforms of the work order */
    int found;

    if (database_platform(ledger, platform, &here, err))
        return -1;
    do {
        struct database_statement *s =
            database_ready(ledger, SQL_CLAIM_LIST, "sii", order_no, *workcard_id, id);

        found = database_step(ledger, s, err);
        if (found > 0) {
            *workcard_id = database_integer(s, 0);
            id = database_integer(s, 1);
            database_done(s);
        }
    } while (found > 0 && id != here);
    return found;
}

int ledger_claim_last(struct ledger *ledger, const char *platform, const struct claim_key *key,
                      struct known_row *ret_known, struct error *err)
{
    struct claim_row claim;
    int64_t id;

    if (database_platform(ledger, platform, &id, err) || chain_read(ledger, id, key, &claim, err))
        return -1;
    known_row_reset(ret_known);
    return claim.last.run ? ledger_row_get(ledger, claim.last, ret_known, err) : 0;
}

int ledger_claim_before(struct ledger *ledger, const char *platform, const struct claim_key *key,
                        struct row_place place, struct row_record *ret_record, struct error *err)
{
    struct claim_row claim;
    struct chain_walk walk;
    int64_t id;
    int found;

    if (database_platform(ledger, platform, &id, err) || chain_read(ledger, id, key, &claim, err))
        return -1;
    walk = (struct chain_walk){.older = claim.last};
    while ((found = chain_next(ledger, &walk, ret_record, err)) > 0)
        if (walk.at.run == place.run && walk.at.row < place.row)
            return 1;
    return found;
}

int ledger_row_ask(struct ledger *ledger, const struct row_ref *ref, bool repeated,
                   struct row_facts *ret_facts, struct error *err)
{
    int found = 0;

    if (ledger->queue)
        return ledger->queue->ask(ledger, ref, repeated, ret_facts, err);
    if (ledger_claim_get(ledger, ref->platform, &ref->key, &ret_facts->claim, err))
        return -1;
    if (repeated)
        found = ledger_claim_before(ledger, ref->platform, &ref->key, ref->place,
                                    &ret_facts->before, err);
    ret_facts->has_before = found > 0;
    return found < 0 ? -1 : 0;
}
