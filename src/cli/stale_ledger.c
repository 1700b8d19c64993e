#include "cli/stale_ledger.h"

#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "ledger/commits.h"
#include "ledger/postgres/server_url.h"
#include "report/manifest/manifest.h"

int stale_ledger_refuse_older(const struct ledger *ledger, const char *path,
                              const struct manifest_found *m, bool is_unknown, struct error *err)
{
    char what[128];

    if (is_unknown)
        snprintf(what, sizeof(what), _("does not know run %s"), m->run);
    else
        snprintf(what, sizeof(what), _("has recorded less (commit %lld is not in it)"),
                 (long long)m->ledger_commits);
    if (server_url_is(ledger_path(ledger)))
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger '%s' (%s) %s, of which '%s' tells: its database was put back "
                         "from a backup, or a standby took over that had not received it all. "
                         "Bring back the newer one; %s",
                         LOG_QUOTED(ledger_path(ledger)), ledger_id(ledger), what, LOG_QUOTED(path),
                         _(STALE_LEDGER_OVERRIDE));
    return error_set(err, EXIT_BAD_CONFIG,
                     "the ledger '%s' (%s) %s, of which '%s' tells: it is an older copy of itself, "
                     "or its log was removed. Bring back the newer one; %s",
                     LOG_QUOTED(ledger_path(ledger)), ledger_id(ledger), what, LOG_QUOTED(path),
                     _(STALE_LEDGER_OVERRIDE));
}

int stale_ledger_refuse_copy(const struct ledger *ledger, const char *original, struct error *err)
{
    return error_set(err, EXIT_BAD_CONFIG,
                     "the ledger '%s' (%s) is a copy of '%s', which has recorded more since: what "
                     "was sent with that would be sent again. Name that one with --ledger, or, if "
                     "it is not to be used any more, move it away; %s",
                     LOG_QUOTED(ledger_path(ledger)), ledger_id(ledger), LOG_QUOTED(original),
                     _(STALE_LEDGER_OVERRIDE));
}

static int refuse_server(const struct ledger *ledger, int64_t lost, struct error *err)
{
    return error_set(
        err, EXIT_BAD_CONFIG,
        language_plural(
            "the last %lld call that ledger '%s' (%s) had acknowledged to this host is "
            "not in it: its database was put back from a backup, or a standby took over "
            "that had not received it all. Bring back the newer one; %s",
            "the last %lld calls that ledger '%s' (%s) had acknowledged to this host "
            "are not in it: its database was put back from a backup, or a standby took "
            "over that had not received it all. Bring back the newer one; %s",
            (unsigned long long)lost),
        (long long)lost, LOG_QUOTED(ledger_path(ledger)), ledger_id(ledger),
        _(STALE_LEDGER_OVERRIDE));
}

int stale_ledger_refuse_lost(const struct ledger *ledger, struct error *err)
{
    int64_t lost = ledger_commits_lost(ledger);

    if (server_url_is(ledger_path(ledger)))
        return refuse_server(ledger, lost, err);
    return error_set(err, EXIT_BAD_CONFIG,
                     language_plural("the last %lld commit of ledger '%s' (%s) is gone: its log "
                                     "(-wal) was removed, or it is an older copy of itself. Bring "
                                     "back the newer one; %s",
                                     "the last %lld commits of ledger '%s' (%s) are gone: its log "
                                     "(-wal) was removed, or it is an older copy of itself. Bring "
                                     "back the newer one; %s",
                                     (unsigned long long)lost),
                     (long long)lost, LOG_QUOTED(ledger_path(ledger)), ledger_id(ledger),
                     _(STALE_LEDGER_OVERRIDE));
}

void stale_ledger_warn_lost(const struct ledger *ledger)
{
    int64_t lost = ledger_commits_lost(ledger);

    if (lost)
        log_warn(language_plural(
                     "the last %lld call that the ledger had acknowledged to this host is not in "
                     "it: import the reports of all runs since. What no report tells is lost, and "
                     "--new-ledger with the next upload says so",
                     "the last %lld calls that the ledger had acknowledged to this host are not in "
                     "it: import the reports of all runs since. What no report tells is lost, and "
                     "--new-ledger with the next upload says so",
                     (unsigned long long)lost),
                 (long long)lost);
}

int stale_ledger_check(struct ledger *ledger, const char *path,
                       const struct manifest_found *manifest, struct error *err)
{
    struct pass pass;
    int found;

    if (ledger_commits_lost(ledger))
        return stale_ledger_refuse_lost(ledger, err);
    if (!manifest)
        return 0;
    found = ledger_commits_is_lost(ledger, manifest->ledger_commits, err);
    if (found <= 0)
        return found;
    pass = manifest_pass(manifest, PASS_REPORT);
    found = ledger_pass_find(ledger, &pass, err);
    return found ? (found < 0 ? -1 : 0)
                 : stale_ledger_refuse_older(ledger, path, manifest, false, err);
}
