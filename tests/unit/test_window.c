/* Unit tests of run/window: chains of one claim, the frontier, due times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "run/rows/window.h"

#define AT_ONCE INT64_MIN

static struct window *open_window(size_t jobs)
{
    struct window *window = NULL;
    struct error err;

    assert_int_equal(window_open(jobs, &window, &err), 0);
    return window;
}

/* Enters a row of the claim that number and text name; the text outlives the window. */
static struct job *enter(struct window *window, uint64_t row, int64_t workcard_id,
                         const char *order_no)
{
    struct job *job = window_spare(window);
    struct error err;

    assert_non_null(job);
    job->row = row;
    job->claim.workcard_id = workcard_id;
    job->claim.claim_order_no = order_no;
    assert_int_equal(window_enter(window, job, &err), 0);
    return job;
}

static void spare_job_stays_free_until_it_enters(void **state)
{
    struct window *window = open_window(2);

    (void)state;
    assert_non_null(window_spare(window));
    assert_int_equal(window_used(window), 0);
    enter(window, 2, 1, "A");
    assert_int_equal(window_used(window), 1);
    enter(window, 3, 1, "B");
    assert_null(window_spare(window));
    assert_int_equal(window_count(window, JOB_FREE), 0);
    window_close(window);
}

static void rows_of_other_claims_do_not_wait(void **state)
{
    struct window *window = open_window(8);

    (void)state;
    /* 1 and "23", 12 and "3" must not be taken for one claim. */
    enter(window, 2, 1, "23");
    enter(window, 3, 12, "3");
    enter(window, 4, 1, "3");
    enter(window, 5, 1, "");
    assert_int_equal(window_count(window, JOB_JUDGE), 4);
    assert_int_equal(window_count(window, JOB_BLOCKED), 0);
    window_close(window);
}

static void rows_of_one_claim_go_one_after_the_other(void **state)
{
    struct window *window = open_window(8);
    struct job *first = enter(window, 2, 7, "A");
    struct job *second = enter(window, 3, 7, "A");
    struct job *third = enter(window, 4, 7, "A");
    struct job *fourth;

    (void)state;
    assert_int_equal(first->state, JOB_JUDGE);
    assert_int_equal(second->state, JOB_BLOCKED);
    assert_int_equal(third->state, JOB_BLOCKED);

    window_move(window, first, JOB_READY, AT_ONCE);
    window_move(window, first, JOB_GRANTED, AT_ONCE);
    assert_null(window_due(window, JOB_JUDGE, 0));
    window_leave(window, first);
    assert_ptr_equal(window_due(window, JOB_JUDGE, 0), second);
    assert_int_equal(third->state, JOB_BLOCKED);

    fourth = enter(window, 5, 7, "A");
    assert_int_equal(fourth->state, JOB_BLOCKED);
    window_leave(window, second);
    assert_ptr_equal(window_due(window, JOB_JUDGE, 0), third);
    window_leave(window, third);
    assert_ptr_equal(window_due(window, JOB_JUDGE, 0), fourth);
    window_leave(window, fourth);
    assert_int_equal(window_used(window), 0);
    assert_int_equal(enter(window, 6, 7, "A")->state, JOB_JUDGE);
    window_close(window);
}

static void frontier_is_the_oldest_open_row(void **state)
{
    struct window *window = open_window(4);
    struct job *a = enter(window, 2, 1, "A");
    struct job *b = enter(window, 3, 1, "B");
    struct job *c = enter(window, 7, 1, "C");

    (void)state;
    assert_int_equal(window_frontier(window, 8), 2);
    window_leave(window, b);
    assert_int_equal(window_frontier(window, 8), 2);
    window_leave(window, a);
    assert_int_equal(window_frontier(window, 8), 7);
    window_leave(window, c);
    assert_int_equal(window_frontier(window, 8), 8);
    window_close(window);
}

static void jobs_of_a_state_come_in_the_order_they_got_there(void **state)
{
    struct window *window = open_window(4);
    struct job *a = enter(window, 2, 1, "A");
    struct job *b = enter(window, 3, 1, "B");

    (void)state;
    assert_ptr_equal(window_due(window, JOB_JUDGE, 0), a);
    window_move(window, b, JOB_READY, AT_ONCE);
    window_move(window, a, JOB_READY, AT_ONCE);
    assert_ptr_equal(window_due(window, JOB_READY, 0), b);
    window_move(window, b, JOB_GRANTED, AT_ONCE);
    assert_ptr_equal(window_due(window, JOB_READY, 0), a);
    assert_int_equal(window_count(window, JOB_GRANTED), 1);
    window_close(window);
}

static void job_is_not_due_before_its_time(void **state)
{
    struct window *window = open_window(4);
    struct job *a = enter(window, 2, 1, "A");
    struct job *b = enter(window, 3, 1, "B");
    struct job *c = enter(window, 4, 1, "C");

    (void)state;
    window_move(window, a, JOB_READY, 300);
    window_move(window, b, JOB_READY, 100);
    window_move(window, c, JOB_JUDGE, 200);
    assert_null(window_due(window, JOB_READY, 99));
    assert_int_equal(window_next_due(window, 99), 100);

    assert_ptr_equal(window_due(window, JOB_READY, 100), b);
    assert_int_equal(window_next_due(window, 100), 100);
    window_move(window, b, JOB_GRANTED, AT_ONCE);
    assert_int_equal(window_next_due(window, 100), 200);

    assert_null(window_due(window, JOB_JUDGE, 199));
    assert_ptr_equal(window_due(window, JOB_JUDGE, 200), c);
    window_leave(window, c);
    assert_int_equal(window_next_due(window, 200), 300);
    assert_null(window_due(window, JOB_READY, 299));
    assert_ptr_equal(window_due(window, JOB_READY, 1000), a);
    window_leave(window, a);
    window_leave(window, b);
    assert_int_equal(window_next_due(window, 1000), INT64_MAX);
    assert_int_equal(window_used(window), 0);
    window_close(window);
}

static void job_that_leaves_while_it_waits_is_due_no_more(void **state)
{
    struct window *window = open_window(2);
    struct job *a = enter(window, 2, 1, "A");

    (void)state;
    window_move(window, a, JOB_READY, 100);
    window_leave(window, a);
    assert_null(window_due(window, JOB_READY, 1000));
    assert_int_equal(window_next_due(window, 1000), INT64_MAX);
    assert_int_equal(window_used(window), 0);
    window_close(window);
}

/* A model of the window as small as can be: what is open, in the order of the file. */
struct model_row {
    uint64_t row;
    int claim;
    struct job *job;
};

static void check_against_model(struct window *window, const struct model_row *rows, size_t count,
                                uint64_t next_row)
{
    assert_int_equal(window_used(window), count);
    assert_int_equal(window_frontier(window, next_row), count ? rows[0].row : next_row);
    for (size_t i = 0; i < count; i++) {
        bool first_of_claim = true;

        for (size_t j = 0; j < i; j++)
            first_of_claim = first_of_claim && rows[j].claim != rows[i].claim;
        assert_int_equal(rows[i].job->row, rows[i].row);
        assert_int_equal(rows[i].job->state == JOB_BLOCKED, !first_of_claim);
    }
}

static void invariants_hold_in_any_order_of_events(void **state)
{
    static const char *const order_nos[] = {"A", "B", "C", "D", "E"};
    enum { JOBS = 16, STEPS = 20000 };
    struct window *window = open_window(JOBS);
    struct model_row rows[JOBS];
    size_t count = 0;
    uint64_t next_row = 2;
    unsigned random = 1;

    (void)state;
    for (int step = 0; step < STEPS; step++) {
        size_t i;

        random = random * 1103515245 + 12345;
        if (count < JOBS && (random >> 16) % 2) {
            int claim = (int)(random >> 20) % 5;

            rows[count] = (struct model_row){next_row, claim,
                                             enter(window, next_row, claim / 2, order_nos[claim])};
            count++;
            next_row += 1 + (random >> 25) % 3;
        } else if (count) {
            i = (random >> 20) % count;
            if (rows[i].job->state == JOB_BLOCKED)
                continue;
            if ((random >> 18) % 2) {
                window_move(window, rows[i].job, JOB_READY, step % 7);
                continue;
            }
            window_leave(window, rows[i].job);
            memmove(&rows[i], &rows[i + 1], (count - i - 1) * sizeof(*rows));
            count--;
        }
        check_against_model(window, rows, count, next_row);
    }
    window_close(window);
}

static void closing_nothing_is_fine(void **state)
{
    (void)state;
    window_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spare_job_stays_free_until_it_enters),
        cmocka_unit_test(rows_of_other_claims_do_not_wait),
        cmocka_unit_test(rows_of_one_claim_go_one_after_the_other),
        cmocka_unit_test(frontier_is_the_oldest_open_row),
        cmocka_unit_test(jobs_of_a_state_come_in_the_order_they_got_there),
        cmocka_unit_test(job_is_not_due_before_its_time),
        cmocka_unit_test(job_that_leaves_while_it_waits_is_due_no_more),
        cmocka_unit_test(invariants_hold_in_any_order_of_events),
        cmocka_unit_test(closing_nothing_is_fine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
