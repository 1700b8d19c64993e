#include "after.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/words/language.h"
#include "base/words/terminal.h"

#define LOOK_EVERY_MS 20 /* whether the command has ended */
#define GRACE_MS 2000    /* between the request to end and the end */
#define OUR_PREFIX "CLAIMBATCH_"
#define KEPT_VARIABLE "CLAIMBATCH_CONFIG="

/* What goes to the process that waits: this head, then the environment, then the input. */
struct order {
    uint64_t environment_bytes, input_bytes;
};

/* What comes back. */
struct outcome_of_command {
    int status; /* as of waitpid; -1: it was not started */
    int is_late;
};

struct after {
    int fd; /* to the process that waits */
    int64_t limit_ms;
};

/* ---- both sides ---- */

static bool send_all(int fd, const void *bytes, size_t len)
{
    for (const char *p = bytes; len;) {
        ssize_t sent = send(fd, p, len, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return false;
        p += sent;
        len -= (size_t)sent;
    }
    return true;
}

static bool receive_all(int fd, void *bytes, size_t len)
{
    for (char *p = bytes; len;) {
        ssize_t got = recv(fd, p, len, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        p += got;
        len -= (size_t)got;
    }
    return true;
}

/* ---- the process that waits ---- */

/* A secret in the environment would be in that of the command, too. */
static void forget_secrets(void)
{
    static const char *const variables[] = {"CLAIMBATCH_APP_SECRET", "CLAIMBATCH_SESSION"};

    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
        char *value = getenv(variables[i]);

        if (value)
            explicit_bzero(value, strlen(value));
        unsetenv(variables[i]);
    }
}

/* Only standard error and the way back stay: no secret of a pipe, and no reader of standard output
 * that waits for its end. Returns the way back; -1. */
static int keep_descriptors(int fd)
{
    int nothing = open("/dev/null", O_RDWR);
    int kept = fcntl(fd, F_DUPFD, STDERR_FILENO + 1);
    long most = sysconf(_SC_OPEN_MAX);

    if (nothing < 0 || kept < 0 || dup2(nothing, STDIN_FILENO) < 0 ||
        dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return -1;
    kept = dup2(kept, STDERR_FILENO + 1);
    if (kept >= 0 && close_range((unsigned)kept + 1, ~0U, 0))
        for (int other = kept + 1; other < most; other++)
            close(other);
    if (kept >= 0)
        fcntl(kept, F_SETFD, FD_CLOEXEC);
    return kept;
}

/* What asks this program to stop is sent to all its processes by systemd and by a terminal. */
static void ignore_signals(void)
{
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
}

static void restore_signals(void)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
}

/* What an outer run has said of itself must not pass for this one's. */
static void clear_environment(void)
{
    for (char **variable = environ; *variable;) {
        char *equals = strchr(*variable, '=');
        char *name;

        if (!equals || strncmp(*variable, OUR_PREFIX, strlen(OUR_PREFIX)) != 0 ||
            strncmp(*variable, KEPT_VARIABLE, strlen(KEPT_VARIABLE)) == 0) {
            variable++;
            continue;
        }
        name = strndup(*variable, (size_t)(equals - *variable));
        if (!name || unsetenv(name))
            _exit(127);
        free(name);
    }
}

static void set_environment(char *pairs, size_t len)
{
    clear_environment();
    for (char *pair = pairs; pair < pairs + len; pair += strlen(pair) + 1)
        if (putenv(pair))
            _exit(127);
}

/* Where nobody reads it, a pipe would be waited for. */
static int hold_input(const char *input, size_t len)
{
    int fd = memfd_create("input", MFD_CLOEXEC);

    while (fd >= 0 && len) {
        ssize_t written = write(fd, input, len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            close(fd);
            return -1;
        }
        input += written;
        len -= (size_t)written;
    }
    if (fd >= 0 && lseek(fd, 0, SEEK_SET))
        return -1;
    return fd;
}

/* In a group of its own, so that all of it can be ended. -1 when it cannot be started. */
static pid_t start_shell(const char *command, char *pairs, size_t len, int input)
{
    pid_t pid = fork();

    if (pid)
        return pid;
    setpgid(0, 0);
    restore_signals();
    if (dup2(input, STDIN_FILENO) < 0)
        _exit(127);
    set_environment(pairs, len);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

/* Whether nobody is left to tell. */
static bool is_alone(int fd, int wait_ms)
{
    struct pollfd way = {.fd = fd, .events = POLLIN};

    return poll(&way, 1, wait_ms) > 0;
}

/* Waits until `until_ms` (monotonic); false: it goes on. */
static bool wait_for_end(int fd, pid_t pid, int64_t until_ms, int *ret_status)
{
    for (;;) {
        if (waitpid(pid, ret_status, WNOHANG) == pid)
            return true;
        if (clock_mono_ms() >= until_ms)
            return false;
        if (fd < 0)
            usleep(LOOK_EVERY_MS * 1000);
        else if (is_alone(fd, LOOK_EVERY_MS))
            return false;
    }
}

static struct outcome_of_command watch(int fd, pid_t pid, int64_t limit_ms)
{
    struct outcome_of_command outcome = {.status = -1};

    if (wait_for_end(fd, pid, clock_mono_ms() + limit_ms, &outcome.status))
        return outcome;
    outcome.is_late = 1;
    kill(-pid, SIGTERM);
    if (!wait_for_end(-1, pid, clock_mono_ms() + GRACE_MS, &outcome.status)) {
        kill(-pid, SIGKILL);
        waitpid(pid, &outcome.status, 0);
    }
    kill(-pid, SIGKILL); /* those that the shell has left behind */
    return outcome;
}

static _Noreturn void wait_and_run(int fd, const char *command, int64_t limit_ms)
{
    struct outcome_of_command outcome = {.status = -1};
    struct order order;
    char *bytes;
    pid_t pid;
    int input;

    ignore_signals();
    setsid();
    forget_secrets();
    fd = keep_descriptors(fd);
    if (fd < 0 || !receive_all(fd, &order, sizeof(order)))
        _exit(0);
    bytes = malloc(order.environment_bytes + order.input_bytes + 1);
    if (!bytes || !receive_all(fd, bytes, order.environment_bytes + order.input_bytes))
        _exit(0);
    input = hold_input(bytes + order.environment_bytes, order.input_bytes);
    pid = input < 0 ? -1 : start_shell(command, bytes, order.environment_bytes, input);
    if (pid > 0)
        outcome = watch(fd, pid, limit_ms);
    (void)send_all(fd, &outcome, sizeof(outcome));
    _exit(0);
}

/* ---- this process ---- */

int after_start(const char *command, int64_t limit_ms, struct after **ret_after, struct error *err)
{
    struct after *after = calloc(1, sizeof(*after));
    int fds[2] = {-1, -1};
    pid_t pid = -1;

    *ret_after = after;
    if (!after)
        return error_no_memory(err);
    after->fd = -1;
    after->limit_ms = limit_ms;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0)
        pid = fork();
    if (pid == 0) {
        close(fds[0]);
        wait_and_run(fds[1], command, limit_ms);
    }
    if (pid < 0)
        error_set(err, EXIT_RESOURCES,
                  "cannot make the process that --after needs: %s; nothing was sent",
                  strerror(errno));
    if (fds[1] >= 0)
        close(fds[1]);
    after->fd = fds[0];
    return pid < 0 ? -1 : 0;
}

static void say_outcome(const struct after *after, const struct outcome_of_command *outcome)
{
    char how[160];

    if (outcome->is_late)
        snprintf(how, sizeof(how), _("was ended, because it took longer than %lld s"),
                 (long long)(after->limit_ms + 999) / 1000);
    else if (outcome->status == -1)
        snprintf(how, sizeof(how), _("could not be started"));
    else if (WIFSIGNALED(outcome->status))
        snprintf(how, sizeof(how), _("was ended by signal %d"), WTERMSIG(outcome->status));
    else
        snprintf(how, sizeof(how), _("ended with exit code %d"), WEXITSTATUS(outcome->status));
    log_event(outcome->status || outcome->is_late ? LOG_WARN : LOG_VERBOSE, "after",
              LOG_FIELDS(LOG_FIELD_NUMBER("status", outcome->status),
                         LOG_FIELD_NUMBER("late", outcome->is_late)),
              "the command of --after %s%s", how,
              outcome->status || outcome->is_late ? _("; that changes nothing of the run") : "");
}

/* Somewhat longer than the process that waits gives it. */
static bool wait_for_outcome(const struct after *after)
{
    struct pollfd way = {.fd = after->fd, .events = POLLIN};
    int64_t until_ms = clock_mono_ms() + after->limit_ms + 2 * GRACE_MS + 1000;
    int64_t rest_ms;

    while ((rest_ms = until_ms - clock_mono_ms()) > 0) {
        int ready = poll(&way, 1, (int)rest_ms);

        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
    }
    return false;
}

void after_run(struct after *after, const struct buffer *environment, const struct buffer *input)
{
    const struct order order = {environment->len, input->len};
    struct outcome_of_command outcome;
    struct buffer room = {0};

    stop_last_words(terminal_text(_("\nclaimbatch: left at once; the run was over, and the command "
                                    "of --after is ended\n"),
                                  &room));
    buffer_release(&room);
    if (environment->failed || input->failed || !send_all(after->fd, &order, sizeof(order)) ||
        !send_all(after->fd, environment->ptr, environment->len) ||
        !send_all(after->fd, input->ptr, input->len) || !wait_for_outcome(after) ||
        !receive_all(after->fd, &outcome, sizeof(outcome))) {
        log_warn("the command of --after could not be run, or its end is not known: the process "
                 "that waited to start it is gone");
        return;
    }
    say_outcome(after, &outcome);
}

void after_close(struct after *after)
{
    if (!after)
        return;
    if (after->fd >= 0)
        close(after->fd);
    free(after);
}
