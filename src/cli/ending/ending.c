#include "cli/ending/ending.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "after.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "cli/options/options.h"
#include "cli/summary.h"
#include "ledger/shared_limits.h"
#include "ledger/view/view.h"
#include "metrics.h"

bool ending_is_wanted(const struct options *options)
{
    return (options->after || options->metrics) && !options->dry_run;
}

int ending_prepare(struct ending *ending, const struct options *options, struct error *err)
{
    ending->began_ms = clock_mono_ms();
    ending->quota_left = -1;
    if (!ending_is_wanted(options))
        return 0;
    if (options->after && after_start(options->after, AFTER_LIMIT_MS, &ending->after, err))
        return -1;
    if (options->metrics && metrics_check(options->metrics, err)) {
        error_add(err, "nothing was sent");
        return -1;
    }
    return 0;
}

/* Where the command is run is not where the one of --after may look for it. */
static void append_absolute(const char *path, struct buffer *ret_path)
{
    char *whole = realpath(path, NULL);

    buffer_text(ret_path, whole ? whole : path);
    free(whole);
}

void ending_take(struct ending *ending, const struct summary *s, const struct buffer *manifest)
{
    snprintf(ending->run, sizeof(ending->run), "%s", s->run);
    snprintf(ending->because, sizeof(ending->because), "%s", s->stop->because);
    if (s->report_path)
        append_absolute(s->report_path, &ending->report);
    buffer_text(&ending->next, summary_next(s));
    buffer_append(&ending->manifest, manifest->ptr, manifest->len);
    ending->has_rows = ending->has_fees = true;
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        ending->rows[i] = tally_rows(s->tally, (enum outcome)i);
        ending->fee_fen[i] = tally_fee(s->tally, (enum outcome)i);
    }
    ending->changed = s->changed.rows;
}

void ending_take_unfinished(struct ending *ending, const struct summary *s,
                            const struct coordinator_progress *progress)
{
    snprintf(ending->run, sizeof(ending->run), "%s", s->run);
    snprintf(ending->because, sizeof(ending->because), "error");
    buffer_text(&ending->next, s->invocation);
    ending->has_rows = true;
    for (int i = 0; i < OUTCOME_COUNT; i++)
        ending->rows[i] = progress->outcomes[i];
    ending->open = progress->rows - progress->done;
}

/* ---- the ledger ---- */

static void add_open(void *context, const struct view_open_run *open)
{
    *(int64_t *)context += (int64_t)open->unknown;
}

static int64_t size_of(const char *path, const char *ending)
{
    struct buffer whole = {0};
    struct stat status;
    int64_t bytes = 0;

    buffer_format(&whole, "%s%s", path, ending);
    if (stat(buffer_string(&whole), &status) == 0)
        bytes = status.st_size;
    buffer_release(&whole);
    return bytes;
}

void ending_look(struct ending *ending, const struct options *options, const char *platform,
                 struct ledger *ledger)
{
    const struct app app = {platform, options->app_key};
    const char *path = ledger_path(ledger);
    struct error unread;

    append_absolute(path, &ending->ledger);
    ending->ledger_bytes = size_of(path, "") + size_of(path, "-wal");
    if (!options->metrics)
        return; /* the rest is counted */
    ending->unknown_row = 0;
    if (view_open_runs(ledger, add_open, &ending->unknown_row, &unread) ||
        ledger_calls_get(ledger, &app, clock_beijing_day(clock_wall_ms()), &ending->calls,
                         &unread)) {
        log_warn("the ledger could not be looked at for --metrics: %s", unread.text);
        return;
    }
    if (options->daily_quota)
        ending->quota_left =
            options->daily_quota > ending->calls ? options->daily_quota - ending->calls : 0;
    ending->has_ledger = true;
}

/* ---- what the command of --after is told ---- */

/* `name` without the prefix that all have; in lower case, which becomes upper case. */
static void add_text(struct buffer *environment, const char *name, const char *value)
{
    buffer_text(environment, "CLAIMBATCH_");
    for (; *name; name++)
        buffer_byte(environment, (char)toupper((unsigned char)*name));
    buffer_format(environment, "=%s", value);
    buffer_byte(environment, '\0');
}

/* CLAIMBATCH_ROWS_ACCEPTED=3 */
static void add_count(struct buffer *environment, const char *what, enum outcome outcome,
                      const char *digits)
{
    char name[64];

    snprintf(name, sizeof(name), "%s_%s", what, outcome_name(outcome));
    add_text(environment, name, digits);
}

static void add_counts(struct buffer *environment, const struct ending *ending)
{
    char digits[MONEY_TEXT_BYTES];
    money rows = 0, fee = 0;

    for (int i = 0; i < OUTCOME_COUNT; i++) {
        rows += (money)ending->rows[i];
        fee += ending->fee_fen[i];
        add_count(environment, "rows", (enum outcome)i,
                  money_format_fen((money)ending->rows[i], digits));
        if (ending->has_fees)
            add_count(environment, "fen", (enum outcome)i,
                      money_format_fen(ending->fee_fen[i], digits));
    }
    if (ending->open)
        add_text(environment, "rows_open", money_format_fen((money)ending->open, digits));
    rows += (money)ending->open;
    add_text(environment, "rows_all", money_format_fen(rows, digits));
    if (ending->has_fees)
        add_text(environment, "fen_all", money_format_fen(fee, digits));
}

static void describe(const struct ending *ending, int exit_code, struct buffer *environment)
{
    char digits[BUFFER_INTEGER_BYTES];
    const char *next = ending->next.len ? ending->next.ptr : "";
    struct buffer manifest = {0};

    /* Of a start that was refused: the same again, once the cause is gone. */
    if (!ending->has_rows && !ending->next.len && exit_code != EXIT_COMPLETE)
        next = ending->invocation;
    if (ending->report.len)
        buffer_format(&manifest, "%s.manifest.json", ending->report.ptr);
    add_text(environment, "exit", buffer_integer_text(exit_code, digits));
    add_text(environment, "command", ending->command);
    add_text(environment, "run", ending->run);
    add_text(environment, "stopped_because", ending->because);
    add_text(environment, "report", buffer_string(&ending->report));
    add_text(environment, "manifest", buffer_string(&manifest));
    add_text(environment, "ledger", buffer_string(&ending->ledger));
    add_text(environment, "next", next);
    if (ending->has_rows)
        add_counts(environment, ending);
    environment->failed |= manifest.failed;
    buffer_release(&manifest);
}

static void run_after(const struct ending *ending, int exit_code)
{
    struct buffer environment = {0}, input = {0};

    describe(ending, exit_code, &environment);
    if (ending->manifest.len)
        buffer_append(&input, ending->manifest.ptr, ending->manifest.len);
    else
        buffer_text(&input, "null\n");
    after_run(ending->after, &environment, &input);
    buffer_release(&environment);
    buffer_release(&input);
}

void ending_tell(struct ending *ending, const struct options *options, int exit_code)
{
    struct error err;

    if (!ending->began_ms || !ending_is_wanted(options))
        return;
    if (options->metrics && metrics_write(options->metrics, ending, exit_code, &err))
        log_warn("the metrics were not written: %s", err.text);
    if (ending->after)
        run_after(ending, exit_code);
}

void ending_release(struct ending *ending)
{
    after_close(ending->after);
    buffer_release(&ending->report);
    buffer_release(&ending->manifest);
    buffer_release(&ending->next);
    buffer_release(&ending->ledger);
}
