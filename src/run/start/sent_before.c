#include "run/start/sent_before.h"

#include <string.h>

#include "base/error.h"
#include "input/claim/claim.h"
#include "input/claim/claim_digest.h"
#include "ledger/ledger.h"

/* What was accepted last, or else whose outcome is not known. */
static int read_digest(const struct sent_before *s, const struct claim_key *key,
                       unsigned char ret_digest[DIGEST_CLAIM_BYTES], struct error *err)
{
    struct known_row known = {0};
    struct claim_state state;
    int result;

    if (ledger_claim_get(s->ledger, s->platform, key, &state, err))
        return -1;
    if (state.accepted && state.accepted_order.run != s->sequence) {
        memcpy(ret_digest, state.accepted_digest, sizeof(state.accepted_digest));
        return 1;
    }
    if (!state.open || state.open_at.run == s->run)
        return 0;
    result = ledger_claim_last(s->ledger, s->platform, key, &known, err);
    memcpy(ret_digest, known.record.digest, sizeof(known.record.digest));
    known_row_release(&known);
    return result < 0 ? -1 : 1;
}

int sent_before_look(const struct sent_before *settings, const struct claim_key *key,
                     const struct claim *claim, bool *ret_same, struct error *err)
{
    unsigned char digest[DIGEST_CLAIM_BYTES], sent[DIGEST_CLAIM_BYTES];
    struct claim then = *claim;
    int found = read_digest(settings, key, sent, err);

    *ret_same = false;
    if (found <= 0)
        return found;
    then.workcard_id = key->workcard_id;
    then.claim_order_no = key->claim_order_no;
    if (claim_digest(&then, digest))
        return error_no_memory(err);
    *ret_same = memcmp(digest, sent, sizeof(digest)) == 0;
    return 1;
}
