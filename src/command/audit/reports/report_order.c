#include "report_order.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "command/audit/audit.h"

static int refuse(const struct audit_report *a, const struct audit_report *b, const char *why,
                  struct error *err)
{
    return error_set(err, EXIT_INPUT_REFUSED, "'%s' and '%s' %s", LOG_QUOTED(a->path),
                     LOG_QUOTED(b->path), why);
}

size_t report_order_parent(const struct audit_report *reports, size_t count, size_t report)
{
    const char *parent = reports[report].manifest.parent_run;

    for (size_t i = 0; *parent && i < count; i++)
        if (i != report && strcmp(reports[i].manifest.run, parent) == 0)
            return i;
    return count;
}

/* How many ancestors are among the reports; `count` when they go round in a circle. */
static size_t depth_of(const struct audit_report *reports, size_t count, size_t report)
{
    size_t depth = 0;

    while (depth < count && (report = report_order_parent(reports, count, report)) < count)
        depth++;
    return depth;
}

/* The report at the top of a report's line, as far as it is there. */
static size_t top_of(const struct audit_report *reports, size_t count, size_t report)
{
    size_t parent;

    while ((parent = report_order_parent(reports, count, report)) < count)
        report = parent;
    return report;
}

/* The run at the top of a report's line, as far as it is known. */
static const char *root_of(const struct audit_report *reports, size_t count, size_t report)
{
    report = top_of(reports, count, report);
    return *reports[report].manifest.parent_run ? reports[report].manifest.parent_run
                                                : reports[report].manifest.run;
}

/* The export that a run was about, if only by its list of problems. */
static const char *export_of(const struct manifest_found *m)
{
    return *m->corrects ? m->corrects : m->input_sha256;
}

/* Whether they are of one export, sent from one ledger to one platform. */
static bool is_same_work(const struct manifest_found *a, const struct manifest_found *b)
{
    return strcmp(export_of(a), export_of(b)) == 0 && strcmp(a->platform, b->platform) == 0 &&
           strcmp(a->ledger_id, b->ledger_id) == 0;
}

static int check_pair(const struct audit_report *reports, size_t count, size_t i, struct error *err)
{
    const struct audit_report *a = &reports[0];
    const struct audit_report *b = &reports[i];

    if (depth_of(reports, count, i) == count)
        return refuse(a, b, "name each other as parents in their manifests", err);
    if (strcmp(root_of(reports, count, 0), root_of(reports, count, i)) != 0 &&
        !is_same_work(&reports[top_of(reports, count, 0)].manifest,
                      &reports[top_of(reports, count, i)].manifest))
        return refuse(a, b,
                      _("are not an upload and its re-runs, but reports of unrelated runs; audit "
                        "them one by one"),
                      err);
    if (strcmp(a->manifest.platform, b->manifest.platform) != 0)
        return refuse(a, b, _("are reports of two platforms; audit them one by one"), err);
    return 0;
}

static int check(const struct audit_report *reports, size_t count, struct error *err)
{
    for (size_t i = 0; i < count; i++)
        if (!reports[i].has_manifest)
            return refuse(&reports[i], &reports[i == 0],
                          _("cannot be folded: the first has no manifest that says what it is of; "
                            "audit it alone"),
                          err);
    if (depth_of(reports, count, 0) == count)
        return refuse(&reports[0], &reports[1], _("name each other as parents in their manifests"),
                      err);
    for (size_t i = 1; i < count; i++)
        if (check_pair(reports, count, i, err))
            return -1;
    return 0;
}

/* Whether a stands before b. An upload that went on after its re-run is newer than that. */
static bool is_older(const struct audit_report *a, size_t depth_a, const struct audit_report *b,
                     size_t depth_b)
{
    return a->manifest.started_ms != b->manifest.started_ms
               ? a->manifest.started_ms < b->manifest.started_ms
               : depth_a < depth_b;
}

int report_order_sort(struct audit_report *reports, size_t count, struct error *err)
{
    size_t depths[AUDIT_REPORTS_MAX];

    if (count < 2)
        return 0;
    if (check(reports, count, err))
        return -1;
    for (size_t i = 0; i < count; i++)
        depths[i] = depth_of(reports, count, i);
    for (size_t i = 1; i < count; i++) {
        struct audit_report report = reports[i];
        size_t depth = depths[i];
        size_t at = i;

        for (; at > 0 && is_older(&report, depth, &reports[at - 1], depths[at - 1]); at--) {
            reports[at] = reports[at - 1];
            depths[at] = depths[at - 1];
        }
        reports[at] = report;
        depths[at] = depth;
    }
    return 0;
}
