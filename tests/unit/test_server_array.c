/* Arrays as the server reads them: byte by byte, and read back by a real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "cluster.h"
#include "ledger/postgres/server_array.h"
#include "ledger/postgres/session.h"

#define ROUNDS 200
#define ELEMENTS_MAX 40
#define BYTES_MAX 300

static void is(struct server_array *array, const char *bytes, size_t len)
{
    assert_true(server_array_end(array));
    assert_int_equal(array->bytes.len, len);
    assert_memory_equal(array->bytes.ptr, bytes, len);
    server_array_release(array);
}

#define IS(array, literal) is(array, literal, sizeof(literal) - 1)

static void elements_stand_behind_their_lengths(void **state)
{
    struct server_array numbers = {.type = SERVER_INT8S}, small = {.type = SERVER_INT4S},
                        flags = {.type = SERVER_BOOLS}, texts = {.type = SERVER_TEXTS},
                        none = {.type = SERVER_BYTES_ARRAY};

    (void)state;
    server_array_number(&numbers, -2);
    IS(&numbers, "\0\0\0\1\0\0\0\0\0\0\0\x14\0\0\0\1\0\0\0\1"
                 "\0\0\0\x8\xff\xff\xff\xff\xff\xff\xff\xfe");
    server_array_number(&small, 258);
    IS(&small, "\0\0\0\1\0\0\0\0\0\0\0\x17\0\0\0\1\0\0\0\1\0\0\0\4\0\0\1\2");
    server_array_number(&flags, true);
    IS(&flags, "\0\0\0\1\0\0\0\0\0\0\0\x10\0\0\0\1\0\0\0\1\0\0\0\1\1");
    server_array_text(&texts, "ab");
    server_array_text(&texts, NULL);
    IS(&texts, "\0\0\0\1\0\0\0\1\0\0\0\x19\0\0\0\2\0\0\0\1\0\0\0\2ab\xff\xff\xff\xff");
    IS(&none, "\0\0\0\0\0\0\0\0\0\0\0\x11");
}

static void one_that_was_reset_is_empty(void **state)
{
    struct server_array array = {.type = SERVER_TEXTS};

    (void)state;
    server_array_text(&array, NULL);
    assert_true(server_array_end(&array));
    server_array_reset(&array);
    server_array_text(&array, "");
    IS(&array, "\0\0\0\1\0\0\0\0\0\0\0\x19\0\0\0\1\0\0\0\1\0\0\0\0");
}

/* What a test puts in, of one number. */
struct element {
    bool is_null;
    int64_t number;
    unsigned char bytes[BYTES_MAX];
    size_t len;
};

static void make_element(struct element *element)
{
    *element = (struct element){.is_null = rand() % 5 == 0, .len = (size_t)rand() % BYTES_MAX};
    element->number = (int64_t)((uint64_t)rand() << 33 ^ (uint64_t)rand() << 11 ^ (uint64_t)rand());
    for (size_t i = 0; i < element->len; i++)
        element->bytes[i] = (unsigned char)rand();
}

static void add(struct server_array *array, const struct element *element)
{
    if (element->is_null)
        server_array_null(array);
    else if (array->type == SERVER_BYTES_ARRAY)
        server_array_bytes(array, element->bytes, element->len);
    else
        server_array_number(array, element->number);
}

static void compare(struct session *session, int row, const struct element *element)
{
    unsigned char bytes[BYTES_MAX];

    for (int column = 0; column < 4; column++)
        assert_int_equal(session_is_null(session, row, column), element->is_null);
    if (element->is_null)
        return;
    assert_true(session_integer(session, row, 0) == element->number);
    assert_int_equal(session_integer(session, row, 1), (int32_t)element->number);
    assert_int_equal(session_bool(session, row, 2), element->number != 0);
    assert_true(session_bytes(session, row, 3, element->len, bytes));
    assert_memory_equal(bytes, element->bytes, element->len);
}

static void ask_back(struct session *session, const struct element *elements, size_t count)
{
    static const char question[] = "SELECT * FROM unnest($1, $2, $3, $4)";
    static const enum server_type types[] = {SERVER_INT8S, SERVER_INT4S, SERVER_BOOLS,
                                             SERVER_BYTES_ARRAY};
    struct server_array arrays[4] = {{0}};
    struct session_value values[4];
    struct error err;

    for (size_t i = 0; i < 4; i++) {
        arrays[i].type = types[i];
        for (size_t k = 0; k < count; k++)
            add(&arrays[i], &elements[k]);
        assert_true(server_array_end(&arrays[i]));
        values[i] = (struct session_value){types[i], .bytes = arrays[i].bytes.ptr,
                                           .len = arrays[i].bytes.len};
    }
    if (session_ask(session, question, 4, values, &err))
        fail_msg("%s", err.text);
    assert_int_equal(session_rows(session), count);
    for (size_t k = 0; k < count; k++)
        compare(session, (int)k, &elements[k]);
    for (size_t i = 0; i < 4; i++)
        server_array_release(&arrays[i]);
}

static void a_server_reads_what_was_put_in(void **state)
{
    struct element *elements = calloc(ELEMENTS_MAX, sizeof(*elements));
    struct cluster server;
    struct session *session;
    struct error err;

    (void)state;
    assert_non_null(elements);
    if (!cluster_start(&server)) {
        print_message("# no server: %s\n", server.url);
        cluster_stop(&server);
        free(elements);
        skip();
    }
    assert_int_equal(session_open(server.url, &session, &err), 0);
    srand(1);
    for (int i = 0; i < ROUNDS; i++) {
        size_t count = (size_t)rand() % ELEMENTS_MAX;

        for (size_t k = 0; k < count; k++)
            make_element(&elements[k]);
        ask_back(session, elements, count);
    }
    session_close(session);
    cluster_stop(&server);
    free(elements);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_stand_behind_their_lengths),
        cmocka_unit_test(one_that_was_reset_is_empty),
        cmocka_unit_test(a_server_reads_what_was_put_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
