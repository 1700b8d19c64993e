#include "page_part.h"

#include <string.h>

#include "base/words/language.h"
#include "html.h"

/* ---- what was checked ---- */

/* What one check of all reports came to: the worst of them, and how many were checked. */
static enum audit_check worst_of(const enum audit_check *checks, size_t count, size_t *ret_checked)
{
    enum audit_check worst = AUDIT_NOT_CHECKED;

    *ret_checked = 0;
    for (size_t i = 0; i < count; i++) {
        *ret_checked += checks[i] != AUDIT_NOT_CHECKED;
        if (checks[i] > worst)
            worst = checks[i];
    }
    return worst;
}

static void put_check(struct buffer *page, const char *name, enum audit_check check,
                      const char *words)
{
    buffer_format(page, "<div><dt>%s</dt><dd>", _(name));
    page_check(page, check, words);
    buffer_text(page, "</dd></div>");
}

static const char *words_of(enum audit_check check, bool is_partly)
{
    static const char *const words[] = {N_("not checked"), N_("agrees"), N_("disagrees")};

    return check == AUDIT_AGREES && is_partly ? _("agrees, as far as checked") : _(words[check]);
}

/* Of what is always checked. */
static void put_own_check(const struct page_context *context, const char *name,
                          enum audit_measure measure)
{
    bool agrees = !context->audit->disagreements_by[measure];

    put_check(context->page, name, agrees ? AUDIT_AGREES : AUDIT_DISAGREES,
              agrees ? _("agree") : _("disagree"));
}

static void put_checks(const struct page_context *context)
{
    const struct audit *audit = context->audit;
    enum audit_check signatures[AUDIT_REPORTS_MAX];
    enum audit_check ledgers[AUDIT_REPORTS_MAX];
    size_t checked;
    enum audit_check check;

    for (size_t i = 0; i < audit->report_count; i++) {
        signatures[i] = audit->reports[i].signature;
        ledgers[i] = audit->reports[i].ledger;
    }
    buffer_text(context->page, "<dl class=\"checks\">");
    put_own_check(context, _("Cells, digests, manifests"), AUDIT_ITSELF);
    if (audit->report_count > 1)
        put_own_check(context, _("Reports with each other"), AUDIT_OTHERS);
    check = worst_of(signatures, audit->report_count, &checked);
    put_check(context->page, "Signature", check, words_of(check, checked < audit->report_count));
    check = worst_of(ledgers, audit->report_count, &checked);
    put_check(context->page, "Ledger", check, words_of(check, checked < audit->report_count));
    put_check(context->page, "Export", audit->export, words_of(audit->export, false));
    buffer_text(context->page, "</dl>\n");
}

/* ---- what disagrees ---- */

static void put_disagreement(const struct page_context *context, const struct audit_disagreement *d)
{
    struct buffer *page = context->page;

    buffer_text(page, "<tr><td>");
    if (d->row)
        page_row_number(context, d->row);
    buffer_text(page, "</td><td>");
    if (d->report != AUDIT_NO_REPORT)
        html_cut(page, context->audit->reports[d->report].path, PAGE_NAME_BYTES);
    buffer_text(page, "</td><td>");
    html_text(page, d->text);
    buffer_text(page, "</td></tr>\n");
}

static void put_disagreements(const struct page_context *context)
{
    const struct audit *audit = context->audit;
    struct buffer *page = context->page;
    size_t limit = page->len + PAGE_DISAGREEMENTS_BYTES;
    size_t shown = 0;

    if (!audit->disagreements_found)
        return;
    language_append(page,
                    "<section id=\"disagreements\"><h2>What disagrees</h2>\n"
                    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                    "aria-label=\"What disagrees\"><table class=\"list\">"
                    "<thead><tr><th>Row</th><th>Report</th><th>What</th></tr></thead><tbody>\n");
    while (shown < audit->disagreement_count) {
        size_t before = page->len;

        put_disagreement(context, &audit->disagreements[shown]);
        if (!page_keeps(page, before, limit))
            break;
        shown++;
    }
    buffer_text(page, "</tbody></table></div>\n");
    page_left_out(page, audit->disagreements_found - shown, NULL,
                  _(" more, which are left out here.</p>\n"));
    buffer_text(page, "</section>\n");
}

static void put_notes(const struct page_context *context)
{
    const struct audit *audit = context->audit;

    if (!audit->note_count)
        return;
    language_append(context->page, "<section id=\"notes\"><h2>What was not checked</h2>\n<ul>");
    for (size_t i = 0; i < audit->note_count; i++) {
        buffer_text(context->page, "<li>");
        html_text(context->page, audit->notes[i]);
        buffer_text(context->page, "</li>\n");
    }
    buffer_text(context->page, "</ul></section>\n");
}

/* ---- the head of the page ---- */

static void put_title(const struct audit *audit, struct buffer *page)
{
    buffer_format(page, "<h1 class=\"%s\">", audit->agrees ? "agrees" : "disagrees");
    if (audit->agrees) {
        page_check(page, AUDIT_AGREES, "Everything that was checked agrees");
    } else {
        struct buffer words = {0};

        html_counted(&words, audit->disagreements_found, "disagreement");
        language_append(&words, " found");
        page_check(page, AUDIT_DISAGREES, buffer_string(&words));
        page->failed |= words.failed;
        buffer_release(&words);
    }
    buffer_text(page, "</h1>\n");
}

/* A run that was interrupted began before the start that its manifest tells of. */
static int64_t first_moment(const struct audit *audit)
{
    int64_t at_ms = audit->event_count ? audit->events[0].event->at_ms : 0;

    return at_ms && at_ms < audit->started_ms ? at_ms : audit->started_ms;
}

static void put_subject(const struct audit *audit, struct buffer *page)
{
    const char *name = audit->report_count ? audit->reports[0].manifest.input_name : NULL;

    buffer_text(page, "<p class=\"subject\">");
    html_counted(page, audit->report_count, "report");
    if (name && *name) {
        language_append(page, " of <b>");
        html_cut(page, name, PAGE_NAME_BYTES);
        buffer_text(page, "</b>");
    }
    if (audit->started_ms && audit->finished_ms) {
        language_append(page, ", <time>");
        html_time(page, first_moment(audit));
        language_append(page, "</time> to <time>");
        html_time(page, audit->finished_ms);
        language_append(page, "</time> Beijing time");
    }
    if (!audit->agrees)
        language_append(page, ". Do not rely on what these reports say before this is explained");
    language_append(page, ".</p>\n");
}

void page_verdict(const struct page_context *context)
{
    language_append(context->page, "<header><p class=\"brand\">claimbatch audit</p>\n");
    put_title(context->audit, context->page);
    put_subject(context->audit, context->page);
    put_checks(context);
    buffer_text(context->page, "</header>\n");
}

void page_disagreements(const struct page_context *context)
{
    put_disagreements(context);
    put_notes(context);
}
