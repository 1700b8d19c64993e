#include "siblings.h"

#include <stdlib.h>
#include <string.h>

/* Without it uthash ends the program when it has no memory; with it an entry that could not be
 * added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/stop.h"
#include "input/inspection/repeats.h"

/* A claim that may stand in the report more than once. */
struct family {
    UT_hash_handle hh;
    uint64_t open_row;     /* the first that is unknown and open; 0: none */
    uint64_t accepted_row; /* the last that is accepted; 0: none */
    char key[];
};

struct siblings {
    const struct siblings_settings *settings;
    struct family *families;
    struct buffer key;
};

static int key_of(struct siblings *siblings, const struct claim *claim, struct error *err)
{
    struct buffer *key = &siblings->key;

    buffer_reset(key);
    buffer_format(key, "%lld ", (long long)claim->workcard_id);
    buffer_text(key, claim->claim_order_no);
    return key->failed ? error_no_memory(err) : 0;
}

/* The claim whose key is at hand; NULL: nothing is kept of it. */
static struct family *find_family(const struct siblings *siblings)
{
    struct family *family = NULL;

    HASH_FIND(hh, siblings->families, siblings->key.ptr, siblings->key.len, family);
    return family;
}

/* The same, made if missing; NULL without memory. */
static struct family *add_family(struct siblings *siblings)
{
    struct family *family = find_family(siblings);

    if (family)
        return family;
    family = calloc(1, sizeof(*family) + siblings->key.len);
    if (!family)
        return NULL;
    memcpy(family->key, siblings->key.ptr, siblings->key.len);
    HASH_ADD_KEYPTR(hh, siblings->families, family->key, siblings->key.len, family);
    if (family->hh.tbl)
        return family;
    free(family);
    return NULL;
}

void siblings_close(struct siblings *siblings)
{
    struct family *family;
    struct family *next;

    if (!siblings)
        return;
    HASH_ITER(hh, siblings->families, family, next)
    {
        HASH_DEL(siblings->families, family);
        free(family);
    }
    buffer_release(&siblings->key);
    free(siblings);
}

/* ---- what a row says ---- */

/* Whether newer content of the claim had been accepted when this row was judged. */
static bool tells_accepted(const struct siblings *siblings, const struct row_record *record)
{
    if (record->outcome == OUTCOME_ACCEPTED)
        return !siblings->settings->run;
    return record->outcome == OUTCOME_SKIPPED && (strcmp(record->code, "ALREADY_ACCEPTED") == 0 ||
                                                  strcmp(record->code, "SUPERSEDED") == 0);
}

/* Whether the ledger has settled a row since it was reported as unknown: 1 or 0. */
static int was_settled(const struct siblings *siblings, const struct scan_row *row,
                       struct error *err)
{
    const struct siblings_settings *s = siblings->settings;
    struct claim_key key = {row->claim.workcard_id, row->claim.claim_order_no};
    struct row_place place = {s->run, row->line.record.row};
    struct row_place order = {s->sequence, row->line.record.row};
    struct claim_state state;
    struct row_record known;
    int found;

    if (ledger_claim_get(s->ledger, s->platform, &key, &state, err))
        return -1;
    if (state.open)
        return 0;
    if (state.accepted && !row_place_is_before(&state.accepted_order, &order))
        return 1;
    found = ledger_row_get(s->ledger, place, &known, err);
    return found <= 0 ? found
                      : row_has_outcome(&known) &&
                            (known.outcome == OUTCOME_ACCEPTED ||
                             known.outcome == OUTCOME_REJECTED || known.outcome == OUTCOME_SKIPPED);
}

/* Whether the row is unknown, not taken, and not settled since: 1 or 0. */
static int tells_open(const struct siblings *siblings, const struct scan_row *row,
                      struct error *err)
{
    int settled = 0;

    if (row->line.record.outcome != OUTCOME_UNKNOWN || siblings->settings->unknown)
        return 0;
    if (siblings->settings->run)
        settled = was_settled(siblings, row, err);
    return settled < 0 ? -1 : !settled;
}

static int note_row(struct siblings *siblings, const struct scan_row *row, struct error *err)
{
    int open = tells_open(siblings, row, err);
    struct family *family;

    if (open < 0)
        return -1;
    if (!open && !tells_accepted(siblings, &row->line.record))
        return 0;
    if (key_of(siblings, &row->claim, err))
        return -1;
    family = add_family(siblings);
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

static int read_rows(struct siblings *siblings, struct scan *scan, struct repeats *repeats,
                     struct error *err)
{
    struct scan_row row;
    int found;

    while ((found = next_row(scan, &row, err)) > 0)
        if (row.has_claim)
            repeats_note(repeats, &row.claim);
    if (found < 0 || scan_restart(scan, err))
        return -1;
    while ((found = next_row(scan, &row, err)) > 0)
        if (row.has_claim && repeats_maybe(repeats, &row.claim) && note_row(siblings, &row, err))
            return -1;
    return found < 0 ? -1 : scan_restart(scan, err);
}

int siblings_read(const struct siblings_settings *settings, struct scan *scan,
                  struct siblings **ret_siblings, struct error *err)
{
    struct siblings *siblings = calloc(1, sizeof(*siblings));
    struct repeats *repeats = repeats_open();
    int result;

    *ret_siblings = NULL;
    if (siblings)
        siblings->settings = settings;
    result = siblings && repeats ? read_rows(siblings, scan, repeats, err) : error_no_memory(err);
    repeats_close(repeats);
    if (result)
        siblings_close(siblings);
    else
        *ret_siblings = siblings;
    return result;
}

int siblings_find(struct siblings *siblings, const struct claim *claim, uint64_t row,
                  struct obstacle *ret_obstacle, struct error *err)
{
    const struct family *family;

    *ret_obstacle = (struct obstacle){0};
    if (!siblings->families)
        return 0;
    if (key_of(siblings, claim, err))
        return -1;
    family = find_family(siblings);
    if (family && family->open_row && family->open_row < row)
        ret_obstacle->open_row = family->open_row;
    if (family && family->accepted_row > row)
        ret_obstacle->accepted_row = family->accepted_row;
    return 0;
}
