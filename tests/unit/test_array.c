/* Unit tests of base/array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/array.h"

static void array_grows_and_keeps_what_is_in_it(void **state)
{
    int64_t *list = NULL;
    size_t count = 0, room = 0;

    (void)state;
    for (; count < 1000; count++) {
        assert_true(ARRAY_HAS_ROOM(list, count, room));
        assert_true(room > count);
        list[count] = (int64_t)count;
    }
    for (size_t i = 0; i < count; i++)
        assert_int_equal(list[i], i);
    free(list);
}

static void array_that_cannot_grow_stays_as_it_was(void **state)
{
    char *list = NULL, *before;
    size_t room = 0;

    (void)state;
    assert_true(ARRAY_HAS_ROOM(list, 0, room));
    before = list;
    *list = 'x';
    assert_false(array_grow(&list, &room, SIZE_MAX / room));
    assert_ptr_equal(list, before);
    assert_true(room > 0 && *list == 'x');
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(array_grows_and_keeps_what_is_in_it),
        cmocka_unit_test(array_that_cannot_grow_stays_as_it_was),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
