#include "command/upload/submission.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/ending/ending.h"
#include "dry_run.h"
#include "expected_ledger.h"
#include "report/manifest/signature.h"
#include "report/move.h"
#include "report/report.h"
#include "run/start/rehearsal.h"
#include "submission_part.h"

/* What is open beside the connections: the ledger, report, export, standard streams, and what each
 * of them needs for a moment. 19 were seen. */
#define DESCRIPTORS_BESIDE 24

/* ---- before anything is opened ---- */

/* libcurl opens it anew for each connection, says little of what is wrong with it, and would wait
 * for who writes to a pipe. */
static int check_ca_file(const struct submission *s, struct error *err)
{
    const char *path = s->options->ca_file;
    struct stat status;
    int fd, result = -1;

    if (!path || strncmp(s->endpoint.url, "https:", strlen("https:")) != 0)
        return 0;
    fd = file_open_small(path);
    if (fd < 0)
        return error_set(err, EXIT_BAD_CONFIG,
                         "cannot open the trusted certificates '%s': %s; nothing was sent",
                         LOG_QUOTED(path), strerror(errno));
    if (fstat(fd, &status) || !S_ISREG(status.st_mode))
        error_set(err, EXIT_BAD_CONFIG,
                  "the trusted certificates '%s' are not a regular file; nothing was sent",
                  LOG_QUOTED(path));
    else
        result = 0;
    close(fd);
    return result;
}

/* A run that is short of descriptors would end as if the gateway could not be reached. */
static int check_descriptors(const struct options *o, struct error *err)
{
    unsigned long long least = (unsigned long long)o->in_flight + DESCRIPTORS_BESIDE;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= least)
        return 0;
    return error_set(err, EXIT_RESOURCES,
                     "--in-flight %lld needs %llu open files, and this process may have %llu "
                     "(ulimit -n, LimitNOFILE= of systemd): raise that or lower --in-flight; "
                     "nothing was sent",
                     (long long)o->in_flight, least, (unsigned long long)limit.rlim_cur);
}

/* Where the calls go. The platform and its claims are the same, whatever they carry. */
static int choose_call_url(struct submission *s, struct error *err)
{
    if (s->options->batch > 1)
        return endpoint_batch_url(&s->endpoint, s->call_url, err);
    memcpy(s->call_url, s->endpoint.url, sizeof(s->call_url));
    return 0;
}

int submission_prepare(struct submission *s, struct error *err)
{
    const struct options *o = s->options;

    if (!o->app_key)
        return error_set(err, EXIT_BAD_CONFIG,
                         "no app key: name it with --app-key KEY, or as app_key in the "
                         "[gateway] of a configuration; nothing was sent");
    if (o->workers > o->in_flight)
        return error_set(err, EXIT_BAD_USAGE,
                         "--workers %lld is more than --in-flight %lld; nothing was sent",
                         (long long)o->workers, (long long)o->in_flight);
    if (check_descriptors(o, err))
        return -1;
    if (endpoint_parse(o->gateway, o->allow_plaintext, &s->endpoint, err) ||
        choose_call_url(s, err) || proxy_find(&s->endpoint, &s->proxy, err) ||
        check_ca_file(s, err) || options_ledger_path(s->options, &s->ledger_path, err))
        return -1;
    if (o->sign_key && signature_key_open(o->sign_key, &s->key, err))
        return -1;
    return credentials_read(options_secret_file(o), options_session_file(o), &s->credentials, err);
}

struct top_app submission_app(const struct submission *s)
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
    if (expected_ledger_check_absent(s, err) || ledger_open(s->ledger_path.ptr, &s->ledger, err))
        return -1;
    if (ledger_is_new(s->ledger)) /* whatever --quiet says: it knows of nothing that was sent */
        log_event(LOG_WARN, "ledger-created",
                  LOG_FIELDS(LOG_FIELD_TEXT("ledger", ledger_path(s->ledger))),
                  "new ledger created: %s", LOG_QUOTED(ledger_path(s->ledger)));
    return 0;
}

/* ---- the place of the report ---- */

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
    struct dry_run dry_run = {.options = s->options, .url = s->call_url, .app = submission_app(s)};
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
        [RESUME_NEW] = N_("a new run"),
        [RESUME_GO_ON] = N_("it goes on where it ended"),
        [RESUME_RETRY] = N_("it was finished; rows that failed, were not sent, or were invalid are "
                            "looked at again"),
        [RESUME_ROUND] = N_("it was finished; claims are sent again as you said"),
        [RESUME_PUBLISH] = N_("it was finished; its report is written again, nothing is sent"),
        [RESUME_NOTHING] =
            N_("it was finished; nothing is left to send, and the report stays as it "
               "is"),
    };
    static const char *const names[] = {
        [RESUME_NEW] = "new",     [RESUME_GO_ON] = "goes-on",   [RESUME_RETRY] = "retry",
        [RESUME_ROUND] = "round", [RESUME_PUBLISH] = "publish", [RESUME_NOTHING] = "nothing-left",
    };

    log_run(s->resumed.run.name);
    log_event(LOG_INFO, "run",
              LOG_FIELDS(LOG_FIELD_TEXT("command", s->command),
                         LOG_FIELD_TEXT("how", names[s->resumed.kind])),
              "run %s: %s", s->resumed.run.name, _(words[s->resumed.kind]));
    if (s->resumed.lost)
        log_event(LOG_WARN, "rows-lost", LOG_FIELDS(LOG_FIELD_NUMBER("rows", s->resumed.lost)),
                  language_plural(
                      "%zu row was in flight when the run ended before: it is unknown now",
                      "%zu rows were in flight when the run ended before: they are unknown now",
                      s->resumed.lost),
                  s->resumed.lost);
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

    if (find_places(s, err) || expected_ledger_check(s, err) || submission_check_unclaimed(s, err))
        return -1;
    settings = submission_resume_settings(s);
    if (resume_run(&settings, &s->resumed, err))
        return -1;
    keep_line(s);
    say_what_is_done(s);
    return 0;
}

/* ---- the end ---- */

int submission_end(struct submission *s, int result, struct error *err)
{
    if (result < 0 && !s->is_sending)
        error_add(err, "nothing was sent");
    if (s->ledger && s->options->ending && ending_is_wanted(s->options))
        ending_look(s->options->ending, s->options, s->endpoint.platform, s->ledger);
    publication_close(&s->publication);
    report_close(s->report);
    ledger_close(s->ledger);
    rehearsal_release(&s->foreseen);
    publication_place_release(&s->place);
    inspection_release(&s->inspection);
    credentials_release(&s->credentials);
    signature_key_close(s->key);
    buffer_release(&s->reading);
    buffer_release(&s->report_path);
    buffer_release(&s->resend);
    buffer_release(&s->left);
    buffer_release(&s->left_next);
    buffer_release(&s->export_place);
    buffer_release(&s->report_place);
    buffer_release(&s->first_path);
    buffer_release(&s->ledger_path);
    buffer_release(&s->json);
    return result;
}
