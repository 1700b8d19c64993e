#include "spellings.h"

#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "input/claim/claim.h"
#include "input/inspection/claim_rows.h"
#include "input/inspection/duplicates.h"
#include "input/value/order_no_alike.h"

#define PAIRS_SHOWN 20   /* in front of the words about the first one */
#define NUMBER_BYTES 520 /* a claim number and its NUL */

struct found {
    size_t rows;
    struct duplicate first;
    char before[NUMBER_BYTES], now[NUMBER_BYTES]; /* its numbers */
};

/* To who visits a valid row. */
struct visit {
    struct duplicates *duplicates; /* NULL: the texts of what was found are looked up … */
    struct found *found;
    struct buffer folded;
};

/* The number takes the place of what the row says, since what differs is to be found. */
static int note(struct visit *visit, const struct judged_row *row, struct error *err)
{
    struct claim claim = {.workcard_id = row->claim.workcard_id,
                          .claim_desc = row->claim.claim_order_no,
                          .claim_time = ""};

    buffer_reset(&visit->folded);
    order_no_fold(row->claim.claim_order_no, &visit->folded);
    claim.claim_order_no = buffer_string(&visit->folded);
    if (visit->folded.failed || duplicates_note(visit->duplicates, row->row, &claim))
        return error_no_memory(err);
    return 0;
}

static void take_text(struct found *found, const struct judged_row *row)
{
    if (row->row == found->first.before)
        snprintf(found->before, sizeof(found->before), "%s", row->claim.claim_order_no);
    if (row->row == found->first.row)
        snprintf(found->now, sizeof(found->now), "%s", row->claim.claim_order_no);
}

static int read_rows(const struct row_source *row_source, const struct inspection *inspection,
                     struct visit *visit, struct error *err)
{
    struct claim_rows *rows = NULL;
    struct claim_store store = {0};
    struct judged_row row;
    int result = claim_rows_open(row_source, inspection, &rows, err) ? -1 : 1;

    while (result > 0 && (result = claim_rows_next(rows, &store, &row, err)) > 0) {
        if (row.invalid)
            continue;
        if (visit->duplicates && note(visit, &row, err))
            result = -1;
        else if (!visit->duplicates)
            take_text(visit->found, &row);
    }
    claim_store_release(&store);
    claim_rows_close(rows);
    return result;
}

static void count(struct duplicates *duplicates, struct found *found)
{
    size_t pairs = duplicates_find(duplicates);

    for (size_t i = 0; i < pairs; i++) {
        struct duplicate pair = duplicates_at(duplicates, i);

        if (pair.same_content)
            continue;
        if (!found->rows++)
            found->first = pair;
        else if (found->rows <= PAIRS_SHOWN)
            log_warn("rows %llu and %llu: of one work order, with claim numbers that differ in "
                     "spelling alone",
                     (unsigned long long)pair.before, (unsigned long long)pair.row);
    }
}

static int look(const struct row_source *row_source, const struct inspection *inspection,
                struct found *found, struct error *err)
{
    struct visit visit = {.duplicates = duplicates_open(DUPLICATES_IN_MEMORY), .found = found};
    int result;

    if (!visit.duplicates)
        return error_no_memory(err);
    result = read_rows(row_source, inspection, &visit, err);
    if (!result)
        count(visit.duplicates, found);
    duplicates_close(visit.duplicates);
    visit.duplicates = NULL;
    if (!result && found->rows)
        result = read_rows(row_source, inspection, &visit, err);
    buffer_release(&visit.folded);
    return result;
}

int spellings_refuse(const struct row_source *row_source, const struct inspection *inspection,
                     struct error *err)
{
    enum severity severity = row_source->rules.severity[RULE_DAMAGED_ORDER_NO];
    const char *name = export_name(row_source->export);
    struct found found = {0};

    if (!inspection->other_spellings || severity == SEVERITY_OFF)
        return 0;
    if (look(row_source, inspection, &found, err))
        return -1;
    if (!found.rows)
        return 0;
    if (severity == SEVERITY_ERROR)
        return error_set(
            err, EXIT_INPUT_REFUSED,
            "'%s': rows %llu and %llu are of the same work order, and their claim numbers '%s' and "
            "'%s' differ in spelling alone (pairs like that: %zu); they would be paid twice; "
            "nothing was sent. Leave one row of each in the export; if they are other claims: "
            "--rule damaged-order-no=warn",
            LOG_QUOTED(name), (unsigned long long)found.first.before,
            (unsigned long long)found.first.row, LOG_QUOTED(found.before), LOG_QUOTED(found.now),
            found.rows);
    log_warn("'%s': rows %llu and %llu are of the same work order, and their claim numbers '%s' "
             "and '%s' differ in spelling alone (pairs like that: %zu); they count as other claims",
             LOG_QUOTED(name), (unsigned long long)found.first.before,
             (unsigned long long)found.first.row, LOG_QUOTED(found.before), LOG_QUOTED(found.now),
             found.rows);
    return 0;
}
