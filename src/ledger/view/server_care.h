/*
 * server_care: a ledger on a server is verified: what its records say of each other, and of the
 * workers that wrote them. The server looks after the structure itself.
 *
 * Tested by tests/e2e/test_server_verify.py
 */
#ifndef CLAIMBATCH_LEDGER_VIEW_SERVER_CARE_H
#define CLAIMBATCH_LEDGER_VIEW_SERVER_CARE_H

#include <stdint.h>

struct error;
struct ledger;

/* As care_verify, by questions to one snapshot of the server. */
int server_care_verify(struct ledger *ledger, void (*say)(void *context, const char *sentence),
                       void *context, uint64_t *ret_found, struct error *err);

#endif
