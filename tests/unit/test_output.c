/* Unit tests of base/file/output: whole, or not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/file/output.h"
#include "folder.h"

/* Goal: what stands at the path is there until the whole output takes its place, and stays when it
   is given up. */
static void output_is_whole_or_not_there(void **state)
{
    struct folder *folder = *state;
    char partial[sizeof(folder->file) + 16];
    struct output output;
    struct buffer found = {0};
    struct error err;

    snprintf(partial, sizeof(partial), "%s.partial", folder->file);
    for (int is_published = 0; is_published < 2; is_published++) {
        assert_int_equal(output_open(folder->file, &output, &err), 0);
        for (int i = 0; i < 10000; i++) {
            buffer_text(&output.text, "0123456789");
            assert_int_equal(output_advance(&output, &err), 0);
        }
        assert_int_not_equal(access(folder->file, F_OK), 0);
        if (is_published)
            assert_int_equal(output_publish(&output, &err), 0);
        output_close(&output);
        assert_int_not_equal(access(partial, F_OK), 0);
    }
    assert_int_equal(file_read_all(folder->file, 1 << 20, &found, &err), 0);
    assert_int_equal(found.len, 100000);
    buffer_release(&found);
    output_close(&output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(output_is_whole_or_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
