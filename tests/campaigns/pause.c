/*
 * pause: stops the program at a named moment (LD_PRELOAD), as a host that is suspended there.
 *
 * The file named by PAUSE_FILE holds one int32_t. A test writes one of enum moment into it; the
 * next call of that kind sets it to 0 and stops the process before it is made.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
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

static enum moment moment_of(int fd, const void *bytes, size_t len)
{
    int family = 0;
    socklen_t size = sizeof(family);

    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size))
        return NEVER;
    if (family != AF_UNIX)
        return len > 5 && memcmp(bytes, "POST ", 5) == 0 ? BEFORE_REQUEST : NEVER;
    return memmem(bytes, len, "COMMIT", 6) ? BEFORE_COMMIT : NEVER;
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    static ssize_t (*real)(int, const void *, size_t, int);
    int32_t now = wanted ? atomic_load(wanted) : NEVER;

    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "send");
    if (now != NEVER && moment_of(fd, bytes, len) == (enum moment)now &&
        atomic_compare_exchange_strong(wanted, &now, NEVER))
        kill(getpid(), SIGSTOP);
    return real(fd, bytes, len, flags);
}
