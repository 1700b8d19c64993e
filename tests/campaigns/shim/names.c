/* Calls on files by their names. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "plan.h"
#include "real.h"
#include "record.h"

static int open_as(const char *path, int flags, mode_t mode)
{
    enum action action = plan_meet(CALL_OPEN, path);
    struct stat status;
    bool existed;
    int fd;

    if (plan_fails(action))
        return -1;
    record_begin();
    existed = REAL(lstat)(path, &status) == 0;
    fd = REAL(open)(path, flags, mode);
    if (fd >= 0 && !existed)
        record_change("create", fd, 0, path, "", "", 0);
    if (fd >= 0 && existed && (flags & O_TRUNC))
        record_change("truncate", fd, 0, path, "", "", 0);
    return (int)plan_after(action, record_end(fd));
}

int open(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return open_as(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
    va_end(args);
    return open_as(path, flags | O_LARGEFILE, mode);
}

int mkostemp64(char *path, int flags)
{
    enum action action = plan_meet(CALL_OPEN, path);
    int fd;

    if (plan_fails(action))
        return -1;
    record_begin();
    fd = REAL(mkostemp64)(path, flags);
    if (fd >= 0)
        record_change("create", fd, 0, path, "", "", 0);
    return (int)plan_after(action, record_end(fd));
}

FILE *fopen(const char *path, const char *mode)
{
    return plan_fails(plan_meet(CALL_OPEN, path)) ? NULL : REAL(fopen)(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    return plan_fails(plan_meet(CALL_OPEN, path)) ? NULL : REAL(fopen64)(path, mode);
}

DIR *opendir(const char *path)
{
    return plan_fails(plan_meet(CALL_OPEN, path)) ? NULL : REAL(opendir)(path);
}

int link(const char *from, const char *to)
{
    enum action action = plan_meet(CALL_LINK, to);
    int result;

    if (plan_fails(action))
        return -1;
    record_begin();
    result = REAL(link)(from, to);
    if (!result)
        record_change("link", -1, 0, from, to, "", 0);
    return (int)plan_after(action, record_end(result));
}

int rename(const char *from, const char *to)
{
    enum action action = plan_meet(CALL_RENAME, to);
    int result;

    if (plan_fails(action))
        return -1;
    record_begin();
    result = REAL(rename)(from, to);
    if (!result)
        record_change("rename", -1, 0, from, to, "", 0);
    return (int)plan_after(action, record_end(result));
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    enum action action;
    int result;

    if (plan.is_old) {
        errno = EINVAL;
        return -1;
    }
    action = plan_meet(CALL_RENAME, to);
    if (plan_fails(action))
        return -1;
    record_begin();
    result = REAL(renameat2)(from_folder, from, to_folder, to, flags);
    if (!result)
        record_change("rename", -1, 0, from, to, "", 0);
    return (int)plan_after(action, record_end(result));
}

int unlink(const char *path)
{
    enum action action = plan_meet(CALL_UNLINK, path);
    int result;

    if (plan_fails(action))
        return -1;
    record_begin();
    result = REAL(unlink)(path);
    if (!result)
        record_change("unlink", -1, 0, path, "", "", 0);
    return (int)plan_after(action, record_end(result));
}

int mkdir(const char *path, mode_t mode)
{
    enum action action = plan_meet(CALL_MKDIR, path);

    return plan_fails(action) ? -1 : (int)plan_after(action, REAL(mkdir)(path, mode));
}

int stat(const char *path, struct stat *status)
{
    return plan_fails(plan_meet(CALL_STAT, path)) ? -1 : REAL(stat)(path, status);
}

int stat64(const char *path, struct stat64 *status)
{
    return plan_fails(plan_meet(CALL_STAT, path)) ? -1 : REAL(stat)(path, (struct stat *)status);
}

int lstat(const char *path, struct stat *status)
{
    return plan_fails(plan_meet(CALL_STAT, path)) ? -1 : REAL(lstat)(path, status);
}

int lstat64(const char *path, struct stat64 *status)
{
    return plan_fails(plan_meet(CALL_STAT, path)) ? -1 : REAL(lstat)(path, (struct stat *)status);
}

int access(const char *path, int mode)
{
    return plan_fails(plan_meet(CALL_ACCESS, path)) ? -1 : REAL(access)(path, mode);
}

char *realpath(const char *path, char *resolved)
{
    return plan_fails(plan_meet(CALL_REALPATH, path)) ? NULL : REAL(realpath)(path, resolved);
}

int statvfs(const char *path, struct statvfs *status)
{
    return plan_fails(plan_meet(CALL_STATVFS, path)) ? -1 : REAL(statvfs)(path, status);
}

int statvfs64(const char *path, struct statvfs64 *status)
{
    return plan_fails(plan_meet(CALL_STATVFS, path)) ? -1 : REAL(statvfs64)(path, status);
}
