#include "cli/newer_ledger.h"

#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "ledger/commits.h"
#include "report/manifest/manifest.h"

int newer_ledger_refuse_older(const struct ledger *ledger, const char *path,
                              const struct manifest_found *m, bool is_unknown, struct error *err)
{
    char quoted[2][LOG_QUOTE_BYTES];
    char what[128];

    log_quote(ledger_path(ledger), quoted[0], LOG_QUOTE_BYTES);
    log_quote(path, quoted[1], LOG_QUOTE_BYTES);
    if (is_unknown)
        snprintf(what, sizeof(what), "does not know run %s", m->run);
    else
        snprintf(what, sizeof(what), "has recorded less (commit %lld is not in it)",
                 (long long)m->ledger_commits);
    return error_set(err, EXIT_BAD_CONFIG,
                     "the ledger '%s' (%s) %s, of which '%s' tells: it is an older copy of itself, "
                     "or its log was removed. Bring back the newer one; " NEWER_LEDGER_OVERRIDE,
                     quoted[0], ledger_id(ledger), what, quoted[1]);
}

int newer_ledger_refuse_lost(const struct ledger *ledger, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    return error_set(err, EXIT_BAD_CONFIG,
                     "the last %lld commits of ledger '%s' (%s) are gone: its log (-wal) was "
                     "removed, or it is an older copy of itself. Bring back the newer "
                     "one; " NEWER_LEDGER_OVERRIDE,
                     (long long)ledger_commits_lost(ledger),
                     log_quote(ledger_path(ledger), quoted, sizeof(quoted)), ledger_id(ledger));
}

int newer_ledger_check(struct ledger *ledger, const char *path,
                       const struct manifest_found *manifest, struct error *err)
{
    struct pass pass;
    int found;

    if (ledger_commits_lost(ledger))
        return newer_ledger_refuse_lost(ledger, err);
    if (!manifest)
        return 0;
    found = ledger_commits_is_lost(ledger, manifest->ledger_commits, err);
    if (found <= 0)
        return found;
    pass = (struct pass){manifest->ledger_id, manifest->run, manifest->ledger_commits, PASS_REPORT};
    found = ledger_pass_find(ledger, &pass, err);
    return found ? (found < 0 ? -1 : 0)
                 : newer_ledger_refuse_older(ledger, path, manifest, false, err);
}
