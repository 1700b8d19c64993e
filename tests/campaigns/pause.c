/*
 * pause: stops the program at a named moment (LD_PRELOAD), as a host that is suspended there.
 *
 * The file named by PAUSE_FILE holds one int32_t. A test writes one of enum moment into it; the
 * next call of that kind sets it to 0 and stops the process before it is made, or after it.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum moment {
    NEVER,
    BEFORE_REQUEST, /* to the gateway: everything has been looked at, and nothing has left */
    BEFORE_COMMIT,  /* to the server, with a turn that ends in one */
    AFTER_COMMIT,   /* the server's word for it has come, and nothing has been done with it */
};

static _Atomic int32_t *wanted;

static __attribute__((constructor)) void map_wanted(void)
{
    const char *path = getenv("PAUSE_FILE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *map = MAP_FAILED;

    if (fd >= 0) {
        map = mmap(NULL, sizeof(*wanted), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
    }
    if (map != MAP_FAILED)
        wanted = map;
}

static bool is_server(int fd)
{
    int family = 0;
    socklen_t size = sizeof(family);

    return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) && family == AF_UNIX;
}

static enum moment moment_before(int fd, const void *bytes, size_t len)
{
    if (!is_server(fd))
        return len > 5 && memcmp(bytes, "POST ", 5) == 0 ? BEFORE_REQUEST : NEVER;
    return memmem(bytes, len, "COMMIT", 6) ? BEFORE_COMMIT : NEVER;
}

static enum moment moment_after(int fd, const void *bytes, ssize_t len)
{
    static const char complete[] = "C\0\0\0\013COMMIT";

    return len > 0 && memmem(bytes, (size_t)len, complete, sizeof(complete)) && is_server(fd)
               ? AFTER_COMMIT
               : NEVER;
}

static void stop_at(enum moment moment)
{
    int32_t now = (int32_t)moment;

    if (wanted && moment != NEVER && atomic_compare_exchange_strong(wanted, &now, NEVER))
        kill(getpid(), SIGSTOP);
}

static bool is_wanted(void)
{
    return wanted && atomic_load(wanted) != NEVER;
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    static ssize_t (*real)(int, const void *, size_t, int);

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "send");
    if (is_wanted())
        stop_at(moment_before(fd, bytes, len));
    return real(fd, bytes, len, flags);
}

ssize_t recv(int fd, void *bytes, size_t len, int flags)
{
    static ssize_t (*real)(int, void *, size_t, int);
    ssize_t got;

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "recv");
    got = real(fd, bytes, len, flags);
    if (is_wanted()) {
        int error = errno;

        stop_at(moment_after(fd, bytes, got));
        errno = error;
    }
    return got;
}
