#include "same_run.h"

#include <string.h>

#include "base/log.h"
#include "command/audit/audit.h"
#include "command/audit/disagreement.h"
#include "superseded.h"

static bool is_of_one_run(const struct audit_report *a, const struct audit_report *b)
{
    return a->has_manifest && b->has_manifest && strcmp(a->manifest.run, b->manifest.run) == 0;
}

static bool is_intact(const struct audit_report *report)
{
    return *report->sha256 && strcmp(report->sha256, report->manifest.report_sha256) == 0;
}

/* Of two that are what their manifests say. */
static bool is_newer(const struct audit_report *a, const struct audit_report *b)
{
    return superseded_is_replaced(b, a) ||
           (!superseded_is_replaced(a, b) && a->manifest.finished_ms > b->manifest.finished_ms);
}

/* Says why the second does not count. */
static void tell(struct audit *audit, const struct audit_report *stays,
                 const struct audit_report *goes)
{
    const char *quoted[2] = {LOG_QUOTED(stays->path), LOG_QUOTED(goes->path)};

    if (strcmp(stays->sha256, goes->sha256) == 0)
        disagreement_note(audit, "'%s' is the same report as '%s': it counts once", quoted[1],
                          quoted[0]);
    else if (!is_intact(goes))
        disagreement_raise(audit, AUDIT_OTHERS, AUDIT_NO_REPORT, 0,
                           "'%s' is of the run of '%s', and is not what its own manifest says: it "
                           "was left out; audit it alone to see where",
                           quoted[1], quoted[0]);
    else if (is_newer(stays, goes))
        disagreement_note(audit, "'%s' is an older report of the run of '%s': it counts once",
                          quoted[1], quoted[0]);
    else
        disagreement_raise(audit, AUDIT_OTHERS, AUDIT_NO_REPORT, 0,
                           "'%s' and '%s' differ, are of one run and of one time, and neither "
                           "replaced the other: the second was left out",
                           quoted[0], quoted[1]);
}

static bool is_better(const struct audit_report *a, const struct audit_report *b)
{
    return is_intact(a) && (!is_intact(b) || is_newer(a, b));
}

/* The second of two becomes the first, which goes. */
static void drop(struct audit *audit, size_t stays, size_t goes, struct superseded *ret_left_out)
{
    struct audit_report *reports = audit->reports;

    if (is_better(&reports[goes], &reports[stays])) {
        struct audit_report better = reports[goes];

        reports[goes] = reports[stays];
        reports[stays] = better;
    }
    tell(audit, &reports[stays], &reports[goes]);
    if (is_intact(&reports[goes]) && strcmp(reports[stays].sha256, reports[goes].sha256) != 0)
        superseded_add(ret_left_out, &reports[goes]);
    else
        manifest_found_release(&reports[goes].manifest);
    audit->report_count--;
    memmove(&reports[goes], &reports[goes + 1],
            (audit->report_count - goes) * sizeof(reports[goes]));
}

void same_run_drop(struct audit *audit, struct superseded *ret_left_out)
{
    for (size_t i = 0; i < audit->report_count; i++)
        for (size_t k = i + 1; k < audit->report_count;)
            if (is_of_one_run(&audit->reports[i], &audit->reports[k]))
                drop(audit, i, k, ret_left_out);
            else
                k++;
}
