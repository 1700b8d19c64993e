#include "audit_text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/words/language.h"
#include "base/words/terminal.h"

#define SECOND_MS 1000.0

/* ---- lines that fit ---- */

void audit_text_line(struct buffer *out, size_t indent, const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, language_of(format), args) < 0) {
        out->failed = true;
    } else {
        buffer_format(out, "%*s", (int)indent, "");
        terminal_flow(text, indent, indent + 2, terminal_width(STDOUT_FILENO), out);
    }
    free(text);
    va_end(args);
}

/* ---- the parts ---- */

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void put_disagreement(const struct audit *audit, const struct audit_disagreement *d,
                             struct buffer *out)
{
    const char *path =
        d->report == AUDIT_NO_REPORT ? "" : LOG_QUOTED_LONG(audit->reports[d->report].path);

    if (d->row && *path)
        audit_text_line(out, 2, "row %" PRIu64 " of %s: %s", d->row, path, d->text);
    else if (d->row)
        audit_text_line(out, 2, "row %" PRIu64 ": %s", d->row, d->text);
    else if (*path)
        audit_text_line(out, 2, "%s: %s", path, d->text);
    else
        audit_text_line(out, 2, "%s", d->text);
}

static void put_disagreements(const struct audit *audit, struct buffer *out)
{
    size_t shown = audit->disagreement_count < AUDIT_TEXT_DISAGREEMENTS ? audit->disagreement_count
                                                                        : AUDIT_TEXT_DISAGREEMENTS;

    for (size_t i = 0; i < shown; i++)
        put_disagreement(audit, &audit->disagreements[i], out);
    if (audit->disagreements_found > shown)
        audit_text_line(out, 2, "… and %" PRIu64 " more%s", audit->disagreements_found - shown,
                        audit->disagreement_count > shown ? _(": see --json") : "");
    for (size_t i = 0; i < audit->note_count; i++)
        audit_text_line(out, 0, "note: %s", audit->notes[i]);
}

void audit_text_verdict(const struct audit *audit, struct buffer *out)
{
    if (audit->agrees)
        audit_text_line(out, 0, "verdict: everything that was checked agrees");
    else
        audit_text_line(out, 0, "verdict: NOT TRUE, %" PRIu64 " disagreement%s",
                        audit->disagreements_found, plural(audit->disagreements_found));
    put_disagreements(audit, out);
}

static void put_checks(const struct audit_report *r, struct buffer *out)
{
    static const char *const words[] = {
        [AUDIT_NOT_CHECKED] = N_("not checked"),
        [AUDIT_AGREES] = N_("agrees"),
        [AUDIT_DISAGREES] = N_("DISAGREES"),
    };

    audit_text_line(out, 4, "signature: %s; ledger: %s", _(words[r->signature]),
                    _(words[r->ledger]));
}

static void put_changed(const char *what, const struct changed_sum *sum, struct buffer *out)
{
    char yuan[2][MONEY_TEXT_BYTES];

    if (!sum->rows)
        return;
    audit_text_line(out, 4, "%s: %" PRIu64 " row%s, %s yuan before, %s yuan now", what, sum->rows,
                    plural(sum->rows), money_format_yuan(sum->before, yuan[0]),
                    money_format_yuan(sum->after, yuan[1]));
    if (sum->without_before)
        audit_text_line(out, 6, "of %" PRIu64 " of them the amount before is not known",
                        sum->without_before);
}

static void put_report(const struct audit_report *r, struct buffer *out)
{
    const struct manifest_found *m = &r->manifest;
    char times[2][CLOCK_TOP_BYTES] = {"?", "?"};

    audit_text_line(out, 2, "%s", LOG_QUOTED_LONG(r->path));
    audit_text_line(out, 4, "%" PRIu64 " row%s, %" PRIu64 " bytes", r->lines, plural(r->lines),
                    r->bytes);
    if (!r->has_manifest)
        return;
    audit_text_line(out, 4, "%s, run %s%s%s", LOG_QUOTED_LONG(m->command), m->run,
                    *m->parent_run ? _(" of ") : "", m->parent_run);
    if (m->started_ms)
        clock_format_top(m->started_ms, times[0]);
    if (m->finished_ms)
        clock_format_top(m->finished_ms, times[1]);
    audit_text_line(out, 4, "%s to %s Beijing time", times[0], times[1]);
    if (*m->stopped_because)
        audit_text_line(out, 4, "stopped: %s", LOG_QUOTED_LONG(m->stopped_because));
    else
        audit_text_line(out, 4, "%s", m->complete ? _("complete") : _("not complete"));
    put_changed(_("changed since they were accepted, and sent"), &m->changed, out);
    put_changed(_("changed since they were accepted, and held back"), &m->held_back, out);
    put_checks(r, out);
}

static void put_reports(const struct audit *audit, struct buffer *out)
{
    static const char *const words[] = {"not checked", "agrees", "DISAGREES"};

    audit_text_line(out, 0, "report%s:", plural(audit->report_count));
    for (size_t i = 0; i < audit->report_count; i++)
        put_report(&audit->reports[i], out);
    if (audit->export_path)
        audit_text_line(out, 0, "export: %s: %" PRIu64 " row%s, %s",
                        LOG_QUOTED_LONG(audit->export_path), audit->export_rows,
                        plural(audit->export_rows), _(words[audit->export]));
}

/* ---- totals ---- */

static void put_sum(enum outcome outcome, const struct audit_sum *sum, struct buffer *out)
{
    char yuan[MONEY_TEXT_BYTES], label[OUTCOME_LABEL_BYTES];

    if (!sum->rows)
        return;
    buffer_text(out, "  ");
    terminal_cell(out, outcome_label(outcome, label), outcome_label_columns() + 1);
    buffer_format(out, " %12" PRIu64, sum->rows);
    if (outcome != OUTCOME_INVALID) /* its amount is not known */
        language_format(out, " %22s yuan", money_format_yuan(sum->fee_fen, yuan));
    buffer_byte(out, '\n');
}

void audit_text_outcomes(const struct audit_sum *sums, struct buffer *out)
{
    for (int i = 0; i < OUTCOME_COUNT; i++)
        put_sum((enum outcome)i, &sums[i], out);
}

static uint64_t rows_of(const struct audit_sum *sums)
{
    uint64_t rows = 0;

    for (int i = 0; i < OUTCOME_COUNT; i++)
        rows += sums[i].rows;
    return rows;
}

static void put_totals(const struct audit *audit, struct buffer *out)
{
    static const char *const names[INSPECTION_STATUSES] = {N_("not settled"), N_("claim succeeded"),
                                                           N_("claim failed")};

    audit_text_line(out, 0, "%" PRIu64 " row%s in %s final state:", audit->rows,
                    plural(audit->rows), audit->rows == 1 ? _("its") : _("their"));
    audit_text_outcomes(audit->outcomes, out);
    for (int i = 0; i < INSPECTION_STATUSES; i++) {
        uint64_t rows = rows_of(audit->statuses[i]);

        if (!rows)
            continue;
        audit_text_line(out, 0, "claim_status %d, %s, %" PRIu64 " row%s:", i, _(names[i]), rows,
                        plural(rows));
        audit_text_outcomes(audit->statuses[i], out);
    }
}

static void put_code(const struct audit_code *code, struct buffer *out)
{
    struct buffer rows = {0};

    for (size_t i = 0; i < code->first_count; i++)
        buffer_format(&rows, "%s%" PRIu64, i ? _(", ") : "", code->first_rows[i]);
    audit_text_line(out, 2, "%s %s: %" PRIu64 " row%s (%s%s)", outcome_word(code->outcome),
                    LOG_QUOTED(code->code), code->rows, plural(code->rows), buffer_string(&rows),
                    code->rows > code->first_count ? ", …" : "");
    out->failed |= rows.failed;
    buffer_release(&rows);
    /* Messages are recorded in English, whoever reads them. */
    if (*code->advice.meaning && (!language_is_english() || !*code->advice.todo))
        audit_text_line(out, 4, "%s", code->advice.meaning);
    if (*code->message)
        audit_text_line(out, 4, "'%s'", LOG_QUOTED(code->message));
    if (*code->advice.todo)
        audit_text_line(out, 4, "do: %s", code->advice.todo);
}

static void put_codes(const struct audit *audit, struct buffer *out)
{
    if (!audit->code_count)
        return;
    audit_text_line(out, 0, "why rows are not accepted, with the first of them:");
    for (size_t i = 0; i < audit->code_count && i < AUDIT_TEXT_CODES; i++)
        put_code(&audit->codes[i], out);
    if (audit->code_count > AUDIT_TEXT_CODES)
        audit_text_line(out, 2, "… and %zu other code%s: see --json",
                        audit->code_count - AUDIT_TEXT_CODES,
                        plural(audit->code_count - AUDIT_TEXT_CODES));
}

/* ---- time ---- */

static uint64_t most_answered(const struct timeline *t)
{
    uint64_t most = 0;

    for (size_t i = 0; i < t->bucket_count; i++)
        if (timeline_answered(t, i) > most)
            most = timeline_answered(t, i);
    return most;
}

static void put_speed(const struct audit *audit, struct buffer *out)
{
    const struct latency_summary *l = &audit->latency;
    const struct timeline *t = &audit->timeline;
    double span = (double)t->bucket_ms * (double)t->bucket_count / SECOND_MS;

    if (!l->calls)
        return;
    audit_text_line(out, 0,
                    "latency of %" PRIu64 " call%s in ms: p50 %" PRId64 ", p90 %" PRId64
                    ", p95 %" PRId64 ", p99 %" PRId64 ", most %" PRId64,
                    l->calls, plural(l->calls), l->p50_ms, l->p90_ms, l->p95_ms, l->p99_ms,
                    l->max_ms);
    audit_text_line(out, 0, "answered a second: %.1f over %.1f s, at best %.1f",
                    (double)l->calls / span, span,
                    (double)most_answered(t) * SECOND_MS / (double)t->bucket_ms);
}

static void put_event(const struct manifest_event *event, struct buffer *out)
{
    char times[2][CLOCK_TOP_BYTES] = {"", ""};

    clock_format_top(event->at_ms, times[0]);
    if (event->until_ms)
        clock_format_top(event->until_ms, times[1]);
    audit_text_line(out, 2, "%s %s%s%s%s%s", times[0], LOG_QUOTED_WITHIN(event->kind, 32),
                    *times[1] ? _(" until ") : "", times[1], *event->text ? _(": ") : "",
                    LOG_QUOTED(event->text));
}

static void put_events(const struct audit *audit, struct buffer *out)
{
    if (audit->event_count)
        audit_text_line(out, 0, "what happened to the runs:");
    for (size_t i = 0; i < audit->event_count && i < AUDIT_TEXT_EVENTS; i++)
        put_event(audit->events[i].event, out);
    if (audit->event_count > AUDIT_TEXT_EVENTS)
        audit_text_line(out, 2, "… and %zu more: see --json",
                        audit->event_count - AUDIT_TEXT_EVENTS);
}

void audit_text(const struct audit *audit, struct buffer *ret_text)
{
    audit_text_verdict(audit, ret_text);
    put_reports(audit, ret_text);
    put_totals(audit, ret_text);
    put_codes(audit, ret_text);
    put_speed(audit, ret_text);
    put_events(audit, ret_text);
}
