#include "input/inspection/supply.h"

#include <stdlib.h>

#include "base/error.h"

struct supply {
    const struct intake *intake;
    const struct inspection *inspection;
    const struct supply_kind *kind; /* NULL: an export, by the reader */
    void *pass;
    struct reader *reader;
    struct record record;
};

int supply_open(const struct intake *intake, const struct inspection *inspection,
                struct supply **ret_supply, struct error *err)
{
    struct supply *supply = calloc(1, sizeof(*supply));
    int result;

    *ret_supply = NULL;
    if (!supply)
        return error_no_memory(err);
    supply->intake = intake;
    supply->inspection = inspection;
    supply->kind = intake->kind;
    if (supply->kind)
        result = supply->kind->open(intake, &supply->pass, err);
    else
        result =
            reader_open(intake->export, &inspection->survey, &intake->reader, &supply->reader, err);
    if (result)
        supply_close(supply);
    else
        *ret_supply = supply;
    return result;
}

void supply_close(struct supply *supply)
{
    if (!supply)
        return;
    if (supply->kind)
        supply->kind->close(supply->pass);
    reader_close(supply->reader);
    free(supply);
}

static int next_of_export(struct supply *supply, struct claim_store *store,
                          struct supply_row *ret_row, struct error *err)
{
    const struct intake *intake = supply->intake;
    const struct profile *profile = &supply->inspection->profile;
    int found = 0;

    /* To the end of the file, so that all of it is seen to be as it was. */
    do
        found = reader_next(supply->reader, &supply->record, err);
    while (found > 0 && profile_is_footer(profile, supply->record.row));
    if (found <= 0)
        return found;
    ret_row->row = supply->record.row;
    ret_row->record = &supply->record;
    ret_row->columns = reader_columns(supply->reader);
    ret_row->noted = "";
    ret_row->may_resend = true;
    ret_row->unknown_row = NULL;
    ret_row->is_unrecorded = false;
    ret_row->open_row = 0;
    claim_judge(&intake->rules, ret_row->columns, profile, ret_row->record, intake->now_ms, store,
                &ret_row->claim, &ret_row->findings);
    ret_row->invalid = findings_invalid(&ret_row->findings);
    return store->desc.failed || store->order_no.failed ? error_no_memory(err) : 1;
}

int supply_next(struct supply *supply, struct claim_store *store, struct supply_row *ret_row,
                struct error *err)
{
    return supply->kind ? supply->kind->next(supply->pass, store, ret_row, err)
                        : next_of_export(supply, store, ret_row, err);
}
