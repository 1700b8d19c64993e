/* Runs histories, by seeds or by plans; see run. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "first_ledger.h"
#include "folder.h"
#include "office.h"
#include "shrink.h"
#include "world.h"

#define WORDS_SHOWN 1500
#define MONO_BEGIN_MS 1000000

enum number { SEED = 1, COUNT, STEP, TWICE, SECONDS, NUMBERS };

static struct options {
    uint64_t n[NUMBERS]; /* TWICE: every so-manyeth history is run again and must be the same */
    const char *plan;
    int tells, shrinks, keeps;
} options = {.n = {[SEED] = 1, [COUNT] = 1, [STEP] = 1}};

static struct total {
    uint64_t histories, starts, events, kills, failures;
    uint64_t marks[MARK_COUNT];
} total;

static char folder[] = "/dev/shm/world-XXXXXX";

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Old events are overwritten: they need no clearing. */
static void reset(const struct plan *plan)
{
    memset(world, 0, offsetof(struct world, events));
    memset((char *)world + offsetof(struct world, sent_count), 0,
           sizeof(*world) - offsetof(struct world, sent_count));
    for (int i = 0; i < CLAIMS_MAX; i++)
        world->last_sent[i] = -1;
    world->plan = *plan;
    world->wall_ms = plan->begin_ms;
    world->mono_ms = MONO_BEGIN_MS;
    world->jumped_ms = INT64_MIN / 2;
    world->actors[0].state = ACTOR_LIVES;
}

void history_run(const struct plan *plan)
{
    reset(plan);
    folder_clear();
    office_run();
    process_end_all();
}

/* Before the first day of any history. */
static void make_first_ledger(void)
{
    reset(&(struct plan){.batch = 1, .begin_ms = INT64_C(1790000000000)});
    world->is_quiet = true;
    folder_write(OFFICE_WORDS, "");
    first_ledger_make();
    if (*world->violation) {
        fprintf(stderr, "%s\n", world->violation);
        exit(2);
    }
}

static void add_up(void)
{
    total.histories++;
    total.starts += (uint64_t)world->starts;
    total.events += (uint64_t)world->event_count;
    total.kills += (uint64_t)world->kills;
    for (int i = 0; i < MARK_COUNT; i++)
        total.marks[i] += world->marks >> i & 1;
}

static void tell(const struct plan *plan)
{
    char *words = folder_read(OFFICE_WORDS);
    size_t len = words ? strlen(words) : 0;

    plan_print(plan, stdout);
    story_print();
    if (len)
        printf("the program's last words:\n%s",
               words + (len > WORDS_SHOWN ? len - WORDS_SHOWN : 0));
    free(words);
}

static void tell_failure(const struct plan *plan)
{
    struct plan smallest = *plan;

    total.failures++;
    printf("seed %" PRIu64 ": %s\n", plan->seed, world->violation);
    if (options.shrinks) {
        shrink(&smallest);
        history_run(&smallest);
        printf("the smallest history that fails so:\n");
        tell(&smallest);
    }
    fflush(stdout);
}

/* The same plan again has the same trace. */
static void check_same(const struct plan *plan)
{
    uint64_t trace = world->trace;
    int64_t events = world->event_count;

    history_run(plan);
    if (world->trace == trace && world->event_count == events)
        return;
    total.failures++;
    printf("seed %" PRIu64 ": a second time it went another way\n", plan->seed);
}

static void try_plan(const struct plan *plan)
{
    history_run(plan);
    add_up();
    if (options.tells && !*world->violation)
        tell(plan);
    if (*world->violation)
        tell_failure(plan);
    else if (options.n[TWICE] && total.histories % options.n[TWICE] == 0)
        check_same(plan);
}

static bool try_plans(const char *name)
{
    FILE *file = fopen(name, "r");
    struct plan plan;
    int count = 0;

    for (; file && plan_read(file, &plan); count++)
        try_plan(&plan);
    if (file)
        fclose(file);
    return count > 0;
}

static void try_seeds(void)
{
    double end = now() + (double)options.n[SECONDS];

    for (uint64_t i = 0; options.n[SECONDS] ? now() < end : i < options.n[COUNT]; i++) {
        struct plan plan;

        plan_make(options.n[SEED] + i * options.n[STEP], &plan);
        try_plan(&plan);
    }
}

static void print_total(double seconds)
{
    printf("histories %" PRIu64 " starts %" PRIu64 " kills %" PRIu64 " events %" PRIu64
           " failures %" PRIu64 " seconds %.2f\n",
           total.histories, total.starts, total.kills, total.events, total.failures, seconds);
    for (int i = 0; i < MARK_COUNT; i++)
        printf("mark %" PRIu64 " %s\n", total.marks[i], mark_words((enum mark)i));
}

static void take_options(int argc, char **argv)
{
    static const struct option table[] = {
        {"seed", 1, NULL, SEED},         {"count", 1, NULL, COUNT},
        {"step", 1, NULL, STEP},         {"twice", 1, NULL, TWICE},
        {"seconds", 1, NULL, SECONDS},   {"plan", 1, NULL, NUMBERS},
        {"story", 0, &options.tells, 1}, {"shrink", 0, &options.shrinks, 1},
        {"keep", 0, &options.keeps, 1},  {NULL, 0, NULL, 0},
    };
    int found;

    while ((found = getopt_long(argc, argv, "", table, NULL)) != -1) {
        if (found == '?')
            exit(2);
        if (found == NUMBERS)
            options.plan = realpath(optarg, NULL);
        else if (found)
            options.n[found] = strtoull(optarg, NULL, 10);
    }
}

static void leave(int number)
{
    folder_remove(folder);
    _exit(128 + number);
}

/* A folder of its own, in memory. */
static void go_to_folder(void)
{
    if (!mkdtemp(folder) || chdir(folder)) {
        perror(folder);
        exit(2);
    }
    signal(SIGINT, leave);
    signal(SIGTERM, leave);
    setenv("HOME", folder, 1);
    unsetenv("XDG_STATE_HOME");
    unsetenv("XDG_CONFIG_HOME");
    unsetenv("STATE_DIRECTORY");
}

/* Names of the libraries, too, are looked up once, before the forks: that is said from outside. */
static void bind_names(char **argv)
{
    if (getenv("LD_BIND_NOW") || setenv("LD_BIND_NOW", "1", 1))
        return;
    execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
    double begin = now();

    bind_names(argv);
    take_options(argc, argv);
    world = mmap(NULL, sizeof(*world), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (world == MAP_FAILED)
        return 2;
    go_to_folder();
    program_prepare();
    make_first_ledger();
    if (!options.plan)
        try_seeds();
    else if (!try_plans(options.plan))
        total.failures++;
    print_total(now() - begin);
    if (options.keeps)
        printf("kept in %s\n", folder);
    else
        folder_remove(folder);
    return total.failures ? 1 : 0;
}
