/* Small files are read whole, and none that nobody writes to is waited for. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/words/language.h"

#define PIPES 0x50495045L /* the file system of pipes without a name; see statfs(2) */

int file_open_small(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* Whoever made a pipe without a name writes to it, if only once a person has typed something; the
 * other kind may stand there for ever. */
static int patience_of(int fd)
{
    struct statfs system;

    return fstatfs(fd, &system) == 0 && system.f_type == PIPES ? -1 : FILE_PATIENCE_MS;
}

ssize_t file_read_patiently(int fd, void *bytes, size_t len)
{
    int patience_ms = patience_of(fd);
    int64_t until_ms = clock_mono_ms() + patience_ms;

    for (;;) {
        struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = stop_fd(), .events = POLLIN}};
        int64_t rest_ms = until_ms - clock_mono_ms();
        int ready = poll(fds, 2, patience_ms < 0 ? -1 : rest_ms < 0 ? 0 : (int)rest_ms);
        ssize_t n;

        if (ready < 0 && errno != EINTR)
            return -1;
        if (ready > 0 && fds[0].revents) {
            n = read(fd, bytes, len);
            if (n >= 0 || (errno != EINTR && errno != EAGAIN))
                return n;
        }
        if (stop_signal() || ready == 0) {
            errno = stop_signal() ? ECANCELED : ETIMEDOUT;
            return -1;
        }
    }
}

const char *file_read_why(void)
{
    return errno == ETIMEDOUT   ? _("nobody writes to it")
           : errno == ECANCELED ? "stopped by a signal"
                                : strerror(errno);
}

int file_read_exit_code(int other)
{
    return errno == ECANCELED ? EXIT_SIGNAL_BASE + stop_signal() : other;
}

int file_read_open(int fd, const char *path, size_t limit, struct buffer *ret_content,
                   struct error *err)
{
    char bytes[16384];
    ssize_t n;
    int result = 0;

    buffer_reset(ret_content);
    while ((n = file_read_patiently(fd, bytes, sizeof(bytes))) > 0 && ret_content->len <= limit)
        buffer_append(ret_content, bytes, (size_t)n);
    if (n < 0)
        result = error_set(err, file_read_exit_code(EXIT_INPUT_MISSING), "cannot read '%s': %s",
                           LOG_QUOTED(path), file_read_why());
    else if (ret_content->failed)
        result = error_no_memory(err);
    else if (ret_content->len > limit)
        result =
            error_set(err, EXIT_INPUT_REFUSED, "'%s' is over %zu bytes", LOG_QUOTED(path), limit);
    return result;
}

bool file_begins_with(const char *path, const char *bytes, size_t len)
{
    char found[FILE_BEGINNING];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    bool begins = fd >= 0 && len <= sizeof(found) && read(fd, found, len) == (ssize_t)len &&
                  memcmp(found, bytes, len) == 0;

    if (fd >= 0)
        close(fd);
    return begins;
}

int file_read_all(const char *path, size_t limit, struct buffer *ret_content, struct error *err)
{
    int fd = file_open_small(path);
    int result;

    if (fd < 0)
        return error_set(err, EXIT_INPUT_MISSING, "cannot open '%s': %s", LOG_QUOTED(path),
                         strerror(errno));
    result = file_read_open(fd, path, limit, ret_content, err);
    close(fd);
    return result;
}
