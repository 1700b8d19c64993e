/*
 * server_verify: a ledger on a server is verified: what its records say of each other, and of the
 * workers that wrote them. The server looks after the structure itself.
 *
 * Tested by tests/e2e/test_server_verify.py
 */
#ifndef CLAIMBATCH_LEDGER_MAINTENANCE_SERVER_VERIFY_H
#define CLAIMBATCH_LEDGER_MAINTENANCE_SERVER_VERIFY_H

#include <stdint.h>

struct error;
struct ledger;

/* As verify_ledger, by questions to one snapshot of the server. */
int server_verify_ledger(struct ledger *ledger, void (*say)(void *context, const char *sentence),
                         void *context, uint64_t *ret_found, struct error *err);

#endif
