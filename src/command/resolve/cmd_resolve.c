/* claimbatch resolve: the rows of a report that are unknown, and what a person says of them. */
#include <stdio.h>
#include <string.h>

#include "apply.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/file/output.h"
#include "base/json.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/folder.h"
#include "cli/next_step.h"
#include "cli/options/options.h"
#include "cli/protected_place.h"
#include "cli/statement.h"
#include "command/commands.h"
#include "confirmation.h"
#include "decisions.h"
#include "gateway/endpoint.h"
#include "ledger/abandonment.h"
#include "ledger/moves.h"
#include "ledger_unknown.h"
#include "report/manifest/signature.h"
#include "report/move.h"
#include "resolve_examine.h"
#include "resolve_open.h"
#include "revision.h"
#include "unknown_json.h"
#include "unknown_row.h"
#include "unknown_sheet.h"

/* ---- what was typed ---- */

static int refuse_usage(const char *why, struct error *err)
{
    return error_set(err, EXIT_BAD_USAGE, "%s; nothing was settled", why);
}

static int check_words(const struct options *o, struct error *err)
{
    const char *why = o->by ? statement_breach(o->by, STATEMENT_BY_BYTES) : NULL;

    if (why)
        return error_set(err, EXIT_BAD_USAGE,
                         "the name of --by %s: it is 1 to %d bytes of plain text; nothing was "
                         "settled",
                         why, STATEMENT_BY_BYTES);
    why = o->reason ? statement_breach(o->reason, STATEMENT_REASON_BYTES) : NULL;
    if (why)
        return error_set(err, EXIT_BAD_USAGE,
                         "the text of --reason %s: it is 1 to %d bytes of plain text; nothing was "
                         "settled",
                         why, STATEMENT_REASON_BYTES);
    return 0;
}

/* Whether something is to be settled, by what was typed. */
static bool is_typed(const struct options *o)
{
    return o->rows || o->claim || o->all;
}

static const char *usage_breach(const struct options *o)
{
    if (is_typed(o) && o->from)
        return _("--row, --claim and --all settle what is typed, --from what a file says: not both "
                 "at once");
    if ((is_typed(o) || o->from) && o->list)
        return _("--list goes without a decision: first settle, then list what is left");
    if (is_typed(o) && (!o->as || !o->by || !o->reason))
        return _("settling needs --as accepted or --as not-executed, and --by NAME and --reason "
                 "TEXT, which are recorded");
    if (o->as && !is_typed(o))
        return _("--as goes with --row N, --claim ORDER_NO or --all");
    if ((o->by || o->reason) && !is_typed(o) && !o->from)
        return _("--by and --reason go with --row, --claim, --all or --from");
    if (o->json && output_is_standard(o->list))
        return _("--json and -o - both write to standard output; name a file for the list");
    if (o->all && (o->rows || o->claim))
        return _("--all settles every unknown row: not together with --row or --claim");
    if (o->all && o->expect_rows < 0)
        return _("--all needs --expect-rows N: how many rows that will be");
    if (o->expect_rows >= 0 && !o->all)
        return _("--expect-rows goes with --all");
    return NULL;
}

static int check_combination(const struct options *o, struct error *err)
{
    const char *why = usage_breach(o);

    if (o->claims && strcmp(o->claims, "-") == 0)
        why =
            _("a report is published anew where it stands, so it cannot come from standard input");
    if (!o->claims && (o->rows || o->from || o->list))
        why =
            _("--row, --from and -o are about one report: name it; over the whole ledger: --claim "
              "ORDER_NO, or --all");
    return why ? refuse_usage(why, err) : check_words(o, err);
}

static int take_decisions(struct resolve *r, struct error *err)
{
    const struct options *o = r->options;

    if (o->from)
        return decisions_read(o->from, o->encoding, o->by, o->reason, &r->decisions, err);
    if (!is_typed(o))
        return 0;
    if (!decision_parse_outcome(o->as, &r->outcome))
        return refuse_usage(
            _("--as is accepted (the platform has stored the claim) or not-executed "
              "(it surely has not)"),
            err);
    r->decisions = decisions_of_rows(o->rows, r->outcome, o->by, o->reason, err);
    return r->decisions ? 0 : -1;
}

/* ---- settling ---- */

/* Whether the run, whose report was here once, had this row unknown: 1, or 0. */
static int was_unknown(struct resolve *r, const char *run_name, uint64_t number, struct error *err)
{
    struct run_record run;
    struct known_row known = {0};
    int found = ledger_run_named(r->ledger, run_name, &run, err);

    if (found > 0)
        found = ledger_row_get(r->ledger, (struct row_place){run.id, number}, &known, err);
    if (found > 0)
        found = known.record.outcome == OUTCOME_UNKNOWN ||
                strncmp(known.record.code, "RESOLVED_", 9) == 0;
    known_row_release(&known);
    return found;
}

static int refuse_ambiguous(const struct decision *decision, const char *run, const char *path,
                            struct error *err)
{
    return error_set(err, EXIT_BAD_USAGE,
                     "row %llu was unknown in the report of run %s, too, which was here before and "
                     "is '%s' now; nothing was settled. Name that report, or say that this one is "
                     "meant: --claim ORDER_NO beside --row, or --yes",
                     (unsigned long long)decision->row, run, LOG_QUOTED(path));
}

/* A script cannot be asked. A row number that could mean the report that was at this path before is
 * not taken from it. */
static int check_ambiguous(struct resolve *r, const char *place, struct error *err)
{
    struct buffer run = {0};
    struct buffer to = {0};
    int64_t nth = 0;
    int found = 1;

    while (found > 0 && (found = ledger_move_away(r->ledger, place, nth++, &run, &to, err)) > 0)
        for (size_t i = 0; i < decisions_count(r->decisions) && found > 0; i++) {
            const struct decision *decision = decisions_at(r->decisions, i);
            int same = was_unknown(r, run.ptr, decision->row, err);

            if (same)
                found = same < 0 ? -1 : refuse_ambiguous(decision, run.ptr, to.ptr, err);
        }
    buffer_release(&run);
    buffer_release(&to);
    return found;
}

/* Names what is to be settled, and makes sure that it is meant. */
static int confirm(struct resolve *r, struct error *err)
{
    const struct options *o = r->options;
    size_t count = decisions_count(r->decisions);
    struct buffer place = {0};
    size_t shown = 0;
    int result = 0;

    for (size_t i = 0; i < count && shown < CONFIRMATION_SHOWN; i++) {
        const struct decision *decision = decisions_at(r->decisions, i);

        if (decision->claim_order_no && ++shown)
            confirmation_name(decision, r->manifest.run, decision->fee_fen, NULL);
    }
    if (count > CONFIRMATION_SHOWN)
        log_info("… and %zu more", count - CONFIRMATION_SHOWN);
    if (o->rows && !o->claim && !o->yes && !confirmation_can_ask()) {
        result = move_place(o->claims, &place, err);
        if (!result)
            result = check_ambiguous(r, place.ptr, err);
    }
    buffer_release(&place);
    return result || decisions_refused(r->decisions) ? result
                                                     : confirmation_ask(o, r->ledger, count, err);
}

static int settle(struct resolve *r, struct error *err)
{
    struct apply apply = {.ledger = r->ledger, .run = &r->run, .decisions = r->decisions};
    struct buffer words = {0};

    if (confirm(r, err))
        return -1;
    /* What cannot be published is not settled either. */
    if (revision_prepare(r->revision, err)) {
        error_add(err, "nothing was settled");
        return -1;
    }
    if (apply_decisions(&apply, err)) {
        language_append(&words, "what is unknown by now: ");
        next_step_append_command(r->options, "resolve", r->options->claims, &words);
        if (err->exit_code == EXIT_INPUT_REFUSED)
            error_add(err, buffer_string(&words));
        buffer_release(&words);
        return -1;
    }
    r->totals.settled = apply.settled;
    r->totals.settled_before = apply.before;
    r->totals.skipped = decisions_skipped(r->decisions);
    return 0;
}

/* ---- the report anew ---- */

/* Whether the run began anew since, and left no report: then this one is the newest, and has to say
 * that the run did not end. Nobody may be able to type the same again: its export is gone, perhaps.
 */
static bool has_begun_anew(const struct resolve *r)
{
    return !r->run.finished_ms && r->run.started_ms > r->manifest.started_ms &&
           strcmp(r->manifest.stopped_because, "interrupted") != 0;
}

static int publish(struct resolve *r, struct error *err)
{
    bool behind = r->totals.changed > 0 || r->totals.settled > 0 ||
                  revision_was_cut_short(r->revision) || has_begun_anew(r);

    if (!behind)
        return 0;
    if (r->manifest.signature.is_there && !r->key)
        log_warn("the manifest was signed; without --sign-key FILE the new one is not");
    if (revision_publish(r->revision, r->key, err)) {
        if (r->totals.settled)
            error_add(err, "what was settled is recorded, but the report is behind: when that is "
                           "fixed, resolve it once more without a decision");
        return -1;
    }
    r->totals.republished = true;
    if (!r->totals.settled)
        log_info("the ledger knew more than the report: the report was brought up to date");
    return 0;
}

/* ---- the second pass: what is left ---- */

/* In a folder the sheet has the report's name. */
static int place_sheet(struct resolve *r, struct error *err)
{
    const struct options *o = r->options;
    struct buffer name = {0};

    folder_name(o->claims, ".unknown.csv", &name);
    folder_place(o->list, buffer_string(&name), &r->list);
    r->list.failed |= name.failed;
    buffer_release(&name);
    if (r->list.failed)
        return error_no_memory(err);
    return protected_place_spare(o, r->list.ptr, "-o", err);
}

/* The export is known once the manifest is read, and perhaps is nowhere else. */
static int spare_export(const struct resolve *r, struct error *err)
{
    const char *export = r->manifest.input_path;

    if (!r->list.len || !*export || !file_is_same(export, r->list.ptr))
        return 0;
    return error_set(err, EXIT_CANNOT_CREATE,
                     "'%s' is the export that the report is about: nothing is ever written over "
                     "it. Name another file with -o",
                     LOG_QUOTED(r->list.ptr));
}

static int open_outputs(struct resolve *r, struct error *err)
{
    const struct options *o = r->options;

    if (o->list && unknown_sheet_open(r->list.ptr, o->claims, o->overwrite, &r->sheet, err))
        return -1;
    if (o->json)
        r->json = unknown_json_open(o->claims, &r->manifest);
    return o->json && !r->json ? error_no_memory(err) : 0;
}

/* What is written there is the list alone. */
static bool lists_to_output(const struct options *o)
{
    return output_is_standard(o->list);
}

static int show(struct resolve *r, const struct unknown_row *unknown_row, struct error *err)
{
    if (r->json)
        unknown_json_add(r->json, unknown_row);
    else if (!r->decisions && !lists_to_output(r->options))
        unknown_row_print(unknown_row);
    return r->sheet && unknown_row_is_settled_here(unknown_row)
               ? unknown_sheet_add(r->sheet, unknown_row, err)
               : 0;
}

static int take_unknown(struct resolve *r, const struct revision_row *row,
                        struct next_step *next_step, struct error *err)
{
    struct unknown_row *unknown_row = &r->unknown_row;

    if (unknown_row_look_up(r->ledger, &r->run, row, unknown_row, err))
        return -1;
    r->totals.unknown++;
    r->totals.own += unknown_row_is_settled_here(unknown_row);
    next_step->orphans += unknown_row->kind == UNKNOWN_ROW_ORPHAN;
    next_step->over += unknown_row->kind == UNKNOWN_ROW_OVER;
    if (unknown_row->kind == UNKNOWN_ROW_WAITS && next_step->waiting++ == 0)
        buffer_text(&r->elsewhere, unknown_row->at_report);
    return show(r, unknown_row, err);
}

static int list_rows(struct resolve *r, struct next_step *next_step, struct error *err)
{
    struct revision_row row;
    bool was_accepted = false;
    int found;

    while ((found = revision_next(r->revision, &row, err)) > 0) {
        enum outcome outcome = row.line.record.outcome;

        if (outcome == OUTCOME_UNSENT &&
            unknown_row_was_accepted(r->ledger, &r->run, &row, &was_accepted, err))
            return -1;
        next_step->judged += outcome == OUTCOME_UNSENT && was_accepted;
        next_step->open += outcome == OUTCOME_FAILED || outcome == OUTCOME_UNSENT;
        if (outcome == OUTCOME_UNKNOWN && take_unknown(r, &row, next_step, err))
            return -1;
    }
    return found;
}

static int list_rest(struct resolve *r, struct next_step *next_step, struct error *err)
{
    int result;

    if (revision_restart(r->revision, err) || ledger_look_begin(r->ledger, err))
        return -1;
    result = list_rows(r, next_step, err);
    ledger_look_end(r->ledger);
    if (result)
        return -1;
    return r->sheet ? unknown_sheet_publish(r->sheet, err) : 0;
}

/* ---- the whole ---- */

static int look_for_abandonment(struct resolve *r, struct next_step *next_step, struct error *err)
{
    struct abandonment abandonment;
    int found = ledger_abandonment_get(r->ledger, r->run.id, &abandonment, err);

    next_step->is_abandoned = found > 0;
    return found < 0 ? -1 : 0;
}

static int report_rest(struct resolve *r, struct error *err)
{
    struct next_step next_step = {
        .options = r->options,
        .manifest = &r->manifest,
        .run = &r->run,
        .totals = &r->totals,
        .was_settled = r->decisions != NULL,
    };

    if (open_outputs(r, err) || list_rest(r, &next_step, err) ||
        look_for_abandonment(r, &next_step, err))
        return -1;
    r->totals.exit_code = r->totals.unknown ? EXIT_ROWS_UNKNOWN : EXIT_COMPLETE;
    if (r->json)
        unknown_json_end(r->json, &r->totals);
    if (r->elsewhere.failed)
        return error_no_memory(err);
    if (output_flush_standard(err))
        return -1;
    next_step.elsewhere = buffer_string(&r->elsewhere);
    next_step.list = r->list.len && !lists_to_output(r->options) ? r->list.ptr : NULL;
    next_step_print(&next_step);
    return r->totals.exit_code;
}

static int run(struct resolve *r, struct error *err)
{
    const struct options *o = r->options;

    if (check_combination(o, err) || endpoint_parse(o->gateway, true, &r->endpoint, err))
        return -1;
    if (!o->claims)
        return ledger_unknown(o, r->endpoint.platform, err);
    if ((o->list && place_sheet(r, err)) || take_decisions(r, err) || resolve_open_report(r, err) ||
        spare_export(r, err) || resolve_examine_run(r, err) || (r->decisions && settle(r, err)) ||
        publish(r, err))
        return -1;
    return report_rest(r, err);
}

static void release(struct resolve *r)
{
    unknown_sheet_close(r->sheet);
    json_close(r->json);
    decisions_close(r->decisions);
    revision_close(r->revision);
    ledger_close(r->ledger);
    signature_key_close(r->key);
    manifest_found_release(&r->manifest);
    buffer_release(&r->ledger_path);
    buffer_release(&r->run_stopped);
    buffer_release(&r->run_report);
    unknown_row_release(&r->unknown_row);
    buffer_release(&r->elsewhere);
    buffer_release(&r->list);
}

int cmd_resolve(const struct options *options, const char *invocation, struct error *err)
{
    struct resolve r = {.options = options};
    int result = run(&r, err);

    (void)invocation;
    release(&r);
    return result;
}
