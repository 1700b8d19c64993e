/* claimbatch resolve: the rows of a report that are unknown, and what a person says of them. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apply.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file/output.h"
#include "base/log.h"
#include "cli/newer_ledger.h"
#include "cli/next_step.h"
#include "cli/options.h"
#include "cli/statement.h"
#include "cli/version.h"
#include "command/commands.h"
#include "confirmation.h"
#include "decisions.h"
#include "gateway/endpoint.h"
#include "ledger/abandonment.h"
#include "ledger/commits.h"
#include "ledger/moves.h"
#include "ledger_unknown.h"
#include "report/manifest/signature.h"
#include "report/missing_report.h"
#include "report/move.h"
#include "revision.h"
#include "unknown_json.h"
#include "unknown_row.h"
#include "unknown_sheet.h"

#define CHANGES_SHOWN 20

/* Everything a resolve has open. */
struct resolve {
    const struct options *options;
    struct endpoint endpoint;
    struct signing_key *key; /* NULL: none */
    struct manifest_found manifest;
    struct buffer ledger_path;
    struct ledger *ledger;
    struct run_record run;
    struct buffer run_stopped, run_report; /* its texts */
    struct revision_settings revision_settings;
    struct revision *revision;
    enum outcome outcome;        /* that is typed */
    struct decisions *decisions; /* NULL: none */
    struct unknown_json *json;
    struct unknown_sheet *sheet;
    struct unknown_row_totals totals;
    struct buffer elsewhere; /* a report that a row waits for */
};

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
        return "--row, --claim and --all settle what is typed, --from what a file says: not both "
               "at once";
    if ((is_typed(o) || o->from) && o->list)
        return "--list goes without a decision: first settle, then list what is left";
    if (is_typed(o) && (!o->as || !o->by || !o->reason))
        return "settling needs --as accepted or --as not-executed, and --by NAME and --reason "
               "TEXT, which are recorded";
    if (o->as && !is_typed(o))
        return "--as goes with --row N, --claim ORDER_NO or --all";
    if ((o->by || o->reason) && !is_typed(o) && !o->from)
        return "--by and --reason go with --row, --claim, --all or --from";
    if (o->all && (o->rows || o->claim))
        return "--all settles every unknown row: not together with --row or --claim";
    if (o->all && o->expect_rows < 0)
        return "--all needs --expect-rows N: how many rows that will be";
    if (o->expect_rows >= 0 && !o->all)
        return "--expect-rows goes with --all";
    return NULL;
}

static int check_combination(const struct options *o, struct error *err)
{
    const char *why = usage_breach(o);

    if (o->claims && strcmp(o->claims, "-") == 0)
        why = "a report is published anew where it stands, so it cannot come from standard input";
    if (!o->claims && (o->rows || o->from || o->list))
        why = "--row, --from and -o are about one report: name it; over the whole ledger: --claim "
              "ORDER_NO, or --all";
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
        return refuse_usage("--as is accepted (the platform has stored the claim) or not-executed "
                            "(it surely has not)",
                            err);
    r->decisions = decisions_of_rows(o->rows, r->outcome, o->by, o->reason, err);
    return r->decisions ? 0 : -1;
}

/* ---- report, manifest, ledger and run ---- */

static int check_file(const char *path, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    struct stat status;

    log_quote(path, quoted, sizeof(quoted));
    if (lstat(path, &status))
        return missing_report_refuse(path, errno, err);
    if (!S_ISREG(status.st_mode))
        return error_set(err, EXIT_CANNOT_CREATE,
                         "the report '%s' is not a regular file (a link, a folder, …), so it "
                         "cannot be published anew there; name the report itself",
                         quoted);
    return 0;
}

/* Of a report that another ledger made this one knows what was imported, and no more. */
static int check_import(struct resolve *r, struct error *err)
{
    const struct manifest_found *m = &r->manifest;
    struct pass pass = {m->ledger_id, m->run, m->ledger_commits, PASS_LEARNED};
    char quoted[LOG_QUOTE_BYTES];
    struct run_record run;
    int known = ledger_run_named(r->ledger, m->run, &run, err);
    int found = known > 0 ? ledger_pass_find(r->ledger, &pass, err) : known;

    if (found)
        return found < 0 ? -1 : newer_ledger_check(r->ledger, r->options->claims, NULL, err);
    log_quote(ledger_path(r->ledger), quoted, sizeof(quoted));
    if (known)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the report was made with ledger %s, and '%s' (ledger %s) has imported "
                         "only what an earlier report of its run tells; name the right one with "
                         "--ledger, or teach this one what the report tells (claimbatch import)",
                         m->ledger_id, quoted, ledger_id(r->ledger));
    return error_set(err, EXIT_BAD_CONFIG,
                     "the report was made with ledger %s, but '%s' is ledger %s; name the right "
                     "one with --ledger, or, if that is lost, teach this one what the report tells "
                     "(claimbatch import)",
                     m->ledger_id, quoted, ledger_id(r->ledger));
}

static int open_ledger(struct resolve *r, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];
    char id[LEDGER_ID_BYTES];
    enum ledger_place place;

    if (r->options->ledger)
        buffer_text(&r->ledger_path, r->options->ledger);
    else if (ledger_default_path(&r->ledger_path, err))
        return -1;
    if (r->ledger_path.failed)
        return error_no_memory(err);
    log_quote(r->ledger_path.ptr, quoted, sizeof(quoted));
    if (ledger_place_look(r->ledger_path.ptr, &place, id, err))
        return -1;
    if (place != LEDGER_STANDS)
        return error_set(err, EXIT_BAD_CONFIG,
                         "there is no ledger at '%s'; name the one the report was made with "
                         "(ledger %s) with --ledger",
                         quoted, r->manifest.ledger_id);
    if (ledger_open(r->ledger_path.ptr, &r->ledger, err))
        return -1;
    if (strcmp(ledger_id(r->ledger), r->manifest.ledger_id) == 0)
        return newer_ledger_check(r->ledger, r->options->claims, &r->manifest, err);
    return check_import(r, err);
}

/* The run's texts are the ledger's until it is asked for another one. */
static int keep_run(struct resolve *r, struct error *err)
{
    buffer_text(&r->run_stopped, r->run.stopped_because);
    buffer_text(&r->run_report, r->run.report_path);
    if (r->run_stopped.failed || r->run_report.failed)
        return error_no_memory(err);
    r->run.stopped_because = buffer_string(&r->run_stopped);
    r->run.report_path = buffer_string(&r->run_report);
    r->run.platform = r->manifest.platform;
    r->run.command = r->manifest.command;
    r->run.parent = r->manifest.parent_run;
    r->run.export_name = r->run.reading = "";
    r->run.export_sha256 = NULL;
    return 0;
}

static int find_run(struct resolve *r, struct error *err)
{
    int found = ledger_run_named(r->ledger, r->manifest.run, &r->run, err);

    if (found < 0)
        return -1;
    if (!found || strcmp(r->run.platform, r->manifest.platform) != 0)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger '%s' does not know run %s of this report; name the ledger it "
                         "was made with",
                         ledger_path(r->ledger), r->manifest.run);
    if (keep_run(r, err))
        return -1;
    found = ledger_run_lock(r->ledger, r->run.id, err);
    if (found < 0)
        return -1;
    if (!found)
        return error_set(err, EXIT_TRY_LATER,
                         "run %s of this report is active at this moment; wait until it has ended, "
                         "then type the same again",
                         r->run.name);
    return 0;
}

/* What a dead start of the run has left in flight is unknown. */
static int recover(struct resolve *r, struct error *err)
{
    size_t lost = 0;

    if (ledger_begin(r->ledger, err) || ledger_run_recover(r->ledger, r->run.id, &lost, err) ||
        ledger_commit(r->ledger, err))
        return -1;
    if (lost)
        log_warn("%zu rows were in flight when the run ended before: they are unknown now", lost);
    return 0;
}

static int open_key(struct resolve *r, struct error *err)
{
    if (r->options->sign_key)
        return signing_key_open(r->options->sign_key, &r->key, err);
    return 0;
}

/* Today's report may stand where yesterday's is meant. */
static void say_whose(const struct resolve *r)
{
    char name[LOG_QUOTE_BYTES];
    char day[CLOCK_TOP_BYTES];

    clock_format_top(r->manifest.started_ms, day);
    log_info("the report of '%s' of %.10s, run %s",
             log_quote(r->manifest.input_name, name, sizeof(name)), day, r->manifest.run);
}

static int open_report(struct resolve *r, struct error *err)
{
    if (check_file(r->options->claims, err) ||
        manifest_require(r->options->claims, r->endpoint.platform, &r->manifest, err) ||
        open_key(r, err) || open_ledger(r, err) || find_run(r, err) || recover(r, err))
        return -1;
    say_whose(r);
    r->revision_settings = (struct revision_settings){
        .program_version = CLAIMBATCH_VERSION,
        .path = r->options->claims,
        .manifest = &r->manifest,
        .ledger = r->ledger,
        .run = &r->run,
    };
    return revision_open(&r->revision_settings, &r->revision, err);
}

/* ---- the first pass: what the ledger knows, and which claims the decisions are about ---- */

static void say_change(struct resolve *r, const struct revision_row *row)
{
    const struct row_record *was = &row->was->line.record;
    const struct row_record *is = &row->line.record;
    char codes[2][LOG_QUOTE_BYTES];

    if (r->totals.changed++ >= CHANGES_SHOWN)
        return;
    log_info("row %llu is %s %s by now; the report says %s %s", (unsigned long long)is->row,
             outcome_name(is->outcome), log_quote(is->code, codes[0], LOG_QUOTE_BYTES),
             outcome_name(was->outcome), log_quote(was->code, codes[1], LOG_QUOTE_BYTES));
}

/* Binds a decision to the claim of its row, as the report has it. */
static int bind(struct resolve *r, struct decision *decision, const struct scan_row *was,
                struct error *err)
{
    const struct row_record *record = &was->line.record;

    if (!was->has_claim) {
        decisions_refuse(r->decisions, decision, "it is invalid in the report, and was never sent");
        return 0;
    }
    if (!decision->names_attempt) {
        memcpy(decision->digest, record->digest, sizeof(decision->digest));
        decision->submitted_ms = record->submitted_ms;
    }
    decision->fee_fen = was->claim.claim_fee;
    return decision_set_claim(decision, was->claim.workcard_id, was->claim.claim_order_no)
               ? error_no_memory(err)
               : 0;
}

static void refuse_missing(struct resolve *r)
{
    for (size_t i = 0; i < decisions_count(r->decisions); i++) {
        struct decision *decision = decisions_at(r->decisions, i);

        if (!decision->is_found)
            decisions_refuse(r->decisions, decision, "the report has no such row");
    }
}

/* With --claim or --all, the row's decision: 1, where its own attempt is unknown and it is meant,
 * or 0. */
static int choose(struct resolve *r, const struct revision_row *row, struct decision **ret_decision,
                  struct error *err)
{
    const struct options *o = r->options;
    struct unknown_row unknown_row;

    if (row->line.record.outcome != OUTCOME_UNKNOWN || !row->was->has_claim ||
        (o->claim && strcmp(o->claim, row->was->claim.claim_order_no) != 0))
        return 0;
    if (unknown_row_look_up(r->ledger, &r->run, row, &unknown_row, err))
        return -1;
    if (unknown_row.kind != UNKNOWN_ROW_OWN)
        return 0;
    *ret_decision = decisions_add(r->decisions, row->line.record.row, r->outcome, o->by, o->reason);
    if (!*ret_decision)
        return error_no_memory(err);
    (*ret_decision)->names_attempt = true;
    (*ret_decision)->submitted_ms = row->line.record.submitted_ms;
    memcpy((*ret_decision)->digest, row->line.record.digest, sizeof((*ret_decision)->digest));
    return 1;
}

/* What was typed beside the decisions has to fit them. */
static int check_typed(struct resolve *r, struct error *err)
{
    const struct options *o = r->options;
    size_t count = decisions_count(r->decisions);

    if (o->all && count != (uint64_t)o->expect_rows)
        return error_set(err, EXIT_INPUT_REFUSED,
                         "%zu rows are unknown and to be settled here, not %lld; nothing was "
                         "settled",
                         count, (long long)o->expect_rows);
    if (o->claim && !count)
        return error_set(err, EXIT_INPUT_REFUSED,
                         "no row of this report has an unknown attempt of the claim '%s'; nothing "
                         "was settled",
                         o->claim);
    for (size_t i = 0; i < count && o->claim; i++) {
        struct decision *decision = decisions_at(r->decisions, i);

        if (decision->claim_order_no && strcmp(decision->claim_order_no, o->claim) != 0)
            decisions_refuse(r->decisions, decision, "it is claim '%s', not the one that was typed",
                             decision->claim_order_no);
    }
    return 0;
}

static int examine(struct resolve *r, struct error *err)
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
        if (bind(r, decision, row.was, err))
            return -1;
    }
    if (found < 0)
        return -1;
    if (r->totals.changed > CHANGES_SHOWN)
        log_info("… and %llu more", (unsigned long long)(r->totals.changed - CHANGES_SHOWN));
    if (!r->decisions)
        return 0;
    refuse_missing(r);
    return check_typed(r, err);
}

/* ---- settling ---- */

/* Whether the run, whose report was here once, had this row unknown: 1, or 0. */
static int was_unknown(struct resolve *r, const char *run_name, uint64_t number, struct error *err)
{
    struct run_record run;
    struct row_record row;
    int found = ledger_run_named(r->ledger, run_name, &run, err);

    if (found > 0)
        found = ledger_row_get(r->ledger, (struct row_place){run.id, number}, &row, err);
    if (found <= 0)
        return found;
    return row.outcome == OUTCOME_UNKNOWN || strncmp(row.code, "RESOLVED_", 9) == 0;
}

static int refuse_ambiguous(const struct decision *decision, const char *run, const char *path,
                            struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    return error_set(err, EXIT_BAD_USAGE,
                     "row %llu was unknown in the report of run %s, too, which was here before and "
                     "is '%s' now; nothing was settled. Name that report, or say that this one is "
                     "meant: --claim ORDER_NO beside --row, or --yes",
                     (unsigned long long)decision->row, run,
                     log_quote(path, quoted, sizeof(quoted)));
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
            confirmation_name(decision, r->manifest.run, decision->fee_fen);
    }
    if (count > CONFIRMATION_SHOWN)
        log_info("… and %zu more", count - CONFIRMATION_SHOWN);
    if (o->rows && !o->claim && !o->yes && !confirmation_can_ask()) {
        result = move_place(o->claims, &place, err);
        if (!result)
            result = check_ambiguous(r, place.ptr, err);
    }
    buffer_release(&place);
    return result || decisions_refused(r->decisions) ? result : confirmation_ask(o, count, err);
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
        buffer_text(&words, "what is unknown by now: ");
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

static int publish(struct resolve *r, struct error *err)
{
    bool behind =
        r->totals.changed > 0 || r->totals.settled > 0 || revision_was_cut_short(r->revision);

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

static int open_outputs(struct resolve *r, struct error *err)
{
    const struct options *o = r->options;

    if (o->list && unknown_sheet_open(o->list, o->claims, o->overwrite, &r->sheet, err))
        return -1;
    if (o->json)
        r->json = unknown_json_open(o->claims, &r->manifest);
    return o->json && !r->json ? error_no_memory(err) : 0;
}

static int show(struct resolve *r, const struct unknown_row *unknown_row, struct error *err)
{
    if (r->json)
        unknown_json_add(r->json, unknown_row);
    else if (!r->decisions)
        unknown_row_print(unknown_row);
    return r->sheet && unknown_row_is_settled_here(unknown_row)
               ? unknown_sheet_add(r->sheet, unknown_row, err)
               : 0;
}

static int take_unknown(struct resolve *r, const struct revision_row *row,
                        struct next_step *next_step, struct error *err)
{
    struct unknown_row unknown_row;

    if (unknown_row_look_up(r->ledger, &r->run, row, &unknown_row, err))
        return -1;
    r->totals.unknown++;
    r->totals.own += unknown_row_is_settled_here(&unknown_row);
    next_step->orphans += unknown_row.kind == UNKNOWN_ROW_ORPHAN;
    next_step->over += unknown_row.kind == UNKNOWN_ROW_OVER;
    if (unknown_row.kind == UNKNOWN_ROW_WAITS && next_step->waiting++ == 0)
        buffer_text(&r->elsewhere, unknown_row.at_report);
    return show(r, &unknown_row, err);
}

static int list_rest(struct resolve *r, struct next_step *next_step, struct error *err)
{
    struct revision_row row;
    int found;

    if (revision_restart(r->revision, err))
        return -1;
    while ((found = revision_next(r->revision, &row, err)) > 0) {
        enum outcome outcome = row.line.record.outcome;

        next_step->open += outcome == OUTCOME_FAILED || outcome == OUTCOME_UNSENT;
        if (outcome == OUTCOME_UNKNOWN && take_unknown(r, &row, next_step, err))
            return -1;
    }
    if (found < 0)
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
    if (take_decisions(r, err) || open_report(r, err) || examine(r, err) ||
        (r->decisions && settle(r, err)) || publish(r, err))
        return -1;
    return report_rest(r, err);
}

static void release(struct resolve *r)
{
    unknown_sheet_close(r->sheet);
    unknown_json_close(r->json);
    decisions_close(r->decisions);
    revision_close(r->revision);
    ledger_close(r->ledger);
    signing_key_close(r->key);
    manifest_found_release(&r->manifest);
    buffer_release(&r->ledger_path);
    buffer_release(&r->run_stopped);
    buffer_release(&r->run_report);
    buffer_release(&r->elsewhere);
}

int cmd_resolve(const struct options *options, const char *invocation, struct error *err)
{
    struct resolve r = {.options = options};
    int result = run(&r, err);

    (void)invocation;
    release(&r);
    return result;
}
