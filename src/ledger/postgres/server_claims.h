/*
 * server_claims: what a ledger on a server knows of many claims, asked in one round trip beside the
 * turns. Private to this folder and to ledger_claim.
 *
 * Tested by tests/unit/test_ledger_claim.c
 */
#ifndef CLAIMBATCH_LEDGER_POSTGRES_SERVER_CLAIMS_H
#define CLAIMBATCH_LEDGER_POSTGRES_SERVER_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger.h"

struct session;

/* As ledger_claims_get; the platform by its number in the ledger. */
int server_claims_get(struct session *session, int64_t platform, const struct claim_key *keys,
                      size_t count, struct claim_state *ret_states, struct error *err);

/* As ledger_numbers_find. */
int server_numbers_find(struct session *session, const char *const *order_nos, size_t count,
                        bool *ret_found, struct error *err);

#endif
