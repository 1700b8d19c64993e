#include "run/start/other_work_order.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "input/claim/claim.h"
#include "ledger/ledger.h"

#define WORK_ORDERS_MAX 16 /* of a number are looked at for a row */

static void note(struct other_work_order_found *found, const struct unmet_row *row,
                 int64_t workcard_id, bool same)
{
    bool is_first = same ? !found->same : !found->rows;

    found->rows++;
    found->same += same;
    if (!is_first)
        return;
    found->first_row = row->row;
    found->now = row->claim->workcard_id;
    found->before = workcard_id;
    snprintf(found->order_no, sizeof(found->order_no), "%s", row->claim->claim_order_no);
}

/* Through the first work orders of the number, up to one with which the same was sent. An office
 * may have thousands of them under one number: to look at all for each row would take for ever. */
static int look_at(const struct sent_before *s, const struct unmet_row *row,
                   struct other_work_order_found *found, struct error *err)
{
    struct claim_key key = {INT64_MIN, row->claim->claim_order_no};
    int64_t before = 0;
    bool any = false, same = false;
    int next = 1;

    for (int i = 0; i < WORK_ORDERS_MAX && !same; i++) {
        bool is_same;
        int sent;

        next =
            ledger_number_next(s->ledger, s->platform, key.claim_order_no, &key.workcard_id, err);
        if (next <= 0)
            break;
        sent = sent_before_look(s, &key, row->claim, &is_same, err);
        if (sent < 0)
            return -1;
        if (!sent || key.workcard_id == row->claim->workcard_id)
            continue;
        if (is_same || !any)
            before = key.workcard_id;
        same = is_same;
        any = true;
    }
    if (next < 0)
        return -1;
    if (any)
        note(found, row, before, same);
    return 0;
}

int other_work_order_look(const struct sent_before *sent_before, const struct unmet_row *rows,
                          size_t count, struct other_work_order_found *found, struct error *err)
{
    const char *order_nos[OTHER_WORK_ORDER_ROWS];
    bool may_be[OTHER_WORK_ORDER_ROWS] = {false};

    for (size_t i = 0; i < count; i++)
        order_nos[i] = rows[i].claim->claim_order_no;
    if (count && ledger_numbers_find(sent_before->ledger, order_nos, count, may_be, err))
        return -1;
    for (size_t i = 0; i < count; i++)
        if (may_be[i] && look_at(sent_before, &rows[i], found, err))
            return -1;
    return 0;
}
