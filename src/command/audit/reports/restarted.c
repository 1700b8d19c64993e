#include "restarted.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/words/language.h"
#include "command/audit/audit.h"
#include "command/audit/disagreement.h"
#include "ledger/ledger.h"

struct restarted {
    struct audit *audit;
    size_t report;
    int64_t started_ms, finished_ms; /* of the run, as the ledger has it */
    struct audit apart;
};

static void object(struct audit *audit, size_t report, int64_t started_ms, int64_t finished_ms)
{
    char time[CLOCK_TOP_BYTES];

    clock_format_top(started_ms, time);
    audit->reports[report].ledger = AUDIT_DISAGREES;
    disagreement_raise(
        audit, AUDIT_LEDGER, report, 0,
        _("its run %s was started again at %s Beijing time, so this is not its newest "
          "report%s; its rows were not compared with the ledger"),
        audit->reports[report].manifest.run, time,
        finished_ms ? ""
                    : _(" (there is none yet: the same command again makes it; where its "
                        "export is gone, claimbatch resolve brings this one up to date)"));
}

struct end {
    int64_t at_ms;
    bool is_known;
};

static void see(void *context, const struct event *event)
{
    struct end *end = context;

    end->is_known |=
        (event->kind == EVENT_END || event->kind == EVENT_STOP) && event->at_ms == end->at_ms;
}

int restarted_may_agree(struct ledger *ledger, const struct run_record *run,
                        const struct manifest_found *manifest, struct error *err)
{
    struct end end = {.at_ms = manifest->finished_ms};
    int found = ledger_run_has_intents(ledger, run->id, err);

    if (found || !run->finished_ms)
        return found < 0 ? -1 : !found;
    if (manifest->finished_ms > run->started_ms)
        return 0;
    if (ledger_events_visit(ledger, run->id, see, &end, err))
        return -1;
    return end.is_known;
}

void restarted_object(struct audit *audit, size_t report, const struct run_record *run)
{
    object(audit, report, run->started_ms, run->finished_ms);
}

struct restarted *restarted_open(struct audit *audit, size_t report, const struct run_record *run)
{
    struct restarted *restarted = calloc(1, sizeof(*restarted));
    struct audit_report *reports = calloc(report + 1, sizeof(*reports));

    if (!restarted || !reports) {
        free(restarted);
        free(reports);
        return NULL;
    }
    reports[report] = audit->reports[report];
    *restarted = (struct restarted){audit, report, run->started_ms, run->finished_ms, {0}};
    restarted->apart.reports = reports;
    return restarted;
}

/* What the manifest holds stays that of the report. */
void restarted_close(struct restarted *restarted)
{
    if (!restarted)
        return;
    for (size_t i = 0; i < restarted->apart.disagreement_count; i++)
        free(restarted->apart.disagreements[i].text);
    for (size_t i = 0; i < restarted->apart.note_count; i++)
        free(restarted->apart.notes[i]);
    free(restarted->apart.disagreements);
    free(restarted->apart.reports);
    free(restarted);
}

struct audit *restarted_audit(struct restarted *restarted)
{
    return &restarted->apart;
}

void restarted_tell(struct restarted *restarted)
{
    struct audit *audit = restarted->audit;
    const struct audit_report *report = &audit->reports[restarted->report];
    char time[CLOCK_TOP_BYTES];

    audit->no_memory |= restarted->apart.no_memory;
    if (restarted->apart.disagreements_found) {
        object(audit, restarted->report, restarted->started_ms, restarted->finished_ms);
        return;
    }
    clock_format_top(restarted->started_ms, time);
    if (restarted->finished_ms)
        disagreement_note(audit,
                          "run %s was started again at %s Beijing time, and sent nothing: '%s' "
                          "still is what the ledger knows",
                          report->manifest.run, time, LOG_QUOTED(report->path));
    else
        disagreement_note(audit,
                          "run %s was started again at %s Beijing time, and that start ended "
                          "before anything came of it: '%s' still is what the ledger knows",
                          report->manifest.run, time, LOG_QUOTED(report->path));
}
