/*
 * target: what the fuzz targets share: promises, files in memory, and what a text must be.
 *
 * Each target is one source file, so all of it is static.
 */
#ifndef CLAIMBATCH_FUZZ_TARGET_H
#define CLAIMBATCH_FUZZ_TARGET_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/character.h"
#include "base/error.h"
#include "input/export/charset.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);
/* The sanitizers' own; missing where there are none. */
void __sanitizer_set_report_fd(void *fd) __attribute__((weak));

/* Says which promise was broken; unlike assert, in every build. */
#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            dprintf(stderr_fd(), "broken: %s (%s:%d)\n", #condition, __FILE__, __LINE__);          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* Standard error as it was at the start, whatever stands there now. */
static inline int stderr_fd(void)
{
    static int fd = -1;

    if (fd < 0)
        fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    return fd;
}

/* Whether all of it is UTF-8 that a terminal shows as it is; line feeds are. */
static inline bool is_safe(const char *text, size_t len)
{
    const char *end = text + len;

    while (text < end) {
        uint32_t point = 0;
        size_t bytes = 1;

        if (*text >= ' ' && *text <= '~') { /* most of it; decoding takes its time */
            text++;
            continue;
        }
        bytes = character_decode(text, &point);
        if (!bytes || (point < 0x20 && point != '\n') || (point > 0x7e && point < 0xa0) ||
            character_is_invisible(point))
            return false;
        text += bytes;
    }
    return text == end;
}

/* The error of a run: one line, safe for a terminal, and with one of these exit codes. */
static inline void check_error(const struct error *err, const int *codes, size_t count)
{
    bool known = false;

    for (size_t i = 0; i < count; i++)
        known |= err->exit_code == codes[i];
    if (!known)
        dprintf(stderr_fd(), "exit code %d: %s\n", err->exit_code, err->text);
    MUST(known);
    if (!is_safe(err->text, strlen(err->text)))
        dprintf(stderr_fd(), "raw: %s\n", err->text);
    MUST(*err->text && !strchr(err->text, '\n') && is_safe(err->text, strlen(err->text)));
}

/* A file of these bytes; the path leads to it while the descriptor is open. */
#define MEMORY_PATH_BYTES 32

static inline int open_memory(const void *bytes, size_t len, char ret_path[MEMORY_PATH_BYTES])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    MUST(fd >= 0);
    MUST(!len || write(fd, bytes, len) == (ssize_t)len);
    snprintf(ret_path, MEMORY_PATH_BYTES, "/proc/self/fd/%d", fd);
    return fd;
}

/* From here on what is logged goes to a file in memory, but no report of a sanitizer. */
static inline int catch_log(void)
{
    int fd = memfd_create("log", MFD_CLOEXEC);

    MUST(fd >= 0);
    if (__sanitizer_set_report_fd)
        __sanitizer_set_report_fd((void *)(intptr_t)stderr_fd()); /* NOLINT: its interface */
    MUST(dup2(fd, STDERR_FILENO) >= 0);
    return fd;
}

/* Ends that, and looks at what was logged. */
static inline void check_log(int fd)
{
    static char text[1 << 18];
    ssize_t len = pread(fd, text, sizeof(text) - 1, 0);

    MUST(dup2(stderr_fd(), STDERR_FILENO) >= 0);
    close(fd);
    MUST(len >= 0);
    text[len] = '\0';
    MUST(is_safe(text, (size_t)len));
}

#endif
