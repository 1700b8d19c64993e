#include "totals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Without it uthash ends the program when it has no memory; with it an entry that could not be
 * added has no table. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "audit.h"
#include "base/array.h"
#include "base/error.h"

struct code_key {
    enum outcome outcome;
    char text[AUDIT_CODE_BYTES];
};

struct code_group {
    UT_hash_handle hh;
    struct code_key key;
    struct audit_code code;
};

/* Rows of one outcome that need a person, in their order. */
struct open_list {
    struct audit_row *rows;
    size_t count, room;
};

struct totals {
    struct audit *audit;
    struct code_group *groups;
    struct open_list open[OUTCOME_COUNT];
    size_t open_count; /* in all lists */
};

/* What is settled first; those that need no person come last. */
static const int urgency[OUTCOME_COUNT] = {
    [OUTCOME_UNKNOWN] = 0, [OUTCOME_REJECTED] = 1, [OUTCOME_FAILED] = 2,
    [OUTCOME_INVALID] = 3, [OUTCOME_UNSENT] = 4,   [OUTCOME_SKIPPED] = 5,
};

struct totals *totals_open(struct audit *audit)
{
    struct totals *totals = calloc(1, sizeof(*totals));

    if (totals)
        totals->audit = audit;
    return totals;
}

void totals_close(struct totals *totals)
{
    struct code_group *group;
    struct code_group *next;

    if (!totals)
        return;
    HASH_ITER(hh, totals->groups, group, next)
    {
        HASH_DEL(totals->groups, group);
        free(group);
    }
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        for (size_t k = 0; k < totals->open[i].count; k++)
            free(totals->open[i].rows[k].texts);
        free(totals->open[i].rows);
    }
    free(totals);
}

/* ---- the final state ---- */

static int weight_of(const struct scan_row *row)
{
    enum outcome outcome = row->line.record.outcome;

    return outcome == OUTCOME_ACCEPTED ? 2 : outcome == OUTCOME_UNKNOWN ? 1 : 0;
}

const struct scan_row *totals_choose(const struct scan_row *older, const struct scan_row *newer)
{
    return weight_of(newer) >= weight_of(older) ? newer : older;
}

static int64_t fee_of(const struct scan_row *row)
{
    return row->has_claim ? row->claim.claim_fee : 0;
}

static void add_to(struct audit_sum *sum, const struct scan_row *row)
{
    sum->rows++;
    sum->fee_fen += fee_of(row);
}

static void count(struct audit *audit, const struct scan_row *row)
{
    enum outcome outcome = row->line.record.outcome;

    audit->rows++;
    add_to(&audit->outcomes[outcome], row);
    if (row->has_claim)
        add_to(&audit->statuses[row->claim.claim_status][outcome], row);
}

/* ---- texts that are kept ---- */

/* Copies a text, cut at a character where it is too long. Returns the end of the copy, its NUL. */
static char *copy_cut(const char *text, char *to, size_t size)
{
    size_t len = strlen(text);

    if (len < size) {
        memcpy(to, text, len + 1);
        return to + len;
    }
    len = size - sizeof("…");
    while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    memcpy(to, text, len);
    memcpy(to + len, "…", sizeof("…"));
    return to + len + strlen("…");
}

/* ---- codes ---- */

static struct code_group *find_group(struct totals *totals, enum outcome outcome, const char *code,
                                     struct code_key *ret_key)
{
    struct code_group *group = NULL;

    /* Compared as bytes, so the rest behind the text must be zero. */
    memset(ret_key, 0, sizeof(*ret_key));
    ret_key->outcome = outcome;
    copy_cut(code, ret_key->text, sizeof(ret_key->text));
    HASH_FIND(hh, totals->groups, ret_key, sizeof(*ret_key), group);
    return group;
}

static struct code_group *new_group(struct totals *totals, const struct code_key *key,
                                    const struct scan_row *row)
{
    const struct row_record *r = &row->line.record;
    struct code_group *group = calloc(1, sizeof(*group));

    if (!group)
        return NULL;
    group->key = *key;
    HASH_ADD(hh, totals->groups, key, sizeof(group->key), group);
    if (!group->hh.tbl) {
        free(group);
        return NULL;
    }
    group->code.outcome = key->outcome;
    memcpy(group->code.code, key->text, sizeof(group->code.code));
    copy_cut(r->message, group->code.message, sizeof(group->code.message));
    advice_find(r->code, r->sub_code, r->outcome, &group->code.advice);
    return group;
}

static int count_code(struct totals *totals, const struct scan_row *row, struct error *err)
{
    const struct row_record *r = &row->line.record;
    struct code_key key;
    struct code_group *group;

    if (r->outcome == OUTCOME_ACCEPTED)
        return 0;
    group = find_group(totals, r->outcome, r->code, &key);
    if (!group && HASH_COUNT(totals->groups) >= AUDIT_CODES_MAX)
        group = find_group(totals, r->outcome, AUDIT_OTHER_CODE, &key);
    if (!group)
        group = new_group(totals, &key, row);
    if (!group)
        return error_no_memory(err);
    group->code.rows++;
    group->code.fee_fen += fee_of(row);
    if (group->code.first_count < AUDIT_FIRST_ROWS)
        group->code.first_rows[group->code.first_count++] = r->row;
    return 0;
}

/* What is most urgent comes first. */
static int compare_codes(const void *a, const void *b)
{
    const struct audit_code *x = a;
    const struct audit_code *y = b;

    if (x->outcome != y->outcome)
        return urgency[x->outcome] - urgency[y->outcome];
    if (x->rows != y->rows)
        return x->rows < y->rows ? 1 : -1;
    return strcmp(x->code, y->code);
}

static int list_codes(struct totals *totals, struct error *err)
{
    struct audit *audit = totals->audit;
    struct code_group *group;
    struct code_group *next;

    if (!HASH_COUNT(totals->groups))
        return 0;
    audit->codes = calloc(HASH_COUNT(totals->groups), sizeof(*audit->codes));
    if (!audit->codes)
        return error_no_memory(err);
    HASH_ITER(hh, totals->groups, group, next)
    audit->codes[audit->code_count++] = group->code;
    qsort(audit->codes, audit->code_count, sizeof(*audit->codes), compare_codes);
    return 0;
}

/* ---- rows that need a person ---- */

bool totals_needs_person(enum outcome outcome)
{
    return outcome == OUTCOME_UNKNOWN || outcome == OUTCOME_REJECTED || outcome == OUTCOME_FAILED ||
           outcome == OUTCOME_INVALID;
}

/* Makes place for a row where there are as many as are kept: the last of those that are least
 * urgent goes. False when none is less urgent than it. */
static bool make_place(struct totals *totals, enum outcome outcome)
{
    int least = OUTCOME_COUNT;

    if (totals->open_count < AUDIT_OPEN_ROWS_MAX)
        return true;
    for (int i = 0; i < OUTCOME_COUNT; i++)
        if (totals->open[i].count && urgency[i] > urgency[outcome] &&
            (least == OUTCOME_COUNT || urgency[i] > urgency[least]))
            least = i;
    if (least == OUTCOME_COUNT)
        return false;
    free(totals->open[least].rows[--totals->open[least].count].texts);
    totals->open_count--;
    return true;
}

/* Copies the texts of a line; false without memory. */
static bool keep_texts(const struct scan_row *row, struct audit_row *kept)
{
    const struct row_record *r = &row->line.record;
    const char **places[] = {&kept->workcard_id, &kept->claim_order_no, &kept->claim_desc,
                             &kept->code,        &kept->sub_code,       &kept->message,
                             &kept->request_id};
    const char *const texts[] = {row->line.fields[FIELD_WORKCARD_ID],
                                 row->line.fields[FIELD_CLAIM_ORDER_NO],
                                 row->line.fields[FIELD_CLAIM_DESC],
                                 r->code,
                                 r->sub_code,
                                 r->message,
                                 r->request_id};
    char all[sizeof(texts) / sizeof(*texts) * AUDIT_TEXT_BYTES];
    size_t starts[sizeof(texts) / sizeof(*texts)];
    char *end = all;

    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        starts[i] = (size_t)(end - all);
        end = copy_cut(texts[i], end, AUDIT_TEXT_BYTES) + 1;
    }
    kept->texts = malloc((size_t)(end - all));
    if (!kept->texts)
        return false;
    memcpy(kept->texts, all, (size_t)(end - all));
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
        *places[i] = kept->texts + starts[i];
    return true;
}

static int keep_open(struct totals *totals, const struct scan_row *row, size_t report,
                     struct error *err)
{
    const struct row_record *r = &row->line.record;
    struct open_list *open = &totals->open[r->outcome];
    struct audit_row *kept;

    if (!totals_needs_person(r->outcome))
        return 0;
    if (totals->open_count == AUDIT_OPEN_ROWS_MAX)
        totals->audit->open_left_out++;
    if (!make_place(totals, r->outcome))
        return 0;
    if (!ARRAY_HAS_ROOM(open->rows, open->count, open->room))
        return error_no_memory(err);
    kept = &open->rows[open->count];
    *kept = (struct audit_row){
        .row = r->row,
        .report = report,
        .outcome = r->outcome,
        .fee_fen = fee_of(row),
        .status = row->has_claim ? (int)row->claim.claim_status : -1,
        .attempts = r->attempts,
        .http_status = r->http_status,
        .submitted_ms = r->submitted_ms,
    };
    if (!keep_texts(row, kept))
        return error_no_memory(err);
    open->count++;
    totals->open_count++;
    return 0;
}

int totals_add(struct totals *totals, const struct scan_row *row, size_t report, struct error *err)
{
    count(totals->audit, row);
    return count_code(totals, row, err) ? -1 : keep_open(totals, row, report, err);
}

/* ---- the end ---- */

static int compare_rows(const void *a, const void *b)
{
    const struct audit_row *x = a;
    const struct audit_row *y = b;

    return x->row < y->row ? -1 : x->row > y->row;
}

/* Hands the rows that need a person over to the audit. */
static int list_open(struct totals *totals, struct error *err)
{
    struct audit *audit = totals->audit;

    if (!totals->open_count)
        return 0;
    audit->open_rows = calloc(totals->open_count, sizeof(*audit->open_rows));
    if (!audit->open_rows)
        return error_no_memory(err);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        if (!totals->open[i].count)
            continue;
        memcpy(audit->open_rows + audit->open_count, totals->open[i].rows,
               totals->open[i].count * sizeof(*audit->open_rows));
        audit->open_count += totals->open[i].count;
        totals->open[i].count = 0;
    }
    qsort(audit->open_rows, audit->open_count, sizeof(*audit->open_rows), compare_rows);
    return 0;
}

int totals_finish(struct totals *totals, struct error *err)
{
    return list_codes(totals, err) ? -1 : list_open(totals, err);
}
