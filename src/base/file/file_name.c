/* How a file takes its name, and how that becomes durable. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"

static bool is_same_inode(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

int file_is_at(int fd, const char *path)
{
    struct stat open_one, named;

    if (fstat(fd, &open_one))
        return -1;
    if (lstat(path, &named))
        return errno == ENOENT ? 0 : -1;
    return is_same_inode(&open_one, &named);
}

int file_check_at(int fd, const char *path, struct error *err)
{
    if (file_is_at(fd, path) > 0)
        return 0;
    return error_set(err, EXIT_CANNOT_CREATE,
                     "'%s' was replaced or removed while it was written, so it was not published",
                     LOG_QUOTED(path));
}

int file_publish(int fd, const char *from, const char *to, struct error *err)
{
    if (file_check_at(fd, from, err))
        return -1;
    if (rename(from, to))
        return error_set(err, EXIT_CANNOT_CREATE, "cannot rename '%s' to '%s': %s",
                         LOG_QUOTED(from), LOG_QUOTED(to), strerror(errno));
    return 0;
}

enum file_stands file_look(const char *path)
{
    struct stat status;

    if (lstat(path, &status))
        return FILE_NONE;
    return S_ISREG(status.st_mode) ? FILE_REGULAR : FILE_OTHER;
}

/* For a file system that knows no rename without replacement: 0, or -1 with errno. Where it knows
 * no second name either, it was looked before. */
static int move_by_link(const char *from, const char *to)
{
    if (link(from, to) == 0)
        return unlink(from);
    if (errno == EEXIST || errno == ENOENT)
        return -1;
    if (file_look(to) != FILE_NONE)
        errno = EEXIST;
    else if (errno == ENOENT)
        return rename(from, to);
    return -1;
}

/* A move by link that was cut short has left two names of one file. */
static bool end_move(const char *from, const char *to)
{
    struct stat one, other;

    return lstat(from, &one) == 0 && lstat(to, &other) == 0 && is_same_inode(&one, &other) &&
           unlink(from) == 0;
}

int file_move(const char *from, const char *to, enum file_moved *ret_moved, struct error *err)
{
    int result = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

    if (result && (errno == EINVAL || errno == ENOSYS))
        result = move_by_link(from, to);
    if (result && errno == EEXIST && end_move(from, to))
        result = 0;
    *ret_moved = !result ? FILE_MOVED : errno == ENOENT ? FILE_NOT_THERE : FILE_PLACE_TAKEN;
    if (!result || errno == ENOENT || errno == EEXIST)
        return 0;
    return error_set(err, EXIT_CANNOT_CREATE, "cannot rename '%s' to '%s': %s", LOG_QUOTED(from),
                     LOG_QUOTED(to), strerror(errno));
}

size_t file_folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? (size_t)(slash - path) + 1 : 0;
}

const char *file_last_part(const char *path)
{
    return path + file_folder_length(path);
}

size_t file_stem_length(const char *path)
{
    size_t len = strlen(path);

    return len > 4 && strcasecmp(path + len - 4, ".csv") == 0 ? len - 4 : len;
}

/* The folder's status; the last part of the path. */
static bool find_place(const char *path, struct stat *ret_folder, const char **ret_name)
{
    size_t len = file_folder_length(path);
    char *folder = len ? strndup(path, len) : strdup(".");
    bool found = folder && stat(folder, ret_folder) == 0;

    *ret_name = path + len;
    free(folder);
    return found;
}

int file_check_replaceable(const char *path, struct error *err)
{
    struct stat folder, status;
    const char *name;

    if (lstat(path, &status) || !find_place(path, &folder, &name))
        return 0;
    if (S_ISDIR(status.st_mode))
        return error_set(err, EXIT_CANNOT_CREATE, "'%s' is a folder; name another place",
                         LOG_QUOTED(path));
    if (folder.st_mode & S_ISVTX && geteuid() != 0 && status.st_uid != geteuid() &&
        folder.st_uid != geteuid())
        return error_set(err, EXIT_CANNOT_CREATE,
                         "'%s' belongs to another user, and in its folder (sticky) nobody else may "
                         "replace it; name another place",
                         LOG_QUOTED(path));
    return 0;
}

int file_check_name(const char *path, struct error *err)
{
    if (file_look(path) != FILE_NONE || errno == ENOENT)
        return 0;
    return error_set(err, EXIT_CANNOT_CREATE, "cannot create '%s': %s", LOG_QUOTED(path),
                     strerror(errno));
}

bool file_is_same(const char *a, const char *b)
{
    struct stat one, other;
    const char *name, *other_name;

    if (stat(a, &one) == 0 && stat(b, &other) == 0)
        return is_same_inode(&one, &other);
    return find_place(a, &one, &name) && find_place(b, &other, &other_name) &&
           is_same_inode(&one, &other) && strcmp(name, other_name) == 0;
}

/* Where a folder cannot be synced, or not be read, its whole file system is: 0, or -1 with errno.
 */
static int sync_file_system(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int result = fd < 0 ? -1 : syncfs(fd);
    int cause = errno;

    if (fd >= 0)
        close(fd);
    errno = cause;
    return result;
}

/* 0, or -1 with errno: ENOMEM without memory. */
static int sync_folder(const char *path)
{
    char *copy = strdup(path);
    int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    int result = fd < 0 ? -1 : fsync(fd);
    int cause = copy ? errno : ENOMEM;

    if (fd >= 0)
        close(fd);
    free(copy);
    errno = cause;
    return result;
}

static bool is_unsupported(int cause)
{
    return cause == EINVAL || cause == ENOSYS || cause == EOPNOTSUPP;
}

int file_sync_folder(const char *path, struct error *err)
{
    static bool is_said;
    int cause;

    if (!sync_folder(path))
        return 0;
    cause = errno;
    if (cause == ENOMEM)
        return error_no_memory(err);
    if ((is_unsupported(cause) || cause == EACCES) && !sync_file_system(path))
        return 0;
    if (!is_unsupported(cause))
        return error_set(err, EXIT_CANNOT_WRITE, "cannot sync the folder of '%s': %s",
                         LOG_QUOTED(path), strerror(cause));
    if (!is_said)
        log_warn("the file system of '%s' cannot sync folders (%s): files are whole there, but "
                 "after a power cut one may be missing; the ledger knows what was sent, and the "
                 "same command writes the report again",
                 LOG_QUOTED(path), strerror(cause));
    is_said = true;
    return 0;
}

int file_make_folders(const char *path, struct error *err)
{
    char *copy = strdup(path);

    if (!copy)
        return error_no_memory(err);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(copy, 0700) && errno != EEXIST) {
            error_set(err, EXIT_CANNOT_CREATE, "cannot make the folder '%s': %s", LOG_QUOTED(copy),
                      strerror(errno));
            free(copy);
            return -1;
        }
        *slash = '/';
    }
    free(copy);
    return 0;
}
