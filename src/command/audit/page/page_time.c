#include "page_part.h"

#include <stdio.h>
#include <string.h>

#include "base/words/language.h"
#include "chart.h"
#include "html.h"

/* ---- answers over time ---- */

static bool is_answered(const struct timeline *timeline, enum outcome outcome)
{
    for (size_t i = 0; i < timeline->bucket_count; i++)
        if (timeline->answered[i][outcome])
            return true;
    return false;
}

static void put_legend(const struct timeline *timeline, struct buffer *page)
{
    buffer_text(page, "<ul class=\"legend\" aria-hidden=\"true\">");
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        if (!is_answered(timeline, chart_order[i]))
            continue;
        buffer_text(page, "<li>");
        page_outcome(page, chart_order[i]);
        buffer_text(page, "</li>");
    }
    buffer_text(page, "</ul>");
}

static void put_bucket(const struct timeline *timeline, size_t bucket, const bool *columns,
                       struct buffer *page)
{
    if (!timeline_answered(timeline, bucket))
        return;
    buffer_text(page, "<tr><th scope=\"row\">");
    html_time(page, timeline->start_ms + timeline->bucket_ms * (int64_t)bucket);
    buffer_text(page, "</th>");
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        if (!columns[chart_order[i]])
            continue;
        buffer_text(page, "<td>");
        html_count(page, timeline->answered[bucket][chart_order[i]]);
        buffer_text(page, "</td>");
    }
    buffer_text(page, "</tr>\n");
}

static void put_buckets(const struct timeline *timeline, struct buffer *page)
{
    bool columns[OUTCOME_COUNT];

    language_append(page, "<details><summary>The same as a table</summary>"
                          "<table class=\"numbers\"><thead><tr><th>From</th>");
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        columns[chart_order[i]] = is_answered(timeline, chart_order[i]);
        if (columns[chart_order[i]])
            buffer_format(page, "<th>%s</th>", outcome_word(chart_order[i]));
    }
    buffer_text(page, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < timeline->bucket_count; i++)
        put_bucket(timeline, i, columns, page);
    buffer_text(page, "</tbody></table></details>\n");
}

static void put_timeline(const struct audit *audit, struct buffer *page)
{
    if (!audit->timeline.bucket_count) {
        language_append(page, "<p>Nothing was sent.</p>\n");
        return;
    }
    buffer_text(page, "<figure>");
    chart_timeline(page, audit);
    put_legend(&audit->timeline, page);
    language_append(page, "<figcaption>Rows by the moment their last call ended. A bar is ");
    html_duration(page, audit->timeline.bucket_ms);
    language_append(page, " wide.</figcaption></figure>\n");
    put_buckets(&audit->timeline, page);
}

/* ---- what happened to the runs ---- */

static const char *words_of(const struct manifest_event *event)
{
    static const char *const words[][2] = {
        {N_("start"), N_("the run began, or was gone on with")},
        {N_("ban"), N_("the gateway said to wait")},
        {N_("outage"), N_("the gateway could not be reached")},
        {N_("brake"), N_("no definite answers came")},
        {N_("end"), N_("the last row was reached")},
    };

    for (size_t i = 0; !*event->text && i < sizeof(words) / sizeof(*words); i++)
        if (strcmp(event->kind, words[i][0]) == 0)
            return _(words[i][1]);
    return event->text;
}

static void put_event(const struct audit *audit, const struct audit_event *e, struct buffer *page)
{
    buffer_text(page, "<tr><td><time>");
    html_time(page, e->event->at_ms);
    buffer_text(page, "</time>");
    if (e->event->until_ms) {
        language_append(page, " to <time>");
        html_time_after(page, e->event->until_ms, e->event->at_ms);
        buffer_text(page, "</time>");
    }
    buffer_text(page, "</td><td>");
    html_cut(page, _(e->event->kind), PAGE_NAME_BYTES);
    buffer_text(page, "</td><td>");
    html_cut(page, words_of(e->event), PAGE_NAME_BYTES * 2);
    if (audit->report_count > 1) {
        buffer_text(page, " <small>");
        html_cut(page, audit->reports[e->report].path, PAGE_NAME_BYTES);
        buffer_text(page, "</small>");
    }
    buffer_text(page, "</td></tr>\n");
}

static void put_events(const struct audit *audit, struct buffer *page)
{
    size_t limit = page->len + PAGE_EVENTS_BYTES;
    size_t shown = 0;

    if (!audit->event_count)
        return;
    language_append(page,
                    "<h3>What happened to the runs</h3>\n<table class=\"list events\"><thead><tr>"
                    "<th>When</th><th>What</th><th>Why</th></tr></thead><tbody>\n");
    while (shown < audit->event_count) {
        size_t before = page->len;

        put_event(audit, &audit->events[shown], page);
        if (!page_keeps(page, before, limit))
            break;
        shown++;
    }
    buffer_text(page, "</tbody></table>\n");
    page_left_out(page, audit->event_count - shown, NULL, _(" more, left out here.</p>\n"));
}

/* ---- how long calls took ---- */

static void put_percentile(struct buffer *page, const char *name, int64_t ms)
{
    buffer_format(page, "<div><dt>%s</dt><dd>", name);
    html_duration(page, ms);
    buffer_text(page, "</dd></div>");
}

static void put_steps(const struct latency_summary *latency, struct buffer *page)
{
    language_append(page, "<details><summary>The same as a table</summary>"
                          "<table class=\"numbers\"><thead><tr><th>More than</th><th>Up to</th>"
                          "<th>Calls</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < latency->step_count; i++) {
        buffer_text(page, "<tr><td>");
        html_duration(page, chart_step_start(latency->steps[i].up_to_ms));
        buffer_text(page, "</td><td>");
        html_duration(page, latency->steps[i].up_to_ms);
        buffer_text(page, "</td><td>");
        html_count(page, latency->steps[i].calls);
        buffer_text(page, "</td></tr>\n");
    }
    buffer_text(page, "</tbody></table></details>\n");
}

static void put_latency(const struct audit *audit, struct buffer *page)
{
    const struct latency_summary *l = &audit->latency;

    if (!l->calls)
        return;
    language_append(page, "<section id=\"latency\"><h2>How long calls took</h2>\n"
                          "<dl class=\"percentiles\">");
    put_percentile(page, "p50", l->p50_ms);
    put_percentile(page, "p90", l->p90_ms);
    put_percentile(page, "p95", l->p95_ms);
    put_percentile(page, "p99", l->p99_ms);
    put_percentile(page, _("longest"), l->max_ms);
    buffer_text(page, "</dl>\n<figure>");
    chart_latency(page, audit);
    language_append(page, "<figcaption>Calls by their duration: ");
    html_counted(page, l->calls, "call");
    language_append(page, ", the last one of each row in each report.</figcaption></figure>\n");
    put_steps(l, page);
    buffer_text(page, "</section>\n");
}

void page_time(const struct page_context *context)
{
    language_append(context->page, "<section id=\"time\"><h2>Answers over time</h2>\n");
    put_timeline(context->audit, context->page);
    put_events(context->audit, context->page);
    buffer_text(context->page, "</section>\n");
    put_latency(context->audit, context->page);
}
