/* What several parts say. */

#include <stdlib.h>

#include "base/log.h"
#include "base/words/language.h"
#include "chart.h"
#include "html.h"
#include "page_part.h"

bool page_keeps(struct buffer *page, size_t before, size_t limit)
{
    if (page->failed || page->len <= limit)
        return true;
    page->len = before;
    page->ptr[before] = '\0';
    return false;
}

void page_left_out(struct buffer *page, uint64_t count, const char *noun, const char *ending)
{
    if (!count)
        return;
    language_append(page, "<p class=\"left-out\">… and ");
    if (noun)
        html_counted(page, count, noun);
    else
        html_count(page, count);
    buffer_text(page, ending);
}

void page_outcome(struct buffer *page, enum outcome outcome)
{
    chart_key(page, outcome);
    buffer_format(page, " %s", outcome_word(outcome));
}

void page_outcomes(struct buffer *page, const struct audit_sum *sums, bool with_money)
{
    chart_outcomes(page, sums);
    buffer_text(page, "<ul class=\"legend\">");
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        const struct audit_sum *sum = &sums[chart_order[i]];

        if (!sum->rows)
            continue;
        buffer_text(page, "<li>");
        page_outcome(page, chart_order[i]);
        buffer_text(page, " <b>");
        html_count(page, sum->rows);
        buffer_text(page, "</b>");
        if (with_money && chart_order[i] != OUTCOME_INVALID) { /* its amount is not known */
            buffer_text(page, " <small>");
            html_yuan(page, sum->fee_fen);
            buffer_text(page, "</small>");
        }
        buffer_text(page, "</li>");
    }
    buffer_text(page, "</ul>");
}

static int compare_row(const void *key, const void *element)
{
    uint64_t row = *(const uint64_t *)key;
    const struct audit_row *other = element;

    return row < other->row ? -1 : row > other->row;
}

void page_row_number(const struct page_context *context, uint64_t row)
{
    bool is_linked = context->linked && bsearch(&row, context->audit->open_rows, context->linked,
                                                sizeof(struct audit_row), compare_row);

    if (is_linked)
        buffer_format(context->page, "<a href=\"#r%llu\">", (unsigned long long)row);
    buffer_format(context->page, "%llu", (unsigned long long)row);
    if (is_linked)
        buffer_text(context->page, "</a>");
}

void page_check(struct buffer *page, enum audit_check check, const char *words)
{
    static const char *const classes[] = {"unchecked", "agrees", "disagrees"};
    static const char *const signs[] = {"M3 8h10", "M2.5 8.5l3.5 3.5 7.5-8", "M4 4l8 8M12 4l-8 8"};

    buffer_format(page,
                  "<span class=\"check %s\"><svg class=\"sign\" viewBox=\"0 0 16 16\" width=\"16\" "
                  "height=\"16\" aria-hidden=\"true\"><path d=\"%s\"/></svg> %s</span>",
                  classes[check], signs[check], _(words));
}

uint64_t page_sum_rows(const struct audit_sum *sums)
{
    uint64_t rows = 0;

    for (int i = 0; i < OUTCOME_COUNT; i++)
        rows += sums[i].rows;
    return rows;
}
