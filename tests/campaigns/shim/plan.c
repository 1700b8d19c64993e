#include "plan.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "descriptor.h"
#include "record.h"

static const char *const call_names[CALL_COUNT] = {
    [CALL_MALLOC] = "malloc",       [CALL_CALLOC] = "calloc", [CALL_REALLOC] = "realloc",
    [CALL_OPEN] = "open",           [CALL_READ] = "read",     [CALL_PREAD] = "pread",
    [CALL_WRITE] = "write",         [CALL_PWRITE] = "pwrite", [CALL_FSYNC] = "fsync",
    [CALL_FDATASYNC] = "fdatasync", [CALL_SYNCFS] = "syncfs", [CALL_FTRUNCATE] = "ftruncate",
    [CALL_FALLOCATE] = "fallocate", [CALL_RENAME] = "rename", [CALL_LINK] = "link",
    [CALL_UNLINK] = "unlink",       [CALL_MKDIR] = "mkdir",   [CALL_FCHMOD] = "fchmod",
    [CALL_FLOCK] = "flock",         [CALL_LOCK] = "lock",     [CALL_FSTAT] = "fstat",
    [CALL_STAT] = "stat",           [CALL_ACCESS] = "access", [CALL_REALPATH] = "realpath",
    [CALL_STATVFS] = "statvfs",     [CALL_MMAP] = "mmap",     [CALL_CLOSE] = "close",
    [CALL_THREAD] = "thread",       [CALL_SEND] = "send",
};

static const char *const actions[] = {
    "", "kill-before", "kill-torn", "kill-after", "stop-before", "fail", "fail-on"};

struct plan plan;

static long counts[CALL_COUNT]; /* atomic */
static long hit_count;          /* atomic: calls of the functions that may be hit */

static void read_hit(const char *hit)
{
    const char *colon = hit ? strchr(hit, ':') : NULL;

    if (!colon)
        return;
    plan.at = strtol(colon + 1, NULL, 10);
    while (hit < colon) {
        size_t len = strcspn(hit, "+:");

        for (int i = 0; i < CALL_COUNT; i++)
            if (strlen(call_names[i]) == len && strncmp(call_names[i], hit, len) == 0)
                plan.hits[i] = true;
        hit += len + 1;
    }
}

__attribute__((constructor)) static void begin(void)
{
    const char *what = getenv("CAMPAIGN_DO");
    const char *cause = getenv("CAMPAIGN_ERRNO");

    for (size_t i = 0; what && i < sizeof(actions) / sizeof(*actions); i++)
        if (strcmp(what, actions[i]) == 0)
            plan.action = (enum action)i;
    plan.cause = cause ? atoi(cause) : EIO;
    plan.path = getenv("CAMPAIGN_PATH");
    plan.is_old = getenv("CAMPAIGN_OLD") != NULL;
    record_start();
    __atomic_store_n(&hit_count, 0, __ATOMIC_SEQ_CST);
    read_hit(getenv("CAMPAIGN_HIT"));
}

__attribute__((destructor)) static void end(void)
{
    char line[64];
    long total = counts[CALL_MALLOC] + counts[CALL_CALLOC] + counts[CALL_REALLOC];

    record_call(line, (size_t)snprintf(line, sizeof(line), "alloc %ld\n", total));
}

static void die(void)
{
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;)
        pause();
}

enum action plan_meet(enum call call, const char *detail)
{
    long number = __atomic_add_fetch(&counts[call], 1, __ATOMIC_SEQ_CST);
    enum action action = ACT_NOTHING;
    char line[512];

    if (plan.hits[call]) {
        long at = __atomic_add_fetch(&hit_count, 1, __ATOMIC_SEQ_CST);

        if (at == plan.at || (at > plan.at && plan.action == ACT_FAIL_ON))
            action = plan.action;
    }
    if (call > CALL_REALLOC && record_has_log()) {
        int len = snprintf(line, sizeof(line), "%s %ld %s%s\n", call_names[call], number,
                           action ? "HIT " : "", detail);

        record_call(line, len < (int)sizeof(line) ? (size_t)len : sizeof(line) - 1);
    }
    if (action == ACT_KILL_BEFORE)
        die();
    if (action == ACT_STOP_BEFORE)
        syscall(SYS_kill, getpid(), SIGTERM);
    return action;
}

bool plan_fails(enum action action)
{
    if (action != ACT_FAIL && action != ACT_FAIL_ON)
        return false;
    errno = plan.cause;
    return true;
}

long plan_after(enum action action, long result)
{
    if (action == ACT_KILL_AFTER || action == ACT_KILL_TORN)
        die();
    return result;
}

size_t plan_torn(enum action action, size_t len)
{
    return action == ACT_KILL_TORN ? len / 2 : len;
}

static bool ends_as_planned(const char *path)
{
    size_t len = strlen(path);
    size_t end = plan.path ? strlen(plan.path) : 0;

    return len >= end && memcmp(path + len - end, plan.path ? plan.path : "", end) == 0;
}

enum action plan_meet_fd(enum call call, int fd)
{
    char path[256] = "";
    int saved = errno;
    enum action action = ACT_NOTHING;

    if (descriptor_is_file(fd)) {
        if (plan.path || record_has_log())
            descriptor_path(fd, path, sizeof(path));
        if (ends_as_planned(path))
            action = plan_meet(call, path);
    }
    errno = saved;
    return action;
}
