/* Unit tests of input/reader: records and files of every size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reader_words.h"

/* Header, `before`, a filling of `len` bytes and `after`. */
static struct buffer filled(const char *before, size_t len, const char *after)
{
    struct buffer text = {0};

    buffer_text(&text, HEADER_LF);
    buffer_text(&text, before);
    assert_true(buffer_reserve(&text, len));
    memset(text.ptr + text.len, 'x', len);
    text.len += len;
    buffer_text(&text, after);
    return text;
}

static void reader_takes_a_record_of_1_mib(void **state)
{
    static const struct {
        const char *before, *after;
    } cases[] = {{"1,", "\n2,b\n"},
                 {"1,", "\r\n2,b\r\n"},
                 {"\"a\nb\",", "\n2,b\n"},
                 {"\"a\",\"", "\"\n2,b\n"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        size_t rest = READER_RECORD_BYTES - strlen(cases[i].before) - (i == 3);
        struct buffer text = filled(cases[i].before, rest, cases[i].after);
        struct source source = open_text(text.ptr);
        struct record record = next(&source);

        assert_int_equal(record.count, 2);
        assert_int_equal(record.cells[1].len, rest);
        record = next(&source);
        assert_cells(&record, "2|b");
        assert_end(&source);
        close_source(&source);
        buffer_release(&text);
    }
}

static void reader_refuses_a_longer_record(void **state)
{
    static const struct {
        const char *before;
        size_t more;
        const char *after, *place, *why;
    } cases[] = {
        {"1,", 1, "\n", "line 2, column 1", "longer than 1 MiB"},
        {"1,a\n1,", 1, "\n", "line 3, column 1", "longer than 1 MiB"},
        {"1,", 5 * READER_RECORD_BYTES, "\n", "line 2, column 1", "longer than 1 MiB"},
        {"1,", 5 * READER_RECORD_BYTES, "", "line 2, column 1", "longer than 1 MiB"},
        {"1,\"a\n", 1, "\n", "line 2, column 3", "not closed within 1 MiB"},
        {"1,\"a\n", 1, "\"\n", "line 2, column 1", "longer than 1 MiB"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct buffer text =
            filled(cases[i].before, READER_RECORD_BYTES + cases[i].more - 2, cases[i].after);
        struct error err = {0};

        read_all(text.ptr, text.len, &err);
        assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
        if (!strstr(err.text, cases[i].place) || !strstr(err.text, cases[i].why))
            fail_msg("case %zu: %s", i, err.text);
        buffer_release(&text);
    }
}

/* Puts the last byte of a line end, of a character or of a quote at every place around the end of
   a block. */
static void reader_reads_over_the_end_of_a_block(void **state)
{
    static const char *const tails[] = {"1,a\r\n\r\n2,\"b\r\nc\"\r\n", "1,a\r\r2,\"b\r\nc\"\r",
                                        "1,a\n\n2,\"b\r\nc\"\n"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t cut = 0; cut <= strlen(tails[i]); cut++) {
            size_t len = EXPORT_BLOCK_BYTES - cut - strlen(HEADER_LF "7,\n");
            struct buffer text = filled("7,", len, "\n");
            struct source source = {0};
            struct record record = {0};

            buffer_text(&text, tails[i]);
            source = open_text(text.ptr);
            record = next(&source);
            assert_int_equal(record.cells[1].len, len);
            record = next(&source);
            assert_cells(&record, "1|a");
            assert_int_equal(record.row, 3);
            record = next(&source);
            assert_cells(&record, "2|b\r\nc");
            assert_int_equal(record.row, 5);
            assert_int_equal(record.line, 5);
            assert_true(record.count > 0);
            assert_end(&source);
            assert_int_equal(reader_position(source.reader), text.len);
            close_source(&source);
            buffer_release(&text);
        }
    }
}

static void reader_converts_over_the_end_of_a_block(void **state)
{
    (void)state;
    for (size_t cut = 0; cut < 4; cut++) {
        struct buffer text = filled("7,", EXPORT_BLOCK_BYTES - cut - strlen(HEADER_LF "7,"), "");
        struct source source = {0};
        struct error err = {0};
        struct record record = {0};

        buffer_text(&text, "\xc0\xed\xc5\xe2\n1,\xc0\xed\n");
        if (open_source(&source, text.ptr, text.len, ',', &err))
            fail_msg("%s", err.text);
        record = next(&source);
        assert_string_equal(record.cells[1].text + record.cells[1].len - 6, "理赔");
        record = next(&source);
        assert_cells(&record, "1|理");
        close_source(&source);
        buffer_release(&text);
    }
}

static void reader_ends_with_a_full_block(void **state)
{
    struct buffer text = filled("7,", EXPORT_BLOCK_BYTES - strlen(HEADER_LF "7,\n"), "\n");
    struct source source = open_text(text.ptr);

    (void)state;
    assert_int_equal(text.len, EXPORT_BLOCK_BYTES);
    assert_int_equal(next(&source).count, 2);
    assert_end(&source);
    close_source(&source);
    buffer_release(&text);
}

static void reader_refuses_a_file_that_changed(void **state)
{
    struct buffer text = filled("7,", EXPORT_BLOCK_BYTES, "\n8,b\n");
    struct source source = open_text(text.ptr);
    struct record record = {0};
    struct error err = {0};

    (void)state;
    assert_int_equal(pwrite(source.file.fd, "c", 1, (off_t)text.len - 2), 1);
    assert_int_equal(reader_next(source.reader, &record, &err), -1);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    assert_non_null(strstr(err.text, "changed while it was read"));
    close_source(&source);
    buffer_release(&text);
}

static void reader_takes_many_cells(void **state)
{
    struct source source = {0};
    struct buffer text = {0};

    (void)state;
    buffer_text(&text, HEADER_LF);
    for (size_t i = 0; i < READER_RECORD_BYTES; i++)
        buffer_byte(&text, ',');
    buffer_text(&text, "\n");
    source = open_text(text.ptr);
    assert_int_equal(next(&source).count, READER_RECORD_BYTES + 1);
    close_source(&source);
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reader_takes_a_record_of_1_mib),
        cmocka_unit_test(reader_refuses_a_longer_record),
        cmocka_unit_test(reader_reads_over_the_end_of_a_block),
        cmocka_unit_test(reader_converts_over_the_end_of_a_block),
        cmocka_unit_test(reader_ends_with_a_full_block),
        cmocka_unit_test(reader_refuses_a_file_that_changed),
        cmocka_unit_test(reader_takes_many_cells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
