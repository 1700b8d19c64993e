#include "disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "folder.h"
#include "world.h"

#define SECTOR 512
#define KEEP "synced"
#define NAMES KEEP "/names"

static void path_of(unsigned long inode, char *ret_path, size_t size)
{
    snprintf(ret_path, size, KEEP "/%lu", inode);
}

static bool is_own(const char *name)
{
    return strcmp(name, KEEP) != 0;
}

static char names[16384];

static void note_name(const char *name, unsigned long inode)
{
    size_t len = strlen(names);

    if (is_own(name) && len + 300 < sizeof(names))
        snprintf(names + len, sizeof(names) - len, "%lu %s\n", inode, name);
}

static void keep_names(void)
{
    *names = '\0';
    folder_each(".", note_name);
    folder_put(NAMES, names, strlen(names));
}

/* The kernel copies; it is cut at the end, so that the memory it has is used again. */
static void keep_content(int from)
{
    struct stat status;
    char kept[64];
    off_t at = 0;
    int to;

    if (fstat(from, &status))
        abort();
    path_of((unsigned long)status.st_ino, kept, sizeof(kept));
    to = (int)syscall(SYS_openat, AT_FDCWD, kept, O_WRONLY | O_CREAT, 0600);
    while (at < status.st_size && sendfile(to, from, &at, (size_t)(status.st_size - at)) > 0)
        ;
    if (syscall(SYS_ftruncate, to, status.st_size))
        abort();
    close(to);
}

static void keep_file(const char *path, unsigned long inode)
{
    int from = is_own(path) ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY) : -1;

    (void)inode;
    if (from < 0)
        return;
    keep_content(from);
    close(from);
}

void disk_sync(int fd)
{
    char path[64];
    struct stat status;

    if (fstat(fd, &status))
        return;
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    /* To open and close a file a second time would drop the locks that SQLite has on it. */
    if (S_ISDIR(status.st_mode))
        keep_names();
    else if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
        keep_file(path, 0);
    else
        keep_content(fd);
}

static void drop(const char *name, unsigned long inode)
{
    char path[300];

    (void)inode;
    snprintf(path, sizeof(path), KEEP "/%s", name);
    unlink(path);
}

void disk_end(void)
{
    folder_each(KEEP, drop);
    rmdir(KEEP);
}

/* All that lies in the folder has been there for long. */
void disk_begin(void)
{
    disk_end();
    mkdir(KEEP, 0700);
    folder_each(".", keep_file);
    keep_names();
}

/* ---- power ---- */

/* What is on the disk of a file: each sector as it was synced, or as it is now. */
static void tear(const char *name, unsigned long inode)
{
    struct bytes now = folder_bytes(name);
    struct bytes kept;
    char path[64];
    char *torn;
    size_t len;

    path_of(inode, path, sizeof(path));
    kept = folder_bytes(path);
    len = choice(STREAM_DISK, 2) ? now.len : kept.len;
    torn = calloc(1, len + SECTOR);
    for (size_t at = 0; torn && at < len; at += SECTOR) {
        const struct bytes *from = at >= kept.len || choice(STREAM_DISK, 2) ? &now : &kept;

        if (at >= from->len)
            from = from == &now ? &kept : &now;
        if (at < from->len)
            memcpy(torn + at, from->ptr + at, from->len - at < SECTOR ? from->len - at : SECTOR);
    }
    if (torn)
        folder_put(name, torn, len);
    free(torn);
    free(now.ptr);
    free(kept.ptr);
}

/* The names as they were synced: what was renamed or removed since is back, by its content then. */
static void go_back(void)
{
    struct bytes kept_names = folder_bytes(NAMES);
    char name[256], path[64];
    unsigned long inode;
    int taken;

    folder_clear();
    for (char *at = kept_names.ptr;
         at && sscanf(at, "%lu %255[^\n]\n%n", &inode, name, &taken) == 2; at += taken) {
        struct bytes kept;

        path_of(inode, path, sizeof(path));
        kept = folder_bytes(path);
        folder_put(name, kept.ptr ? kept.ptr : "", kept.len);
        free(kept.ptr);
    }
    free(kept_names.ptr);
}

static void tear_all(void)
{
    static struct names all;

    folder_list("", &all);
    for (int i = 0; i < all.count; i++) {
        struct stat status;

        if (stat(all.name[i], &status) == 0 && S_ISREG(status.st_mode))
            tear(all.name[i], (unsigned long)status.st_ino);
    }
}

void disk_lose_power(void)
{
    mark(MARK_POWER_LOST);
    note(EVENT_POWER, 0, 0);
    if (choice(STREAM_DISK, 2))
        go_back();
    else
        tear_all();
    unlink("ledger.db-shm");
    unlink("other.db-shm");
    disk_begin();
}
