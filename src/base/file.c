#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

/* What is taken over becomes what is published, so it has to be ours alone: a regular file that
 * nobody else owns and that has no other name. */
static int check_leftover(const struct stat *status, const char *path, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    log_quote(path, quoted, sizeof(quoted));
    if (S_ISLNK(status->st_mode))
        return error_set(err, EXIT_CANNOT_CREATE,
                         "cannot create '%s': it is a symbolic link; remove it", quoted);
    if (!S_ISREG(status->st_mode))
        return error_set(err, EXIT_CANNOT_CREATE,
                         "cannot create '%s': it is there already and is not a regular file (a "
                         "folder, a pipe, …); remove it",
                         quoted);
    if (status->st_uid != geteuid())
        return error_set(err, EXIT_CANNOT_CREATE,
                         "cannot create '%s': it is there already and belongs to another user "
                         "(uid %lu); if nobody is writing it, remove it",
                         quoted, (unsigned long)status->st_uid);
    if (status->st_nlink != 1)
        return error_set(err, EXIT_CANNOT_CREATE,
                         "cannot create '%s': it is there already and has another name (a hard "
                         "link); remove it",
                         quoted);
    return 0;
}

/* Opens what is at the path: 0, or 1 when it is not there any more. */
static int open_leftover(const char *path, int *ret_fd, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    struct stat status;
    int fd;

    /* It is looked at before it is opened: opening a pipe or a device may do something. */
    if (lstat(path, &status) == 0 && check_leftover(&status, path, err))
        return -1;
    fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT)
        return 1;
    if (fd < 0)
        return error_set(err, EXIT_CANNOT_CREATE, "cannot open '%s': %s",
                         log_quote(path, quoted, sizeof(quoted)), strerror(errno));
    *ret_fd = fd;
    if (fstat(fd, &status))
        error_set(err, EXIT_CANNOT_CREATE, "cannot look at '%s': %s",
                  log_quote(path, quoted, sizeof(quoted)), strerror(errno));
    else if (!status.st_nlink || !check_leftover(&status, path, err))
        return 0;
    close(fd);
    return -1;
}

static int refuse_lock(const char *path, int cause, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    log_quote(path, quoted, sizeof(quoted));
    if (cause == EWOULDBLOCK)
        return error_set(err, EXIT_TRY_LATER,
                         "another run is writing '%s'; wait until it ends, then try again", quoted);
    if (cause == ENOLCK || cause == ENOSYS || cause == EOPNOTSUPP || cause == EINVAL)
        return error_set(err, EXIT_CANNOT_CREATE,
                         "cannot lock '%s': %s. Its file system (a share?) has no locks, so two "
                         "runs could write one file; name a place on another file system",
                         quoted, strerror(cause));
    return error_set(err, EXIT_CANNOT_CREATE, "cannot lock '%s': %s", quoted, strerror(cause));
}

/* 0, or 1 when the file is no longer at its path. */
static int lock_and_empty(int fd, const char *path, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    int stands, locked;

    while ((locked = flock(fd, LOCK_EX | LOCK_NB)) && errno == EINTR)
        ;
    if (locked)
        return refuse_lock(path, errno, err);
    stands = file_is_at(fd, path);
    if (stands < 0)
        return error_set(err, EXIT_CANNOT_CREATE, "cannot look at '%s': %s",
                         log_quote(path, quoted, sizeof(quoted)), strerror(errno));
    if (!stands)
        return 1;
    if (fchmod(fd, 0600) || ftruncate(fd, 0))
        return error_set(err, EXIT_CANNOT_CREATE, "cannot take over '%s': %s",
                         log_quote(path, quoted, sizeof(quoted)), strerror(errno));
    return 0;
}

/* 0, or 1 when it was taken away meanwhile. */
static int create_locked(const char *path, int *ret_fd, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    bool is_new;
    int taken;

    *ret_fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    is_new = *ret_fd >= 0;
    if (!is_new && errno != EEXIST)
        return error_set(err, EXIT_CANNOT_CREATE, "cannot create '%s': %s",
                         log_quote(path, quoted, sizeof(quoted)), strerror(errno));
    taken = is_new ? 0 : open_leftover(path, ret_fd, err);
    if (taken)
        return taken;
    taken = lock_and_empty(*ret_fd, path, err);
    if (taken < 0 && is_new && err->exit_code != EXIT_TRY_LATER)
        unlink(path);
    if (taken)
        close(*ret_fd);
    return taken;
}

int file_create_locked(const char *path, struct error *err)
{
    int fd, taken;

    while ((taken = create_locked(path, &fd, err)) > 0)
        ;
    return taken ? -1 : fd;
}

int file_write(int fd, const char *path, const void *bytes, size_t len, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    const char *p = bytes;

    while (len) {
        ssize_t n = write(fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set(err, EXIT_CANNOT_WRITE, "cannot write '%s': %s",
                             log_quote(path, quoted, sizeof(quoted)), strerror(errno));
        p += n;
        len -= (size_t)n;
    }
    return 0;
}

int file_sync(int fd, const char *path, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    if (fsync(fd))
        return error_set(err, EXIT_CANNOT_WRITE, "cannot sync '%s' to disk: %s",
                         log_quote(path, quoted, sizeof(quoted)), strerror(errno));
    return 0;
}

static int read_first_line(int fd, struct buffer *ret_line)
{
    char bytes[4096];

    for (;;) {
        ssize_t n = read(fd, bytes, sizeof(bytes));
        char *end;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        end = memchr(bytes, '\n', (size_t)n);
        buffer_append(ret_line, bytes, end ? (size_t)(end - bytes) : (size_t)n);
        explicit_bzero(bytes, sizeof(bytes));
        if (ret_line->len > sizeof(bytes)) {
            errno = EFBIG;
            return -1;
        }
        if (n == 0 || end)
            return 0;
    }
}

static int check_private(int fd, const char *what, const char *quoted, struct error *err)
{
    struct stat status;

    if (fstat(fd, &status) || !S_ISREG(status.st_mode))
        return error_set(err, EXIT_BAD_CONFIG, "the %s file '%s' is not a regular file", what,
                         quoted);
    if (status.st_mode & (S_IRWXG | S_IRWXO))
        return error_set(
            err, EXIT_BAD_CONFIG,
            "the %s file '%s' is open to group or others (mode %03o); run: chmod 600 '%s'", what,
            quoted, (unsigned)status.st_mode & 0777, quoted);
    return 0;
}

int file_open_private(const char *path, const char *what, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    log_quote(path, quoted, sizeof(quoted));
    if (fd < 0)
        return error_set(err, EXIT_BAD_CONFIG, "cannot open the %s file '%s': %s", what, quoted,
                         strerror(errno));
    if (check_private(fd, what, quoted, err)) {
        close(fd);
        return -1;
    }
    return fd;
}

int file_read_secret(const char *path, const char *what, struct buffer *ret_secret,
                     struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    int result = -1;
    int fd = file_open_private(path, what, err);

    log_quote(path, quoted, sizeof(quoted));
    buffer_reset(ret_secret);
    if (fd < 0)
        goto out;
    if (read_first_line(fd, ret_secret) || ret_secret->failed) {
        error_set(err, EXIT_BAD_CONFIG, "cannot read the %s file '%s': %s", what, quoted,
                  strerror(errno));
        goto out;
    }
    if (ret_secret->len && ret_secret->ptr[ret_secret->len - 1] == '\r')
        ret_secret->ptr[--ret_secret->len] = '\0';
    if (!ret_secret->len || strlen(ret_secret->ptr) != ret_secret->len) {
        error_set(err, EXIT_BAD_CONFIG, "the %s file '%s' has no text in its first line", what,
                  quoted);
        goto out;
    }
    result = 0;
out:
    if (fd >= 0)
        close(fd);
    return result;
}

int file_read_open(int fd, const char *path, size_t limit, struct buffer *ret_content,
                   struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    char bytes[16384];
    ssize_t n;
    int result = 0;

    log_quote(path, quoted, sizeof(quoted));
    buffer_reset(ret_content);
    while ((n = read(fd, bytes, sizeof(bytes))) > 0 && ret_content->len <= limit)
        buffer_append(ret_content, bytes, (size_t)n);
    if (n < 0)
        result =
            error_set(err, EXIT_INPUT_MISSING, "cannot read '%s': %s", quoted, strerror(errno));
    else if (ret_content->failed)
        result = error_no_memory(err);
    else if (ret_content->len > limit)
        result = error_set(err, EXIT_INPUT_REFUSED, "'%s' is over %zu bytes", quoted, limit);
    explicit_bzero(bytes, sizeof(bytes)); /* it may be a key */
    return result;
}

int file_read_all(const char *path, size_t limit, struct buffer *ret_content, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int result;

    if (fd < 0)
        return error_set(err, EXIT_INPUT_MISSING, "cannot open '%s': %s",
                         log_quote(path, quoted, sizeof(quoted)), strerror(errno));
    result = file_read_open(fd, path, limit, ret_content, err);
    close(fd);
    return result;
}
