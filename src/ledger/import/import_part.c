#include "import_part.h"

int import_part_put_open(struct ledger *ledger, int64_t platform, const struct row_ref *ref,
                         const struct row_record *record, int64_t submitted_ms, struct error *err)
{
    return database_execute(ledger,
                            database_ready(ledger, SQL_IMPORT_OPEN_PUT, "siiiiiiids",
                                           ref->key.claim_order_no, ref->key.workcard_id, platform,
                                           ref->place.run, (int64_t)ref->place.row,
                                           (int64_t)record->attempts, (int64_t)record->tries,
                                           submitted_ms, record->digest, record->warnings),
                            err);
}

int import_part_was_settled(struct ledger *ledger, const struct row_place *at, int64_t submitted_ms,
                            struct error *err)
{
    struct database_statement *s =
        database_ready(ledger, SQL_IMPORT_SETTLED, "iii", at->run, (int64_t)at->row, submitted_ms);
    int found = database_step(ledger, s, err);

    database_done(s);
    return found;
}
