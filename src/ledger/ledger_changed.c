/* Rows whose claim was accepted with other content: what they came to before, and come to now. */
#include "chain.h"
#include "ledger/changed.h"

void ledger_changed_sum_add(struct changed_sum *sum, const int64_t *fee_before, int64_t fee_after)
{
    sum->rows++;
    sum->without_before += fee_before == NULL;
    sum->before += fee_before ? *fee_before : 0;
    sum->after += fee_after;
}

int ledger_changed_sum(struct ledger *ledger, int64_t run, struct changed_sum *ret_sent,
                       struct changed_sum *ret_held, struct error *err)
{
    struct database_statement *s = database_ready(
        ledger, SQL_CHANGED_LIST, "ii", database_row_id(run, 0), database_row_id(run + 1, 0));
    int found;

    *ret_sent = *ret_held = (struct changed_sum){0};
    while ((found = database_step(ledger, s, err)) > 0) {
        bool is_known = !database_is_null(s, 0);
        int64_t before = database_integer(s, 0);

        ledger_changed_sum_add(database_integer(s, 2) ? ret_held : ret_sent,
                               is_known ? &before : NULL, database_integer(s, 1));
    }
    return found;
}

int ledger_run_has_others(struct ledger *ledger, const char *platform, int64_t sequence,
                          struct error *err)
{
    int64_t id;
    struct database_statement *s;
    int found;

    if (database_platform(ledger, platform, &id, err))
        return -1;
    s = database_ready(ledger, SQL_RUN_HAS_OTHERS, "ii", id, sequence);
    found = database_step(ledger, s, err);
    if (found > 0)
        found = database_integer(s, 0) != 0;
    database_done(s);
    return found;
}

int ledger_platform_other(struct ledger *ledger, const char *platform, struct buffer *ret_name,
                          struct error *err)
{
    int64_t id;
    struct database_statement *s;
    int found;

    if (database_platform(ledger, platform, &id, err))
        return -1;
    s = database_ready(ledger, SQL_PLATFORM_OTHER, "i", id);
    found = database_step(ledger, s, err);
    if (found > 0)
        buffer_text(ret_name, database_text(s, 0));
    database_done(s);
    return found > 0 && ret_name->failed ? error_no_memory(err) : found;
}
