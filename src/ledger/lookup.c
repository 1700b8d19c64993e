#include "lookup.h"

#include <string.h>

#include "ledger/store/database.h"

#define PATIENCE_MOST 8

struct position {
    const char *order_no;
    int64_t workcard_id, platform;
};

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* As SQLite orders the tables' keys. */
static int compare(const struct position *a, const struct position *b)
{
    int order = strcmp(a->order_no, b->order_no);

    if (!order)
        order = compare_numbers(a->workcard_id, b->workcard_id);
    return order ? order : compare_numbers(a->platform, b->platform);
}

/* The order of the entry at hand and the key; behind the last one everything is greater. */
static int compare_entry(const struct lookup *lookup, int column, const struct position *key)
{
    struct position entry;

    if (lookup->at_end)
        return 1;
    entry.order_no = database_text(lookup->statement, column);
    entry.workcard_id = database_integer(lookup->statement, column + 1);
    entry.platform = database_integer(lookup->statement, column + 2);
    return compare(&entry, key);
}

/* The order of the key and the one that was asked for last; where nothing is known it is before. */
static int compare_asked(const struct lookup *lookup, const struct position *key)
{
    struct position asked = {buffer_string(&lookup->asked), lookup->asked_workcard,
                             lookup->asked_platform};

    return lookup->statement ? compare(key, &asked) : -1;
}

static int step(struct ledger *ledger, struct lookup *lookup, struct database_statement *s,
                struct error *err)
{
    int found = database_step(ledger, s, err);

    lookup->statement = found < 0 ? NULL : s;
    lookup->at_end = !found;
    return found < 0 ? -1 : 0;
}

static int search(struct ledger *ledger, struct lookup *lookup, int which,
                  const struct position *key, struct error *err)
{
    database_forget_lookup(lookup);
    buffer_reset(&lookup->start);
    buffer_text(&lookup->start, key->order_no);
    if (lookup->start.failed)
        return error_no_memory(err);
    return step(ledger, lookup,
                database_ready(ledger, (enum statement)which, "sii", buffer_string(&lookup->start),
                               key->workcard_id, key->platform),
                err);
}

static int note_asked(struct lookup *lookup, const struct position *key, struct error *err)
{
    buffer_reset(&lookup->asked);
    buffer_text(&lookup->asked, key->order_no);
    lookup->asked_workcard = key->workcard_id;
    lookup->asked_platform = key->platform;
    if (!lookup->asked.failed)
        return 0;
    database_forget_lookup(lookup);
    return error_no_memory(err);
}

int lookup_find(struct ledger *ledger, struct lookup *lookup, int which, int column,
                int64_t platform, const struct claim_key *key, struct error *err)
{
    const struct position wanted = {key->claim_order_no, key->workcard_id, platform};
    unsigned passed = 0;
    int since = compare_asked(lookup, &wanted);
    int order;

    if (since < 0 && search(ledger, lookup, which, &wanted, err))
        return -1;
    /* What was found for the key before needs not be read to be known as before this one. */
    order = since > 0 && lookup->is_found ? -1 : compare_entry(lookup, column, &wanted);
    for (; order < 0; order = compare_entry(lookup, column, &wanted)) {
        if (passed++ < lookup->patience) {
            if (step(ledger, lookup, lookup->statement, err))
                return -1;
        } else {
            lookup->patience = passed = 0;
            if (search(ledger, lookup, which, &wanted, err))
                return -1;
        }
    }
    /* One at least, so that it is found out when the keys come in order again. */
    if (passed || !lookup->patience)
        lookup->patience =
            lookup->patience < PATIENCE_MOST / 2 ? 2 * lookup->patience + 1 : PATIENCE_MOST;
    lookup->is_found = order == 0;
    return note_asked(lookup, &wanted, err) ? -1 : order == 0;
}

void lookup_release(struct lookup *lookup)
{
    buffer_release(&lookup->start);
    buffer_release(&lookup->asked);
}
