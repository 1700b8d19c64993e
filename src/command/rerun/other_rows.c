#include "other_rows.h"

#include <stdlib.h>
#include <string.h>

/* Without it uthash ends the program when it has no memory; with it an entry that could not be
 * added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/stop.h"
#include "input/inspection/repeat_filter.h"

/* A claim that may stand in the report more than once. */
struct family {
    UT_hash_handle hh;
    uint64_t open_row;     /* the first that is unknown and open; 0: none */
    uint64_t accepted_row; /* the last that is accepted; 0: none */
    char key[];
};

struct other_rows {
    const struct other_rows_settings *settings;
    struct family *families;
    struct buffer key;
};

static int key_of(struct other_rows *other_rows, const struct claim *claim, struct error *err)
{
    struct buffer *key = &other_rows->key;

    buffer_reset(key);
    buffer_format(key, "%lld ", (long long)claim->workcard_id);
    buffer_text(key, claim->claim_order_no);
    return key->failed ? error_no_memory(err) : 0;
}

/* The claim whose key is at hand; NULL: nothing is kept of it. */
static struct family *find_family(const struct other_rows *other_rows)
{
    struct family *family = NULL;

    HASH_FIND(hh, other_rows->families, other_rows->key.ptr, other_rows->key.len, family);
    return family;
}

/* The same, made if missing; NULL without memory. */
static struct family *add_family(struct other_rows *other_rows)
{
    struct family *family = find_family(other_rows);

    if (family)
        return family;
    family = calloc(1, sizeof(*family) + other_rows->key.len);
    if (!family)
        return NULL;
    memcpy(family->key, other_rows->key.ptr, other_rows->key.len);
    HASH_ADD_KEYPTR(hh, other_rows->families, family->key, other_rows->key.len, family);
    if (family->hh.tbl)
        return family;
    free(family);
    return NULL;
}

void other_rows_close(struct other_rows *other_rows)
{
    struct family *family;
    struct family *next;

    if (!other_rows)
        return;
    HASH_ITER(hh, other_rows->families, family, next)
    {
        HASH_DEL(other_rows->families, family);
        free(family);
    }
    buffer_release(&other_rows->key);
    free(other_rows);
}

/* ---- what a row says ---- */

/* Whether newer content of the claim had been accepted when this row was judged. */
static bool tells_accepted(const struct other_rows *other_rows, const struct row_record *record)
{
    if (record->outcome == OUTCOME_ACCEPTED)
        return !other_rows->settings->run;
    return record->outcome == OUTCOME_SKIPPED && (strcmp(record->code, "ALREADY_ACCEPTED") == 0 ||
                                                  strcmp(record->code, "SUPERSEDED") == 0);
}

static bool is_settled(const struct row_record *record)
{
    return outcome_is_there(record) &&
           (record->outcome == OUTCOME_ACCEPTED || record->outcome == OUTCOME_REJECTED ||
            record->outcome == OUTCOME_SKIPPED);
}

/* Whether the ledger has settled a row since it was reported as unknown: 1 or 0. */
static int was_settled(const struct other_rows *other_rows, const struct scan_row *row,
                       struct error *err)
{
    const struct other_rows_settings *s = other_rows->settings;
    struct claim_key key = {row->claim.workcard_id, row->claim.claim_order_no};
    struct row_place place = {s->run, row->line.record.row};
    struct row_place order = {s->sequence, row->line.record.row};
    struct known_row known = {0};
    struct claim_state state;
    int found;

    if (ledger_claim_get(s->ledger, s->platform, &key, &state, err))
        return -1;
    if (state.open)
        return 0;
    if (state.accepted && !ledger_row_is_before(&state.accepted_order, &order))
        return 1;
    found = ledger_row_get(s->ledger, place, &known, err);
    if (found > 0)
        found = is_settled(&known.record);
    known_row_release(&known);
    return found;
}

/* Whether the row is unknown, not taken, and not settled since: 1 or 0. */
static int tells_open(const struct other_rows *other_rows, const struct scan_row *row,
                      struct error *err)
{
    int settled = 0;

    if (row->line.record.outcome != OUTCOME_UNKNOWN || other_rows->settings->unknown)
        return 0;
    if (other_rows->settings->run)
        settled = was_settled(other_rows, row, err);
    return settled < 0 ? -1 : !settled;
}

static int note_row(struct other_rows *other_rows, const struct scan_row *row, struct error *err)
{
    int open = tells_open(other_rows, row, err);
    struct family *family;

    if (open < 0)
        return -1;
    if (!open && !tells_accepted(other_rows, &row->line.record))
        return 0;
    if (key_of(other_rows, &row->claim, err))
        return -1;
    family = add_family(other_rows);
    if (!family)
        return error_no_memory(err);
    if (!open)
        family->accepted_row = row->line.record.row;
    else if (!family->open_row)
        family->open_row = row->line.record.row;
    return 0;
}

/* ---- reading ---- */

/* The next row: 1, or 0 behind the last one, or -1. */
static int next_row(struct scan *scan, struct scan_row *ret_row, struct error *err)
{
    if (stop_signal())
        return error_set(err, EXIT_SIGNAL_BASE + stop_signal(),
                         "stopped by a signal while the report was read");
    return scan_next(scan, ret_row, err);
}

static int read_rows(struct other_rows *other_rows, struct scan *scan,
                     struct repeat_filter *repeats, struct error *err)
{
    struct scan_row row;
    int found;

    while ((found = next_row(scan, &row, err)) > 0)
        if (row.has_claim)
            repeat_filter_note(repeats, &row.claim);
    if (found < 0 || scan_restart(scan, err))
        return -1;
    while ((found = next_row(scan, &row, err)) > 0)
        if (row.has_claim && repeat_filter_maybe(repeats, &row.claim) &&
            note_row(other_rows, &row, err))
            return -1;
    return found < 0 ? -1 : scan_restart(scan, err);
}

int other_rows_read(const struct other_rows_settings *settings, struct scan *scan,
                    struct other_rows **ret_other_rows, struct error *err)
{
    struct other_rows *other_rows = calloc(1, sizeof(*other_rows));
    struct repeat_filter *repeats = repeat_filter_open();
    int result;

    *ret_other_rows = NULL;
    if (other_rows)
        other_rows->settings = settings;
    result =
        other_rows && repeats ? read_rows(other_rows, scan, repeats, err) : error_no_memory(err);
    repeat_filter_close(repeats);
    if (result)
        other_rows_close(other_rows);
    else
        *ret_other_rows = other_rows;
    return result;
}

int other_rows_find(struct other_rows *other_rows, const struct claim *claim, uint64_t row,
                    struct obstacle *ret_obstacle, struct error *err)
{
    const struct family *family;

    *ret_obstacle = (struct obstacle){0};
    if (!other_rows->families)
        return 0;
    if (key_of(other_rows, claim, err))
        return -1;
    family = find_family(other_rows);
    if (family && family->open_row && family->open_row < row)
        ret_obstacle->open_row = family->open_row;
    if (family && family->accepted_row > row)
        ret_obstacle->accepted_row = family->accepted_row;
    return 0;
}
