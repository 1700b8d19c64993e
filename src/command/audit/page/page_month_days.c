/* The calendar of a month's page, and its exports. */

#include <string.h>

#include "base/words/language.h"
#include "chart.h"
#include "html.h"
#include "page_month.h"
#include "page_part.h"

#define WEEK_DAYS 7
#define DAY_EXPORTS_MAX 4 /* are led to from a day */
#define EXPORT_CODES_MAX 5
#define EXPORT_DISAGREEMENTS_MAX 20

/* Monday is 0; 1970-01-01 was a Thursday. */
static int weekday_of(int64_t day)
{
    return (int)(((day + 3) % WEEK_DAYS + WEEK_DAYS) % WEEK_DAYS);
}

/* ---- days ---- */

static bool is_of_day(const struct month_export *export, int64_t day)
{
    return month_sums_day_of(export->started_ms) == day;
}

/* Ways to the exports that were begun on a day. */
static void put_ways(const struct month *month, int64_t day, struct buffer *page)
{
    size_t found = 0;

    for (size_t i = 0; i < month->export_count; i++) {
        if (!is_of_day(&month->exports[i], day))
            continue;
        if (found++ == DAY_EXPORTS_MAX) {
            buffer_text(page, " …");
            return;
        }
        buffer_format(page, " <a href=\"#e%zu\">", i + 1);
        html_cut(page, month->exports[i].name, PAGE_NAME_BYTES);
        buffer_text(page, "</a>");
    }
}

static void put_day(const struct month *month, const struct month_day *day, struct buffer *page)
{
    const struct audit_sum *accepted = &day->rows[OUTCOME_ACCEPTED];
    uint64_t rows = page_sum_rows(day->rows);
    bool is_empty = !rows && !day->runs;
    char text[MONTH_DAY_BYTES];

    month_sums_day_text(day->day, text);
    buffer_format(page,
                  "<li class=\"w%d%s%s\"><b><time datetime=\"%s\"><span>%.8s</span>%s</time></b>",
                  weekday_of(day->day), is_empty ? " norun" : "", day->open.rows ? " isopen" : "",
                  text, text, text + strlen("2026-01-"));
    if (is_empty) {
        language_append(page, " <i>no run</i></li>\n");
        return;
    }
    buffer_text(page, " <span>");
    html_counted(page, rows, "row");
    buffer_text(page, "</span> <span class=\"yuan\">");
    html_yuan(page, accepted->fee_fen);
    buffer_text(page, "</span>");
    if (day->open.rows) {
        buffer_text(page, " <strong>");
        html_count(page, day->open.rows);
        language_append(page, " open</strong>");
    }
    buffer_text(page, " <small>");
    put_ways(month, day->day, page);
    buffer_text(page, "</small></li>\n");
}

static bool is_another_month(const struct month_day *day, const struct month_day *before)
{
    char text[2][MONTH_DAY_BYTES];

    return strncmp(month_sums_day_text(day->day, text[0]),
                   month_sums_day_text(before->day, text[1]), strlen("2026-01")) != 0;
}

static void begin_days(struct buffer *page, int64_t day)
{
    char text[MONTH_DAY_BYTES];

    language_format(page,
                    "<h3>%.7s</h3>\n<ol class=\"calendar\">"
                    "<li class=\"week\" aria-hidden=\"true\">Mon<li class=\"week\" "
                    "aria-hidden=\"true\">Tue<li class=\"week\" aria-hidden=\"true\">Wed<li "
                    "class=\"week\" aria-hidden=\"true\">Thu<li class=\"week\" "
                    "aria-hidden=\"true\">Fri<li class=\"week\" aria-hidden=\"true\">Sat<li "
                    "class=\"week\" aria-hidden=\"true\">Sun\n",
                    month_sums_day_text(day, text));
}

void page_month_calendar(const struct month *month, struct buffer *page)
{
    size_t limit = page->len + PAGE_MONTH_CALENDAR_BYTES;
    size_t shown = 0;

    if (!month->day_count)
        return;
    language_append(page,
                    "<section id=\"days\"><h2>Days</h2>\n<p>Rows and the yuan of those that were "
                    "accepted, by the day on which they were sent; and claims that are open "
                    "since. Beijing time.</p>\n");
    while (shown < month->day_count) {
        size_t before = page->len;
        bool begins = !shown || is_another_month(&month->days[shown], &month->days[shown - 1]);

        if (begins && shown)
            buffer_text(page, "</ol>\n");
        if (begins)
            begin_days(page, month->days[shown].day);
        put_day(month, &month->days[shown], page);
        if (!page_keeps(page, before, limit))
            break;
        shown++;
    }
    if (shown)
        buffer_text(page, "</ol>\n");
    page_left_out(page, month->day_count - shown, _("further day"),
                  _(", left out here: --json has them.</p>\n"));
    buffer_text(page, "</section>\n");
}

/* ---- exports ---- */

static void put_own_disagreements(const struct audit *audit, struct buffer *page)
{
    size_t shown = audit->disagreement_count < EXPORT_DISAGREEMENTS_MAX ? audit->disagreement_count
                                                                        : EXPORT_DISAGREEMENTS_MAX;

    if (!audit->disagreements_found)
        return;
    buffer_text(page, "<ul class=\"findings\">");
    for (size_t i = 0; i < shown; i++) {
        buffer_text(page, "<li>");
        if (audit->disagreements[i].row)
            language_format(page, "row %llu: ", (unsigned long long)audit->disagreements[i].row);
        html_text(page, audit->disagreements[i].text);
        buffer_text(page, "</li>\n");
    }
    if (audit->disagreements_found > shown) {
        language_append(page, "<li>… and ");
        html_count(page, audit->disagreements_found - shown);
        language_append(page, " more: audit this export alone.</li>\n");
    }
    buffer_text(page, "</ul>");
}

static void put_codes(const struct audit *audit, struct buffer *page)
{
    size_t shown = audit->code_count < EXPORT_CODES_MAX ? audit->code_count : EXPORT_CODES_MAX;

    if (!shown)
        return;
    buffer_text(page, "<ul class=\"why\">");
    for (size_t i = 0; i < shown; i++) {
        const struct audit_code *code = &audit->codes[i];

        buffer_text(page, "<li>");
        page_outcome(page, code->outcome);
        buffer_text(page, " <code>");
        html_cut(page, code->code, PAGE_NAME_BYTES);
        buffer_text(page, "</code> ");
        html_counted(page, code->rows, "row");
        buffer_text(page, "</li>\n");
    }
    if (audit->code_count > shown)
        language_format(page,
                        language_plural("<li>… and %zu other code</li>",
                                        "<li>… and %zu other codes</li>",
                                        audit->code_count - shown),
                        audit->code_count - shown);
    buffer_text(page, "</ul>");
}

static void put_reports(const struct audit *audit, struct buffer *page)
{
    buffer_text(page, "<ul class=\"reports\">");
    for (size_t i = 0; i < audit->report_count; i++) {
        const struct audit_report *report = &audit->reports[i];

        buffer_text(page, "<li>");
        html_cut(page, report->path, PAGE_NAME_BYTES);
        if (report->manifest.started_ms) {
            buffer_text(page, " <small><time>");
            html_time(page, report->manifest.started_ms);
            language_append(page, "</time>, run ");
            html_cut(page, report->manifest.run, PAGE_NAME_BYTES);
            buffer_text(page, "</small>");
        }
        buffer_text(page, "</li>\n");
    }
    buffer_text(page, "</ul>");
}

static void put_export(const struct month *month, size_t i, struct buffer *page)
{
    const struct month_export *export = &month->exports[i];
    bool agrees = export->audit.agrees && !export->fault;
    char day[MONTH_DAY_BYTES];

    buffer_format(page, "<article id=\"e%zu\"><h3>", i + 1);
    html_cut(page, *export->name ? export->name : _("an export without a name"), PAGE_NAME_BYTES);
    buffer_format(page, " <span>%s</span> <span>",
                  month_sums_day_text(month_sums_day_of(export->started_ms), day));
    page_check(page, agrees ? AUDIT_AGREES : AUDIT_DISAGREES,
               agrees ? N_("agrees") : N_("disagrees"));
    buffer_text(page, "</span></h3>");
    if (export->fault) {
        language_append(page, "<p class=\"left-out\">It could not be audited: ");
        html_text(page, export->fault);
        buffer_text(page, "</p>");
    }
    if (export->audit.rows)
        page_outcomes(page, export->audit.outcomes, true);
    put_codes(&export->audit, page);
    put_own_disagreements(&export->audit, page);
    put_reports(&export->audit, page);
    buffer_text(page, "</article>\n");
}

void page_month_exports(const struct month *month, struct buffer *page)
{
    size_t limit = page->len + PAGE_MONTH_EXPORTS_BYTES;
    size_t shown = 0;

    language_append(page, "<section id=\"exports\"><h2>Exports</h2>\n");
    while (shown < month->export_count) {
        size_t before = page->len;

        put_export(month, shown, page);
        if (!page_keeps(page, before, limit))
            break;
        shown++;
    }
    page_left_out(page, month->export_count - shown, _("further export"),
                  _(", left out here: this page would grow too large.</p>\n"));
    buffer_text(page, "</section>\n");
}
