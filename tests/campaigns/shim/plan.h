/*
 * shim: stands between the program and the C library (LD_PRELOAD), so that a campaign can kill the
 * program before, in or after any one call, let any one call fail, or record all that is written.
 *
 * CAMPAIGN_LOG=FILE     append a line "NAME NUMBER DETAIL" for each call, "alloc NUMBER" at exit
 * CAMPAIGN_HIT=A+B:N    the N-th of all calls of the functions A and B (from 1) is the one
 * CAMPAIGN_PATH=END     of the calls on descriptors only those of files whose path ends so
 * CAMPAIGN_DO=WHAT      kill-before, kill-torn (half of the bytes), kill-after, stop-before
 *                       (SIGTERM), fail, or fail-on (this one and all later ones)
 * CAMPAIGN_ERRNO=N      what the failing call says; EAGAIN is said by calls that lock alone, as
 *                       where another process holds the lock
 * CAMPAIGN_OLD=1        the file system knows no rename that replaces nothing
 * CAMPAIGN_RECORD=FILE  append what changes files, what syncs them and what is sent: a line
 *                       "OP INODE OFFSET LENGTH PATH [TO]", then LENGTH bytes
 *
 * The functions are named as in plan.c; variants of one (open64, mkostemp64 and fopen for
 * open, sendmsg for send, …) go by one name. Only calls on regular files and folders count, and
 * send on a socket; pipes, events and the standard streams do not. Of fcntl those calls count that
 * lock.
 *
 * Works with a program that was built with the address sanitizer too, if that is told not to mind:
 * ASAN_OPTIONS=verify_asan_link_order=0.
 */
#ifndef CLAIMBATCH_CAMPAIGNS_SHIM_PLAN_H
#define CLAIMBATCH_CAMPAIGNS_SHIM_PLAN_H

#include <stdbool.h>
#include <stddef.h>

enum call {
    CALL_MALLOC,
    CALL_CALLOC,
    CALL_REALLOC,
    CALL_OPEN,
    CALL_READ,
    CALL_PREAD,
    CALL_WRITE,
    CALL_PWRITE,
    CALL_FSYNC,
    CALL_FDATASYNC,
    CALL_SYNCFS,
    CALL_FTRUNCATE,
    CALL_FALLOCATE,
    CALL_RENAME,
    CALL_LINK,
    CALL_UNLINK,
    CALL_MKDIR,
    CALL_FCHMOD,
    CALL_FLOCK,
    CALL_LOCK,
    CALL_FSTAT,
    CALL_STAT,
    CALL_ACCESS,
    CALL_REALPATH,
    CALL_STATVFS,
    CALL_MMAP,
    CALL_CLOSE,
    CALL_THREAD,
    CALL_SEND,
    CALL_COUNT,
};

enum action {
    ACT_NOTHING,
    ACT_KILL_BEFORE,
    ACT_KILL_TORN,
    ACT_KILL_AFTER,
    ACT_STOP_BEFORE,
    ACT_FAIL,
    ACT_FAIL_ON,
};

#pragma GCC visibility push(hidden) /* the program has names of its own */

struct plan {
    bool hits[CALL_COUNT];
    long at;
    enum action action;
    int cause;
    const char *path; /* NULL: any */
    bool is_old;
};

extern struct plan plan;

/* Counts a call and says what is to happen to it. Allocates nothing. */
enum action plan_meet(enum call call, const char *detail);

/* The same of a call on a descriptor, which may not count. */
enum action plan_meet_fd(enum call call, int fd);

/* Whether the call fails; errno says by what. */
bool plan_fails(enum action action);

/* What the call gives back, where the program still lives then. */
long plan_after(enum action action, long result);

/* Only half of the bytes, of a call that is to be torn. */
size_t plan_torn(enum action action, size_t len);

#pragma GCC visibility pop

#endif
