#include "input/inspection/duplicates.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/hash.h"
#include "base/words/language.h"
#include "input/claim/claim.h"
#include "input/export/spool.h"

#define DIGIT_VALUES 256
#define LEVELS (sizeof(uint64_t) + sizeof(uint32_t))
#define FEW 24 /* so many are sorted by insertion */

/* A row that was noted; after the search a pair: the row, the one before it, the same or not. */
struct entry {
    uint64_t key;
    uint32_t row, content;
};

/* Entries in the file, in the order of their keys' first digits. */
struct spill {
    off_t start; /* bytes */
    size_t ends[DIGIT_VALUES];
};

struct duplicates {
    struct entry *entries;
    size_t count, room, in_memory;
    int fd;               /* of the file, -1: there is none */
    bool stays_in_memory; /* the file cannot be made or written */
    struct spill *spills;
    size_t spill_count;
    off_t bytes; /* written */
};

static uint64_t hash_key(const struct claim *claim)
{
    return hash_text(hash_word(0, (uint64_t)claim->workcard_id), claim->claim_order_no);
}

static uint32_t hash_content(const struct claim *claim)
{
    uint64_t hash = hash_word((uint64_t)claim->claim_count, (uint64_t)claim->claim_fee);

    hash = hash_text(hash ^ (uint64_t)claim->claim_status, claim->claim_time);
    return (uint32_t)(hash_text(hash, claim->claim_desc) >> 32);
}

struct duplicates *duplicates_open(size_t in_memory)
{
    struct duplicates *duplicates = calloc(1, sizeof(*duplicates));

    if (duplicates)
        *duplicates = (struct duplicates){.in_memory = in_memory, .fd = -1};
    return duplicates;
}

void duplicates_close(struct duplicates *duplicates)
{
    if (!duplicates)
        return;
    if (duplicates->fd >= 0)
        close(duplicates->fd);
    free(duplicates->spills);
    free(duplicates->entries);
    free(duplicates);
}

void duplicates_clear(struct duplicates *duplicates)
{
    duplicates->count = 0;
    duplicates->spill_count = 0;
    duplicates->bytes = 0;
    if (duplicates->fd >= 0 && (ftruncate(duplicates->fd, 0) || lseek(duplicates->fd, 0, SEEK_SET)))
        duplicates->stays_in_memory = true;
}

/* Pages of it that are not used yet take no memory. */
static bool has_room(struct duplicates *duplicates, size_t count)
{
    while (duplicates->room < count)
        if (!array_grow(&duplicates->entries, &duplicates->room, sizeof(*duplicates->entries)))
            return false;
    return true;
}

static bool is_before(const struct entry *a, const struct entry *b)
{
    return a->key != b->key ? a->key < b->key : a->row < b->row;
}

static void sort_few(struct entry *entries, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct entry entry = entries[i];
        size_t at = i;

        for (; at > 0 && is_before(&entry, &entries[at - 1]); at--)
            entries[at] = entries[at - 1];
        entries[at] = entry;
    }
}

/* The bytes of key and row, the most significant first. */
static unsigned digit_of(const struct entry *entry, unsigned level)
{
    if (level < sizeof(entry->key))
        return entry->key >> (8 * (sizeof(entry->key) - 1 - level)) & (DIGIT_VALUES - 1);
    return entry->row >> (8 * (LEVELS - 1 - level)) & (DIGIT_VALUES - 1);
}

/* Puts each entry into the part of the array that is its digit's; ends[] is where each part ends.
 */
static void distribute(struct entry *entries, size_t count, unsigned level,
                       size_t ends[DIGIT_VALUES])
{
    size_t next[DIGIT_VALUES];
    size_t sum = 0;

    memset(ends, 0, DIGIT_VALUES * sizeof(*ends));
    for (size_t i = 0; i < count; i++)
        ends[digit_of(&entries[i], level)]++;
    for (size_t d = 0; d < DIGIT_VALUES; d++) {
        next[d] = sum;
        sum += ends[d];
        ends[d] = sum;
    }
    for (size_t d = 0; d < DIGIT_VALUES; d++) {
        while (next[d] < ends[d]) {
            struct entry entry = entries[next[d]];
            unsigned digit = digit_of(&entry, level);

            if (digit == d) {
                next[d]++;
            } else {
                entries[next[d]] = entries[next[digit]];
                entries[next[digit]++] = entry;
            }
        }
    }
}

/* Moves all that is in memory into the file, in the order of first digits. Where that does not work
 * all of it stays, and so does what comes. */
static void spill(struct duplicates *duplicates)
{
    struct error ignored = {0};
    size_t bytes = duplicates->count * sizeof(struct entry);
    struct spill *spills = NULL;

    if (duplicates->stays_in_memory)
        return;
    if (duplicates->fd < 0)
        duplicates->fd = spool_create(&ignored);
    spills = realloc(duplicates->spills, (duplicates->spill_count + 1) * sizeof(*spills));
    if (spills)
        duplicates->spills = spills;
    if (duplicates->fd < 0 || !spills) {
        duplicates->stays_in_memory = true;
        return;
    }
    spills[duplicates->spill_count].start = duplicates->bytes;
    distribute(duplicates->entries, duplicates->count, 0, spills[duplicates->spill_count].ends);
    if (file_write(duplicates->fd, _("a temporary file"), (const char *)duplicates->entries, bytes,
                   &ignored)) {
        duplicates->stays_in_memory = true;
        return;
    }
    duplicates->spill_count++;
    duplicates->bytes += (off_t)bytes;
    duplicates->count = 0;
}

static int note(struct duplicates *duplicates, uint64_t row, uint64_t key, uint32_t content)
{
    if (row > UINT32_MAX)
        return 0;
    if (duplicates->count == duplicates->in_memory)
        spill(duplicates);
    if (!has_room(duplicates, duplicates->count + 1))
        return -1;
    duplicates->entries[duplicates->count++] = (struct entry){key, (uint32_t)row, content};
    return 0;
}

int duplicates_note(struct duplicates *duplicates, uint64_t row, const struct claim *claim)
{
    return note(duplicates, row, hash_key(claim), hash_content(claim));
}

int duplicates_note_amount(struct duplicates *duplicates, uint64_t row, const struct claim *claim)
{
    return note(duplicates, row, hash_key(claim),
                (uint32_t)(hash_word(0, (uint64_t)claim->claim_fee) >> 32));
}

size_t duplicates_count(const struct duplicates *duplicates)
{
    return duplicates->count + (size_t)duplicates->bytes / sizeof(struct entry);
}

static bool has_equal_keys(const struct entry *entries, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (entries[i].key == entries[j].key)
                return true;
    return false;
}

/* Brings entries of one key together, by row. Nearly always each key is there once, which is
 * quicker to see than to sort. */
static void gather_few(struct entry *entries, size_t count)
{
    if (has_equal_keys(entries, count))
        sort_few(entries, count);
}

/* By key, then row, but for how `few` leaves some of neighbouring keys. In place: the C library's
 * qsort takes as much memory again. */
static void sort_many(struct entry *entries, size_t count, unsigned level,
                      void (*few)(struct entry *entries, size_t count))
{
    size_t ends[DIGIT_VALUES];
    size_t start = 0;

    distribute(entries, count, level, ends);
    for (size_t d = 0; d < DIGIT_VALUES; d++) {
        size_t part = ends[d] - start;

        if (part > FEW && level + 1 < LEVELS)
            sort_many(entries + start, part, level + 1, few);
        else
            few(entries + start, part);
        start = ends[d];
    }
}

static void sort(struct duplicates *duplicates, void (*few)(struct entry *entries, size_t count))
{
    if (duplicates->count > FEW)
        sort_many(duplicates->entries, duplicates->count, 0, few);
    else
        few(duplicates->entries, duplicates->count);
}

/* Turns rows of one claim that follow each other into pairs, at the start of the array. */
static size_t pair(struct entry *entries, size_t count)
{
    size_t pairs = 0;
    struct entry before = {0};

    for (size_t i = 0; i < count; i++) {
        struct entry entry = entries[i];

        if (i > 0 && entry.key == before.key)
            entries[pairs++] =
                (struct entry){entry.row, before.row, entry.content == before.content};
        before = entry;
    }
    return pairs;
}

/* ---- what is in the file ---- */

/* Reads from the file behind what is in memory. */
static int load(struct duplicates *duplicates, const struct spill *spill, size_t first, size_t end)
{
    size_t from = first ? spill->ends[first - 1] : 0, count = spill->ends[end - 1] - from;
    size_t done = 0, bytes = count * sizeof(struct entry);

    if (!has_room(duplicates, duplicates->count + count))
        return -1;
    while (done < bytes) {
        ssize_t n = pread(duplicates->fd, (char *)(duplicates->entries + duplicates->count) + done,
                          bytes - done, spill->start + (off_t)(from * sizeof(struct entry) + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return -1;
        done += (size_t)n;
    }
    duplicates->count += count;
    return 0;
}

/* Pairs of all entries whose keys begin with digits from `first` to before `end`. */
static int pair_part(struct duplicates *duplicates, size_t first, size_t end,
                     struct duplicates *pairs)
{
    duplicates->count = 0;
    for (size_t i = 0; i < duplicates->spill_count; i++)
        if (load(duplicates, &duplicates->spills[i], first, end))
            return -1;
    sort(duplicates, gather_few);
    duplicates->count = pair(duplicates->entries, duplicates->count);
    if (!has_room(pairs, pairs->count + duplicates->count))
        return -1;
    if (duplicates->count)
        memcpy(pairs->entries + pairs->count, duplicates->entries,
               duplicates->count * sizeof(struct entry));
    pairs->count += duplicates->count;
    return 0;
}

/* As many digits at a time as come to what memory is meant for. Where the file cannot be read
 * again nothing is found. */
static void pair_spilled(struct duplicates *duplicates)
{
    struct duplicates pairs = {.fd = -1};
    size_t step = DIGIT_VALUES / duplicates->spill_count;
    int result = 0;

    step = step ? step : 1;
    for (size_t first = 0; !result && first < DIGIT_VALUES; first += step) {
        size_t end = first + step < DIGIT_VALUES ? first + step : DIGIT_VALUES;

        result = pair_part(duplicates, first, end, &pairs);
    }
    free(duplicates->entries);
    duplicates->entries = pairs.entries;
    duplicates->room = pairs.room;
    duplicates->count = result ? 0 : pairs.count;
}

/* Where not all could be moved into the file, what is there comes back; if it cannot, what is in
 * memory is all that is compared. */
static void unspill(struct duplicates *duplicates)
{
    size_t kept = duplicates->count;

    for (size_t i = 0; i < duplicates->spill_count; i++)
        if (load(duplicates, &duplicates->spills[i], 0, DIGIT_VALUES)) {
            duplicates->count = kept;
            return;
        }
}

size_t duplicates_find(struct duplicates *duplicates)
{
    if (duplicates->spill_count)
        spill(duplicates);
    if (duplicates->spill_count && !duplicates->stays_in_memory) {
        pair_spilled(duplicates);
    } else {
        unspill(duplicates);
        sort(duplicates, gather_few);
        duplicates->count = pair(duplicates->entries, duplicates->count);
    }
    sort(duplicates, sort_few);
    return duplicates->count;
}

struct duplicate duplicates_at(const struct duplicates *duplicates, size_t i)
{
    const struct entry *entry = &duplicates->entries[i];

    return (struct duplicate){entry->key, entry->row, entry->content != 0};
}
