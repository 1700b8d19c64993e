#include "audit_open.h"

#include <string.h>

#include "against_ledger.h"
#include "audit.h"
#include "base/error.h"
#include "base/words/language.h"
#include "disagreement.h"
#include "ledger/view/view.h"
#include "report/manifest/signature.h"

static int check_signature(struct walk *w, const struct verify_key *key, size_t i,
                           struct error *err)
{
    static const char *const words[] = {
        [SIGNATURE_MISSING] = N_("the manifest is not signed"),
        [SIGNATURE_OTHER_KEY] = N_("the manifest is signed with another key than the one given"),
        [SIGNATURE_BAD] =
            N_("the signature of the manifest is wrong: the manifest was changed after "
               "it was signed, or never signed with this key"),
    };
    struct audit_report *report = &w->audit->reports[i];
    enum signature_verdict verdict;

    if (!report->has_manifest)
        return 0;
    if (signature_check(key, &report->manifest, &verdict, err))
        return -1;
    report->signature = verdict == SIGNATURE_GOOD ? AUDIT_AGREES : AUDIT_DISAGREES;
    if (verdict != SIGNATURE_GOOD)
        disagreement_raise(w->audit, AUDIT_SIGNATURE, i, 0, "%s", _(words[verdict]));
    return 0;
}

int audit_open_check_signatures(struct walk *w, struct error *err)
{
    struct verify_key *key = NULL;
    int result;

    if (!w->settings->verify_key)
        return 0;
    result = signature_verify_key_open(w->settings->verify_key, &key, err);
    for (size_t i = 0; i < w->audit->report_count && !result; i++)
        result = check_signature(w, key, i, err);
    signature_verify_key_close(key);
    return result;
}

/* Without one of this version there is nothing to compare with. */
static int find_ledger(const char *path, struct ledger **ret_ledger, struct error *err)
{
    if (view_open(path, ret_ledger, err))
        return -1;
    if (!view_check_schema(*ret_ledger, err))
        return 0;
    ledger_close(*ret_ledger);
    *ret_ledger = NULL;
    return -1;
}

static int open_ledger(struct walk *w, struct error *err)
{
    const struct audit_settings *s = w->settings;
    struct error why;

    if (!s->ledger_path || !find_ledger(s->ledger_path, &w->ledger, &why))
        return 0;
    if (s->ledger_is_named || why.exit_code == EXIT_RESOURCES ||
        why.exit_code >= EXIT_SIGNAL_BASE) {
        *err = why;
        return -1;
    }
    disagreement_note(w->audit, _("not compared with a ledger: %s"), why.text);
    return 0;
}

/* Another ledger may have learned of the run: then it can be asked. */
static int open_against_ledger(struct walk *w, size_t i, struct error *err)
{
    struct audit_report *report = &w->audit->reports[i];
    struct run_record run;
    int found;

    if (!report->has_manifest)
        return 0;
    if (manifest_is_of(&report->manifest, w->ledger))
        return against_ledger_open(w->ledger, w->audit, i, &w->ledgers[i], err);
    found = ledger_run_named(w->ledger, report->manifest.run, &run, err);
    if (found)
        return found < 0 ? -1 : against_ledger_open(w->ledger, w->audit, i, &w->ledgers[i], err);
    report->ledger = AUDIT_DISAGREES;
    disagreement_raise(
        w->audit, AUDIT_LEDGER, i, 0,
        _("it was made with ledger %s, and the ledger here is %s, which does not know its "
          "run"),
        report->manifest.ledger_id, ledger_id(w->ledger));
    return 0;
}

int audit_open_ledgers(struct walk *w, struct error *err)
{
    if (open_ledger(w, err))
        return -1;
    if (w->ledger && ledger_look_begin(w->ledger, err))
        return -1;
    for (size_t i = 0; i < w->audit->report_count && w->ledger; i++)
        if (open_against_ledger(w, i, err))
            return -1;
    return 0;
}
