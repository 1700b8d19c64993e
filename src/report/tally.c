#include "report/tally.h"

#include <stdlib.h>
#include <string.h>

/* Without it uthash ends the program when it has no memory; with it an entry that could not be
 * added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "ledger/ledger.h"

#define CODE_BYTES 64

struct code_key {
    enum outcome outcome;
    char text[CODE_BYTES];
};

struct code_count {
    UT_hash_handle hh;
    struct code_key key;
    uint64_t rows;
};

struct tally {
    uint64_t suspects;
    uint64_t rows[OUTCOME_COUNT];
    uint64_t counted_as[OUTCOME_COUNT];
    money fee[OUTCOME_COUNT];
    struct code_count *codes;
    struct code_count *last; /* what was counted last: mostly the next row's, too */
    struct tally_warning warnings[TALLY_WARNINGS_MAX];
    size_t warning_count;
    struct tally_repeats repeats;
    bool has_repeats;
};

struct tally *tally_open(void)
{
    return calloc(1, sizeof(struct tally));
}

void tally_close(struct tally *tally)
{
    struct code_count *count;
    struct code_count *next;

    if (!tally)
        return;
    HASH_ITER(hh, tally->codes, count, next)
    {
        HASH_DEL(tally->codes, count);
        free(count);
    }
    free(tally);
}

static struct code_count *find(struct tally *tally, enum outcome outcome, const char *code,
                               struct code_key *ret_key)
{
    struct code_count *count = NULL;

    /* Compared as bytes, so the rest behind the text must be zero. */
    memset(ret_key, 0, sizeof(*ret_key));
    ret_key->outcome = outcome;
    memcpy(ret_key->text, code, strnlen(code, sizeof(ret_key->text) - 1));
    HASH_FIND(hh, tally->codes, ret_key, sizeof(*ret_key), count);
    return count;
}

static bool is_last(const struct tally *tally, enum outcome outcome, const char *code)
{
    return tally->last && tally->last->key.outcome == outcome &&
           strcmp(tally->last->key.text, code) == 0;
}

static int count_code(struct tally *tally, enum outcome outcome, const char *code)
{
    struct code_key key;
    struct code_count *count =
        is_last(tally, outcome, code) ? tally->last : find(tally, outcome, code, &key);

    if (!count && HASH_COUNT(tally->codes) >= TALLY_CODES_MAX)
        count = find(tally, outcome, TALLY_OTHER_CODE, &key);
    if (!count) {
        count = calloc(1, sizeof(*count));
        if (!count)
            return -1;
        count->key = key;
        HASH_ADD(hh, tally->codes, key, sizeof(count->key), count);
        if (!count->hh.tbl) {
            free(count);
            return -1;
        }
    }
    tally->last = count;
    count->rows++;
    return 0;
}

int tally_add(struct tally *tally, enum outcome outcome, enum outcome counts_as, const char *code,
              int64_t fee_fen)
{
    tally->rows[outcome]++;
    tally->counted_as[counts_as]++;
    tally->fee[outcome] += fee_fen;
    return *code ? count_code(tally, outcome, code) : 0;
}

void tally_restore(struct tally *tally, enum outcome outcome, uint64_t rows, uint64_t counts_as,
                   money fee_fen)
{
    tally->rows[outcome] = rows;
    tally->counted_as[outcome] = counts_as;
    tally->fee[outcome] = fee_fen;
}

uint64_t tally_rows(const struct tally *tally, enum outcome outcome)
{
    return tally->rows[outcome];
}

money tally_fee(const struct tally *tally, enum outcome outcome)
{
    return tally->fee[outcome];
}

uint64_t tally_all_rows(const struct tally *tally)
{
    uint64_t sum = 0;

    for (int i = 0; i < OUTCOME_COUNT; i++)
        sum += tally->rows[i];
    return sum;
}

uint64_t tally_counted_as(const struct tally *tally, enum outcome outcome)
{
    return tally->counted_as[outcome];
}

static int compare(const struct code_count *a, const struct code_count *b)
{
    if (a->rows != b->rows)
        return a->rows < b->rows ? 1 : -1;
    return memcmp(&a->key, &b->key, sizeof(a->key));
}

void tally_counts(const struct tally *tally, struct run_count *ret_counts)
{
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        ret_counts[i].rows = tally_rows(tally, (enum outcome)i);
        ret_counts[i].counts_as = tally_counted_as(tally, (enum outcome)i);
        money_format_fen(tally_fee(tally, (enum outcome)i), ret_counts[i].fee_fen);
    }
}

const char *tally_code(struct tally *tally, size_t i, enum outcome *ret_outcome, uint64_t *ret_rows)
{
    struct code_count *count;

    if (i == 0)
        HASH_SORT(tally->codes, compare);
    for (count = tally->codes; count && i; i--)
        count = count->hh.next;
    if (!count)
        return NULL;
    *ret_outcome = count->key.outcome;
    *ret_rows = count->rows;
    return count->key.text;
}

static void warn(struct tally *tally, const char *code, size_t len, uint64_t row)
{
    struct tally_warning *warning = tally->warnings;
    struct tally_warning *end = warning + tally->warning_count;

    while (warning < end && (strlen(warning->code) != len || memcmp(warning->code, code, len) != 0))
        warning++;
    if (warning == end) {
        if (tally->warning_count == TALLY_WARNINGS_MAX || len >= TALLY_WARNING_BYTES)
            return;
        memcpy(warning->code, code, len);
        warning->first_row = row;
        tally->warning_count++;
    }
    warning->rows++;
}

void tally_warn(struct tally *tally, const char *codes, uint64_t row)
{
    while (*codes) {
        size_t len = strcspn(codes, ";");

        if (len)
            warn(tally, codes, len, row);
        codes += len + (codes[len] == ';');
    }
}

const struct tally_warning *tally_warning(const struct tally *tally, size_t i)
{
    return i < tally->warning_count ? &tally->warnings[i] : NULL;
}

void tally_set_repeats(struct tally *tally, const struct tally_repeats *repeats)
{
    tally->repeats = *repeats;
    tally->has_repeats = true;
}

const struct tally_repeats *tally_repeats(const struct tally *tally)
{
    return tally->has_repeats ? &tally->repeats : NULL;
}

void tally_note_suspect(struct tally *tally)
{
    tally->suspects++;
}

uint64_t tally_suspects(const struct tally *tally)
{
    return tally->suspects;
}
