#include "metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/file/file.h"
#include "base/file/output.h"
#include "base/log.h"
#include "cli/ending/ending.h"
#include "cli/version.h"

#define FILE_BYTES_MAX ((size_t)1 << 20)
#define FIRST_WORDS "# HELP claimbatch_"
#define MODE 0644

enum metric {
    METRIC_INFO,
    METRIC_LAST_RUN,
    METRIC_LAST_SUCCESS,
    METRIC_DURATION,
    METRIC_EXIT_CODE,
    METRIC_ROWS,
    METRIC_FEE,
    METRIC_CHANGED,
    METRIC_UNSETTLED,
    METRIC_CALLS,
    METRIC_QUOTA_LEFT,
    METRIC_LEDGER_BYTES,
    METRIC_COUNT,
};

static const struct {
    const char *name, *help;
} metrics[METRIC_COUNT] = {
    [METRIC_INFO] = {"claimbatch_info", "The version that wrote this file."},
    [METRIC_LAST_RUN] = {"claimbatch_last_run_timestamp_seconds", "When the last start ended."},
    [METRIC_LAST_SUCCESS] = {"claimbatch_last_success_timestamp_seconds",
                             "When the last start with exit code 0 ended."},
    [METRIC_DURATION] = {"claimbatch_last_run_duration_seconds", "How long the last start took."},
    [METRIC_EXIT_CODE] = {"claimbatch_last_run_exit_code", "The exit code of the last start."},
    [METRIC_ROWS] = {"claimbatch_last_run_rows",
                     "Rows of the last run that got so far, by outcome."},
    [METRIC_FEE] = {"claimbatch_last_run_fee_fen",
                    "What these rows add up to, in fen, by outcome."},
    [METRIC_CHANGED] = {"claimbatch_last_run_changed_rows",
                        "Rows that were sent though their claim was accepted with other content."},
    [METRIC_UNSETTLED] = {"claimbatch_unsettled_rows",
                          "Unknown rows in the ledger that nobody has settled."},
    [METRIC_CALLS] = {"claimbatch_calls_today", "Calls of this app key on this Beijing day."},
    [METRIC_QUOTA_LEFT] = {"claimbatch_quota_left_calls", "Calls that --daily-quota leaves today."},
    [METRIC_LEDGER_BYTES] = {"claimbatch_ledger_size_bytes", "Size of the ledger and its log."},
};

/* ---- what stands there ---- */

static int refuse(const char *path, const char *why, struct error *err)
{
    return error_set(err, EXIT_CANNOT_CREATE,
                     "the metrics cannot go to '%s': %s. Name another file with --metrics",
                     LOG_QUOTED(path), why);
}

/* Leaves the text empty where there is no file. */
static int read_old(const char *path, struct buffer *ret_text, struct error *err)
{
    struct error unread;
    struct stat status;

    if (stat(path, &status))
        return errno == ENOENT ? 0 : refuse(path, strerror(errno), err);
    if (!S_ISREG(status.st_mode))
        return refuse(path, "it is no regular file", err);
    if (!status.st_size)
        return 0;
    if (file_read_all(path, FILE_BYTES_MAX, ret_text, &unread) ||
        strncmp(buffer_string(ret_text), FIRST_WORDS, strlen(FIRST_WORDS)) != 0)
        return refuse(path, "what stands there are no metrics of claimbatch", err);
    return 0;
}

int metrics_check(const char *path, struct error *err)
{
    struct buffer old = {0};
    int result = read_old(path, &old, err);

    buffer_release(&old);
    return result;
}

/* ---- what is written ---- */

struct page {
    struct buffer *text;
    struct buffer labels; /* those that all have */
    const char *old;
};

/* In a label's value: as the text format wants it. */
static void append_label(struct buffer *text, const char *name, const char *value)
{
    buffer_format(text, "%s=\"", name);
    for (; *value; value++) {
        if (*value == '\n')
            buffer_text(text, "\\n");
        else if (*value == '"' || *value == '\\')
            buffer_format(text, "\\%c", *value);
        else
            buffer_byte(text, *value);
    }
    buffer_byte(text, '"');
}

static void describe_batch(const char *path, struct buffer *ret_labels)
{
    const char *name = file_last_part(path);
    size_t len = strlen(name);
    struct buffer batch = {0};

    if (len > 5 && strcmp(name + len - 5, ".prom") == 0)
        len -= 5;
    buffer_append(&batch, name, len);
    append_label(ret_labels, "batch", buffer_string(&batch));
    ret_labels->failed |= batch.failed;
    buffer_release(&batch);
}

static void put_head(const struct page *page, enum metric metric)
{
    buffer_format(page->text, "# HELP %s %s\n# TYPE %s gauge\n", metrics[metric].name,
                  metrics[metric].help, metrics[metric].name);
}

static void put(const struct page *page, enum metric metric, const char *value)
{
    put_head(page, metric);
    buffer_format(page->text, "%s{%s} %s\n", metrics[metric].name, buffer_string(&page->labels),
                  value);
}

static void put_number(const struct page *page, enum metric metric, int64_t number)
{
    char digits[BUFFER_INTEGER_BYTES];

    put(page, metric, buffer_integer_text(number, digits));
}

static void put_ms(const struct page *page, enum metric metric, int64_t ms)
{
    char seconds[48];

    snprintf(seconds, sizeof(seconds), "%lld.%03lld", (long long)ms / 1000, (long long)ms % 1000);
    put(page, metric, seconds);
}

/* The lines of a metric as they were, without whatever else may stand in that file. */
static void keep(const struct page *page, enum metric metric)
{
    const char *name = metrics[metric].name;
    size_t len = strlen(name);
    bool is_headed = false;

    for (const char *line = page->old; *line;) {
        size_t bytes = strcspn(line, "\n");

        if (strncmp(line, name, len) == 0 && line[len] == '{') {
            if (!is_headed)
                put_head(page, metric);
            is_headed = true;
            buffer_append(page->text, line, bytes);
            buffer_byte(page->text, '\n');
        }
        line += bytes + (line[bytes] == '\n');
    }
}

static void put_outcome(const struct page *page, enum metric metric, enum outcome outcome,
                        const char *value)
{
    buffer_format(page->text, "%s{%s,outcome=\"%s\"} %s\n", metrics[metric].name,
                  buffer_string(&page->labels), outcome_name(outcome), value);
}

static void put_rows(const struct page *page, const struct ending *ending)
{
    char text[MONEY_TEXT_BYTES];

    if (!ending->has_rows) {
        keep(page, METRIC_ROWS);
        keep(page, METRIC_FEE);
        keep(page, METRIC_CHANGED);
        return;
    }
    put_head(page, METRIC_ROWS);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        put_outcome(page, METRIC_ROWS, (enum outcome)i,
                    money_format_fen((money)ending->rows[i], text));
    buffer_format(page->text, "%s{%s,outcome=\"open\"} %llu\n", metrics[METRIC_ROWS].name,
                  buffer_string(&page->labels), (unsigned long long)ending->open);
    if (!ending->has_fees)
        return;
    put_head(page, METRIC_FEE);
    for (int i = 0; i < OUTCOME_COUNT; i++)
        put_outcome(page, METRIC_FEE, (enum outcome)i, money_format_fen(ending->fee_fen[i], text));
    put_number(page, METRIC_CHANGED, (int64_t)ending->changed);
}

static void put_ledger(const struct page *page, const struct ending *ending)
{
    if (!ending->has_ledger) {
        keep(page, METRIC_UNSETTLED);
        keep(page, METRIC_CALLS);
        keep(page, METRIC_QUOTA_LEFT);
        keep(page, METRIC_LEDGER_BYTES);
        return;
    }
    put_number(page, METRIC_UNSETTLED, ending->unknown_row);
    put_number(page, METRIC_CALLS, ending->calls);
    if (ending->quota_left >= 0)
        put_number(page, METRIC_QUOTA_LEFT, ending->quota_left);
    put_number(page, METRIC_LEDGER_BYTES, ending->ledger_bytes);
}

static void put_all(const struct page *page, const struct ending *ending, int exit_code)
{
    int64_t now_ms = clock_wall_ms();

    put_head(page, METRIC_INFO);
    buffer_format(page->text, "%s{%s,version=\"%s\"} 1\n", metrics[METRIC_INFO].name,
                  buffer_string(&page->labels), CLAIMBATCH_VERSION);
    put_ms(page, METRIC_LAST_RUN, now_ms);
    if (exit_code == EXIT_COMPLETE)
        put_ms(page, METRIC_LAST_SUCCESS, now_ms);
    else
        keep(page, METRIC_LAST_SUCCESS);
    put_ms(page, METRIC_DURATION, clock_mono_ms() - ending->began_ms);
    put_number(page, METRIC_EXIT_CODE, exit_code);
    put_rows(page, ending);
    put_ledger(page, ending);
}

int metrics_write(const char *path, const struct ending *ending, int exit_code, struct error *err)
{
    struct output output = {0};
    struct buffer old = {0};
    struct page page = {.text = &output.text};
    int result = -1;

    if (read_old(path, &old, err) || output_open(path, &output, err))
        goto out;
    page.old = buffer_string(&old);
    describe_batch(path, &page.labels);
    put_all(&page, ending, exit_code);
    output.text.failed |= page.labels.failed;
    if (fchmod(output.fd, MODE))
        refuse(path, strerror(errno), err);
    else
        result = output_publish(&output, err);
out:
    output_close(&output);
    buffer_release(&page.labels);
    buffer_release(&old);
    return result;
}
