#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

static atomic_int first_signal;
static int pipe_fds[2] = {-1, -1};

/* Two texts and which is in force: the handler never reads one that is being written. */
static char last_words[2][STOP_LAST_WORDS];
static atomic_int words_in_force;

static void handle(int number)
{
    int none = 0;
    int saved = errno;
    ssize_t ignored;

    if (!atomic_compare_exchange_strong(&first_signal, &none, number)) {
        const char *words = last_words[atomic_load(&words_in_force)];

        ignored = write(STDERR_FILENO, words, strlen(words));
        (void)ignored;
        _exit(EXIT_SIGNAL_BASE + number);
    }
    ignored = write(pipe_fds[1], "", 1);
    (void)ignored;
    errno = saved;
}

int stop_watch(struct error *err)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = handle};

    if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK))
        return error_set(err, EXIT_RESOURCES, "cannot make a pipe: %s", strerror(errno));
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        struct sigaction old;

        /* A signal that is ignored from outside (nohup) stays ignored. */
        if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN)
            continue;
        sigaction(numbers[i], &action, NULL);
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may grow no more is an error like a full disk */
    return 0;
}

int stop_signal(void)
{
    return atomic_load(&first_signal);
}

int stop_fd(void)
{
    return pipe_fds[0];
}

void stop_last_words(const char *text)
{
    int next = 1 - atomic_load(&words_in_force);

    snprintf(last_words[next], STOP_LAST_WORDS, "%s", text);
    atomic_store(&words_in_force, next);
}
