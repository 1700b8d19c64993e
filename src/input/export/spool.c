#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/stop.h"

#define SPOOL_NAME "the temporary copy of the input"
#define PIECE_BYTES ((size_t)1 << 20)
#define SMALL_BYTES ((size_t)16 << 20) /* no more than this is no danger to a file system */
#define ROOM_PARTS 20                  /* one in so many stays free for others, … */
#define ROOM_BYTES ((uint64_t)1 << 30) /* … or as much as this */

/* Until there is something to read; false, with EINTR, once a signal ends the program. One that
 * comes just before a read would not end that, and an input that never ends never makes it wait. */
static bool wait_for_bytes(int fd)
{
    struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = stop_fd(), .events = POLLIN}};

    while (poll(fds, 2, -1) < 0 && errno == EINTR && !stop_signal())
        continue;
    errno = EINTR;
    return !stop_signal();
}

/* The length read, short only at the end; -1 with errno. */
static ssize_t read_fully(int fd, unsigned char *bytes, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = wait_for_bytes(fd) ? read(fd, bytes + done, len - done) : -1;

        if (n < 0 && errno == EINTR && !stop_signal())
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

int spool_create(struct error *err)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    int fd = -1;

    if (!folder || !*folder)
        folder = "/tmp";
    fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    /* Not every file system can do O_TMPFILE. */
    if (snprintf(path, sizeof(path), "%s/claimbatch-XXXXXX", folder) < (int)sizeof(path))
        fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        file_discard(path);
    else
        error_set(err, EXIT_CANNOT_CREATE,
                  "cannot create a temporary file in '%s': %s; set TMPDIR to a folder with room",
                  LOG_QUOTED(folder), strerror(errno));
    return fd;
}

/* An input that has no end would take all room of a file system that others need, or of memory,
 * where that is what $TMPDIR is on. */
static int check_room(int spool, uint64_t bytes, struct error *err)
{
    struct statvfs status;

    if (bytes <= SMALL_BYTES || fstatvfs(spool, &status) || !status.f_blocks ||
        status.f_bavail > status.f_blocks / ROOM_PARTS ||
        status.f_bavail * status.f_frsize > ROOM_BYTES)
        return 0;
    return error_set(err, EXIT_CANNOT_WRITE,
                     "the input goes on after %llu MiB, and the file system of its temporary copy "
                     "is nearly full; if it is to be so large, set TMPDIR to a folder with room; "
                     "nothing was sent",
                     (unsigned long long)(bytes >> 20));
}

static int copy(int from, int spool, bool *ret_unread, struct error *err)
{
    int result = -1;
    uint64_t copied = 0;
    unsigned char *bytes = malloc(PIECE_BYTES);

    if (!bytes)
        return error_no_memory(err);
    for (;;) {
        ssize_t n = read_fully(from, bytes, PIECE_BYTES);

        if (n < 0) {
            *ret_unread = true;
            goto out;
        }
        if (n == 0)
            break;
        if (file_write(spool, SPOOL_NAME, bytes, (size_t)n, err) ||
            check_room(spool, copied += (uint64_t)n, err))
            goto out;
    }
    result = 0;
out:
    free(bytes);
    return result;
}

int spool_copy(int from, bool *ret_unread, struct error *err)
{
    int fd = spool_create(err);
    int cause;

    *ret_unread = false;
    if (fd < 0 || copy(from, fd, ret_unread, err) == 0)
        return fd;
    cause = errno;
    close(fd);
    errno = cause;
    return -1;
}
