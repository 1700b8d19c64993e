/* Is this the ledger that knows what was sent? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/stale_ledger.h"
#include "expected_ledger.h"
#include "ledger/commits.h"
#include "ledger/postgres/server_url.h"
#include "report/beside.h"
#include "report/manifest/earlier_runs.h"

/* One look at the manifests. */
struct look {
    const struct submission *s;
    bool passes;     /* what would be refused is recorded */
    bool has_passed; /* something was */
    struct statement_by by;
    bool is_anew;      /* the ledger knows no run at all */
    int64_t made_ms;   /* … and it was made then; 0: not known */
    bool is_elsewhere; /* what is looked at lies neither at the export nor at the report */
    int64_t highest;   /* of the commits that are known to be gone */
};

/* ---- refusals ---- */

static bool is_gone(const char *ledger_path)
{
    return *ledger_path && !server_url_is(ledger_path) && file_look(ledger_path) == FILE_NONE;
}

static int refuse_other(const struct look *look, const struct earlier_run *earlier_run,
                        bool is_this, struct error *err)
{
    const struct manifest_found *m = earlier_run->manifest;
    const struct ledger *ledger = look->s->ledger;
    char place[LOG_QUOTE_BYTES + 64] = "";

    if (*m->ledger_path)
        snprintf(place, sizeof(place), " '%s'", LOG_QUOTED(m->ledger_path));
    return error_set(
        err, EXIT_BAD_CONFIG,
        "'%s' tells that %s with ledger %s%s%s (run %s), but '%s' is %s%s. %s%s; %s",
        LOG_QUOTED(earlier_run->path),
        is_this ? _("this export was sent or begun") : _("claims were sent to this platform"),
        m->ledger_id, *place ? _(" at") : "", place, m->run, LOG_QUOTED(look->s->ledger_path.ptr),
        ledger ? _("ledger ") : _("not there, and would be a new one"),
        ledger ? ledger_id(ledger) : "",
        is_gone(m->ledger_path)
            ? _("That one is not there any more: bring it back, if need be from a backup, to")
            : _("Name that one with --ledger"),
        place, _(STALE_LEDGER_OVERRIDE));
}

static int refuse_unread(const struct earlier_run *earlier_run, struct error *err)
{
    return error_set(err, EXIT_BAD_CONFIG,
                     "another user has sent claims from here, perhaps of this export, and which "
                     "ledger knows of them cannot be told: %s ('%s'). Have it made "
                     "readable; %s",
                     earlier_run->unread, LOG_QUOTED(earlier_run->path), _(STALE_LEDGER_OVERRIDE));
}

static int refuse_doubt(const struct submission *s, const struct run_record *run, struct error *err)
{
    return error_set(err, EXIT_BAD_CONFIG,
                     "the ledger '%s' is a copy that was made while run %s of this export went on: "
                     "what that sent afterwards is not in it. Bring back the newer one; %s",
                     LOG_QUOTED(ledger_path(s->ledger)), run->name, _(STALE_LEDGER_OVERRIDE));
}

/* ---- one manifest ---- */

enum mismatch { MISMATCH_NONE, MISMATCH_OTHER, MISMATCH_UNKNOWN_RUN, MISMATCH_LOST_COMMITS };

/* Whether it is about the export at hand: by content, or, at the report's own place and beside the
 * export, by path. */
static bool is_this_export(const struct look *look, const struct earlier_run *earlier_run)
{
    const struct manifest_found *m = earlier_run->manifest;
    const struct submission *s = look->s;
    struct buffer own = {0};
    char *path;
    bool same;

    if (digest_is(s->inspection.survey.sha256, m->input_sha256))
        return true;
    manifest_path(buffer_string(&s->report_path), &own);
    path = realpath(s->options->claims, NULL);
    same = path && !own.failed && strcmp(m->input_path, path) == 0 &&
           (earlier_run->kind == EARLIER_RUN_ELSEWHERE || strcmp(own.ptr, earlier_run->path) == 0);
    free(path);
    buffer_release(&own);
    return same;
}

/* Of one that cannot be read: whether by its name it is of the export at hand, now or at a time. */
static bool may_be_this_export(const struct look *look, const struct earlier_run *earlier_run)
{
    struct buffer own = {0};
    char *path;
    bool may_be;

    path = realpath(look->s->options->claims, NULL);
    buffer_format(&own, "%s" BESIDE_LEDGER, path ? path : "");
    may_be = earlier_run->kind == EARLIER_RUN_STARTED || look->is_anew ||
             (earlier_run->kind == EARLIER_RUN_ELSEWHERE && !own.failed &&
              file_is_same(own.ptr, earlier_run->path));
    free(path);
    buffer_release(&own);
    return may_be;
}

/* A ledger that was made when others had been sent with it already is not the one of this place. */
static bool is_younger(const struct look *look, const struct manifest_found *m)
{
    return look->is_anew || (m->started_ms && m->started_ms < look->made_ms);
}

static int judge(const struct look *look, const struct manifest_found *m, bool is_this,
                 enum mismatch *ret_mismatch, struct error *err)
{
    const struct submission *s = look->s;
    struct run_record run;
    int found;

    *ret_mismatch = MISMATCH_NONE;
    if (!s->ledger || !manifest_is_of(m, s->ledger)) {
        if (strcmp(m->platform, s->endpoint.platform) == 0 && (is_this || is_younger(look, m)))
            *ret_mismatch = MISMATCH_OTHER;
        return 0;
    }
    found = ledger_run_named(s->ledger, m->run, &run, err);
    if (found == 0)
        *ret_mismatch = MISMATCH_UNKNOWN_RUN;
    if (found <= 0)
        return found;
    if (digest_is(s->inspection.survey.sha256, m->input_sha256) &&
        ledger_run_recall_pruned(s->ledger, run.id, s->inspection.survey.sha256, err))
        return -1;
    /* What was lost has numbers that are given again by what is recorded later. */
    found = run.started_ms < m->started_ms
                ? 1
                : ledger_commits_is_lost(s->ledger, m->ledger_commits, err);
    if (found > 0)
        *ret_mismatch = MISMATCH_LOST_COMMITS;
    return found < 0 ? -1 : 0;
}

/* Passed over before: 1; or now, with a word of it: 1; or not: 0. */
static int pass_over(struct look *look, const struct earlier_run *earlier_run,
                     const struct pass *pass, struct error *err)
{
    int found;

    if (!look->s->ledger)
        return look->passes; /* it is recorded when there is one */
    found = ledger_pass_find(look->s->ledger, pass, err);
    if (found || !look->passes)
        return found;
    log_warn("passed over by %s, though it tells of another ledger or of more than this one knows: "
             "'%s'",
             look->by.by, LOG_QUOTED(earlier_run->path));
    look->has_passed = true;
    return ledger_pass_add(look->s->ledger, pass, &look->by, err) ? -1 : 1;
}

static int see_unread(struct look *look, const struct earlier_run *earlier_run, struct error *err)
{
    struct pass pass = {.ledger = "", .run = earlier_run->path, .kind = PASS_EXPORT};
    int passed =
        may_be_this_export(look, earlier_run) ? pass_over(look, earlier_run, &pass, err) : 1;

    return passed ? (passed < 0 ? -1 : 0) : refuse_unread(earlier_run, err);
}

static int see(void *context, const struct earlier_run *earlier_run, struct error *err)
{
    struct look *look = context;
    const struct manifest_found *m = earlier_run->manifest;
    struct pass pass;
    enum mismatch mismatch;
    bool is_this;
    int passed;

    is_this = m && is_this_export(look, earlier_run);
    if (look->is_elsewhere && !is_this)
        return 0;
    if (!m)
        return see_unread(look, earlier_run, err);
    if (judge(look, m, is_this, &mismatch, err))
        return -1;
    if (mismatch == MISMATCH_NONE)
        return 0;
    if (mismatch != MISMATCH_OTHER && m->ledger_commits > look->highest)
        look->highest = m->ledger_commits;
    pass = manifest_pass(m, is_this ? PASS_EXPORT : PASS_OTHERS);
    passed = pass_over(look, earlier_run, &pass, err);
    if (passed)
        return passed < 0 ? -1 : 0;
    return mismatch == MISMATCH_OTHER
               ? refuse_other(look, earlier_run, is_this, err)
               : stale_ledger_refuse_older(look->s->ledger, earlier_run->path, m,
                                           mismatch == MISMATCH_UNKNOWN_RUN, err);
}

/* ---- all of them ---- */

/* Where reports go whose folder went away (relocation.h): of these only one of this export says
 * anything, for the folder is of all that this user sends. */
static int look_at_relocated(struct look *look, struct error *err)
{
    struct buffer state = {0};
    struct error ignored;
    bool is_known = !ledger_default_path(&state, &ignored) && !state.failed;
    const char *const files[] = {is_known ? state.ptr : NULL};
    int result;

    look->is_elsewhere = true;
    result = earlier_runs_visit(files, 1, see, look, err);
    look->is_elsewhere = false;
    buffer_release(&state);
    return result;
}

static int look_at_all(struct look *look, struct error *err)
{
    const struct submission *s = look->s;
    bool is_piped = strcmp(s->options->claims, "-") == 0;
    const char *const files[] = {is_piped ? NULL : s->options->claims, s->report_path.ptr};

    return earlier_runs_visit(files, sizeof(files) / sizeof(*files), see, look, err) ||
                   look_at_relocated(look, err)
               ? -1
               : 0;
}

static struct look look_of(const struct submission *s)
{
    return (struct look){
        .s = s,
        .passes = s->options->new_ledger,
        .by = {s->options->by, s->options->reason, s->row_source.now_ms},
        .is_anew = !s->ledger,
    };
}

static int refuse_absent(const struct submission *s, enum ledger_place place, const char *id,
                         struct error *err)
{
    const char *quoted = LOG_QUOTED(s->ledger_path.ptr);

    if (place == LEDGER_IS_ABSENT)
        return error_set(err, EXIT_BAD_CONFIG,
                         "there is no ledger at '%s', and --require-ledger lets none be made. Name "
                         "the right one with --ledger; the first one is made by: claimbatch status "
                         "--create --ledger '%s'",
                         quoted, quoted);
    return error_set(err, EXIT_BAD_CONFIG,
                     "the ledger%s%s that was at '%s' is gone: only its log or its lock file is "
                     "left there. Bring it back, or name the place it was moved to with "
                     "--ledger; %s",
                     *id ? " " : "", id, quoted, _(STALE_LEDGER_OVERRIDE));
}

int expected_ledger_check_absent(const struct submission *s, struct error *err)
{
    struct look look = look_of(s);
    char id[LEDGER_ID_BYTES];
    enum ledger_place place;
    struct error ignored;

    if (ledger_place_look(s->ledger_path.ptr, &place, id, err))
        return -1;
    if (place == LEDGER_STANDS)
        return 0;
    if (s->options->require_ledger || (place == LEDGER_IS_GONE && !look.passes))
        return refuse_absent(s, s->options->require_ledger ? LEDGER_IS_ABSENT : place, id, err);
    if (!look_at_all(&look, err))
        return 0;
    /* Another start may have made it meanwhile, and have said so: then it is asked itself. */
    return !ledger_place_look(s->ledger_path.ptr, &place, id, &ignored) && place == LEDGER_STANDS
               ? 0
               : -1;
}

static int check_doubt(struct look *look, struct error *err)
{
    const struct submission *s = look->s;
    struct run_record run;
    int found = submission_find_run(s, &run, err);

    if (found > 0)
        found = ledger_run_is_in_doubt(s->ledger, run.id, err);
    if (found <= 0)
        return found;
    if (!look->passes)
        return refuse_doubt(s, &run, err);
    look->has_passed = true;
    return ledger_run_end_doubt(s->ledger, run.id, err);
}

/* A copy of a ledger knows nothing of what was sent with the ledger itself since. */
static int check_copy(struct look *look, struct error *err)
{
    const struct ledger *ledger = look->s->ledger;
    struct buffer path = {0};
    int64_t count;
    int found = ledger_commits_elsewhere(look->s->ledger, &path, &count, err);

    if (found > 0 && count > ledger_commits(ledger) && !look->passes)
        found = stale_ledger_refuse_copy(ledger, path.ptr, err);
    else if (found > 0) {
        look->has_passed |= look->passes;
        log_warn("the ledger '%s' is a copy of '%s', which is still there: use only one of them, "
                 "for what is sent with the other is sent again with this one",
                 LOG_QUOTED(ledger_path(ledger)), LOG_QUOTED(path.ptr));
        found = 0;
    }
    buffer_release(&path);
    return found;
}

static int check(struct look *look, struct error *err)
{
    const struct submission *s = look->s;

    if (ledger_made(s->ledger, &look->made_ms, &look->is_anew, err))
        return -1;
    look->is_anew = !look->is_anew;
    if (ledger_commits_lost(s->ledger) && !look->passes)
        return stale_ledger_refuse_lost(s->ledger, err);
    return look_at_all(look, err);
}

int expected_ledger_check(struct submission *s, struct error *err)
{
    struct look look = look_of(s);

    if (!look.passes)
        return check(&look, err) || check_doubt(&look, err) || check_copy(&look, err) ? -1 : 0;
    look.has_passed = ledger_commits_lost(s->ledger) > 0;
    if (ledger_begin(s->ledger, err) || check(&look, err) ||
        ledger_commits_jump(s->ledger, look.highest, &look.by, err) || check_doubt(&look, err) ||
        check_copy(&look, err) || ledger_commit(s->ledger, err)) {
        ledger_rollback(s->ledger);
        return -1;
    }
    s->has_passed |= look.has_passed;
    return 0;
}

int expected_ledger_check_again(const struct submission *s, struct error *err)
{
    struct look look = look_of(s);

    look.passes = false;
    if (ledger_made(s->ledger, &look.made_ms, &look.is_anew, err))
        return -1;
    look.is_anew = false; /* it has this run */
    return look_at_all(&look, err);
}
