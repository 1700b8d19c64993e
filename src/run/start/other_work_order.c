#include "run/start/other_work_order.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "input/claim/claim.h"
#include "input/claim/claim_digest.h"
#include "ledger/ledger.h"

#define WORK_ORDERS_MAX 16 /* of a number are looked at for a row */

/* What was sent of a number with another work order. */
struct sent {
    bool any;
    unsigned char digest[DIGEST_CLAIM_BYTES];
};

static int read_sent(const struct other_work_order_settings *s, const struct claim_key *key,
                     struct sent *ret_sent, struct error *err)
{
    struct known_row known = {0};
    struct claim_state state;
    int result = 0;

    *ret_sent = (struct sent){0};
    if (ledger_claim_get(s->ledger, s->platform, key, &state, err))
        return -1;
    if (state.accepted && state.accepted_order.run != s->sequence) {
        ret_sent->any = true;
        memcpy(ret_sent->digest, state.accepted_digest, sizeof(ret_sent->digest));
    } else if (state.open && state.open_at.run != s->run) {
        result = ledger_claim_last(s->ledger, s->platform, key, &known, err);
        ret_sent->any = true;
        memcpy(ret_sent->digest, known.record.digest, sizeof(ret_sent->digest));
        known_row_release(&known);
    }
    return result < 0 ? -1 : 0;
}

static int is_same(const struct claim *claim, int64_t workcard_id, const struct sent *sent,
                   bool *ret_same, struct error *err)
{
    unsigned char digest[DIGEST_CLAIM_BYTES];
    struct claim then = *claim;

    then.workcard_id = workcard_id;
    if (claim_digest(&then, digest))
        return error_no_memory(err);
    *ret_same = memcmp(digest, sent->digest, sizeof(digest)) == 0;
    return 0;
}

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
static int look_at(const struct other_work_order_settings *s, const struct unmet_row *row,
                   struct other_work_order_found *found, struct error *err)
{
    struct claim_key key = {INT64_MIN, row->claim->claim_order_no};
    int64_t before = 0;
    bool any = false, same = false;
    int next = 1;

    for (int i = 0; i < WORK_ORDERS_MAX && !same; i++) {
        struct sent sent;

        next =
            ledger_number_next(s->ledger, s->platform, key.claim_order_no, &key.workcard_id, err);
        if (next <= 0)
            break;
        if (read_sent(s, &key, &sent, err))
            return -1;
        if (!sent.any || key.workcard_id == row->claim->workcard_id)
            continue;
        if (is_same(row->claim, key.workcard_id, &sent, &same, err))
            return -1;
        if (same || !any)
            before = key.workcard_id;
        any = true;
    }
    if (next < 0)
        return -1;
    if (any)
        note(found, row, before, same);
    return 0;
}

int other_work_order_look(const struct other_work_order_settings *settings,
                          const struct unmet_row *rows, size_t count,
                          struct other_work_order_found *found, struct error *err)
{
    const char *order_nos[OTHER_WORK_ORDER_ROWS];
    bool may_be[OTHER_WORK_ORDER_ROWS] = {false};

    for (size_t i = 0; i < count; i++)
        order_nos[i] = rows[i].claim->claim_order_no;
    if (count && ledger_numbers_find(settings->ledger, order_nos, count, may_be, err))
        return -1;
    for (size_t i = 0; i < count; i++)
        if (may_be[i] && look_at(settings, &rows[i], found, err))
            return -1;
    return 0;
}
