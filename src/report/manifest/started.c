#include "report/manifest/started.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/file/output.h"
#include "base/log.h"
#include "ledger/commits.h"
#include "report/beside.h"
#include "started_part.h"

#define TRIES 10 /* to take a place that others take and leave at the same moment */
#define HOLD_TRIES 200
#define HOLD_WAIT_MS 10

static void path_of(const char *report_path, struct buffer *ret_path)
{
    buffer_format(ret_path, "%s" BESIDE_STARTED, report_path);
}

/* Where the one of a run without a report goes, so that the next run has the place. */
static void aside_path(const char *path, const char *run, const char *ending,
                       struct buffer *ret_path)
{
    size_t stem = file_stem_length(path);

    buffer_format(ret_path, "%.*s.%s%s%s", (int)stem, path, run, path + stem, ending);
}

/* Holds what stands there, so that it is still the same when it is moved, replaced or removed: who
 * does any of that holds it. -1 where nothing stands there, or it cannot be held: one who may not
 * open it, or a stopped process that holds it, is not waited for. To be closed. */
static int hold(const char *path)
{
    for (int tries = 0; tries < HOLD_TRIES; tries++) {
        int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

        if (fd < 0)
            return -1;
        if (!flock(fd, LOCK_EX | LOCK_NB)) {
            if (file_is_at(fd, path) > 0)
                return fd;
        } else if (errno == EWOULDBLOCK) {
            poll(NULL, 0, HOLD_WAIT_MS);
        }
        close(fd);
    }
    return -1;
}

static void let_go(int held)
{
    if (held >= 0)
        close(held);
}

/* ---- one that stands there ---- */

static int look(const struct manifest *m, const char *path, struct manifest_found *ret_found,
                enum standing *ret_standing, struct error *err)
{
    struct run_record run;
    int found = manifest_read_start(path, ret_found, err);

    *ret_standing = STANDING_NONE;
    if (found <= 0)
        return found;
    *ret_standing = STANDING_OTHER;
    if (!manifest_is_of(ret_found, m->ledger))
        return 0;
    if (strcmp(ret_found->run, m->run->name) == 0) {
        *ret_standing = STANDING_OWN;
        return 0;
    }
    found = ledger_run_named(m->ledger, ret_found->run, &run, err);
    if (found > 0 && run.published)
        *ret_standing = STANDING_STALE;
    return found < 0 ? -1 : 0;
}

/* Whether what it tells of was imported from another ledger, as far as it goes: 1 or 0. */
int started_is_learned(struct ledger *ledger, const struct manifest_found *found,
                       struct run_record *ret_run, struct error *err)
{
    struct pass pass = manifest_pass(found, PASS_LEARNED);
    int known = ledger_run_named(ledger, found->run, ret_run, err);

    return known <= 0 ? known : ledger_pass_find(ledger, &pass, err);
}

static int refuse_unread(const char *path, struct error *err)
{
    struct error why = *err;

    if (why.exit_code == EXIT_RESOURCES)
        return -1;
    return error_set(err, EXIT_BAD_CONFIG,
                     "'%s' stands there, so a run was begun at this place, perhaps with another "
                     "ledger, and it cannot be told which: %.300s. If no other ledger was in use "
                     "here, move that file away and type the same again",
                     LOG_QUOTED(path), why.text);
}

static int refuse_taken(const char *aside, const char *run, struct error *err)
{
    return error_set(err, EXIT_CANNOT_CREATE,
                     "'%s' stands in the way of what tells of run %s; move it away",
                     LOG_QUOTED(aside), run);
}

/* The same run was set aside before, went on here, and was cut short again: the later start tells
 * all that the earlier one does. */
static int set_aside_again(const char *path, const char *aside, const struct manifest_found *later,
                           struct error *err)
{
    struct manifest_found earlier;
    struct error unread;
    int result = 0;

    if (manifest_read_start(aside, &earlier, &unread) <= 0 ||
        strcmp(earlier.run, later->run) != 0 || strcmp(earlier.ledger_id, later->ledger_id) != 0 ||
        earlier.ledger_commits > later->ledger_commits)
        result = refuse_taken(aside, later->run, err);
    else if (rename(path, aside) && errno != ENOENT)
        result = error_set(err, EXIT_CANNOT_CREATE, "cannot rename '%s' to '%s': %s",
                           LOG_QUOTED(path), LOG_QUOTED(aside), strerror(errno));
    manifest_found_release(&earlier);
    return result;
}

/* What tells of a run without a report is kept, where the next look finds it, too. */
int started_set_aside(const char *whose, const char *ending, const char *path,
                      const struct manifest_found *found, struct buffer *ret_aside,
                      struct error *err)
{
    enum file_moved moved = FILE_MOVED;
    int result;

    aside_path(whose, found->run, ending, ret_aside);
    result =
        ret_aside->failed ? error_no_memory(err) : file_move(path, ret_aside->ptr, &moved, err);
    if (!result && moved == FILE_PLACE_TAKEN)
        result = set_aside_again(path, ret_aside->ptr, found, err);
    return result;
}

/* … and told. */
static int leave(const struct started_settings *s, const char *path,
                 const struct manifest_found *found, struct error *err)
{
    struct buffer aside = {0};
    int result =
        started_set_aside(s->manifest->report_path, BESIDE_STARTED, path, found, &aside, err);

    if (!result)
        result = s->left(s->context, found, aside.ptr, err);
    buffer_release(&aside);
    return result;
}

/* Of another run: once it is judged, one that this ledger has learned is as good as its own. */
static int clear_other(const struct started_settings *s, const char *path,
                       const struct manifest_found *found, enum standing *ret_standing,
                       struct error *err)
{
    const struct manifest *m = s->manifest;
    struct run_record run;
    int learned;

    *ret_standing = STANDING_NONE;
    if (s->judge(s->context, err))
        return -1;
    learned = started_is_learned(m->ledger, found, &run, err);
    if (learned < 0)
        return -1;
    if (learned && strcmp(found->run, m->run->name) == 0)
        *ret_standing = STANDING_OWN;
    else if (learned && run.published)
        *ret_standing = STANDING_STALE;
    return *ret_standing == STANDING_NONE ? leave(s, path, found, err) : 0;
}

/* Judges what stands there: *ret_standing is then what may be written over, or STANDING_NONE. */
static int clear_place(const struct started_settings *s, const char *path,
                       enum standing *ret_standing, struct error *err)
{
    struct manifest_found found;
    int result = look(s->manifest, path, &found, ret_standing, err);

    if (result)
        refuse_unread(path, err);
    else if (*ret_standing == STANDING_OTHER)
        result = clear_other(s, path, &found, ret_standing, err);
    manifest_found_release(&found);
    return result;
}

/* ---- making it ---- */

/* Where file_move goes by a second name, a kill may have left both. The report's place is locked.
 */
static void end_cut_short(const char *partial, const char *path)
{
    if (file_is_same(partial, path))
        file_discard(partial);
}

static int write_partial(const struct manifest *manifest, const char *path,
                         struct output *ret_output, struct error *err)
{
    mode_t mask = umask(0); /* there is one thread yet */

    umask(mask);
    if (output_lock(path, ret_output, err) || manifest_format(manifest, &ret_output->text, err) ||
        output_finish(ret_output, err))
        return -1;
    if (fchmod(ret_output->fd, 0644 & ~mask))
        log_verbose("'%s' stays readable to its owner only", output_partial(ret_output));
    return 0;
}

static int take_place(const struct started_settings *s, started_clearer clear,
                      struct output *output, bool *ret_made, struct error *err)
{
    const char *path = output->path;

    for (int tries = 0; tries < TRIES; tries++) {
        enum standing standing = STANDING_NONE;
        enum file_moved moved;
        int held, result;

        if (output_move(output, &moved, err))
            return -1;
        *ret_made = true;
        if (moved == FILE_MOVED)
            return 0;
        held = hold(path);
        result = clear(s, path, &standing, err);
        *ret_made = standing != STANDING_OWN;
        if (!result && standing != STANDING_NONE)
            result = output_take_name(output, err);
        let_go(held);
        if (result || standing != STANDING_NONE)
            return result;
    }
    return error_set(err, EXIT_TRY_LATER, "other runs are taking the place of '%s'; try again",
                     path);
}

int started_put(const struct started_settings *s, const struct buffer *path, started_clearer clear,
                bool *ret_made, struct error *err)
{
    struct buffer partial = {0};
    struct output output = {0};
    int result = -1;

    buffer_format(&partial, "%s" BESIDE_PARTIAL, path->ptr);
    if (!path->failed && !partial.failed)
        end_cut_short(partial.ptr, path->ptr);
    if (path->failed || partial.failed)
        error_no_memory(err);
    else if (!write_partial(s->manifest, path->ptr, &output, err) &&
             !take_place(s, clear, &output, ret_made, err))
        result = file_sync_folder(path->ptr, err);
    output_close(&output);
    buffer_release(&partial);
    return result;
}

int started_make(const struct started_settings *settings, bool *ret_made, struct error *err)
{
    struct buffer path = {0};
    int result;

    *ret_made = false;
    path_of(settings->manifest->report_path, &path);
    result = started_put(settings, &path, clear_place, ret_made, err);
    buffer_release(&path);
    return result;
}

/* ---- removing it ---- */

/* Whether this ledger knows all that it tells of this run: 1 or 0. */
static int is_own(struct ledger *ledger, const char *run, const struct manifest_found *found,
                  struct error *err)
{
    struct run_record known;

    if (strcmp(found->run, run) != 0)
        return 0;
    return manifest_is_of(found, ledger) ? 1 : started_is_learned(ledger, found, &known, err);
}

/* A file of ours that could not be read may be the one: then the run is not over, and the same
 * command looks again. One of another user is none of ours. */
static int fail_if_ours(const char *path, const struct error *unread, struct error *err)
{
    struct stat status;

    if (unread->exit_code == EXIT_INPUT_REFUSED || stat(path, &status) ||
        status.st_uid != geteuid())
        return 0;
    *err = *unread;
    if (err->exit_code != EXIT_RESOURCES)
        err->exit_code = EXIT_CANNOT_WRITE;
    return -1;
}

/* Durably, before the run counts as published; the report stands there, by which its file system is
 * synced where the folder cannot be read. */
int started_remove_own(const char *path, const char *report_path, const char *run,
                       struct ledger *ledger, struct error *err)
{
    struct manifest_found found;
    struct error unread;
    int held = hold(path);
    int read = manifest_read_start(path, &found, &unread);
    int own = read > 0 ? is_own(ledger, run, &found, err) : 0;
    int result = own < 0 ? -1 : read < 0 ? fail_if_ours(path, &unread, err) : 0;

    if (own > 0 && unlink(path) == 0)
        result = file_sync_folder(report_path, err);
    else if (own > 0 && errno != ENOENT)
        result = error_set(err, EXIT_CANNOT_WRITE, "cannot remove '%s': %s", LOG_QUOTED(path),
                           strerror(errno));
    let_go(held);
    manifest_found_release(&found);
    return result;
}

int started_remove(const char *report_path, const struct run_record *run, struct ledger *ledger,
                   struct error *err)
{
    struct buffer path = {0};
    struct buffer aside = {0};
    int result;

    path_of(report_path, &path);
    aside_path(report_path, run->name, BESIDE_STARTED, &aside);
    if (path.failed || aside.failed)
        result = error_no_memory(err);
    else
        result = started_remove_own(path.ptr, report_path, run->name, ledger, err) ||
                         started_remove_own(aside.ptr, report_path, run->name, ledger, err)
                     ? -1
                     : 0;
    buffer_release(&path);
    buffer_release(&aside);
    return result;
}
