/*
 * What test_confinement.py preloads: code of another's will within the program. At the first
 * connection it tries what must not succeed any more, and writes errno of each, or 0, as JSON to
 * the file INTRUDER_LOG, which it opened at the start.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <termios.h>
#include <unistd.h>

static int log_fd = -1;
static const char *outside;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("INTRUDER_LOG");

    outside = getenv("INTRUDER_OUTSIDE");
    log_fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600) : -1;
}

static void tell(const char *name, long result)
{
    static const char *separator = "{";

    dprintf(log_fd, "%s\"%s\": %d", separator, name, result < 0 ? errno : 0);
    separator = ", ";
}

/* A child that got through leaves at once. */
static long leave(long child)
{
    if (child == 0)
        _exit(0);
    return child;
}

static void try_programs(void)
{
    char *const argv[] = {"/bin/true", NULL};
    char page[8];
    struct iovec here = {page, sizeof(page)}, there = {(void *)page, sizeof(page)};
    unsigned ring[30] = {0};
    struct {
        unsigned long long flags, others[3], exit_signal, rest[6];
    } clone_args = {.exit_signal = SIGCHLD};

    tell("execve", syscall(SYS_execve, "/bin/true", argv, argv + 1));
    tell("execveat", syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, argv + 1, 0));
    tell("fork", leave(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0)));
    tell("fork_anew", leave(syscall(SYS_clone3, &clone_args, sizeof(clone_args))));
    tell("ptrace", ptrace(PTRACE_ATTACH, getppid(), NULL, NULL));
    tell("process_vm_readv", process_vm_readv(getppid(), &here, 1, &there, 1, 0));
    tell("io_uring", syscall(SYS_io_uring_setup, 1, ring));
    tell("kill_parent", kill(getppid(), 0));
}

static void try_memory(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *both =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    tell("writable_code", both == MAP_FAILED ? -1 : 0);
    tell("code_of_memory", mprotect(page, 4096, PROT_READ | PROT_EXEC));
    tell("dumpable", prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
    /* That it is no terminal, the kernel would say. */
    tell("terminal_input", ioctl(0, TIOCSTI, "x") < 0 && errno != ENOTTY ? -1 : 0);
    tell("raw_socket", socket(AF_PACKET, SOCK_RAW, 0));
}

static void path_in(char path[4096], const char *folder, const char *name)
{
    snprintf(path, 4096, "%s/%s", folder, name);
}

static void try_files(void)
{
    char path[4096], other[4096];

    path_in(path, outside, "new");
    tell("make_file", open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    path_in(path, outside, "there");
    tell("read_file", open(path, O_RDONLY | O_CLOEXEC));
    tell("write_file", open(path, O_WRONLY | O_CLOEXEC));
    tell("truncate_file", open(path, O_RDWR | O_TRUNC | O_CLOEXEC));
    tell("remove_file", unlink(path));
    path_in(path, outside, "folder");
    tell("make_folder", mkdir(path, 0700));
    path_in(other, outside, "link");
    tell("make_link", symlink("/", other));
    path_in(path, getenv("TMPDIR"), "inside");
    tell("make_file_inside", open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    static int (*real)(int, const struct sockaddr *, socklen_t);

    if (!real) {
        real = (int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "connect");
        try_files();
        try_memory();
        try_programs();
        dprintf(log_fd, "}\n");
    }
    return real(fd, address, len);
}
