/* What stays beside an export whose report lies elsewhere. */
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "report/beside.h"
#include "started_part.h"

/* A ledger knows its own earlier runs, and what it has learned. What tells of another ledger, and
 * was judged, is kept where the next look finds it, too. */
static int clear_known(const struct started_settings *s, const char *path,
                       const struct manifest_found *found, enum standing *ret_standing,
                       struct error *err)
{
    struct ledger *ledger = s->manifest->ledger;
    size_t stem = strlen(path) - strlen(BESIDE_LEDGER);
    struct buffer export = {0}, aside = {0};
    struct run_record run;
    int known, result;

    if (s->judge(s->context, err))
        return -1;
    known = manifest_is_of(found, ledger) ? 1 : started_is_learned(ledger, found, &run, err);
    if (known)
        *ret_standing = known > 0 ? STANDING_STALE : STANDING_NONE;
    if (known)
        return known < 0 ? -1 : 0;
    buffer_append(&export, path, stem);
    result = export.failed ? error_no_memory(err)
                           : started_set_aside(buffer_string(&export), BESIDE_LEDGER, path, found,
                                               &aside, err);
    buffer_release(&export);
    buffer_release(&aside);
    return result;
}

static int clear_mark(const struct started_settings *s, const char *path,
                      enum standing *ret_standing, struct error *err)
{
    struct manifest_found found;
    int read = manifest_read_start(path, &found, err);
    int result = read;

    *ret_standing = STANDING_NONE;
    if (read > 0)
        result = clear_known(s, path, &found, ret_standing, err);
    else if (!read && file_look(path) != FILE_NONE)
        result = error_set(err, EXIT_CANNOT_CREATE, "'%s' leads nowhere", LOG_QUOTED(path));
    manifest_found_release(&found);
    return result;
}

static bool is_same_folder(char *path, char *other)
{
    struct stat folder, other_folder;

    return stat(dirname(path), &folder) == 0 && stat(dirname(other), &other_folder) == 0 &&
           folder.st_dev == other_folder.st_dev && folder.st_ino == other_folder.st_ino;
}

/* Whether nobody who comes upon the export would find its report, and something can be left. */
static int needs_mark(const char *export, const char *report_path, struct error *err)
{
    char *path = strdup(export), *report = strdup(report_path);
    int needs = path && report ? !is_same_folder(path, report) : error_no_memory(err);

    if (needs > 0 && access(path, W_OK)) {
        log_verbose("nothing beside '%s' will tell with which ledger it was sent: %s",
                    LOG_QUOTED(export), strerror(errno));
        needs = 0;
    }
    free(path);
    free(report);
    return needs;
}

static int mark(const struct started_settings *s, const char *export, struct error *err)
{
    struct buffer path = {0};
    bool made;
    int result;

    buffer_format(&path, "%s" BESIDE_LEDGER, export);
    result = started_put(s, &path, clear_mark, &made, err);
    buffer_release(&path);
    if (!result || err->exit_code == EXIT_BAD_CONFIG || err->exit_code == EXIT_TRY_LATER ||
        err->exit_code == EXIT_RESOURCES)
        return result;
    log_warn("nothing beside '%s' will tell with which ledger it was sent: %s", LOG_QUOTED(export),
             err->text);
    return 0;
}

int started_mark_export(const struct started_settings *settings, const char *claims,
                        struct error *err)
{
    char *export = realpath(claims, NULL);
    int needs = export ? needs_mark(export, settings->manifest->report_path, err) : 0;
    int result = needs > 0 ? mark(settings, export, err) : needs;

    free(export);
    return result;
}

int started_unmark_export(const char *claims, const struct run_record *run, struct ledger *ledger,
                          struct error *err)
{
    char *export = realpath(claims, NULL);
    struct buffer path = {0};
    int result = 0;

    if (!export)
        return 0;
    buffer_format(&path, "%s" BESIDE_LEDGER, export);
    result = path.failed ? error_no_memory(err)
                         : started_remove_own(path.ptr, export, run->name, ledger, err);
    buffer_release(&path);
    free(export);
    return result;
}
