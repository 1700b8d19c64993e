/* Which runs the ledger knows of the export, and what became of that meanwhile. */
#include "command/upload/submission.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "submission_part.h"

int submission_find_run(const struct submission *s, struct run_record *ret_run, struct error *err)
{
    memset(ret_run, 0, sizeof(*ret_run));
    if (!s->ledger)
        return 0;
    return ledger_run_find(s->ledger, s->command, s->endpoint.platform, s->inspection.survey.sha256,
                           ret_run, err);
}

/* A run that began by a clock that was ahead of this one goes on by that: what may be sent stays
 * so, for both passes, and what it leaves is newer than what it left before. */
int submission_keep_time(struct submission *s, struct error *err)
{
    struct run_record run;
    int found = submission_find_run(s, &run, err);

    if (found <= 0 || resume_latest_ms(&run) <= s->row_source.now_ms)
        return found < 0 ? -1 : 0;
    s->row_source.now_ms = resume_latest_ms(&run);
    log_warn("the clock was set back since this run began: it goes on by the time it had then");
    return 1;
}

/* What became of the input since it was checked, in words; false: nothing. */
bool submission_describe_change(const struct submission *s, char *ret_words, size_t size)
{
    const char *change = export_change(s->row_source.export);

    if (change)
        snprintf(
            ret_words, size,
            _("'%s' %s since it was checked: this run is about what it held then. Let whatever "
              "writes it finish, then start again"),
            LOG_QUOTED(export_name(s->row_source.export)), change);
    return change != NULL;
}

bool submission_say_changed(const struct submission *s)
{
    char words[COORDINATOR_TEXT_BYTES];
    bool changed = submission_describe_change(s, words, sizeof(words));

    if (changed)
        log_warn("%s", words);
    return changed;
}

/* Lines that were deleted from the list are rows that nobody would be told of any more. */
static int tell_of_others(struct submission *s, const struct run_record *run, struct error *err)
{
    struct run_count counts[OUTCOME_COUNT] = {{0}};
    uint64_t invalid;

    if (ledger_run_count_get(s->ledger, run->id, counts, err) < 0)
        return -1;
    invalid = counts[OUTCOME_INVALID].rows;
    if (invalid > s->inspection.rows)
        language_format(&s->left,
                        "next: invalid in run %s: %llu; in this list: %llu. The others are not "
                        "sent by it. Unless another list had them, correct them in the export, or "
                        "in a list that check writes anew, and upload that\n",
                        run->name, (unsigned long long)invalid,
                        (unsigned long long)s->inspection.rows);
    return 0;
}

int submission_find_corrected(struct submission *s, struct error *err)
{
    struct run_record run;
    int found = 0;

    if (!s->inspection.is_correction)
        return 0;
    if (s->ledger)
        found = ledger_run_find(s->ledger, "upload", s->endpoint.platform, s->inspection.corrects,
                                &run, err);
    if (found < 0)
        return -1;
    if (!found) {
        log_warn("this is a list of problems, and this ledger knows no run of the export it came "
                 "from: its rows are taken as the newest there are; upload that export, too");
        return 0;
    }
    memcpy(s->parent_name, run.name, sizeof(s->parent_name));
    s->parent = s->parent_name;
    s->origin = run.origin ? run.origin : run.id;
    s->sequence = run.sequence;
    log_info("this is a list of problems: its rows correct those of run %s, of '%s'", run.name,
             LOG_QUOTED(run.export_name));
    return tell_of_others(s, &run, err);
}

struct resume_settings submission_resume_settings(struct submission *s)
{
    return (struct resume_settings){
        .ledger = s->ledger,
        .command = s->command,
        .platform = s->endpoint.platform,
        .row_source = &s->row_source,
        .inspection = &s->inspection,
        .reading = s->reading.ptr,
        .export_name =
            s->export_place.len ? s->export_place.ptr : export_name(s->row_source.export),
        .report_path = s->report_place.len ? s->report_place.ptr : s->report_path.ptr,
        .parent = s->parent,
        .origin = s->origin,
        .corrects = s->inspection.is_correction ? s->inspection.corrects : NULL,
        .round = s->round,
        .by = s->options->by,
        .reason = s->options->reason,
        .has_passed = s->has_passed,
        .report_stands = s->place.report_stands,
        .report_finished_ms = s->place.finished_ms,
    };
}

int submission_check_abandoned(struct submission *s, struct error *err)
{
    struct resume_settings settings = submission_resume_settings(s);

    return s->ledger ? resume_check_abandoned(&settings, err) : 0;
}
