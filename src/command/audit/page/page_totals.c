#include "page_part.h"

#include <inttypes.h>

#include "base/words/language.h"
#include "chart.h"
#include "html.h"

/* ---- figures ---- */

static struct audit_sum sum_of(const struct audit *audit, const enum outcome *outcomes,
                               size_t count)
{
    struct audit_sum sum = {0};

    for (size_t i = 0; i < count; i++) {
        sum.rows += audit->outcomes[outcomes[i]].rows;
        sum.fee_fen += audit->outcomes[outcomes[i]].fee_fen;
    }
    return sum;
}

void page_figure(struct buffer *page, const char *name, struct audit_sum sum, uint64_t without)
{
    buffer_format(page, "<div><dt>%s</dt><dd><b>", _(name));
    html_count(page, sum.rows);
    buffer_text(page, "</b> <small>");
    if (without && without == sum.rows) {
        language_append(page, "amount not known");
    } else {
        html_yuan(page, sum.fee_fen);
        language_append(page, " yuan");
        if (without)
            language_format(page, ", of %llu not known", (unsigned long long)without);
    }
    buffer_text(page, "</small></dd></div>");
}

static void put_figures(const struct page_context *context)
{
    static const enum outcome accepted[] = {OUTCOME_ACCEPTED};
    static const enum outcome open[] = {OUTCOME_UNKNOWN, OUTCOME_REJECTED, OUTCOME_FAILED,
                                        OUTCOME_INVALID};
    static const enum outcome not_sent[] = {OUTCOME_UNSENT, OUTCOME_SKIPPED};
    const struct audit *audit = context->audit;
    uint64_t invalid = audit->outcomes[OUTCOME_INVALID].rows;

    buffer_text(context->page, "<dl class=\"figures\">");
    page_figure(context->page, "Rows", sum_of(audit, chart_order, OUTCOME_COUNT), invalid);
    page_figure(context->page, "Accepted", sum_of(audit, accepted, 1), 0);
    page_figure(context->page, _("Need a person"), sum_of(audit, open, 4), invalid);
    page_figure(context->page, _("Unsent or skipped"), sum_of(audit, not_sent, 2), 0);
    buffer_text(context->page, "</dl>\n");
}

/* ---- rows ---- */

/* Rounded down, so that 100 means all. */
static void put_share(struct buffer *page, uint64_t part, uint64_t whole)
{
    uint64_t tenths = part * 1000 / whole;

    if (!tenths)
        buffer_text(page, "&lt; 0.1 %");
    else
        buffer_format(page, "%" PRIu64 ".%" PRIu64 " %%", tenths / 10, tenths % 10);
}

static void put_outcome(const struct page_context *context, enum outcome outcome)
{
    const struct audit_sum *sum = &context->audit->outcomes[outcome];
    struct buffer *page = context->page;
    struct advice advice;

    if (!sum->rows)
        return;
    advice_find("", "", outcome, &advice);
    buffer_text(page, "<tr><th scope=\"row\">");
    page_outcome(page, outcome);
    buffer_format(page, "<small>%s</small></th><td>%s</td><td>", advice.meaning,
                  advice_executed_name(advice.executed));
    html_count(page, sum->rows);
    buffer_text(page, "</td><td class=\"share\">");
    chart_share(page, sum->rows, context->audit->rows, outcome);
    buffer_text(page, "<span>");
    put_share(page, sum->rows, context->audit->rows);
    buffer_text(page, "</span></td></tr>\n");
}

static void put_outcomes(const struct page_context *context)
{
    struct buffer *page = context->page;

    buffer_text(page, _("<section id=\"outcomes\"><h2>What became of the rows</h2>\n"));
    chart_outcomes(page, context->audit->outcomes);
    language_append(page, "<table class=\"shares\"><thead><tr><th>Outcome</th><th>Executed</th>"
                          "<th>Rows</th><th>Share</th></tr></thead><tbody>\n");
    for (int i = 0; i < OUTCOME_COUNT; i++)
        put_outcome(context, chart_order[i]);
    buffer_text(page, "</tbody></table></section>\n");
}

/* ---- money ---- */

#define COLUMNS (INSPECTION_STATUSES + 2)
#define NO_STATUS INSPECTION_STATUSES
#define ALL (INSPECTION_STATUSES + 1)

/* Rows of an outcome by claim_status, then those without one, then all. */
static void fill_line(const struct audit *audit, enum outcome outcome,
                      struct audit_sum ret_line[COLUMNS])
{
    struct audit_sum rest = audit->outcomes[outcome];

    ret_line[ALL] = rest;
    for (int i = 0; i < INSPECTION_STATUSES; i++) {
        ret_line[i] = audit->statuses[i][outcome];
        rest.rows -= ret_line[i].rows;
        rest.fee_fen -= ret_line[i].fee_fen;
    }
    ret_line[NO_STATUS] = rest;
}

/* The amount of an invalid row is not known, whatever its cell says. */
static void put_line(struct buffer *page, const struct audit_sum *line,
                     const struct audit_sum *sums)
{
    for (int i = 0; i < COLUMNS; i++) {
        bool is_known = line[i].rows > (i == ALL ? line[NO_STATUS].rows : 0) && i != NO_STATUS;

        if (!sums[i].rows)
            continue;
        buffer_text(page, "<td>");
        if (is_known)
            html_yuan(page, line[i].fee_fen);
        else if (line[i].rows)
            language_append(page, "not known");
        if (line[i].rows) {
            buffer_text(page, "<small>");
            html_counted(page, line[i].rows, "row");
            buffer_text(page, "</small>");
        }
        buffer_text(page, "</td>");
    }
    buffer_text(page, "</tr>\n");
}

static void put_money_head(struct buffer *page, const struct audit_sum *sums)
{
    static const char *const names[COLUMNS] = {N_("Not settled<small>claim_status 0</small>"),
                                               N_("Claim succeeded<small>claim_status 1</small>"),
                                               N_("Claim failed<small>claim_status 2</small>"),
                                               N_("Unreadable<small>invalid rows</small>"),
                                               N_("All")};

    language_append(page, "<thead><tr><th>Outcome</th>");
    for (int i = 0; i < COLUMNS; i++)
        if (sums[i].rows)
            buffer_format(page, "<th>%s</th>", _(names[i]));
    buffer_text(page, "</tr></thead>");
}

static void put_money(const struct page_context *context)
{
    struct audit_sum lines[OUTCOME_COUNT][COLUMNS];
    struct audit_sum sums[COLUMNS] = {0};
    struct buffer *page = context->page;

    for (int i = 0; i < OUTCOME_COUNT; i++) {
        fill_line(context->audit, (enum outcome)i, lines[i]);
        for (int k = 0; k < COLUMNS; k++) {
            sums[k].rows += lines[i][k].rows;
            sums[k].fee_fen += lines[i][k].fee_fen;
        }
    }
    language_append(page,
                    "<section id=\"money\"><h2>Money by outcome and claim status, in yuan</h2>\n"
                    "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
                    "aria-label=\"Money by outcome and claim status\"><table class=\"money\">");
    put_money_head(page, sums);
    buffer_text(page, "<tbody>\n");
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        if (!context->audit->outcomes[chart_order[i]].rows)
            continue;
        buffer_text(page, "<tr><th scope=\"row\">");
        page_outcome(page, chart_order[i]);
        buffer_text(page, "</th>");
        put_line(page, lines[chart_order[i]], sums);
    }
    language_append(page, "</tbody><tfoot><tr><th scope=\"row\">All</th>");
    put_line(page, sums, sums);
    buffer_text(page, "</tfoot></table></div></section>\n");
}

void page_sums(const struct page_context *context)
{
    put_outcomes(context);
    put_money(context);
}

void page_totals(const struct page_context *context)
{
    if (!context->audit->rows) {
        language_append(context->page, "<p>The reports have no rows.</p>\n");
        return;
    }
    put_figures(context);
    page_sums(context);
}
