#include "refill.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/money.h"
#include "firewall.h"
#include "report/report.h"
#include "run/halt.h"
#include "run/other_run.h"
#include "run/rows/fate.h"
#include "run/rows/history.h"
#include "state.h"

/* A line that quotes the row as it stands (invalid) the report writes from what it reads itself. */
static int give_to_report(struct coordinator *c, const struct job *job,
                          const struct row_record *record, struct error *err)
{
    struct judged_row *row = &c->given;

    if (record->outcome == OUTCOME_INVALID)
        return 0;
    row->row = job->row;
    row->claim = job->claim;
    row->noted = buffer_string(&job->codes);
    return report_take(c->settings->report, job->place, row, record, err);
}

static int note(struct coordinator *c, struct job *job, enum outcome outcome,
                enum outcome counts_as, const char *code, const char *message, struct error *err)
{
    struct row_ref ref = state_ref(c, job);
    struct row_record record = state_record(c, job, ROW_NOTED, outcome);

    if (job->keeps) {
        state_leave(c, job, OUTCOME_ACCEPTED);
        return 0;
    }
    record.counts_as = counts_as;
    record.code = code;
    record.message = message;
    if (ledger_row_note(c->settings->ledger, &ref, &record, job->repeated, err) ||
        give_to_report(c, job, &record, err) ||
        (outcome == OUTCOME_UNSENT && job->attempts && unexecuted_add(c->unexecuted, job, err)))
        return -1;
    state_leave(c, job, outcome);
    return 0;
}

static int skip_accepted(struct coordinator *c, struct job *job, const struct claim_state *claim,
                         const char *code, const char *what, struct error *err)
{
    char when[CLOCK_RFC3339_BYTES];

    /* Without printf: a whole export may be skipped. */
    clock_format_rfc3339(claim->accepted_ms, when);
    buffer_reset(&c->words);
    buffer_text(&c->words, what);
    buffer_text(&c->words, " by run ");
    buffer_text(&c->words, claim->accepted_run_name);
    buffer_text(&c->words, ", row ");
    buffer_integer(&c->words, (int64_t)claim->accepted_at.row);
    buffer_text(&c->words, ", at ");
    buffer_text(&c->words, when);
    if (c->words.failed)
        return error_no_memory(err);
    return note(c, job, OUTCOME_SKIPPED, OUTCOME_SKIPPED, code, buffer_string(&c->words), err);
}

static int skip_duplicate(struct coordinator *c, struct job *job, const struct row_record *before,
                          struct error *err)
{
    char message[128];

    snprintf(message, sizeof(message), "the same content as row %llu, which is %s",
             (unsigned long long)before->row, outcome_name(before->counts_as));
    return note(c, job, OUTCOME_SKIPPED, before->counts_as, "DUPLICATE_IN_FILE", message, err);
}

static int leave_unsent(struct coordinator *c, struct job *job, const struct row_record *before,
                        struct error *err)
{
    bool is_unknown = job->unrecorded || (job->in_round && job->resend);
    char message[128];

    snprintf(message, sizeof(message), "%srow %llu of the same claim comes first, and is %s",
             is_unknown ? "not sent again: " : "", (unsigned long long)before->row,
             outcome_name(before->counts_as));
    /* What was handed over once may have been executed, whatever it waits for now. */
    if (is_unknown)
        return note(c, job, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, "UNSETTLED", message, err);
    return note(c, job, OUTCOME_UNSENT, OUTCOME_UNSENT, "EARLIER_ROW_OPEN", message, err);
}

static int leave_unsettled(struct coordinator *c, struct job *job, const struct claim_state *claim,
                           struct error *err)
{
    char message[192];

    snprintf(message, sizeof(message),
             "not sent: what became of an earlier attempt of this claim is unknown (row %llu of an "
             "earlier run); settle that one first",
             (unsigned long long)claim->open_at.row);
    return note(c, job, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, "UNSETTLED", message, err);
}

/* What is known of the attempt that a resend follows, where that was one of another row. */
static int remember_earlier(struct coordinator *c, struct job *job, const struct claim_state *claim,
                            struct error *err)
{
    struct known_row known = {0};
    int found;

    if (!job->resend || !claim->open || job->earlier.len)
        return 0;
    found = ledger_row_get(c->settings->ledger, claim->open_at, &known, err);
    buffer_format(&job->earlier,
                  "row %llu of another run: ", (unsigned long long)claim->open_at.row);
    if (found)
        buffer_format(&job->earlier, "%s %s", known.record.code, known.record.message);
    else
        buffer_text(&job->earlier, "an answer that is not known");
    known_row_release(&known);
    if (found < 0)
        return -1;
    return job->earlier.failed ? error_no_memory(err) : 0;
}

/* The row that stopped a start of an earlier export must not stop this one as the first that is
 * sent. Once it is known that the gateway answers no claim is looked up. */
static int look_for_firewall(struct coordinator *c, struct job *job, struct error *err)
{
    struct row_ref ref = state_ref(c, job);
    struct known_row last = {0};
    int found;

    if (c->firewall.has_definite || job->firewall != JOB_FIREWALL_NONE)
        return 0;
    found = ledger_claim_last(c->settings->ledger, ref.platform, &ref.key, &last, err);
    if (found > 0 && fate_was_disliked(&last.record))
        job->firewall = JOB_FIREWALL_ASIDE;
    known_row_release(&last);
    return found < 0 ? -1 : 0;
}

/* Whether the rule holds back rows whose claim was accepted with other content. */
static bool holds_changed(const struct coordinator *c)
{
    return c->settings->row_source->rules.severity[RULE_CHANGED_SINCE_ACCEPTED] == SEVERITY_ERROR;
}

static int hold_changed(struct coordinator *c, struct job *job, const struct claim_state *claim,
                        struct error *err)
{
    char before[MONEY_TEXT_BYTES] = "an amount not known here";
    char now[MONEY_TEXT_BYTES];
    char message[320];

    if (claim->has_fee)
        money_format_yuan(claim->fee_fen, before);
    snprintf(message, sizeof(message),
             "not sent: the claim was accepted with other content (%s%s; run %s, row %llu), and "
             "this row says %s yuan; changed-since-accepted=error holds it back",
             before, claim->has_fee ? " yuan" : "", claim->accepted_run_name,
             (unsigned long long)claim->accepted_at.row,
             money_format_yuan(job->claim.claim_fee, now));
    return note(c, job, OUTCOME_INVALID, OUTCOME_INVALID, rule_code(RULE_CHANGED_SINCE_ACCEPTED),
                message, err);
}

static int wait_for_holder(struct coordinator *c, struct job *job, int64_t run, struct error *err)
{
    struct buffer message = {0};
    int result;

    if (ledger_run_watch(c->settings->ledger, run, err) < 0)
        return -1;
    buffer_text(&message, "not sent: its claim is in flight in ");
    result = other_run_wait(c, job, run, &message, err);
    if (!result)
        window_move(c->window, job, JOB_JUDGE, c->now_ms + STATE_OTHER_RUN_WAIT_MS);
    else if (result > 0)
        result = note(c, job, OUTCOME_UNSENT, OUTCOME_UNSENT, "HELD_BY_RUN",
                      buffer_string(&message), err);
    buffer_release(&message);
    return result;
}

/* On a server who takes a dead run's place does it, after a while: it is waited for. */
static int recover(struct coordinator *c, struct job *job, int64_t run, struct error *err)
{
    if (!ledger_is_local(c->settings->ledger))
        return wait_for_holder(c, job, run, err);
    return ledger_run_recover(c->settings->ledger, run, NULL, err);
}

/* May be sent, unless --limit has been reached: then it is parked, and stays unsent. */
static void make_ready(struct coordinator *c, struct job *job)
{
    if (!job->counted && c->settings->limit >= 0 && c->taken >= c->settings->limit) {
        c->limit_hit = true;
        window_move(c->window, job, JOB_BLOCKED, INT64_MIN);
        return;
    }
    c->taken += !job->counted;
    job->counted = true;
    window_move(c->window, job, job->firewall == JOB_FIREWALL_ASIDE ? JOB_ASIDE : JOB_READY,
                INT64_MIN);
}

/* Before the first send no more were found; but another run may have sent the same claims since,
 * and then every row of this one would be a correction. What an earlier row of this export was
 * accepted with does not count, as it did not then. */
static bool is_one_change_too_many(struct coordinator *c, struct job *job,
                                   const struct claim_state *claim)
{
    const struct coordinator_settings *s = c->settings;

    if (job->changed_counted || claim->accepted_order.run == s->run->sequence)
        return false;
    job->changed_counted = true;
    return ++c->changed > s->max_changed && s->max_changed >= 0;
}

static void send_changed(struct coordinator *c, struct job *job, const struct claim_state *claim)
{
    if (is_one_change_too_many(c, job, claim))
        halt_begin(c, EXIT_STOPPED, "max-changed",
                   "another run has sent claims of this export with other content since this start "
                   "began: with row %llu more than %lld are corrections (--max-changed), so "
                   "nothing more was sent. Look at unit and columns of both exports",
                   (unsigned long long)job->row, (long long)c->settings->max_changed);
    make_ready(c, job);
}

/* One that is unknown, though not of this run, stands before it as well. */
static void add_open_row(const struct job *job, struct row_facts *known)
{
    if (!job->open_row || (known->has_before && known->before.row >= job->open_row))
        return;
    known->has_before = true;
    known->before = (struct row_record){.row = job->open_row, .counts_as = OUTCOME_UNKNOWN};
}

/* Within the run the order of its rows tells which is older. */
static bool is_history(const struct coordinator *c, const struct job *job,
                       const struct claim_state *claim)
{
    return job->repeated && claim->accepted && claim->accepted_at.run != c->settings->run->id &&
           history_row(c->settings->history, claim->accepted_digest) > job->row;
}

static enum fate fate_of(const struct coordinator *c, const struct job *job,
                         const struct row_facts *known)
{
    const struct coordinator_settings *s = c->settings;
    struct fate_facts facts = {
        .order = {s->run->sequence, job->row},
        .rank = s->run->rank,
        .digest = job->digest,
        .claim = &known->claim,
        .before = known->has_before ? &known->before : NULL,
        .resend_unknown = job->in_round && s->round.kind == ROUND_RESEND_UNKNOWN,
        .resubmit = job->in_round && s->round.kind == ROUND_RESUBMIT,
        .is_history = is_history(c, job, &known->claim),
    };

    return fate_make(&facts);
}

static const char *newer_content(const struct coordinator *c, const struct job *job,
                                 const struct claim_state *claim)
{
    if (claim->accepted_unseen)
        return "content that only the report of that run knows was accepted";
    return is_history(c, job, claim) ? "the content of a later row of this export was accepted"
                                     : "newer content was accepted";
}

static int act(struct coordinator *c, struct job *job, enum fate fate,
               const struct row_facts *known, struct error *err)
{
    const struct claim_state *claim = &known->claim;

    switch (fate) {
    case FATE_SEND:
        make_ready(c, job);
        return 0;
    case FATE_SEND_CHANGED:
        if (holds_changed(c))
            return hold_changed(c, job, claim, err);
        send_changed(c, job, claim);
        return 0;
    case FATE_ACCEPTED:
        return skip_accepted(c, job, claim, "ALREADY_ACCEPTED", "accepted", err);
    case FATE_SUPERSEDED:
        return skip_accepted(c, job, claim, "SUPERSEDED", newer_content(c, job, claim), err);
    case FATE_DUPLICATE:
        return skip_duplicate(c, job, &known->before, err);
    case FATE_EARLIER_OPEN:
        return leave_unsent(c, job, &known->before, err);
    case FATE_UNSETTLED:
        return leave_unsettled(c, job, claim, err);
    case FATE_WAIT:
        return wait_for_holder(c, job, claim->open_at.run, err);
    case FATE_RECOVER:
        return recover(c, job, claim->open_at.run, err);
    case FATE_COUNT:
        break;
    }
    return 0;
}

static int decide(struct coordinator *c, struct job *job, const struct row_facts *known,
                  struct error *err)
{
    const struct claim_state *claim = &known->claim;
    enum fate fate = fate_of(c, job, known);

    job->resend = (claim->open && !claim->open_is_intent) || job->unrecorded;
    if ((fate == FATE_SEND || fate == FATE_SEND_CHANGED) &&
        (remember_earlier(c, job, claim, err) || look_for_firewall(c, job, err)))
        return -1;
    job->changed = fate == FATE_SEND_CHANGED;
    job->has_before = claim->has_fee;
    job->before_fen = claim->fee_fen;
    return act(c, job, fate, known, err);
}

static int judge(struct coordinator *c, struct job *job, struct error *err)
{
    struct row_ref ref = state_ref(c, job);
    struct row_facts known;
    int waits = ledger_row_ask(c->settings->ledger, &ref, job->repeated, &known, err);

    if (waits < 0)
        return -1;
    if (waits) {
        window_move(c->window, job, JOB_ASKED, INT64_MIN);
        return 0;
    }
    add_open_row(job, &known);
    return decide(c, job, &known, err);
}

static int judge_due(struct coordinator *c, struct error *err)
{
    struct job *job;

    while ((job = window_due(c->window, JOB_JUDGE, c->now_ms)))
        if (judge(c, job, err))
            return -1;
    return 0;
}

/* Of what is asked for much may be skipped, so it does not count as what can be sent. */
bool refill_is_wanted(const struct coordinator *c)
{
    return !c->feed_at_end && !c->limit_hit && !halt_is_begun(c) && window_spare(c->window) &&
           window_count(c->window, JOB_ASKED) < REFILL_ASKED_ROWS &&
           window_count(c->window, JOB_READY) + window_count(c->window, JOB_GRANTED) <
               2 * state_rows_in_flight(c);
}

/* Nothing is on its way, or could be: no answer waits for the end of this turn. */
static int most_rows(const struct coordinator *c)
{
    return window_used(c->window) ? REFILL_ROWS : REFILL_FINAL_ROWS;
}

int refill_window(struct coordinator *c, struct error *err)
{
    if (halt_is_begun(c))
        return 0;
    if (ledger_has_news(c->settings->ledger))
        window_rejudge(c->window, JOB_READY);
    window_rejudge(c->window, JOB_ASKED);
    firewall_release(c);
    if (judge_due(c, err))
        return -1;
    for (int i = 0; i < most_rows(c) && refill_is_wanted(c); i++) {
        struct job *job = window_spare(c->window);
        struct error input;
        int found = feed_next(c->feed, job, &input);

        if (found < 0 && !ledger_is_begun(c->settings->ledger)) {
            *err = input;
            return -1;
        }
        if (found < 0) {
            /* Not the transaction's error: the answers in it are to be kept. */
            halt_fail(c, &input);
            break;
        }
        if (!found) {
            c->feed_at_end = true;
            break;
        }
        if (window_enter(c->window, job, err) || judge_due(c, err))
            return -1;
    }
    return 0;
}
