#include "superseded.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "command/audit/audit.h"
#include "command/audit/disagreement.h"
#include "report/scan.h"

/* One of the reports, and the line of it that is at hand. */
struct other {
    struct audit_report report;
    struct scan *scan; /* NULL: it is read to its end */
    struct scan_row row;
    bool has_row;
};

struct superseded {
    struct other others[AUDIT_REPORTS_MAX];
    size_t count;
};

struct superseded *superseded_open(void)
{
    return calloc(1, sizeof(struct superseded));
}

void superseded_close(struct superseded *left_out)
{
    if (!left_out)
        return;
    for (size_t i = 0; i < left_out->count; i++) {
        manifest_found_release(&left_out->others[i].report.manifest);
        scan_close(left_out->others[i].scan);
    }
    free(left_out);
}

void superseded_add(struct superseded *left_out, const struct audit_report *report)
{
    left_out->others[left_out->count++].report = *report;
}

void superseded_read(struct superseded *left_out, const char *path, struct scan *scan)
{
    for (size_t i = 0; i < left_out->count; i++)
        if (scan && left_out->others[i].report.path == path) {
            left_out->others[i].scan = scan;
            return;
        }
    scan_close(scan);
}

bool superseded_is_replaced(const struct audit_report *older, const struct audit_report *newer)
{
    for (size_t i = 0; i < newer->manifest.replaced_count; i++)
        if (strcmp(newer->manifest.replaced[i], older->sha256) == 0)
            return true;
    return false;
}

/* Goes on to the line of this row, or beyond it. What is wrong with a report that does not count is
 * not told: it is read as far as it goes. */
static int seek(struct other *other, uint64_t number, struct error *err)
{
    while (other->scan && (!other->has_row || other->row.line.record.row < number)) {
        int found = scan_next(other->scan, &other->row, err);

        if (found < 0 && err->exit_code != EXIT_INPUT_REFUSED)
            return -1;
        other->has_row = found > 0;
        if (found <= 0) {
            scan_close(other->scan);
            other->scan = NULL;
        }
    }
    return 0;
}

/* Whether the one was sent again on purpose by who knew of the other (--resubmit). */
static bool is_resubmitted(const struct audit_report *older, const struct row_record *was,
                           const struct audit_report *newer, const struct row_record *is)
{
    return superseded_is_replaced(older, newer) && is->attempts > was->attempts &&
           is->submitted_ms > was->submitted_ms;
}

static bool is_executed_twice(const struct audit_report *a, const struct row_record *row_a,
                              const struct audit_report *b, const struct row_record *row_b)
{
    return row_a->outcome == OUTCOME_ACCEPTED && row_b->outcome == OUTCOME_ACCEPTED &&
           *row_a->request_id && *row_b->request_id &&
           strcmp(row_a->request_id, row_b->request_id) != 0 &&
           !is_resubmitted(a, row_a, b, row_b) && !is_resubmitted(b, row_b, a, row_a);
}

int superseded_compare(struct superseded *left_out, struct audit *audit, size_t report,
                       const struct scan_row *row, struct error *err)
{
    const struct audit_report *counts = &audit->reports[report];
    const struct audit_report *known = counts;
    const struct row_record *record = &row->line.record;

    for (size_t i = 0; i < left_out->count; i++) {
        struct other *other = &left_out->others[i];
        const struct row_record *said = &other->row.line.record;

        if (strcmp(other->report.manifest.run, counts->manifest.run) != 0)
            continue;
        if (seek(other, row->line.record.row, err))
            return -1;
        if (!other->has_row || said->row != row->line.record.row)
            continue;
        if (is_executed_twice(known, record, &other->report, said))
            disagreement_raise(audit, AUDIT_OTHERS, report, said->row,
                               "'%s' and '%s' are of one run, and have it as accepted with two "
                               "request_ids: executed twice",
                               LOG_QUOTED(known->path), LOG_QUOTED(other->report.path));
        if (record->outcome != OUTCOME_ACCEPTED && said->outcome == OUTCOME_ACCEPTED) {
            known = &other->report;
            record = said;
        }
    }
    return 0;
}
