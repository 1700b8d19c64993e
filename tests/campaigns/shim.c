/*
 * shim: stands between the program and the C library (LD_PRELOAD), so that a campaign can kill the
 * program before, in or after any one call, let any one call fail, or record all that is written.
 *
 * CAMPAIGN_LOG=FILE     append a line "NAME NUMBER DETAIL" for each call, "alloc NUMBER" at exit
 * CAMPAIGN_HIT=A+B:N    the N-th of all calls of the functions A and B (from 1) is the one
 * CAMPAIGN_PATH=END     of the calls on descriptors only those of files whose path ends so
 * CAMPAIGN_DO=WHAT      kill-before, kill-torn (half of the bytes), kill-after, stop-before
 *                       (SIGTERM), fail, or fail-on (this one and all later ones)
 * CAMPAIGN_ERRNO=N      what the failing call says; EAGAIN is said by calls that lock alone, as
 *                       where another process holds the lock
 * CAMPAIGN_OLD=1        the file system knows no rename that replaces nothing
 * CAMPAIGN_RECORD=FILE  append what changes files, what syncs them and what is sent: a line
 *                       "OP INODE OFFSET LENGTH PATH [TO]", then LENGTH bytes
 *
 * The functions are named as in the table below; variants of one (open64, mkostemp64 and fopen for
 * open, sendmsg for send, …) go by one name. Only calls on regular files and folders count, and
 * send on a socket; pipes, events and the standard streams do not. Of fcntl those calls count that
 * lock.
 *
 * Works with a program that was built with the address sanitizer too, if that is told not to mind:
 * ASAN_OPTIONS=verify_asan_link_order=0.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum call {
    CALL_MALLOC,
    CALL_CALLOC,
    CALL_REALLOC,
    CALL_OPEN,
    CALL_READ,
    CALL_PREAD,
    CALL_WRITE,
    CALL_PWRITE,
    CALL_FSYNC,
    CALL_FDATASYNC,
    CALL_SYNCFS,
    CALL_FTRUNCATE,
    CALL_FALLOCATE,
    CALL_RENAME,
    CALL_LINK,
    CALL_UNLINK,
    CALL_MKDIR,
    CALL_FCHMOD,
    CALL_FLOCK,
    CALL_LOCK,
    CALL_FSTAT,
    CALL_STAT,
    CALL_ACCESS,
    CALL_REALPATH,
    CALL_STATVFS,
    CALL_MMAP,
    CALL_CLOSE,
    CALL_THREAD,
    CALL_SEND,
    CALL_COUNT,
};

static const char *const call_names[CALL_COUNT] = {
    [CALL_MALLOC] = "malloc",       [CALL_CALLOC] = "calloc", [CALL_REALLOC] = "realloc",
    [CALL_OPEN] = "open",           [CALL_READ] = "read",     [CALL_PREAD] = "pread",
    [CALL_WRITE] = "write",         [CALL_PWRITE] = "pwrite", [CALL_FSYNC] = "fsync",
    [CALL_FDATASYNC] = "fdatasync", [CALL_SYNCFS] = "syncfs", [CALL_FTRUNCATE] = "ftruncate",
    [CALL_FALLOCATE] = "fallocate", [CALL_RENAME] = "rename", [CALL_LINK] = "link",
    [CALL_UNLINK] = "unlink",       [CALL_MKDIR] = "mkdir",   [CALL_FCHMOD] = "fchmod",
    [CALL_FLOCK] = "flock",         [CALL_LOCK] = "lock",     [CALL_FSTAT] = "fstat",
    [CALL_STAT] = "stat",           [CALL_ACCESS] = "access", [CALL_REALPATH] = "realpath",
    [CALL_STATVFS] = "statvfs",     [CALL_MMAP] = "mmap",     [CALL_CLOSE] = "close",
    [CALL_THREAD] = "thread",       [CALL_SEND] = "send",
};

enum action {
    ACT_NOTHING,
    ACT_KILL_BEFORE,
    ACT_KILL_TORN,
    ACT_KILL_AFTER,
    ACT_STOP_BEFORE,
    ACT_FAIL,
    ACT_FAIL_ON,
};

static const char *const actions[] = {
    "", "kill-before", "kill-torn", "kill-after", "stop-before", "fail", "fail-on"};

static struct plan {
    bool hits[CALL_COUNT];
    long at;
    enum action action;
    int cause;
    const char *path; /* NULL: any */
    bool is_old;
} plan;

static long counts[CALL_COUNT]; /* atomic */
static long hit_count;          /* atomic: calls of the functions that may be hit */

static int log_fd = -1;
static int record_fd = -1;
static pthread_mutex_t record_lock = PTHREAD_MUTEX_INITIALIZER; /* from a call to its record */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

/* Those of the address sanitizer, where the program has it. */
extern void *__interceptor_malloc(size_t size) __attribute__((weak));
extern void *__interceptor_calloc(size_t count, size_t size) __attribute__((weak));
extern void *__interceptor_realloc(void *old, size_t size) __attribute__((weak));

/* Looked up when first needed: libraries call us before our constructor has run. */
#define REAL(name)                                                                                 \
    __extension__({                                                                                \
        static __typeof__(&name) real;                                                             \
        if (!real)                                                                                 \
            real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                     \
        real;                                                                                      \
    })

/* ---- what an fd is ---- */

static bool descriptor_is_file(int fd)
{
    struct stat status;

    return fd > STDERR_FILENO && REAL(fstat)(fd, &status) == 0 &&
           (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

static const char *descriptor_path(int fd, char *text, size_t size)
{
    char link[64];
    ssize_t len;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, text, size - 1);
    text[len > 0 ? len : 0] = '\0';
    return text;
}

/* ---- what is written down ---- */

static int open_to_append(const char *path)
{
    return path ? (int)syscall(SYS_openat, AT_FDCWD, path,
                               O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)
                : -1;
}

static void append(int fd, const void *bytes, size_t len)
{
    if (fd >= 0 && syscall(SYS_write, fd, bytes, len) != (long)len)
        abort();
}

static void record_start(void)
{
    log_fd = open_to_append(getenv("CAMPAIGN_LOG"));
    record_fd = open_to_append(getenv("CAMPAIGN_RECORD"));
}

static bool record_has_log(void)
{
    return log_fd >= 0;
}

static void record_call(const char *line, size_t len)
{
    append(log_fd, line, len);
}

static bool record_is_on(void)
{
    return record_fd >= 0;
}

static void record_change(const char *op, int fd, int64_t offset, const char *from, const char *to,
                          const void *bytes, size_t len)
{
    struct stat status = {0};
    char line[2048];

    if (!record_is_on())
        return;
    if (fd >= 0)
        REAL(fstat)(fd, &status);
    append(record_fd, line,
           (size_t)snprintf(line, sizeof(line), "%s %llu %lld %zu %s %s\n", op,
                            (unsigned long long)status.st_ino, (long long)offset, len, from, to));
    append(record_fd, bytes, len);
}

static void record_begin(void)
{
    if (record_is_on())
        pthread_mutex_lock(&record_lock);
}

static long record_end(long result)
{
    if (record_is_on())
        pthread_mutex_unlock(&record_lock);
    return result;
}

/* ---- what is to be done ---- */

static void read_hit(const char *hit)
{
    const char *colon = hit ? strchr(hit, ':') : NULL;

    if (!colon)
        return;
    plan.at = strtol(colon + 1, NULL, 10);
    while (hit < colon) {
        size_t len = strcspn(hit, "+:");

        for (int i = 0; i < CALL_COUNT; i++)
            if (strlen(call_names[i]) == len && strncmp(call_names[i], hit, len) == 0)
                plan.hits[i] = true;
        hit += len + 1;
    }
}

__attribute__((constructor)) static void begin(void)
{
    const char *what = getenv("CAMPAIGN_DO");
    const char *cause = getenv("CAMPAIGN_ERRNO");

    for (size_t i = 0; what && i < sizeof(actions) / sizeof(*actions); i++)
        if (strcmp(what, actions[i]) == 0)
            plan.action = (enum action)i;
    plan.cause = cause ? atoi(cause) : EIO;
    plan.path = getenv("CAMPAIGN_PATH");
    plan.is_old = getenv("CAMPAIGN_OLD") != NULL;
    record_start();
    __atomic_store_n(&hit_count, 0, __ATOMIC_SEQ_CST);
    read_hit(getenv("CAMPAIGN_HIT"));
}

__attribute__((destructor)) static void end(void)
{
    char line[64];
    long total = counts[CALL_MALLOC] + counts[CALL_CALLOC] + counts[CALL_REALLOC];

    record_call(line, (size_t)snprintf(line, sizeof(line), "alloc %ld\n", total));
}

static void die(void)
{
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Counts a call and says what is to happen to it. Allocates nothing. */
static enum action plan_meet(enum call call, const char *detail)
{
    long number = __atomic_add_fetch(&counts[call], 1, __ATOMIC_SEQ_CST);
    enum action action = ACT_NOTHING;
    char line[512];

    if (plan.hits[call]) {
        long at = __atomic_add_fetch(&hit_count, 1, __ATOMIC_SEQ_CST);

        if (at == plan.at || (at > plan.at && plan.action == ACT_FAIL_ON))
            action = plan.action;
    }
    if (call > CALL_REALLOC && record_has_log()) {
        int len = snprintf(line, sizeof(line), "%s %ld %s%s\n", call_names[call], number,
                           action ? "HIT " : "", detail);

        record_call(line, len < (int)sizeof(line) ? (size_t)len : sizeof(line) - 1);
    }
    if (action == ACT_KILL_BEFORE)
        die();
    if (action == ACT_STOP_BEFORE)
        syscall(SYS_kill, getpid(), SIGTERM);
    return action;
}

static bool plan_fails(enum action action)
{
    if (action != ACT_FAIL && action != ACT_FAIL_ON)
        return false;
    errno = plan.cause;
    return true;
}

static long plan_after(enum action action, long result)
{
    if (action == ACT_KILL_AFTER || action == ACT_KILL_TORN)
        die();
    return result;
}

/* Only half of the bytes, of a call that is to be torn. */
static size_t plan_torn(enum action action, size_t len)
{
    return action == ACT_KILL_TORN ? len / 2 : len;
}

static bool ends_as_planned(const char *path)
{
    size_t len = strlen(path);
    size_t end = plan.path ? strlen(plan.path) : 0;

    return len >= end && memcmp(path + len - end, plan.path ? plan.path : "", end) == 0;
}

/* Whether a call on this descriptor counts; what is to happen to it. */
static enum action plan_meet_fd(enum call call, int fd)
{
    char path[256] = "";
    int saved = errno;
    enum action action = ACT_NOTHING;

    if (descriptor_is_file(fd)) {
        if (plan.path || record_has_log())
            descriptor_path(fd, path, sizeof(path));
        if (ends_as_planned(path))
            action = plan_meet(call, path);
    }
    errno = saved;
    return action;
}

/* ---- allocations ---- */

static bool has_no_memory(enum call call)
{
    enum action action = plan_meet(call, "");

    if (action != ACT_FAIL && action != ACT_FAIL_ON)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    if (has_no_memory(CALL_MALLOC))
        return NULL;
    return __interceptor_malloc ? __interceptor_malloc(size) : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    if (has_no_memory(CALL_CALLOC))
        return NULL;
    return __interceptor_calloc ? __interceptor_calloc(count, size) : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    if (has_no_memory(CALL_REALLOC))
        return NULL;
    return __interceptor_realloc ? __interceptor_realloc(old, size) : __libc_realloc(old, size);
}

int pthread_create(pthread_t *ret_thread, const pthread_attr_t *attributes,
                   void *(*run)(void *context), void *context)
{
    if (plan_fails(plan_meet(CALL_THREAD, "")))
        return EAGAIN;
    return REAL(pthread_create)(ret_thread, attributes, run, context);
}

/* ---- names ---- */

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

/* ---- contents ---- */

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

static bool is_network(int fd)
{
    int family = 0;
    socklen_t len = sizeof(family);

    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) == 0 && family != AF_UNIX;
}

/* Recorded before it is done: bytes that may have left count as sent. */
static void record_send(int fd, const void *bytes, size_t len)
{
    record_begin();
    record_change("send", -1, fd, "-", "", bytes, len);
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    enum action action = is_network(fd) ? plan_meet(CALL_SEND, "") : ACT_NOTHING;

    if (plan_fails(action))
        return -1;
    if (!is_network(fd))
        return REAL(send)(fd, bytes, len, flags);
    record_send(fd, bytes, len);
    return plan_after(action, record_end(REAL(send)(fd, bytes, plan_torn(action, len), flags)));
}

/* These are counted and killed or failed, but neither recorded nor torn: no campaign uses TLS. */

ssize_t sendto(int fd, const void *bytes, size_t len, int flags, const struct sockaddr *to,
               socklen_t to_len)
{
    enum action action = is_network(fd) ? plan_meet(CALL_SEND, "") : ACT_NOTHING;

    return plan_fails(action) ? -1
                              : plan_after(action, REAL(sendto)(fd, bytes, len, flags, to, to_len));
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    enum action action = is_network(fd) ? plan_meet(CALL_SEND, "") : ACT_NOTHING;

    return plan_fails(action) ? -1 : plan_after(action, REAL(sendmsg)(fd, message, flags));
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    enum action action = is_network(fd) ? plan_meet(CALL_SEND, "") : plan_meet_fd(CALL_WRITE, fd);

    return plan_fails(action) ? -1 : plan_after(action, REAL(writev)(fd, parts, count));
}
