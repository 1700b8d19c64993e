/*
 * witness: what this host was told by a ledger on a server, so that one which was put back from a
 * backup, or has passed to a standby that had not received it all, is told from itself.
 *
 * A small file in the folder of the state: of each of the last workers of this host its number and
 * how many of its calls the ledger had acknowledged with its last beat. It is written behind the
 * ledger and not synced, so it may be behind it and never ahead, and what it says never goes back.
 *
 * Tested by tests/unit/test_witness.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_OUTAGE_WITNESS_H
#define CLAIMBATCH_LEDGER_POSTGRES_OUTAGE_WITNESS_H

#include <stdint.h>

struct error;
struct session;

#define WITNESS_WORKERS 64

struct witness {
    int fd;
};

/* Made if missing, for the owner of the folder it is in. EXIT_CANNOT_CREATE, also when what is
 * there is not ours to write. */
int witness_open(const char *path, struct witness *ret_witness, struct error *err);
void witness_close(struct witness *witness);

/* After a beat was acknowledged. What cannot be written is behind, which it may be. */
void witness_write(const struct witness *witness, int64_t worker, int64_t calls);

/* The highest worker of which it was told; 0: none. */
int64_t witness_newest(const struct witness *witness);

/* What is gone, as far as that can be told: the newest worker of which it is known. */
struct witness_loss {
    int64_t worker;
    int64_t calls;  /* that were acknowledged … */
    int64_t stands; /* … and those that the ledger has; -1: it does not know the worker */
};

/* To be asked before a worker begins, for that may get the number of one that is gone. `place` is
 * the host_lock's. 1, or 0 where the ledger has all that was acknowledged; -1 where it could not be
 * asked. */
int witness_find_loss(const struct witness *witness, struct session *session, const char *place,
                      struct witness_loss *ret_loss, struct error *err);

/* A person has said that the ledger is to be used as it is. EXIT_CANNOT_WRITE. */
int witness_forget(const struct witness *witness, struct error *err);

#endif
