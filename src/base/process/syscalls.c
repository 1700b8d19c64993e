/*
 * The system calls that are left once the program is confined: those it was seen to make, by strace
 * over all tests, and those that other versions of glibc, libcurl, OpenSSL and SQLite may use in
 * their place. Any other fails as if the kernel did not know it, so that a newer library falls back
 * on an older call; those that start programs or look into other processes are not permitted.
 */
#include "base/process/confinement.h"

#if defined(HAVE_SECCOMP)

#include <errno.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include <seccomp.h>

/* Newer headers have them. */
#define TCGETS2_NUMBER 0x802c542a
#define PR_SET_VMA_NUMBER 0x53564d41

/* A sanitizer looks for leaks at the end by a process that traces this one. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif

static const char *const allowed[] = {
    /* files */
    "access",
    "close",
    "close_range",
    "copy_file_range",
    "dup",
    "dup2",
    "dup3",
    "faccessat",
    "faccessat2",
    "fadvise64",
    "fadvise64_64",
    "fallocate",
    "fchmod",
    "fchown",
    "fcntl",
    "fcntl64",
    "fdatasync",
    "flock",
    "fstat",
    "fstat64",
    "fstatat64",
    "fstatfs",
    "fstatfs64",
    "fsync",
    "ftruncate",
    "ftruncate64",
    "getcwd",
    "getdents",
    "getdents64",
    "link",
    "linkat",
    "llseek",
    "_llseek",
    "lseek",
    "lstat",
    "lstat64",
    "mkdir",
    "mkdirat",
    "newfstatat",
    "open",
    "openat",
    "openat2",
    "pread64",
    "preadv",
    "preadv2",
    "pwrite64",
    "pwritev",
    "pwritev2",
    "read",
    "readahead",
    "readlink",
    "readlinkat",
    "readv",
    "rename",
    "renameat",
    "renameat2",
    "rmdir",
    "sendfile",
    "sendfile64",
    "splice",
    "stat",
    "stat64",
    "statfs",
    "statfs64",
    "statx",
    "sync_file_range",
    "syncfs",
    "umask",
    "unlink",
    "unlinkat",
    "write",
    "writev",
    /* memory */
    "brk",
    "madvise",
    "membarrier",
    "mincore",
    "mlock",
    "mlock2",
    "mremap",
    "msync",
    "munlock",
    "munmap",
    "mseal",
    "map_shadow_stack",
    /* threads and time */
    "arch_prctl",
    "clock_getres",
    "clock_getres_time64",
    "clock_gettime",
    "clock_gettime64",
    "clock_nanosleep",
    "clock_nanosleep_time64",
    "exit",
    "exit_group",
    "futex",
    "futex_time64",
    "futex_wait",
    "futex_wake",
    "futex_waitv",
    "futex_requeue",
    "get_robust_list",
    "getcpu",
    "getitimer",
    "gettimeofday",
    "nanosleep",
    "rseq",
    "sched_getaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "sched_yield",
    "set_robust_list",
    "set_tid_address",
    "setitimer",
    "timer_create",
    "timer_delete",
    "timer_settime",
    "timerfd_create",
    "timerfd_settime",
    "times",
    /* signals */
    "pause",
    "restart_syscall",
    "rt_sigaction",
    "rt_sigpending",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "sigaltstack",
    "sigreturn",
    /* waiting */
    "_newselect",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_pwait",
    "epoll_pwait2",
    "epoll_wait",
    "eventfd",
    "eventfd2",
    "pipe",
    "pipe2",
    "poll",
    "ppoll",
    "ppoll_time64",
    "pselect6",
    "select",
    /* the network */
    "accept",
    "accept4",
    "bind",
    "connect",
    "getpeername",
    "getsockname",
    "getsockopt",
    "listen",
    "recv",
    "recvfrom",
    "recvmmsg",
    "recvmsg",
    "send",
    "sendmmsg",
    "sendmsg",
    "sendto",
    "setsockopt",
    "shutdown",
    "socketpair",
    /* who and where we are */
    "getegid",
    "geteuid",
    "getgid",
    "getgroups",
    "getpgrp",
    "getpid",
    "getppid",
    "getrandom",
    "getresgid",
    "getresuid",
    "getrlimit",
    "getrusage",
    "gettid",
    "getuid",
    "setfsgid",
    "setfsuid",
    "setrlimit",
    "sysinfo",
    "ugetrlimit",
    "uname",
    "capget",
#ifdef HAS_SANITIZER
    "clone",
    "clone3",
    "kill",
    "mmap",
    "mprotect",
    "personality",
    "prctl",
    "process_vm_readv",
    "ptrace",
    "vfork",
    "wait4",
    "waitid",
#endif
};

static const char *const forbidden[] = {
    "execve", "execveat",    "ptrace",      "process_vm_readv", "process_vm_writev",
    "kcmp",   "pidfd_getfd", "bpf",         "perf_event_open",  "userfaultfd",
    "keyctl", "add_key",     "request_key", "io_uring_setup",
};

/* The kernel's own form of a filter, in memory of its own: libseccomp frees twice, or leaves calls
 * out, where memory runs out while it makes one. It is asked for the numbers of calls alone. */
#define STEPS_MAX 1024

struct filter {
    struct sock_filter steps[STEPS_MAX];
    unsigned short count;
};

#define LOAD (BPF_LD | BPF_W | BPF_ABS)
#define IS (BPF_JMP | BPF_JEQ | BPF_K)
#define AND (BPF_ALU | BPF_AND | BPF_K)
#define RETURN (BPF_RET | BPF_K)
#define NOT_KNOWN (SECCOMP_RET_ERRNO | ENOSYS)
#define CALL_PLACE offsetof(struct seccomp_data, nr)

/* `otherwise`: how many steps a comparison that fails passes over. */
static void add_step(struct filter *filter, unsigned code, size_t value, unsigned otherwise)
{
    if (filter->count < STEPS_MAX)
        filter->steps[filter->count++] = (struct sock_filter){
            .code = (unsigned short)code, .jf = (unsigned char)otherwise, .k = (uint32_t)value};
}

static void add_names(struct filter *filter, uint32_t action, const char *const *names,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);

        /* A name that this architecture or this libseccomp does not know is not called either. */
        if (number < 0)
            continue;
        add_step(filter, IS, (size_t)number, 1);
        add_step(filter, RETURN, action, 0);
    }
}

/* What is allowed with some arguments only: any of these. */
struct condition {
    int call;
    unsigned argument; /* counted from 0; the calls below take 32 bits of it */
    uint32_t mask, value;
};

#define EQUALS(number, wanted) number, UINT32_MAX, (uint32_t)(wanted)
#define MASKED(number, bits, wanted) number, (uint32_t)(bits), (uint32_t)(wanted)

static void add_condition(struct filter *filter, const struct condition *condition)
{
    size_t place = offsetof(struct seccomp_data, args) + condition->argument * sizeof(uint64_t) +
                   (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? sizeof(uint32_t) : 0);

    if (condition->call < 0)
        return;
    add_step(filter, IS, (size_t)condition->call, 5);
    add_step(filter, LOAD, place, 0);
    add_step(filter, AND, condition->mask, 0);
    add_step(filter, IS, condition->value, 1);
    add_step(filter, RETURN, SECCOMP_RET_ALLOW, 0);
    add_step(filter, LOAD, CALL_PLACE, 0);
}

static void add_conditions(struct filter *filter)
{
    const struct condition conditions[] = {
        /* the resolver asks the kernel for addresses by the last */
        {SCMP_SYS(socket), EQUALS(0, AF_UNIX)},
        {SCMP_SYS(socket), EQUALS(0, AF_INET)},
        {SCMP_SYS(socket), EQUALS(0, AF_INET6)},
        {SCMP_SYS(socket), EQUALS(0, AF_NETLINK)},
        /* whether it is a terminal, how wide; what of a connection is still to be sent or read;
         * names of interfaces. None that puts words into a terminal's input */
        {SCMP_SYS(ioctl), EQUALS(1, TCGETS)},
        {SCMP_SYS(ioctl), EQUALS(1, TCGETS2_NUMBER)},
        {SCMP_SYS(ioctl), EQUALS(1, TIOCGWINSZ)},
        {SCMP_SYS(ioctl), EQUALS(1, TIOCOUTQ)},
        {SCMP_SYS(ioctl), EQUALS(1, FIONREAD)},
        {SCMP_SYS(ioctl), EQUALS(1, FIONBIO)},
        {SCMP_SYS(ioctl), EQUALS(1, SIOCGIFNAME)},
        {SCMP_SYS(ioctl), EQUALS(1, SIOCGIFINDEX)},
        /* signals to ourselves, limits of our own */
        {SCMP_SYS(tgkill), EQUALS(0, getpid())},
        {SCMP_SYS(kill), EQUALS(0, getpid())},
        {SCMP_SYS(prlimit64), EQUALS(0, 0)},
#ifndef HAS_SANITIZER
        {SCMP_SYS(prctl), EQUALS(0, PR_SET_NAME)},
        {SCMP_SYS(prctl), EQUALS(0, PR_SET_VMA_NUMBER)},
        /* threads, and no process; clone3 hides its flags in memory, and glibc can do without it */
        {SCMP_SYS(clone), MASKED(0, CLONE_THREAD, CLONE_THREAD)},
        /* modules of the resolver are mapped from their files; nothing that was written is run */
        {SCMP_SYS(mmap), MASKED(2, PROT_WRITE | PROT_EXEC, PROT_WRITE)},
        {SCMP_SYS(mmap), MASKED(2, PROT_WRITE, 0)},
        {SCMP_SYS(mprotect), MASKED(2, PROT_EXEC, 0)},
#endif
    };

    for (size_t i = 0; i < sizeof(conditions) / sizeof(*conditions); i++)
        add_condition(filter, &conditions[i]);
}

/* For all threads, should a library have started one. Nothing foreign is run in this process, so
 * its loads may be as quick as before. */
static bool load_filter(struct filter *filter)
{
    struct sock_fprog program = {.len = filter->count, .filter = filter->steps};

    return filter->count < STEPS_MAX &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                   SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program) == 0;
}

void syscalls_restrict(struct buffer *ret_told)
{
    struct filter filter = {.count = 0};

    add_step(&filter, LOAD, offsetof(struct seccomp_data, arch), 0);
    add_step(&filter, IS, seccomp_arch_native(), 1);
    add_step(&filter, BPF_JMP | BPF_JA, 1, 0);
    add_step(&filter, RETURN, NOT_KNOWN, 0); /* the calls of another architecture */
    add_step(&filter, LOAD, CALL_PLACE, 0);
    add_names(&filter, SECCOMP_RET_ALLOW, allowed, sizeof(allowed) / sizeof(*allowed));
#ifndef HAS_SANITIZER
    add_names(&filter, SECCOMP_RET_ERRNO | EPERM, forbidden,
              sizeof(forbidden) / sizeof(*forbidden));
#else
    (void)forbidden;
#endif
    add_conditions(&filter);
    add_step(&filter, RETURN, NOT_KNOWN, 0);
    if (load_filter(&filter))
        buffer_format(ret_told,
                      "no program can be started, and at most %zu kinds of system calls "
                      "are made (seccomp)",
                      sizeof(allowed) / sizeof(*allowed));
    else
        buffer_text(ret_told, "any system call may be made: the kernel has no seccomp");
}

#else

void syscalls_restrict(struct buffer *ret_told)
{
    buffer_text(ret_told, "any system call may be made: built without libseccomp");
}

#endif
