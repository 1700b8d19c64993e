#include "report/manifest/earlier_runs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "report/beside.h"
#include "report/manifest/started.h"

#define FOLDERS_MAX 8
#define LISTINGS_MAX 100 /* of a folder in which names go while it is looked at */

struct earlier_runs {
    earlier_runs_visitor visit;
    void *context;
    const char *const *files; /* in whose folders they lie */
    size_t count;
    enum earlier_run_kind kind; /* what this pass shows */
    int listings;               /* of the folder so far */
    bool has_gone;              /* a name went between the listing and the look */
    struct buffer shown;        /* of the folder, each with its number and NUL */
};

static const char *suffix_of(const struct earlier_runs *earlier_runs)
{
    static const char *const suffixes[EARLIER_RUN_KINDS] = {
        [EARLIER_RUN_STARTED] = BESIDE_STARTED,
        [EARLIER_RUN_REPORTED] = BESIDE_MANIFEST,
        [EARLIER_RUN_ELSEWHERE] = BESIDE_LEDGER,
    };

    return suffixes[earlier_runs->kind];
}

/* A run that begins moves what tells of another aside, and one that ends removes its own. A link
 * that leads nowhere has not gone. */
static bool has_gone(const char *path)
{
    struct stat status;

    return lstat(path, &status) && errno == ENOENT;
}

static int look(struct earlier_runs *earlier_runs, const char *path, struct error *err)
{
    struct manifest_found manifest;
    struct error unread;
    struct earlier_run earlier_run = {.path = path, .kind = earlier_runs->kind};
    int found = earlier_runs->kind == EARLIER_RUN_REPORTED
                    ? manifest_read_file(path, &manifest, &unread)
                    : manifest_read_start(path, &manifest, &unread);
    int result = 0;

    if (found > 0)
        earlier_run.manifest = &manifest;
    else if (found < 0)
        earlier_run.unread = unread.text;
    earlier_runs->has_gone |= !found && has_gone(path);
    if (found < 0 && unread.exit_code == EXIT_RESOURCES)
        result = error_no_memory(err);
    else if (found > 0 || (found < 0 && unread.exit_code == EXIT_INPUT_MISSING))
        result = earlier_runs->visit(earlier_runs->context, &earlier_run, err);
    manifest_found_release(&manifest);
    return result;
}

/* A folder that may be written but not listed: what lies beside the files themselves is known by
 * its name. */
static int visit_names(struct earlier_runs *earlier_runs, struct error *err)
{
    struct buffer path = {0};
    int result = 0;

    for (size_t i = 0; i < earlier_runs->count && !result; i++) {
        if (!earlier_runs->files[i])
            continue;
        buffer_reset(&path);
        buffer_format(&path, "%s%s", earlier_runs->files[i], suffix_of(earlier_runs));
        result = path.failed ? error_no_memory(err) : look(earlier_runs, path.ptr, err);
    }
    buffer_release(&path);
    earlier_runs->has_gone = false; /* most never stood there */
    return result;
}

/* What cannot be looked at is not empty: earlier runs may stand in it. */
static int fail_to_list(const char *folder, int number, struct error *err)
{
    bool is_short = number == EMFILE || number == ENFILE || number == ENOMEM;

    return error_set(err, is_short ? EXIT_RESOURCES : EXIT_CANNOT_WRITE,
                     "cannot look for reports of earlier runs in the folder '%s': %s; nothing was "
                     "sent",
                     LOG_QUOTED(*folder ? folder : "."), strerror(number));
}

/* Whether a file was shown in an earlier listing of the folder; or takes note of it. */
static bool was_shown(struct earlier_runs *earlier_runs, const struct dirent *entry)
{
    struct buffer *shown = &earlier_runs->shown;
    size_t before = shown->len;

    buffer_format(shown, "%llu %s", (unsigned long long)entry->d_ino, entry->d_name);
    buffer_byte(shown, '\0');
    for (size_t at = 0; earlier_runs->listings && !shown->failed && at < before;
         at += strlen(shown->ptr + at) + 1)
        if (strcmp(shown->ptr + at, shown->ptr + before) == 0) {
            shown->len = before;
            return true;
        }
    return false;
}

static int visit_list(struct earlier_runs *earlier_runs, const char *folder, DIR *list,
                      struct error *err)
{
    struct buffer path = {0};
    const struct dirent *entry;
    int result = 0;

    while (!result && (errno = 0, entry = readdir(list))) {
        if (!beside_has_ending(entry->d_name, suffix_of(earlier_runs)) ||
            was_shown(earlier_runs, entry))
            continue;
        buffer_reset(&path);
        buffer_format(&path, "%s%s", folder, entry->d_name);
        result = path.failed || earlier_runs->shown.failed ? error_no_memory(err)
                                                           : look(earlier_runs, path.ptr, err);
    }
    if (!result && errno)
        result = fail_to_list(folder, errno, err);
    buffer_release(&path);
    return result;
}

static int list_folder(struct earlier_runs *earlier_runs, const char *folder, struct error *err)
{
    DIR *list = opendir(*folder ? folder : ".");
    int result = 0;

    if (!list && errno == EACCES)
        return visit_names(earlier_runs, err);
    if (!list)
        return errno == ENOENT || errno == ENOTDIR ? 0 : fail_to_list(folder, errno, err);
    result = visit_list(earlier_runs, folder, list, err);
    closedir(list);
    return result;
}

/* `folder` ends in a slash, or is empty. Where a name went it may have been moved to one that the
 * listing had passed: it is listed again, for what was not shown yet. */
static int visit_folder(struct earlier_runs *earlier_runs, const char *folder, struct error *err)
{
    int *listings = &earlier_runs->listings;
    int result = 0;

    buffer_reset(&earlier_runs->shown);
    for (*listings = 0; !result && (!*listings || earlier_runs->has_gone); ++*listings) {
        earlier_runs->has_gone = false;
        if (*listings == LISTINGS_MAX)
            return error_set(err, EXIT_TRY_LATER,
                             "other runs begin and end all the time in the folder '%s'; try again",
                             LOG_QUOTED(*folder ? folder : "."));
        result = list_folder(earlier_runs, folder, err);
    }
    return result;
}

/* ---- the folders ---- */

struct folders {
    char *paths[FOLDERS_MAX];
    struct stat status[FOLDERS_MAX];
    size_t count;
};

static int add_folder(struct folders *folders, const char *file, struct error *err)
{
    char *path = strndup(file, file_folder_length(file));
    struct stat status;

    if (!path)
        return error_no_memory(err);
    if (stat(*path ? path : ".", &status) || folders->count == FOLDERS_MAX) {
        free(path);
        return 0;
    }
    for (size_t i = 0; i < folders->count; i++)
        if (folders->status[i].st_dev == status.st_dev &&
            folders->status[i].st_ino == status.st_ino) {
            free(path);
            return 0;
        }
    folders->status[folders->count] = status;
    folders->paths[folders->count++] = path;
    return 0;
}

/* The folder of a file, and of what it is a link to. */
static int add_folders_of(struct folders *folders, const char *file, struct error *err)
{
    char *real = realpath(file, NULL);
    int result = add_folder(folders, file, err);

    if (!result && real)
        result = add_folder(folders, real, err);
    free(real);
    return result;
}

int earlier_runs_visit(const char *const *files, size_t count, earlier_runs_visitor visit,
                       void *context, struct error *err)
{
    struct earlier_runs earlier_runs = {
        .visit = visit, .context = context, .files = files, .count = count};
    struct folders folders = {0};
    int result = 0;

    for (size_t i = 0; i < count && !result; i++)
        result = files[i] ? add_folders_of(&folders, files[i], err) : 0;
    for (int kind = 0; kind < EARLIER_RUN_KINDS; kind++) {
        earlier_runs.kind = (enum earlier_run_kind)kind;
        for (size_t i = 0; i < folders.count && !result; i++)
            result = visit_folder(&earlier_runs, folders.paths[i], err);
    }
    for (size_t i = 0; i < folders.count; i++)
        free(folders.paths[i]);
    buffer_release(&earlier_runs.shown);
    return result;
}
