#include "suspect_lines.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/words/language.h"
#include "disagreement.h"
#include "report/report.h"
#include "report/scan.h"

/* An id of more calls than this is no repeated answer: the gateway's ids tell no call from another.
 */
#define COMMON_CALLS 8

#define ID_BYTES 40 /* of a request_id, for people; those of the gateway have 12 to 32 */

struct entry {
    uint64_t hash;
    int64_t submitted_ms, duration_ms; /* of its call */
    uint32_t report;
    uint64_t row;
    char id[ID_BYTES];
};

struct suspect_lines {
    struct audit *audit;
    FILE *file;
    uint64_t count;
};

static int fail(struct error *err)
{
    return error_set(err, EXIT_CANNOT_WRITE, "cannot use a temporary file: %s", strerror(errno));
}

int suspect_lines_open(struct audit *audit, struct suspect_lines **ret_doubtful, struct error *err)
{
    struct suspect_lines *doubtful = calloc(1, sizeof(*doubtful));

    *ret_doubtful = NULL;
    if (!doubtful)
        return error_no_memory(err);
    doubtful->audit = audit;
    doubtful->file = tmpfile();
    if (!doubtful->file) {
        free(doubtful);
        return fail(err);
    }
    *ret_doubtful = doubtful;
    return 0;
}

void suspect_lines_close(struct suspect_lines *doubtful)
{
    if (!doubtful)
        return;
    fclose(doubtful->file);
    free(doubtful);
}

/* Whether the row has what its answer said as its outcome. */
static bool rests_on_answer(const struct row_record *record)
{
    if (!*record->request_id || strncmp(record->code, "RESOLVED_", strlen("RESOLVED_")) == 0)
        return false;
    return record->outcome == OUTCOME_ACCEPTED || record->outcome == OUTCOME_REJECTED ||
           record->outcome == OUTCOME_FAILED;
}

int suspect_lines_note(struct suspect_lines *doubtful, size_t report, const struct scan_row *row,
                       struct error *err)
{
    const struct row_record *record = &row->line.record;
    struct entry entry;

    if (strstr(row->line.warnings, REPORT_SUSPECT_ANSWER))
        disagreement_raise(doubtful->audit, AUDIT_ITSELF, report, record->row,
                           _("SUSPECT_ANSWER: bytes that nobody had asked for came behind its "
                             "answer, so that may be "
                             "about another row; ask the platform"));
    if (!rests_on_answer(record))
        return 0;
    memset(&entry, 0, sizeof(entry));
    entry.hash = hash_text(1, record->request_id);
    entry.submitted_ms = record->submitted_ms;
    entry.duration_ms = record->duration_ms;
    entry.row = record->row;
    entry.report = (uint32_t)report;
    snprintf(entry.id, sizeof(entry.id), "%s", record->request_id);
    doubtful->count++;
    return fwrite(&entry, sizeof(entry), 1, doubtful->file) == 1 ? 0 : fail(err);
}

static int compare(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    if (x->submitted_ms != y->submitted_ms)
        return x->submitted_ms < y->submitted_ms ? -1 : 1;
    if (x->duration_ms != y->duration_ms)
        return x->duration_ms < y->duration_ms ? -1 : 1;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return x->report < y->report ? -1 : x->report > y->report;
}

/* The rows of a batch call may share its id. A repeated answer is read after the first one, so by a
 * call that left later. */
static bool is_same_call(const struct entry *a, const struct entry *b)
{
    return a->submitted_ms == b->submitted_ms && a->duration_ms == b->duration_ms;
}

/* Rows of one id, sorted; they may be all the same one, or of one call. */
static void object_to(struct suspect_lines *doubtful, const struct entry *first,
                      const struct entry *end)
{
    const struct entry *other = NULL;
    uint64_t rows = 1, calls = 1;

    for (const struct entry *e = first + 1; e < end; e++) {
        if (e->row == e[-1].row)
            continue;
        rows++;
        if (is_same_call(e, e - 1))
            continue;
        calls++;
        other = other ? other : e;
    }
    if (calls > COMMON_CALLS)
        disagreement_note(
            doubtful->audit,
            "request_id '%s' stands on %llu rows: the gateway does not give each call its "
            "own, so repeated answers cannot be known by it",
            LOG_QUOTED(first->id), (unsigned long long)rows);
    else if (other)
        disagreement_raise(
            doubtful->audit, AUDIT_ITSELF, other->report, other->row,
            "its request_id '%s' stands on row %llu too (on %llu rows in all): where "
            "the gateway gives each call its own, an answer was repeated, and one of "
            "them is about another row",
            LOG_QUOTED(first->id), (unsigned long long)first->row, (unsigned long long)rows);
}

static void judge(struct suspect_lines *doubtful, struct entry *entries, size_t count)
{
    qsort(entries, count, sizeof(*entries), compare);
    for (size_t first = 0, end = 0; first < count; first = end) {
        while (end < count && entries[end].hash == entries[first].hash)
            end++;
        object_to(doubtful, entries + first, entries + end);
    }
}

/* Reads those entries of which `part` of `parts` has the ids. More than there is room for come only
 * where one id stands on very many rows: the first ones will do. */
static int read_part(struct suspect_lines *doubtful, uint64_t part, uint64_t parts,
                     struct entry *entries, size_t *ret_count, struct error *err)
{
    struct entry entry;

    *ret_count = 0;
    rewind(doubtful->file);
    while (fread(&entry, sizeof(entry), 1, doubtful->file) == 1)
        if ((entry.hash >> 8) % parts == part && *ret_count < 2 * SUSPECT_LINES_PART)
            entries[(*ret_count)++] = entry;
    return ferror(doubtful->file) ? fail(err) : 0;
}

int suspect_lines_finish(struct suspect_lines *doubtful, struct error *err)
{
    uint64_t parts = doubtful->count / SUSPECT_LINES_PART + 1;
    size_t room =
        doubtful->count < 2 * SUSPECT_LINES_PART ? doubtful->count : 2 * SUSPECT_LINES_PART;
    struct entry *entries = calloc(room + 1, sizeof(*entries));
    int result = 0;

    if (!entries)
        return error_no_memory(err);
    if (fflush(doubtful->file) != 0)
        result = fail(err);
    for (uint64_t part = 0; part < parts && !result; part++) {
        size_t count;

        result = read_part(doubtful, part, parts, entries, &count, err);
        if (!result)
            judge(doubtful, entries, count);
    }
    free(entries);
    return result;
}
