/* Unit tests of ledger/postgres/shared/member on a real server: workers in two and three sessions
 * that divide a rate. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "alive_place.h"
#include "ledger/postgres/shared/member.h"

/* A member as its worker has it, in a session of its own. */
struct seat {
    struct session *session;
    struct member member;
    struct share_view view;
};

static struct seat join(struct session *session, int64_t worker, int64_t rate)
{
    struct seat seat = {.session = session, .member = {3, "k", worker}};

    add_worker(session, worker);
    if (member_join(session, &seat.member, rate, &err))
        fail_msg("%s", err.text);
    return seat;
}

/* For how long it has been so the ledger's clock says here, which nobody sets. */
static void look(struct seat *seat)
{
    static const char changed[] =
        "SELECT floor(extract(epoch FROM clock_timestamp()-changed)*1000)::bigint FROM app";

    if (member_look(seat->session, &seat->member, &seat->view, &err) ||
        session_ask(seat->session, changed, 0, NULL, &err))
        fail_msg("%s", err.text);
    seat->view.changed_ms_ago = session_integer(seat->session, 0, 0);
}

/* Looks, and tells the ledger what it does, as a worker does of which nothing is pending. */
static void move(struct seat *seat, enum share_move expected, int64_t expected_share)
{
    int64_t share;
    enum share_move move;

    look(seat);
    move = share_next(&seat->view, &share);
    assert_int_equal(move, expected);
    assert_int_equal(share, expected_share);
    if (move == SHARE_SHRINK || move == SHARE_GROW)
        assert_int_equal(
            member_put(seat->session, &seat->member, seat->view.generation, share, &err), 0);
    if (move == SHARE_ROTATE)
        assert_int_equal(member_rotate(seat->session, &seat->member, seat->view.generation, &err),
                         0);
}

/* As if so long had passed. */
static void pass(struct session *session, int seconds)
{
    char text[128];

    snprintf(text, sizeof(text), "UPDATE app SET changed=changed-interval '%d s'", seconds);
    execute(session, text);
}

static void leave(struct seat *seat)
{
    assert_int_equal(member_leave(seat->session, seat->member.worker, &err), 0);
}

static void one_alone_has_the_rate_soon(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct seat a;

    (void)state;
    a = join(session, 1, 100);
    pass(session, -60); /* or the machine may have been slow */
    move(&a, SHARE_KEEP, 0);
    pass(session, 62);
    move(&a, SHARE_GROW, 100);
    move(&a, SHARE_KEEP, 100);
    session_close(session);
}

/* Nobody would take its share back. */
static void who_was_fenced_joins_no_more(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct member member = {3, "k", 1};

    (void)state;
    add_worker(session, 1);
    execute(session, "UPDATE worker SET fenced=true");
    assert_int_equal(member_join(session, &member, 100, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    execute(session, "SELECT FROM member");
    assert_int_equal(session_rows(session), 0);
    session_close(session);
}

static void two_wait_for_each_other(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct seat a, b;

    (void)state;
    a = join(session, 1, SHARE_UNLIMITED);
    pass(session, 2);
    move(&a, SHARE_GROW, SHARE_UNLIMITED);
    b = join(connect_to(url), 2, 101);
    pass(session, 2);
    move(&b, SHARE_KEEP, 0); /* the other has not acknowledged */
    move(&a, SHARE_SHRINK, 51);
    move(&b, SHARE_GROW, 50);
    move(&a, SHARE_KEEP, 51);
    leave(&b);
    pass(session, 2);
    move(&a, SHARE_SHRINK, 51);
    move(&a, SHARE_GROW, SHARE_UNLIMITED);
    session_close(b.session);
    session_close(session);
}

/* A share that was written while somebody joined is given up before he begins. */
static void who_joins_in_between_is_heard_of(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct seat a, b;
    int64_t share;

    (void)state;
    a = join(session, 1, 10);
    pass(session, 2);
    look(&a);
    assert_int_equal(share_next(&a.view, &share), SHARE_GROW);
    b = join(connect_to(url), 2, 10);
    assert_int_equal(member_put(session, &a.member, a.view.generation, share, &err), 0);
    pass(session, 2);
    move(&b, SHARE_KEEP, 0);
    move(&a, SHARE_SHRINK, 5);
    move(&b, SHARE_GROW, 5);
    session_close(b.session);
    session_close(session);
}

static void three_with_a_rate_of_two_take_turns(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct seat seats[3];
    int64_t had[3] = {0};

    (void)state;
    for (int i = 0; i < 3; i++)
        seats[i] = join(i ? connect_to(url) : session, i + 1, i == 1 ? 2 : 9);
    for (int round = 0; round < 3; round++) {
        int64_t sum = 0;

        for (int i = 0; i < 3; i++) /* all acknowledge, then those grow that may */
            if (member_look(seats[i].session, &seats[i].member, &seats[i].view, &err) == 0 &&
                seats[i].view.acked < seats[i].view.generation)
                move(&seats[i], SHARE_SHRINK,
                     seats[i].view.share ? share_divide(2, 3, (size_t)i, seats[i].view.generation)
                                         : 0);
        pass(session, 2);
        for (int i = 0; i < 3; i++) {
            int64_t due = share_divide(2, 3, (size_t)i, seats[0].view.generation);

            assert_int_equal(member_look(seats[i].session, &seats[i].member, &seats[i].view, &err),
                             0);
            if (due > seats[i].view.share)
                move(&seats[i], SHARE_GROW, due);
            had[i] += due;
            sum += due;
        }
        assert_int_equal(sum, 2);
        pass(session, 9);
        move(&seats[0], SHARE_ROTATE, share_divide(2, 3, 0, seats[0].view.generation));
        assert_int_equal(member_rotate(session, &seats[0].member, seats[0].view.generation, &err),
                         0);
        assert_string_equal(ask(session, "generation", "FROM app"), round == 0   ? "4"
                                                                    : round == 1 ? "5"
                                                                                 : "6");
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(had[i], 2);
        session_close(seats[i].session);
    }
}

static void who_was_fenced_has_no_share(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct seat a;

    (void)state;
    a = join(session, 1, 10);
    leave(&a);
    assert_int_equal(member_look(session, &a.member, &a.view, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    assert_int_equal(member_put(session, &a.member, 1, 10, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    assert_string_equal(ask(session, "generation, (SELECT count(*) FROM member)", "FROM app"),
                        "2 0");
    leave(&a); /* changes nothing */
    assert_string_equal(ask(session, "generation", "FROM app"), "2");
    a = join(session, 1, 10);
    a = join(session, 1, 10); /* the answer to the first was lost */
    assert_string_equal(ask(session, "share, acked, rate_said", "FROM member"), "0 4 10");
    session_close(session);
}

static void nothing_is_read_whole(void **state)
{
    char url[CLUSTER_URL_BYTES];
    struct session *session = make_ledger(url);
    struct seat a;
    int before;

    (void)state;
    fill_ledger(session);
    add_worker(session, 5000);
    before = reads(session);
    a = join(session, 5000, 10);
    assert_int_equal(member_look(session, &a.member, &a.view, &err), 0);
    assert_int_equal(member_put(session, &a.member, 1, 10, &err), 0);
    assert_int_equal(member_rotate(session, &a.member, 1, &err), 0);
    leave(&a);
    expect_few_reads(session, before);
    session_close(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_was_fenced_joins_no_more),
        cmocka_unit_test(one_alone_has_the_rate_soon),
        cmocka_unit_test(two_wait_for_each_other),
        cmocka_unit_test(who_joins_in_between_is_heard_of),
        cmocka_unit_test(three_with_a_rate_of_two_take_turns),
        cmocka_unit_test(who_was_fenced_has_no_share),
        cmocka_unit_test(nothing_is_read_whole),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
