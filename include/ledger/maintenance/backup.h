/*
 * backup: a ledger is copied, beside runs that write it. Takes one of view_open.
 *
 * Tested by tests/unit/test_verify.c
 */
#ifndef CLAIMBATCH_LEDGER_MAINTENANCE_BACKUP_H
#define CLAIMBATCH_LEDGER_MAINTENANCE_BACKUP_H

#include <stdint.h>

struct error;
struct ledger;

/*
 * Copies the ledger, as it is at one moment, to `path`, which must not exist (EXIT_CANNOT_CREATE):
 * written beside it, synced, verified, and then renamed. The copy is owner-only and has the same
 * id. EXIT_CANNOT_WRITE when the disk is full or the copy does not verify.
 */
int backup_ledger(struct ledger *ledger, const char *path, uint64_t *ret_bytes, struct error *err);

#endif
