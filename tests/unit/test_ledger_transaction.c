/* Unit tests of ledger: what is durable, and what others see of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "both_places.h"
#include "ledger/shared_limits.h"
#include "ledger_words.h"

static void nothing_is_seen_by_others_before_the_commit(void **state)
{
    struct place *place = *state;
    struct ledger *other = open_ledger(place->path);
    int64_t run = new_run(place->ledger, PLATFORM);
    struct row_ref ref = ref_of(run, 2, "A");

    begin(place->ledger);
    intend(place->ledger, &ref);
    assert_true(claim_of(place->ledger, "A").open);
    assert_false(claim_of(other, "A").open);
    commit(place->ledger);
    assert_true(claim_of(other, "A").open);
    ledger_close(other);
}

static void commit_of_another_process_is_news(void **state)
{
    struct place *place = *state;
    struct ledger *other = open_ledger(place->path);
    int64_t run = new_run(place->ledger, PLATFORM);

    begin(place->ledger);
    commit(place->ledger);
    begin(place->ledger);
    assert_false(ledger_has_news(place->ledger));
    note(place->ledger, run, 2, "A", false);
    commit(place->ledger);
    begin(place->ledger);
    assert_false(ledger_has_news(place->ledger)); /* one's own commits are none */
    commit(place->ledger);

    begin(other);
    note(other, run, 3, "B", false);
    commit(other);
    begin(place->ledger);
    assert_true(ledger_has_news(place->ledger));
    commit(place->ledger);
    begin(place->ledger);
    assert_false(ledger_has_news(place->ledger));
    commit(place->ledger);
    ledger_close(other);
}

static void rollback_leaves_nothing(void **state)
{
    struct ledger *ledger = ((struct place *)*state)->ledger;
    struct run_record run = run_record(OTHER_PLATFORM, EXPORT);

    begin(ledger);
    assert_int_equal(ledger_run_create(ledger, &run, &err), 0);
    ledger_rollback(ledger);
    assert_int_equal(find_run(ledger, "upload", OTHER_PLATFORM, EXPORT, &run), 0);

    /* The platform, too, must be made again. */
    new_run(ledger, OTHER_PLATFORM);
    assert_int_equal(find_run(ledger, "upload", OTHER_PLATFORM, EXPORT, &run), 1);
    assert_int_equal(ask_place(ledger, "SELECT count(*) FROM platform",
                               "SELECT count(*) FROM claimbatch.platform"),
                     1);
}

static void what_is_committed_survives_sigkill_and_nothing_else_does(void **state)
{
    struct place *place = *state;
    int64_t run = new_run(place->ledger, PLATFORM);
    struct row_ref first = ref_of(run, 2, "A");
    struct row_ref second = ref_of(run, 3, "B");
    int status;
    pid_t child = fork();

    if (child == 0) {
        struct ledger *ledger = NULL;

        if (ledger_open(place->path, &ledger, &err) || ledger_begin(ledger, &err) ||
            try_intend(ledger, &first) != 1 || ledger_commit(ledger, &err) ||
            ledger_begin(ledger, &err) || try_intend(ledger, &second) != 1)
            _exit(1);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_true(claim_of(place->ledger, "A").open_is_intent);
    assert_false(claim_of(place->ledger, "B").open);
}

static void writers_of_many_processes_lose_nothing(void **state)
{
    enum { PROCESSES = 4, TURNS = 25 };
    static const struct app app = {PLATFORM, "key"};
    struct place *place = *state;
    pid_t children[PROCESSES];
    int64_t calls = 0;

    new_run(place->ledger, PLATFORM);
    for (int i = 0; i < PROCESSES; i++) {
        children[i] = fork();
        if (children[i] == 0) {
            struct ledger *ledger = NULL;
            int failed = ledger_open(place->path, &ledger, &err);

            for (int turn = 0; !failed && turn < TURNS; turn++)
                failed = ledger_begin(ledger, &err) ||
                         ledger_calls_add(ledger, &app, 20221212, 1, &err) ||
                         ledger_commit(ledger, &err);
            _exit(failed);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status = -1;

        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(ledger_calls_get(place->ledger, &app, 20221212, &calls, &err), 0);
    assert_int_equal(calls, PROCESSES * TURNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BOTH(nothing_is_seen_by_others_before_the_commit),
        WITH_LEDGER(commit_of_another_process_is_news),
        ON_BOTH(rollback_leaves_nothing),
        ON_BOTH(what_is_committed_survives_sigkill_and_nothing_else_does),
        WITH_LEDGER(writers_of_many_processes_lose_nothing),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
