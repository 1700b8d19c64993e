#include "host_lock.h"

#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/log.h"
#include "ledger/store/place.h"
#include "ledger/store/run_lock.h"

/* The name stands before the bytes of the workers, so that a file system which locks what is read
 * does not keep readers waiting. Byte 0 is of whoever writes the name. */
#define WORKERS_FROM 4096

#define KERNEL_BOOT "/proc/sys/kernel/random/boot_id"
#define KERNEL_UUID "/proc/sys/kernel/random/uuid"

/* What the kernel says in one line. */
static int read_kernel(const char *path, char ret_name[HOST_LOCK_NAME_BYTES], struct error *err)
{
    int fd = file_open_small(path);
    ssize_t len = fd < 0 ? -1 : read(fd, ret_name, HOST_LOCK_NAME_BYTES - 1);

    if (fd >= 0)
        close(fd);
    if (len != HOST_LOCK_NAME_BYTES - 1)
        return error_set(err, EXIT_CANNOT_CREATE, "cannot read '%s', which tells hosts apart: %s",
                         path, len < 0 ? strerror(errno) : "it is too short");
    ret_name[len] = '\0';
    return 0;
}

static bool is_name(const char *text)
{
    return strspn(text, "0123456789abcdef-") == HOST_LOCK_NAME_BYTES - 1;
}

/* Whether the file has a name. */
static bool read_name(struct host_lock *lock)
{
    ssize_t len = pread(lock->fd, lock->place, sizeof(lock->place) - 1, 0);

    lock->place[len < 0 ? 0 : len] = '\0';
    return is_name(lock->place);
}

/* Of those who make the file in the same moment one names it. A name that was cut is replaced: its
 * workers are then waited for as those of other hosts are. */
static int name_file(struct host_lock *lock, const char *path, struct error *err)
{
    const int64_t end_ms = clock_mono_ms() + FILE_PATIENCE_MS;
    int taken;

    while ((taken = run_lock_take(lock->fd, 0, err)) == 0) {
        if (clock_mono_ms() >= end_ms)
            return error_set(err, EXIT_TRY_LATER, "another process has held '%s' for %d s",
                             LOG_QUOTED(path), FILE_PATIENCE_MS / 1000);
        usleep(1000);
    }
    if (taken < 0)
        return -1;
    if (!read_name(lock)) {
        if (read_kernel(KERNEL_UUID, lock->place, err))
            taken = -1;
        else if (pwrite(lock->fd, lock->place, sizeof(lock->place) - 1, 0) !=
                 (ssize_t)sizeof(lock->place) - 1)
            taken = error_set(err, EXIT_CANNOT_CREATE, "cannot write '%s': %s", LOG_QUOTED(path),
                              strerror(errno));
    }
    run_lock_drop(lock->fd, 0);
    return taken < 0 ? -1 : 0;
}

/* He who owns the folder is to be able to use the file that root made for him. */
static int owner_of_folder(const char *path, struct place_owner *ret_owner, struct error *err)
{
    char *copy = strdup(path);
    struct stat status;
    int result = 0;

    if (!copy)
        return error_no_memory(err);
    if (stat(dirname(copy), &status))
        result = error_set(err, EXIT_CANNOT_CREATE, "cannot open the folder of '%s': %s",
                           LOG_QUOTED(path), strerror(errno));
    else
        *ret_owner = place_owner_of(&status);
    free(copy);
    return result;
}

int host_lock_open_file(const char *path, struct error *err)
{
    struct place_owner owner;

    return owner_of_folder(path, &owner, err) ? -1 : run_lock_open(path, &owner, err);
}

int host_lock_open(const char *path, struct host_lock *ret_lock, struct error *err)
{
    *ret_lock = (struct host_lock){.fd = -1};
    if (read_kernel(KERNEL_BOOT, ret_lock->boot, err))
        return -1;
    ret_lock->fd = host_lock_open_file(path, err);
    if (ret_lock->fd < 0)
        return -1;
    if (read_name(ret_lock) || !name_file(ret_lock, path, err))
        return 0;
    host_lock_close(ret_lock);
    return -1;
}

void host_lock_close(struct host_lock *lock)
{
    if (lock->fd >= 0)
        close(lock->fd);
    lock->fd = -1;
}

int host_lock_take(struct host_lock *lock, int64_t worker, struct error *err)
{
    int taken = run_lock_take(lock->fd, WORKERS_FROM + worker, err);

    if (taken)
        return taken < 0 ? -1 : 0;
    return error_set(err, EXIT_TRY_LATER,
                     "another process of this host is worker %lld of the ledger already: was the "
                     "database put back from a backup? Nothing was sent",
                     (long long)worker);
}

bool host_lock_is_here(const struct host_lock *lock, const char *place, const char *boot)
{
    return strcmp(place, lock->place) == 0 && strcmp(boot, lock->boot) == 0;
}

bool host_lock_knows_dead(const struct host_lock *lock, const char *place, const char *boot,
                          int64_t worker)
{
    return host_lock_is_here(lock, place, boot) &&
           !run_lock_is_held(lock->fd, WORKERS_FROM + worker);
}
