/* What is left is sent, the report is published, and the last words are said. */
#include "command/upload/submission.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/correction.h"
#include "cli/ending/ending.h"
#include "cli/exit_code.h"
#include "cli/next_step.h"
#include "cli/summary.h"
#include "cli/version.h"
#include "gateway/top_batch.h"
#include "ledger/store/space.h"
#include "report/manifest/started.h"
#include "report/relocation.h"
#include "report/report.h"
#include "run/halt.h"
#include "submission_part.h"

static struct manifest manifest_of(const struct submission *s)
{
    return (struct manifest){
        .program_version = CLAIMBATCH_VERSION,
        .run = &s->resumed.run,
        .parent_run = s->parent,
        .row_source = &s->row_source,
        .inspection = &s->inspection,
        .gateway = s->endpoint.url,
        .app_key = s->options->app_key,
        .ledger = s->ledger,
        .report_path = s->report_path.ptr,
        .replaced = (const char(*)[MANIFEST_SHA256_TEXT_BYTES])s->place.replaced,
        .replaced_count = s->place.replaced_count,
        .key = s->key,
    };
}

static int announce(struct submission *s, struct error *err)
{
    struct manifest manifest = manifest_of(s);

    return s->resumed.kind == RESUME_PUBLISH ? 0 : submission_announce(s, &manifest, err);
}

static int64_t choose_workers(const struct options *o)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (o->workers)
        return o->workers;
    if (processors < 1)
        processors = 1;
    return processors < o->in_flight ? processors : o->in_flight;
}

#define REQUIRE_VALID N_("invalid rows: %llu, so nothing was sent (--require-valid)")

static void stop_for_invalid(struct submission *s)
{
    s->stop.exit_code = EXIT_STOPPED;
    strcpy(s->stop.because, "require-valid");
    snprintf(s->stop.record, sizeof(s->stop.record), REQUIRE_VALID,
             (unsigned long long)s->inspection.invalid);
    snprintf(s->stop.sentence, sizeof(s->stop.sentence), _(REQUIRE_VALID),
             (unsigned long long)s->inspection.invalid);
}

/* Stops where more claims are corrected than anybody may mean. One look at the whole
 * export, before anything is sent; where no other run has sent anything there is nothing to
 * correct. */
static int look_for_corrections(struct submission *s, struct error *err)
{
    const struct inspection *i = &s->inspection;
    int others;

    if (s->resumed.kind == RESUME_PUBLISH)
        return 0;
    others = ledger_run_has_others(s->ledger, s->endpoint.platform, s->resumed.run.sequence, err);
    if (others <= 0)
        return others;
    if (submission_foresee(s, err))
        return -1;
    correction_check(s->options, &s->row_source.rules, &s->foreseen, i->rows + i->left_out,
                     &s->stop);
    return 0;
}

static struct submit_settings attempt_of(const struct submission *s)
{
    const struct options *o = s->options;

    return (struct submit_settings){
        .app = submission_app(s),
        .secret = s->credentials.app_secret.text,
        .claims_per_call = (size_t)o->batch,
        .client = {.url = s->call_url,
                   .ca_file = o->ca_file,
                   .proxy = s->proxy.url,
                   .no_proxy = s->proxy.except,
                   .user_agent = "claimbatch/" CLAIMBATCH_VERSION,
                   .http = o->http,
                   .connect_timeout_ms = o->connect_timeout_ms,
                   .timeout_ms = o->timeout_ms,
                   .tags = (size_t)o->batch,
                   .content_type = o->batch > 1 ? TOP_BATCH_CONTENT_TYPE : NULL},
        .verdict = {.overrides = o->verdicts,
                    .override_count = o->verdict_count,
                    .has_session = s->credentials.session.len > 0},
    };
}

static int submit(struct submission *s, struct error *err)
{
    const struct options *o = s->options;
    struct submit_settings attempt = attempt_of(s);
    struct coordinator_settings settings = {
        .row_source = &s->row_source,
        .inspection = &s->inspection,
        .submit = &attempt,
        .platform = s->endpoint.platform,
        .ledger = s->ledger,
        .run = &s->resumed.run,
        .round = s->resumed.round,
        .report = s->report,
        .in_flight = (size_t)o->in_flight,
        .workers = (size_t)choose_workers(o),
        .retries = (int)o->retries,
        .rate = o->rate,
        .rate_is_auto = o->rate_is_auto,
        .daily_quota = o->daily_quota,
        .limit = o->limit,
        .max_failures = o->max_failures,
        .max_failures_percent = o->max_failures_percent,
        .max_changed = (int64_t)correction_limit(o, s->inspection.rows + s->inspection.left_out),
        .outage_patience_ms = o->outage_patience_ms,
        .wait_patience_ms = o->wait_patience_ms,
        .ledger_patience_ms = o->ledger_patience_ms,
        .show = progress_show,
        .context = &s->progress,
    };
    int result;

    if (o->require_valid && s->inspection.invalid)
        stop_for_invalid(s);
    else if (look_for_corrections(s, err))
        return -1;
    if (s->stop.exit_code) {
        halt_say_begin(&s->stop, 0);
        halt_say_end(&s->stop);
        return 0;
    }
    progress_start(&s->progress, o->quiet ? PROGRESS_NEVER : o->progress, o->log_format);
    s->progress.last.rows = s->inspection.rows;
    s->is_sending = true;
    settings.history = s->foreseen.history;
    result = coordinator_run(&settings, &s->stop, err);
    progress_end(&s->progress);
    return result;
}

/* That every row was sent is not the end where there may be more rows by now. */
static void look_at_export(struct submission *s)
{
    if (s->stop.exit_code) {
        submission_say_changed(s);
        return;
    }
    if (!submission_describe_change(s, s->stop.sentence, sizeof(s->stop.sentence)))
        return;
    language_record_begin();
    submission_describe_change(s, s->stop.record, sizeof(s->stop.record));
    language_record_end();
    s->stop.exit_code = EXIT_TRY_LATER;
    strcpy(s->stop.because, COORDINATOR_EXPORT_CHANGED);
}

static void note_end(struct submission *s)
{
    struct run_record *run = &s->resumed.run;
    const struct tally *tally = report_tally(s->report);

    run->finished_ms = clock_wall_ms();
    if (run->finished_ms <= run->started_ms) /* the clock was set back */
        run->finished_ms = run->started_ms + 1;
    run->stopped_because = s->stop.because;
    run->complete = !s->stop.exit_code && !tally_rows(tally, OUTCOME_UNSENT);
    run->invalid_rows = tally_rows(tally, OUTCOME_INVALID);
    run->open_rows = tally_rows(tally, OUTCOME_FAILED) + tally_rows(tally, OUTCOME_UNSENT);
    run->published = false;
}

/* Records the run's end and what its report adds up to. */
static int save_run(struct submission *s, struct error *err)
{
    const struct tally *tally = report_tally(s->report);
    struct run_count counts[OUTCOME_COUNT];
    struct event ending = {
        .kind = s->stop.exit_code ? EVENT_STOP : EVENT_END,
        .at_ms = s->resumed.run.finished_ms,
        .text = s->stop.because,
    };

    tally_counts(tally, counts);
    if (ledger_begin(s->ledger, err) || ledger_run_save(s->ledger, &s->resumed.run, err) ||
        ledger_event_put(s->ledger, s->resumed.run.id, &ending, err) ||
        (s->resumed.round.id && s->resumed.run.complete &&
         ledger_round_finish(s->ledger, s->resumed.round.id, s->resumed.run.finished_ms, err)) ||
        ledger_run_count_put(s->ledger, s->resumed.run.id, counts, err))
        return -1;
    return ledger_commit(s->ledger, err);
}

/* What the report's parts name their path by stays as it was. */
static int relocate(struct submission *s, struct manifest *manifest, struct error *err)
{
    struct draft *draft = report_draft(s->report);

    if (!relocation_is_due(&s->publication, draft))
        return 0;
    s->first_path = s->report_path;
    s->report_path = (struct buffer){0};
    if (relocation_prepare(s->first_path.ptr, s->resumed.run.name, &s->publication, draft,
                           &s->report_path, err))
        return -1;
    manifest->report_path = s->report_path.ptr;
    return 0;
}

static int publish(struct submission *s, struct error *err)
{
    struct manifest manifest = manifest_of(s);

    look_at_export(s);
    if (report_finish(s->report, "NOT_SENT", s->stop.record, err))
        return -1;
    note_end(s);
    if (save_run(s, err) || submission_keep_newcomer(s, err) || relocate(s, &manifest, err) ||
        publication_make(&s->publication, report_draft(s->report), &manifest, err))
        return -1;
    if (started_remove(s->report_path.ptr, &s->resumed.run, s->ledger, err))
        return -1;
    if (ledger_run_has_rows(s->ledger, s->resumed.run.id, err) == 0 &&
        started_unmark_export(s->options->claims, &s->resumed.run, s->ledger, err))
        return -1;
    s->resumed.run.published = true;
    return save_run(s, err);
}

/* Where that is not known nothing is said: the command itself refuses. */
static struct buffer resend_from(const struct submission *s)
{
    struct buffer from = {0};
    struct error err;

    if (ledger_run_resend_from(s->ledger, s->resumed.run.id, &from, &err))
        log_warn("%s", err.text);
    return from;
}

static void summarise(struct submission *s, struct tally *tally)
{
    const struct buffer *json;
    struct buffer resolve = {0};
    struct buffer from = resend_from(s);
    struct error ignored;
    struct summary summary = {
        .stop = &s->stop,
        .tally = tally,
        .inspection = &s->inspection,
        .run = s->resumed.run.name,
        .report_path = s->report_path.ptr,
        .ledger_path = ledger_path(s->ledger),
        .app_key = s->options->app_key,
        .secret_file = s->options->app_secret_file,
        .invocation = s->invocation,
        .resend = buffer_string(&s->resend),
        .resend_from = buffer_string(&from),
        .left = buffer_string(&s->left),
        .left_next = buffer_string(&s->left_next),
    };

    if (ledger_changed_sum(s->ledger, s->resumed.run.id, &summary.changed, &summary.held, &ignored))
        log_warn("what was changed cannot be counted: %s", ignored.text);
    next_step_append_command(s->options, "resolve", s->report_path.ptr, &resolve);
    summary.resolve = buffer_string(&resolve);
    summary_print(&summary);
    json = s->json.len ? &s->json : &s->publication.json;
    if (s->options->ending)
        ending_take(s->options->ending, &summary, json);
    buffer_release(&resolve);
    buffer_release(&from);
    if (s->options->json && json->len)
        fwrite(json->ptr, 1, json->len, stdout);
}

/* Rows up to the last one that is recorded have their room in the ledger already. */
static int check_space(const struct submission *s, struct error *err)
{
    uint64_t rows = s->inspection.rows;
    uint64_t reserve = space_of_calls(2 * (size_t)s->options->in_flight, (size_t)s->options->batch);
    uint64_t report = s->inspection.survey.bytes + rows * SPACE_REPORT_ROW_BYTES;
    uint64_t last;
    uint64_t ledger;

    if (ledger_run_last_row(s->ledger, s->resumed.run.id, &last, err))
        return -1;
    rows -= last > rows ? rows : last;
    ledger = rows * SPACE_LEDGER_ROW_BYTES + SPACE_LEDGER_LOG_BYTES + space_of_run(reserve);
    if (ledger_is_local(s->ledger) && space_check(ledger_path(s->ledger), ledger, "ledger", err))
        return -1;
    return space_check(s->report_path.ptr, report, "report", err);
}

static void say_unfinished(const struct submission *s)
{
    struct summary summary = {
        .run = s->resumed.run.name,
        .ledger_path = ledger_path(s->ledger),
        .is_ledger_gone = !ledger_is_in_place(s->ledger),
        .invocation = s->invocation,
    };

    summary_print_unfinished(&summary, &s->progress.last);
    if (s->options->ending)
        ending_take_unfinished(s->options->ending, &summary, &s->progress.last);
}

static int run_once(struct submission *s, struct error *err)
{
    struct report_settings settings = {
        .path = s->report_path.ptr,
        .row_source = &s->row_source,
        .inspection = &s->inspection,
        .ledger = s->ledger,
        .run = s->resumed.run.id,
    };

    if (check_space(s, err) || report_open(&settings, &s->report, err) ||
        publication_open(s->report_path.ptr, &s->publication, err) ||
        submission_look_again(s, err) || submission_make_room(s, err) ||
        submission_try_names(s, err) || publication_check(&s->publication, s->report_path.ptr, err))
        return -1;
    submission_note_standing(s);
    if (announce(s, err) || submit(s, err) || publish(s, err)) {
        submission_withdraw(s);
        if (s->is_sending)
            say_unfinished(s);
        return -1;
    }
    summarise(s, report_tally(s->report));
    return exit_code_of_run(&s->stop, report_tally(s->report));
}

/* What stands beside the report is what --json prints. */
static int take_manifest(struct submission *s, struct error *err)
{
    struct manifest_found manifest;
    int found = manifest_read(s->report_path.ptr, &manifest, err);

    if (found > 0)
        buffer_append(&s->json, manifest.text.ptr, manifest.text.len);
    manifest_found_release(&manifest);
    if (s->json.failed)
        return error_no_memory(err);
    return found < 0 ? -1 : 0;
}

/* It is not replaced without a word: whoever saved it anew may have written something into it. */
static void warn_of_change(const struct submission *s)
{
    if (publication_was_changed(s->report_path.ptr))
        log_warn("the report '%s' is not as it was written: something has saved it anew since, a "
                 "spreadsheet perhaps. To have it as the ledger knows it, move it away and type "
                 "the same again",
                 LOG_QUOTED(s->report_path.ptr));
}

/* Nothing is left to send and the report stands: what it said is said again. */
static int recall(struct submission *s, struct error *err)
{
    struct run_count counts[OUTCOME_COUNT];
    struct tally *tally = tally_open();
    int result;

    if (!tally)
        return error_no_memory(err);
    result = s->options->json || ending_is_wanted(s->options) ? take_manifest(s, err) : 0;
    if (!result)
        result = ledger_run_count_get(s->ledger, s->resumed.run.id, counts, err);
    if (!result) {
        for (int i = 0; i < OUTCOME_COUNT; i++)
            tally_restore(tally, (enum outcome)i, counts[i].rows, counts[i].counts_as,
                          money_parse_fen(counts[i].fee_fen));
        look_at_export(s);
        warn_of_change(s);
        summarise(s, tally);
        result = exit_code_of_run(&s->stop, tally);
    }
    tally_close(tally);
    return result;
}

int submission_run(struct submission *s, struct error *err)
{
    return s->resumed.kind == RESUME_NOTHING ? recall(s, err) : run_once(s, err);
}
