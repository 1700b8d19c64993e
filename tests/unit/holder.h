/* Another process that holds something until it is told to end, or killed. */
#ifndef CLAIMBATCH_TESTS_HOLDER_H
#define CLAIMBATCH_TESTS_HOLDER_H

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct holder {
    pid_t process;
    int until; /* it ends when this is closed */
};

/* It has taken what `take` takes, which returns 0 then. */
static inline struct holder holder_start(int (*take)(const void *of), const void *of)
{
    struct holder holder;
    int ready[2], until[2];
    char byte = 0;

    assert_int_equal(pipe(ready) | pipe(until), 0);
    holder = (struct holder){fork(), until[1]};
    if (holder.process == 0) {
        close(until[1]);
        if (take(of) || write(ready[1], "", 1) != 1)
            _exit(1);
        _exit(read(until[0], &byte, 1) != 0);
    }
    close(ready[1]);
    close(until[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return holder;
}

static inline void holder_end(const struct holder *holder)
{
    int status = -1;

    close(holder->until);
    assert_int_equal(waitpid(holder->process, &status, 0), holder->process);
    assert_int_equal(status, 0);
}

static inline void holder_kill(const struct holder *holder)
{
    int status;

    kill(holder->process, SIGKILL);
    assert_int_equal(waitpid(holder->process, &status, 0), holder->process);
    close(holder->until);
}

#endif
