#include "run/rows/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/digest.h"

struct entry {
    unsigned char digest[DIGEST_CLAIM_BYTES];
    uint64_t row;
};

struct history {
    struct entry *entries;
    size_t count, room;
};

struct history *history_open(void)
{
    return calloc(1, sizeof(struct history));
}

void history_close(struct history *history)
{
    if (!history)
        return;
    free(history->entries);
    free(history);
}

int history_note(struct history *history, const unsigned char *digest, uint64_t row)
{
    struct entry *entry;

    if (history->count == HISTORY_ROWS_MAX)
        return 0;
    if (!ARRAY_HAS_ROOM(history->entries, history->count, history->room))
        return -1;
    entry = &history->entries[history->count++];
    memcpy(entry->digest, digest, sizeof(entry->digest));
    entry->row = row;
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = memcmp(x->digest, y->digest, sizeof(x->digest));

    return order ? order : (x->row > y->row) - (x->row < y->row);
}

void history_sort(struct history *history)
{
    if (history->count)
        qsort(history->entries, history->count, sizeof(*history->entries), compare);
}

uint64_t history_row(const struct history *history, const unsigned char *digest)
{
    size_t first = 0, end = history ? history->count : 0;

    /* The first entry behind those of this digest. */
    while (first < end) {
        size_t middle = first + (end - first) / 2;

        if (memcmp(history->entries[middle].digest, digest, DIGEST_CLAIM_BYTES) <= 0)
            first = middle + 1;
        else
            end = middle;
    }
    if (!first || memcmp(history->entries[first - 1].digest, digest, DIGEST_CLAIM_BYTES) != 0)
        return 0;
    return history->entries[first - 1].row;
}
