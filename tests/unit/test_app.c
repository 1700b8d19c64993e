/* Unit tests of ledger/postgres/alive/app on a real server: calls of the day in blocks, and bans.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "alive_place.h"
#include "ledger/postgres/shared/app.h"

#define TODAY "to_char(clock_timestamp() AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD')"

static const struct app_key app = {3, "k"};

static void blocks_get_smaller_towards_the_end(void **state)
{
    static const struct {
        int64_t left;
        size_t workers;
        int64_t size;
    } cases[] = {{1000000, 1, 256}, {1024, 1, 256}, {1023, 1, 255}, {1000000, 2000, 125},
                 {100, 2, 12},      {3, 1, 1},      {1, 9, 1},      {0, 1, 0},
                 {-5, 1, 0},        {8, 0, 2}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(app_block_size(cases[i].left, cases[i].workers), cases[i].size);
}

static void take(struct session *session, int64_t quota, struct app_block *block)
{
    if (app_take_calls(session, &app, quota, 2, block, &err))
        fail_msg("%s", err.text);
}

static void calls_are_taken_and_given_back(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct app_block block = {0}, other = {0};

    (void)state;
    take(session, 80, &block);
    assert_int_equal(block.left, 10);
    take(session, 80, &block); /* there are some */
    assert_int_equal(block.left, 10);
    take(session, 80, &other);
    assert_int_equal(other.left, 8);
    assert_string_equal(ask(session, "calls, day::text=" TODAY, "FROM app"), "18 t");
    block.left = 3;
    assert_int_equal(app_give_back(session, &app, &block, &err), 0);
    assert_int_equal(app_give_back(session, &app, &block, &err), 0);
    assert_string_equal(ask(session, "calls", "FROM app"), "15");
    assert_string_equal(ask(session, "current_setting('synchronous_commit')", ""), "on");
    session_close(session);
}

static void a_day_begins_with_none(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct app_block block = {.day = 20200101, .left = 5};

    (void)state;
    execute(session, "INSERT INTO app(platform,app_key,day,calls) VALUES(3,'k',20200101,77)");
    take(session, 80, &block);
    assert_int_equal(block.left, 10);
    assert_string_equal(ask(session, "calls, day::text=" TODAY, "FROM app"), "10 t");
    block.day = 20200101;
    assert_int_equal(app_give_back(session, &app, &block, &err), 0); /* of a day that is over */
    assert_string_equal(ask(session, "calls", "FROM app"), "10");
    session_close(session);
}

/* The server's clock was set back. */
static void a_day_that_was_begun_is_not_begun_again(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct app_block block = {0};

    (void)state;
    execute(session, "INSERT INTO app(platform,app_key,day,calls) VALUES(3,'k',29991231,72)");
    take(session, 80, &block);
    assert_int_equal(block.day, 29991231);
    assert_int_equal(block.left, 1);
    assert_string_equal(ask(session, "calls, day", "FROM app"), "73 29991231");
    session_close(session);
}

struct taker {
    const char *url;
    int64_t taken;
};

static void *take_all(void *context)
{
    struct taker *t = context;
    struct session *session = connect_to(t->url);
    struct app_block block = {0};

    do {
        block.left = 0;
        take(session, 1000, &block);
        t->taken += block.left;
    } while (block.left);
    session_close(session);
    return NULL;
}

static void of_several_none_goes_over_the_quota(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct taker takers[3];
    pthread_t threads[3];
    int64_t sum = 0;

    (void)state;
    for (int i = 0; i < 3; i++) {
        takers[i] = (struct taker){.url = url};
        assert_int_equal(pthread_create(&threads[i], NULL, take_all, &takers[i]), 0);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        sum += takers[i].taken;
    }
    assert_int_equal(sum, 1000);
    assert_string_equal(ask(session, "calls", "FROM app"), "1000");
    session_close(session);
}

static void nothing_is_read_whole(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct app_block block = {0};
    int before;

    (void)state;
    fill_ledger(session);
    before = reads(session);
    take(session, 80, &block);
    assert_int_equal(app_give_back(session, &app, &block, &err), 0);
    expect_few_reads(session, before);
    session_close(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_get_smaller_towards_the_end),
        cmocka_unit_test(calls_are_taken_and_given_back),
        cmocka_unit_test(a_day_begins_with_none),
        cmocka_unit_test(a_day_that_was_begun_is_not_begun_again),
        cmocka_unit_test(of_several_none_goes_over_the_quota),
        cmocka_unit_test(nothing_is_read_whole),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
