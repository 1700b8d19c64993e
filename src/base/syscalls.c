/*
 * The system calls that are left once the program is confined: those it was seen to make, by strace
 * over all tests, and those that other versions of glibc, libcurl, OpenSSL and SQLite may use in
 * their place. Any other fails as if the kernel did not know it, so that a newer library falls back
 * on an older call; those that start programs or look into other processes are not permitted.
 */
#include "base/confinement.h"

#if defined(HAVE_SECCOMP)

#include <errno.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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

static int add_by_name(scmp_filter_ctx filter, uint32_t action, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);

    /* A name that this architecture or this libseccomp does not know is not called either. */
    return number == __NR_SCMP_ERROR || number < 0 ? 0
                                                   : seccomp_rule_add(filter, action, number, 0);
}

static int add_names(scmp_filter_ctx filter)
{
    int result = 0;

    for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed) && !result; i++)
        result = add_by_name(filter, SCMP_ACT_ALLOW, allowed[i]);
#ifndef HAS_SANITIZER
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(*forbidden) && !result; i++)
        result = add_by_name(filter, SCMP_ACT_ERRNO(EPERM), forbidden[i]);
#else
    (void)forbidden;
#endif
    return result;
}

/* What is allowed with some arguments only: any of these. */
#define ARGUMENT(number, compare, a, b)                                                            \
    ((struct scmp_arg_cmp){(number), (compare), (scmp_datum_t)(a), (scmp_datum_t)(b)})
#define EQUALS(number, value) ARGUMENT(number, SCMP_CMP_EQ, value, 0)
#define MASKED(number, mask, value) ARGUMENT(number, SCMP_CMP_MASKED_EQ, mask, value)

static int add_conditions(scmp_filter_ctx filter)
{
    const struct {
        int call;
        struct scmp_arg_cmp argument;
    } conditions[] = {
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
    int result = 0;

    for (size_t i = 0; i < sizeof(conditions) / sizeof(*conditions) && !result; i++)
        result =
            seccomp_rule_add(filter, SCMP_ACT_ALLOW, conditions[i].call, 1, conditions[i].argument);
    return result;
}

void syscalls_restrict(struct buffer *ret_told)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    bool is_loaded = false;

    if (filter) {
        /* All threads, should a library have started one. */
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a search, not a list */
        /* Nothing foreign is run in this process, so its loads may be as quick as before. */
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
        is_loaded = !add_names(filter) && !add_conditions(filter) && !seccomp_load(filter);
    }
    seccomp_release(filter);
    if (is_loaded)
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
