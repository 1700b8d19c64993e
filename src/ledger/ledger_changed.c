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
