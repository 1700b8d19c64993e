/* Room for what is committed next, taken in SQLite's log before it is needed. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "database.h"

#define AHEAD_BYTES ((off_t)1 << 20) /* taken at a time beyond what is asked for */

/* SQLite keeps no lock on its log, so another descriptor takes none away from it when it is closed.
 */
static int open_log(struct ledger *ledger)
{
    char *place = realpath(ledger->path, NULL);
    struct buffer path = {0};

    if (place)
        buffer_format(&path, "%s-wal", place);
    if (place && !path.failed)
        ledger->room.fd = open(path.ptr, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    buffer_release(&path);
    free(place);
    return ledger->room.fd < 0 ? -1 : 0;
}

bool ledger_take_room(struct ledger *ledger, uint64_t bytes)
{
    off_t wanted = (off_t)bytes;
    struct stat status;
    struct rlimit limit; /* of a file's size, which the kernel does not ask about here */

    if ((ledger->room.fd < 0 && open_log(ledger)) || fstat(ledger->room.fd, &status))
        return true;
    /* Cut by another process: what lay behind its end is lost. */
    if (status.st_size < ledger->room.end)
        ledger->room.until = 0;
    ledger->room.end = status.st_size;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && (rlim_t)status.st_size + bytes > limit.rlim_cur)
        return false;
    if (ledger->room.until - status.st_size >= wanted)
        return true;
    wanted += AHEAD_BYTES;
    if (fallocate(ledger->room.fd, FALLOC_FL_KEEP_SIZE, status.st_size, wanted))
        return errno != ENOSPC && errno != EDQUOT && errno != EFBIG;
    ledger->room.until = status.st_size + wanted;
    return true;
}
