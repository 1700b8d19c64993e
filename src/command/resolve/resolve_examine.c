#include "resolve_examine.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/options/options.h"
#include "decisions.h"
#include "resolve_open.h"
#include "revision.h"
#include "unknown_row.h"

#define CHANGES_SHOWN 20

static void say_change(struct resolve *r, const struct revision_row *row)
{
    const struct row_record *was = &row->was->line.record;
    const struct row_record *is = &row->line.record;

    if (r->totals.changed++ >= CHANGES_SHOWN)
        return;
    log_info("row %llu is %s %s by now; the report says %s %s", (unsigned long long)is->row,
             outcome_word(is->outcome), LOG_QUOTED(is->code), outcome_word(was->outcome),
             LOG_QUOTED(was->code));
}

/* Some of a list's columns may have been sorted without the others: then what is said of one claim
 * stands beside the row of another. The amount is that of the row's content alone. */
static bool fits(struct resolve *r, const struct decision *decision, const struct scan_row *was)
{
    static const struct {
        const char *name;
        enum field field;
    } columns[DECISION_SAID_COUNT] = {
        [DECISION_SAID_WORKCARD_ID] = {"workcard_id", FIELD_WORKCARD_ID},
        [DECISION_SAID_CLAIM_ORDER_NO] = {"claim_order_no", FIELD_CLAIM_ORDER_NO},
        [DECISION_SAID_CLAIM_FEE] = {"claim_fee", FIELD_CLAIM_FEE},
    };
    bool is_this_content =
        memcmp(decision->digest, was->line.record.digest, DIGEST_CLAIM_BYTES) == 0;

    for (int i = 0; i < DECISION_SAID_COUNT; i++) {
        const char *is = was->line.fields[columns[i].field];

        if (!decision->said[i] || (i == DECISION_SAID_CLAIM_FEE && !is_this_content) ||
            decision_says(decision->said[i], is))
            continue;
        decisions_refuse(r->decisions, decision,
                         _("%s is '%s' in the list and '%s' in the report: were only some of the "
                           "columns sorted or moved? Fill in a new list"),
                         columns[i].name, LOG_QUOTED(decision->said[i]), LOG_QUOTED(is));
        return false;
    }
    return true;
}

/* What is typed of a row is about its own attempt, or about one of the same content whose report is
 * gone. */
static int name_attempt(struct resolve *r, struct decision *decision,
                        const struct revision_row *row, struct error *err)
{
    const struct row_record *record = &row->was->line.record;

    if (row->line.record.outcome == OUTCOME_UNKNOWN) {
        if (unknown_row_look_up(r->ledger, &r->run, row, &r->unknown_row, err))
            return -1;
        if (r->unknown_row.kind == UNKNOWN_ROW_HEIR) {
            record = &r->unknown_row.attempt.record;
            decision->names_attempt = true;
        }
    }
    memcpy(decision->digest, record->digest, sizeof(decision->digest));
    decision->submitted_ms = record->submitted_ms;
    return 0;
}

/* Binds a decision to the claim of its row, as the report has it. */
static int bind(struct resolve *r, struct decision *decision, const struct revision_row *row,
                struct error *err)
{
    const struct scan_row *was = row->was;

    if (!was->has_claim) {
        decisions_refuse(r->decisions, decision,
                         _("it is invalid in the report, and was never sent"));
        return 0;
    }
    if (!fits(r, decision, was))
        return 0;
    if (!decision->names_attempt && name_attempt(r, decision, row, err))
        return -1;
    decision->fee_fen = was->claim.claim_fee;
    snprintf(decision->known, sizeof(decision->known), "%s", was->line.record.code);
    return decision_set_claim(decision, was->claim.workcard_id, was->claim.claim_order_no)
               ? error_no_memory(err)
               : 0;
}

static void refuse_missing(struct resolve *r)
{
    for (size_t i = 0; i < decisions_count(r->decisions); i++) {
        struct decision *decision = decisions_at(r->decisions, i);
        /* Of several about one row, which are refused for that, one is asked for it. */
        const struct decision *asked = decisions_find(r->decisions, decision->row);

        if (!asked || !asked->is_found)
            decisions_refuse(r->decisions, decision, _("the report has no such row"));
    }
}

/* With --claim or --all, the row's decision: 1, where it is settled here and is meant, or 0. */
static int choose(struct resolve *r, const struct revision_row *row, struct decision **ret_decision,
                  struct error *err)
{
    const struct options *o = r->options;
    const struct row_record *attempt = &row->line.record;

    if (row->line.record.outcome != OUTCOME_UNKNOWN || !row->was->has_claim ||
        (o->claim && strcmp(o->claim, row->was->claim.claim_order_no) != 0))
        return 0;
    if (unknown_row_look_up(r->ledger, &r->run, row, &r->unknown_row, err))
        return -1;
    if (!unknown_row_is_settled_by_word(&r->unknown_row))
        return 0;
    if (r->unknown_row.kind == UNKNOWN_ROW_HEIR)
        attempt = &r->unknown_row.attempt.record;
    *ret_decision = decisions_add(r->decisions, row->line.record.row, r->outcome, o->by, o->reason);
    if (!*ret_decision)
        return error_no_memory(err);
    (*ret_decision)->names_attempt = true;
    (*ret_decision)->submitted_ms = attempt->submitted_ms;
    memcpy((*ret_decision)->digest, attempt->digest, sizeof((*ret_decision)->digest));
    return 1;
}

/* What was typed beside the decisions has to fit them. */
static int check_typed(struct resolve *r, struct error *err)
{
    const struct options *o = r->options;
    size_t count = decisions_count(r->decisions);

    if (o->all && count != (uint64_t)o->expect_rows)
        return error_set(
            err, EXIT_INPUT_REFUSED,
            language_plural(
                "%zu row is unknown and to be settled here, not %lld; nothing was settled",
                "%zu rows are unknown and to be settled here, not %lld; nothing was settled",
                count),
            count, (long long)o->expect_rows);
    if (o->claim && !count)
        return error_set(err, EXIT_INPUT_REFUSED,
                         "no row of this report has an unknown attempt of the claim '%s'; nothing "
                         "was settled",
                         o->claim);
    for (size_t i = 0; i < count && o->claim; i++) {
        struct decision *decision = decisions_at(r->decisions, i);

        if (decision->claim_order_no && strcmp(decision->claim_order_no, o->claim) != 0)
            decisions_refuse(r->decisions, decision,
                             _("it is claim '%s', not the one that was typed"),
                             decision->claim_order_no);
    }
    return 0;
}

static int examine_rows(struct resolve *r, struct error *err)
{
    const struct options *o = r->options;
    bool chooses = o->all || (o->claim && !o->rows);
    struct revision_row row;
    int found;

    while ((found = revision_next(r->revision, &row, err)) > 0) {
        struct decision *decision =
            r->decisions ? decisions_find(r->decisions, row.line.record.row) : NULL;

        if (row.differs)
            say_change(r, &row);
        if (chooses && choose(r, &row, &decision, err) < 0)
            return -1;
        if (!decision)
            continue;
        decision->is_found = true;
        if (bind(r, decision, &row, err))
            return -1;
    }
    return found;
}

int resolve_examine_run(struct resolve *r, struct error *err)
{
    int result;

    if (ledger_look_begin(r->ledger, err))
        return -1;
    result = examine_rows(r, err);
    ledger_look_end(r->ledger);
    if (result)
        return -1;
    if (r->totals.changed > CHANGES_SHOWN)
        log_info("… and %llu more", (unsigned long long)(r->totals.changed - CHANGES_SHOWN));
    if (!r->decisions)
        return 0;
    refuse_missing(r);
    return check_typed(r, err);
}
