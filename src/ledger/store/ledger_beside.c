/* SQLite's files beside the ledger (https://www.sqlite.org/walformat.html): room in its log, and
 * whether anybody holds its lock. Both descriptors are closed only after SQLite has closed its own:
 * closing one takes away the process's locks on the file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "database.h"
#include "ledger/postgres/server_ledger.h"
#include "ledger/postgres/server_url.h"
#include "ledger/store/space.h"

#define LOCKS_FIRST 120 /* of the index: write, checkpoint and recovery */
#define LOCKS_COUNT 3
#define USERS_BYTE 128 /* of the index: whoever has it open holds that, shared */

char *ledger_plain_path(const char *path, struct error *err)
{
    size_t len = strlen(path);
    struct buffer plain = {0};

    if (server_url_is(path)) {
        server_ledger_refuse(path, err);
        return NULL;
    }
    if (!len || path[len - 1] == '/') {
        error_set(err, EXIT_CANNOT_CREATE,
                  "the ledger cannot be '%s': that names a folder; name a file in it",
                  LOG_QUOTED(path));
        return NULL;
    }
    buffer_format(&plain, "%s%s", *path == '/' ? "" : "./", path);
    if (plain.failed) {
        buffer_release(&plain);
        error_no_memory(err);
        return NULL;
    }
    return plain.ptr;
}

void ledger_path_beside(const struct ledger *ledger, const char *suffix, struct buffer *ret_path)
{
    char *place = realpath(ledger->path, NULL); /* none is there yet: as it is named */

    buffer_format(ret_path, "%s%s", place ? place : ledger->path, suffix);
    free(place);
}

static int open_beside(const struct ledger *ledger, const char *suffix, int flags)
{
    struct buffer path = {0};
    int fd = -1;

    ledger_path_beside(ledger, suffix, &path);
    if (!path.failed)
        fd = open(path.ptr, flags | O_CLOEXEC | O_NOFOLLOW);
    buffer_release(&path);
    return fd;
}

/* Whether another process has one of these bytes of the index. */
static bool is_locked(struct ledger *ledger, off_t first, off_t count)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = first, .l_len = count};

    if (ledger->index_fd < 0)
        ledger->index_fd = open_beside(ledger, "-shm", O_RDONLY);
    if (ledger->index_fd < 0)
        return true;
    return fcntl(ledger->index_fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

bool ledger_is_held(struct ledger *ledger)
{
    return is_locked(ledger, LOCKS_FIRST, LOCKS_COUNT);
}

bool ledger_is_alone(struct ledger *ledger)
{
    return !is_locked(ledger, USERS_BYTE, 1);
}

bool ledger_is_in_place(const struct ledger *ledger)
{
    struct stat file, log;

    if (database_is_server(ledger))
        return true;
    return stat(ledger->path, &file) == 0 && file.st_dev == ledger->device &&
           file.st_ino == ledger->inode &&
           (ledger->room.fd < 0 || fstat(ledger->room.fd, &log) || log.st_nlink > 0);
}

bool ledger_take_room(struct ledger *ledger, uint64_t bytes)
{
    off_t wanted = (off_t)bytes;
    struct stat status;
    struct rlimit limit; /* of a file's size, which the kernel does not ask about here */

    if (ledger->room.fd < 0)
        ledger->room.fd = open_beside(ledger, "-wal", O_WRONLY);
    if (ledger->room.fd < 0 || fstat(ledger->room.fd, &status) || !S_ISREG(status.st_mode) ||
        status.st_nlink > 1)
        return true;
    /* Cut by another process: what lay behind its end is lost. */
    if (status.st_size < ledger->room.end)
        ledger->room.until = 0;
    ledger->room.end = status.st_size;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && (rlim_t)status.st_size + bytes > limit.rlim_cur)
        return false;
    if (ledger->room.until - status.st_size >= wanted)
        return true;
    wanted += (off_t)SPACE_AHEAD_BYTES;
    if (fallocate(ledger->room.fd, FALLOC_FL_KEEP_SIZE, status.st_size, wanted))
        return errno != ENOSPC && errno != EDQUOT && errno != EFBIG;
    ledger->room.until = status.st_size + wanted;
    return true;
}
