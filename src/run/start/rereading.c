#include "rereading.h"

#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "input/claim/claim_digest.h"
#include "input/inspection/claim_rows.h"
#include "ledger/ledger.h"

/* Both in the order of the export. */
struct pass {
    struct claim_rows *claim_rows;
    struct ledger_rows *rows;
    struct known_row known;
    struct claim_store store;
    struct judged_row row;
};

/* The row of that number: 1, or 0 when it has none, or -1. */
static int find_row(struct pass *pass, uint64_t number, struct error *err)
{
    int found = 1;

    while (found > 0 && pass->row.row < number)
        found = claim_rows_next(pass->claim_rows, &pass->store, &pass->row, err);
    return found > 0 ? pass->row.row == number : found;
}

static int fits(struct pass *pass, const struct row_record *record, struct error *err)
{
    unsigned char digest[DIGEST_CLAIM_BYTES];
    int found = find_row(pass, record->row, err);

    if (found <= 0)
        return found;
    if (pass->row.invalid)
        return record->state == ROW_NOTED && record->outcome == OUTCOME_INVALID;
    if (claim_digest(&pass->row.claim, digest))
        return error_no_memory(err);
    return memcmp(digest, record->digest, sizeof(digest)) == 0;
}

static int compare(struct pass *pass, uint64_t *ret_row, struct error *err)
{
    int result = 0;

    while ((result = ledger_rows_next(pass->rows, &pass->known, err)) > 0) {
        result = fits(pass, &pass->known.record, err);
        *ret_row = pass->known.record.row;
        if (result <= 0)
            return result;
    }
    return result < 0 ? -1 : 1;
}

int rereading_fits(struct ledger *ledger, int64_t run, const struct row_source *row_source,
                   const struct inspection *inspection, uint64_t *ret_row, struct error *err)
{
    struct pass pass = {0};
    int result = -1;

    *ret_row = 0;
    if (!claim_rows_open(row_source, inspection, &pass.claim_rows, err) &&
        !ledger_rows_open(ledger, run, &pass.rows, err))
        result = compare(&pass, ret_row, err);
    ledger_rows_close(pass.rows);
    known_row_release(&pass.known);
    claim_rows_close(pass.claim_rows);
    claim_store_release(&pass.store);
    return result;
}
