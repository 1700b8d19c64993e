#include "base/file/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

#define LOCK_TRIES 6
#define LOCK_PAUSE_MS 10

/* What is taken over becomes what is published, so it has to be ours alone: a regular file that
 * nobody else owns and that has no other name. */
static int check_leftover(const struct stat *status, const char *path, struct error *err)
{
    const char *quoted = LOG_QUOTED(path);

    if (S_ISLNK(status->st_mode))
        return error_set(err, EXIT_CANNOT_CREATE,
                         "cannot create '%s': it is a symbolic link; remove it", quoted);
    if (!S_ISREG(status->st_mode))
        return error_set(err, EXIT_CANNOT_CREATE,
                         "cannot create '%s': it is there already and is not a regular file (a "
                         "folder, a pipe, …); remove it",
                         quoted);
    if (status->st_uid != geteuid())
        return error_set(err, EXIT_CANNOT_CREATE,
                         "cannot create '%s': it is there already and belongs to another user "
                         "(uid %lu); if nobody is writing it, remove it",
                         quoted, (unsigned long)status->st_uid);
    if (status->st_nlink != 1)
        return error_set(err, EXIT_CANNOT_CREATE,
                         "cannot create '%s': it is there already and has another name (a hard "
                         "link); remove it",
                         quoted);
    return 0;
}

/* Opens what is at the path: 0, or 1 when it is not there any more. */
static int open_leftover(const char *path, int *ret_fd, struct error *err)
{
    struct stat status;
    int fd;

    /* It is looked at before it is opened: opening a pipe or a device may do something. */
    if (lstat(path, &status) == 0 && check_leftover(&status, path, err))
        return -1;
    fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return 1;
    if (fd < 0)
        return error_set(err, EXIT_CANNOT_CREATE, "cannot open '%s': %s", LOG_QUOTED(path),
                         strerror(errno));
    *ret_fd = fd;
    if (fstat(fd, &status))
        error_set(err, EXIT_CANNOT_CREATE, "cannot look at '%s': %s", LOG_QUOTED(path),
                  strerror(errno));
    else if (!status.st_nlink || !check_leftover(&status, path, err))
        return 0;
    close(fd);
    return -1;
}

/* What is written to as it comes, and keeps nothing: a device, or a pipe of our own. */
static bool is_stream(const struct stat *status)
{
    return S_ISCHR(status->st_mode) || (S_ISFIFO(status->st_mode) && status->st_uid == geteuid());
}

int file_open_append(const char *path, struct error *err)
{
    struct stat status;
    int fd;

    if (lstat(path, &status) == 0 && !is_stream(&status) && check_leftover(&status, path, err))
        return -1;
    fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || fstat(fd, &status)) {
        error_set(err, EXIT_CANNOT_CREATE, "cannot open '%s': %s", LOG_QUOTED(path),
                  strerror(errno));
    } else if (is_stream(&status) || !check_leftover(&status, path, err)) {
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

static int refuse_lock(const char *path, int cause, struct error *err)
{
    const char *quoted = LOG_QUOTED(path);

    if (cause == EWOULDBLOCK)
        return error_set(err, EXIT_TRY_LATER,
                         "another run is writing '%s'; wait until it ends, then try again", quoted);
    if (cause == ENOLCK || cause == ENOSYS || cause == EOPNOTSUPP || cause == EINVAL)
        return error_set(err, EXIT_CANNOT_CREATE,
                         "cannot lock '%s': %s. Its file system (a share?) has no locks, so two "
                         "runs could write one file; name a place on another file system",
                         quoted, strerror(cause));
    return error_set(err, EXIT_CANNOT_CREATE, "cannot lock '%s': %s", quoted, strerror(cause));
}

/* Who only looks whether it is locked has it for a moment. */
static int lock(int fd)
{
    for (int tries = 1; flock(fd, LOCK_EX | LOCK_NB); tries++) {
        if (errno != EINTR && (errno != EWOULDBLOCK || tries == LOCK_TRIES))
            return -1;
        poll(NULL, 0, LOCK_PAUSE_MS);
    }
    return 0;
}

/* 0, or 1 when the file is no longer at its path. */
static int lock_and_empty(int fd, const char *path, struct error *err)
{
    int stands;

    if (lock(fd))
        return refuse_lock(path, errno, err);
    stands = file_is_at(fd, path);
    if (stands < 0)
        return error_set(err, EXIT_CANNOT_CREATE, "cannot look at '%s': %s", LOG_QUOTED(path),
                         strerror(errno));
    if (!stands)
        return 1;
    if (fchmod(fd, 0600) || ftruncate(fd, 0))
        return error_set(err, EXIT_CANNOT_CREATE, "cannot take over '%s': %s", LOG_QUOTED(path),
                         strerror(errno));
    return 0;
}

void file_discard(const char *path)
{
    int before = errno;

    if (unlink(path) && errno != ENOENT)
        log_warn("cannot remove '%s': %s; remove it by hand, nobody needs it", LOG_QUOTED(path),
                 strerror(errno));
    errno = before;
}

/* 0, or 1 when it was taken away meanwhile. */
static int create_locked(const char *path, int *ret_fd, struct error *err)
{
    bool is_new;
    int taken;

    *ret_fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    is_new = *ret_fd >= 0;
    if (!is_new && errno != EEXIST)
        return error_set(err, EXIT_CANNOT_CREATE, "cannot create '%s': %s", LOG_QUOTED(path),
                         strerror(errno));
    taken = is_new ? 0 : open_leftover(path, ret_fd, err);
    if (taken)
        return taken;
    taken = lock_and_empty(*ret_fd, path, err);
    if (taken < 0 && is_new && err->exit_code != EXIT_TRY_LATER)
        file_discard(path);
    if (taken)
        close(*ret_fd);
    return taken;
}

int file_create_locked(const char *path, struct error *err)
{
    int fd, taken;

    while ((taken = create_locked(path, &fd, err)) > 0)
        ;
    return taken ? -1 : fd;
}

int file_write(int fd, const char *path, const void *bytes, size_t len, struct error *err)
{
    const char *p = bytes;

    while (len) {
        ssize_t n = write(fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(err, EXIT_CANNOT_WRITE, "cannot write '%s': %s", LOG_QUOTED(path),
                             strerror(errno));
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

int file_sync(int fd, const char *path, struct error *err)
{
    if (fsync(fd))
        return error_set(err, EXIT_CANNOT_WRITE, "cannot sync '%s' to disk: %s", LOG_QUOTED(path),
                         strerror(errno));
    return 0;
}
