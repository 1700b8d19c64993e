/* claimbatch import: teach a ledger what reports say that it does not know. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/next_step.h"
#include "cli/options/options.h"
#include "cli/stale_ledger.h"
#include "cli/statement.h"
#include "command/commands.h"
#include "gateway/endpoint.h"
#include "import_report.h"
#include "import_started.h"
#include "ledger/commits.h"
#include "ledger/holder.h"
#include "ledger/import/import.h"
#include "ledger/ledger.h"
#include "ledger/postgres/server_url.h"
#include "ledger/store/space.h"
#include "report/manifest/started.h"

#define DIFFERENCES_SHOWN 20

/* Everything an import has open. */
struct import {
    const struct options *options;
    struct endpoint endpoint;
    struct verify_key *key; /* NULL: signatures are not asked for */
    struct import_report *reports;
    size_t count;
    struct import_started *starts; /* that left no report */
    size_t start_count;
    struct buffer ledger_path;
    struct ledger *ledger;
    struct import_report_counts counts;
    uint64_t doubtful; /* rows that a start may have sent, and are unknown now */
};

/* ---- what was typed ---- */

static int check_words(const struct options *o, struct error *err)
{
    const char *why;

    if (!o->by || !o->reason)
        return error_set(
            err, EXIT_BAD_USAGE,
            "import needs --by NAME and --reason TEXT, which are recorded; nothing was "
            "imported");
    why = statement_breach(o->by, STATEMENT_BY_BYTES);
    if (!why)
        why = statement_breach(o->reason, STATEMENT_REASON_BYTES);
    if (why)
        return error_set(err, EXIT_BAD_USAGE,
                         "the text of --by or --reason %s: they are 1 to %d and 1 to %d bytes of "
                         "plain text; nothing was imported",
                         why, STATEMENT_BY_BYTES, STATEMENT_REASON_BYTES);
    return 0;
}

/* A start needs the export that it read, and nothing else does. */
static int check_export(const struct options *o, struct error *err)
{
    const char *start = NULL;

    for (size_t k = 0; k < o->operand_count && !start; k++)
        if (import_started_is_named(o->operands[k]))
            start = o->operands[k];
    if (start && !o->export_file)
        return error_set(err, EXIT_BAD_USAGE,
                         "'%s' tells of a run that left no report; name the export that it read, "
                         "too: --export CLAIMS.csv (of a re-run: the report whose rows it took); "
                         "nothing was imported",
                         LOG_QUOTED(start));
    if (!start && o->export_file)
        return error_set(err, EXIT_BAD_USAGE,
                         "--export goes with a REPORT.csv.started.json or an "
                         "EXPORT.csv.ledger.json; a report tells its rows "
                         "itself; nothing was imported");
    return 0;
}

/* ---- the reports ---- */

static int compare_reports(const void *a, const void *b)
{
    const struct import_report *x = a;
    const struct import_report *y = b;

    if (x->began_ms != y->began_ms)
        return x->began_ms < y->began_ms ? -1 : 1;
    if (x->manifest.finished_ms != y->manifest.finished_ms)
        return x->manifest.finished_ms < y->manifest.finished_ms ? -1 : 1;
    return strcmp(x->path, y->path);
}

static int compare_starts(const void *a, const void *b)
{
    int64_t x = ((const struct import_started *)a)->manifest.started_ms;
    int64_t y = ((const struct import_started *)b)->manifest.started_ms;

    return x < y ? -1 : x > y;
}

/* All are proven before the ledger learns of the first. In the order of their runs fewer of them
 * are named before they come; any other would do. */
static int open_report(struct import *i, const char *path, struct error *err)
{
    struct import_report *report = &i->reports[i->count++];

    report->path = path;
    return import_report_open(report, i->endpoint.platform, i->key, err);
}

static int open_start(struct import *i, const char *path, struct error *err)
{
    struct import_started *start = &i->starts[i->start_count++];

    start->path = path;
    start->export_path = i->options->export_file;
    start->wanted_columns = i->options->reader.wanted_columns;
    return import_started_open(start, i->endpoint.platform, err);
}

static int open_all(struct import *i, struct error *err)
{
    const struct options *o = i->options;

    i->reports = calloc(o->operand_count, sizeof(*i->reports));
    i->starts = calloc(o->operand_count, sizeof(*i->starts));
    if (!i->reports || !i->starts)
        return error_no_memory(err);
    for (size_t k = 0; k < o->operand_count; k++)
        if (import_started_is_named(o->operands[k]) ? open_start(i, o->operands[k], err)
                                                    : open_report(i, o->operands[k], err))
            return -1;
    qsort(i->reports, i->count, sizeof(*i->reports), compare_reports);
    qsort(i->starts, i->start_count, sizeof(*i->starts), compare_starts);
    return 0;
}

/* ---- the ledger ---- */

/* What is learned is written to SQLite's log first. */
static int check_space(const struct import *i, struct error *err)
{
    uint64_t rows = 0;

    for (size_t k = 0; k < i->count; k++)
        rows += i->reports[k].manifest.report_rows;
    for (size_t k = 0; k < i->start_count; k++)
        rows += i->starts[k].manifest.input_rows;
    return space_check(ledger_path(i->ledger),
                       2 * rows * SPACE_LEDGER_ROW_BYTES + SPACE_LEDGER_LOG_BYTES, "ledger", err);
}

static int open_ledger(struct import *i, struct error *err)
{
    if (options_ledger_path(i->options, &i->ledger_path, err) ||
        ledger_open(i->ledger_path.ptr, &i->ledger, err))
        return -1;
    if (ledger_is_new(i->ledger))
        log_info("new ledger created: %s", LOG_QUOTED(ledger_path(i->ledger)));
    return server_url_is(i->ledger_path.ptr) ? 0 : check_space(i, err);
}

/* ---- learning ---- */

static void say_difference(void *context, const struct import_report *imported, uint64_t row,
                           const char *words)
{
    struct import *i = context;

    if (i->counts.differ <= DIFFERENCES_SHOWN)
        log_warn("%s, row %llu: %s", LOG_QUOTED(imported->path), (unsigned long long)row, words);
}

static struct statement_by said_by(const struct import *i)
{
    return (struct statement_by){i->options->by, i->options->reason, clock_wall_ms()};
}

/* The highest count of commits of this ledger that a report tells of. */
static int64_t told_commits(const struct import *i)
{
    int64_t told = 0;

    for (size_t k = 0; k < i->count; k++) {
        const struct manifest_found *m = &i->reports[k].manifest;

        if (manifest_is_of(m, i->ledger) && m->ledger_commits > told)
            told = m->ledger_commits;
    }
    return told;
}

/* Whether a start of this ledger is among them, and the highest count of which such a one tells. */
static bool told_by_starts(const struct import *i, int64_t *told)
{
    bool found = false;

    for (size_t k = 0; k < i->start_count; k++) {
        const struct manifest_found *m = &i->starts[k].manifest;

        if (!manifest_is_of(m, i->ledger))
            continue;
        found = true;
        if (m->ledger_commits > *told)
            *told = m->ledger_commits;
    }
    return found;
}

/* Whether a report of another ledger is among them, which no number of this one tells of. */
static bool has_foreign(const struct import *i)
{
    for (size_t k = 0; k < i->count; k++)
        if (!manifest_is_of(&i->reports[k].manifest, i->ledger))
            return true;
    for (size_t k = 0; k < i->start_count; k++)
        if (!manifest_is_of(&i->starts[k].manifest, i->ledger))
            return true;
    return false;
}

/* Whether all that is gone above what the reports tell are imports of them, each of which had
 * jumped ahead and was one commit: it is made once more now. One that took foreign reports, too,
 * had jumped by one more. */
static bool was_imported(const struct import *i, int64_t told)
{
    int64_t beside = ledger_commits(i->ledger) + ledger_commits_lost(i->ledger);

    return told && (beside - told) % (COMMITS_JUMP + 1) == 0;
}

/* The ledger goes on above what the reports tell it had recorded. Where it had recorded more than
 * that, it stays one whose last commits are gone, unless a run went on that left no report: what
 * was recorded since is of that. */
static int raise_commits(const struct import *i, struct error *err)
{
    struct statement_by by = said_by(i);
    int64_t told = told_commits(i);
    int64_t lost = ledger_commits_lost(i->ledger);
    bool has_gone_on = told_by_starts(i, &told);

    if (server_url_is(i->ledger_path.ptr)) {
        stale_ledger_warn_lost(i->ledger);
        return 0;
    }
    if (lost && !has_gone_on && ledger_commits(i->ledger) + lost > told && !was_imported(i, told)) {
        log_warn("the ledger had recorded more (up to commit %lld) than these reports tell (%lld): "
                 "import the others, too. Where there are none, what it had recorded is lost, and "
                 "--new-ledger with the next upload says so",
                 (long long)(ledger_commits(i->ledger) + lost), (long long)told);
        return 0;
    }
    return ledger_commits_jump(i->ledger, told + (told && has_foreign(i)), &by, err);
}

/* What a report says is known now: its manifest need not be asked about any more, nor its run. */
static int pass_over(const struct import *i, const struct manifest_found *m, int64_t run,
                     struct error *err)
{
    struct statement_by by = said_by(i);
    struct pass pass = manifest_pass(m, PASS_LEARNED);

    return ledger_pass_add(i->ledger, &pass, &by, err) || ledger_run_end_doubt(i->ledger, run, err)
               ? -1
               : 0;
}

static int take_report(struct import *i, const struct import_report *report, struct error *err)
{
    struct import_report_visitor visitor = {i, say_difference};
    struct import_report_counts before = i->counts;
    int64_t run;

    if (import_report_take(report, i->ledger, &visitor, &i->counts, &run, err) ||
        ledger_import_note(i->ledger, run, report->manifest.report_sha256, clock_wall_ms(),
                           i->options->by, i->options->reason, err) ||
        pass_over(i, &report->manifest, run, err))
        return -1;
    log_info(language_plural("%s: run %s, %llu row, %llu of them new to the ledger",
                             "%s: run %s, %llu rows, %llu of them new to the ledger",
                             i->counts.rows - before.rows),
             LOG_QUOTED(report->path), report->manifest.run,
             (unsigned long long)(i->counts.rows - before.rows),
             (unsigned long long)(i->counts.learned - before.learned));
    return 0;
}

static int take_start(struct import *i, const struct import_started *start, struct error *err)
{
    const struct manifest_found *m = &start->manifest;
    struct import_started_counts counts;
    bool is_known;
    int64_t run;

    if (import_started_take(start, i->ledger, &counts, &run, &is_known, err))
        return -1;
    if (is_known) {
        log_info("%s: the ledger knows what became of this start of run %s",
                 LOG_QUOTED(start->path), m->run);
        return 0;
    }
    if (pass_over(i, m, run, err))
        return -1;
    i->doubtful += counts.learned;
    log_info("%s: run %s left no report; of %llu row%s %llu may have been sent: unknown now",
             LOG_QUOTED(start->path), m->run, (unsigned long long)counts.rows,
             counts.rows == 1 ? "" : "s", (unsigned long long)counts.learned);
    return ledger_import_note(i->ledger, run, m->input_sha256, clock_wall_ms(), i->options->by,
                              i->options->reason, err);
}

/* All reports or none: whenever it is ended, the same command again ends as it would have. */
static int learn(struct import *i, struct error *err)
{
    int result = ledger_await_others(i->ledger, err) || ledger_begin(i->ledger, err) ? -1 : 0;

    if (!result)
        result = ledger_check_others(i->ledger, err) || raise_commits(i, err) ||
                         ledger_import_recover(i->ledger, err)
                     ? -1
                     : 0;
    for (size_t k = 0; k < i->count && !result; k++)
        result = take_report(i, &i->reports[k], err);
    for (size_t k = 0; k < i->start_count && !result; k++)
        result = take_start(i, &i->starts[k], err);
    if (!result && i->counts.blind)
        result = ledger_import_blind(i->ledger, &i->counts.blind, err);
    if (!result)
        result = ledger_commit_carried(i->ledger, err);
    if (result)
        ledger_rollback(i->ledger);
    return result;
}

/* ---- what came of it ---- */

static void say_learned(const struct import *i)
{
    struct buffer words = {0};

    for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++)
        if (i->counts.learned_of[outcome])
            buffer_format(&words, "%s%llu %s", words.len ? _(", ") : _(": "),
                          (unsigned long long)i->counts.learned_of[outcome],
                          outcome_word((enum outcome)outcome));
    log_info("%zu report%s, %llu row%s; the ledger learned %llu of them%s", i->count,
             i->count == 1 ? "" : "s", (unsigned long long)i->counts.rows,
             i->counts.rows == 1 ? "" : "s", (unsigned long long)i->counts.learned,
             buffer_string(&words));
    buffer_release(&words);
}

static void say_next(const struct import *i)
{
    struct buffer words = {0};

    if (i->counts.blind)
        log_warn(
            language_plural(
                "%llu claim was superseded by content that is not known here, so nothing of it is "
                "sent: import the report of the run that is named in its row, too",
                "%llu claims were superseded by content that is not known here, so nothing of "
                "them is sent: import the reports of the runs that are named in those rows, too",
                i->counts.blind),
            (unsigned long long)i->counts.blind);
    if (i->counts.learned_of[OUTCOME_UNKNOWN]) {
        next_step_append_command(i->options, "resolve", i->reports[0].path, &words);
        log_warn(language_plural("next: %llu row is unknown, and settled by its report: %s",
                                 "next: %llu rows are unknown, and settled report by report: %s",
                                 i->counts.learned_of[OUTCOME_UNKNOWN]),
                 (unsigned long long)i->counts.learned_of[OUTCOME_UNKNOWN], buffer_string(&words));
    }
    if (i->doubtful) {
        buffer_reset(&words);
        next_step_append_command(i->options, "resolve", NULL, &words);
        log_warn(language_plural("next: %llu row of a run that left no report is unknown: %s shows "
                                 "it. Type the same upload as then: it does not send it, and "
                                 "writes the report by which it is settled",
                                 "next: %llu rows of runs that left no report are unknown: %s "
                                 "shows them. Type the same upload as then: it sends none of them, "
                                 "and writes the report by which they are settled",
                                 i->doubtful),
                 (unsigned long long)i->doubtful, buffer_string(&words));
    }
    if (i->counts.differ > DIFFERENCES_SHOWN)
        log_warn(language_plural("and %llu more differs", "and %llu more differ",
                                 i->counts.differ - DIFFERENCES_SHOWN),
                 (unsigned long long)(i->counts.differ - DIFFERENCES_SHOWN));
    buffer_release(&words);
}

static int run(struct import *i, struct error *err)
{
    const struct options *o = i->options;

    if (check_words(o, err) || check_export(o, err) ||
        endpoint_parse(o->gateway, true, &i->endpoint, err) ||
        (o->verify_key && signature_verify_key_open(o->verify_key, &i->key, err)) ||
        open_all(i, err) || open_ledger(i, err) || learn(i, err))
        return -1;
    if (i->count)
        say_learned(i);
    say_next(i);
    return i->counts.differ ? EXIT_ROWS_BAD : EXIT_COMPLETE;
}

int cmd_import(const struct options *options, const char *invocation, struct error *err)
{
    struct import i = {.options = options};
    int result = run(&i, err);

    (void)invocation;
    if (result < 0 && !strstr(err->text, "nothing was imported"))
        error_add(err, "nothing was imported");
    for (size_t k = 0; k < i.count; k++)
        import_report_release(&i.reports[k]);
    for (size_t k = 0; k < i.start_count; k++)
        import_started_release(&i.starts[k]);
    free(i.reports);
    free(i.starts);
    ledger_close(i.ledger);
    signature_verify_key_close(i.key);
    buffer_release(&i.ledger_path);
    return result;
}
