/* Unit tests of gateway/recent_ids. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "gateway/recent_ids.h"

static void copy_on_the_same_connection_is_a_repeat(void **state)
{
    struct recent_ids *ids = recent_ids_open();

    (void)state;
    assert_int_equal(recent_ids_note(ids, "a", 1), RECENT_NEW);
    assert_int_equal(recent_ids_note(ids, "b", 1), RECENT_NEW);
    assert_int_equal(recent_ids_note(ids, "c", 2), RECENT_NEW);
    assert_int_equal(recent_ids_note(ids, "a", 1), RECENT_REPEATED);
    assert_int_equal(recent_ids_note(ids, "a", 1), RECENT_REPEATED);
    recent_ids_close(ids);
}

static void id_of_several_connections_tells_no_call_from_another(void **state)
{
    struct recent_ids *ids = recent_ids_open();

    (void)state;
    assert_int_equal(recent_ids_note(ids, "a", 1), RECENT_NEW);
    assert_int_equal(recent_ids_note(ids, "a", 2), RECENT_ELSEWHERE);
    assert_int_equal(recent_ids_note(ids, "a", 1), RECENT_COMMON);
    assert_int_equal(recent_ids_note(ids, "a", 3), RECENT_COMMON);
    recent_ids_close(ids);
}

/* Goal: a copy that comes two hundred milliseconds late has thousands of answers before it. */
static void late_copy_is_known(void **state)
{
    struct recent_ids *ids = recent_ids_open();
    char id[32];
    int known = 0;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        snprintf(id, sizeof(id), "id-%d", i);
        assert_int_equal(recent_ids_note(ids, id, 1), RECENT_NEW);
    }
    for (int i = 100000 - RECENT_IDS_KEPT / 4; i < 100000; i++) {
        snprintf(id, sizeof(id), "id-%d", i);
        known += recent_ids_note(ids, id, 1) == RECENT_REPEATED;
    }
    assert_true(known > RECENT_IDS_KEPT / 4 * 9 / 10);
    recent_ids_close(ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy_on_the_same_connection_is_a_repeat),
        cmocka_unit_test(id_of_several_connections_tells_no_call_from_another),
        cmocka_unit_test(late_copy_is_known),
    };

    return cmocka_run_group_tests_name("recent_ids", tests, NULL, NULL);
}
