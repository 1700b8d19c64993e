#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

static bool is_same_inode(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether the file behind fd still is the one at path: 1, or 0, for its writer may just have
 * renamed it away; -1 with errno. */
static int is_at(int fd, const char *path)
{
    struct stat open_one, named;

    if (fstat(fd, &open_one))
        return -1;
    if (lstat(path, &named))
        return errno == ENOENT ? 0 : -1;
    return is_same_inode(&open_one, &named);
}

static int lock_and_empty(int fd, const char *path, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    struct stat status;
    int stands;

    if (fstat(fd, &status) || !S_ISREG(status.st_mode))
        return error_set(err, EXIT_CANNOT_CREATE, "'%s' is not a regular file",
                         log_quote(path, quoted, sizeof(quoted)));
    if (flock(fd, LOCK_EX | LOCK_NB))
        return error_set(err, EXIT_TRY_LATER,
                         "another run is writing '%s'; wait until it ends, then try again",
                         log_quote(path, quoted, sizeof(quoted)));
    stands = is_at(fd, path);
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

int file_create_locked(const char *path, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    for (;;) {
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
        int taken;

        if (fd < 0)
            return error_set(err, EXIT_CANNOT_CREATE, "cannot create '%s': %s%s",
                             log_quote(path, quoted, sizeof(quoted)), strerror(errno),
                             errno == ELOOP ? " (it is a symbolic link)" : "");
        taken = lock_and_empty(fd, path, err);
        if (taken == 0)
            return fd;
        close(fd);
        if (taken < 0)
            return -1;
    }
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

int file_rename(const char *from, const char *to, struct error *err)
{
    char quoted[2][LOG_QUOTE_BYTES];

    if (rename(from, to))
        return error_set(err, EXIT_CANNOT_CREATE, "cannot rename '%s' to '%s': %s",
                         log_quote(from, quoted[0], LOG_QUOTE_BYTES),
                         log_quote(to, quoted[1], LOG_QUOTE_BYTES), strerror(errno));
    return 0;
}

/* The folder's status; the last part of the path. */
static bool find_place(const char *path, struct stat *ret_folder, const char **ret_name)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    bool found = folder && stat(folder, ret_folder) == 0;

    *ret_name = slash ? slash + 1 : path;
    free(folder);
    return found;
}

bool file_is_same(const char *a, const char *b)
{
    struct stat one, other;
    const char *name, *other_name;

    if (stat(a, &one) == 0 && stat(b, &other) == 0)
        return is_same_inode(&one, &other);
    return find_place(a, &one, &name) && find_place(b, &other, &other_name) &&
           is_same_inode(&one, &other) && strcmp(name, other_name) == 0;
}

int file_sync_folder(const char *path, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    char *copy = strdup(path);
    int fd;
    int result = 0;

    if (!copy)
        return error_no_memory(err);
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd))
        result = error_set(err, EXIT_CANNOT_WRITE, "cannot sync the folder of '%s': %s",
                           log_quote(path, quoted, sizeof(quoted)), strerror(errno));
    if (fd >= 0)
        close(fd);
    free(copy);
    return result;
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
