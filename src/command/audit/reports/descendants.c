#include "descendants.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "command/audit/audit.h"
#include "command/audit/disagreement.h"
#include "report/beside.h"
#include "report/manifest/earlier_runs.h"

static bool has_run(const struct audit *audit, const char *run)
{
    for (size_t i = 0; i < audit->report_count; i++)
        if (*run && strcmp(audit->reports[i].manifest.run, run) == 0)
            return true;
    return false;
}

static int look(void *context, const struct earlier_run *earlier_run, struct error *err)
{
    const struct manifest_found *m = earlier_run->manifest;
    struct audit *audit = context;
    struct buffer path = {0};
    size_t len = strlen(earlier_run->path);

    (void)err;
    if (!m || earlier_run->kind == EARLIER_RUN_ELSEWHERE || !has_run(audit, m->parent_run) ||
        has_run(audit, m->run))
        return 0;
    if (earlier_run->kind == EARLIER_RUN_REPORTED && len > strlen(BESIDE_MANIFEST))
        len -= strlen(BESIDE_MANIFEST);
    buffer_append(&path, earlier_run->path, len);
    if (earlier_run->kind == EARLIER_RUN_STARTED)
        disagreement_note(audit, "a re-run of run %s has begun and has no report yet: '%s'",
                          m->parent_run, LOG_QUOTED(buffer_string(&path)));
    else
        disagreement_note(
            audit,
            "'%s' is the report of a re-run of run %s and was not looked at: name it, "
            "too, to see what became of those rows",
            LOG_QUOTED(buffer_string(&path)), m->parent_run);
    buffer_release(&path);
    return 0;
}

int descendants_note(struct audit *audit, struct error *err)
{
    const char *paths[AUDIT_REPORTS_MAX];

    for (size_t i = 0; i < audit->report_count; i++)
        paths[i] = audit->reports[i].path;
    if (earlier_runs_visit(paths, audit->report_count, look, audit, err) == 0)
        return 0;
    if (err->exit_code == EXIT_RESOURCES)
        return -1;
    disagreement_note(audit, _("whether there are reports of re-runs is not known: %s"), err->text);
    return 0;
}
