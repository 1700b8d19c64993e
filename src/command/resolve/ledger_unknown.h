/*
 * ledger_unknown: the unknown attempts of a whole ledger, listed, or settled by a person's word.
 *
 * For claims whose report is not at hand. What is settled leaves the run's report behind the
 * ledger, and says which that is.
 *
 * Tested by tests/e2e/test_confirmation.py
 */
#ifndef CLAIMBATCH_COMMAND_RESOLVE_LEDGER_UNKNOWN_H
#define CLAIMBATCH_COMMAND_RESOLVE_LEDGER_UNKNOWN_H

struct error;
struct options;

/* Lists them, or settles those of --claim or --all on the platform in force, all or none. Returns
 * an exit code. What was typed fits together already. */
int ledger_unknown(const struct options *options, const char *platform, struct error *err);

#endif
