#include "run/rows/fate.h"

#include <string.h>

#include "gateway/verdict.h"

static bool is_same(const unsigned char *a, const unsigned char *b)
{
    return memcmp(a, b, DIGEST_CLAIM_BYTES) == 0;
}

static bool repeats_before(const struct fate_facts *f)
{
    return f->before && is_same(f->before->digest, f->digest);
}

static bool before_is_open(const struct fate_facts *f)
{
    enum outcome o;

    if (!f->before)
        return false;
    o = f->before->counts_as;
    return o == OUTCOME_FAILED || o == OUTCOME_UNSENT || o == OUTCOME_UNKNOWN;
}

static bool intent_is_alive(const struct fate_facts *f)
{
    return f->claim->open && f->claim->open_is_intent && f->claim->open_run_alive;
}

static bool intent_is_dead(const struct fate_facts *f)
{
    return f->claim->open && f->claim->open_is_intent && !f->claim->open_run_alive;
}

/* Content that is not known here may be this one: it is never sent. */
static bool was_accepted_later(const struct fate_facts *f)
{
    return f->claim->accepted && !is_same(f->claim->accepted_digest, f->digest) &&
           (f->claim->accepted_unseen || f->is_history ||
            ledger_claim_is_newer(f->claim, &f->order, f->rank));
}

/* Content that was accepted since is not undone, even by a resend. */
static bool is_unsettled(const struct fate_facts *f)
{
    return f->claim->open && !f->claim->open_is_intent &&
           (!f->resend_unknown || was_accepted_later(f));
}

/* What was accepted before an attempt that is to be sent again does not tell what became of it. */
static bool was_accepted_alike(const struct fate_facts *f)
{
    return f->claim->accepted && is_same(f->claim->accepted_digest, f->digest) && !f->resubmit &&
           !f->claim->open;
}

static bool was_accepted_other(const struct fate_facts *f)
{
    return f->claim->accepted && !is_same(f->claim->accepted_digest, f->digest);
}

static const struct {
    bool (*holds)(const struct fate_facts *facts);
    enum fate fate;
} table[] = {
    {repeats_before, FATE_DUPLICATE},      {before_is_open, FATE_EARLIER_OPEN},
    {intent_is_alive, FATE_WAIT},          {intent_is_dead, FATE_RECOVER},
    {is_unsettled, FATE_UNSETTLED},        {was_accepted_alike, FATE_ACCEPTED},
    {was_accepted_later, FATE_SUPERSEDED}, {was_accepted_other, FATE_SEND_CHANGED},
};

enum fate fate_make(const struct fate_facts *facts)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
        if (table[i].holds(facts))
            return table[i].fate;
    return FATE_SEND;
}

bool fate_was_disliked(const struct row_record *record)
{
    return verdict_is_firewall_code(record->code) &&
           (record->outcome == OUTCOME_UNSENT || record->outcome == OUTCOME_FAILED);
}
