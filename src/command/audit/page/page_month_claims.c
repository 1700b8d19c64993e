/* The claims of a month's page: those that changed, and those that need a person. */

#include <inttypes.h>

#include "base/words/language.h"
#include "html.h"
#include "page_month.h"
#include "page_part.h"

#define LISTED_MAX 5000
#define WORDS_BYTES 160 /* of a message */

struct list {
    const struct month *month;
    struct buffer *page;
    size_t limit;
    uint64_t shown;
    bool is_full;
};

static void put_claim(const struct month_claim *claim, struct buffer *page)
{
    buffer_text(page, "<b>");
    html_cut(page, claim->final.claim_order_no, PAGE_NAME_BYTES);
    buffer_text(page, "</b> <small>");
    html_cut(page, claim->final.workcard_id, PAGE_NAME_BYTES);
    buffer_text(page, "</small>");
}

static void put_left_out(struct list *list, uint64_t count)
{
    if (list->shown >= count)
        return;
    language_append(list->page, "<p class=\"left-out\">These are ");
    html_count(list->page, list->shown);
    language_append(list->page, "; <b>");
    html_counted(list->page, count - list->shown, "claim");
    language_append(list->page, " left out here: this page would grow too large. --csv has them "
                                "all.</b></p>\n");
}

/* An entry that does not fit is gone, and so are those behind it. */
static void end_entry(struct list *list, size_t before)
{
    if (page_keeps(list->page, before, list->limit))
        list->shown++;
    else
        list->is_full = true;
}

/* ---- changed ---- */

static int put_changed(void *context, const struct month_claim *claim, struct error *err)
{
    struct list *list = context;
    struct buffer *page = list->page;
    size_t before = page->len;
    char day[MONTH_DAY_BYTES];

    (void)err;
    if (list->is_full)
        return 0;
    buffer_text(page, "\n<tr><th scope=\"row\">");
    put_claim(claim, page);
    buffer_text(page, "<td>");
    html_yuan(page, claim->first_fen);
    buffer_text(page, "<td>");
    html_yuan(page, claim->accepted_fen);
    buffer_text(page, "<td>");
    html_yuan(page, (money)claim->accepted_fen - claim->first_fen);
    buffer_format(page, "<td><a href=\"#e%zu\">%s</a>", claim->final.export + 1,
                  month_sums_day_text(claim->final.day, day));
    end_entry(list, before);
    return 0;
}

int page_month_changed(const struct month *month, struct buffer *page, struct error *err)
{
    struct list list = {month, page, page->len + PAGE_MONTH_CHANGED_BYTES, 0, false};

    language_append(page, "<section id=\"changed\"><h2>Claims that changed their amount</h2>\n");
    if (!month->changed) {
        language_append(page, "<p>There are none.</p></section>\n");
        return 0;
    }
    language_append(page, "<p>Accepted, and accepted with another amount later. In yuan.</p>\n"
                          "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                          "aria-label=\"Claims that changed their amount\"><table class=\"money\">"
                          "<thead><tr><th>Claim</th><th>First</th><th>Last</th><th>Difference</th>"
                          "<th>Day</th></tr></thead><tbody>");
    if (month_claims_list(month->lists, MONTH_CHANGED, LISTED_MAX, put_changed, &list, err))
        return -1;
    buffer_text(page, "\n</tbody></table></div>\n");
    put_left_out(&list, month->changed);
    buffer_text(page, "</section>\n");
    return 0;
}

/* ---- open ---- */

static void put_export(const struct month *month, const struct month_claim *claim,
                       struct buffer *page)
{
    const struct month_line *final = &claim->final;
    char day[MONTH_DAY_BYTES];

    buffer_text(page, "<td>");
    if (final->submitted_ms)
        html_time(page, final->submitted_ms);
    else
        buffer_text(page, month_sums_day_text(final->day, day));
    buffer_text(page, " <small>");
    html_cut(page, month->exports[final->export].name, PAGE_NAME_BYTES);
    buffer_text(page, "</small>");
}

/* The cells are those of the page of one export, for style and script. */
static int put_open(void *context, const struct month_claim *claim, struct error *err)
{
    struct list *list = context;
    struct buffer *page = list->page;
    const struct month_line *final = &claim->final;
    const char *outcome = outcome_name(final->outcome);
    size_t before = page->len;

    (void)err;
    if (list->is_full)
        return 0;
    buffer_format(page, "\n<tr class=%s><th><a href=\"#e%zu\">%" PRIu64 "</a><td><b>%s</b> <code>",
                  outcome, final->export + 1, final->row, outcome_word(final->outcome));
    html_cut(page, final->code, PAGE_NAME_BYTES);
    buffer_text(page, "</code><td>");
    put_claim(claim, page);
    buffer_text(page, "<td>");
    if (final->outcome != OUTCOME_INVALID)
        html_yuan(page, final->fee_fen);
    buffer_text(page, "<td>");
    html_cut(page, final->message, WORDS_BYTES);
    put_export(list->month, claim, page);
    end_entry(list, before);
    return 0;
}

int page_month_claims(const struct month *month, struct buffer *page, size_t limit,
                      struct error *err)
{
    /* What is said of those that are left out has to fit, too. */
    struct list list = {month, page, limit - 1024, 0, false};

    language_append(page, "<section id=\"rows\"><h2>Claims that need a person</h2>\n");
    if (!month->open) {
        language_append(page, "<p>There are none.</p></section>\n");
        return 0;
    }
    page_controls(page);
    language_append(page,
                    "<table class=\"rows many\"><thead><tr><th>Row</th><th>Outcome</th>"
                    "<th>Claim</th><th>Yuan</th><th>Message</th><th>Sent</th></tr></thead><tbody>");
    if (month_claims_list(month->lists, MONTH_OPEN, LISTED_MAX, put_open, &list, err))
        return -1;
    buffer_text(page, "\n</tbody></table>\n");
    put_left_out(&list, month->open);
    buffer_text(page, "</section>\n");
    return 0;
}
