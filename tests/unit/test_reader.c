/* Unit tests of input/reader and input/lines: an export as rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reader_words.h"

static void reader_takes_cells_as_they_are(void **state)
{
    static const struct {
        const char *line, *cells;
    } cases[] = {
        {"1,a,0,t,5", "1|a|0|t|5"},
        {"1,,,,", "1||||"},
        {",", "|"},
        {" 1 , a ,\t", " 1 | a |\t"},
        {"one", "one"},
        {"   ", "   "},
        {"\"\"", ""},
        {"\"1\",\"a\"", "1|a"},
        {"1,\"a,b\",2", "1|a,b|2"},
        {"\"a\",b,\"\",\"c\"", "a|b||c"},
        {"\"a\",\"b\"\"c\"", "a|b\"c"},
        {"\"a\",=\"1\"", "a|=\"1\""},
        {"\"a\",\"b\",", "a|b|"},
        {"1,\"say \"\"no\"\"\"", "1|say \"no\""},
        {"1,\"\"\"\",\"\"", "1|\"|"},
        {"1,\"two\nlines\r\nthree\",2", "1|two\nlines\r\nthree|2"},
        {"1,\"\n\n\",2", "1|\n\n|2"},
        {"\" edge \",x", " edge |x"},
        {"理赔,“引号”", "理赔|“引号”"},
        {"1,=\"00123\",2", "1|=\"00123\"|2"},
        {"=\"00123\"", "=\"00123\""},
        {"=\"1\",=\"2\",\"=\"\"3\"\"\"", "=\"1\"|=\"2\"|=\"3\""},
    };
    static const char *const ends[] = {"\n", "\r\n", "\r", ""};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        for (size_t end = 0; end < 4; end++) {
            char text[512];
            struct source source = {0};
            struct record record = {0};

            snprintf(text, sizeof(text), HEADER_LF "%s%s", cases[i].line, ends[end]);
            source = open_text(text);
            record = next(&source);
            assert_cells(&record, cases[i].cells);
            assert_int_equal(record.row, 2);
            assert_int_equal(record.line, 2);
            assert_int_equal(reader_is_unfinished(source.reader), end == 3);
            assert_end(&source);
            assert_int_equal(reader_position(source.reader), strlen(text));
            close_source(&source);
        }
    }
}

static void reader_counts_rows_lines_and_blank_lines(void **state)
{
    static const struct {
        uint64_t row, line;
        const char *cells;
    } expected[] = {{3, 3, "1|a"}, {6, 6, "2|b\n\nc"}, {7, 9, "3|d"}, {8, 10, "4|e"}};
    static const char *const texts[] = {
        "\n" HEADER_LF "1,a\n\n\n2,\"b\n\nc\"\n3,d\n4,e\n\n",
        "\r\n" HEADER "\r\n1,a\r\n\r\n\r\n2,\"b\n\nc\"\r\n3,d\r\n4,e\r\n\r\n",
        "\r" HEADER "\r1,a\r\r\r2,\"b\n\nc\"\r3,d\r4,e\r\r",
        "\r" HEADER "\n1,a\r\n\r\n\r2,\"b\n\nc\"\r3,d\n4,e\r\n\n",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct source source = open_text(texts[i]);

        for (size_t k = 0; k < sizeof(expected) / sizeof(*expected); k++) {
            struct record record = next(&source);

            assert_int_equal(record.row, expected[k].row);
            assert_int_equal(record.line, expected[k].line);
            assert_cells(&record, expected[k].cells);
        }
        assert_end(&source);
        assert_int_equal(reader_blank_lines(source.reader), 4);
        assert_false(reader_is_unfinished(source.reader));
        close_source(&source);
    }
}

static void reader_takes_a_header_alone(void **state)
{
    static const struct {
        const char *text;
        bool unfinished;
    } cases[] = {{HEADER_LF, false}, {HEADER_LF "\n\r\n", false}, {HEADER, true}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct source source = open_text(cases[i].text);

        assert_end(&source);
        assert_int_equal(reader_is_unfinished(source.reader), cases[i].unfinished);
        close_source(&source);
    }
}

static void reader_tells_columns_and_what_is_unused(void **state)
{
    struct source source = open_text("\"备注\"," HEADER_LF);

    (void)state;
    assert_int_equal(reader_columns(source.reader)->index[FIELD_WORKCARD_ID], 1);
    assert_int_equal(reader_columns(source.reader)->count, 6);
    assert_string_equal(reader_unused_columns(source.reader), "备注");
    close_source(&source);
}

static void reader_follows_the_delimiter(void **state)
{
    static const char text[] = "workcard_id\tclaim_order_no\tclaim_status\tclaim_time\tclaim_fee\n"
                               "1\ta,b\t\"c\td\"\t=\"5\"\t\n";
    struct source source = {0};
    struct error err = {0};
    struct record record = {0};

    (void)state;
    if (open_source(&source, text, strlen(text), '\t', &err))
        fail_msg("%s", err.text);
    record = next(&source);
    assert_cells(&record, "1|a,b|c\td|=\"5\"|");
    close_source(&source);
}

static void reader_refuses_a_delimiter_that_is_none(void **state)
{
    static const char delimiters[] = {'"', '\n', '\r', '\0'};

    (void)state;
    for (size_t i = 0; i < sizeof(delimiters); i++) {
        struct source source = {0};
        struct error err = {0};

        assert_int_equal(
            open_source(&source, HEADER_LF, strlen(HEADER_LF), (unsigned char)delimiters[i], &err),
            -1);
        assert_int_equal(err.exit_code, EXIT_BAD_USAGE);
        close_source(&source);
    }
}

static void reader_reads_every_encoding(void **state)
{
    static const char utf16[] =
        "\xff\xfew\0o\0r\0k\0c\0a\0r\0d\0_\0i\0d\0,\0\x06\x74\x54\x8d\x55\x53"
        "\xf7\x53,\0\x06\x74\x54\x8d\xb6\x72\x01\x60,\0\x06\x74\x54\x8d\xf6"
        "\x65\xf4\x95,\0c\0l\0a\0i\0m\0_\0f\0e\0e\0\r\0\n\0"
        "1\0,\0\x06\x74,\0,\0,\0\r\0\n\0";
    static const char gb18030[] = "workcard_id,\xc0\xed\xc5\xe2\xb5\xa5\xba\xc5,claim_status,"
                                  "claim_time,claim_fee\n1,\xc0\xed,,,\n";
    static const struct {
        const char *bytes;
        size_t len;
    } cases[] = {{utf16, sizeof(utf16) - 1},
                 {gb18030, sizeof(gb18030) - 1},
                 {"\xef\xbb\xbf\"workcard_id\",claim_order_no,claim_status,claim_time,claim_fee\n"
                  "1,理,,,\n",
                  3 + 2 + sizeof(HEADER) + sizeof("1,理,,,\n") - 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct source source = {0};
        struct error err = {0};
        struct record record = {0};

        if (open_source(&source, cases[i].bytes, cases[i].len, ',', &err))
            fail_msg("case %zu: %s", i, err.text);
        record = next(&source);
        assert_cells(&record, "1|理|||");
        assert_end(&source);
        assert_int_equal(reader_position(source.reader), cases[i].len);
        close_source(&source);
    }
}

static void reader_names_the_file_where_iconv_refuses(void **state)
{
    /* The form of GB18030, but no character is assigned to it. */
    static const char bytes[] = HEADER_LF "1,\xc0\xed\xc5\xe2\xfe\x39\xfe\x39,,,\n";
    struct source source = {0};
    struct error err = {0};

    (void)state;
    assert_int_equal(open_source(&source, bytes, sizeof(bytes) - 1, ',', &err), -1);
    assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
    assert_non_null(strstr(err.text, source.file.path));
    assert_non_null(strstr(err.text, "line 2, byte offset 67"));
    close_source(&source);
}

static void reader_refuses_with_line_and_column(void **state)
{
    static const struct {
        const char *text, *place, *why;
    } cases[] = {
        {"", "line 1", "no header"},
        {"\n\r\n", "line 1", "no header"},
        {"\xef\xbb\xbf", "line 1", "no header"},
        {"1,2,3\n", "line 1", "no column for workcard_id"},
        {"sep=;\n" HEADER_LF, "line 1", "tells a spreadsheet what separates the cells: delete it"},
        {"<table><tr>\n", "line 1", "open it in a spreadsheet and save it as 'CSV UTF-8'"},
        {"<?xml version=\"1.0\"?>\n", "line 1, column 15", "it begins as a web page or XML does"},
        /* Stray quotes. */
        {HEADER_LF "1,a\"b,0\n", "line 2, column 4", "stray quote"},
        {HEADER_LF "1,理赔\"b,0\n", "line 2, column 5", "stray quote"},
        {HEADER_LF "1, x \"a\",0\n", "line 2, column 6", "stray quote"},
        {HEADER_LF "1,a\r\n\r\n2,x\"\r\n", "line 4, column 4", "double the quotes"},
        {HEADER_LF "1,a=\"b\"\n", "line 2, column 5", "stray quote"},
        {HEADER_LF "1,=\"b\"c\n", "line 2, column 4", "stray quote"},
        {HEADER_LF "1,=\"b\n", "line 2, column 4", "stray quote"},
        {HEADER_LF "1,=\"b,c\"\n", "line 2, column 4", "stray quote"},
        {HEADER_LF "1,=\"", "line 2, column 4", "stray quote"},
        {HEADER "\"\n", "line 1, column 61", "stray quote"},
        /* Text behind a closing quote; it may be lines below the opening one. */
        {HEADER_LF "1,\"a\"b,0\n", "line 2, column 6", "behind a closing quote"},
        {HEADER_LF "1,\"a\" x,0\n", "line 2, column 7", "text behind a closing quote"},
        {HEADER_LF "1, \"a\"x,0\n", "line 2, column 7", "text behind a closing quote"},
        {HEADER_LF "1,\"a \\\"b\\\"\",0\n", "line 2, column 8",
         "a backslash before it does not do"},
        {HEADER_LF "1,\"a\nb\rc\"d\"\n", "line 4 (row 2), column 3", "behind a closing quote"},
        /* Quotes that are never closed: where they were opened. */
        {HEADER_LF "1,\"a,0\n2,b,0\n", "line 2, column 3", "never closed"},
        {HEADER_LF "1,\"a\",\"", "line 2, column 7", "never closed"},
        {HEADER_LF "1,\"x\ny\",\"b\n", "line 3 (row 2), column 4", "never closed"},
        {HEADER_LF "\n1,\"a\"\"\n", "line 3, column 3", "never closed"},
        {HEADER_LF "1,\"a\n", "line 2, column 3", "the file may be cut"},
        {"\"" HEADER_LF, "line 1, column 1", "never closed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct error err = {0};

        read_all(cases[i].text, strlen(cases[i].text), &err);
        assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
        if (!strstr(err.text, cases[i].place) || !strstr(err.text, cases[i].why))
            fail_msg("case %zu: %s", i, err.text);
        assert_non_null(strstr(err.text, "'/proc/self/fd/"));
        assert_non_null(strstr(err.text, "nothing was sent"));
    }
}

static void reader_passes_over_blanks_around_quotes(void **state)
{
    static const struct {
        const char *text, *cells;
    } cases[] = {
        {"1, \"a\",0\n", "1|a|0"},
        {"\t \"a\",0\n", "a|0"},
        {"1,\"a\" ,0\n", "1|a|0"},
        {"1,\"a\"\t\n", "1|a"},
        {"1 ,\"a, b\"\t\t, c \n", "1 |a, b| c "},
        {"=\"1\"\t,=\"\" \n", "=\"1\"|=\"\""},
        {" =\"1\",2\n", "=\"1\"|2"},
        {"\"a\nb\" ,\" c\" \n", "a\nb| c"},
        {"\"a \"\"b\"\" \" \r\n", "a \"b\" "},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct buffer text = {0};
        struct source source;
        struct record record;

        buffer_format(&text, "%s%s", HEADER_LF, cases[i].text);
        source = open_text(text.ptr);
        record = next(&source);
        assert_cells(&record, cases[i].cells);
        assert_end(&source);
        close_source(&source);
        buffer_release(&text);
    }
}

static void reader_takes_any_character_for_a_delimiter(void **state)
{
    static const struct {
        uint32_t delimiter;
        const char *text;
    } cases[] = {{0xff0c, "，"}, {1, "\x01"}, {0x1f697, "\U0001f697"}, {0xa7, "§"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const char *d = cases[i].text;
        struct buffer text = {0};
        struct source source = {0};
        struct error err = {0};
        struct record record = {0};
        uint64_t line = 0, column = 0;

        buffer_format(&text, "workcard_id%sclaim_order_no%sclaim_status%sclaim_time%sclaim_fee\n",
                      d, d, d, d);
        buffer_format(&text, "1%sa,b%s\"x%sy\"%s\"p\nq\" %s理\n2%s%s\n", d, d, d, d, d, d, d);
        if (open_source(&source, text.ptr, text.len, cases[i].delimiter, &err))
            fail_msg("%s", err.text);
        record = next(&source);
        assert_int_equal(record.count, 5);
        assert_string_equal(record.cells[1].text, "a,b");
        assert_int_equal(strlen(record.cells[2].text), 2 + strlen(d));
        assert_string_equal(record.cells[3].text, "p\nq");
        assert_string_equal(record.cells[4].text, "理");
        reader_locate(source.reader, 1, &line, &column);
        assert_int_equal(line, 2);
        assert_int_equal(column, 3);
        record = next(&source);
        assert_cells(&record, "2||");
        assert_end(&source);
        close_source(&source);
        buffer_release(&text);
    }
}

static void reader_ends_at_a_ctrl_z(void **state)
{
    struct source source = open_text(HEADER_LF "1,a\n\x1a");
    struct record record = next(&source);

    (void)state;
    assert_cells(&record, "1|a");
    assert_end(&source);
    assert_false(reader_is_unfinished(source.reader));
    close_source(&source);
}

static void assert_place(struct source *source, size_t index, uint64_t line, uint64_t column)
{
    uint64_t found_line = 0, found_column = 0;

    reader_locate(source->reader, index, &found_line, &found_column);
    assert_int_equal(found_line, line);
    assert_int_equal(found_column, column);
}

static void reader_locates_cells(void **state)
{
    struct source source = open_text(HEADER_LF "1,理赔,\"a\n理\",,=\"5\"\r\n\n,\"x\"\"\",\n9");

    (void)state;
    next(&source);
    assert_place(&source, 0, 2, 1);
    assert_place(&source, 1, 2, 3);
    assert_place(&source, 2, 2, 6);
    assert_place(&source, 3, 3, 4);
    assert_place(&source, 4, 3, 5);
    assert_place(&source, 5, 3, 9);
    assert_place(&source, 99, 3, 9);
    next(&source);
    assert_place(&source, 0, 5, 1);
    assert_place(&source, 1, 5, 2);
    assert_place(&source, 2, 5, 8);
    next(&source);
    assert_place(&source, 0, 6, 1);
    assert_place(&source, 1, 6, 2);
    close_source(&source);
}

static void readers_pass_over_one_export_side_by_side(void **state)
{
    struct source source = open_text(HEADER_LF "1,a\n2,b\n");
    struct reader_settings settings = {.delimiter = ','};
    struct survey survey = {0};
    struct source second = {.export = source.export};
    struct error err = {0};
    struct record record = {0};

    (void)state;
    assert_int_equal(export_survey(source.export, ENCODING_AUTO, &survey, &err), 0);
    assert_int_equal(reader_open(source.export, &survey, &settings, &second.reader, &err), 0);
    record = next(&source);
    assert_cells(&record, "1|a");
    record = next(&second);
    assert_cells(&record, "1|a");
    record = next(&source);
    assert_cells(&record, "2|b");
    reader_close(second.reader);
    close_source(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reader_takes_cells_as_they_are),
        cmocka_unit_test(reader_counts_rows_lines_and_blank_lines),
        cmocka_unit_test(reader_takes_a_header_alone),
        cmocka_unit_test(reader_tells_columns_and_what_is_unused),
        cmocka_unit_test(reader_follows_the_delimiter),
        cmocka_unit_test(reader_refuses_a_delimiter_that_is_none),
        cmocka_unit_test(reader_reads_every_encoding),
        cmocka_unit_test(reader_names_the_file_where_iconv_refuses),
        cmocka_unit_test(reader_refuses_with_line_and_column),
        cmocka_unit_test(reader_passes_over_blanks_around_quotes),
        cmocka_unit_test(reader_takes_any_character_for_a_delimiter),
        cmocka_unit_test(reader_ends_at_a_ctrl_z),
        cmocka_unit_test(reader_locates_cells),
        cmocka_unit_test(readers_pass_over_one_export_side_by_side),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
