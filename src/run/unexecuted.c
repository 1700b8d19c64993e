#include "unexecuted.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/error.h"
#include "job.h"

struct entry {
    uint64_t row; /* 0: none yet */
    int64_t workcard_id, fee_fen;
    struct buffer order_no;
};

struct unexecuted {
    size_t count, next;
    struct entry entries[];
};

int unexecuted_open(size_t rows, struct unexecuted **ret_unexecuted, struct error *err)
{
    struct unexecuted *unexecuted =
        calloc(1, sizeof(*unexecuted) + rows * sizeof(*unexecuted->entries));

    *ret_unexecuted = unexecuted;
    if (!unexecuted)
        return error_no_memory(err);
    unexecuted->count = rows;
    return 0;
}

void unexecuted_close(struct unexecuted *unexecuted)
{
    if (!unexecuted)
        return;
    for (size_t i = 0; i < unexecuted->count; i++)
        buffer_release(&unexecuted->entries[i].order_no);
    free(unexecuted);
}

int unexecuted_add(struct unexecuted *unexecuted, const struct job *job, struct error *err)
{
    struct entry *entry = &unexecuted->entries[unexecuted->next];

    unexecuted->next = (unexecuted->next + 1) % unexecuted->count;
    buffer_reset(&entry->order_no);
    buffer_text(&entry->order_no, job->claim.claim_order_no);
    entry->row = entry->order_no.failed ? 0 : job->row;
    entry->workcard_id = job->claim.workcard_id;
    entry->fee_fen = job->claim.claim_fee;
    return entry->order_no.failed ? error_no_memory(err) : 0;
}

bool unexecuted_find(const struct unexecuted *unexecuted, uint64_t row, struct claim_key *ret_key,
                     int64_t *ret_fee_fen)
{
    for (size_t i = 0; unexecuted && i < unexecuted->count; i++) {
        const struct entry *entry = &unexecuted->entries[i];

        if (entry->row != row)
            continue;
        *ret_key = (struct claim_key){entry->workcard_id, buffer_string(&entry->order_no)};
        *ret_fee_fen = entry->fee_fen;
        return true;
    }
    return false;
}
