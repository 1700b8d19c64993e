/*
 * verify: a ledger is verified, and copied: both take one of view_open, and work beside runs that
 * write it.
 *
 * Tested by tests/unit/test_verify.c
 */
#ifndef CLAIMBATCH_LEDGER_MAINTENANCE_VERIFY_H
#define CLAIMBATCH_LEDGER_MAINTENANCE_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger.h"

#define VERIFY_SENTENCE_BYTES 512

#define VERIFY_SENTENCES_MAX 100 /* of one kind of damage that are put into words */

/*
 * Reads the whole ledger and says what is wrong with it, a sentence each; *ret_found counts all.
 * Finds damage to the structure and contradictions between the records, not a changed byte inside a
 * text. -1 when the ledger cannot be read on, which is not damage (memory, a signal).
 */
int verify_ledger(struct ledger *ledger, void (*say)(void *context, const char *sentence),
                  void *context, uint64_t *ret_found, struct error *err);

/*
 * Copies the ledger, as it is at one moment, to `path`, which must not exist (EXIT_CANNOT_CREATE):
 * written beside it, synced, verified, and then renamed. The copy is owner-only and has the same
 * id. EXIT_CANNOT_WRITE when the disk is full or the copy does not verify.
 */
int backup_ledger(struct ledger *ledger, const char *path, uint64_t *ret_bytes, struct error *err);

#endif
