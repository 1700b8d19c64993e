/* What tells of a run before its report is there. */
#include "base/error.h"
#include "base/log.h"
#include "expected_ledger.h"
#include "ledger/commits.h"
#include "report/manifest/started.h"
#include "submission_part.h"
#include "unfinished_run.h"

static int judge_place(void *context, struct error *err)
{
    return expected_ledger_check_again(context, err);
}

static int tell_of_left(void *context, const struct manifest_found *found, const char *aside,
                        struct error *err)
{
    return unfinished_run_start(context, found, aside, err);
}

/* One platform by another name is another one: claims that it has accepted would be sent again. */
static int warn_of_platform(const struct submission *s, struct error *err)
{
    const char *platform = s->endpoint.platform;
    struct buffer other = {0};
    int found = ledger_run_has_others(s->ledger, platform, s->resumed.run.sequence, err);

    if (found)
        return found < 0 ? -1 : 0;
    found = ledger_platform_other(s->ledger, platform, &other, err);
    if (found > 0)
        log_warn("this ledger's claims were sent to platform '%s' so far, and '%s' is another one: "
                 "what was accepted there is sent here, too. If both are the same, stop, and name "
                 "the --gateway as before",
                 LOG_QUOTED(other.ptr), LOG_QUOTED(platform));
    buffer_release(&other);
    return found < 0 ? -1 : 0;
}

/* What tells of this run to whoever comes with another ledger; and a look at who came
 * meanwhile. */
int submission_announce(struct submission *s, const struct manifest *manifest, struct error *err)
{
    struct started_settings settings = {manifest, judge_place, tell_of_left, s};

    if (ledger_commits_mark(s->ledger, err))
        return -1;
    if (started_make(&settings, &s->is_announced, err) ||
        (!s->parent && started_mark_export(&settings, s->options->claims, err)))
        return -1;
    if (s->is_announced && warn_of_platform(s, err))
        return -1;
    return expected_ledger_check_again(s, err);
}

/* A start that sent nothing leaves nothing in the way of the next one. */
void submission_withdraw(const struct submission *s)
{
    struct error ignored;

    if (!s->is_announced || ledger_run_has_rows(s->ledger, s->resumed.run.id, &ignored) != 0)
        return;
    started_remove(s->report_path.ptr, &s->resumed.run, s->ledger, &ignored);
    started_unmark_export(s->options->claims, &s->resumed.run, s->ledger, &ignored);
}
