/* Unit tests of input/export: bytes that cannot change unnoticed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/hex.h"
#include "folder.h"
#include "input/export/export.h"
#include "memfile.h"

#define TWO_BLOCKS (2 * EXPORT_BLOCK_BYTES)

static unsigned char block[EXPORT_BLOCK_BYTES];

static struct export *open_export(const char *path)
{
    struct error err = {0};
    struct export *export = NULL;

    if (export_open(path, &export, &err))
        fail_msg("%s", err.text);
    return export;
}

static struct survey survey_export(struct export *export)
{
    struct error err = {0};
    struct survey survey = {0};

    if (export_survey(export, ENCODING_AUTO, &survey, &err))
        fail_msg("%s", err.text);
    return survey;
}

static void assert_refused(const char *path, int exit_code, const char *words)
{
    struct error err = {0};
    struct export *export = NULL;

    assert_int_equal(export_open(path, &export, &err), -1);
    assert_null(export);
    assert_int_equal(err.exit_code, exit_code);
    assert_non_null(strstr(err.text, words));
    assert_non_null(strstr(err.text, path));
}

static struct memfile open_filled(size_t len)
{
    char *bytes = malloc(len);
    struct memfile file = {0};

    assert_non_null(bytes);
    memset(bytes, 'x', len);
    file = memfile_open(bytes, len);
    free(bytes);
    return file;
}

static void assert_reads(struct export *export, uint64_t number, size_t expected)
{
    struct error err = {0};
    size_t len = SIZE_MAX;

    if (export_read(export, number, block, &len, &err))
        fail_msg("%s", err.text);
    assert_int_equal(len, expected);
}

static void assert_changed(struct export *export, uint64_t number)
{
    struct error err = {0};
    size_t len = SIZE_MAX;

    assert_int_equal(export_read(export, number, block, &len, &err), -1);
    assert_int_equal(len, 0);
    assert_int_equal(err.exit_code, EXIT_TRY_LATER);
    assert_non_null(strstr(err.text, "changed while it was read"));
    assert_non_null(strstr(err.text, "no row from the changed part was sent"));
}

static void export_names_a_file_that_is_missing(void **state)
{
    (void)state;
    assert_refused("/nowhere/claims.csv", EXIT_INPUT_MISSING, "No such file");
}

static void export_refuses_a_folder(void **state)
{
    (void)state;
    assert_refused("/tmp", EXIT_INPUT_MISSING, "is a folder");
}

static void export_names_a_file_that_cannot_be_read(void **state)
{
    char path[] = "/tmp/claimbatch-test-XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, 0), 0);
    close(fd);
    if (geteuid() == 0) {
        unlink(path);
        skip(); /* root may read anything */
    }
    assert_refused(path, EXIT_INPUT_MISSING, "Permission denied");
    unlink(path);
}

static void export_survey_tells_size_digest_and_encoding(void **state)
{
    struct memfile file = memfile_text("abc");
    struct export *export = open_export(file.path);
    struct survey survey = survey_export(export);
    char hex[2 * EXPORT_SHA256_BYTES + 1];

    (void)state;
    hex_format(survey.sha256, sizeof(survey.sha256), hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(survey.bytes, 3);
    assert_int_equal(survey.encoding, ENCODING_UTF8);
    assert_int_equal(survey.bom_bytes, 0);
    assert_string_equal(export_name(export), file.path);
    export_close(export);
    memfile_close(&file);
}

static void export_survey_takes_an_empty_file(void **state)
{
    struct memfile file = memfile_text("");
    struct export *export = open_export(file.path);

    (void)state;
    assert_int_equal(survey_export(export).bytes, 0);
    assert_reads(export, 0, 0);
    export_close(export);
    memfile_close(&file);
}

static void export_survey_refuses_what_no_encoding_fits(void **state)
{
    struct memfile file = memfile_text("a\nb\xff\n");
    struct export *export = open_export(file.path);
    struct survey survey = {0};
    struct error err = {0};

    (void)state;
    assert_int_equal(export_survey(export, ENCODING_AUTO, &survey, &err), -1);
    assert_int_equal(err.exit_code, EXIT_INPUT_REFUSED);
    assert_non_null(strstr(err.text, "line 2, byte offset 3"));
    export_close(export);
    memfile_close(&file);
}

static void export_reads_in_blocks_and_ends(void **state)
{
    static const struct {
        size_t bytes, lens[3];
    } cases[] = {
        {10, {10, 0, 0}},
        {EXPORT_BLOCK_BYTES, {EXPORT_BLOCK_BYTES, 0, 0}},
        {EXPORT_BLOCK_BYTES + 1, {EXPORT_BLOCK_BYTES, 1, 0}},
        {TWO_BLOCKS, {EXPORT_BLOCK_BYTES, EXPORT_BLOCK_BYTES, 0}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct memfile file = open_filled(cases[i].bytes);
        struct export *export = open_export(file.path);

        assert_int_equal(survey_export(export).bytes, cases[i].bytes);
        for (size_t number = 0; number < 3; number++)
            assert_reads(export, number, cases[i].lens[number]);
        export_close(export);
        memfile_close(&file);
    }
}

static void export_gives_blocks_before_a_survey_unchecked(void **state)
{
    struct memfile file = memfile_text("abc");
    struct export *export = open_export(file.path);

    (void)state;
    assert_reads(export, 0, 3);
    assert_int_equal(pwrite(file.fd, "abd", 3, 0), 3);
    assert_reads(export, 0, 3);
    assert_memory_equal(block, "abd", 3);
    export_close(export);
    memfile_close(&file);
}

static void export_notices_one_changed_byte(void **state)
{
    struct memfile file = open_filled(TWO_BLOCKS + 5);
    struct export *export = open_export(file.path);

    (void)state;
    survey_export(export);
    assert_int_equal(pwrite(file.fd, "y", 1, EXPORT_BLOCK_BYTES + 7), 1);
    assert_reads(export, 0, EXPORT_BLOCK_BYTES);
    assert_changed(export, 1);
    assert_reads(export, 2, 5);
    export_close(export);
    memfile_close(&file);
}

/* A check reads the same way, with quick hashes. */
static void export_without_a_name_notices_one_changed_byte_too(void **state)
{
    static const unsigned char zeros[EXPORT_SHA256_BYTES] = {0};
    struct memfile file = open_filled(TWO_BLOCKS + 5);
    struct export *export = open_export(file.path);
    struct survey survey = {0};
    struct error err = {0};

    (void)state;
    assert_int_equal(export_survey_unnamed(export, ENCODING_AUTO, &survey, &err), 0);
    assert_int_equal(survey.bytes, TWO_BLOCKS + 5);
    assert_memory_equal(survey.sha256, zeros, sizeof(zeros));
    for (size_t number = 0; number < 3; number++)
        assert_reads(export, number, number < 2 ? EXPORT_BLOCK_BYTES : 5);
    assert_int_equal(pwrite(file.fd, "y", 1, EXPORT_BLOCK_BYTES + 7), 1);
    assert_reads(export, 0, EXPORT_BLOCK_BYTES);
    assert_changed(export, 1);
    assert_reads(export, 2, 5);
    export_close(export);
    memfile_close(&file);
}

static void export_notices_a_file_that_shrank(void **state)
{
    struct memfile file = open_filled(EXPORT_BLOCK_BYTES + 5);
    struct export *export = open_export(file.path);

    (void)state;
    survey_export(export);
    assert_int_equal(ftruncate(file.fd, EXPORT_BLOCK_BYTES), 0);
    assert_reads(export, 0, EXPORT_BLOCK_BYTES);
    assert_changed(export, 1);
    export_close(export);
    memfile_close(&file);
}

/* What was surveyed is read, and nothing behind it. */
static void export_passes_over_what_was_appended(void **state)
{
    static const size_t sizes[] = {5, EXPORT_BLOCK_BYTES, EXPORT_BLOCK_BYTES + 5};

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        struct memfile file = open_filled(sizes[i]);
        struct export *export = open_export(file.path);

        survey_export(export);
        assert_null(export_change(export));
        assert_int_equal(pwrite(file.fd, "z", 1, (off_t)sizes[i]), 1);
        assert_reads(export, sizes[i] / EXPORT_BLOCK_BYTES, sizes[i] % EXPORT_BLOCK_BYTES);
        assert_string_equal(export_change(export), "has grown");
        export_close(export);
        memfile_close(&file);
    }
}

static void export_tells_how_it_changed(void **state)
{
    struct memfile file = open_filled(EXPORT_BLOCK_BYTES + 5);
    struct export *export = open_export(file.path);
    const struct timespec times[2] = {{1, 0}, {1, 0}};

    (void)state;
    survey_export(export);
    assert_null(export_change(export));
    assert_int_equal(pwrite(file.fd, "y", 1, EXPORT_BLOCK_BYTES + 4), 1);
    assert_string_equal(export_change(export), "was written to");
    assert_int_equal(pwrite(file.fd, "x", 1, EXPORT_BLOCK_BYTES + 4), 1);
    assert_null(export_change(export));
    assert_int_equal(futimens(file.fd, times), 0);
    assert_null(export_change(export));
    assert_int_equal(ftruncate(file.fd, 7), 0);
    assert_string_equal(export_change(export), "was cut");
    export_close(export);
    memfile_close(&file);
}

static void export_tells_of_another_file_that_took_its_name(void **state)
{
    const struct folder *folder = *state;
    const char *path = folder->file;
    char other[160];
    struct export *export = NULL;

    snprintf(other, sizeof(other), "%s/other", folder->path);
    write_text(path, "abc");
    export = open_export(path);
    survey_export(export);
    write_text(other, "abc");
    assert_int_equal(rename(other, path), 0);
    assert_null(export_change(export));
    write_text(other, "abd");
    assert_int_equal(rename(other, path), 0);
    assert_string_equal(export_change(export), "was replaced");
    assert_int_equal(unlink(path), 0);
    assert_null(export_change(export));
    assert_int_equal(mkdir(path, 0700), 0);
    assert_string_equal(export_change(export), "was replaced");
    rmdir(path);
    export_close(export);
}

static void export_spools_a_pipe(void **state)
{
    int ends[2] = {-1, -1};
    char path[32];
    struct export *export = NULL;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "from a pipe\n", 12), 12);
    close(ends[1]);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
    export = open_export(path);
    close(ends[0]);
    assert_int_equal(survey_export(export).bytes, 12);
    assert_reads(export, 0, 12);
    assert_memory_equal(block, "from a pipe\n", 12);
    assert_reads(export, 0, 12);
    assert_string_equal(export_name(export), path);
    export_close(export);
}

static void export_spools_standard_input(void **state)
{
    int saved = dup(STDIN_FILENO);
    int ends[2] = {-1, -1};
    struct export *export = NULL;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "typed\n", 6), 6);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    export = open_export("-");
    dup2(saved, STDIN_FILENO);
    close(saved);
    assert_string_equal(export_name(export), "standard input");
    assert_int_equal(survey_export(export).bytes, 6);
    assert_reads(export, 0, 6);
    assert_memory_equal(block, "typed\n", 6);
    export_close(export);
}

static void export_says_where_it_cannot_spool(void **state)
{
    int ends[2] = {-1, -1};
    char path[32];
    struct error err = {0};
    struct export *export = NULL;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    close(ends[1]);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
    setenv("TMPDIR", "/nowhere", 1);
    assert_int_equal(export_open(path, &export, &err), -1);
    unsetenv("TMPDIR");
    close(ends[0]);
    assert_int_equal(err.exit_code, EXIT_CANNOT_CREATE);
    assert_non_null(strstr(err.text, "'/nowhere'"));
    assert_non_null(strstr(err.text, "set TMPDIR"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(export_names_a_file_that_is_missing),
        cmocka_unit_test(export_refuses_a_folder),
        cmocka_unit_test(export_names_a_file_that_cannot_be_read),
        cmocka_unit_test(export_survey_tells_size_digest_and_encoding),
        cmocka_unit_test(export_survey_takes_an_empty_file),
        cmocka_unit_test(export_survey_refuses_what_no_encoding_fits),
        cmocka_unit_test(export_reads_in_blocks_and_ends),
        cmocka_unit_test(export_gives_blocks_before_a_survey_unchecked),
        cmocka_unit_test(export_notices_one_changed_byte),
        cmocka_unit_test(export_without_a_name_notices_one_changed_byte_too),
        cmocka_unit_test(export_notices_a_file_that_shrank),
        cmocka_unit_test(export_passes_over_what_was_appended),
        cmocka_unit_test(export_tells_how_it_changed),
        IN_FOLDER(export_tells_of_another_file_that_took_its_name),
        cmocka_unit_test(export_spools_a_pipe),
        cmocka_unit_test(export_spools_standard_input),
        cmocka_unit_test(export_says_where_it_cannot_spool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
