/* The path of the report, and what stands there. */
#include "command/upload/submission.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/stale_ledger.h"
#include "ledger/commits.h"
#include "ledger/postgres/server_url.h"
#include "report/beside.h"
#include "report/manifest/started.h"
#include "report/move.h"
#include "submission_part.h"
#include "unfinished_run.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

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
    bool is_named = o->report && !is_folder(o->report);

    if (!is_named && !name)
        return error_set(err, EXIT_BAD_USAGE,
                         "an export from standard input or a pipe of the shell needs a name for "
                         "its report: -o FILE; nothing was sent");
    s->choice = o->overwrite ? PLACE_OVERWRITE : is_named ? PLACE_NAMED : PLACE_DEFAULT;
    buffer_reset(&s->report_path);
    if (is_named)
        buffer_text(&s->report_path, o->report);
    else if (o->report || o->report_dir)
        join(&s->report_path, o->report ? o->report : o->report_dir, name);
    else
        buffer_format(&s->report_path, "%.*s%s", (int)file_folder_length(folder_of), folder_of,
                      name);
    return s->report_path.failed ? error_no_memory(err) : 0;
}

/* What stands at report_path now. */
static int look_at(struct submission *s, struct publication_place *ret_place, struct error *err)
{
    return publication_look(s->report_path.ptr, s->options->claims, s->inspection.survey.sha256,
                            s->endpoint.platform, s->choice, ret_place, err);
}

static int refuse_foreign(const struct submission *s, struct error *err)
{
    return publication_refuse(s->report_path.ptr, _("is the report of another export"), err);
}

/* A publication that was cut short is brought to its end, whoever's it is. Where the manifest of an
 * earlier report stands, the ledger may know more by now: the run publishes anew. */
static int complete(struct submission *s, struct error *err)
{
    bool is_first = !beside_stands(s->report_path.ptr, BESIDE_MANIFEST);
    int found = is_first ? publication_complete(s->report_path.ptr, s->completed, err) : 0;

    if (found <= 0) {
        *s->completed = '\0';
        return found;
    }
    log_info("the report of run %s had no manifest yet, because its publication was cut short: "
             "'%s' has it now",
             s->completed, LOG_QUOTED(s->report_path.ptr));
    return 0;
}

static bool tells_of_unknown(const char *report_path)
{
    struct manifest_found manifest;
    struct error unread;
    bool tells =
        manifest_read(report_path, &manifest, &unread) <= 0 || manifest.rows[OUTCOME_UNKNOWN] > 0;

    manifest_found_release(&manifest);
    return tells;
}

/* … and its run is published, as far as this ledger knows it. An unknown row may be settled by now,
 * which its report does not tell: then the run publishes anew. */
static int note_completed(struct submission *s, struct error *err)
{
    struct run_record run;
    int found = *s->completed ? ledger_run_named(s->ledger, s->completed, &run, err) : 0;

    if (found <= 0 || !run.finished_ms || run.published || tells_of_unknown(s->report_path.ptr))
        return found < 0 ? -1 : 0;
    if (started_remove(s->report_path.ptr, &run, s->ledger, err) || ledger_begin(s->ledger, err))
        return -1;
    run.published = true;
    if (!ledger_run_save(s->ledger, &run, err) && !ledger_commit(s->ledger, err))
        return 0;
    ledger_rollback(s->ledger);
    return -1;
}

bool submission_has_ledger(const struct submission *s)
{
    return server_url_is(s->ledger_path.ptr) || access(s->ledger_path.ptr, F_OK) == 0;
}

static int refuse_file(const char *path, struct error *err)
{
    return error_set(err, EXIT_CANNOT_CREATE,
                     "the report cannot go to '%s': this command reads or keeps that file; nothing "
                     "was sent. Name another report with -o",
                     LOG_QUOTED(path));
}

/* `beside` names what stands with the file, each beginning with what is added to its path. */
static int check_file(const struct submission *s, const char *file, const char *const *beside,
                      size_t count, struct error *err)
{
    static const char *const outputs[] = {
        "",
        BESIDE_PARTIAL,
        BESIDE_MANIFEST,
        BESIDE_MANIFEST BESIDE_PARTIAL,
        BESIDE_STARTED,
        BESIDE_STARTED BESIDE_PARTIAL,
    };
    struct buffer kept = {0};
    struct buffer written = {0};
    int result = 0;

    for (size_t i = 0; file && i < count * COUNT(outputs) && !result; i++) {
        buffer_reset(&kept);
        buffer_reset(&written);
        buffer_format(&kept, "%s%s", file, beside[i / COUNT(outputs)]);
        buffer_format(&written, "%s%s", s->report_path.ptr, outputs[i % COUNT(outputs)]);
        if (kept.failed || written.failed)
            result = error_no_memory(err);
        else if (file_is_same(kept.ptr, written.ptr))
            result = refuse_file(s->report_path.ptr, err);
    }
    buffer_release(&kept);
    buffer_release(&written);
    return result;
}

/* EXIT_CANNOT_CREATE when a file of the report is one that the command reads or keeps, whether it
 * is there already or not. Not even --overwrite is meant for those. */
static int spare_files(const struct submission *s, struct error *err)
{
    /* SQLite's own (https://www.sqlite.org/tempfiles.html), and the lock. */
    static const char *const ledgers[] = {"", "-wal", "-shm", "-journal", ".lock"};
    static const char *const alone[] = {""};
    static const char *const exports[] = {"", BESIDE_LEDGER, BESIDE_LEDGER BESIDE_PARTIAL};
    const struct options *o = s->options;
    char *place = realpath(s->ledger_path.ptr, NULL); /* none is there yet: as it is named */
    int result = check_file(s, o->claims, exports, COUNT(exports), err);
    const char *const files[] = {o->app_secret_file, o->session_file, o->sign_key, o->config_file,
                                 o->ca_file};

    for (size_t i = 0; i < COUNT(files) && !result; i++)
        result = check_file(s, files[i], alone, COUNT(alone), err);
    if (!result)
        result = check_file(s, place ? place : s->ledger_path.ptr, ledgers, COUNT(ledgers), err);
    free(place);
    return result;
}

/* A ledger that is not there knows of no place that the run's report has moved to. */
int submission_look(struct submission *s, struct error *err)
{
    if (spare_files(s, err) || complete(s, err) || look_at(s, &s->place, err))
        return -1;
    return s->place.is_foreign && !submission_has_ledger(s) ? refuse_foreign(s, err) : 0;
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
    return spare_files(s, err) ? -1 : look_at(s, &s->place, err);
}

int submission_follow_place(struct submission *s, struct error *err)
{
    if (move_complete(s->ledger, err) || note_completed(s, err))
        return -1;
    publication_place_release(&s->place);
    if (look_at(s, &s->place, err) || follow_move(s, err))
        return -1;
    return s->place.is_foreign ? refuse_foreign(s, err) : 0;
}

/* The report of another run, or what a person said may go, makes room for the one that is to come.
 */
int submission_make_room(struct submission *s, struct error *err)
{
    const char *run = s->place.standing;
    struct buffer stem = {0};
    struct buffer aside = {0};
    bool is_own = strcmp(run, s->resumed.run.name) == 0 || (!*run && s->choice != PLACE_OVERWRITE);
    int result;

    if (!s->place.is_there || is_own)
        return 0;
    buffer_format(&stem, "before-%s", s->resumed.run.name);
    result = stem.failed ? error_no_memory(err)
                         : move_aside(s->ledger, s->report_path.ptr, run, stem.ptr, &aside, err);
    if (!result)
        log_info("what was there is kept: %s%s is '%s' now", *run ? _("the report of run ") : "it",
                 run, LOG_QUOTED(aside.ptr));
    if (!result && *run)
        result = unfinished_run_report(s, run, aside.ptr, err);
    if (!result)
        publication_place_release(&s->place);
    buffer_release(&stem);
    buffer_release(&aside);
    return result;
}

/* The longest names that this run's report may ever need, once it makes room itself. */
int submission_try_names(const struct submission *s, struct error *err)
{
    struct buffer name = {0};
    struct buffer longest = {0};
    int result = move_name(s->report_path.ptr, s->resumed.run.name, &name, err);

    manifest_path(buffer_string(&name), &longest);
    buffer_text(&longest, BESIDE_PARTIAL);
    if (!result)
        result = longest.failed ? error_no_memory(err) : file_check_name(longest.ptr, err);
    if (result && !longest.failed)
        error_add(err, "the report would need such a name later; name another report with -o");
    buffer_release(&name);
    buffer_release(&longest);
    return result;
}

void submission_note_standing(struct submission *s)
{
    if (lstat(s->report_path.ptr, &s->standing))
        s->standing = (struct stat){0};
}

/* Whether somebody put a file at the place, or wrote to the report of this run that stood there. */
static bool has_newcomer(const struct submission *s)
{
    struct stat now;

    if (lstat(s->report_path.ptr, &now))
        return false;
    if (!s->standing.st_nlink || now.st_dev != s->standing.st_dev ||
        now.st_ino != s->standing.st_ino || now.st_size != s->standing.st_size)
        return true;
    return (now.st_mtim.tv_sec != s->standing.st_mtim.tv_sec ||
            now.st_mtim.tv_nsec != s->standing.st_mtim.tv_nsec) &&
           publication_was_changed(s->report_path.ptr);
}

/* The manifest of another run came with it. */
static int keep_manifest(const struct submission *s, const char *aside, struct error *err)
{
    struct manifest_found found;
    struct error unread;
    struct buffer from = {0}, to = {0};
    enum file_moved moved;
    int read = manifest_read(s->report_path.ptr, &found, &unread);
    int result = 0;

    manifest_path(s->report_path.ptr, &from);
    manifest_path(aside, &to);
    if (from.failed || to.failed)
        result = error_no_memory(err);
    else if (read > 0 && strcmp(found.run, s->resumed.run.name) != 0)
        result = file_move(from.ptr, to.ptr, &moved, err);
    manifest_found_release(&found);
    buffer_release(&from);
    buffer_release(&to);
    return result;
}

/* The ledger knows of no such move: what it is about is no report of its runs. */
int submission_keep_newcomer(const struct submission *s, struct error *err)
{
    struct buffer stem = {0};
    struct buffer aside = {0};
    enum file_moved moved;
    int result;

    if (!has_newcomer(s))
        return 0;
    buffer_format(&stem, "during-%s", s->resumed.run.name);
    result =
        stem.failed ? error_no_memory(err) : move_name(s->report_path.ptr, stem.ptr, &aside, err);
    if (!result)
        result = file_move(s->report_path.ptr, aside.ptr, &moved, err);
    if (!result)
        result = keep_manifest(s, aside.ptr, err);
    if (!result)
        log_warn("'%s' was put there, or changed, while the run went on: it is kept, as '%s'",
                 LOG_QUOTED(s->report_path.ptr), LOG_QUOTED(aside.ptr));
    buffer_release(&stem);
    buffer_release(&aside);
    return result;
}

/* Another run may have published its report there since this one looked; now that the places of
 * report and manifest are locked none can, and none is between the two. */
int submission_look_again(struct submission *s, struct error *err)
{
    struct publication_place now;
    int result = look_at(s, &now, err);

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

/* Another run may be publishing it, or have ended that since this one looked. */
static int refuse_unclaimed(struct submission *s, struct error *err)
{
    if (manifest_is_due(s->report_path.ptr))
        return manifest_refuse_due(s->report_path.ptr, err);
    return submission_look_again(s, err)
               ? -1
               : publication_refuse(s->report_path.ptr, _("has no manifest beside it"), err);
}

/* A report stands there, and nothing that tells with which ledger its claims were sent; one that
 * knows of no run is not it. Not even --overwrite is meant for that. */
static int check_ledger_is_old(struct submission *s, struct error *err)
{
    int64_t made_ms;
    bool has_runs;

    if (!s->place.is_like_a_report)
        return 0;
    if (ledger_made(s->ledger, &made_ms, &has_runs, err))
        return -1;
    s->has_passed |= !has_runs && s->options->new_ledger;
    if (has_runs || s->options->new_ledger)
        return 0;
    return error_set(err, EXIT_BAD_CONFIG,
                     "'%s' is a report, its manifest is gone or damaged, and ledger '%s' is new: "
                     "its claims were sent with another one. Name that one with --ledger; %s",
                     LOG_QUOTED(s->report_path.ptr), LOG_QUOTED(s->ledger_path.ptr),
                     _(STALE_LEDGER_OVERRIDE));
}

/* A report without a manifest is ours when publishing it was cut short between the two. Whether the
 * run is finished tells nothing: a later start, which was cut short too, has begun it anew. */
int submission_check_unclaimed(struct submission *s, struct error *err)
{
    struct run_record run;
    int found;

    if (check_ledger_is_old(s, err))
        return -1;
    if (!s->place.is_unclaimed)
        return 0;
    found = submission_find_run(s, &run, err);
    if (found < 0)
        return -1;
    if (found && s->place.is_like_a_report && file_is_same(run.report_path, s->report_path.ptr))
        return 0;
    return refuse_unclaimed(s, err);
}
