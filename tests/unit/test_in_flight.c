/* Unit tests of ledger/postgres/alive/in_flight on a real server: how a ledger that has lost what
 * it had acknowledged is told from one that has not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ledger/postgres/alive/in_flight.h"
#include "worker_desk.h"

static struct in_flight list_of(const int64_t *calls, size_t count)
{
    struct in_flight list = {0};

    for (size_t i = 0; i < count; i++)
        assert_true(in_flight_add(&list, calls[i]));
    in_flight_sort(&list);
    return list;
}

#define LIST(...)                                                                                  \
    list_of((const int64_t[]){__VA_ARGS__},                                                        \
            sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))

static void what_has_ended_is_not_in_flight(void **state)
{
    struct in_flight list = LIST(7, 3, 9, 5), ended = LIST(9, 3, 4), none = {0};

    (void)state;
    in_flight_remove(&list, &none);
    assert_int_equal(list.count, 4);
    in_flight_remove(&list, &ended);
    assert_int_equal(list.count, 2);
    assert_true(in_flight_has(&list, 5) && in_flight_has(&list, 7));
    assert_false(in_flight_has(&list, 3) || in_flight_has(&none, 5));
    assert_true(in_flight_add(&list, 6));
    in_flight_sort(&list);
    assert_true(in_flight_has(&list, 6));
    in_flight_release(&list);
    in_flight_release(&ended);
}

/* Asked with these in flight, and with these that may or may not be recorded. */
static int check(struct desk *d, struct in_flight list, struct in_flight said)
{
    int stands = in_flight_check(&list, &said, d->session, d->worker.id, &err);

    in_flight_release(&list);
    in_flight_release(&said);
    return stands;
}

static void a_ledger_has_what_it_acknowledged(void **state)
{
    const struct in_flight none = {0};
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct desk d;

    begin_desk(&d, session, *state);
    assert_int_equal(check(&d, none, none), 1);
    open_attempt(session, d.worker.id, 1, true);
    open_attempt(session, d.worker.id, 2, true);
    open_attempt(session, d.worker.id, 3, false); /* is unknown */
    open_attempt(session, d.worker.id + 1, 4, true);
    assert_int_equal(check(&d, LIST(1, 2), none), 1);
    assert_int_equal(check(&d, LIST(1, 2, 5), none), 0); /* an intent is gone */
    assert_int_equal(check(&d, LIST(1), none), 0);       /* an end is */
    assert_int_equal(check(&d, LIST(1, 2, 3), none), 0);
    clear_desk(&d);
}

/* What was under way when the connection was lost is recorded, or is not. */
static void what_was_not_acknowledged_may_be_either(void **state)
{
    const struct in_flight none = {0};
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct desk d;

    begin_desk(&d, session, *state);
    open_attempt(session, d.worker.id, 1, true);
    assert_int_equal(check(&d, LIST(1), LIST(2)), 1); /* an intent is not */
    assert_int_equal(check(&d, none, LIST(1)), 1);    /* it is */
    assert_int_equal(check(&d, LIST(1), LIST(1)), 1); /* an end is not */
    assert_int_equal(check(&d, LIST(1, 2), LIST(2)), 1);
    assert_int_equal(check(&d, LIST(2), LIST(1)), 0);
    clear_desk(&d);
}

static void nothing_is_read_whole(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    const struct in_flight none = {0};
    struct desk d;
    int before;

    fill_ledger(session);
    before = reads(session);
    begin_desk(&d, session, *state);
    open_attempt(session, d.worker.id, 1, true);
    assert_int_equal(check(&d, LIST(1), none), 1);
    expect_few_reads(session, before);
    clear_desk(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_has_ended_is_not_in_flight),
        IN_FOLDER(a_ledger_has_what_it_acknowledged),
        IN_FOLDER(what_was_not_acknowledged_may_be_either),
        IN_FOLDER(nothing_is_read_whole),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
