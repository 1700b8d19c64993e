/* A folder of its own for a test that writes files, gone with all that is in it when the test ends.
 */
#ifndef CLAIMBATCH_TESTS_FOLDER_H
#define CLAIMBATCH_TESTS_FOLDER_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct folder {
    char path[64];
    char file[128]; /* a name in it */
};

static inline void folder_make(char ret_path[64])
{
    strcpy(ret_path, "/tmp/claimbatch-test-XXXXXX");
    assert_non_null(mkdtemp(ret_path));
}

static inline int make_folder(void **state)
{
    struct folder *folder = calloc(1, sizeof(*folder));

    *state = folder;
    folder_make(folder->path);
    snprintf(folder->file, sizeof(folder->file), "%s/file", folder->path);
    return 0;
}

/* It has no folders in it. */
static inline void folder_remove(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;

    while (folder && (entry = readdir(folder)))
        unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder)
        closedir(folder);
    assert_int_equal(rmdir(path), 0);
}

static inline int remove_folder(void **state)
{
    struct folder *folder = *state;

    folder_remove(folder->path);
    free(folder);
    return 0;
}

/* A new file, whatever was there. */
static inline void write_file(const char *path, const void *bytes, size_t len, mode_t mode)
{
    int fd;

    unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static inline void write_text(const char *path, const char *text)
{
    write_file(path, text, strlen(text), 0600);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

#endif
