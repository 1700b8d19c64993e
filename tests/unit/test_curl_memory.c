/* Unit tests of gateway/blocks: memory that is kept for the next call. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <sys/socket.h>

#include "gateway/http/curl_memory.h"

#define ALL 3000 /* blocks of up to 40000 bytes */

static struct curl_memory *blocks;

/* ---- memory that runs out ---- */

void *__real_malloc(size_t bytes);
void *__wrap_malloc(size_t bytes);

static size_t fails_at; /* the one of the next allocations that fails; 0: none */

void *__wrap_malloc(size_t bytes)
{
    if (fails_at && --fails_at == 0)
        return NULL;
    return __real_malloc(bytes);
}

static int open_blocks(void **state)
{
    (void)state;
    blocks = curl_memory_open();
    curl_memory_use(blocks);
    return blocks ? 0 : -1;
}

static int close_blocks(void **state)
{
    (void)state;
    curl_memory_use(NULL);
    curl_memory_close(blocks);
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
        void *first = curl_memory_get(size);
        void *again;

        curl_memory_free(first);
        again = curl_memory_get(size);
        assert_ptr_equal(again, first);
        curl_memory_free(again);
    }
}

/* Twice, so that all sizes come once from malloc and once from the lists. */
static void each_block_has_its_room_to_itself(void **state)
{
    static unsigned char *all[ALL];

    (void)state;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < ALL; i++) {
            all[i] = curl_memory_get(size_of(i));
            assert_non_null(all[i]);
            memset(all[i], (int)(i % 251), size_of(i));
        }
        for (size_t i = 0; i < ALL; i++) {
            for (size_t k = 0; k < size_of(i); k += 7)
                assert_int_equal(all[i][k], i % 251);
            curl_memory_free(all[i]);
        }
    }
}

static void a_zeroed_block_is_zero_whatever_it_held(void **state)
{
    static const unsigned char zero[1000];
    void *block = curl_memory_get(sizeof(zero));

    (void)state;
    memset(block, 0xa5, sizeof(zero));
    curl_memory_free(block);
    block = curl_memory_get_zeroed(10, sizeof(zero) / 10);
    assert_memory_equal(block, zero, sizeof(zero));
    curl_memory_free(block);
    block = curl_memory_get_zeroed(100, sizeof(zero));
    assert_memory_equal((char *)block + 99 * sizeof(zero), zero, sizeof(zero));
    curl_memory_free(block);
}

static void a_block_that_grows_or_shrinks_keeps_its_text(void **state)
{
    static const char text[] = "a text of thirty-one characters";
    char *block = curl_memory_copy_text(text);

    (void)state;
    for (size_t size = sizeof(text); size < 100000; size += size / 3) {
        block = curl_memory_resize(block, size);
        assert_string_equal(block, text);
        block[size - 1] = '\0';
    }
    block = curl_memory_resize(block, sizeof(text));
    assert_string_equal(block, text);
    curl_memory_free(block);
    block = curl_memory_resize(NULL, 8);
    assert_non_null(block);
    curl_memory_free(block);
    curl_memory_free(NULL);
}

static void a_block_may_be_freed_where_no_lists_are_in_use(void **state)
{
    void *block = curl_memory_get(96);

    (void)state;
    curl_memory_use(NULL);
    curl_memory_free(block);
    block = curl_memory_get(96);
    curl_memory_use(blocks);
    curl_memory_free(block);
    assert_ptr_equal(curl_memory_get(96), block);
    curl_memory_free(block);
}

static void what_is_kept_is_bounded(void **state)
{
    static void *all[200];
    size_t kept = 0;

    (void)state;
    for (size_t i = 0; i < 200; i++)
        all[i] = curl_memory_get(20000);
    for (size_t i = 0; i < 200; i++)
        curl_memory_free(all[i]);
    for (size_t i = 0; i < 200; i++) {
        void *block = curl_memory_get(20000);

        for (size_t k = 0; k < 20; k++)
            kept += block == all[k];
        all[i] = block;
    }
    assert_in_range(kept, 1, 20);
    for (size_t i = 0; i < 200; i++)
        curl_memory_free(all[i]);
}

static void a_block_that_is_freed_twice_ends_the_program(void **state)
{
    int status = 0;
    pid_t child = fork();

    (void)state;
    if (!child) {
        void *block = curl_memory_get(100);
        void *other = curl_memory_get(100);

        signal(SIGABRT, SIG_DFL);
        curl_memory_free(block);
        curl_memory_free(other);
        curl_memory_free(block);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void what_there_is_no_memory_for_leaves_the_block_as_it_was(void **state)
{
    static const char text[] = "text";
    char *block = curl_memory_copy_text(text);

    (void)state;
    for (size_t size = 100; size < 100000; size *= 10) {
        fails_at = 1;
        assert_null(curl_memory_resize(block, size));
        fails_at = 1;
        assert_null(curl_memory_get(size));
        assert_string_equal(block, text);
    }
    fails_at = 1;
    assert_null(curl_memory_get_zeroed(10, 10));
    fails_at = 1;
    assert_null(curl_memory_copy_text("a text that is longer than the other one"));
    curl_memory_free(block);
    assert_ptr_equal(curl_memory_copy_text(text), block);
    curl_memory_free(block);
}

/* A handle that is made from a model, and a call with it that nobody answers: CURLE_OK when libcurl
 * had the memory for all of it. */
static CURLcode call(const char *url)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Expect:");
    CURL *model = curl_easy_init();
    CURL *handle = NULL;
    CURLcode code = CURLE_OUT_OF_MEMORY;

    if (model && headers && curl_easy_setopt(model, CURLOPT_URL, url) == CURLE_OK &&
        curl_easy_setopt(model, CURLOPT_PROXY, "") == CURLE_OK &&
        curl_easy_setopt(model, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
        curl_easy_setopt(model, CURLOPT_USERAGENT, "claimbatch") == CURLE_OK)
        handle = curl_easy_duphandle(model);
    if (handle && curl_easy_setopt(handle, CURLOPT_COPYPOSTFIELDS, "a=b") == CURLE_OK)
        code = curl_easy_perform(handle);
    curl_easy_cleanup(handle);
    curl_easy_cleanup(model);
    curl_slist_free_all(headers);
    return code == CURLE_COULDNT_CONNECT ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

/* An address where nobody listens, for as long as the socket is open. */
static int find_silence(char *ret_url, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    snprintf(ret_url, size, "http://127.0.0.1:%d/", ntohs(address.sin_port));
    return fd;
}

/* Nothing is lost (the sanitizer tells), nothing is freed twice, and the lists serve the next call.
 */
static void each_allocation_of_a_call_may_fail(void **state)
{
    char url[64];
    int silence = find_silence(url, sizeof(url));
    size_t count = 0;
    bool has_failed = true;

    (void)state;
    assert_int_equal(curl_memory_take_over(CURL_GLOBAL_DEFAULT), CURLE_OK);
    while (has_failed) {
        struct curl_memory *lists = curl_memory_open();

        assert_non_null(lists);
        curl_memory_use(lists);
        fails_at = ++count;
        (void)call(url);
        has_failed = !fails_at;
        fails_at = 0;
        assert_int_equal(call(url), CURLE_OK);
        curl_memory_use(NULL);
        curl_memory_close(lists);
    }
    assert_in_range(count, 30, 10000);
    curl_global_cleanup();
    close(silence);
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
        WITH_BLOCKS(what_there_is_no_memory_for_leaves_the_block_as_it_was),
        cmocka_unit_test(each_allocation_of_a_call_may_fail),
        WITH_BLOCKS(a_block_that_is_freed_twice_ends_the_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
