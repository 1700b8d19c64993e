#include "resolve_open.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/command.h"
#include "cli/options/options.h"
#include "cli/stale_ledger.h"
#include "cli/version.h"
#include "gateway/endpoint.h"
#include "ledger/commits.h"
#include "report/manifest/signature.h"
#include "report/missing_report.h"
#include "report/publication.h"
#include "revision.h"
#include "run/other_run.h"

static int check_file(const char *path, struct error *err)
{
    enum file_stands stands = file_look(path);

    if (stands == FILE_NONE)
        return missing_report_refuse(path, errno, err);
    if (stands == FILE_OTHER)
        return error_set(err, EXIT_CANNOT_CREATE,
                         "the report '%s' is not a regular file (a link, a folder, …), so it "
                         "cannot be published anew there; name the report itself",
                         LOG_QUOTED(path));
    return 0;
}

/* Of a report that another ledger made this one knows what was imported, and no more. */
static int check_import(struct resolve *r, struct error *err)
{
    const struct manifest_found *m = &r->manifest;
    struct pass pass = manifest_pass(m, PASS_LEARNED);
    struct run_record run;
    int known = ledger_run_named(r->ledger, m->run, &run, err);
    int found = known > 0 ? ledger_pass_find(r->ledger, &pass, err) : known;

    if (found)
        return found < 0 ? -1 : stale_ledger_check(r->ledger, r->options->claims, NULL, err);
    if (known)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the report was made with ledger %s, and '%s' (ledger %s) has imported "
                         "only what an earlier report of its run tells; name the right one with "
                         "--ledger, or teach this one what the report tells (claimbatch import)",
                         m->ledger_id, LOG_QUOTED(ledger_path(r->ledger)), ledger_id(r->ledger));
    return error_set(err, EXIT_BAD_CONFIG,
                     "the report was made with ledger %s, but '%s' is ledger %s; name the right "
                     "one with --ledger, or, if that is lost, teach this one what the report tells "
                     "(claimbatch import)",
                     m->ledger_id, LOG_QUOTED(ledger_path(r->ledger)), ledger_id(r->ledger));
}

static int open_ledger(struct resolve *r, struct error *err)
{
    char id[LEDGER_ID_BYTES];
    enum ledger_place place;

    if (options_ledger_path(r->options, &r->ledger_path, err) ||
        ledger_place_look(r->ledger_path.ptr, &place, id, err))
        return -1;
    if (place != LEDGER_STANDS)
        return error_set(err, EXIT_BAD_CONFIG,
                         "there is no ledger at '%s'; name the one the report was made with "
                         "(ledger %s) with --ledger",
                         LOG_QUOTED(r->ledger_path.ptr), r->manifest.ledger_id);
    if (ledger_open(r->ledger_path.ptr, &r->ledger, err))
        return -1;
    if (manifest_is_of(&r->manifest, r->ledger))
        return stale_ledger_check(r->ledger, r->options->claims, &r->manifest, err);
    return check_import(r, err);
}

/* The run's texts are the ledger's until it is asked for another one. */
static int keep_run(struct resolve *r, struct error *err)
{
    buffer_text(&r->run_stopped, r->run.stopped_because);
    buffer_text(&r->run_report, r->run.report_path);
    if (r->run_stopped.failed || r->run_report.failed)
        return error_no_memory(err);
    r->run.stopped_because = buffer_string(&r->run_stopped);
    r->run.report_path = buffer_string(&r->run_report);
    r->run.platform = r->manifest.platform;
    r->run.command = r->manifest.command;
    r->run.parent = r->manifest.parent_run;
    r->run.export_name = r->run.reading = "";
    r->run.export_sha256 = NULL;
    return 0;
}

static int find_run(struct resolve *r, struct error *err)
{
    int found = ledger_run_named(r->ledger, r->manifest.run, &r->run, err);

    if (found < 0)
        return -1;
    if (!found || strcmp(r->run.platform, r->manifest.platform) != 0)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger '%s' does not know run %s of this report; name the ledger it "
                         "was made with",
                         ledger_path(r->ledger), r->manifest.run);
    if (keep_run(r, err))
        return -1;
    found = ledger_run_lock(r->ledger, r->run.id, err);
    if (found < 0)
        return -1;
    return found ? 0 : other_run_refuse(r->ledger, r->run.id, err);
}

/* What a dead start of the run has left in flight is unknown. */
static int recover(struct resolve *r, struct error *err)
{
    size_t lost = 0;

    if (ledger_begin(r->ledger, err) || ledger_run_recover(r->ledger, r->run.id, &lost, err) ||
        ledger_commit(r->ledger, err))
        return -1;
    if (lost)
        log_warn(language_plural(
                     "%zu row was in flight when the run ended before: it is unknown now",
                     "%zu rows were in flight when the run ended before: they are unknown now",
                     lost),
                 lost);
    return 0;
}

static int open_key(struct resolve *r, struct error *err)
{
    if (r->options->sign_key)
        return signature_key_open(r->options->sign_key, &r->key, err);
    return 0;
}

/* Today's report may stand where yesterday's is meant. */
static void say_whose(const struct resolve *r)
{
    char day[CLOCK_TOP_BYTES];

    clock_format_top(r->manifest.started_ms, day);
    log_info("the report of '%s' of %.10s, run %s", LOG_QUOTED(r->manifest.input_name), day,
             r->manifest.run);
}

int resolve_open_report(struct resolve *r, struct error *err)
{
    if (check_file(r->options->claims, err) || publication_mend(r->options->claims, err) ||
        manifest_require(r->options->claims, r->endpoint.platform, &r->manifest, err) ||
        open_key(r, err) || open_ledger(r, err) || find_run(r, err) || recover(r, err))
        return -1;
    say_whose(r);
    r->revision_settings = (struct revision_settings){
        .program_version = CLAIMBATCH_VERSION,
        .path = r->options->claims,
        .manifest = &r->manifest,
        .ledger = r->ledger,
        .run = &r->run,
    };
    return revision_open(&r->revision_settings, &r->revision, err);
}
