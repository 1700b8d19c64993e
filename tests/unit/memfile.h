/* A file that lives in memory and has a path. */
#ifndef CLAIMBATCH_TESTS_MEMFILE_H
#define CLAIMBATCH_TESTS_MEMFILE_H

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct memfile {
    int fd;
    char path[32];
};

static inline struct memfile memfile_open(const void *bytes, size_t len)
{
    struct memfile file = {.fd = memfd_create("claims.csv", MFD_CLOEXEC)};
    ssize_t written = file.fd < 0 ? -1 : pwrite(file.fd, bytes, len, 0);

    assert(written == (ssize_t)len);
    snprintf(file.path, sizeof(file.path), "/proc/self/fd/%d", file.fd);
    return file;
}

static inline struct memfile memfile_text(const char *text)
{
    return memfile_open(text, strlen(text));
}

static inline void memfile_close(struct memfile *file)
{
    close(file->fd);
}

#endif
