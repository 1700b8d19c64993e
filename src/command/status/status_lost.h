/*
 * status_lost: what a ledger does not know, as far as that can be seen from where one looks at it.
 *
 * Tested by tests/e2e/test_identity.py
 */
#ifndef CLAIMBATCH_COMMAND_STATUS_STATUS_LOST_H
#define CLAIMBATCH_COMMAND_STATUS_STATUS_LOST_H

#include <stdint.h>

struct error;
struct ledger;

/*
 * Says, a sentence each, that commits are gone as the file beside the ledger tells, and which
 * manifests at the places of its runs' reports tell of what it does not know. *ret_found counts
 * them. Paths that were not absolute are looked for from here.
 */
int status_lost_visit(struct ledger *ledger, void (*say)(void *context, const char *sentence),
                      void *context, uint64_t *ret_found, struct error *err);

#endif
