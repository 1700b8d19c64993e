#include "page_month.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/words/language.h"
#include "html.h"
#include "page.h"
#include "page_part.h"

/* ---- the head ---- */

static void put_title(const struct month *month, struct buffer *page)
{
    struct buffer words = {0};

    buffer_format(page, "<h1 class=\"%s\">", month->agrees ? "agrees" : "disagrees");
    if (month->agrees) {
        language_append(&words, "Everything that was checked agrees");
    } else if (month->disagreements) {
        html_counted(&words, month->disagreements, "disagreement");
        language_append(&words, " found");
    } else {
        language_append(&words, "Not all reports are there");
    }
    page_check(page, month->agrees ? AUDIT_AGREES : AUDIT_DISAGREES, buffer_string(&words));
    buffer_text(page, "</h1>\n");
    page->failed |= words.failed;
    buffer_release(&words);
}

static void put_subject(const struct month *month, struct buffer *page)
{
    char day[MONTH_DAY_BYTES];

    buffer_text(page, "<p class=\"subject\">");
    buffer_format(page, language_plural("%zu export", "%zu exports", month->export_count),
                  month->export_count);
    language_append(page, ", ");
    html_counted(page, month->report_count, "report");
    if (month->day_count) {
        language_format(page, ", <time>%s</time>", month_sums_day_text(month->days[0].day, day));
        language_format(page, " to <time>%s</time>",
                        month_sums_day_text(month->days[month->day_count - 1].day, day));
    }
    if (month->missing) {
        language_append(page, ". ");
        html_counted(page, month->missing, "report");
        language_append(page, " or manifests are missing");
    }
    if (month->disagreements)
        language_append(page, ". Do not rely on what these reports say before this is explained");
    language_append(page, ".</p>\n");
}

static void put_figures(const struct month *month, struct buffer *page)
{
    struct audit_sum all = {.rows = month->claims}, open = {0}, changed = {.rows = month->changed};
    uint64_t invalid = month->claim_outcomes[OUTCOME_INVALID].rows;

    for (int i = 0; i < OUTCOME_COUNT; i++)
        all.fee_fen += month->claim_outcomes[i].fee_fen;
    for (size_t i = 0; i < month->day_count; i++)
        open.fee_fen += month->days[i].open.fee_fen;
    open.rows = month->open;
    changed.fee_fen = month->changed_after - month->changed_before;
    buffer_text(page, "<dl class=\"figures\">");
    page_figure(page, _("Claims, each once"), all, invalid);
    page_figure(page, _("Accepted, last amount"), month->accepted, 0);
    page_figure(page, _("<a href=\"#rows\">Need a person</a>"), open, invalid);
    page_figure(page, _("<a href=\"#changed\">Changed amount</a>, difference"), changed, 0);
    buffer_text(page, "</dl>\n");
}

/* ---- what disagrees between exports; each export tells its own ---- */

static void put_findings(const struct month *month, struct buffer *page)
{
    size_t limit = page->len + PAGE_MONTH_FINDINGS_BYTES;
    size_t shown = 0;

    if (!month->findings_found)
        return;
    language_append(page, "<section id=\"disagreements\"><h2>What disagrees between exports</h2>\n"
                          "<ul class=\"findings\">");
    while (shown < month->finding_count) {
        size_t before = page->len;

        buffer_text(page, "<li>");
        html_text(page, month->findings[shown]);
        buffer_text(page, "</li>\n");
        if (!page_keeps(page, before, limit))
            break;
        shown++;
    }
    buffer_text(page, "</ul>\n");
    page_left_out(page, month->findings_found - shown, NULL,
                  _(" more, which are left out here.</p>\n"));
    buffer_text(page, "</section>\n");
}

/* ---- sums ---- */

static void put_sources(const struct month *month, struct buffer *page)
{
    language_append(page,
                    "<section id=\"sources\"><h2>By app key and platform</h2>\n"
                    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                    "aria-label=\"By app key and platform\"><table class=\"money\"><thead><tr>"
                    "<th>App key</th><th>Rows</th><th>Accepted</th><th>Yuan</th></tr></thead>"
                    "<tbody>\n");
    for (size_t i = 0; i < month->source_count; i++) {
        const struct month_source *source = &month->sources[i];

        buffer_text(page, "<tr><th scope=\"row\">");
        html_cut(page, *source->app_key ? source->app_key : "not known", PAGE_NAME_BYTES);
        buffer_text(page, "<small>");
        html_cut(page, source->platform, PAGE_NAME_BYTES);
        buffer_text(page, "</small></th><td>");
        html_count(page, source->rows);
        buffer_text(page, "</td><td>");
        html_count(page, source->accepted.rows);
        buffer_text(page, "</td><td>");
        html_yuan(page, source->accepted.fee_fen);
        buffer_text(page, "</td></tr>\n");
    }
    buffer_text(page, "</tbody></table></div></section>\n");
}

/* Of the rows, as the page of one export has it. */
static void put_sums(const struct month *month, struct buffer *page)
{
    struct audit *rows = calloc(1, sizeof(*rows));
    const struct page_context context = {.audit = rows, .page = page};

    if (!rows) {
        page->failed = true;
        return;
    }
    rows->rows = month->rows;
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        rows->outcomes[i] = month->outcomes[i];
        for (int k = 0; k < INSPECTION_STATUSES; k++)
            rows->statuses[k][i] = month->statuses[k][i];
    }
    if (rows->rows)
        page_sums(&context);
    free(rows);
}

/* ---- the whole ---- */

int page_month_make(const struct month *month, const char *version, int64_t now_ms,
                    struct buffer *ret_page, struct error *err)
{
    page_begin(ret_page, month->agrees ? _("Audit of many exports: agrees")
                                       : _("Audit of many exports: disagrees"));
    language_append(ret_page, "<header><p class=\"brand\">claimbatch audit</p>\n");
    put_title(month, ret_page);
    put_subject(month, ret_page);
    buffer_text(ret_page, "</header>\n<main>\n");
    put_figures(month, ret_page);
    put_findings(month, ret_page);
    page_month_calendar(month, ret_page);
    put_sums(month, ret_page);
    put_sources(month, ret_page);
    if (page_month_changed(month, ret_page, err))
        return -1;
    page_month_exports(month, ret_page);
    if (page_month_claims(month, ret_page, PAGE_BYTES_MAX - PAGE_END_BYTES, err))
        return -1;
    page_end(ret_page, version, now_ms);
    return ret_page->failed ? error_no_memory(err) : 0;
}
