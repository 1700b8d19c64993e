/*
 * expected_ledger: what keeps a command from sending with the wrong ledger (contract section 5).
 *
 * Tested by tests/e2e/test_identity.py, test_ledger.py
 */
#ifndef CLAIMBATCH_COMMAND_UPLOAD_EXPECTED_LEDGER_H
#define CLAIMBATCH_COMMAND_UPLOAD_EXPECTED_LEDGER_H

#include "command/upload/submission.h"

/*
 * Before a ledger is opened: EXIT_BAD_CONFIG where it would be made, and --require-ledger forbids
 * that, or what stands beside its place tells that one was there, or a manifest beside export or
 * report tells of claims that were sent to this platform with another one. --new-ledger lets it be
 * made all the same.
 */
int expected_ledger_check_absent(const struct submission *submission, struct error *err);

/*
 * EXIT_BAD_CONFIG when this is not the ledger that knows what was sent: a manifest beside export or
 * report names another one for this export, or names this one and tells what it does not know (it
 * is an older copy of itself, or its last commits are gone). With --new-ledger, what would be
 * refused is recorded as passed over, and the submission knows that there was something.
 */
int expected_ledger_check(struct submission *submission, struct error *err);

/* The same once more, when this start has said where it is (started.h): who began at the same
 * moment has said so as well. Nothing new is passed over. */
int expected_ledger_check_again(const struct submission *submission, struct error *err);

#endif
