#include "folder.h"

#include "disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ZEROES 512 /* behind what was read */

void folder_put(const char *name, const void *bytes, size_t len)
{
    int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || syscall(SYS_write, fd, bytes, len) != (long)len)
        abort();
    close(fd);
}

struct bytes folder_bytes(const char *name)
{
    struct bytes bytes = {NULL, 0};
    int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDONLY);
    struct stat status;

    if (fd < 0)
        return bytes;
    if (fstat(fd, &status) == 0 && (bytes.ptr = calloc(1, (size_t)status.st_size + ZEROES))) {
        ssize_t len = read(fd, bytes.ptr, (size_t)status.st_size);

        bytes.len = len < 0 ? 0 : (size_t)len;
    }
    close(fd);
    return bytes;
}

void folder_each(const char *path, void (*visit)(const char *name, unsigned long inode))
{
    DIR *dir = opendir(path);
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        if (*entry->d_name != '.')
            visit(entry->d_name, (unsigned long)entry->d_ino);
    if (dir)
        closedir(dir);
}

void folder_write(const char *name, const char *text)
{
    folder_put(name, text, strlen(text));
}

char *folder_read(const char *name)
{
    return folder_bytes(name).ptr;
}

bool folder_copy(const char *from, const char *to)
{
    struct bytes bytes = folder_bytes(from);

    if (!bytes.ptr)
        return false;
    folder_put(to, bytes.ptr, bytes.len);
    free(bytes.ptr);
    return true;
}

bool folder_has(const char *name)
{
    return access(name, F_OK) == 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

static struct {
    const char *ending;
    struct names *names;
} listed;

static void list(const char *name, unsigned long inode)
{
    size_t len = strlen(name);
    size_t end = strlen(listed.ending);

    (void)inode;
    if (listed.names->count < NAMES_MAX && len >= end && len < NAME_BYTES &&
        strcmp(name + len - end, listed.ending) == 0)
        snprintf(listed.names->name[listed.names->count++], NAME_BYTES, "%.*s", (int)(len - end),
                 name);
}

void folder_list(const char *ending, struct names *ret_names)
{
    listed.ending = ending;
    listed.names = ret_names;
    ret_names->count = 0;
    folder_each(".", list);
    qsort(ret_names->name, (size_t)ret_names->count, NAME_BYTES, compare);
}

static void drop(const char *name, unsigned long inode)
{
    (void)inode;
    unlink(name);
}

void folder_clear(void)
{
    folder_each(".", drop);
}

void folder_remove(const char *path)
{
    folder_clear();
    disk_end();
    if (chdir("/") == 0)
        rmdir(path);
}

void folder_digest(const char *name, char ret_hex[65])
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    size_t size = 0;
    struct bytes bytes = folder_bytes(name);

    *ret_hex = '\0';
    if (bytes.ptr && EVP_Q_digest(NULL, "SHA256", NULL, bytes.ptr, bytes.len, digest, &size))
        for (size_t i = 0; i < size; i++)
            sprintf(ret_hex + 2 * i, "%02x", digest[i]);
    free(bytes.ptr);
}
