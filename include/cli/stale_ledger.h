/*
 * stale_ledger: whether this ledger has all that was ever recorded in it, or is an older copy.
 *
 * Tested by tests/e2e/test_identity.py and tests/e2e/test_ledger.py
 */
#ifndef CLAIMBATCH_CLI_STALE_LEDGER_H
#define CLAIMBATCH_CLI_STALE_LEDGER_H

#include <stdbool.h>

#include "base/words/language.h"

struct error;
struct ledger;
struct manifest_found;

/* What to do where it is not. */
#define STALE_LEDGER_OVERRIDE                                                                      \
    N_("if the right one is lost, teach this one what reports know (claimbatch import), or say "   \
       "--new-ledger --by NAME --reason TEXT: then rows may be sent twice")

/* EXIT_BAD_CONFIG when commits of this ledger are gone, as what stands beside it tells, or a
 * manifest (which may be NULL) that is at `path`. */
int stale_ledger_check(struct ledger *ledger, const char *path,
                       const struct manifest_found *manifest, struct error *err);

/* EXIT_BAD_CONFIG: its last commits are gone; or it does not know what the manifest at `path`
 * tells. Always -1. */
int stale_ledger_refuse_lost(const struct ledger *ledger, struct error *err);
int stale_ledger_refuse_older(const struct ledger *ledger, const char *path,
                              const struct manifest_found *manifest, bool is_unknown,
                              struct error *err);

/* The same: it is a copy of the one at `original`, which has recorded more since. */
int stale_ledger_refuse_copy(const struct ledger *ledger, const char *original, struct error *err);

/* Of a ledger on a server, before it is taught what reports tell: where calls are gone, it says so.
 * A server's ledger counts no commits, so no report tells whether it has all of them. */
void stale_ledger_warn_lost(const struct ledger *ledger);

#endif
