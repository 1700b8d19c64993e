/*
 * care: a ledger is verified, copied, and relieved of what is old.
 *
 * Verifying and copying take a ledger of view_open and work beside runs that write it. Pruning
 * takes one of ledger_open, works in small transactions between those of running uploads, and may
 * be cut off at any moment: the next one goes on. Whatever it is told, it never forgets a claim's
 * key, its newest accepted content and place, or an attempt that nobody has settled.
 *
 * Tested by tests/unit/test_care.c
 */
#ifndef CLAIMBATCH_LEDGER_VIEW_CARE_H
#define CLAIMBATCH_LEDGER_VIEW_CARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger.h"

#define CARE_SENTENCE_BYTES 512

#define CARE_SENTENCES_MAX 100 /* of one kind of damage that are put into words */

/*
 * Reads the whole ledger and says what is wrong with it, a sentence each; *ret_found counts all.
 * Finds damage to the structure and contradictions between the records, not a changed byte inside a
 * text. -1 when the ledger cannot be read on, which is not damage (memory, a signal).
 */
int care_verify(struct ledger *ledger, void (*say)(void *context, const char *sentence),
                void *context, uint64_t *ret_found, struct error *err);

/*
 * Copies the ledger, as it is at one moment, to `path`, which must not exist (EXIT_CANNOT_CREATE):
 * written beside it, synced, verified, and then renamed. The copy is owner-only and has the same
 * id. EXIT_CANNOT_WRITE when the disk is full or the copy does not verify.
 */
int care_backup(struct ledger *ledger, const char *path, uint64_t *ret_bytes, struct error *err);

#endif
