#include "folder.h"

#include "disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_all(const char *name, const void *bytes, size_t len)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
        abort();
    close(fd);
}

static char *read_all(const char *name, size_t *ret_len)
{
    int fd = open(name, O_RDONLY);
    struct stat status;
    char *text = NULL;

    *ret_len = 0;
    if (fd < 0)
        return NULL;
    if (fstat(fd, &status) == 0 && (text = malloc((size_t)status.st_size + 1))) {
        ssize_t len = read(fd, text, (size_t)status.st_size);

        *ret_len = len < 0 ? 0 : (size_t)len;
        text[*ret_len] = '\0';
    }
    close(fd);
    return text;
}

void folder_write(const char *name, const char *text)
{
    write_all(name, text, strlen(text));
}

char *folder_read(const char *name)
{
    size_t len;

    return read_all(name, &len);
}

bool folder_copy(const char *from, const char *to)
{
    size_t len;
    char *bytes = read_all(from, &len);

    if (!bytes)
        return false;
    write_all(to, bytes, len);
    free(bytes);
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

void folder_list(const char *ending, struct names *ret_names)
{
    DIR *dir = opendir(".");
    struct dirent *entry;

    ret_names->count = 0;
    while (dir && (entry = readdir(dir)) && ret_names->count < NAMES_MAX) {
        size_t len = strlen(entry->d_name);
        size_t end = strlen(ending);

        if (len < end || len >= NAME_BYTES || *entry->d_name == '.' ||
            strcmp(entry->d_name + len - end, ending) != 0)
            continue;
        snprintf(ret_names->name[ret_names->count++], NAME_BYTES, "%.*s", (int)(len - end),
                 entry->d_name);
    }
    if (dir)
        closedir(dir);
    qsort(ret_names->name, (size_t)ret_names->count, NAME_BYTES, compare);
}

void folder_clear(void)
{
    DIR *dir = opendir(".");
    struct dirent *entry;

    while (dir && (entry = readdir(dir)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlink(entry->d_name);
    if (dir)
        closedir(dir);
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
    unsigned char bytes[EVP_MAX_MD_SIZE];
    size_t len, size = 0;
    char *text = read_all(name, &len);

    *ret_hex = '\0';
    if (text && EVP_Q_digest(NULL, "SHA256", NULL, text, len, bytes, &size))
        for (size_t i = 0; i < size; i++)
            sprintf(ret_hex + 2 * i, "%02x", bytes[i]);
    free(text);
}
