#include "run/start/other_number.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "input/claim/claim.h"
#include "ledger/ledger.h"

#define SAMPLES 512         /* rows are looked at */
#define NUMBERS_MAX 16384   /* of their work orders are asked for … */
#define NUMBERS_OF_A_ROW 16 /* … and so many for each row */
#define ROWS_THAT_TELL 5    /* of all others, where only some were looked at */

struct sample {
    uint64_t row;
    struct claim claim; /* its texts are in the store */
    struct claim_store store;
};

/* A claim that the ledger has of one of the work orders. */
struct number {
    int64_t workcard_id;
    size_t text;  /* where it stands */
    bool is_here; /* in the export as well, and so it is a claim of its own */
};

struct other_number {
    const struct sent_before *sent_before;
    struct other_number_found *found;
    uint64_t every; /* so many rows one is kept */
    size_t count;
    struct sample samples[SAMPLES];
    struct number *numbers;
    size_t number_count, number_room;
    bool was_asked; /* for them */
    struct buffer texts;
};

struct other_number *other_number_open(const struct sent_before *sent_before,
                                       struct other_number_found *found)
{
    struct other_number *o = calloc(1, sizeof(*o));

    if (!o)
        return NULL;
    o->sent_before = sent_before;
    o->found = found;
    o->every = 1;
    return o;
}

void other_number_close(struct other_number *other_number)
{
    if (!other_number)
        return;
    for (size_t i = 0; i < SAMPLES; i++)
        claim_store_release(&other_number->samples[i].store);
    buffer_release(&other_number->texts);
    free(other_number->numbers);
    free(other_number);
}

/* Every second one goes, and leaves its place and texts to what follows. */
static void thin_out(struct other_number *o)
{
    for (size_t i = 1; i < SAMPLES / 2; i++) {
        struct sample other = o->samples[i];

        o->samples[i] = o->samples[2 * i];
        o->samples[2 * i] = other;
    }
    o->count = SAMPLES / 2;
    o->every *= 2;
}

static int keep(struct sample *sample, uint64_t row, const struct claim *claim, struct error *err)
{
    struct claim_store *store = &sample->store;

    buffer_reset(&store->desc);
    buffer_reset(&store->order_no);
    buffer_text(&store->desc, claim->claim_desc);
    buffer_text(&store->order_no, claim->claim_order_no);
    if (store->desc.failed || store->order_no.failed)
        return error_no_memory(err);
    sample->row = row;
    sample->claim = *claim;
    sample->claim.claim_desc = buffer_string(&store->desc);
    sample->claim.claim_order_no = buffer_string(&store->order_no);
    return 0;
}

int other_number_take(struct other_number *other_number, uint64_t row, const struct claim *claim,
                      struct error *err)
{
    struct other_number *o = other_number;

    if (o->found->unmet++ % o->every)
        return 0;
    if (o->count == SAMPLES) {
        thin_out(o);
        if ((o->found->unmet - 1) % o->every)
            return 0;
    }
    return keep(&o->samples[o->count++], row, claim, err);
}

static int note_number(void *context, const struct claim_key *key, struct error *err)
{
    struct other_number *o = context;

    if (!ARRAY_HAS_ROOM(o->numbers, o->number_count, o->number_room))
        return error_no_memory(err);
    o->numbers[o->number_count++] = (struct number){key->workcard_id, o->texts.len, false};
    buffer_append(&o->texts, key->claim_order_no, strlen(key->claim_order_no) + 1);
    return o->texts.failed ? error_no_memory(err) : 0;
}

static int compare_numbers(const void *a, const void *b)
{
    const struct number *first = a, *second = b;

    return (first->workcard_id > second->workcard_id) - (first->workcard_id < second->workcard_id);
}

static int find_numbers(struct other_number *o, struct error *err)
{
    int64_t workcard_ids[SAMPLES];

    for (size_t i = 0; i < o->count; i++)
        workcard_ids[i] = o->samples[i].claim.workcard_id;
    if (ledger_claims_of_work_orders(o->sent_before->ledger, o->sent_before->platform, workcard_ids,
                                     o->count, NUMBERS_MAX, note_number, o, err))
        return -1;
    if (o->number_count)
        qsort(o->numbers, o->number_count, sizeof(*o->numbers), compare_numbers);
    return 0;
}

/* The first number of the work order, or behind the last one. */
static size_t first_number(const struct other_number *o, int64_t workcard_id)
{
    size_t low = 0, high = o->number_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (o->numbers[middle].workcard_id < workcard_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void note(struct other_number_found *found, const struct sample *sample, const char *before)
{
    if (found->rows++)
        return;
    found->first_row = sample->row;
    snprintf(found->now, sizeof(found->now), "%s", sample->claim.claim_order_no);
    snprintf(found->before, sizeof(found->before), "%s", before);
}

static int look_at(struct other_number *o, const struct sample *sample, struct error *err)
{
    const struct claim *claim = &sample->claim;
    int looks = 0;

    for (size_t i = first_number(o, claim->workcard_id);
         i < o->number_count && o->numbers[i].workcard_id == claim->workcard_id &&
         looks < NUMBERS_OF_A_ROW;
         i++) {
        const struct claim_key key = {claim->workcard_id, o->texts.ptr + o->numbers[i].text};
        bool same;

        if (o->numbers[i].is_here)
            continue;
        looks++;
        if (sent_before_look(o->sent_before, &key, claim, &same, err) < 0)
            return -1;
        if (same) {
            note(o->found, sample, key.claim_order_no);
            return 0;
        }
    }
    return 0;
}

int other_number_look(struct other_number *other_number, struct error *err)
{
    struct other_number *o = other_number;

    if (!o->was_asked && o->count && find_numbers(o, err))
        return -1;
    o->was_asked = true;
    o->found->looked_at = o->count;
    o->found->rows = 0;
    for (size_t i = 0; i < o->count; i++)
        if (look_at(o, &o->samples[i], err))
            return -1;
    return 0;
}

void other_number_meet(struct other_number *other_number, const struct claim *claim)
{
    struct other_number *o = other_number;

    for (size_t i = first_number(o, claim->workcard_id);
         i < o->number_count && o->numbers[i].workcard_id == claim->workcard_id; i++)
        if (strcmp(o->texts.ptr + o->numbers[i].text, claim->claim_order_no) == 0)
            o->numbers[i].is_here = true;
}

uint64_t other_number_rows(const struct other_number_found *found)
{
    return found->rows < ROWS_THAT_TELL ? found->rows
                                        : found->rows * found->unmet / found->looked_at;
}
