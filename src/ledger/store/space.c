#include "ledger/store/space.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"

#define MIB ((uint64_t)1 << 20)

struct space {
    int fd;
    uint64_t bytes;
};

/* The folder of a path, to be freed; the path itself need not exist. */
static char *folder_of(const char *path)
{
    char *copy = strdup(path);
    char *folder = copy ? strdup(dirname(copy)) : NULL;

    free(copy);
    return folder;
}

static uint64_t room(const struct statvfs *status)
{
    return (uint64_t)status->f_bavail * status->f_frsize;
}

int space_check(const char *path, uint64_t bytes, const char *what, struct error *err)
{
    struct statvfs status;
    char *folder = folder_of(path);
    int result = 0;

    if (!folder)
        return error_no_memory(err);
    /* A file system that does not tell is not refused. */
    if (statvfs(folder, &status) == 0 && status.f_blocks && room(&status) < bytes)
        result =
            error_set(err, EXIT_CANNOT_CREATE,
                      "the %s '%s' may need %llu MiB, but only %llu MiB are free there; nothing "
                      "was sent. Make room, or name another place",
                      what, LOG_QUOTED(path), (unsigned long long)(bytes / MIB + 1),
                      (unsigned long long)(room(&status) / MIB));
    free(folder);
    return result;
}

uint64_t space_of_calls(size_t calls, size_t claims_per_call)
{
    return calls * (SPACE_CALL_BYTES + (claims_per_call - 1) * SPACE_CLAIM_BYTES) +
           SPACE_LEAST_BYTES;
}

uint64_t space_of_run(uint64_t reserve)
{
    return 2 * reserve + SPACE_AHEAD_BYTES + reserve / 2;
}

static int open_nameless(const char *folder)
{
    char name[4096];
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    if ((size_t)snprintf(name, sizeof(name), "%s/.reserve-XXXXXX", folder) >= sizeof(name))
        return -1;
    fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0)
        file_discard(name);
    return fd;
}

int space_reserve(const char *path, uint64_t bytes, struct space **ret_space, struct error *err)
{
    struct space *space = calloc(1, sizeof(*space));
    char *folder = folder_of(path);
    int code = 0;

    *ret_space = NULL;
    if (!space || !folder) {
        free(space);
        free(folder);
        return error_no_memory(err);
    }
    space->bytes = bytes;
    space->fd = open_nameless(folder);
    if (space->fd < 0)
        code = errno;
    else
        code = posix_fallocate(space->fd, 0, (off_t)bytes);
    free(folder);
    if (code) {
        space_release(space);
        return error_set(err, EXIT_CANNOT_CREATE,
                         "cannot reserve %llu MiB beside the ledger for answers in flight: %s; "
                         "nothing was sent",
                         (unsigned long long)(bytes / MIB + 1), strerror(code));
    }
    *ret_space = space;
    return 0;
}

bool space_is_tight(const struct space *space)
{
    struct statvfs status;

    return fstatvfs(space->fd, &status) == 0 && status.f_blocks && room(&status) < space->bytes / 2;
}

uint64_t space_bytes(const struct space *space)
{
    return space->bytes;
}

void space_release(struct space *space)
{
    if (!space)
        return;
    if (space->fd >= 0)
        close(space->fd);
    free(space);
}
