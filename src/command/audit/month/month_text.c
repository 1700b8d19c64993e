#include "month_text.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "base/words/terminal.h"
#include "command/audit/audit_text.h"

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

/* ---- the verdict ---- */

static void put_span(const struct month *month, struct buffer *out)
{
    char days[2][MONTH_DAY_BYTES] = {"?", "?"};

    if (month->day_count) {
        month_sums_day_text(month->days[0].day, days[0]);
        month_sums_day_text(month->days[month->day_count - 1].day, days[1]);
    }
    audit_text_line(out, 0, "%s to %s: %zu export%s, %zu report%s", days[0], days[1],
                    month->export_count, plural(month->export_count), month->report_count,
                    plural(month->report_count));
}

static void put_verdict(const struct month *month, struct buffer *out)
{
    size_t shown =
        month->finding_count < MONTH_TEXT_FINDINGS ? month->finding_count : MONTH_TEXT_FINDINGS;

    put_span(month, out);
    if (month->agrees)
        audit_text_line(out, 0, "verdict: everything that was checked agrees");
    else if (month->disagreements)
        audit_text_line(out, 0, "verdict: NOT TRUE, %" PRIu64 " disagreement%s",
                        month->disagreements, plural(month->disagreements));
    if (month->missing)
        audit_text_line(out, month->disagreements ? 2 : 0,
                        "%s%zu report%s or manifest%s missing, named above",
                        month->disagreements ? "" : _("verdict: NOT WHOLE, "), month->missing,
                        plural(month->missing), month->missing == 1 ? _(" is") : _("s are"));
    for (size_t i = 0; i < shown; i++)
        audit_text_line(out, 2, "%s", month->findings[i]);
    if (month->findings_found > shown)
        audit_text_line(out, 2, "… and %" PRIu64 " more: see --json",
                        month->findings_found - shown);
}

/* ---- days ---- */

static void put_day(const struct month_day *day, struct buffer *out)
{
    const struct audit_sum *accepted = &day->rows[OUTCOME_ACCEPTED];
    char text[MONTH_DAY_BYTES];
    char yuan[MONEY_TEXT_BYTES];
    uint64_t rows = 0;

    for (int i = 0; i < OUTCOME_COUNT; i++)
        rows += day->rows[i].rows;
    month_sums_day_text(day->day, text);
    if (!day->runs && !rows) {
        language_format(out, "  %s  no run\n", text);
        return;
    }
    buffer_format(out, "  %s %4" PRIu64 " %8" PRIu64 " %9" PRIu64 " %15s %6" PRIu64 "\n", text,
                  day->runs, rows, accepted->rows, money_format_yuan(accepted->fee_fen, yuan),
                  day->open.rows);
}

/* The head of a column of numbers. */
static void put_right(const char *words, size_t columns, struct buffer *out)
{
    size_t taken = terminal_columns(words);

    terminal_cell(out, "", taken < columns ? columns - taken : 0);
    buffer_text(out, words);
}

static void put_days(const struct month *month, struct buffer *out)
{
    buffer_text(out, "  ");
    terminal_cell(out, _("day"), 10);
    put_right(_("runs"), 5, out);
    put_right(_("rows"), 9, out);
    put_right(_("accepted"), 10, out);
    put_right(_("their yuan"), 16, out);
    put_right(_("open"), 7, out);
    buffer_byte(out, '\n');
    for (size_t i = 0; i < month->day_count; i++)
        put_day(&month->days[i], out);
}

/* ---- sums ---- */

static void put_sources(const struct month *month, struct buffer *out)
{
    char yuan[MONEY_TEXT_BYTES];

    for (size_t i = 0; i < month->source_count; i++) {
        const struct month_source *s = &month->sources[i];

        audit_text_line(
            out, 0, "app key '%s', platform '%s': %" PRIu64 " row%s, %" PRIu64 " accepted, %s yuan",
            LOG_QUOTED(s->app_key), LOG_QUOTED(s->platform), s->rows, plural(s->rows),
            s->accepted.rows, money_format_yuan(s->accepted.fee_fen, yuan));
    }
}

static void put_claims(const struct month *month, struct buffer *out)
{
    char yuan[MONEY_TEXT_BYTES];

    audit_text_line(out, 0, "%" PRIu64 " row%s:", month->rows, plural(month->rows));
    audit_text_outcomes(month->outcomes, out);
    audit_text_line(out, 0, "%" PRIu64 " claim%s, each once, in its final state:", month->claims,
                    plural(month->claims));
    audit_text_outcomes(month->claim_outcomes, out);
    audit_text_line(out, 0, "accepted of them, with the last amount: %" PRIu64 ", %s yuan",
                    month->accepted.rows, money_format_yuan(month->accepted.fee_fen, yuan));
    put_sources(month, out);
}

/* ---- lists ---- */

static int put_open(void *context, const struct month_claim *claim, struct error *err)
{
    struct buffer *out = context;
    char yuan[MONEY_TEXT_BYTES], day[MONTH_DAY_BYTES];
    bool is_known = claim->final.outcome != OUTCOME_INVALID;

    (void)err;
    audit_text_line(out, 2, "%s '%s', %s%s, %s, row %" PRIu64 "%s%s",
                    outcome_word(claim->final.outcome), LOG_QUOTED(claim->final.claim_order_no),
                    is_known ? money_format_yuan(claim->final.fee_fen, yuan) : "",
                    is_known ? _(" yuan") : _("amount not known"),
                    month_sums_day_text(claim->final.day, day), claim->final.row,
                    *claim->final.code ? _(": ") : "", LOG_QUOTED(claim->final.code));
    return 0;
}

static int put_change(void *context, const struct month_claim *claim, struct error *err)
{
    struct buffer *out = context;
    char yuan[2][MONEY_TEXT_BYTES];

    (void)err;
    audit_text_line(out, 2, "'%s': %s yuan first, %s yuan now",
                    LOG_QUOTED(claim->final.claim_order_no),
                    money_format_yuan(claim->first_fen, yuan[0]),
                    money_format_yuan(claim->accepted_fen, yuan[1]));
    return 0;
}

static int put_list(const struct month *month, enum month_list list, uint64_t count,
                    month_take *put, struct buffer *out, struct error *err)
{
    if (month_claims_list(month->lists, list, MONTH_TEXT_CLAIMS, put, out, err))
        return -1;
    if (count > MONTH_TEXT_CLAIMS)
        audit_text_line(out, 2, "… and %" PRIu64 " more: see --json or --csv",
                        count - MONTH_TEXT_CLAIMS);
    return 0;
}

static int put_lists(const struct month *month, struct buffer *out, struct error *err)
{
    char yuan[2][MONEY_TEXT_BYTES];

    if (month->open)
        audit_text_line(out, 0, "%" PRIu64 " claim%s a person, the most urgent first:", month->open,
                        month->open == 1 ? _(" needs") : _("s need"));
    if (put_list(month, MONTH_OPEN, month->open, put_open, out, err))
        return -1;
    if (month->changed)
        audit_text_line(out, 0,
                        "%" PRIu64 " claim%s accepted with another amount than before: %s yuan "
                        "first, %s yuan now",
                        month->changed, month->changed == 1 ? _(" was") : _("s were"),
                        money_format_yuan(month->changed_before, yuan[0]),
                        money_format_yuan(month->changed_after, yuan[1]));
    return put_list(month, MONTH_CHANGED, month->changed, put_change, out, err);
}

/* ---- exports ---- */

static void put_export(const struct month_export *export, struct buffer *out)
{
    char day[MONTH_DAY_BYTES];

    language_format(out, "== '%s' of %s ==\n", LOG_QUOTED(export->name),
                    month_sums_day_text(month_sums_day_of(export->started_ms), day));
    for (size_t i = 0; i < export->audit.report_count; i++)
        audit_text_line(out, 2, "%s", LOG_QUOTED_LONG(export->audit.reports[i].path));
    if (export->fault)
        audit_text_line(out, 0, "NOT AUDITED: %s", export->fault);
    audit_text_verdict(&export->audit, out);
    audit_text_outcomes(export->audit.outcomes, out);
}

int month_text(const struct month *month, struct buffer *ret_text, struct error *err)
{
    put_verdict(month, ret_text);
    put_days(month, ret_text);
    put_claims(month, ret_text);
    if (put_lists(month, ret_text, err))
        return -1;
    for (size_t i = 0; i < month->export_count; i++)
        put_export(&month->exports[i], ret_text);
    return ret_text->failed ? error_no_memory(err) : 0;
}
