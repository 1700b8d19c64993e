#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/stop.h"

#define SPOOL_NAME "the temporary copy of the input"
#define PIECE_BYTES ((size_t)1 << 20)

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

static int copy(int from, int spool, bool *ret_unread, struct error *err)
{
    int result = -1;
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
        if (file_write(spool, SPOOL_NAME, bytes, (size_t)n, err))
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
