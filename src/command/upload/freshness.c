#include "freshness.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

static int refuse(const struct submission *s, const struct run_record *run, struct error *err)
{
    char ended[CLOCK_TOP_BYTES];

    clock_format_top(run->finished_ms, ended);
    return error_set(err, EXIT_TRY_LATER,
                     "the day's file has not arrived yet: '%s' holds the export of run %s, which "
                     "ended at %s Beijing time (--expect-new). Start again when the new one is "
                     "there; without --expect-new what is left of this one is sent",
                     LOG_QUOTED(export_name(s->row_source.export)), run->name, ended);
}

int freshness_check(const struct submission *s, struct error *err)
{
    struct run_record run;
    int found;

    if (!s->options->expect_new || s->round != ROUND_NONE || !s->ledger)
        return 0;
    found = submission_find_run(s, &run, err);
    if (!found)
        found = ledger_run_find_pruned(s->ledger, s->command, s->endpoint.platform,
                                       s->inspection.survey.sha256, &run, err);
    if (found <= 0)
        return found;
    if (!run.finished_ms || *run.stopped_because || !run.published ||
        clock_beijing_day(run.finished_ms) >= clock_beijing_day(s->row_source.now_ms))
        return 0;
    return refuse(s, &run, err);
}
