#include "record.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "real.h"

static int log_fd = -1;
static int record_fd = -1;
static pthread_mutex_t record_lock = PTHREAD_MUTEX_INITIALIZER; /* from a call to its record */

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

void record_start(void)
{
    log_fd = open_to_append(getenv("CAMPAIGN_LOG"));
    record_fd = open_to_append(getenv("CAMPAIGN_RECORD"));
}

bool record_has_log(void)
{
    return log_fd >= 0;
}

void record_call(const char *line, size_t len)
{
    append(log_fd, line, len);
}

bool record_is_on(void)
{
    return record_fd >= 0;
}

void record_change(const char *op, int fd, int64_t offset, const char *from, const char *to,
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

void record_begin(void)
{
    if (record_is_on())
        pthread_mutex_lock(&record_lock);
}

long record_end(long result)
{
    if (record_is_on())
        pthread_mutex_unlock(&record_lock);
    return result;
}
