/* Unit tests of gateway/blocks: memory that is kept for the next call. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/http/blocks.h"

#define ALL 3000 /* blocks of up to 40000 bytes */

static struct blocks *blocks;

static int open_blocks(void **state)
{
    (void)state;
    blocks = blocks_open();
    blocks_use(blocks);
    return blocks ? 0 : -1;
}

static int close_blocks(void **state)
{
    (void)state;
    blocks_use(NULL);
    blocks_close(blocks);
    return 0;
}

static size_t size_of(size_t number)
{
    return number * number % 40001;
}

static void a_block_that_is_freed_is_the_next_of_its_size(void **state)
{
    (void)state;
    for (size_t size = 1; size <= 32768; size += size / 16 + 1) {
        void *first = blocks_get(size);
        void *again;

        blocks_free(first);
        again = blocks_get(size);
        assert_ptr_equal(again, first);
        blocks_free(again);
    }
}

/* Twice, so that all sizes come once from malloc and once from the lists. */
static void each_block_has_its_room_to_itself(void **state)
{
    static unsigned char *all[ALL];

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < ALL; i++) {
            all[i] = blocks_get(size_of(i));
            assert_non_null(all[i]);
            memset(all[i], (int)(i % 251), size_of(i));
        }
        for (size_t i = 0; i < ALL; i++) {
            for (size_t k = 0; k < size_of(i); k += 7)
                assert_int_equal(all[i][k], i % 251);
            blocks_free(all[i]);
        }
    }
}

static void a_zeroed_block_is_zero_whatever_it_held(void **state)
{
    static const unsigned char zero[1000];
    void *block = blocks_get(sizeof(zero));

    (void)state;
    memset(block, 0xa5, sizeof(zero));
    blocks_free(block);
    block = blocks_get_zeroed(10, sizeof(zero) / 10);
    assert_memory_equal(block, zero, sizeof(zero));
    blocks_free(block);
    block = blocks_get_zeroed(100, sizeof(zero));
    assert_memory_equal((char *)block + 99 * sizeof(zero), zero, sizeof(zero));
    blocks_free(block);
}

static void a_block_that_grows_or_shrinks_keeps_its_text(void **state)
{
    static const char text[] = "a text of thirty-one characters";
    char *block = blocks_copy_text(text);

    (void)state;
    for (size_t size = sizeof(text); size < 100000; size += size / 3) {
        block = blocks_resize(block, size);
        assert_string_equal(block, text);
        block[size - 1] = '\0';
    }
    block = blocks_resize(block, sizeof(text));
    assert_string_equal(block, text);
    blocks_free(block);
    block = blocks_resize(NULL, 8);
    assert_non_null(block);
    blocks_free(block);
    blocks_free(NULL);
}

static void a_block_may_be_freed_where_no_lists_are_in_use(void **state)
{
    void *block = blocks_get(96);

    (void)state;
    blocks_use(NULL);
    blocks_free(block);
    block = blocks_get(96);
    blocks_use(blocks);
    blocks_free(block);
    assert_ptr_equal(blocks_get(96), block);
    blocks_free(block);
}

static void what_is_kept_is_bounded(void **state)
{
    static void *all[200];
    size_t kept = 0;

    (void)state;
    for (size_t i = 0; i < 200; i++)
        all[i] = blocks_get(20000);
    for (size_t i = 0; i < 200; i++)
        blocks_free(all[i]);
    for (size_t i = 0; i < 200; i++) {
        void *block = blocks_get(20000);

        for (size_t k = 0; k < 20; k++)
            kept += block == all[k];
        all[i] = block;
    }
    assert_in_range(kept, 1, 20);
    for (size_t i = 0; i < 200; i++)
        blocks_free(all[i]);
}

static void a_block_that_is_freed_twice_ends_the_program(void **state)
{
    int status = 0;
    pid_t child = fork();

    (void)state;
    if (!child) {
        void *block = blocks_get(100);
        void *other = blocks_get(100);

        signal(SIGABRT, SIG_DFL);
        blocks_free(block);
        blocks_free(other);
        blocks_free(block);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

#define WITH_BLOCKS(test) cmocka_unit_test_setup_teardown(test, open_blocks, close_blocks)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BLOCKS(a_block_that_is_freed_is_the_next_of_its_size),
        WITH_BLOCKS(each_block_has_its_room_to_itself),
        WITH_BLOCKS(a_zeroed_block_is_zero_whatever_it_held),
        WITH_BLOCKS(a_block_that_grows_or_shrinks_keeps_its_text),
        WITH_BLOCKS(a_block_may_be_freed_where_no_lists_are_in_use),
        WITH_BLOCKS(what_is_kept_is_bounded),
        WITH_BLOCKS(a_block_that_is_freed_twice_ends_the_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
