/*
 * verify: a ledger is verified, beside runs that write it. Takes one of view_open.
 *
 * Tested by tests/unit/test_verify.c
 */
#ifndef CLAIMBATCH_LEDGER_MAINTENANCE_VERIFY_H
#define CLAIMBATCH_LEDGER_MAINTENANCE_VERIFY_H

#include <stdint.h>

struct error;
struct ledger;

#define VERIFY_SENTENCE_BYTES 512

#define VERIFY_SENTENCES_MAX 100 /* of one kind of damage that are put into words */

/*
 * Reads the whole ledger and says what is wrong with it, a sentence each (`say` may be NULL);
 * *ret_found counts all. Finds damage to the structure and contradictions between the records, not
 * a changed byte inside a text. -1 when the ledger cannot be read on, which is not damage (memory,
 * a signal).
 */
int verify_ledger(struct ledger *ledger, void (*say)(void *context, const char *sentence),
                  void *context, uint64_t *ret_found, struct error *err);

#endif
