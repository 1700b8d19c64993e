#include "left_behind.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "cli/summary.h"
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
    if (!s->left_next.len) {
        buffer_text(&s->left_next, "claimbatch status --ledger ");
        summary_quote(ledger_path(s->ledger), &s->left_next);
    }
    return s->left.failed || s->left_next.failed ? error_no_memory(err) : 0;
}

int left_behind_start(struct submission *s, const struct manifest_found *started, const char *aside,
                      struct error *err)
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
