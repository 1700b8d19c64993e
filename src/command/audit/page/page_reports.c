#include "page_part.h"

#include <string.h>

#include "base/words/language.h"
#include "chart.h"
#include "html.h"

static void begin_fact(struct buffer *page, const char *name)
{
    buffer_format(page, "<div><dt>%s</dt><dd>", _(name));
}

static void begin_wide_fact(struct buffer *page, const char *name)
{
    buffer_format(page, "<div class=\"wide\"><dt>%s</dt><dd>", _(name));
}

static void end_fact(struct buffer *page)
{
    buffer_text(page, "</dd></div>");
}

static void put_fact(struct buffer *page, const char *name, const char *words)
{
    if (!*words)
        return;
    begin_fact(page, name);
    html_cut(page, words, PAGE_NAME_BYTES);
    end_fact(page);
}

static void put_moment(struct buffer *page, const char *name, int64_t wall_ms)
{
    if (!wall_ms)
        return;
    begin_fact(page, name);
    buffer_text(page, "<time>");
    html_time(page, wall_ms);
    buffer_text(page, "</time>");
    end_fact(page);
}

static void put_checked(struct buffer *page, const char *name, enum audit_check check)
{
    static const char *const words[] = {N_("not checked"), N_("agrees"), N_("disagrees")};

    begin_fact(page, name);
    page_check(page, check, words[check]);
    end_fact(page);
}

/* What the program knows of the word by which a manifest says why a run stopped. */
static bool find_stop(const char *because, struct advice *ret_advice)
{
    for (size_t i = 0; advice_meaning(because, i, ret_advice); i++)
        if (ret_advice->kind == ADVICE_STOP)
            return true;
    return false;
}

static void put_ending(const struct manifest_found *m, struct buffer *page)
{
    struct advice advice;

    begin_fact(page, "Ended");
    if (!*m->stopped_because) {
        buffer_text(page, m->complete ? _("complete") : _("not complete"));
    } else {
        language_append(page, "stopped: ");
        html_cut(page, m->stopped_because, PAGE_NAME_BYTES);
        if (find_stop(m->stopped_because, &advice)) {
            buffer_text(page, "<small>");
            html_text(page, advice.meaning);
            buffer_text(page, "</small>");
        }
    }
    end_fact(page);
}

static void put_manifest(const struct audit_report *r, struct buffer *page)
{
    begin_fact(page, "Manifest");
    if (r->has_manifest)
        page_check(page, AUDIT_AGREES, _("is there"));
    else
        page_check(page, AUDIT_DISAGREES, _("none that can be read"));
    end_fact(page);
    if (!r->has_manifest)
        return;
    put_checked(page, "Signature", r->signature);
    put_checked(page, "Ledger", r->ledger);
}

static void put_changed(struct buffer *page, const char *name, const struct changed_sum *sum)
{
    if (!sum->rows)
        return;
    begin_fact(page, name);
    html_counted(page, sum->rows, "row");
    buffer_text(page, "<small>");
    html_yuan(page, sum->before);
    language_append(page, " before, ");
    html_yuan(page, sum->after);
    language_append(page, " now");
    if (sum->without_before)
        language_format(page, "; the amount before is not known of %llu",
                        (unsigned long long)sum->without_before);
    buffer_text(page, "</small>");
    end_fact(page);
}

static void put_facts(const struct audit_report *r, struct buffer *page)
{
    const struct manifest_found *m = &r->manifest;

    buffer_text(page, "<dl class=\"facts\">");
    if (r->has_manifest) {
        put_fact(page, "Command", m->command);
        put_moment(page, _("Last start"), m->started_ms);
        put_moment(page, "Finished", m->finished_ms);
        put_ending(m, page);
    }
    begin_fact(page, "Holds");
    html_counted(page, r->lines, "row");
    language_append(page, ", ");
    html_counted(page, r->bytes, "byte");
    end_fact(page);
    put_changed(page, _("Changed since accepted, sent"), &m->changed);
    put_changed(page, _("Changed since accepted, held back"), &m->held_back);
    put_manifest(r, page);
    begin_fact(page, "Disagreements");
    html_count(page, r->disagreements);
    end_fact(page);
    if (r->has_manifest) {
        put_fact(page, "Run", m->run);
        put_fact(page, _("Of run"), m->parent_run);
        put_fact(page, _("Ledger id"), m->ledger_id);
        begin_wide_fact(page, "Platform");
        html_cut(page, m->platform, PAGE_NAME_BYTES);
        end_fact(page);
    }
    begin_wide_fact(page, _("SHA-256 of the report"));
    html_text(page, *r->sha256 ? r->sha256 : _("not known: it could not be read whole"));
    end_fact(page);
    buffer_text(page, "</dl>");
}

static void put_export(const struct audit *audit, struct buffer *page)
{
    if (!audit->export_path)
        return;
    buffer_text(page, "<article><h3>");
    html_cut(page, audit->export_path, PAGE_NAME_BYTES);
    language_append(page, " <span>export</span></h3><dl class=\"facts\">");
    begin_fact(page, "Holds");
    html_counted(page, audit->export_rows, "row");
    end_fact(page);
    put_checked(page, _("Rows and contents"), audit->export);
    buffer_text(page, "</dl></article>\n");
}

void page_reports(const struct page_context *context)
{
    const struct audit *audit = context->audit;
    struct buffer *page = context->page;

    language_append(page, "<section id=\"reports\"><h2>What was read</h2>\n");
    if (audit->report_count > 1)
        language_append(page,
                        "<p>Oldest run first. Where several tell of a row, its final state is "
                        "accepted if any says so, else unknown if any does, else what the newest "
                        "says.</p>\n");
    for (size_t i = 0; i < audit->report_count; i++) {
        buffer_text(page, "<article><h3>");
        html_cut(page, audit->reports[i].path, PAGE_NAME_BYTES);
        buffer_text(page, "</h3>");
        if (audit->report_count > 1)
            page_outcomes(page, audit->reports[i].sums, false);
        put_facts(&audit->reports[i], page);
        buffer_text(page, "</article>\n");
    }
    put_export(audit, page);
    buffer_text(page, "</section>\n");
}
