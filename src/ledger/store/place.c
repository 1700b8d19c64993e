#include "place.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"

struct place_owner place_owner_of(const struct stat *ledger)
{
    return (struct place_owner){ledger->st_uid, ledger->st_gid, ledger->st_mode};
}

/* A ledger that a group may write is its members' together, with all that they make beside it. */
static bool is_trusted(const struct stat *status, const struct place_owner *owner)
{
    return status->st_uid == owner->uid || status->st_uid == geteuid() || status->st_uid == 0 ||
           (owner->mode & S_IWGRP && status->st_gid == owner->gid);
}

int place_check_file(const char *path, const struct stat *status, const struct place_owner *owner,
                     struct error *err)
{
    const char *quoted = LOG_QUOTED(path);

    if (!S_ISREG(status->st_mode))
        return error_set(
            err, EXIT_CANNOT_CREATE,
            "'%s' beside the ledger is not a regular file (a link, a folder, …), so it "
            "is not opened; remove it while no run is active",
            quoted);
    if (status->st_nlink != 1)
        return error_set(err, EXIT_CANNOT_CREATE,
                         "'%s' beside the ledger has another name (a hard link), so it is not "
                         "opened; remove it while no run is active",
                         quoted);
    if (!is_trusted(status, owner))
        return error_set(err, EXIT_CANNOT_CREATE,
                         "'%s' beside the ledger belongs to another user (uid %lu) than the "
                         "ledger (uid %lu), so it is not opened. Where the ledger was put back "
                         "from a backup, give it to that user (chown); else see who made the file, "
                         "and remove it while no run is active",
                         quoted, (unsigned long)status->st_uid, (unsigned long)owner->uid);
    return 0;
}

int place_check_beside(const char *path, const struct place_owner *owner, struct error *err)
{
    static const char *const suffixes[] = {".lock", "-wal", "-shm", "-journal"};
    char *place = realpath(path, NULL);
    int result = 0;

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes) && !result; i++) {
        struct buffer beside = {0};
        struct stat status;

        buffer_format(&beside, "%s%s", place ? place : path, suffixes[i]);
        if (beside.failed)
            result = error_no_memory(err);
        else if (lstat(beside.ptr, &status) == 0)
            result = place_check_file(beside.ptr, &status, owner, err);
        buffer_release(&beside);
    }
    free(place);
    return result;
}

/* What lets others than root and `uid` change what is in the folder, as the end of a sentence;
 * NULL: nothing does. In a sticky one they cannot take away what is there. */
static const char *find_breach(const struct stat *folder, uid_t uid, bool holds_ledger)
{
    if (folder->st_uid != 0 && folder->st_uid != uid && folder->st_uid != geteuid())
        return _("belongs to another user");
    if (folder->st_mode & S_IWOTH && (holds_ledger || !(folder->st_mode & S_ISVTX)))
        return _("may be written to by all");
    return NULL;
}

void place_warn(const char *path, const struct place_owner *owner)
{
    char *place = realpath(path, NULL);
    bool holds_ledger = true;
    struct stat status;

    for (char *folder = place ? dirname(place) : NULL; folder; folder = dirname(folder)) {
        const char *breach =
            stat(folder, &status) ? NULL : find_breach(&status, owner->uid, holds_ledger);

        if (breach)
            log_warn("the ledger '%s' lies in '%s', which %s: who takes the ledger away there has "
                     "claims sent twice. Move it, with all that is beside it, to a folder that is "
                     "only its owner's",
                     LOG_QUOTED(path), LOG_QUOTED(folder), breach);
        if (breach || strcmp(folder, "/") == 0)
            break;
        holds_ledger = false;
    }
    free(place);
}

void place_give(int fd, const char *path, const struct place_owner *owner)
{
    if (geteuid() == 0 && owner->uid != 0 && fchown(fd, owner->uid, owner->gid))
        log_warn("'%s' stays root's: %s", LOG_QUOTED(path), strerror(errno));
}

static bool is_denied(const char *path)
{
    return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0 && errno != ENOENT;
}

static bool is_denied_beside(const char *path, const char *suffix)
{
    struct buffer beside = {0};
    bool denied;

    buffer_format(&beside, "%s%s", path, suffix);
    denied = !beside.failed && is_denied(beside.ptr);
    buffer_release(&beside);
    return denied;
}

bool place_denies_writing(const char *path)
{
    char *place = realpath(path, NULL);
    bool denied = place && (is_denied(place) || is_denied_beside(place, "-wal") ||
                            is_denied_beside(place, "-shm") || is_denied(dirname(place)));

    free(place);
    return denied;
}

bool place_enter(const char *path, const struct place_owner *owner)
{
    char *place = realpath(path, NULL);
    struct stat folder;
    bool is_roots = place && stat(dirname(place), &folder) == 0 && folder.st_uid == 0 &&
                    !(folder.st_mode & (S_IWGRP | S_IWOTH));

    free(place);
    if (geteuid() != 0 || owner->uid == 0 || is_roots)
        return false;
    setfsgid(owner->gid);
    setfsuid(owner->uid);
    return true;
}

void place_leave(bool entered)
{
    int kept = errno;

    if (!entered)
        return;
    setfsuid(geteuid());
    setfsgid(getegid());
    errno = kept;
}
