/* claimbatch rerun: submit again those rows of a report that are safe to submit again. */

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/ending/ending.h"
#include "cli/next_step.h"
#include "cli/statement.h"
#include "command/commands.h"
#include "command/upload/submission.h"
#include "ledger/commits.h"
#include "report/missing_report.h"
#include "report/publication.h"
#include "rerun_place.h"
#include "selection.h"

/* ---- what was typed ---- */

static int check_usage(const struct options *o, struct error *err)
{
    if (strcmp(o->claims, "-") == 0)
        return error_set(err, EXIT_BAD_USAGE,
                         "a report is read together with the manifest beside it, so it cannot come "
                         "from standard input");
    if (o->include_unknown && (!o->by || !o->reason))
        return error_set(err, EXIT_BAD_USAGE,
                         "sending unknown rows again needs --by NAME and --reason TEXT, which are "
                         "recorded");
    if (o->new_ledger && (!o->by || !o->reason))
        return error_set(err, EXIT_BAD_USAGE,
                         "--new-ledger needs --by NAME and --reason TEXT, which are recorded with "
                         "what it passes over");
    if ((o->by || o->reason) && !o->include_unknown && !o->new_ledger)
        return error_set(err, EXIT_BAD_USAGE,
                         "--by and --reason go with --include unknown or --new-ledger");
    if (statement_check(o->by, o->reason, err))
        return -1;
    if (access(o->claims, R_OK))
        return missing_report_refuse(o->claims, errno, err);
    return 0;
}

/* Another selection of rows is another run. */
static const char *name_command(const struct options *o)
{
    if (o->include_rejected)
        return o->include_unknown ? "rerun --include rejected,unknown" : "rerun --include rejected";
    return o->include_unknown ? "rerun --include unknown" : "rerun";
}

/* ---- the run of the report ---- */

/* A ledger is made only where a person said that the one of the report is not to be had, and not by
 * a dry run. */
static int open_ledger(struct rerun *r, struct error *err)
{
    struct submission *s = &r->submission;
    char id[LEDGER_ID_BYTES];
    enum ledger_place place;
    bool is_missing;

    if (ledger_place_look(s->ledger_path.ptr, &place, id, err))
        return -1;
    is_missing = place != LEDGER_STANDS;
    if (is_missing && !s->options->new_ledger)
        return error_set(err, EXIT_BAD_CONFIG,
                         "there is no ledger at '%s'; name the one the report was made with "
                         "(ledger %s) with --ledger, or say --new-ledger if it is lost: then only "
                         "the report tells what was sent",
                         LOG_QUOTED(s->ledger_path.ptr), r->manifest.ledger_id);
    return is_missing && s->options->dry_run ? 0 : submission_open_ledger(s, err);
}

static int refuse_stranger(const struct rerun *r, struct error *err)
{
    const struct submission *s = &r->submission;

    if (!manifest_is_of(&r->manifest, s->ledger))
        return error_set(err, EXIT_BAD_CONFIG,
                         "the report was made with ledger %s, but '%s' is ledger %s; name the "
                         "right one with --ledger, or say --new-ledger if it is lost: then only "
                         "the report tells what was sent",
                         r->manifest.ledger_id, LOG_QUOTED(ledger_path(s->ledger)),
                         ledger_id(s->ledger));
    return error_set(err, EXIT_BAD_CONFIG,
                     "the ledger '%s' does not know run %s of this report, so it is an older copy "
                     "of itself; say --new-ledger if the newer one is lost: then only the report "
                     "tells what was sent",
                     LOG_QUOTED(ledger_path(s->ledger)), r->manifest.run);
}

/* Its report is taken at its word, as a person says now or has said before. */
static int pass_parent(struct rerun *r, struct error *err)
{
    struct submission *s = &r->submission;
    const struct options *o = s->options;
    struct statement_by by = {o->by, o->reason, clock_wall_ms()};
    struct pass pass = manifest_pass(&r->manifest, PASS_REPORT);
    int found = ledger_pass_find(s->ledger, &pass, err);

    if (found)
        return found < 0 ? -1 : 0;
    if (!o->new_ledger)
        return refuse_stranger(r, err);
    if (ledger_begin(s->ledger, err) || ledger_pass_add(s->ledger, &pass, &by, err) ||
        ledger_commit(s->ledger, err)) {
        ledger_rollback(s->ledger);
        return -1;
    }
    s->has_passed = true;
    return 0;
}

static int find_parent(struct rerun *r, struct error *err)
{
    struct submission *s = &r->submission;
    int found = s->ledger ? ledger_run_named(s->ledger, r->manifest.run, &r->parent, err) : 0;

    if (found < 0 || (!found && s->ledger && pass_parent(r, err)))
        return -1;
    if (!found)
        r->parent.id = 0;
    else
        s->origin = r->parent.origin ? r->parent.origin : r->parent.id;
    s->sequence = r->parent.sequence;
    s->parent = r->manifest.run;
    return 0;
}

/* ---- the first pass ---- */

static void say_what_was_taken(const struct rerun *r)
{
    const struct selection_counts *counts = selection_counts(r->selection);
    const struct inspection *i = &r->submission.inspection;
    char yuan[MONEY_TEXT_BYTES];
    char day[CLOCK_TOP_BYTES];
    struct buffer taken = {0};
    struct buffer left = {0};

    for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
        uint64_t of_it = counts->taken[outcome];
        uint64_t rest = counts->rows[outcome] - of_it;

        if (of_it)
            language_format(&taken, ", %llu %s", (unsigned long long)of_it,
                            outcome_word((enum outcome)outcome));
        if (rest)
            buffer_format(&left, "%s%llu %s", left.len ? _(", ") : "", (unsigned long long)rest,
                          outcome_word((enum outcome)outcome));
    }
    clock_format_top(r->manifest.started_ms, day);
    log_info("the report of '%s' of %.10s, run %s", LOG_QUOTED(r->manifest.input_name), day,
             r->manifest.run);
    log_info(language_plural("%s: %llu row taken%s, %llu invalid, %s yuan; left as they are: %s",
                             "%s: %llu rows taken%s, %llu invalid, %s yuan; left as they are: %s",
                             i->rows),
             LOG_QUOTED(r->submission.options->claims), (unsigned long long)i->rows,
             buffer_string(&taken), (unsigned long long)i->invalid,
             money_format_yuan(inspection_fee(i), yuan),
             left.len ? buffer_string(&left) : _("none"));
    if (counts->edited)
        log_warn(
            language_plural("%llu row was edited in the report and is taken as it is now",
                            "%llu rows were edited in the report and are taken as they are now",
                            counts->edited),
            (unsigned long long)counts->edited);
    if (counts->superseded)
        log_warn(
            language_plural("%llu row is left because a later row of its claim is accepted",
                            "%llu rows are left because a later row of their claim is accepted",
                            counts->superseded),
            (unsigned long long)counts->superseded);
    buffer_release(&taken);
    buffer_release(&left);
}

/* A report that does not fit its manifest because their publication was cut short between the two.
 */
static void say_unpublished(const struct rerun *r, struct error *err)
{
    if (err->exit_code == EXIT_INPUT_REFUSED && r->parent.id && !r->parent.published)
        error_add(err, "its run has not published it to the end: where that was interrupted, the "
                       "same command as then, or claimbatch resolve, makes it whole");
}

static int inspect_at(struct rerun *r, int64_t now_ms, struct error *err)
{
    struct submission *s = &r->submission;
    const struct options *o = s->options;
    struct selection_settings settings = {
        .path = o->claims,
        .manifest = &r->manifest,
        .rejected = o->include_rejected,
        .unknown = o->include_unknown,
        .accept_edits = o->accept_edits,
        .ledger = s->ledger,
        .run = r->parent.id,
        .sequence = r->parent.sequence,
    };

    s->row_source = (struct row_source){.rules = o->rules, .now_ms = now_ms};
    if (selection_open(&settings, &r->selection, err) ||
        selection_inspect(r->selection, &s->row_source, &s->inspection, err)) {
        say_unpublished(r, err);
        return -1;
    }
    inspection_reading(&s->row_source, &s->inspection, &s->reading);
    return s->reading.failed ? error_no_memory(err) : 0;
}

/* Made anew where the run goes on by another time: rows that were edited are judged by it. */
static int inspect(struct rerun *r, struct error *err)
{
    struct submission *s = &r->submission;
    int kept = inspect_at(r, clock_wall_ms(), err) ? -1 : submission_keep_time(s, err);

    if (kept <= 0)
        return kept;
    selection_close(r->selection);
    r->selection = NULL;
    inspection_release(&s->inspection);
    buffer_reset(&s->reading);
    return inspect_at(r, s->row_source.now_ms, err);
}

/* ---- all of it ---- */

/* Where no row is taken: what the rows are that were left. */
static int exit_code_of(const struct selection_counts *counts)
{
    const uint64_t *rows = counts->rows;

    if (rows[OUTCOME_UNKNOWN])
        return EXIT_ROWS_UNKNOWN;
    return rows[OUTCOME_REJECTED] || rows[OUTCOME_INVALID] ? EXIT_ROWS_BAD : EXIT_COMPLETE;
}

/* Nothing to send is no run, and makes no report. */
static int end_without_rows(const struct rerun *r)
{
    const struct selection_counts *counts = selection_counts(r->selection);
    struct buffer words = {0};
    int code = exit_code_of(counts);

    log_info("no row of the report is to be sent: nothing was sent, and no report was made");
    next_step_append_command(r->submission.options, "resolve", r->submission.options->claims,
                             &words);
    if (counts->rows[OUTCOME_UNKNOWN])
        log_warn(language_plural("next: %llu row is unknown, and settled by: %s",
                                 "next: %llu rows are unknown, and settled by: %s",
                                 counts->rows[OUTCOME_UNKNOWN]),
                 (unsigned long long)counts->rows[OUTCOME_UNKNOWN], buffer_string(&words));
    if (counts->rows[OUTCOME_UNKNOWN] && r->submission.options->ending)
        buffer_text(&r->submission.options->ending->next, buffer_string(&words));
    buffer_release(&words);
    if (counts->rows[OUTCOME_REJECTED])
        log_info(language_plural(
                     "next: %llu row was rejected: correct the export and upload it again, or, "
                     "where the cause was fixed at the platform: --include rejected",
                     "next: %llu rows were rejected: correct the export and upload it again, or, "
                     "where the cause was fixed at the platform: --include rejected",
                     counts->rows[OUTCOME_REJECTED]),
                 (unsigned long long)counts->rows[OUTCOME_REJECTED]);
    if (counts->rows[OUTCOME_INVALID])
        log_info(
            language_plural("next: %llu row is invalid: correct the export and upload it again",
                            "next: %llu rows are invalid: correct the export and upload it again",
                            counts->rows[OUTCOME_INVALID]),
            (unsigned long long)counts->rows[OUTCOME_INVALID]);
    if (submission_say_changed(&r->submission))
        return EXIT_TRY_LATER;
    if (code == EXIT_COMPLETE)
        log_info("next: nothing is left to do");
    return code;
}

/* Rows of the report that are neither taken nor done: whoever reads "nothing is left" believes it.
 */
static int note_left(struct rerun *r, struct error *err)
{
    const struct selection_counts *counts = selection_counts(r->selection);
    const struct options *o = r->submission.options;
    struct buffer *left = &r->submission.left;
    uint64_t unknown = counts->rows[OUTCOME_UNKNOWN] - counts->taken[OUTCOME_UNKNOWN];
    uint64_t bad = counts->rows[OUTCOME_REJECTED] - counts->taken[OUTCOME_REJECTED] +
                   counts->rows[OUTCOME_INVALID];

    if (unknown) {
        language_format(left,
                        language_plural("next: %llu row of '%s' is still unknown, and was not "
                                        "sent. To list and to settle it: ",
                                        "next: %llu rows of '%s' are still unknown, and were not "
                                        "sent. To list and to settle them: ",
                                        unknown),
                        (unsigned long long)unknown, LOG_QUOTED(o->claims));
        next_step_append_command(o, "resolve", o->claims, &r->submission.left_next);
        buffer_format(left, "%s\n", buffer_string(&r->submission.left_next));
    }
    if (bad)
        language_format(left,
                        language_plural("next: %llu row of '%s' is still rejected or invalid: "
                                        "correct it in the export and upload it again\n",
                                        "next: %llu rows of '%s' are still rejected or invalid: "
                                        "correct them in the export and upload it again\n",
                                        bad),
                        (unsigned long long)bad, LOG_QUOTED(o->claims));
    return left->failed || r->submission.left_next.failed ? error_no_memory(err) : 0;
}

static int rerun(struct rerun *r, struct error *err)
{
    struct submission *s = &r->submission;
    const struct options *o = s->options;

    if (check_usage(o, err) || submission_prepare(s, err) || publication_mend(o->claims, err) ||
        manifest_require(o->claims, s->endpoint.platform, &r->manifest, err) ||
        open_ledger(r, err) || find_parent(r, err) || inspect(r, err))
        return -1;
    say_what_was_taken(r);
    if (inspection_expect(&s->inspection, o->expect_rows, o->expect_fee, err))
        return -1;
    if (!s->inspection.rows)
        return end_without_rows(r);
    if (o->dry_run)
        return submission_rehearse(s, err);
    if (note_left(r, err) || rerun_place_choose(r, err) || submission_look(s, err) ||
        submission_follow_place(s, err) || rerun_place_check(r, err) || submission_resume(s, err))
        return -1;
    return submission_run(s, err);
}

int cmd_rerun(const struct options *options, const char *invocation, struct error *err)
{
    struct rerun r = {
        .submission =
            {
                .options = options,
                .invocation = invocation,
                .command = name_command(options),
                .round = options->include_unknown ? ROUND_RESEND_UNKNOWN : ROUND_NONE,
            },
    };
    int result = submission_end(&r.submission, rerun(&r, err), err);

    selection_close(r.selection);
    manifest_found_release(&r.manifest);
    return result;
}
