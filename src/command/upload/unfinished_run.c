#include "unfinished_run.h"

#include <string.h>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/next_step.h"
#include "cli/summary.h"
#include "ledger/abandonment.h"
#include "ledger/view/view.h"
#include "report/manifest/manifest.h"

#define SHA256_SHOWN 12 /* digits, by which a person knows a file again */

/* ---- a run without a report ---- */

struct unknown_count {
    int64_t run;
    uint64_t rows;
};

static void count_unknown(void *context, const struct view_open_run *open)
{
    struct unknown_count *count = context;

    if (open->run == count->run)
        count->rows = open->unknown;
}

/* What was in flight is unknown, too, though no outcome is recorded yet. */
static int count(struct ledger *ledger, const struct view_run *run, uint64_t rows,
                 uint64_t *ret_unknown, uint64_t *ret_not_sent, struct error *err)
{
    struct unknown_count unknown = {.run = run->record.id};
    uint64_t done;

    if (view_open_runs(ledger, count_unknown, &unknown, err))
        return -1;
    done = unknown.rows + run->counts[OUTCOME_ACCEPTED].rows + run->counts[OUTCOME_REJECTED].rows +
           run->counts[OUTCOME_SKIPPED].rows;
    *ret_unknown = unknown.rows;
    *ret_not_sent = rows > done ? rows - done : 0;
    return 0;
}

static void append_abandonment(struct submission *s, const char *run)
{
    buffer_format(&s->left, "claimbatch status --abandon %s --by NAME --reason TEXT --ledger ",
                  run);
    summary_quote(ledger_path(s->ledger), &s->left);
    buffer_byte(&s->left, '\n');
}

/* Nothing that a person has not looked at is to be typed. */
static void suggest_status(struct submission *s)
{
    if (s->left_next.len)
        return;
    buffer_text(&s->left_next, "claimbatch status --ledger ");
    summary_quote(ledger_path(s->ledger), &s->left_next);
}

/* Its command cannot be named: the file that it takes is another one now. */
static int note_start(struct submission *s, const struct manifest_found *started, struct error *err)
{
    bool is_rerun = strcmp(started->command, "rerun") == 0;

    language_format(&s->left,
                    is_rerun ? N_("next: run %s of '%s' (SHA-256 %.*s…) was interrupted: type that "
                                  "rerun again; it goes on then, and its report is written\n")
                             : N_("next: run %s of '%s' (SHA-256 %.*s…) was interrupted: bring "
                                  "that file back and upload it, under any name; the run goes on "
                                  "then, and its report is written\n"),
                    started->run, LOG_QUOTED(started->input_name), SHA256_SHOWN,
                    started->input_sha256);
    if (!is_rerun) {
        language_append(&s->left, "or, if that file is gone for good: ");
        append_abandonment(s, started->run);
    }
    suggest_status(s);
    return s->left.failed || s->left_next.failed ? error_no_memory(err) : 0;
}

int unfinished_run_start(struct submission *s, const struct manifest_found *started,
                         const char *aside, struct error *err)
{
    struct run_record record;
    struct view_run run;
    uint64_t unknown, not_sent;
    int found = ledger_run_named(s->ledger, started->run, &record, err);

    if (found > 0)
        found = view_run_next(s->ledger, record.id + 1, &run, err);
    if (found <= 0)
        return found;
    if (run.state != VIEW_INTERRUPTED && run.state != VIEW_STOPPED && run.state != VIEW_FINISHED)
        return 0;
    if (count(s->ledger, &run, started->input_rows, &unknown, &not_sent, err))
        return -1;
    log_warn("run %s of '%s' (SHA-256 %.*s…) was interrupted before its report was written: "
             "accepted rows: %llu, unknown: %llu, not sent: %llu. This is another export and does "
             "not go on with it; what tells of it is '%s' now",
             started->run, LOG_QUOTED(started->input_name), SHA256_SHOWN, started->input_sha256,
             (unsigned long long)run.counts[OUTCOME_ACCEPTED].rows, (unsigned long long)unknown,
             (unsigned long long)not_sent, LOG_QUOTED(aside));
    return note_start(s, started, err);
}

/* ---- a report with rows that were not sent ---- */

/* Rows that a rerun of that report, or of a rerun's, has brought to an end since. */
static int count_rerun(struct ledger *ledger, int64_t run, uint64_t *ret_done, struct error *err)
{
    struct run_count counts[OUTCOME_COUNT];
    int64_t id = 0;
    int found;

    *ret_done = 0;
    while ((found = ledger_run_line_next(ledger, run, id, &id, err)) > 0) {
        if (id == run)
            continue;
        if (ledger_run_count_get(ledger, id, counts, err))
            return -1;
        for (int i = 0; i < OUTCOME_COUNT; i++)
            if (i != OUTCOME_FAILED && i != OUTCOME_UNSENT)
                *ret_done += counts[i].rows;
    }
    return found;
}

static int note_report(struct submission *s, const char *run, uint64_t rows, const char *aside,
                       struct error *err)
{
    struct buffer words = {0};
    int result;

    next_step_append_command(s->options, "rerun", aside, &words);
    log_warn(language_plural("%llu row of run %s failed or was not sent, and this is another "
                             "export, which does not go on with it: %s",
                             "%llu rows of run %s failed or were not sent, and this is another "
                             "export, which does not go on with them: %s",
                             rows),
             (unsigned long long)rows, run, buffer_string(&words));
    language_format(&s->left,
                    "next: send the rows of run %s that failed or were not sent, with the same "
                    "options as before: %s\n",
                    run, buffer_string(&words));
    if (!s->left_next.len)
        buffer_text(&s->left_next, buffer_string(&words));
    result = words.failed || s->left.failed || s->left_next.failed ? error_no_memory(err) : 0;
    buffer_release(&words);
    return result;
}

/* Why the run was stopped, if that was for what made its export look wrong as a whole, or NULL. */
static const char *why_held_back(const struct run_record *run)
{
    static const char *const reasons[] = {"max-changed", "order-no-alike", "other-work-order",
                                          "other-order-no"};

    for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
        if (strcmp(run->stopped_because, reasons[i]) == 0)
            return reasons[i];
    return NULL;
}

/* Its rows are mostly those that this export has right: to send them is not what comes next. */
static int note_held_back(struct submission *s, const char *run, const char *why, uint64_t rows,
                          const char *aside, struct error *err)
{
    struct buffer words = {0};
    int result;

    next_step_append_command(s->options, "rerun", aside, &words);
    log_warn("run %s was held back (%s), and this is another export; rows of it that were not "
             "sent: %llu",
             run, why, (unsigned long long)rows);
    language_format(&s->left, "next: run %s was held back (%s); if its export was wrong: ", run,
                    why);
    append_abandonment(s, run);
    language_format(
        &s->left, "or, if it was right after all, with the same options as before and %s: %s\n",
        strcmp(why, "max-changed") == 0 ? "--max-changed N" : "--rule damaged-order-no=warn",
        buffer_string(&words));
    suggest_status(s);
    result = words.failed || s->left.failed || s->left_next.failed ? error_no_memory(err) : 0;
    buffer_release(&words);
    return result;
}

int unfinished_run_report(struct submission *s, const char *name, const char *aside,
                          struct error *err)
{
    struct abandonment abandonment;
    struct run_record run;
    const char *held;
    uint64_t done;
    int found = ledger_run_named(s->ledger, name, &run, err);
    int abandoned;

    if (found <= 0 || !run.published || !run.open_rows)
        return found < 0 ? -1 : 0;
    /* The same file, read in another way since nothing of it was sent: this run has all its rows.
     */
    if (memcmp(run.export_sha256, s->inspection.survey.sha256, DIGEST_SHA256_BYTES) == 0)
        return 0;
    held = why_held_back(&run);
    abandoned = ledger_abandonment_get(s->ledger, run.id, &abandonment, err);
    if (abandoned)
        return abandoned < 0 ? -1 : 0;
    if (count_rerun(s->ledger, run.id, &done, err))
        return -1;
    if (run.open_rows <= done)
        return 0;
    return held ? note_held_back(s, name, held, run.open_rows - done, aside, err)
                : note_report(s, name, run.open_rows - done, aside, err);
}
