/*
 * run_lock: which runs are alive, as the kernel knows it.
 *
 * One byte of a file beside the ledger for each run, locked for as long as the run's process lives;
 * byte 0 is of no run, but of whoever carries SQLite's log over (checkpoint.c).
 * Nothing is ever to be deleted by hand: the kernel lets go when the process dies.
 * Open-file-description locks, so that SQLite's own locks are not touched.
 *
 * Tested by tests/unit/test_ledger_run.c
 */
#ifndef CLAIMBATCH_LEDGER_STORE_RUN_LOCK_H
#define CLAIMBATCH_LEDGER_STORE_RUN_LOCK_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct place_owner;

/* Opens the file, made if missing, for the ledger's owner. Returns a descriptor or -1 with
 * EXIT_CANNOT_CREATE, also when what is there is not ours to write. */
int run_lock_open(const char *path, const struct place_owner *owner, struct error *err);

/* Locks the byte of `run` until the descriptor is closed: 1, or 0 when another process holds it. */
int run_lock_take(int fd, int64_t run, struct error *err);

/* Lets go of it earlier. */
void run_lock_drop(int fd, int64_t run);

/* Whether another process holds the byte of `run`. */
bool run_lock_is_held(int fd, int64_t run);

#endif
