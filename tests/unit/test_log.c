/* Unit tests of base/log: what a terminal would obey is shown, not done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/buffer.h"
#include "base/log.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void quote_shows_what_a_terminal_would_obey(void **state)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"claims 理赔.csv", "claims 理赔.csv"},
        {"a\033[2Jb", "a\\x1B[2Jb"},
        {"\033]0;title\007", "\\x1B]0;title\\x07"},
        {"a\r\nb\tc", "a\\x0D\\x0Ab\\x09c"},
        {"del\x7f", "del\\x7F"},
        {"csi \xc2\x9b 2J", "csi \\u{009B} 2J"},
        {"rtl \u202e.csv", "rtl \\u{202E}.csv"},
        {"isolate \u2066x\u2069", "isolate \\u{2066}x\\u{2069}"},
        {"bom \ufeff", "bom \\u{FEFF}"},
        {"zero\u200bwidth", "zero\\u{200B}width"},
        {"soft\u00adhyphen", "soft\\u{00AD}hyphen"},
        {"tag\U000e0041", "tag\\u{E0041}"},
        {"gbk \xc0\xed", "gbk \\xC0\\xED"},
        {"cut \xe7\x90", "cut \\xE7\\x90"},
        {"overlong \xc0\xaf", "overlong \\xC0\\xAF"},
        {"surrogate \xed\xa0\x80", "surrogate \\xED\\xA0\\x80"},
        {"beyond \xf4\x90\x80\x80", "beyond \\xF4\\x90\\x80\\x80"},
        {"\xff\xfe", "\\xFF\\xFE"},
        {"😀", "😀"},
    };
    struct buffer whole = {0};
    char quoted[LOG_QUOTE_BYTES];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_ptr_equal(log_quote(cases[i][0], quoted, sizeof(quoted)), quoted);
        assert_string_equal(quoted, cases[i][1]);
        buffer_reset(&whole);
        log_quote_whole(cases[i][0], &whole);
        assert_string_equal(buffer_string(&whole), cases[i][1]);
    }
    buffer_release(&whole);
}

static void quote_cuts_at_a_character(void **state)
{
    char text[1000] = "";
    char quoted[64];

    (void)state;
    for (int i = 0; i < 100; i++)
        strcat(text, "理");
    for (size_t size = 8; size <= sizeof(quoted); size++) {
        size_t len;

        memset(quoted, 'x', sizeof(quoted));
        log_quote(text, quoted, size);
        len = strlen(quoted);
        assert_true(len < size && len + 3 >= size);
        assert_int_equal(len % 3, 0);
        assert_string_equal(quoted + len - 3, "…");
        assert_memory_equal(quoted, text, len - 3);
    }
}

static void quote_never_cuts_an_escape(void **state)
{
    char quoted[16];

    (void)state;
    log_quote("ab\033\033\033\033\033", quoted, sizeof(quoted));
    assert_string_equal(quoted, "ab\\x1B\\x1B…");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quote_shows_what_a_terminal_would_obey),
        cmocka_unit_test(quote_cuts_at_a_character),
        cmocka_unit_test(quote_never_cuts_an_escape),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
