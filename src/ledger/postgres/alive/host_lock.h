/*
 * host_lock: which workers of this host are alive, as its kernel knows it.
 *
 * A file of the host, for the programs that use one ledger: it names itself, by a random text that
 * the ledger knows its workers by, and a worker has a byte of it locked for as long as its process
 * lives. So of a worker that died here nobody waits to be told. A copy of the file on another host
 * is told from it by the boot that the host is in; a container with a file of its own waits.
 *
 * Tested by tests/unit/test_host_lock.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_ALIVE_HOST_LOCK_H
#define CLAIMBATCH_LEDGER_POSTGRES_ALIVE_HOST_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct error;

#define HOST_LOCK_NAME_BYTES 37 /* 8-4-4-4-12 digits and a NUL */

struct host_lock {
    int fd;
    char place[HOST_LOCK_NAME_BYTES]; /* the file's own name */
    char boot[HOST_LOCK_NAME_BYTES];
};

/* Made if missing, for the owner of the folder it is in. EXIT_CANNOT_CREATE, also when what is
 * there is not ours to write. */
int host_lock_open(const char *path, struct host_lock *ret_lock, struct error *err);

/* Such a file alone: its descriptor, or -1. */
int host_lock_open_file(const char *path, struct error *err);

/* Every worker of this process counts as dead then. */
void host_lock_close(struct host_lock *lock);

/* Locks the worker's byte: to be done before others can know of it. */
int host_lock_take(struct host_lock *lock, int64_t worker, struct error *err);

/* Whether what was begun under this name in this boot runs on this host. */
bool host_lock_is_here(const struct host_lock *lock, const char *place, const char *boot);

/* Whether a worker that was begun under this name in this boot surely is no more. Not to be asked
 * of one's own. */
bool host_lock_knows_dead(const struct host_lock *lock, const char *place, const char *boot,
                          int64_t worker);

#endif
