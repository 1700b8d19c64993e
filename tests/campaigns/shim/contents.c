/* Calls on descriptors: what is in a file, its syncs and its locks. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "descriptor.h"
#include "plan.h"
#include "real.h"
#include "record.h"

ssize_t read(int fd, void *bytes, size_t len)
{
    return plan_fails(plan_meet_fd(CALL_READ, fd)) ? -1 : REAL(read)(fd, bytes, len);
}

ssize_t pread64(int fd, void *bytes, size_t len, off64_t offset)
{
    return plan_fails(plan_meet_fd(CALL_PREAD, fd)) ? -1 : REAL(pread64)(fd, bytes, len, offset);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    enum action action = plan_meet_fd(CALL_WRITE, fd);
    off_t offset;
    ssize_t n;

    if (plan_fails(action))
        return -1;
    if (!record_is_on() || !descriptor_is_file(fd))
        return plan_after(action, REAL(write)(fd, bytes, plan_torn(action, len)));
    record_begin();
    offset = lseek(fd, 0, SEEK_CUR);
    n = REAL(write)(fd, bytes, len);
    if (n > 0)
        record_change("write", fd, offset, "-", "", bytes, (size_t)n);
    return record_end(n);
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t offset)
{
    enum action action = plan_meet_fd(CALL_PWRITE, fd);
    ssize_t n;

    if (plan_fails(action))
        return -1;
    record_begin();
    n = REAL(pwrite64)(fd, bytes, plan_torn(action, len), offset);
    if (n > 0)
        record_change("write", fd, offset, "-", "", bytes, (size_t)n);
    return plan_after(action, record_end(n));
}

int ftruncate64(int fd, off64_t len)
{
    enum action action = plan_meet_fd(CALL_FTRUNCATE, fd);
    int result;

    if (plan_fails(action))
        return -1;
    record_begin();
    result = REAL(ftruncate64)(fd, len);
    if (!result)
        record_change("truncate", fd, len, "-", "", "", 0);
    return (int)plan_after(action, record_end(result));
}

int posix_fallocate64(int fd, off64_t offset, off64_t len)
{
    enum action action = plan_meet_fd(CALL_FALLOCATE, fd);
    int result;

    if (plan_fails(action))
        return plan.cause;
    record_begin();
    result = REAL(posix_fallocate64)(fd, offset, len);
    if (!result)
        record_change("grow", fd, offset + len, "-", "", "", 0);
    return (int)plan_after(action, record_end(result));
}

/* Behind the end of a file: nothing that the replay of a power loss would see. */
int fallocate64(int fd, int mode, off64_t offset, off64_t len)
{
    enum action action = plan_meet_fd(CALL_FALLOCATE, fd);

    if (plan_fails(action)) {
        errno = plan.cause;
        return -1;
    }
    record_begin();
    return (int)plan_after(action, record_end(REAL(fallocate64)(fd, mode, offset, len)));
}

static int sync_by(enum call call, int (*real)(int), int fd)
{
    enum action action = plan_meet_fd(call, fd);
    char path[1024];
    int result;

    if (plan_fails(action))
        return -1;
    record_begin();
    result = real(fd);
    if (!result)
        record_change("sync", fd, 0, descriptor_path(fd, path, sizeof(path)), "", "", 0);
    return (int)plan_after(action, record_end(result));
}

int fsync(int fd)
{
    return sync_by(CALL_FSYNC, REAL(fsync), fd);
}

int fdatasync(int fd)
{
    return sync_by(CALL_FDATASYNC, REAL(fdatasync), fd);
}

/* Goes by the folder, whatever file in it stands for the file system. */
int syncfs(int fd)
{
    struct stat status;
    char path[1024] = "";
    char *slash;
    enum action action;

    descriptor_path(fd, path, sizeof(path));
    slash = strrchr(path, '/');
    if (slash && REAL(fstat)(fd, &status) == 0 && !S_ISDIR(status.st_mode))
        *slash = '\0';
    action = plan_meet(CALL_SYNCFS, path);
    return plan_fails(action) ? -1 : (int)plan_after(action, REAL(syncfs)(fd));
}

int fchmod(int fd, mode_t mode)
{
    enum action action = plan_meet_fd(CALL_FCHMOD, fd);

    return plan_fails(action) ? -1 : (int)plan_after(action, REAL(fchmod)(fd, mode));
}

int flock(int fd, int operation)
{
    enum action action = plan_meet_fd(CALL_FLOCK, fd);

    return plan_fails(action) ? -1 : (int)plan_after(action, REAL(flock)(fd, operation));
}

/* Whether another process could be the reason that it is refused. SQLite locks by F_SETLK, and
 * makes its lock for writing, which is that on more than a byte, one for reading again. */
static bool takes_lock(int command, const struct flock *lock)
{
    static off_t for_writing = -1;
    bool is_wide = lock->l_len > 1;
    bool takes = command == F_SETLK && lock->l_type != F_UNLCK;

    if (takes && lock->l_type == F_RDLCK && is_wide && for_writing == lock->l_start)
        takes = false;
    if (is_wide)
        for_writing = lock->l_type == F_WRLCK ? lock->l_start : -1;
    return takes;
}

/* Both names of fcntl: no call of it has more than one further argument. */
static int control(int (*real)(int, int, ...), int fd, int command, void *argument)
{
    bool is_lock = command == F_SETLK || command == F_SETLKW || command == F_GETLK ||
                   command == F_OFD_SETLK || command == F_OFD_SETLKW || command == F_OFD_GETLK;
    enum action action = is_lock ? plan_meet_fd(CALL_LOCK, fd) : ACT_NOTHING;

    if (plan.cause == EAGAIN && is_lock && !takes_lock(command, argument) && action == ACT_FAIL)
        action = ACT_NOTHING;
    return plan_fails(action) ? -1 : (int)plan_after(action, real(fd, command, argument));
}

int fcntl(int fd, int command, ...)
{
    va_list args;
    void *argument;

    va_start(args, command);
    argument = va_arg(args, void *);
    va_end(args);
    return control(REAL(fcntl), fd, command, argument);
}

int fcntl64(int fd, int command, ...)
{
    va_list args;
    void *argument;

    va_start(args, command);
    argument = va_arg(args, void *);
    va_end(args);
    return control(REAL(fcntl64), fd, command, argument);
}

int fstatfs64(int fd, struct statfs64 *status)
{
    return plan_fails(plan_meet_fd(CALL_STATVFS, fd)) ? -1 : REAL(fstatfs64)(fd, status);
}

int fstatvfs64(int fd, struct statvfs64 *status)
{
    return plan_fails(plan_meet_fd(CALL_STATVFS, fd)) ? -1 : REAL(fstatvfs64)(fd, status);
}

int fstat(int fd, struct stat *status)
{
    return plan_fails(plan_meet_fd(CALL_FSTAT, fd)) ? -1 : REAL(fstat)(fd, status);
}

int fstat64(int fd, struct stat64 *status)
{
    return plan_fails(plan_meet_fd(CALL_FSTAT, fd)) ? -1 : REAL(fstat)(fd, (struct stat *)status);
}

void *mmap64(void *at, size_t len, int protection, int flags, int fd, off64_t offset)
{
    if (fd >= 0 && plan_fails(plan_meet_fd(CALL_MMAP, fd)))
        return MAP_FAILED;
    return REAL(mmap64)(at, len, protection, flags, fd, offset);
}

/* A failed close has closed all the same, as on Linux. */
int close(int fd)
{
    enum action action = plan_meet_fd(CALL_CLOSE, fd);
    int result = REAL(close)(fd);

    return plan_fails(action) ? -1 : (int)plan_after(action, result);
}
