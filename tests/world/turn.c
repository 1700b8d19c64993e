/* One process at a time: who has the turn goes on until it waits, ends, or others get it by chance.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "office.h"
#include "world.h"

#define WATCH_S 1 /* how often the office looks whether the one that has the turn is there */
#define HANG_S 60 /* of real time: a turn is never that long */
#define SWITCH_PERCENT 20

static struct actor *me(void)
{
    return &world->actors[self];
}

/* ---- what happens ---- */

static void digest(uint64_t value)
{
    world->trace = (world->trace ^ value) * 0x100000001B3u;
}

void note(enum event_kind kind, int a, int b)
{
    struct event *event = &world->events[world->event_count++ % EVENTS_MAX];

    *event = (struct event){world->mono_ms, (uint8_t)self, (uint8_t)kind, a, b};
    digest((uint64_t)world->mono_ms);
    digest((uint64_t)self << 8 | kind);
    digest((uint64_t)(uint32_t)a << 32 | (uint32_t)b);
}

static bool strikes(struct strike strike, enum event_kind kind)
{
    if (!strike.nth)
        return false;
    if (strike.kind == EVENT_ANY)
        return me()->events == strike.nth;
    return strike.kind == kind && me()->counted[kind] == strike.nth;
}

static void mark_kill(enum event_kind kind)
{
    static const enum mark at[EVENT_KINDS] = {
        [EVENT_ANSWER] = MARK_KILLED_AFTER_ANSWER, [EVENT_RENAME] = MARK_KILLED_AT_RENAME,
        [EVENT_REMOVE] = MARK_KILLED_AT_REMOVAL,   [EVENT_SYNC] = MARK_KILLED_AT_SYNC,
        [EVENT_OPEN] = MARK_KILLED_AT_CREATION,
    };
    static const enum mark of[OPERATION_KINDS] = {
        [OPERATION_RERUN] = MARK_KILLED_RERUN,   [OPERATION_RESOLVE] = MARK_KILLED_RESOLVE,
        [OPERATION_IMPORT] = MARK_KILLED_IMPORT, [OPERATION_RESEND] = MARK_KILLED_ROUND,
        [OPERATION_PRUNE] = MARK_KILLED_PRUNE,
    };

    if (at[kind] || kind == EVENT_SUBMIT) /* the first mark is that of a submit */
        mark(at[kind]);
    if (of[me()->operation.kind])
        mark(of[me()->operation.kind]);
    mark(gateway_in_flight() ? MARK_KILLED_IN_FLIGHT : MARK_KILLED_IDLE);
    if (world->banned_until_ms > world->mono_ms)
        mark(MARK_BAN_AND_KILL);
}

static void pass(int actor);

static void be_killed(enum event_kind kind)
{
    note(EVENT_KILL, me()->start, (int)kind);
    mark_kill(kind);
    oracle_lose_intents();
    world->kills++;
    me()->state = ACTOR_KILLED;
    pass(0);
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static void be_interrupted(enum event_kind kind)
{
    struct sigaction action;

    if (sigaction(SIGINT, NULL, &action) || action.sa_handler == SIG_DFL)
        be_killed(kind); /* nobody listens yet */
    mark(me()->was_signalled ? MARK_SIGNAL_TWICE : MARK_SIGNAL_ONCE);
    note(EVENT_SIGNAL, me()->start, 0);
    me()->was_signalled = true;
    raise(SIGINT);
}

void happen(enum event_kind kind, int a, int b)
{
    if (!self) /* the office's own files */
        return;
    note(kind, a, b);
    me()->counted[kind]++;
    if (++me()->events > EVENTS_OF_A_START) {
        violation("start %d does not end", me()->start);
        be_killed(kind);
    }
    if (strikes(me()->operation.kill, kind))
        be_killed(kind);
    me()->is_failing |= strikes(me()->operation.failing, kind);
    if (strikes(me()->operation.signal, kind) ||
        (me()->was_signalled && strikes(me()->operation.second_signal, kind)))
        be_interrupted(kind);
    if (!is_alone() && plan_has(&world->plan, SWARM_SWITCHES) &&
        chance(STREAM_SCHEDULE, SWITCH_PERCENT))
        sleep_until(world->mono_ms);
}

/* ---- whose turn it is ---- */

static void pass(int actor)
{
    uint32_t *turn = &world->actors[actor].turn;

    if (actor == 0)
        world->actors[0].wake_ms = world->mono_ms;
    world->holder = actor;
    __atomic_store_n(turn, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

/* A process that has ended without a word has crashed. */
static void look_after_holder(int seconds)
{
    struct actor *holder = &world->actors[world->holder];
    int status;

    if (!world->holder)
        return;
    if (seconds >= HANG_S) {
        violation("start %d hangs", holder->start);
        kill(holder->pid, SIGKILL);
    }
    if (waitpid(holder->pid, &status, WNOHANG) != holder->pid)
        return;
    holder->pid = 0;
    if (holder->state != ACTOR_LIVES) /* it has passed the turn on since this one looked */
        return;
    violation("start %d left with status %d without an end", holder->start, status);
    holder->state = ACTOR_KILLED;
    pass(0);
}

static void wait_for_turn(void)
{
    const struct timespec watch = {WATCH_S, 0};
    uint32_t *turn = &me()->turn;
    int seconds = 0;

    while (!__atomic_load_n(turn, __ATOMIC_SEQ_CST)) {
        long result = syscall(SYS_futex, turn, FUTEX_WAIT, 0, self ? NULL : &watch, NULL, 0);

        if (!self && result == -1 && errno == ETIMEDOUT)
            look_after_holder(++seconds);
    }
    __atomic_store_n(turn, 0, __ATOMIC_SEQ_CST);
    if (self && gateway_in_flight())
        gateway_advance();
}

static bool is_awake(int actor)
{
    return world->actors[actor].state == ACTOR_LIVES &&
           world->actors[actor].wake_ms <= world->mono_ms;
}

/* Time goes on to the moment when the first one wakes. */
static void go_on(void)
{
    int64_t first = INT64_MAX;

    for (int i = 0; i < ACTORS; i++)
        if (world->actors[i].state == ACTOR_LIVES && world->actors[i].wake_ms < first)
            first = world->actors[i].wake_ms;
    if (first == INT64_MAX) {
        violation("everybody waits for ever");
        world->actors[0].wake_ms = first = world->mono_ms;
    }
    if (first > world->mono_ms) {
        world->wall_ms += first - world->mono_ms;
        world->mono_ms = first;
    }
}

/* Of several that are awake chance takes one. */
static int pick(void)
{
    int count = 0;
    int chosen, i;

    go_on();
    for (i = 0; i < ACTORS; i++)
        count += is_awake(i);
    chosen = count > 1 ? (int)choice(STREAM_SCHEDULE, (uint64_t)count) : 0;
    for (i = 0; !is_awake(i) || chosen--; i++)
        ;
    return i;
}

void sleep_until(int64_t mono_ms)
{
    int next;

    me()->wake_ms = mono_ms;
    next = pick();
    if (next == self)
        return;
    pass(next);
    wait_for_turn();
}

void take_time(int64_t ms)
{
    if (ms <= 0)
        return;
    sleep_until(world->mono_ms + ms);
    gateway_advance();
}

bool is_alone(void)
{
    for (int i = 1; i < ACTORS; i++)
        if (i != self && world->actors[i].state == ACTOR_LIVES)
            return false;
    return true;
}

/* ---- processes ---- */

void process_end(int exit_code)
{
    if (me()->has_failed)
        oracle_lose_intents();
    happen(EVENT_END, me()->start, exit_code);
    me()->exit_code = exit_code;
    me()->state = ACTOR_ENDED;
    pass(0);
    syscall(SYS_exit_group, exit_code);
    for (;;)
        pause();
}

static void live(char *const *arguments)
{
    int words = open(OFFICE_WORDS, O_WRONLY | O_APPEND | O_CLOEXEC);
    int count = 0;

    while (arguments[count])
        count++;
    dup2(words, STDOUT_FILENO);
    dup2(words, STDERR_FILENO);
    close(words);
    happen(EVENT_START, me()->start, (int)me()->operation.kind);
    process_end(program_main(count, (char **)arguments));
}

int process_start(char *const *arguments, const struct operation *operation)
{
    int i = 1;
    pid_t pid;

    while (i < ACTORS - 1 && world->actors[i].state != ACTOR_FREE)
        i++;
    world->actors[i] = (struct actor){.state = ACTOR_LIVES,
                                      .wake_ms = world->mono_ms,
                                      .start = ++world->starts,
                                      .operation = *operation};
    fflush(NULL); /* what is not printed yet is not the child's */
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
        self = i;
        wait_for_turn();
        live(arguments);
    }
    if (pid < 0)
        abort();
    world->actors[i].pid = pid; /* the child writes nothing there: it is shared */
    return i;
}

static void reap(void)
{
    for (int i = 1; i < ACTORS; i++) {
        struct actor *actor = &world->actors[i];

        if ((actor->state == ACTOR_ENDED || actor->state == ACTOR_KILLED) && actor->pid) {
            waitpid(actor->pid, NULL, 0);
            actor->pid = 0;
        }
    }
}

/* Nothing will ever wake it: that everybody waits is a violation already. */
static void end_if_stuck(struct actor *actor)
{
    if (actor->state != ACTOR_LIVES || actor->wake_ms != INT64_MAX || !*world->violation)
        return;
    kill(actor->pid, SIGKILL);
    actor->state = ACTOR_KILLED;
}

int process_wait(int actor)
{
    struct actor *a = &world->actors[actor];
    bool is_killed;

    for (reap(); a->state == ACTOR_LIVES; reap()) {
        sleep_until(INT64_MAX);
        end_if_stuck(a);
    }
    is_killed = a->state == ACTOR_KILLED;
    a->state = ACTOR_FREE;
    return is_killed ? -SIGKILL : a->exit_code;
}

void process_end_all(void)
{
    for (int i = 1; i < ACTORS; i++) {
        if (world->actors[i].state != ACTOR_LIVES)
            continue;
        kill(world->actors[i].pid, SIGKILL);
        world->actors[i].state = ACTOR_KILLED;
    }
    reap();
}
