/* Reports make room, and what was cut short is completed. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "folder.h"
#include "ledger/moves.h"
#include "report/move.h"

#define RUN "20260102-0123abcd"

static struct error err;

static bool is_out_of_memory;

void *__real_realloc(void *memory, size_t bytes);

void *__wrap_realloc(void *memory, size_t bytes);

void *__wrap_realloc(void *memory, size_t bytes)
{
    return is_out_of_memory ? NULL : __real_realloc(memory, bytes);
}

struct desk {
    char folder[64], report[96], aside[128];
    struct ledger *ledger;
};

static bool holds(const char *path, const char *text)
{
    char found[64] = "";
    FILE *file = fopen(path, "re");

    if (!file)
        return false;
    if (!fgets(found, sizeof(found), file))
        *found = '\0';
    fclose(file);
    return strcmp(found, text) == 0;
}

static int set_up(void **state)
{
    struct desk *desk = calloc(1, sizeof(*desk));
    char ledger[96];

    assert_non_null(desk);
    folder_make(desk->folder);
    snprintf(ledger, sizeof(ledger), "%s/ledger.db", desk->folder);
    snprintf(desk->report, sizeof(desk->report), "%s/a.csv", desk->folder);
    snprintf(desk->aside, sizeof(desk->aside), "%s/a." RUN ".csv", desk->folder);
    assert_int_equal(ledger_open(ledger, &desk->ledger, &err), 0);
    *state = desk;
    return 0;
}

static int tear_down(void **state)
{
    struct desk *desk = *state;

    ledger_close(desk->ledger);
    folder_remove(desk->folder);
    free(desk);
    return 0;
}

/* Yesterday's report, and its move aside, which has not begun. */
static struct report_move make_move(const struct desk *desk)
{
    struct report_move move = {0};

    buffer_text(&move.run, RUN);
    buffer_text(&move.from, desk->report);
    buffer_text(&move.to, desk->aside);
    write_text(desk->report, "yesterday");
    return move;
}

static void name_is_the_runs_and_free(void **state)
{
    struct desk *desk = *state;
    struct buffer name = {0};
    char taken[160];

    assert_int_equal(move_name(desk->report, RUN, &name, &err), 0);
    assert_string_equal(name.ptr, desk->aside);
    snprintf(taken, sizeof(taken), "%s.started.json", desk->aside);
    write_text(taken, "{}");
    assert_int_equal(move_name(desk->report, RUN, &name, &err), 0);
    assert_non_null(strstr(name.ptr, RUN ".2.csv"));
    assert_int_equal(move_name("no-ending", RUN, &name, &err), 0);
    assert_string_equal(name.ptr, "no-ending." RUN);
    buffer_release(&name);
}

/* The name itself has room from before; what stands beside it cannot be looked for. */
static void name_is_not_searched_for_ever_without_memory(void **state)
{
    struct desk *desk = *state;
    struct buffer name = {0};
    int result;

    assert_int_equal(move_name(desk->report, RUN, &name, &err), 0);
    is_out_of_memory = true;
    result = move_name(desk->report, RUN, &name, &err);
    is_out_of_memory = false;
    assert_int_equal(result, -1);
    assert_int_equal(err.exit_code, EXIT_RESOURCES);
    buffer_release(&name);
}

static void move_that_was_cut_short_is_completed(void **state)
{
    struct desk *desk = *state;
    struct report_move move = make_move(desk);
    struct buffer found = {0};

    assert_int_equal(ledger_move_begin(desk->ledger, &move, &err), 0);
    assert_int_equal(move_complete(desk->ledger, &err), 0);
    assert_true(holds(desk->aside, "yesterday"));
    assert_int_equal(access(desk->report, F_OK), -1);
    assert_int_equal(ledger_move_find(desk->ledger, RUN, desk->report, &found, &err), 1);
    assert_string_equal(found.ptr, desk->aside);
    /* It is at its end: what stands there from now on is left alone. */
    write_text(desk->report, "today");
    assert_int_equal(move_complete(desk->ledger, &err), 0);
    assert_true(holds(desk->report, "today"));
    buffer_release(&found);
    ledger_move_release(&move);
}

static void move_never_replaces_what_stands_at_the_new_name(void **state)
{
    struct desk *desk = *state;
    struct report_move move = make_move(desk);

    write_text(desk->aside, "mine");
    assert_int_equal(ledger_move_begin(desk->ledger, &move, &err), 0);
    assert_int_equal(move_complete(desk->ledger, &err), 0);
    assert_true(holds(desk->aside, "mine"));
    assert_true(holds(desk->report, "yesterday"));
    ledger_move_release(&move);
}

static void move_that_cannot_be_made_now_stops_no_start_and_stays_open(void **state)
{
    struct desk *desk = *state;
    struct report_move move = make_move(desk);
    struct report_move open = {0};

    buffer_text(&move.to, "/a.csv"); /* a file is in the way of the folder */
    write_text(desk->aside, "mine");
    assert_int_equal(ledger_move_begin(desk->ledger, &move, &err), 0);
    assert_int_equal(move_complete(desk->ledger, &err), 0);
    assert_true(holds(desk->report, "yesterday"));
    assert_int_equal(ledger_move_open(desk->ledger, 0, &open, &err), 1);
    ledger_move_release(&open);
    ledger_move_release(&move);
}

static void move_by_two_names_that_was_cut_short_is_ended(void **state)
{
    struct desk *desk = *state;
    struct report_move move = make_move(desk);

    assert_int_equal(link(desk->report, desk->aside), 0);
    assert_int_equal(ledger_move_begin(desk->ledger, &move, &err), 0);
    assert_int_equal(move_complete(desk->ledger, &err), 0);
    assert_true(holds(desk->aside, "yesterday"));
    assert_int_equal(access(desk->report, F_OK), -1);
    ledger_move_release(&move);
}

static void run_is_followed_through_all_its_moves(void **state)
{
    struct desk *desk = *state;
    struct buffer path = {0};
    struct buffer aside = {0};

    write_text(desk->report, "yesterday");
    assert_int_equal(move_aside(desk->ledger, desk->report, RUN, "", &aside, &err), 0);
    assert_string_equal(aside.ptr, desk->aside);
    buffer_reset(&aside);
    assert_int_equal(move_aside(desk->ledger, desk->aside, RUN, "", &aside, &err), 0);
    buffer_text(&path, desk->report);
    assert_int_equal(move_follow(desk->ledger, RUN, &path, &err), 1);
    assert_string_equal(path.ptr, aside.ptr);
    assert_true(holds(path.ptr, "yesterday"));
    assert_int_equal(move_follow(desk->ledger, "20260102-ffffffff", &path, &err), 0);
    buffer_release(&path);
    buffer_release(&aside);
}

static void move_that_cannot_be_made_is_forgotten(void **state)
{
    struct desk *desk = *state;
    struct report_move move;
    struct buffer aside = {0};
    char zeros[251] = "";
    char path[400];

    memset(zeros, '0', sizeof(zeros) - 1);
    /* The name fits, the longer one does not. */
    snprintf(path, sizeof(path), "%s/%s.csv", desk->folder, zeros);
    write_text(path, "yesterday");
    assert_int_equal(move_aside(desk->ledger, path, RUN, "", &aside, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    assert_true(holds(path, "yesterday"));
    assert_int_equal(ledger_move_open(desk->ledger, 0, &move, &err), 0);
    buffer_release(&aside);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(name_is_the_runs_and_free),
        TEST(name_is_not_searched_for_ever_without_memory),
        TEST(move_that_was_cut_short_is_completed),
        TEST(move_never_replaces_what_stands_at_the_new_name),
        TEST(move_that_cannot_be_made_now_stops_no_start_and_stays_open),
        TEST(move_by_two_names_that_was_cut_short_is_ended),
        TEST(run_is_followed_through_all_its_moves),
        TEST(move_that_cannot_be_made_is_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
