#include "chart.h"

#include <stdbool.h>

#include "base/words/language.h"
#include "command/audit/audit.h"
#include "drawing.h"

#define SHARE_HEIGHT 10
#define OUTCOMES_HEIGHT 22
#define SEEN_PERCENT 0.4 /* of a bar, for what is almost nothing */

const enum outcome chart_order[OUTCOME_COUNT] = {
    OUTCOME_ACCEPTED, OUTCOME_UNKNOWN, OUTCOME_REJECTED, OUTCOME_FAILED,
    OUTCOME_INVALID,  OUTCOME_UNSENT,  OUTCOME_SKIPPED,
};

/* ---- shares ---- */

void chart_key(struct buffer *page, enum outcome outcome)
{
    buffer_format(page,
                  "<svg class=\"key\" width=\"10\" height=\"10\" aria-hidden=\"true\">"
                  "<rect width=\"10\" height=\"10\" rx=\"2\" class=\"%s\"/></svg>",
                  outcome_name(outcome));
}

static double limits_of(uint64_t part, uint64_t whole)
{
    double share = whole ? 100.0 * (double)part / (double)whole : 0;

    return part && share < SEEN_PERCENT ? SEEN_PERCENT : share;
}

void chart_share(struct buffer *page, uint64_t part, uint64_t whole, enum outcome outcome)
{
    buffer_format(page, "<svg width=\"100%%\" height=\"%d\" aria-hidden=\"true\">", SHARE_HEIGHT);
    drawing_block(page, 0, 100, 0, SHARE_HEIGHT, "trough");
    drawing_block(page, 0, limits_of(part, whole), 0, SHARE_HEIGHT, outcome_name(outcome));
    buffer_text(page, "</svg>");
}

void chart_outcomes(struct buffer *page, const struct audit_sum *sums)
{
    uint64_t rows = 0;
    double whole = 0;
    double x = 0;

    for (int i = 0; i < OUTCOME_COUNT; i++)
        rows += sums[i].rows;
    for (int i = 0; i < OUTCOME_COUNT; i++)
        whole += limits_of(sums[i].rows, rows);
    if (!rows)
        return;
    buffer_format(page,
                  "<svg class=\"outcomes\" width=\"100%%\" height=\"%d\" aria-hidden=\"true\">",
                  OUTCOMES_HEIGHT);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        double width = limits_of(sums[chart_order[i]].rows, rows) * 100 / whole;

        if (width > 0)
            drawing_block(page, x, width, 0, OUTCOMES_HEIGHT, outcome_name(chart_order[i]));
        x += width;
    }
    buffer_text(page, "</svg>");
}

/* ---- the timeline ---- */
