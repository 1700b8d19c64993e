#include "command/upload/submission.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "cli/correction.h"
#include "cli/ending/ending.h"
#include "cli/guard.h"
#include "cli/next_step.h"
#include "cli/summary.h"
#include "cli/version.h"
#include "dry_run.h"
#include "ledger/commits.h"
#include "ledger/store/space.h"
#include "report/manifest/signature.h"
#include "report/manifest/started.h"
#include "report/move.h"
#include "report/report.h"
#include "run/halt.h"
#include "run/start/rehearsal.h"

/* ---- before anything is opened ---- */

static int choose_ledger(struct submission *s, struct error *err)
{
    if (!s->options->ledger)
        return ledger_default_path(&s->ledger_path, err);
    buffer_text(&s->ledger_path, s->options->ledger);
    return s->ledger_path.failed ? error_no_memory(err) : 0;
}

/* libcurl opens it anew for each connection, says little of what is wrong with it, and would wait
 * for who writes to a pipe. */
static int check_ca_file(const struct submission *s, struct error *err)
{
    const char *path = s->options->ca_file;
    char quoted[LOG_QUOTE_BYTES];
    struct stat status;
    int fd, result = -1;

    if (!path || strncmp(s->endpoint.url, "https:", strlen("https:")) != 0)
        return 0;
    log_quote(path, quoted, sizeof(quoted));
    fd = file_open_small(path);
    if (fd < 0)
        return error_set(err, EXIT_BAD_CONFIG,
                         "cannot open the trusted certificates '%s': %s; nothing was sent", quoted,
                         strerror(errno));
    if (fstat(fd, &status) || !S_ISREG(status.st_mode))
        error_set(err, EXIT_BAD_CONFIG,
                  "the trusted certificates '%s' are not a regular file; nothing was sent", quoted);
    else
        result = 0;
    close(fd);
    return result;
}

int submission_prepare(struct submission *s, struct error *err)
{
    const struct options *o = s->options;

    if (!o->app_key)
        return error_set(err, EXIT_BAD_CONFIG,
                         "no app key: name it with --app-key KEY; nothing was sent");
    if (o->workers > o->in_flight)
        return error_set(err, EXIT_BAD_USAGE,
                         "--workers %lld is more than --in-flight %lld; nothing was sent",
                         (long long)o->workers, (long long)o->in_flight);
    if (endpoint_parse(o->gateway, o->allow_plaintext, &s->endpoint, err) ||
        proxy_find(&s->endpoint, &s->proxy, err) || check_ca_file(s, err) || choose_ledger(s, err))
        return -1;
    if (o->sign_key && signing_key_open(o->sign_key, &s->key, err))
        return -1;
    return credentials_read(options_secret_file(o), options_session_file(o), &s->credentials, err);
}

static struct top_app app_of(const struct submission *s)
{
    return (struct top_app){
        .app_key = s->options->app_key,
        .session = s->credentials.session.text,
        .sign_method = s->options->sign_method,
    };
}

/* ---- ledger and run ---- */

int submission_open_ledger(struct submission *s, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    if (guard_absent(s, err) || ledger_open(s->ledger_path.ptr, &s->ledger, err))
        return -1;
    if (ledger_is_new(s->ledger)) /* whatever --quiet says: it knows of nothing that was sent */
        log_event(LOG_WARN, "ledger-created",
                  LOG_FIELDS(LOG_FIELD_TEXT("ledger", ledger_path(s->ledger))),
                  "new ledger created: %s",
                  log_quote(ledger_path(s->ledger), quoted, sizeof(quoted)));
    return 0;
}

int submission_find_run(const struct submission *s, struct run_record *ret_run, struct error *err)
{
    memset(ret_run, 0, sizeof(*ret_run));
    if (!s->ledger)
        return 0;
    return ledger_run_find(s->ledger, s->command, s->endpoint.platform, s->inspection.survey.sha256,
                           ret_run, err);
}

/* ---- the place of the report ---- */

/* A folder is named with its slash, so that a name that is taken by a folder is no surprise. */
static bool is_folder(const char *path)
{
    size_t len = strlen(path);

    return len && path[len - 1] == '/';
}

static void join(struct buffer *path, const char *folder, const char *name)
{
    size_t len = strlen(folder);

    buffer_format(path, "%s%s%s", folder, len && folder[len - 1] == '/' ? "" : "/", name);
}

int submission_place(struct submission *s, const char *folder_of, const char *name,
                     struct error *err)
{
    const struct options *o = s->options;
    const char *slash = strrchr(folder_of, '/');
    bool is_named = o->report && !is_folder(o->report);

    if (!is_named && !name)
        return error_set(err, EXIT_BAD_USAGE,
                         "an export from standard input needs a name for its report: -o FILE; "
                         "nothing was sent");
    s->choice = o->overwrite ? PLACE_OVERWRITE : is_named ? PLACE_NAMED : PLACE_DEFAULT;
    buffer_reset(&s->report_path);
    if (is_named)
        buffer_text(&s->report_path, o->report);
    else if (o->report || o->report_dir)
        join(&s->report_path, o->report ? o->report : o->report_dir, name);
    else
        buffer_format(&s->report_path, "%.*s%s", slash ? (int)(slash - folder_of) + 1 : 0,
                      folder_of, name);
    return s->report_path.failed ? error_no_memory(err) : 0;
}

static int look(struct submission *s, struct publication_place *ret_place, struct error *err)
{
    return publication_look(s->report_path.ptr, s->options->claims, s->inspection.survey.sha256,
                            s->endpoint.platform, s->choice, ret_place, err);
}

static int refuse_foreign(const struct submission *s, struct error *err)
{
    return publication_refuse(s->report_path.ptr, "is the report of another export", err);
}

/* A publication that was cut short is brought to its end, whoever's it is. */
static int complete(struct submission *s, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    int found = publication_complete(s->report_path.ptr, s->completed, err);

    if (found <= 0) {
        *s->completed = '\0';
        return found;
    }
    log_info("the report of run %s had no manifest yet, because its publication was cut short: "
             "'%s' has it now",
             s->completed, log_quote(s->report_path.ptr, quoted, sizeof(quoted)));
    return 0;
}

/* … and its run is published, as far as this ledger knows it. */
static int note_completed(struct submission *s, struct error *err)
{
    struct run_record run;
    int found = *s->completed ? ledger_run_named(s->ledger, s->completed, &run, err) : 0;

    if (found <= 0 || !run.finished_ms || run.published)
        return found < 0 ? -1 : 0;
    if (started_remove(s->report_path.ptr, &run, s->ledger, err) || ledger_begin(s->ledger, err))
        return -1;
    run.published = true;
    if (!ledger_run_save(s->ledger, &run, err) && !ledger_commit(s->ledger, err))
        return 0;
    ledger_rollback(s->ledger);
    return -1;
}

/* A ledger that is not there knows of no place that the run's report has moved to. */
int submission_look(struct submission *s, struct error *err)
{
    if (guard_files(s, err) || complete(s, err) || look(s, &s->place, err))
        return -1;
    return s->place.is_foreign && access(s->ledger_path.ptr, F_OK) ? refuse_foreign(s, err) : 0;
}

/* A run whose report made room for another goes on where its report is now. */
static int follow_move(struct submission *s, struct error *err)
{
    struct run_record run;
    int found = submission_find_run(s, &run, err);

    if (found <= 0 || strcmp(run.name, s->place.standing) == 0)
        return found < 0 ? -1 : 0;
    found = move_follow(s->ledger, run.name, &s->report_path, err);
    if (found <= 0)
        return found;
    s->choice = PLACE_DEFAULT; /* it is the run's own */
    publication_place_release(&s->place);
    return guard_files(s, err) ? -1 : look(s, &s->place, err);
}

int submission_settle_place(struct submission *s, struct error *err)
{
    if (move_complete(s->ledger, err) || note_completed(s, err))
        return -1;
    publication_place_release(&s->place);
    if (look(s, &s->place, err) || follow_move(s, err))
        return -1;
    return s->place.is_foreign ? refuse_foreign(s, err) : 0;
}

/* The report of another run, or what a person said may go, makes room for the one that is to come.
 */
static int make_room(struct submission *s, struct error *err)
{
    const char *run = s->place.standing;
    struct buffer stem = {0};
    struct buffer aside = {0};
    char quoted[LOG_QUOTE_BYTES];
    bool is_own = strcmp(run, s->resumed.run.name) == 0 || (!*run && s->choice != PLACE_OVERWRITE);
    int result;

    if (!s->place.is_there || is_own)
        return 0;
    buffer_format(&stem, "before-%s", s->resumed.run.name);
    result = stem.failed ? error_no_memory(err)
                         : move_aside(s->ledger, s->report_path.ptr, run, stem.ptr, &aside, err);
    if (!result)
        log_info("what was there is kept: %s%s is '%s' now", *run ? "the report of run " : "it",
                 run, log_quote(aside.ptr, quoted, sizeof(quoted)));
    if (!result)
        publication_place_release(&s->place);
    buffer_release(&stem);
    buffer_release(&aside);
    return result;
}

/* The longest names that this run's report may ever need, once it makes room itself. */
static int try_names(const struct submission *s, struct error *err)
{
    struct buffer name = {0};
    struct buffer longest = {0};
    int result = move_name(s->report_path.ptr, s->resumed.run.name, &name, err);

    manifest_path(buffer_string(&name), &longest);
    buffer_text(&longest, ".partial");
    if (!result)
        result = longest.failed ? error_no_memory(err) : file_check_name(longest.ptr, err);
    if (result && !longest.failed)
        error_add(err, "the report would need such a name later; name another report with -o");
    buffer_release(&name);
    buffer_release(&longest);
    return result;
}

/* A report without a manifest is ours when publishing it was cut short between the two. Whether the
 * run is finished tells nothing: a later start, which was cut short too, has begun it anew. */
static int check_unclaimed(struct submission *s, struct error *err)
{
    struct run_record run;
    int found;

    if (!s->place.is_unclaimed)
        return 0;
    found = submission_find_run(s, &run, err);
    if (found < 0)
        return -1;
    if (found && s->place.is_like_a_report && file_is_same(run.report_path, s->report_path.ptr))
        return 0;
    return publication_refuse(s->report_path.ptr, "has no manifest beside it", err);
}

/* What became of the input since it was checked, in words; false: nothing. */
static bool describe_change(const struct submission *s, char *ret_words, size_t size)
{
    const char *change = export_change(s->row_source.export);
    char quoted[LOG_QUOTE_BYTES];

    if (change)
        snprintf(ret_words, size,
                 "'%s' %s since it was checked: this run is about what it held then. Let whatever "
                 "writes it finish, then start again",
                 log_quote(export_name(s->row_source.export), quoted, sizeof(quoted)), change);
    return change != NULL;
}

bool submission_say_changed(const struct submission *s)
{
    char words[BATCH_TEXT_BYTES];
    bool changed = describe_change(s, words, sizeof(words));

    if (changed)
        log_warn("%s", words);
    return changed;
}

static struct rehearsal_settings rehearsal_of(const struct submission *s,
                                              const struct run_record *run)
{
    return (struct rehearsal_settings){
        .row_source = &s->row_source,
        .inspection = &s->inspection,
        .ledger = s->ledger,
        .platform = s->endpoint.platform,
        .run = run->id,
        .sequence = run->id ? run->sequence : s->sequence,
        .rank = run->id ? run->rank : INT64_MAX,
        .round = s->round,
    };
}

int submission_find_corrected(struct submission *s, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
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
                 "from: its rows are taken as the newest there are");
        return 0;
    }
    memcpy(s->parent_name, run.name, sizeof(s->parent_name));
    s->parent = s->parent_name;
    s->origin = run.origin ? run.origin : run.id;
    s->sequence = run.sequence;
    log_info("this is a list of problems: its rows correct those of run %s, of '%s'", run.name,
             log_quote(run.export_name, quoted, sizeof(quoted)));
    return 0;
}

/* A run that is gone on with keeps the line it began in, for that is what its report says. */
static void keep_line(struct submission *s)
{
    const char *parent = s->resumed.run.parent;

    if (!s->inspection.is_correction || s->resumed.kind == RESUME_NEW)
        return;
    snprintf(s->parent_name, sizeof(s->parent_name), "%s", parent);
    s->parent = *s->parent_name ? s->parent_name : NULL;
}

int submission_rehearse(struct submission *s, struct error *err)
{
    struct rehearsal_settings settings;
    struct dry_run dry_run = {.options = s->options, .url = s->endpoint.url, .app = app_of(s)};
    struct run_record run;

    if (submission_check_abandoned(s, err) || submission_find_run(s, &run, err) < 0)
        return -1;
    settings = rehearsal_of(s, &run);
    dry_run.rehearsal = &settings;
    if (dry_run_print(&dry_run, err))
        return -1;
    if (submission_say_changed(s))
        return EXIT_TRY_LATER;
    return s->inspection.invalid ? EXIT_ROWS_BAD : EXIT_COMPLETE;
}

int submission_foresee(struct submission *s, struct error *err)
{
    struct rehearsal_settings settings = rehearsal_of(s, &s->resumed.run);

    if (s->has_foreseen)
        return 0;
    s->has_foreseen = true;
    return rehearsal_run(&settings, &s->foreseen, err);
}

static void say_what_is_done(const struct submission *s)
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
    static const char *const names[] = {
        [RESUME_NEW] = "new",     [RESUME_GO_ON] = "goes-on",   [RESUME_RETRY] = "retry",
        [RESUME_ROUND] = "round", [RESUME_PUBLISH] = "publish", [RESUME_NOTHING] = "nothing-left",
    };

    log_run(s->resumed.run.name);
    log_event(LOG_INFO, "run",
              LOG_FIELDS(LOG_FIELD_TEXT("command", s->command),
                         LOG_FIELD_TEXT("how", names[s->resumed.kind])),
              "run %s: %s", s->resumed.run.name, words[s->resumed.kind]);
    if (s->resumed.lost)
        log_event(LOG_WARN, "rows-lost", LOG_FIELDS(LOG_FIELD_NUMBER("rows", s->resumed.lost)),
                  "%zu rows were in flight when the run ended before: they are unknown now",
                  s->resumed.lost);
}

static struct resume_settings resume_of(struct submission *s)
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
        .report_stands = s->place.report_stands,
        .report_finished_ms = s->place.finished_ms,
    };
}

int submission_check_abandoned(struct submission *s, struct error *err)
{
    struct resume_settings settings = resume_of(s);

    return s->ledger ? resume_check_abandoned(&settings, err) : 0;
}

/* Whoever looks at the ledger stands in another folder than the run did. */
static int find_places(struct submission *s, struct error *err)
{
    const char *name = export_name(s->row_source.export);
    struct error unknown;

    buffer_reset(&s->export_place);
    buffer_reset(&s->report_place);
    if (access(name, F_OK) == 0 && move_place(name, &s->export_place, &unknown))
        buffer_reset(&s->export_place); /* as it was named */
    return move_place(s->report_path.ptr, &s->report_place, err);
}

int submission_resume(struct submission *s, struct error *err)
{
    struct resume_settings settings;

    if (find_places(s, err))
        return -1;
    settings = resume_of(s);
    if (guard_ledger(s, err) || check_unclaimed(s, err) || resume_run(&settings, &s->resumed, err))
        return -1;
    keep_line(s);
    say_what_is_done(s);
    return 0;
}

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

/* ---- before the first send ---- */

static int judge_place(void *context, struct error *err)
{
    return guard_ledger_again(context, err);
}

/* What tells of this run to whoever comes with another ledger; and a look at who came meanwhile. */
static int announce(struct submission *s, struct error *err)
{
    struct manifest manifest = manifest_of(s);
    struct started_settings settings = {&manifest, judge_place, s};

    if (s->resumed.kind == RESUME_PUBLISH)
        return 0;
    if (ledger_commits_mark(s->ledger, err))
        return -1;
    return started_make(&settings, &s->is_announced, err) || guard_ledger_again(s, err) ? -1 : 0;
}

/* A start that sent nothing leaves nothing in the way of the next one. */
static void withdraw(const struct submission *s)
{
    struct error ignored;

    if (s->is_announced && ledger_run_has_rows(s->ledger, s->resumed.run.id, &ignored) == 0)
        started_remove(s->report_path.ptr, &s->resumed.run, s->ledger, &ignored);
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

static void stop_for_invalid(struct submission *s)
{
    s->stop.exit_code = EXIT_STOPPED;
    strcpy(s->stop.because, "require-valid");
    snprintf(s->stop.sentence, sizeof(s->stop.sentence),
             "%llu rows are invalid, so nothing was sent (--require-valid)",
             (unsigned long long)s->inspection.invalid);
}

/* Stops where more claims are corrected than anybody may mean. One look at the whole export, before
 * anything is sent; where no other run has sent anything there is nothing to correct. */
static int look_for_corrections(struct submission *s, struct error *err)
{
    const struct inspection *i = &s->inspection;
    bool holds = s->row_source.rules.severity[RULE_CHANGED_SINCE_ACCEPTED] == SEVERITY_ERROR;
    int others;

    if (holds || s->resumed.kind == RESUME_PUBLISH)
        return 0;
    others = ledger_run_has_others(s->ledger, s->endpoint.platform, s->resumed.run.sequence, err);
    if (others <= 0)
        return others;
    if (submission_foresee(s, err))
        return -1;
    correction_check(s->options, &s->foreseen.changed, i->rows + i->left_out, &s->stop);
    return 0;
}

static struct submit_settings attempt_of(const struct submission *s)
{
    const struct options *o = s->options;

    return (struct submit_settings){
        .app = app_of(s),
        .secret = s->credentials.app_secret.text,
        .client = {.url = s->endpoint.url,
                   .ca_file = o->ca_file,
                   .proxy = s->proxy.url,
                   .no_proxy = s->proxy.except,
                   .user_agent = "claimbatch/" CLAIMBATCH_VERSION,
                   .connect_timeout_ms = o->connect_timeout_ms,
                   .timeout_ms = o->timeout_ms},
        .verdict = {.overrides = o->verdicts,
                    .override_count = o->verdict_count,
                    .has_session = s->credentials.session.len > 0},
    };
}

static int submit(struct submission *s, struct error *err)
{
    const struct options *o = s->options;
    struct submit_settings attempt = attempt_of(s);
    struct batch_settings settings = {
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
        .outage_patience_ms = o->outage_patience_ms,
        .wait_patience_ms = o->wait_patience_ms,
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
    result = batch_run(&settings, &s->stop, err);
    progress_end(&s->progress);
    return result;
}

/* ---- the end ---- */

/* That every row was sent is not the end where there may be more rows by now. */
static void look_at_export(struct submission *s)
{
    if (s->stop.exit_code) {
        submission_say_changed(s);
        return;
    }
    if (!describe_change(s, s->stop.sentence, sizeof(s->stop.sentence)))
        return;
    s->stop.exit_code = EXIT_TRY_LATER;
    strcpy(s->stop.because, BATCH_EXPORT_CHANGED);
}

static void note_end(struct submission *s)
{
    struct run_record *run = &s->resumed.run;
    const struct tally *tally = report_tally(s->report);

    run->finished_ms = clock_wall_ms();
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

static int publish(struct submission *s, struct error *err)
{
    struct manifest manifest = manifest_of(s);

    look_at_export(s);
    if (report_finish(s->report, "NOT_SENT", s->stop.sentence, err))
        return -1;
    note_end(s);
    if (save_run(s, err) || publication_make(&s->publication, s->report, &manifest, err))
        return -1;
    if (started_remove(s->report_path.ptr, &s->resumed.run, s->ledger, err))
        return -1;
    s->resumed.run.published = true;
    return save_run(s, err);
}

static void summarise(struct submission *s, struct tally *tally)
{
    const struct buffer *json;
    struct buffer resolve = {0};
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
        .left = buffer_string(&s->left),
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
    if (s->options->json && json->len)
        fwrite(json->ptr, 1, json->len, stdout);
}

/* Rows up to the last one that is recorded have their room in the ledger already. */
static int check_space(const struct submission *s, struct error *err)
{
    uint64_t rows = s->inspection.rows;
    uint64_t report = s->inspection.survey.bytes + rows * SPACE_REPORT_ROW_BYTES;
    uint64_t last;
    uint64_t ledger;

    if (ledger_run_last_row(s->ledger, s->resumed.run.id, &last, err))
        return -1;
    rows -= last > rows ? rows : last;
    ledger = rows * SPACE_LEDGER_ROW_BYTES + SPACE_LEDGER_LOG_BYTES;
    if (space_check(ledger_path(s->ledger), ledger, "ledger", err))
        return -1;
    return space_check(s->report_path.ptr, report, "report", err);
}

static void say_unfinished(const struct submission *s)
{
    struct summary summary = {
        .run = s->resumed.run.name,
        .ledger_path = ledger_path(s->ledger),
        .invocation = s->invocation,
    };

    summary_print_unfinished(&summary, &s->progress.last);
    if (s->options->ending)
        ending_take_unfinished(s->options->ending, &summary, &s->progress.last);
}

/* Another run may have published its report there since this one looked; now that the places of
 * report and manifest are locked none can, and none is between the two. */
static int look_again(struct submission *s, struct error *err)
{
    struct publication_place now;
    int result = look(s, &now, err);

    if (!result &&
        (now.is_there != s->place.is_there || now.replaced_count != s->place.replaced_count ||
         strcmp(now.standing, s->place.standing) != 0))
        result = error_set(err, EXIT_TRY_LATER,
                           "another run has published its report as '%s' at this moment; type the "
                           "same again",
                           s->report_path.ptr);
    publication_place_release(&now);
    return result;
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
        publication_open(s->report_path.ptr, &s->publication, err) || look_again(s, err) ||
        make_room(s, err) || try_names(s, err) ||
        publication_check(&s->publication, s->report_path.ptr, err) || announce(s, err) ||
        submit(s, err) || publish(s, err)) {
        withdraw(s);
        if (s->is_sending)
            say_unfinished(s);
        return -1;
    }
    summarise(s, report_tally(s->report));
    return summary_exit_code(&s->stop, report_tally(s->report));
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
        summarise(s, tally);
        result = summary_exit_code(&s->stop, tally);
    }
    tally_close(tally);
    return result;
}

int submission_run(struct submission *s, struct error *err)
{
    return s->resumed.kind == RESUME_NOTHING ? recall(s, err) : run_once(s, err);
}

int submission_end(struct submission *s, int result, struct error *err)
{
    if (result < 0 && !s->is_sending)
        error_add(err, "nothing was sent");
    if (s->ledger && s->options->ending && ending_is_wanted(s->options))
        ending_look(s->options->ending, s->options, s->endpoint.platform, s->ledger);
    publication_close(&s->publication);
    report_close(s->report);
    ledger_close(s->ledger);
    publication_place_release(&s->place);
    inspection_release(&s->inspection);
    credentials_release(&s->credentials);
    signing_key_close(s->key);
    buffer_release(&s->reading);
    buffer_release(&s->report_path);
    buffer_release(&s->resend);
    buffer_release(&s->left);
    buffer_release(&s->export_place);
    buffer_release(&s->report_place);
    buffer_release(&s->ledger_path);
    buffer_release(&s->json);
    return result;
}
