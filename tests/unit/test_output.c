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

static int sync_count;
int __real_fsync(int fd);
int __wrap_fsync(int fd);

int __wrap_fsync(int fd)
{
    sync_count++;
    return __real_fsync(fd);
}

/* Goal: what a sync has to do does not grow with the file: who waits for one is heard of in time.
 */
static void large_output_is_synced_as_it_grows(void **state)
{
    static const char block[OUTPUT_FLUSH_BYTES];
    struct folder *folder = *state;
    struct output output;
    struct error err = {0};

    assert_int_equal(output_open(folder->file, &output, &err), 0);
    sync_count = 0;
    for (size_t written = 0; written < 2 * OUTPUT_SYNC_BYTES; written += OUTPUT_FLUSH_BYTES) {
        assert_int_equal(sync_count, written / OUTPUT_SYNC_BYTES);
        buffer_append(&output.text, block, sizeof(block));
        assert_int_equal(output_advance(&output, &err), 0);
    }
    assert_int_equal(sync_count, 2);
    assert_int_equal(output_publish(&output, &err), 0);
    assert_int_equal(sync_count, 4); /* the file, and its folder */
    output_close(&output);
}

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

static void assert_holds(const char *path, const char *text)
{
    struct buffer found = {0};
    struct error err = {0};

    assert_int_equal(file_read_all(path, 1 << 20, &found, &err), 0);
    assert_string_equal(buffer_string(&found), text);
    buffer_release(&found);
}

/* Opened, and this written and synced. */
static void write_finished(struct folder *folder, const char *text, struct output *output)
{
    struct error err = {0};

    assert_int_equal(output_open(folder->file, output, &err), 0);
    buffer_text(&output->text, text);
    assert_int_equal(output_finish(output, &err), 0);
}

/* Goal: of what was written before, be it in the file or not yet, nothing is left. */
static void output_begins_anew_in_the_same_file(void **state)
{
    struct folder *folder = *state;
    struct output output;
    struct error err = {0};

    write_finished(folder, "much that was written", &output);
    buffer_text(&output.text, "and what was not yet");
    assert_int_equal(output_restart(&output, &err), 0);
    buffer_text(&output.text, "little");
    assert_int_equal(output_publish(&output, &err), 0);
    output_close(&output);
    assert_holds(folder->file, "little");
}

/* Goal: what is left stays under its unfinished name, unlocked, for the next one to take over. */
static void output_that_is_left_stays_unfinished(void **state)
{
    struct folder *folder = *state;
    char partial[sizeof(folder->file) + 16];
    struct output output;

    snprintf(partial, sizeof(partial), "%s.partial", folder->file);
    write_finished(folder, "for whoever looks", &output);
    assert_string_equal(output_partial(&output), partial);
    assert_true(output_is_locked(folder->file));
    output_leave(&output);
    assert_false(output_is_locked(folder->file));
    assert_holds(partial, "for whoever looks");
    assert_int_equal(file_look(folder->file), FILE_NONE);
    write_finished(folder, "the next", &output);
    output_close(&output);
    assert_int_equal(file_look(partial), FILE_NONE);
}

static void output_moves_only_where_nothing_stands(void **state)
{
    struct folder *folder = *state;
    enum file_moved moved;
    struct output output;
    struct error err = {0};

    write_finished(folder, "first", &output);
    assert_int_equal(output_move(&output, &moved, &err), 0);
    assert_int_equal(moved, FILE_MOVED);
    output_close(&output);
    write_finished(folder, "second", &output);
    assert_int_equal(output_move(&output, &moved, &err), 0);
    assert_int_equal(moved, FILE_PLACE_TAKEN);
    output_close(&output);
    assert_holds(folder->file, "first");
}

/* Goal: somebody else's file at the unfinished name is not given the name in its place. */
static void output_that_is_not_at_its_place_is_not_moved(void **state)
{
    struct folder *folder = *state;
    enum file_moved moved;
    struct output output;
    struct error err = {0};

    write_finished(folder, "ours", &output);
    write_file(output_partial(&output), "theirs", 6, 0600);
    assert_int_equal(output_move(&output, &moved, &err), -1);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    assert_int_equal(file_look(folder->file), FILE_NONE);
    output_close(&output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(output_is_whole_or_not_there),
        IN_FOLDER(large_output_is_synced_as_it_grows),
        IN_FOLDER(output_begins_anew_in_the_same_file),
        IN_FOLDER(output_that_is_left_stays_unfinished),
        IN_FOLDER(output_moves_only_where_nothing_stands),
        IN_FOLDER(output_that_is_not_at_its_place_is_not_moved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
