#include "run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "place.h"

/* Another process may have made it: the same again then. Opening what is no file must not wait. */
static int open_file(const char *path, bool *ret_made)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    *ret_made = fd >= 0;
    if (fd < 0 && errno == EEXIST)
        fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return fd;
}

int run_lock_open(const char *path, const struct place_owner *owner, struct error *err)
{
    struct stat status;
    bool is_made = false;
    int fd = open_file(path, &is_made);

    if (fd < 0 || fstat(fd, &status)) {
        error_set(err, EXIT_CANNOT_CREATE, "cannot open the lock file '%s': %s", LOG_QUOTED(path),
                  strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    if (!is_made && place_check_file(path, &status, owner, err)) {
        close(fd);
        return -1;
    }
    /* An empty one of root's may be what an end between these two steps has left. */
    if (is_made || (status.st_uid == 0 && status.st_size == 0))
        place_give(fd, path, owner);
    return fd;
}

static struct flock byte_of(int64_t run)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = run, .l_len = 1};
}

int run_lock_take(int fd, int64_t run, struct error *err)
{
    struct flock lock = byte_of(run);

    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return 1;
    if (errno == EAGAIN || errno == EACCES)
        return 0;
    return error_set(err, EXIT_CANNOT_CREATE, "cannot lock a run: %s", strerror(errno));
}

void run_lock_drop(int fd, int64_t run)
{
    struct flock lock = byte_of(run);

    lock.l_type = F_UNLCK;
    fcntl(fd, F_OFD_SETLK, &lock);
}

bool run_lock_is_held(int fd, int64_t run)
{
    struct flock lock = byte_of(run);

    /* If the kernel cannot say, the run counts as alive: nothing of it may be judged dead. */
    return fcntl(fd, F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK;
}
