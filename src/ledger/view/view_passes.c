/* What a person said of a ledger that does not know all that was sent. */
#include "ledger/store/database.h"
#include "ledger/view/view.h"

int view_passes(struct ledger *ledger, void (*visit)(void *context, const struct view_pass *pass),
                void *context, struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_PASSES, "i", (int64_t)PASS_LEARNED);
    int found;

    while ((found = database_step(ledger, s, err)) > 0) {
        struct view_pass pass = {
            .ledger = database_text(s, 0),
            .run = database_text(s, 1),
            .kind = (enum pass_kind)database_integer(s, 2),
            .at_ms = database_integer(s, 3),
            .by = database_text(s, 4),
            .reason = database_text(s, 5),
        };

        visit(context, &pass);
    }
    return found;
}

int view_gaps(struct ledger *ledger, void (*visit)(void *context, const struct view_gap *gap),
              void *context, struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_GAPS, "");
    int found;

    while ((found = database_step(ledger, s, err)) > 0) {
        struct view_gap gap = {
            .after = database_integer(s, 0),
            .until = database_integer(s, 1),
            .at_ms = database_integer(s, 2),
            .by = database_text(s, 3),
            .reason = database_text(s, 4),
        };

        visit(context, &gap);
    }
    return found;
}
