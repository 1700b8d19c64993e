/*
 * chart: what an audit counted, as pictures of inline SVG.
 *
 * Appends to a page. Widths are percentages and heights are pixels, so a picture fits any page and
 * its words keep their size. Colours are classes of the page's style. Each picture that says
 * something its neighbours do not has a title and a description; nothing from outside is in one.
 *
 * Tested by tests/unit/test_chart.c
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_PAGE_CHART_H
#define CLAIMBATCH_COMMAND_AUDIT_PAGE_CHART_H

#include <stdint.h>

#include "base/buffer.h"
#include "ledger/outcome.h"

struct audit;
struct audit_sum;

/* The order of outcomes in pictures and tables: what is done first, what is open next. */
extern const enum outcome chart_order[OUTCOME_COUNT];

/* A square in the colour of an outcome; for a legend. */
void chart_key(struct buffer *page, enum outcome outcome);

/* How large a part of the whole is, as a bar; for a table that says the number beside it. What is
 * not 0 is seen. */
void chart_share(struct buffer *page, uint64_t part, uint64_t whole, enum outcome outcome);

/* All outcomes in one bar, for a table that says the numbers; nothing where there are no rows. */
void chart_outcomes(struct buffer *page, const struct audit_sum *sums);

/* Answers a second over time by outcome, with runs, bans, outages, brakes and stops beneath;
 * nothing where nothing was sent. */
void chart_timeline(struct buffer *page, const struct audit *audit);

/* How long calls took, and where the percentiles are; nothing without calls. */
void chart_latency(struct buffer *page, const struct audit *audit);

/* The duration from which on a step of the histogram counts. */
int64_t chart_step_start(int64_t up_to_ms);

#endif
