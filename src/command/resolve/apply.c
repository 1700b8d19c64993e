#include "apply.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/words/language.h"
#include "unknown_row.h"

#define RESOLVED_ACCEPTED "RESOLVED_ACCEPTED"

static struct row_place place_of(const struct apply *s, const struct decision *decision)
{
    return (struct row_place){s->run->id, decision->row};
}

/* Whether the very same was said of the very same attempt before. */
static bool was_settled_alike(const struct decision *decision, const struct row_record *record)
{
    const char *code =
        decision->outcome == OUTCOME_ACCEPTED ? RESOLVED_ACCEPTED : "RESOLVED_NOT_EXECUTED";

    return record->outcome == decision->outcome && strcmp(record->code, code) == 0 &&
           record->submitted_ms == decision->submitted_ms &&
           memcmp(record->digest, decision->digest, sizeof(decision->digest)) == 0;
}

static void format_attempt(int64_t submitted_ms, const unsigned char *digest,
                           struct buffer *ret_text)
{
    char hex[DIGEST_CLAIM_TEXT_BYTES];
    char time[CLOCK_RFC3339_BYTES];

    hex_format(digest, DIGEST_CLAIM_BYTES, hex);
    clock_format_rfc3339(submitted_ms, time);
    language_format(ret_text, "handed over at %s, digest %s", submitted_ms ? time : _("no time"),
                    hex);
}

static void refuse_other_attempt(struct apply *s, const struct decision *decision,
                                 const struct row_record *record)
{
    struct buffer is = {0};
    struct buffer said = {0};

    format_attempt(record->submitted_ms, record->digest, &is);
    format_attempt(decision->submitted_ms, decision->digest, &said);
    decisions_refuse(s->decisions, decision,
                     _("the unknown attempt is another: %s; the decision is about one %s"),
                     buffer_string(&is), buffer_string(&said));
    buffer_release(&is);
    buffer_release(&said);
}

/* The row is unknown, but its claim's open attempt is not this row's. */
static int refuse_elsewhere(struct apply *s, const struct decision *decision,
                            const struct claim_state *state, struct error *err)
{
    struct unknown_row unknown_row = {.at = state->open_at, .at_report = ""};
    struct buffer place = {0};
    struct run_record run;
    int found;

    if (!state->open) {
        decisions_refuse(s->decisions, decision, _("its claim was settled in another run"));
        return 0;
    }
    found = ledger_run_get(s->ledger, state->open_at.run, &run, err);
    if (found < 0)
        return -1;
    if (found) {
        snprintf(unknown_row.at_run, sizeof(unknown_row.at_run), "%s", run.name);
        unknown_row.at_report = run.report_path;
    }
    unknown_row_append_place(&unknown_row, &place);
    decisions_refuse(s->decisions, decision, _("it waits for %s: %s"), buffer_string(&place),
                     state->open_is_intent
                         ? _("which is being sent")
                         : _("settle that one, or list what is unknown here with -o"));
    buffer_release(&place);
    return 0;
}

static bool is_own(const struct apply *s, const struct decision *decision,
                   const struct claim_state *state)
{
    return state->open && state->open_at.run == s->run->id && state->open_at.row == decision->row;
}

static int refuse_known(struct apply *s, const struct decision *decision,
                        const struct claim_state *state, const struct row_record *record,
                        struct error *err)
{
    if (was_settled_alike(decision, record)) {
        s->before++;
        return 0;
    }
    if (record->outcome == OUTCOME_UNKNOWN && outcome_is_there(record)) {
        if (!is_own(s, decision, state))
            return refuse_elsewhere(s, decision, state, err);
        refuse_other_attempt(s, decision, record);
        return 0;
    }
    /* What may have been paid is never taken back; it can be sent again, as anything can. */
    if (strcmp(record->code, RESOLVED_ACCEPTED) == 0) {
        decisions_refuse(
            s->decisions, decision,
            _("it is accepted by a person's word (%s); if that was wrong, an upload of "
              "an export that has this row alone sends it again with --resubmit"),
            LOG_QUOTED(record->message));
        return 0;
    }
    decisions_refuse(s->decisions, decision,
                     _("it is not unknown: the ledger has it as %s %s (%s)"),
                     outcome_word(outcome_is_there(record) ? record->outcome : OUTCOME_UNSENT),
                     LOG_QUOTED(record->code), LOG_QUOTED(record->message));
    return 0;
}

/* Says what the ledger holds in place of the attempt that a decision is about. */
static int refuse_decision(struct apply *s, const struct decision *decision,
                           const struct claim_state *state, struct error *err)
{
    struct known_row known = {0};
    int found = ledger_row_get(s->ledger, place_of(s, decision), &known, err);

    if (found > 0 && refuse_known(s, decision, state, &known.record, err))
        found = -1;
    if (found == 0)
        decisions_refuse(s->decisions, decision, _("the ledger knows of no attempt of it"));
    known_row_release(&known);
    return found < 0 ? -1 : 0;
}

/* Settles the attempt of the decision if it is that of this row: 1, or 0. */
static int settle_at(struct apply *s, const struct decision *decision, const struct run_record *run,
                     uint64_t row, struct error *err)
{
    struct row_ref ref = {
        .platform = s->run->platform,
        .place = {run->id, row},
        .key = {decision->workcard_id, decision->claim_order_no},
    };
    struct settlement settlement = decision_settlement(decision);

    return ledger_row_resolve(s->ledger, &ref, &settlement, err);
}

/* A row that waits: who names the attempt it waits for settles that. The report of its run is then
 * behind the ledger. 1 settled, or 0. */
static int settle_awaited(struct apply *s, const struct decision *decision,
                          const struct claim_state *state, struct error *err)
{
    struct run_record run;
    int result;

    if (!decision->names_attempt || !state->open || state->open_is_intent ||
        is_own(s, decision, state) || ledger_run_is_alive(s->ledger, state->open_at.run))
        return 0;
    result = ledger_run_get(s->ledger, state->open_at.run, &run, err);
    if (result > 0)
        result = settle_at(s, decision, &run, state->open_at.row, err);
    if (result <= 0)
        return result;
    run.published = false;
    return ledger_run_save(s->ledger, &run, err) ? -1 : 1;
}

static int settle_one(struct apply *s, const struct decision *decision, struct error *err)
{
    struct claim_key key = {decision->workcard_id, decision->claim_order_no};
    struct claim_state state;
    int done = settle_at(s, decision, s->run, decision->row, err);

    if (done == 0 && ledger_claim_get(s->ledger, s->run->platform, &key, &state, err))
        return -1;
    if (done == 0)
        done = settle_awaited(s, decision, &state, err);
    if (done < 0)
        return -1;
    if (done == 0)
        return refuse_decision(s, decision, &state, err);
    s->settled++;
    return 0;
}

static int settle_decisions(struct apply *s, struct error *err)
{
    for (size_t i = 0; i < decisions_count(s->decisions); i++) {
        const struct decision *decision = decisions_at(s->decisions, i);

        if (decision->claim_order_no && settle_one(s, decision, err))
            return -1;
    }
    return 0;
}

static int refuse_all(const struct apply *s, struct error *err)
{
    uint64_t refused = decisions_refused(s->decisions);

    return error_set(err, EXIT_INPUT_REFUSED,
                     "%llu decision%s refused, %s named above; all are taken or none, so nothing "
                     "was settled",
                     (unsigned long long)refused, refused == 1 ? _(" is") : _("s are"),
                     refused > DECISIONS_REFUSED_SHOWN ? _("the first ones") : "as");
}

int apply_decisions(struct apply *apply, struct error *err)
{
    apply->settled = apply->before = 0;
    if (ledger_begin(apply->ledger, err) || settle_decisions(apply, err))
        return -1;
    if (decisions_refused(apply->decisions)) {
        ledger_rollback(apply->ledger);
        return refuse_all(apply, err);
    }
    /* From now on the report is behind the ledger: whoever comes next is to publish it. */
    apply->run->published &= apply->settled == 0;
    if (ledger_run_save(apply->ledger, apply->run, err))
        return -1;
    return ledger_commit(apply->ledger, err);
}
