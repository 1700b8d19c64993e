#include "month_sums.h"

#include <stdlib.h>
#include <string.h>

/* Without it uthash ends the program when it has no memory; with it an entry that could not be
 * added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/clock.h"
#include "base/error.h"

/* Compared as bytes. */
struct sum_key {
    int64_t day;
    uint64_t source;
    int32_t outcome, status;
};

struct sum_entry {
    UT_hash_handle hh;
    struct sum_key key;
    struct audit_sum rows;
};

struct day_entry {
    UT_hash_handle hh;
    struct month_day day; /* its day is the key */
};

struct month_sums {
    struct sum_entry *sums;
    struct day_entry *days;
    struct day_entry *last_day; /* rows of one day come together */
};

struct month_sums *month_sums_start(void)
{
    return calloc(1, sizeof(struct month_sums));
}

void month_sums_close(struct month_sums *sums)
{
    struct sum_entry *sum, *next_sum;
    struct day_entry *day, *next_day;

    if (!sums)
        return;
    HASH_ITER(hh, sums->sums, sum, next_sum)
    {
        HASH_DEL(sums->sums, sum);
        free(sum);
    }
    HASH_ITER(hh, sums->days, day, next_day)
    {
        HASH_DEL(sums->days, day);
        free(day);
    }
    free(sums);
}

/* The entry of a day, made if missing; NULL without memory. */
static struct day_entry *find_day(struct month_sums *sums, int64_t day)
{
    struct day_entry *entry = sums->last_day;

    if (entry && entry->day.day == day)
        return entry;
    HASH_FIND(hh, sums->days, &day, sizeof(day), entry);
    if (!entry) {
        entry = calloc(1, sizeof(*entry));
        if (!entry)
            return NULL;
        entry->day.day = day;
        HASH_ADD(hh, sums->days, day.day, sizeof(entry->day.day), entry);
        if (!entry->hh.tbl) {
            free(entry);
            return NULL;
        }
    }
    sums->last_day = entry;
    return entry;
}

static struct sum_entry *find_sum(struct month_sums *sums, const struct sum_key *key)
{
    struct sum_entry *entry = NULL;

    HASH_FIND(hh, sums->sums, key, sizeof(*key), entry);
    if (entry)
        return entry;
    entry = calloc(1, sizeof(*entry));
    if (!entry)
        return NULL;
    entry->key = *key;
    HASH_ADD(hh, sums->sums, key, sizeof(entry->key), entry);
    if (!entry->hh.tbl) {
        free(entry);
        return NULL;
    }
    return entry;
}

static void add_to(struct audit_sum *sum, int64_t fee_fen)
{
    sum->rows++;
    sum->fee_fen += fee_fen;
}

int month_sums_add_row(struct month_sums *sums, const struct month_line *line, struct error *err)
{
    const struct sum_key key = {line->day, line->source, (int32_t)line->outcome, line->status};
    struct sum_entry *entry = find_sum(sums, &key);
    struct day_entry *day = find_day(sums, line->day);

    if (!entry || !day)
        return error_no_memory(err);
    add_to(&entry->rows, line->fee_fen);
    add_to(&day->day.rows[line->outcome], line->fee_fen);
    return 0;
}

int month_sums_add_run(struct month_sums *sums, int64_t day, struct error *err)
{
    struct day_entry *entry = find_day(sums, day);

    if (!entry)
        return error_no_memory(err);
    entry->day.runs++;
    return 0;
}

int month_sums_add_open(struct month_sums *sums, const struct month_claim *claim, struct error *err)
{
    struct day_entry *entry = find_day(sums, claim->final.day);

    if (!entry)
        return error_no_memory(err);
    add_to(&entry->day.open, claim->final.fee_fen);
    return 0;
}

/* ---- lists ---- */

static int compare_sums(const void *a, const void *b)
{
    const struct month_sum *x = a, *y = b;

    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    if (x->outcome != y->outcome)
        return x->outcome < y->outcome ? -1 : 1;
    return x->status - y->status;
}

int month_sums_list(struct month_sums *sums, struct month_sum **ret_list, size_t *ret_count,
                    struct error *err)
{
    struct month_sum *list = calloc(HASH_COUNT(sums->sums) + 1, sizeof(*list));
    struct sum_entry *entry, *next;
    size_t count = 0;

    *ret_list = list;
    *ret_count = 0;
    if (!list)
        return error_no_memory(err);
    HASH_ITER(hh, sums->sums, entry, next)
    list[count++] =
        (struct month_sum){entry->key.day, entry->key.source, (enum outcome)entry->key.outcome,
                           entry->key.status, entry->rows};
    qsort(list, count, sizeof(*list), compare_sums);
    *ret_count = count;
    return 0;
}

static int compare_days(const void *a, const void *b)
{
    const struct month_day *x = a, *y = b;

    return x->day < y->day ? -1 : x->day > y->day;
}

/* How many days are listed for the one at `i` and those that go before it. */
static size_t listed_for(const struct month_day *days, size_t i)
{
    uint64_t gap = i ? (uint64_t)days[i].day - (uint64_t)days[i - 1].day : 1;

    return gap <= MONTH_GAP_DAYS_MAX ? (size_t)gap : 1;
}

/* With the days between them. */
static void spread(const struct month_day *days, size_t count, struct month_day *ret_days)
{
    for (size_t i = 0; i < count; i++) {
        size_t listed = listed_for(days, i);

        for (size_t before = listed; before-- > 1;)
            *ret_days++ = (struct month_day){.day = days[i].day - (int64_t)before};
        *ret_days++ = days[i];
    }
}

static size_t take_days(const struct month_sums *sums, struct month_day *ret_days)
{
    const struct day_entry *entry, *next;
    size_t count = 0;

    HASH_ITER(hh, sums->days, entry, next)
    {
        if (entry->day.day != MONTH_NO_DAY)
            ret_days[count++] = entry->day;
    }
    qsort(ret_days, count, sizeof(*ret_days), compare_days);
    return count;
}

int month_sums_days(struct month_sums *sums, struct month_day **ret_days, size_t *ret_count,
                    struct error *err)
{
    struct month_day *days = calloc(HASH_COUNT(sums->days) + 1, sizeof(*days));
    size_t count = days ? take_days(sums, days) : 0;

    *ret_count = 0;
    for (size_t i = 0; i < count; i++)
        *ret_count += listed_for(days, i);
    *ret_days = days ? calloc(*ret_count + 1, sizeof(*days)) : NULL;
    if (*ret_days)
        spread(days, count, *ret_days);
    free(days);
    return *ret_days ? 0 : error_no_memory(err);
}

/* ---- days ---- */

const char *month_sums_day_text(int64_t day, char ret_text[MONTH_DAY_BYTES])
{
    char time[CLOCK_TOP_BYTES] = "";

    if (day != MONTH_NO_DAY)
        clock_format_top(day * CLOCK_DAY_MS - CLOCK_BEIJING_OFFSET_MS, time);
    memcpy(ret_text, time, strlen("2026-01-02"));
    ret_text[*time ? strlen("2026-01-02") : 0] = '\0';
    return ret_text;
}

int64_t month_sums_day_of(int64_t wall_ms)
{
    return wall_ms > 0 ? (wall_ms + CLOCK_BEIJING_OFFSET_MS) / CLOCK_DAY_MS : MONTH_NO_DAY;
}
