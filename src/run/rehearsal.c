#include "run/rehearsal.h"

#include <string.h>

#include "base/error.h"
#include "gateway/digest.h"
#include "input/repeats.h"
#include "run/feed.h"

struct pass {
    const struct intake *intake;
    const struct inspection *inspection;
    struct ledger *ledger;
    const char *platform;
    int64_t run;
    struct reader *reader;
    struct ledger_rows *rows;
    struct row_record known;
    bool known_at_end;
    struct claim_store store;
};

/* Whether an earlier start of this run has settled the row for good. */
static int is_done(struct pass *pass, uint64_t row, bool *ret_done, struct error *err)
{
    *ret_done = false;
    while (pass->rows && !pass->known_at_end && pass->known.row < row) {
        int found = ledger_rows_next(pass->rows, &pass->known, err);

        if (found < 0)
            return -1;
        pass->known_at_end = found == 0;
    }
    if (pass->rows && !pass->known_at_end && pass->known.row == row)
        *ret_done = !feed_tries_again(&pass->known, &(struct round){0});
    return 0;
}

static int decide(struct pass *pass, const struct claim *claim, uint64_t row,
                  enum decision *ret_decision, struct error *err)
{
    unsigned char digest[DIGEST_CLAIM_BYTES];
    struct claim_key key = {claim->workcard_id, claim->claim_order_no};
    struct claim_state state = {0};
    struct decision_facts facts = {
        /* A run that does not exist yet will be newer than all that do. */
        .order = {pass->run ? pass->run : INT64_MAX, row},
        .digest = digest,
        .claim = &state,
        .open_run_alive = true,
    };

    if (digest_claim(claim, digest))
        return error_no_memory(err);
    if (pass->ledger && ledger_claim_get(pass->ledger, pass->platform, &key, &state, err))
        return -1;
    *ret_decision = decision_make(&facts);
    return 0;
}

/* Judges the record at hand: 1 and a decision, or 0: nothing is to be decided. */
static int judge(struct pass *pass, const struct record *record, struct claim *ret_claim,
                 enum decision *ret_decision, struct rehearsal *rehearsal, struct error *err)
{
    struct findings findings;
    bool done;

    claim_judge(&pass->intake->rules, reader_columns(pass->reader), record, pass->intake->now_ms,
                &pass->store, ret_claim, &findings);
    if (pass->store.desc.failed || pass->store.order_no.failed)
        return error_no_memory(err);
    if (findings_invalid(&findings))
        return 0;
    if (is_done(pass, record->row, &done, err))
        return -1;
    if (done) {
        rehearsal->done++;
        return 0;
    }
    return decide(pass, ret_claim, record->row, ret_decision, err) ? -1 : 1;
}

int rehearsal_run(const struct intake *intake, const struct inspection *inspection,
                  struct ledger *ledger, const char *platform, int64_t run,
                  void (*visit)(void *context, const struct claim *claim), void *context,
                  struct rehearsal *ret_rehearsal, struct error *err)
{
    struct pass pass = {.intake = intake,
                        .inspection = inspection,
                        .ledger = ledger,
                        .platform = platform,
                        .run = run};
    enum decision decision = DECIDE_SEND;
    struct record record;
    struct claim claim;
    int result = -1;

    memset(ret_rehearsal, 0, sizeof(*ret_rehearsal));
    if (reader_open(intake->export, &inspection->survey, &intake->reader, &pass.reader, err) ||
        (run && ledger_rows_open(ledger, run, 0, &pass.rows, err)))
        goto out;
    while ((result = reader_next(pass.reader, &record, err)) > 0) {
        int judged = judge(&pass, &record, &claim, &decision, ret_rehearsal, err);

        if (judged < 0) {
            result = -1;
            break;
        }
        if (!judged)
            continue;
        ret_rehearsal->rows[decision]++;
        ret_rehearsal->fee[decision] += claim.claim_fee;
        ret_rehearsal->repeated += repeats_maybe(inspection->repeats, &claim);
        if (visit && (decision == DECIDE_SEND || decision == DECIDE_SEND_CHANGED)) {
            visit(context, &claim);
            visit = NULL;
        }
    }
out:
    ledger_rows_close(pass.rows);
    reader_close(pass.reader);
    claim_store_release(&pass.store);
    return result;
}
