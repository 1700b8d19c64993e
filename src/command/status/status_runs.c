/* The runs, the day, what is unknown, and the history of a claim. */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/command.h"
#include "cli/options/options.h"
#include "cli/same_file.h"
#include "cli/summary.h"
#include "input/value/order_no_alike.h"
#include "report/manifest/manifest.h"
#include "status_json.h"
#include "status_part.h"
#include "status_text.h"

static bool is_at_hand(const struct run_record *run)
{
    char sha256[MANIFEST_SHA256_TEXT_BYTES];

    hex_format(run->export_sha256, DIGEST_SHA256_BYTES, sha256);
    return same_file_export(run->export_name, run->export_bytes, sha256);
}

/* Whoever uploads what stands there now begins another run. */
static void note_gone(struct status *s, const struct run_record *run)
{
    char sha256[MANIFEST_SHA256_TEXT_BYTES];

    hex_format(run->export_sha256, DIGEST_SHA256_BYTES, sha256);
    language_format(
        &s->resume,
        "bring back the export of run %s (SHA-256 %s) and upload it, under any name, with "
        "the options of then; at '%s' it is not any more",
        run->name, sha256, LOG_QUOTED(run->export_name));
}

/* A rerun takes the rows of a report as it was: of one that was written anew it is another rerun.
 */
static void note_rewritten(struct status *s, const struct run_record *run)
{
    struct buffer report = {0};
    struct buffer ledger = {0};

    summary_quote(run->export_name, &report);
    status_append_ledger(s, &ledger);
    language_format(&s->resume,
                    "the report of which rerun %s took its rows was written anew since, or is "
                    "gone. What it left unsent: claimbatch rerun %s, with the options of then. "
                    "Then, that it is over: "
                    "claimbatch status --abandon %s%s --by NAME --reason TEXT",
                    run->name, buffer_string(&report), run->name, buffer_string(&ledger));
    buffer_release(&report);
    buffer_release(&ledger);
}

/* The words of the start are not recorded, so the person has to add the options. */
static void note_interrupted(struct status *s, const struct run_record *run)
{
    bool is_upload = strcmp(run->command, "upload") == 0;
    struct buffer words = {0};

    if (s->resume.len)
        return;
    summary_quote(run->export_name, &words);
    if (is_at_hand(run))
        language_format(&s->resume, "claimbatch %s %s, with the options of then", run->command,
                        buffer_string(&words));
    else if (is_upload)
        note_gone(s, run);
    else
        note_rewritten(s, run);
    buffer_release(&words);
}

int status_show_runs(struct status *s, struct error *err)
{
    int64_t before = INT64_MAX;
    struct view_run run;
    size_t shown = 0;
    int found;

    if (s->json)
        status_json_list_open(s->json, "runs");
    while ((found = view_run_next(s->ledger, before, &run, err)) > 0) {
        if (shown == STATUS_TEXT_RUNS && !s->options->all)
            break;
        if (run.state == VIEW_INTERRUPTED)
            note_interrupted(s, &run.record);
        if (s->json)
            status_json_run(s->json, &run);
        else
            status_text_run(&run, &s->out);
        before = run.record.id;
        shown++;
        if (status_flush(s, FLUSH_BYTES, err))
            return -1;
    }
    if (found < 0)
        return -1;
    if (s->json) {
        status_json_list_close(s->json);
        status_json_more_runs(s->json, found);
    } else if (found || !shown) {
        buffer_text(&s->out, found ? _("\n… and older runs: --all\n") : _("\nno run yet\n"));
    }
    return 0;
}

static void show_app(void *context, const struct view_app *app)
{
    struct status *s = context;

    if (s->json)
        status_json_app(s->json, app, s->options->daily_quota);
    else
        status_text_app(app, s->options->daily_quota, s->now_ms, !s->has_apps, &s->out);
    s->has_apps = true;
}

int status_show_today(struct status *s, struct error *err)
{
    if (s->json)
        status_json_list_open(s->json, "today");
    if (view_today(s->ledger, s->now_ms, show_app, s, err))
        return -1;
    if (s->json)
        status_json_list_close(s->json);
    else if (!s->has_apps)
        language_append(&s->out, "\nno calls today\n");
    return 0;
}

static void count_open(void *context, const struct view_open_run *open)
{
    struct status *s = context;

    if (s->open_count < NEXT_RUNS)
        s->open[s->open_count] = open->run;
    s->open_count++;
    s->unknown += open->unknown;
}

static void show_unknown(void *context, const struct view_unknown *unknown)
{
    struct status *s = context;

    if (s->json)
        status_json_unknown(s->json, unknown);
    else
        status_text_unknown(unknown, s->now_ms, &s->out);
}

static int show_all_unknown(struct status *s, struct error *err)
{
    struct view_list *list = NULL;
    struct view_unknown unknown;
    int found;

    if (view_list_open(s->ledger, &list, err))
        return -1;
    while ((found = view_list_next(list, &unknown, err)) > 0) {
        show_unknown(s, &unknown);
        if (status_flush(s, FLUSH_BYTES, err)) {
            found = -1;
            break;
        }
    }
    view_list_close(list);
    return found;
}

int status_show_unknowns(struct status *s, struct error *err)
{
    bool all = s->options->all || s->json;

    if (view_open_runs(s->ledger, count_open, s, err))
        return -1;
    if (s->json) {
        status_json_unknown_count(s->json, s->unknown);
        status_json_list_open(s->json, "unknown");
    } else {
        status_text_unknown_head(s->unknown, all ? s->unknown : STATUS_TEXT_UNKNOWN, &s->out);
    }
    if (all ? show_all_unknown(s, err)
            : view_unknown_oldest(s->ledger, STATUS_TEXT_UNKNOWN, show_unknown, s, err))
        return -1;
    if (s->json)
        status_json_list_close(s->json);
    return 0;
}

static void show_pass(void *context, const struct view_pass *pass)
{
    struct status *s = context;

    if (s->json)
        status_json_pass(s->json, pass);
    else
        status_text_pass(pass, !s->has_passes, &s->out);
    s->has_passes = true;
}

static void show_gap(void *context, const struct view_gap *gap)
{
    struct status *s = context;

    if (s->json)
        status_json_gap(s->json, gap);
    else
        status_text_gap(gap, !s->has_passes, &s->out);
    s->has_passes = true;
}

int status_show_passes(struct status *s, struct error *err)
{
    if (s->json)
        status_json_list_open(s->json, "passed_over");
    if (view_passes(s->ledger, show_pass, s, err))
        return -1;
    if (s->json) {
        status_json_list_close(s->json);
        status_json_list_open(s->json, "lost_commits");
    }
    if (view_gaps(s->ledger, show_gap, s, err))
        return -1;
    if (s->json)
        status_json_list_close(s->json);
    return 0;
}

static void show_claim(void *context, const struct view_claim *claim)
{
    struct status *s = context;

    if (s->json)
        status_json_claim(s->json, s->options->claim, claim);
    else
        status_text_claim(s->options->claim, claim, &s->out);
}

static void show_row(void *context, const struct view_row *row)
{
    struct status *s = context;

    if (s->json)
        status_json_row(s->json, row);
    else
        status_text_row(row, &s->out);
}

static void show_settlement(void *context, const struct view_settlement *settlement)
{
    struct status *s = context;

    if (s->json)
        status_json_settlement(s->json, settlement);
    else
        status_text_settlement(settlement, &s->out);
}

static bool want_all(void *context, size_t zeros, unsigned char next)
{
    (void)context, (void)zeros, (void)next;
    return true;
}

/* Who hears that it was never sent may have it sent again. */
static int show_alike(struct status *s, struct error *err)
{
    const struct order_no_filter all = {want_all, NULL};
    struct buffer texts = {0};
    const char *spellings[ORDER_NO_ALIKE_MAX];
    bool found[ORDER_NO_ALIKE_MAX] = {false};
    size_t count = order_no_alike(s->options->claim, &all, &texts);
    const char *at = buffer_string(&texts);
    int result = texts.failed ? error_no_memory(err) : 0;

    for (size_t i = 0; i < count && !result; i++, at += strlen(at) + 1)
        spellings[i] = at;
    if (!result && count)
        result = ledger_numbers_find(s->ledger, spellings, count, found, err);
    for (size_t i = 0; i < count && !result; i++)
        if (found[i])
            language_format(&s->out, "but '%s' was, another spelling of it\n",
                            LOG_QUOTED(spellings[i]));
    buffer_release(&texts);
    return result;
}

int status_show_history(struct status *s, struct error *err)
{
    const struct view_visitor visitor = {s, show_claim, show_row, show_settlement};
    size_t claims;

    if (s->json)
        status_json_list_open(s->json, "claims");
    if (view_claim_history(s->ledger, s->options->claim, &visitor, &claims, err))
        return -1;
    if (s->json) {
        status_json_claims_close(s->json);
        status_json_end(s->json);
    } else if (!claims) {
        language_format(&s->out, "\nno claim '%s' was ever sent with this ledger\n",
                        LOG_QUOTED(s->options->claim));
        if (show_alike(s, err))
            return -1;
    }
    return status_flush(s, 0, err) ? -1 : EXIT_COMPLETE;
}
