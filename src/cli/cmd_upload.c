/* claimbatch upload: check the whole export, submit every claim once, write the report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/credentials.h"
#include "cli/dry_run.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/summary.h"
#include "cli/version.h"
#include "gateway/endpoint.h"
#include "ledger/space.h"
#include "report/publication.h"
#include "report/report.h"
#include "run/batch.h"
#include "run/rehearsal.h"
#include "run/resume.h"

/* Everything an upload has open. */
struct upload {
    const struct options *options;
    const char *invocation;
    struct endpoint endpoint;
    struct credentials credentials;
    struct intake intake;
    struct inspection inspection;
    struct buffer reading, report_path, ledger_path, json;
    struct publication_place place;
    struct ledger *ledger;
    struct resumed resumed;
    struct report *report;
    struct progress progress;
    bool is_sending; /* from now on something may have been sent */
    struct batch_stop stop;
};

/* "claims.csv" → "claims.report.csv"; whatever has no such ending gets ".report.csv" behind it. */
static int choose_report_path(struct upload *u, struct error *err)
{
    const char *claims = u->options->claims;
    size_t len = strlen(claims);

    if (u->options->report)
        buffer_text(&u->report_path, u->options->report);
    else if (strcmp(claims, "-") == 0)
        return error_set(err, EXIT_BAD_USAGE,
                         "an export from standard input needs a name for its report: -o FILE; "
                         "nothing was sent");
    else if (len > 4 && strcasecmp(claims + len - 4, ".csv") == 0)
        buffer_format(&u->report_path, "%.*s.report.csv", (int)len - 4, claims);
    else
        buffer_format(&u->report_path, "%s.report.csv", claims);
    return u->report_path.failed ? error_no_memory(err) : 0;
}

static int check_round(const struct options *o, struct error *err)
{
    if (o->resend_unknown && o->resubmit)
        return error_set(err, EXIT_BAD_USAGE,
                         "--resend-unknown and --resubmit are two rounds: first the one, then the "
                         "other; nothing was sent");
    if ((o->resend_unknown || o->resubmit) && (!o->by || !o->reason))
        return error_set(err, EXIT_BAD_USAGE,
                         "sending again needs --by NAME and --reason TEXT, which are recorded; "
                         "nothing was sent");
    if ((o->by || o->reason) && !o->resend_unknown && !o->resubmit)
        return error_set(err, EXIT_BAD_USAGE,
                         "--by and --reason go with --resend-unknown or --resubmit; nothing was "
                         "sent");
    return 0;
}

static int check_settings(struct upload *u, struct error *err)
{
    const struct options *o = u->options;

    if (!o->app_key)
        return error_set(err, EXIT_BAD_CONFIG,
                         "no app key: name it with --app-key KEY; nothing was sent");
    if (o->workers > o->in_flight)
        return error_set(err, EXIT_BAD_USAGE,
                         "--workers %lld is more than --in-flight %lld; nothing was sent",
                         (long long)o->workers, (long long)o->in_flight);
    if (check_round(o, err))
        return -1;
    if (endpoint_parse(o->gateway, o->allow_plaintext, &u->endpoint, err))
        return -1;
    return choose_report_path(u, err);
}

static struct top_app app_of(const struct upload *u)
{
    return (struct top_app){
        .app_key = u->options->app_key,
        .session = u->credentials.session.len ? u->credentials.session.ptr : NULL,
        .sign_method = u->options->sign_method,
    };
}

/* ---- the first pass ---- */

static int inspect(struct upload *u, struct error *err)
{
    const struct options *o = u->options;

    u->intake = (struct intake){
        .encoding = o->encoding,
        .reader = o->reader,
        .rules = o->rules,
        .now_ms = clock_wall_ms(),
    };
    if (export_open(o->claims, &u->intake.export, err) ||
        inspection_run(&u->intake, &u->inspection, err))
        return -1;
    inspection_reading(&u->intake, &u->inspection, &u->reading);
    return u->reading.failed ? error_no_memory(err) : 0;
}

static void say_what_was_read(const struct upload *u)
{
    const struct inspection *i = &u->inspection;
    char name[LOG_QUOTE_BYTES];
    char unused[LOG_QUOTE_BYTES];
    char yuan[MONEY_TEXT_BYTES];

    log_info("%s: %llu rows, %llu invalid, %s yuan; %s, amounts in %s",
             log_quote(export_name(u->intake.export), name, sizeof(name)),
             (unsigned long long)i->rows, (unsigned long long)i->invalid,
             money_format_yuan(inspection_fee(i), yuan), encoding_name(i->survey.encoding),
             i->columns.fee_unit == FEE_UNIT_YUAN ? "yuan" : "fen");
    if (i->unused_columns.len)
        log_info("columns not used: %s",
                 log_quote(buffer_string(&i->unused_columns), unused, sizeof(unused)));
}

/* ---- ledger, run and report ---- */

static int choose_ledger(struct upload *u, struct error *err)
{
    if (!u->options->ledger)
        return ledger_default_path(&u->ledger_path, err);
    buffer_text(&u->ledger_path, u->options->ledger);
    return u->ledger_path.failed ? error_no_memory(err) : 0;
}

static int open_ledger(struct upload *u, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    if (choose_ledger(u, err))
        return -1;
    if (ledger_open(u->ledger_path.ptr, &u->ledger, err))
        return -1;
    if (ledger_is_new(u->ledger))
        log_info("new ledger created: %s",
                 log_quote(ledger_path(u->ledger), quoted, sizeof(quoted)));
    return 0;
}

/* A manifest that names another ledger: what was sent is recorded there, not here. */
static int check_ledger(const struct upload *u, struct error *err)
{
    const char *named = u->place.ledger_id;

    if (!*named || strcmp(named, ledger_id(u->ledger)) == 0 || u->options->new_ledger)
        return 0;
    return error_set(err, EXIT_BAD_CONFIG,
                     "the report at this path was made with ledger %s, but '%s' is ledger %s; "
                     "nothing was sent. Name the right one with --ledger, or say --new-ledger if "
                     "it is lost: then rows may be sent twice",
                     named, ledger_path(u->ledger), ledger_id(u->ledger));
}

/* A new export at the path of an earlier one: what it holds that is new. */
static int say_what_is_new(struct upload *u, struct error *err)
{
    struct rehearsal r;

    if (u->resumed.kind != RESUME_NEW || !*u->place.run || u->place.report_stands)
        return 0;
    if (rehearsal_run(&u->intake, &u->inspection, u->ledger, u->endpoint.platform,
                      u->resumed.run.id, NULL, NULL, &r, err))
        return -1;
    log_info("a new export in the place of an earlier one: %llu rows are accepted already, %llu "
             "unknown, %llu new, %llu changed since they were accepted",
             (unsigned long long)(r.rows[DECIDE_ACCEPTED] + r.rows[DECIDE_SUPERSEDED]),
             (unsigned long long)r.rows[DECIDE_UNSETTLED], (unsigned long long)r.rows[DECIDE_SEND],
             (unsigned long long)r.rows[DECIDE_SEND_CHANGED]);
    return 0;
}

/* A report without a manifest is ours when publishing it was cut short between the two. */
static int check_unclaimed(const struct upload *u, struct error *err)
{
    struct run_record run;
    int found;

    if (!u->place.is_unclaimed)
        return 0;
    found = ledger_run_find(u->ledger, "upload", u->endpoint.platform, u->inspection.survey.sha256,
                            &run, err);
    if (found < 0)
        return -1;
    if (found && run.finished_ms && strcmp(run.report_path, u->report_path.ptr) == 0)
        return 0;
    return publication_refuse(u->report_path.ptr, "has no manifest beside it", err);
}

static void say_what_is_done(const struct upload *u)
{
    static const char *const words[] = {
        [RESUME_NEW] = "a new run",
        [RESUME_GO_ON] = "it goes on where it ended",
        [RESUME_RETRY] = "it was finished; rows that failed, were not sent, or were invalid are "
                         "looked at again",
        [RESUME_ROUND] = "it was finished; claims are sent again as you said",
        [RESUME_PUBLISH] = "it was finished; its report is written again, nothing is sent",
        [RESUME_NOTHING] = "it was finished; nothing is left to send, and the report stays as it "
                           "is",
    };

    log_info("run %s: %s", u->resumed.run.name, words[u->resumed.kind]);
    if (u->resumed.lost)
        log_warn("%zu rows were in flight when the run ended before: they are unknown now",
                 u->resumed.lost);
}

static int open_run(struct upload *u, struct error *err)
{
    struct resume_settings settings;

    if (publication_look(u->report_path.ptr, u->options->claims, u->inspection.survey.sha256,
                         u->endpoint.platform, u->options->overwrite, &u->place, err) ||
        open_ledger(u, err) || check_ledger(u, err) || check_unclaimed(u, err))
        return -1;
    settings = (struct resume_settings){
        .ledger = u->ledger,
        .command = "upload",
        .platform = u->endpoint.platform,
        .intake = &u->intake,
        .inspection = &u->inspection,
        .reading = u->reading.ptr,
        .report_path = u->report_path.ptr,
        .round = u->options->resend_unknown ? ROUND_RESEND_UNKNOWN
                 : u->options->resubmit     ? ROUND_RESUBMIT
                                            : ROUND_NONE,
        .by = u->options->by,
        .reason = u->options->reason,
        .report_stands = u->place.report_stands,
    };
    if (resume_run(&settings, &u->resumed, err))
        return -1;
    say_what_is_done(u);
    return say_what_is_new(u, err);
}

/* A ledger that is not there yet is not made by a dry run. */
static int rehearse(struct upload *u, struct error *err)
{
    struct run_record run = {0};
    struct dry_run dry_run = {
        .intake = &u->intake,
        .inspection = &u->inspection,
        .platform = u->endpoint.platform,
        .url = u->endpoint.url,
        .app = app_of(u),
    };

    if (choose_ledger(u, err))
        return -1;
    if (access(u->ledger_path.ptr, F_OK) == 0) {
        if (ledger_open(u->ledger_path.ptr, &u->ledger, err) ||
            ledger_run_find(u->ledger, "upload", u->endpoint.platform, u->inspection.survey.sha256,
                            &run, err) < 0)
            return -1;
    }
    dry_run.ledger = u->ledger;
    dry_run.run = run.id;
    return dry_run_print(&dry_run, err) ? -1 : EXIT_COMPLETE;
}

/* ---- the second pass ---- */

static int64_t choose_workers(const struct options *o)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (o->workers)
        return o->workers;
    if (processors < 1)
        processors = 1;
    return processors < o->in_flight ? processors : o->in_flight;
}

static int submit(struct upload *u, struct error *err)
{
    const struct options *o = u->options;
    struct submit_settings attempt = {
        .app = app_of(u),
        .secret = u->credentials.app_secret.ptr,
        .client = {.url = u->endpoint.url,
                   .ca_file = o->ca_file,
                   .user_agent = "claimbatch/" CLAIMBATCH_VERSION,
                   .connect_timeout_ms = o->connect_timeout_ms,
                   .timeout_ms = o->timeout_ms},
        .verdict = {.overrides = o->verdicts,
                    .override_count = o->verdict_count,
                    .has_session = u->credentials.session.len > 0},
    };
    struct batch_settings settings = {
        .intake = &u->intake,
        .inspection = &u->inspection,
        .submit = &attempt,
        .platform = u->endpoint.platform,
        .ledger = u->ledger,
        .run = &u->resumed.run,
        .round = u->resumed.round,
        .report = u->report,
        .in_flight = (size_t)o->in_flight,
        .workers = (size_t)choose_workers(o),
        .retries = (int)o->retries,
        .rate = o->rate,
        .daily_quota = o->daily_quota,
        .limit = o->limit,
        .max_failures = o->max_failures,
        .max_failures_percent = o->max_failures_percent,
        .outage_patience_ms = o->outage_patience_ms,
        .show = progress_show,
        .context = &u->progress,
    };
    int result;

    if (o->require_valid && u->inspection.invalid) {
        u->stop.exit_code = EXIT_STOPPED;
        strcpy(u->stop.because, "require-valid");
        snprintf(u->stop.sentence, sizeof(u->stop.sentence),
                 "%llu rows are invalid, so nothing was sent (--require-valid)",
                 (unsigned long long)u->inspection.invalid);
        return 0;
    }
    progress_start(&u->progress, o->quiet ? PROGRESS_NEVER : o->progress, o->log_format);
    u->progress.last.rows = u->inspection.rows;
    u->is_sending = true;
    result = batch_run(&settings, &u->stop, err);
    progress_end(&u->progress);
    return result;
}

/* ---- the end ---- */

static void note_end(struct upload *u)
{
    struct run_record *run = &u->resumed.run;
    const struct tally *tally = report_tally(u->report);

    run->finished_ms = clock_wall_ms();
    run->stopped_because = u->stop.because;
    run->complete = !u->stop.exit_code && !tally_rows(tally, OUTCOME_UNSENT);
    run->invalid_rows = tally_rows(tally, OUTCOME_INVALID);
    run->open_rows = tally_rows(tally, OUTCOME_FAILED) + tally_rows(tally, OUTCOME_UNSENT);
    run->published = false;
}

/* Records the run's end and what its report adds up to. */
static int save_run(struct upload *u, struct error *err)
{
    const struct tally *tally = report_tally(u->report);
    struct run_count counts[OUTCOME_COUNT] = {{0}};
    struct event ending = {
        .kind = u->stop.exit_code ? EVENT_STOP : EVENT_END,
        .at_ms = u->resumed.run.finished_ms,
        .text = u->stop.because,
    };

    for (int i = 0; i < OUTCOME_COUNT; i++) {
        counts[i].rows = tally_rows(tally, (enum outcome)i);
        counts[i].counts_as = tally_counted_as(tally, (enum outcome)i);
        money_format_fen(tally_fee(tally, (enum outcome)i), counts[i].fee_fen);
    }
    if (ledger_begin(u->ledger, err) || ledger_run_save(u->ledger, &u->resumed.run, err) ||
        ledger_event_put(u->ledger, u->resumed.run.id, &ending, err) ||
        (u->resumed.round.id && u->resumed.run.complete &&
         ledger_round_finish(u->ledger, u->resumed.round.id, u->resumed.run.finished_ms, err)) ||
        ledger_run_count_put(u->ledger, u->resumed.run.id, counts, err))
        return -1;
    return ledger_commit(u->ledger, err);
}

static int publish(struct upload *u, struct error *err)
{
    struct manifest manifest = {
        .program_version = CLAIMBATCH_VERSION,
        .run = &u->resumed.run,
        .intake = &u->intake,
        .inspection = &u->inspection,
        .gateway = u->endpoint.url,
        .app_key = u->options->app_key,
        .ledger = u->ledger,
        .report_path = u->report_path.ptr,
        .replaced = (const char(*)[MANIFEST_SHA256_TEXT_BYTES])u->place.replaced,
        .replaced_count = u->place.replaced_count,
    };

    if (report_finish(u->report, "NOT_SENT", u->stop.sentence, err))
        return -1;
    note_end(u);
    if (save_run(u, err) || publication_make(u->report, &manifest, &u->json, err))
        return -1;
    u->resumed.run.published = true;
    return save_run(u, err);
}

static void summarise(struct upload *u, struct tally *tally)
{
    struct summary summary = {
        .stop = &u->stop,
        .tally = tally,
        .run = u->resumed.run.name,
        .report_path = u->report_path.ptr,
        .ledger_path = ledger_path(u->ledger),
        .invocation = u->invocation,
    };

    summary_print(&summary);
    if (u->options->json && u->json.len)
        fwrite(u->json.ptr, 1, u->json.len, stdout);
}

/* A new run needs room for all its rows; one that goes on has most of it already. */
static int check_space(const struct upload *u, struct error *err)
{
    uint64_t rows = u->resumed.kind == RESUME_NEW ? u->inspection.rows : 0;
    uint64_t report = u->inspection.survey.bytes + u->inspection.rows * SPACE_REPORT_ROW_BYTES;
    uint64_t ledger = rows * SPACE_LEDGER_ROW_BYTES + SPACE_LEDGER_LOG_BYTES;

    if (space_check(ledger_path(u->ledger), ledger, "ledger", err))
        return -1;
    return space_check(u->report_path.ptr, report, "report", err);
}

static void say_unfinished(const struct upload *u)
{
    struct summary summary = {
        .run = u->resumed.run.name,
        .ledger_path = ledger_path(u->ledger),
        .invocation = u->invocation,
    };

    summary_print_unfinished(&summary, &u->progress.last);
}

static int run_once(struct upload *u, struct error *err)
{
    struct report_settings settings = {
        .path = u->report_path.ptr,
        .intake = &u->intake,
        .inspection = &u->inspection,
        .ledger = u->ledger,
        .run = u->resumed.run.id,
    };

    if (check_space(u, err) || report_open(&settings, &u->report, err) || submit(u, err) ||
        publish(u, err)) {
        if (u->is_sending)
            say_unfinished(u);
        return -1;
    }
    summarise(u, report_tally(u->report));
    return summary_exit_code(&u->stop, report_tally(u->report));
}

/* Nothing is left to send and the report stands: what it said is said again. */
static int recall(struct upload *u, struct error *err)
{
    struct run_count counts[OUTCOME_COUNT];
    struct tally *tally = tally_open();
    int result;

    if (!tally)
        return error_no_memory(err);
    result = ledger_run_count_get(u->ledger, u->resumed.run.id, counts, err);
    if (!result) {
        for (int i = 0; i < OUTCOME_COUNT; i++)
            tally_restore(tally, (enum outcome)i, counts[i].rows, counts[i].counts_as,
                          money_parse_fen(counts[i].fee_fen));
        summarise(u, tally);
        result = summary_exit_code(&u->stop, tally);
    }
    tally_close(tally);
    return result;
}

static void release(struct upload *u)
{
    report_close(u->report);
    ledger_close(u->ledger);
    publication_place_release(&u->place);
    inspection_release(&u->inspection);
    export_close(u->intake.export);
    credentials_release(&u->credentials);
    buffer_release(&u->reading);
    buffer_release(&u->report_path);
    buffer_release(&u->ledger_path);
    buffer_release(&u->json);
}

int cmd_upload(const struct options *options, const char *invocation, struct error *err)
{
    struct upload u = {.options = options, .invocation = invocation};
    int result = -1;

    if (check_settings(&u, err) ||
        credentials_read(options_secret_file(options), options_session_file(options),
                         &u.credentials, err) ||
        inspect(&u, err))
        goto out;
    say_what_was_read(&u);
    if (inspection_expect(&u.inspection, options->expect_rows, options->expect_fee, err))
        goto out;
    if (options->dry_run) {
        result = rehearse(&u, err);
        goto out;
    }
    if (open_run(&u, err))
        goto out;
    result = u.resumed.kind == RESUME_NOTHING ? recall(&u, err) : run_once(&u, err);
out:
    if (result < 0 && !u.is_sending)
        error_add(err, "nothing was sent");
    release(&u);
    return result;
}
