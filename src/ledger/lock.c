#include "ledger/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

int lock_open(const char *path, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return error_set(err, EXIT_CANNOT_CREATE, "cannot open the lock file '%s': %s",
                         log_quote(path, quoted, sizeof(quoted)), strerror(errno));
    return fd;
}

static struct flock byte_of(int64_t run)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = run, .l_len = 1};
}

int lock_take(int fd, int64_t run, struct error *err)
{
    struct flock lock = byte_of(run);

    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return 1;
    if (errno == EAGAIN || errno == EACCES)
        return 0;
    return error_set(err, EXIT_CANNOT_CREATE, "cannot lock a run: %s", strerror(errno));
}

bool lock_is_held(int fd, int64_t run)
{
    struct flock lock = byte_of(run);

    /* If the kernel cannot say, the run counts as alive: nothing of it may be judged dead. */
    return fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}
