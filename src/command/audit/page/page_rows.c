#include "page_part.h"

#include <string.h>

#include "base/words/language.h"
#include "html.h"

/* Of message and claim_desc, written out; the widest at which all rows fit. */
static const size_t widths[] = {1024, 160, 80, 48};
/* From here on a browser would take its time to lay them all out. */
#define MANY 500

#define WIDTHS (sizeof(widths) / sizeof(*widths))

static const char *const status_words[INSPECTION_STATUSES] = {N_("not settled"), N_("succeeded"),
                                                              N_("failed")};

static void put_small(struct buffer *page, const char *text)
{
    if (!*text)
        return;
    buffer_text(page, " <small>");
    html_cut(page, text, PAGE_NAME_BYTES);
    buffer_text(page, "</small>");
}

static void put_claim(const struct audit_row *r, struct buffer *page)
{
    buffer_text(page, "<td><b>");
    html_cut(page, r->claim_order_no, PAGE_NAME_BYTES);
    buffer_text(page, "</b> <small>");
    html_cut(page, r->workcard_id, PAGE_NAME_BYTES);
    if (r->status >= 0 && r->status < INSPECTION_STATUSES)
        buffer_format(page, " · %s", _(status_words[r->status]));
    buffer_text(page, "</small><td>");
    if (r->outcome != OUTCOME_INVALID)
        html_yuan(page, r->fee_fen);
}

static void put_words(const struct audit_row *r, size_t width, struct buffer *page)
{
    buffer_text(page, "<td>");
    html_cut(page, r->message, width);
    if (*r->claim_desc) {
        buffer_text(page, "<q>");
        html_cut(page, r->claim_desc, width);
        buffer_text(page, "</q>");
    }
}

static void put_call(const struct audit_row *r, struct buffer *page)
{
    buffer_text(page, "<td>");
    if (r->submitted_ms)
        html_time(page, r->submitted_ms);
    if (r->attempts > 1)
        language_format(page, " <small>%d attempts</small>", r->attempts);
    if (r->http_status)
        language_format(page, " <small>HTTP %d</small>", r->http_status);
    put_small(page, r->request_id);
}

/* There are thousands of them, so the style knows cells by their place, and elements end where HTML
 * says that they end by themselves. */
static void put_row(const struct audit_row *r, size_t width, struct buffer *page)
{
    buffer_format(page, "\n<tr id=r%llu class=%s><th>%llu<td><b>%s</b> ",
                  (unsigned long long)r->row, outcome_name(r->outcome), (unsigned long long)r->row,
                  outcome_word(r->outcome));
    buffer_text(page, "<code>");
    html_cut(page, r->code, PAGE_NAME_BYTES);
    buffer_text(page, "</code>");
    put_small(page, r->sub_code);
    put_claim(r, page);
    put_words(r, width, page);
    put_call(r, page);
}

static size_t put_rows(const struct page_context *context, size_t width, size_t limit)
{
    struct buffer *page = context->page;

    for (size_t i = 0; i < context->linked; i++) {
        size_t before = page->len;

        put_row(&context->audit->open_rows[i], width, page);
        if (!page_keeps(page, before, limit))
            return i;
    }
    return context->linked;
}

/* As much of the texts as leaves room for all rows; if they do not fit at all, fewer rows. */
static size_t put_fitting_rows(const struct page_context *context, size_t limit)
{
    size_t before = context->page->len;
    size_t rows = 0;

    for (size_t i = 0; i < WIDTHS; i++) {
        page_keeps(context->page, before, before);
        rows = put_rows(context, widths[i], limit);
        if (rows == context->linked)
            break;
    }
    return rows;
}

/* Without the script there is nothing to choose with, so it is what shows them. */
void page_controls(struct buffer *page)
{
    buffer_text(page, _("<div class=\"controls\" role=\"search\" hidden>"
                        "<label>Outcome <select id=\"outcome\"><option value=\"\">all</option>"
                        "</select></label>"
                        "<label>Code <select id=\"code\"><option value=\"\">all</option>"
                        "</select></label>"
                        "<label>Search <input id=\"words\" type=\"search\" autocomplete=\"off\" "
                        "spellcheck=\"false\"></label>"
                        "<button id=\"clear\" type=\"button\">Show all</button>"
                        "<output id=\"shown\" data-none=\"none\" data-words=\"# of # rows shown\" "
                        "aria-live=\"polite\"></output></div>\n"));
}

/* The page is made again until the rows that it is to have are those that fit. */
static void put_left_out(const struct page_context *context)
{
    const struct audit *audit = context->audit;
    uint64_t left_out = audit->open_left_out + (audit->open_count - context->linked);

    if (!left_out)
        return;
    language_append(context->page, "<p class=\"left-out\">These are ");
    html_count(context->page, context->linked);
    language_append(context->page, ", unknown rows before rejected, failed and invalid ones. <b>");
    html_counted(context->page, left_out, _("further row"));
    language_format(context->page,
                    " %s a person and %s left out here: this page would grow too large. The "
                    "reports have them all.</b></p>\n",
                    left_out == 1 ? _("needs") : _("need"), left_out == 1 ? _("is") : _("are"));
}

size_t page_rows(const struct page_context *context, size_t limit)
{
    struct buffer *page = context->page;
    size_t rows;

    language_append(page, "<section id=\"rows\"><h2>Rows that need a person</h2>\n");
    if (!context->audit->open_count) {
        language_append(page, "<p>There are none.</p></section>\n");
        return 0;
    }
    put_left_out(context);
    page_controls(page);
    language_format(page,
                    "<table class=\"rows%s\"><thead><tr><th>Row</th><th>Outcome</th><th>Claim</th>"
                    "<th>Yuan</th><th>Message</th><th>Sent</th></tr></thead><tbody>",
                    context->linked > MANY ? " many" : "");
    rows = put_fitting_rows(context, limit);
    buffer_text(page, "\n</tbody></table></section>\n");
    return rows;
}
