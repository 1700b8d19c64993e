#include "input/inspection/claim_rows.h"

#include <stdlib.h>

#include "base/error.h"

struct claim_rows {
    const struct row_source *row_source;
    const struct inspection *inspection;
    const struct claim_rows_kind *kind; /* NULL: an export, by the reader */
    void *pass;
    struct reader *reader;
    struct record record;
};

int claim_rows_open(const struct row_source *row_source, const struct inspection *inspection,
                    struct claim_rows **ret_claim_rows, struct error *err)
{
    struct claim_rows *claim_rows = calloc(1, sizeof(*claim_rows));
    int result;

    *ret_claim_rows = NULL;
    if (!claim_rows)
        return error_no_memory(err);
    claim_rows->row_source = row_source;
    claim_rows->inspection = inspection;
    claim_rows->kind = row_source->kind;
    if (claim_rows->kind)
        result = claim_rows->kind->open(row_source, &claim_rows->pass, err);
    else
        result = reader_open(row_source->export, &inspection->survey, &row_source->reader,
                             &claim_rows->reader, err);
    if (result)
        claim_rows_close(claim_rows);
    else
        *ret_claim_rows = claim_rows;
    return result;
}

void claim_rows_close(struct claim_rows *claim_rows)
{
    if (!claim_rows)
        return;
    if (claim_rows->kind)
        claim_rows->kind->close(claim_rows->pass);
    reader_close(claim_rows->reader);
    free(claim_rows);
}

static int next_of_export(struct claim_rows *claim_rows, struct claim_store *store,
                          struct judged_row *ret_row, struct error *err)
{
    const struct row_source *row_source = claim_rows->row_source;
    const struct profile *profile = &claim_rows->inspection->profile;
    int found = 0;

    /* To the end of the file, so that all of it is seen to be as it was. */
    do
        found = reader_next(claim_rows->reader, &claim_rows->record, err);
    while (found > 0 && profile_is_footer(profile, claim_rows->record.row));
    if (found <= 0)
        return found;
    ret_row->row = claim_rows->record.row;
    ret_row->record = &claim_rows->record;
    ret_row->columns = reader_columns(claim_rows->reader);
    ret_row->noted = "";
    ret_row->may_resend = true;
    ret_row->unknown_row = NULL;
    ret_row->is_unrecorded = false;
    ret_row->open_row = 0;
    ret_row->was_disliked = false;
    claim_judge(&row_source->rules, ret_row->columns, profile, ret_row->record, row_source->now_ms,
                store, &ret_row->claim, &ret_row->findings);
    ret_row->invalid = findings_invalid(&ret_row->findings);
    return store->desc.failed || store->order_no.failed ? error_no_memory(err) : 1;
}

int claim_rows_next(struct claim_rows *claim_rows, struct claim_store *store,
                    struct judged_row *ret_row, struct error *err)
{
    return claim_rows->kind ? claim_rows->kind->next(claim_rows->pass, store, ret_row, err)
                            : next_of_export(claim_rows, store, ret_row, err);
}
