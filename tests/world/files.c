/* The files of the world: every call of the program and of SQLite that changes one comes here
 * first, since a definition in the executable goes before the C library's. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "disk.h"
#include "world.h"

#define SLOW_SYNC_PERCENT 10

int open64(const char *path, int flags, ...);
ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at);
int ftruncate64(int fd, off_t size);

/* Whether the disk fails in this: a full one takes no bytes and no names. */
static bool fails(bool is_taking)
{
    struct actor *own = &world->actors[self];

    if (!self || !own->is_failing || (own->operation.failure == FAILURE_FULL && !is_taking))
        return false;
    if (!own->has_failed)
        world->failures++;
    own->has_failed = true;
    own->is_failing = own->operation.failure != FAILURE_ONCE;
    errno = own->operation.failure == FAILURE_FULL ? ENOSPC : EIO;
    mark(MARK_DISK_FAILED);
    note(EVENT_FAILURE, own->start, (int)own->operation.failure);
    return true;
}

int open64(const char *path, int flags, ...)
{
    mode_t mode = 0;

    if (flags & O_CREAT) {
        va_list list;

        va_start(list, flags);
        mode = va_arg(list, mode_t);
        va_end(list);
        happen(EVENT_OPEN, 0, 0);
        if (fails(true))
            return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t count)
{
    if (fd > STDERR_FILENO)
        happen(EVENT_WRITE, 0, (int)count);
    if (fd > STDERR_FILENO && fails(true))
        return -1;
    return syscall(SYS_write, fd, bytes, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t at)
{
    happen(EVENT_WRITE, (int)at, (int)count);
    if (fails(true))
        return count > 1 && errno == ENOSPC ? syscall(SYS_pwrite64, fd, bytes, count / 2, at) : -1;
    return syscall(SYS_pwrite64, fd, bytes, count, at);
}

int ftruncate64(int fd, off_t size)
{
    happen(EVENT_CUT, 0, (int)size);
    if (fails(false))
        return -1;
    return (int)syscall(SYS_ftruncate, fd, size);
}

/* Room that is reserved in memory costs time and tells nothing. */
int posix_fallocate64(int fd, off_t at, off_t bytes)
{
    (void)fd, (void)at, (void)bytes;
    return fails(true) ? errno : 0;
}

int fallocate64(int fd, int mode, off_t at, off_t bytes)
{
    (void)fd, (void)mode, (void)at, (void)bytes;
    return fails(true) ? -1 : 0;
}

/* The folder is in memory: only the time counts that a disk takes. */
static int sync_file(int fd)
{
    int64_t ms;

    happen(EVENT_SYNC, 0, 0);
    if (fails(false))
        return -1;
    if (self && plan_has(&world->plan, SWARM_POWER))
        disk_sync(fd);
    if (!self || world->is_quiet)
        return 0;
    ms = (int64_t)choice(STREAM_SCHEDULE, 3);
    if (plan_has(&world->plan, SWARM_SLOW_DISK) && chance(STREAM_SCHEDULE, SLOW_SYNC_PERCENT))
        ms += (int64_t)choice(STREAM_SCHEDULE, 1200);
    take_time(ms);
    return 0;
}

int fsync(int fd)
{
    return sync_file(fd);
}

int fdatasync(int fd)
{
    return sync_file(fd);
}

int rename(const char *from, const char *to)
{
    happen(EVENT_RENAME, 0, 0);
    if (fails(false))
        return -1;
    return (int)syscall(SYS_rename, from, to);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    happen(EVENT_RENAME, 0, 1);
    if (fails(false))
        return -1;
    return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

int unlink(const char *path)
{
    happen(EVENT_REMOVE, 0, 0);
    return (int)syscall(SYS_unlink, path);
}

/* SQLite waits for a lock in this way. */
int usleep(unsigned us)
{
    mark(MARK_LEDGER_BUSY);
    happen(EVENT_BUSY, 0, (int)us);
    take_time(us / 1000 ? us / 1000 : 1);
    return 0;
}
