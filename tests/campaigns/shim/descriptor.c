#include "descriptor.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "real.h"

bool descriptor_is_file(int fd)
{
    struct stat status;

    return fd > STDERR_FILENO && REAL(fstat)(fd, &status) == 0 &&
           (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
}

const char *descriptor_path(int fd, char *text, size_t size)
{
    char link[64];
    ssize_t len;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, text, size - 1);
    text[len > 0 ? len : 0] = '\0';
    return text;
}
