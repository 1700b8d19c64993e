/* Unit tests of input/detection, input/charset and input/line_count. */
#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "input/export/charset.h"
#include "input/export/detection.h"
#include "input/export/line_count.h"

#define LITERAL(text) (text), sizeof(text) - 1

/* "理赔金额" and "资料不全，拒绝理赔" in GB18030. */
#define GB_AMOUNT "\xc0\xed\xc5\xe2\xbd\xf0\xb6\xee"
#define GB_REASON "\xd7\xca\xc1\xcf\xb2\xbb\xc8\xab\xa3\xac\xbe\xdc\xbe\xf8\xc0\xed\xc5\xe2"

/* The bytes in pieces of `piece`. */
static int detect(const char *bytes, size_t len, size_t piece, enum encoding wanted,
                  enum encoding *ret_encoding, size_t *ret_bom_bytes, struct error *err)
{
    struct detection *detection = detection_open();
    int result = 0;

    assert_non_null(detection);
    for (size_t at = 0; at < len; at += piece)
        detection_feed(detection, (const unsigned char *)bytes + at,
                       len - at < piece ? len - at : piece);
    result = detection_finish(detection, wanted, "claims.csv", ret_encoding, ret_bom_bytes, err);
    detection_close(detection);
    return result;
}

static void detection_knows_every_encoding(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum encoding wanted, encoding;
        size_t bom_bytes;
    } cases[] = {
        {LITERAL(""), ENCODING_AUTO, ENCODING_UTF8, 0},
        {LITERAL("plain ascii, longer than eight\n"), ENCODING_AUTO, ENCODING_UTF8, 0},
        {LITERAL("理赔金额\n"), ENCODING_AUTO, ENCODING_UTF8, 0},
        {LITERAL("é · 理 😀\n"), ENCODING_AUTO, ENCODING_UTF8, 0},
        {LITERAL("\xef\xbb\xbf理赔\n"), ENCODING_AUTO, ENCODING_UTF8, 3},
        {LITERAL("\xef\xbb\xbf"), ENCODING_AUTO, ENCODING_UTF8, 3},
        {LITERAL("\xef\xbb\xbf理赔\n"), ENCODING_UTF8, ENCODING_UTF8, 3},
        {LITERAL(GB_AMOUNT "\n"), ENCODING_AUTO, ENCODING_GB18030, 0},
        {LITERAL("a," GB_REASON "\n1,2\n"), ENCODING_AUTO, ENCODING_GB18030, 0},
        {LITERAL("\x81\x30\x81\x30 and \x82\x35\x8f\x33\n"), ENCODING_AUTO, ENCODING_GB18030, 0},
        {LITERAL("\x84\x31\x95\x33" GB_AMOUNT "\n"), ENCODING_AUTO, ENCODING_GB18030, 4},
        {LITERAL("理赔金额\n"), ENCODING_GB18030, ENCODING_GB18030, 0},
        {LITERAL("\xff\xfe\x06\x74\n\0"), ENCODING_AUTO, ENCODING_UTF16LE, 2},
        {LITERAL("\xff\xfe\x06\x74\n\0"), ENCODING_UTF16, ENCODING_UTF16LE, 2},
        {LITERAL("\xfe\xff\x74\x06\0\n"), ENCODING_AUTO, ENCODING_UTF16BE, 2},
        {LITERAL("\xfe\xff\xd8\x3d\xde\x00"), ENCODING_UTF16BE, ENCODING_UTF16BE, 2},
        /* Both readings are possible: the user says which it is. */
        {LITERAL("\xc2\xb7\n"), ENCODING_UTF8, ENCODING_UTF8, 0},
        {LITERAL("\xc2\xa9\xcb\xae\n"), ENCODING_GB18030, ENCODING_GB18030, 0},
        {LITERAL("\xef\xbb\xbf\xc2\xb7\n"), ENCODING_AUTO, ENCODING_UTF8, 3},
        {LITERAL("\xc2\xb7理\n"), ENCODING_AUTO, ENCODING_UTF8, 0},
        /* Two marks. */
        {LITERAL("\xef\xbb\xbf\xef\xbb\xbf理\n"), ENCODING_AUTO, ENCODING_UTF8, 6},
        {LITERAL("\xff\xfe\xff\xfe\x06\x74\n\0"), ENCODING_AUTO, ENCODING_UTF16LE, 4},
        /* Two of GB18030's characters that look like UTF-8 but for one byte: the famous one. */
        {LITERAL("\xc1\xaa\xcd\xa8\n"), ENCODING_AUTO, ENCODING_GB18030, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        for (size_t piece = 1; piece <= 16; piece++) {
            struct error err = {0};
            enum encoding encoding = ENCODING_AUTO;
            size_t bom_bytes = SIZE_MAX;

            if (detect(cases[i].bytes, cases[i].len, piece, cases[i].wanted, &encoding, &bom_bytes,
                       &err))
                fail_msg("case %zu: %s", i, err.text);
            assert_int_equal(encoding, cases[i].encoding);
            assert_int_equal(bom_bytes, cases[i].bom_bytes);
        }
    }
}

static void detection_refuses_with_line_and_offset(void **state)
{
    static const struct {
        const char *bytes;
        size_t len;
        enum encoding wanted;
        const char *place, *why;
    } cases[] = {
        /* NUL bytes, and what they mean. */
        {LITERAL("a,b\n1,\0\n"), ENCODING_AUTO, "line 2, byte offset 6", "NUL byte"},
        {LITERAL("a\0b\0"), ENCODING_AUTO, "line 1, byte offset 1", "byte order mark"},
        {LITERAL("a\0" GB_AMOUNT), ENCODING_GB18030, "line 1, byte offset 1", "NUL byte"},
        {LITERAL("PK\x03\x04\0\0"), ENCODING_AUTO, "line 1, byte offset 0", "save it as"},
        {LITERAL("\xff\xfe"
                 "a\0\n\0\0\0"),
         ENCODING_AUTO, "line 2, byte offset 6", "or it is UTF-32"},
        /* Neither UTF-8 nor GB18030. */
        {LITERAL("a\r\nb\rc\n\x80\n"), ENCODING_AUTO, "line 4, byte offset 7", "neither UTF-8 nor"},
        {LITERAL("a\xff\n"), ENCODING_AUTO, "line 1, byte offset 1", "neither UTF-8 nor"},
        {LITERAL("\n" GB_AMOUNT "\xc0"), ENCODING_AUTO, "line 2, byte offset 9", "neither"},
        {LITERAL(GB_AMOUNT "\xc0\n"), ENCODING_AUTO, "line 1, byte offset 8", "neither"},
        {LITERAL(GB_AMOUNT "\x81\x30\x81\x41"), ENCODING_AUTO, "byte offset 8", "neither"},
        /* Damaged UTF-8: a character cut in half, by the writer, the end or a lost byte. */
        {LITERAL("理赔金额\n理\xe8\xb5,1\n"), ENCODING_AUTO, "line 2, byte offset 16",
         "cut in half"},
        {LITERAL("理赔金额\n理赔\xe9\x87"), ENCODING_AUTO, "line 2, byte offset 19",
         "in another encoding"},
        /* Both readings are possible. */
        {LITERAL("a\n\xc2\xa9\xcb\xae,\xd0\xb9\n"), ENCODING_AUTO, "line 2, byte offset 2",
         "'漏水' in GB18030 (GBK); say the one that makes sense, --encoding utf-8 or"},
        {LITERAL("a\n1\x8f\xb7\n"), ENCODING_AUTO, "line 2, byte offset 3", "such as '彿'"},
        {LITERAL("a\n1\xe5\xb7\n"), ENCODING_AUTO, "line 2, byte offset 3", "such as '宸'"},
        {LITERAL(GB_AMOUNT "\x80\n"), ENCODING_AUTO, "line 1, byte offset 8", "the euro sign"},
        /* Big5. */
        {LITERAL("a\n\xa4\xa3\xa6\x62\xab\x4f\xbb\xd9\n"), ENCODING_AUTO, "line 2, byte offset 2",
         "Big5"},
        /* What is no text at all. */
        {LITERAL("\x1f\x8b\x08\0"), ENCODING_AUTO, "line 1, byte offset 0", "gzip"},
        {LITERAL("%PDF-1.7\n"), ENCODING_AUTO, "line 1, byte offset 0", "PDF"},
        {LITERAL("%TSD-Header-###%\1\2"), ENCODING_AUTO, "line 1, byte offset 0", "encrypted"},
        {LITERAL("b\x14#eE-SafeNet\0\0\0LOCK"), ENCODING_AUTO, "line 1, byte offset 0",
         "encrypted"},
        {LITERAL("理赔金额\n\x90\x86赔\n"), ENCODING_AUTO, "line 2, byte offset 13", "cut in half"},
        {LITERAL("理\xe8\xb5\n"), ENCODING_AUTO, "line 1, byte offset 3", "cut in half"},
        /* Forms that look like UTF-8 but are none: overlong, surrogate, too high. */
        {LITERAL("\xef\xbb\xbf\n\xe0\x80\x80"), ENCODING_AUTO, "line 2, byte offset 4", "UTF-8"},
        {LITERAL("\xed\xa0\x80"), ENCODING_UTF8, "line 1, byte offset 0", "not UTF-8"},
        {LITERAL("\xf4\x90\x80\x80"), ENCODING_UTF8, "line 1, byte offset 0", "not UTF-8"},
        {LITERAL("\xc0\xaf"), ENCODING_UTF8, "line 1, byte offset 0", "not UTF-8"},
        {LITERAL("\xf5"), ENCODING_UTF8, "line 1, byte offset 0", "not UTF-8"},
        {LITERAL("abc\xf0\x9f\x98"), ENCODING_UTF8, "line 1, byte offset 3", "not UTF-8"},
        /* What the user asked for is followed strictly. */
        {LITERAL("a\n" GB_AMOUNT), ENCODING_UTF8, "line 2, byte offset 2", "--encoding"},
        {LITERAL("\xef\xbb\xbf" GB_AMOUNT), ENCODING_AUTO, "line 1, byte offset 3", "not UTF-8"},
        {LITERAL("a\n\xff"), ENCODING_GB18030, "line 2, byte offset 2", "not GB18030"},
        {LITERAL("\xef\xbb\xbf理"), ENCODING_GB18030, "line 1, byte offset 0", "mark of utf-8"},
        {LITERAL("\xff\xfe"
                 "a\0"),
         ENCODING_UTF8, "line 1, byte offset 0", "mark of utf-16le"},
        {LITERAL("\xfe\xff\0a"), ENCODING_UTF16LE, "line 1", "mark of utf-16be"},
        {LITERAL("abc"), ENCODING_UTF16, "line 1, byte offset 0", "no byte order mark"},
        /* UTF-16: half a unit, half a pair. */
        {LITERAL("\xff\xfe"
                 "a\0\r\0\n\0b"),
         ENCODING_AUTO, "line 2, byte offset 8", "cut in half"},
        {LITERAL("\xff\xfe\x3d\xd8"
                 "a\0"),
         ENCODING_AUTO, "line 1, byte offset 2", "cut in half"},
        {LITERAL("\xff\xfe"
                 "a\0\x00\xde"),
         ENCODING_AUTO, "line 1, byte offset 4", "cut in half"},
        {LITERAL("\xfe\xff\xd8\x3d"), ENCODING_AUTO, "line 1, byte offset 2", "cut in half"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        for (size_t piece = 1; piece <= 16; piece++) {
            struct error err = {0};
            enum encoding encoding = ENCODING_AUTO;
            size_t bom_bytes = 0;

            if (detect(cases[i].bytes, cases[i].len, piece, cases[i].wanted, &encoding, &bom_bytes,
                       &err) == 0)
                fail_msg("case %zu passed", i);
            assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
            if (!strstr(err.text, cases[i].place) || !strstr(err.text, cases[i].why))
                fail_msg("case %zu, pieces of %zu: %s", i, piece, err.text);
            assert_non_null(strstr(err.text, "'claims.csv', "));
            assert_non_null(strstr(err.text, "nothing was sent"));
        }
    }
}

static void detection_takes_damaged_utf8_for_gb18030_only_when_told(void **state)
{
    /* 理赔理赔 in UTF-8 and two thirds of a character: seven pairs of bytes that are GB18030 too.
     */
    static const char bytes[] = "\xe7\x90\x86\xe8\xb5\x94\xe7\x90\x86\xe8\xb5\x94\xe8\xb5\n";
    struct error err = {0};
    enum encoding encoding = ENCODING_AUTO;
    size_t bom_bytes = 0;

    (void)state;
    assert_int_equal(
        detect(bytes, sizeof(bytes) - 1, 4, ENCODING_AUTO, &encoding, &bom_bytes, &err), -1);
    assert_non_null(strstr(err.text, "line 1, byte offset 12"));
    assert_non_null(strstr(err.text, "in another encoding"));
    assert_int_equal(
        detect(bytes, sizeof(bytes) - 1, 4, ENCODING_GB18030, &encoding, &bom_bytes, &err), 0);
    assert_int_equal(encoding, ENCODING_GB18030);
}

static void encoding_names_are_read_back(void **state)
{
    static const enum encoding all[] = {ENCODING_AUTO,  ENCODING_UTF8,    ENCODING_GB18030,
                                        ENCODING_UTF16, ENCODING_UTF16LE, ENCODING_UTF16BE};
    enum encoding encoding = ENCODING_AUTO;

    (void)state;
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        assert_true(charset_encoding_parse(charset_encoding_name(all[i]), &encoding));
        assert_int_equal(encoding, all[i]);
    }
    assert_true(charset_encoding_parse("GB18030", &encoding));
    assert_int_equal(encoding, ENCODING_GB18030);
    assert_false(charset_encoding_parse("latin-1", &encoding));
    assert_false(charset_encoding_parse("", &encoding));
}

/* Converts in pieces of `piece`; the exit code, 0 if all went well. */
static int convert(enum encoding encoding, const char *bytes, size_t len, size_t piece,
                   struct buffer *ret_utf8, struct error *err)
{
    struct charset *charset = charset_open(encoding, err);
    int result = 0;

    assert_non_null(charset);
    for (size_t at = 0; at < len && result == 0; at += piece)
        result = charset_convert(charset, (const unsigned char *)bytes + at,
                                 len - at < piece ? len - at : piece, ret_utf8, err);
    if (result == 0)
        result = charset_finish(charset, ret_utf8, err);
    charset_close(charset);
    return result;
}

static void charset_converts_in_pieces_of_any_size(void **state)
{
    static const struct {
        enum encoding encoding;
        const char *bytes;
        size_t len;
        const char *utf8;
    } cases[] = {
        {ENCODING_GB18030, LITERAL("1," GB_REASON "\n"), "1,资料不全，拒绝理赔\n"},
        {ENCODING_GB18030, LITERAL("\x94\x39\xfc\x36\x82\x35\x8f\x33" GB_AMOUNT), "😀龦理赔金额"},
        {ENCODING_UTF16LE, LITERAL("\x06\x74\x3d\xd8\x00\xde\n\0"), "理😀\n"},
        {ENCODING_UTF16BE, LITERAL("\x74\x06\xd8\x3d\xde\x00\0\n"), "理😀\n"},
        {ENCODING_UTF8, LITERAL("理😀\n"), "理😀\n"},
        {ENCODING_GB18030, LITERAL(""), ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        for (size_t piece = 1; piece <= 8; piece++) {
            struct error err = {0};
            struct buffer utf8 = {0};

            if (convert(cases[i].encoding, cases[i].bytes, cases[i].len, piece, &utf8, &err))
                fail_msg("case %zu, pieces of %zu: %s", i, piece, err.text);
            assert_string_equal(buffer_string(&utf8), cases[i].utf8);
            buffer_release(&utf8);
        }
    }
}

/* ASCII is copied past iconv, which gets a few bytes at a time: wherever one begins and ends. */
static void charset_converts_ascii_and_more_in_turn(void **state)
{
    (void)state;
    for (size_t ascii = 0; ascii < 20; ascii++) {
        for (size_t wide = 1; wide < 50; wide++) {
            struct error err = {0};
            struct buffer bytes = {0}, utf8 = {0}, expected = {0};

            for (size_t i = 0; i < 3 * (ascii + 1); i++) {
                buffer_append(&bytes, "0123456789abcdefghi\n", ascii);
                buffer_append(&expected, "0123456789abcdefghi\n", ascii);
                for (size_t k = 0; k < wide; k++) {
                    buffer_text(&bytes, k % 3 ? "\xc0\xed" : "\x94\x39\xfc\x36");
                    buffer_text(&expected, k % 3 ? "理" : "😀");
                }
            }
            assert_int_equal(
                convert(ENCODING_GB18030, bytes.ptr, bytes.len, bytes.len, &utf8, &err), 0);
            assert_string_equal(buffer_string(&utf8), expected.ptr);
            buffer_release(&bytes);
            buffer_release(&utf8);
            buffer_release(&expected);
        }
    }
}

/* What was met once is taken from a table after that. */
static void charset_converts_every_character_of_two_bytes_as_iconv_does(void **state)
{
    iconv_t plain = iconv_open("UTF-8", "GB18030");
    struct error err = {0};
    struct buffer bytes = {0}, expected = {0}, utf8 = {0};

    (void)state;
    for (unsigned lead = 0x81; lead <= 0xfe; lead++) {
        for (unsigned trail = 0x40; trail <= 0xfe; trail++) {
            char pair[] = {(char)lead, (char)trail}, output[8], *in = pair, *out = output;
            size_t in_left = sizeof(pair), out_left = sizeof(output);

            if (iconv(plain, &in, &in_left, &out, &out_left) || in_left)
                continue;
            for (int twice = 0; twice < 2; twice++) {
                buffer_append(&bytes, pair, sizeof(pair));
                buffer_append(&expected, output, (size_t)(out - output));
            }
        }
    }
    iconv_close(plain);
    assert_true(bytes.len > 2 * 2 * 20000);
    assert_int_equal(convert(ENCODING_GB18030, bytes.ptr, bytes.len, 997, &utf8, &err), 0);
    assert_string_equal(buffer_string(&utf8), buffer_string(&expected));
    buffer_release(&bytes);
    buffer_release(&expected);
    buffer_release(&utf8);
}

static void charset_converts_more_than_its_own_room(void **state)
{
    struct error err = {0};
    struct buffer bytes = {0}, utf8 = {0};

    (void)state;
    for (int i = 0; i < 5000; i++)
        buffer_text(&bytes, GB_AMOUNT);
    assert_int_equal(convert(ENCODING_GB18030, bytes.ptr, bytes.len, bytes.len, &utf8, &err), 0);
    assert_int_equal(utf8.len, 5000 * strlen("理赔金额"));
    assert_memory_equal(utf8.ptr + utf8.len - 12, "理赔金额", 12);
    buffer_release(&bytes);
    buffer_release(&utf8);
}

static void charset_refuses_what_does_not_fit(void **state)
{
    static const struct {
        enum encoding encoding;
        const char *bytes;
        size_t len;
        const char *place;
    } cases[] = {
        {ENCODING_GB18030, LITERAL("a\n" GB_AMOUNT "\xff"), "line 2, byte offset 10"},
        {ENCODING_GB18030, LITERAL("a\r\nb\r" GB_AMOUNT "\xc0"), "line 3, byte offset 13"},
        {ENCODING_GB18030, LITERAL("\x81\x30\x81"), "line 1, byte offset 0"},
        /* The form of GB18030, but no character is assigned to it. */
        {ENCODING_GB18030, LITERAL("ab\xfe\x39\xfe\x39"), "line 1, byte offset 2"},
        {ENCODING_UTF16LE, LITERAL("a\0b"), "line 1, byte offset 2"},
        {ENCODING_UTF16LE, LITERAL("a\0\x00\xde"), "line 1, byte offset 2"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        for (size_t piece = 1; piece <= 8; piece++) {
            struct error err = {0};
            struct buffer utf8 = {0};

            if (convert(cases[i].encoding, cases[i].bytes, cases[i].len, piece, &utf8, &err) == 0)
                fail_msg("case %zu, pieces of %zu passed: %s", i, piece, buffer_string(&utf8));
            assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
            if (!strstr(err.text, cases[i].place))
                fail_msg("case %zu, pieces of %zu: %s", i, piece, err.text);
            buffer_release(&utf8);
        }
    }
}

static void charset_cannot_convert_what_is_not_decided(void **state)
{
    struct error err = {0};

    (void)state;
    assert_null(charset_open(ENCODING_AUTO, &err));
    assert_int_equal(err.exit_code, EXIT_INTERNAL);
}

/* Long pieces are counted in parts. */
static void line_count_counts_long_texts(void **state)
{
    static const char *const ends[] = {"\n", "\r", "\r\n"};
    static char text[2048];

    (void)state;
    for (size_t kind = 0; kind < 3; kind++) {
        size_t step = strlen(ends[kind]);

        for (size_t len = step; len + step < sizeof(text); len += 127) {
            struct line_count lines = {0};
            size_t count = len / step;

            for (size_t i = 0; i < count; i++)
                memcpy(text + i * step, ends[kind], step);
            line_count_add(&lines, (const unsigned char *)text, count * step);
            assert_int_equal(lines.ends, count);
        }
    }
}

static void line_count_counts_each_kind_once(void **state)
{
    static const char text[] = "a\nb\r\nc\rd\r\r\n\n\r\n";

    (void)state;
    for (size_t piece = 1; piece <= sizeof(text); piece++) {
        struct line_count lines = {0};

        for (size_t at = 0; at < sizeof(text) - 1; at += piece)
            line_count_add(&lines, (const unsigned char *)text + at,
                           sizeof(text) - 1 - at < piece ? sizeof(text) - 1 - at : piece);
        assert_int_equal(lines.ends, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(detection_knows_every_encoding),
        cmocka_unit_test(detection_refuses_with_line_and_offset),
        cmocka_unit_test(detection_takes_damaged_utf8_for_gb18030_only_when_told),
        cmocka_unit_test(encoding_names_are_read_back),
        cmocka_unit_test(charset_converts_in_pieces_of_any_size),
        cmocka_unit_test(charset_converts_ascii_and_more_in_turn),
        cmocka_unit_test(charset_converts_every_character_of_two_bytes_as_iconv_does),
        cmocka_unit_test(charset_converts_more_than_its_own_room),
        cmocka_unit_test(charset_refuses_what_does_not_fit),
        cmocka_unit_test(charset_cannot_convert_what_is_not_decided),
        cmocka_unit_test(line_count_counts_each_kind_once),
        cmocka_unit_test(line_count_counts_long_texts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
