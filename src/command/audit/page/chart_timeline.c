/* How many lines were answered when, and what held the run up. */
#include "chart.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/words/language.h"
#include "command/audit/audit.h"
#include "drawing.h"
#include "html.h"

#define GUTTER 64 /* left of the timeline, for what its lines and lanes are called */
#define GUTTER_END 54
#define TOP 12 /* above a plot, so that its highest label fits */
#define PLOT 170
#define LANE 20
#define LANE_BAR 10
#define TICKS_MAX 7
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)

static const struct lane {
    const char *kind; /* of an event; NULL: the runs themselves */
    const char *name;
    const char *class;
} lanes[] = {
    {NULL, N_("runs"), "run"},           {"ban", N_("bans"), "ban"},
    {"outage", N_("outages"), "outage"}, {"brake", N_("brakes"), "brake"},
    {N_("quota"), N_("quota"), "ban"},   {N_("stop"), N_("stops"), "stop"},
};
#define LANES (sizeof(lanes) / sizeof(*lanes))

/* What the timeline shows. */
struct view {
    const struct audit *audit;
    struct buffer *page;
    int64_t from_ms, until_ms;
    uint64_t ceiling; /* of the plot: answers in a thousand seconds */
    const struct lane *lanes[LANES];
    int lane_count;
};

/* Answers in a thousand seconds, so that slow ones are whole numbers too; rounded up, so that no
 * bar is higher than the plot. */
static uint64_t rate_of(const struct timeline *timeline, size_t bucket)
{
    uint64_t width = (uint64_t)timeline->bucket_ms;

    return (timeline_answered(timeline, bucket) * 1000 * SECOND_MS + width - 1) / width;
}

static uint64_t ceiling_of(const struct timeline *timeline)
{
    uint64_t most = 1;
    uint64_t ceiling = 1;
    int leads[] = {2, 5, 10};

    for (size_t i = 0; i < timeline->bucket_count; i++)
        if (rate_of(timeline, i) > most)
            most = rate_of(timeline, i);
    for (uint64_t power = 1; ceiling < most; power *= 10)
        for (int i = 0; i < 3 && ceiling < most; i++)
            ceiling = power * (uint64_t)leads[i];
    return ceiling;
}

static void put_rate(struct buffer *page, uint64_t rate)
{
    uint64_t rest = rate % 1000;

    html_count(page, rate / 1000);
    if (!rest)
        return;
    buffer_format(page, ".%03" PRIu64, rest);
    while (page->len && page->ptr[page->len - 1] == '0')
        page->ptr[--page->len] = '\0';
}

/* Widens the view to a moment, but not by more than a quarter of the time in which answers came. */
static void show_moment(struct view *view, int64_t at_ms)
{
    const struct timeline *t = &view->audit->timeline;
    int64_t end_ms = t->start_ms + t->bucket_ms * (int64_t)t->bucket_count;
    int64_t slack = (end_ms - t->start_ms) / 4 + 1;
    int64_t least = t->start_ms - slack;
    int64_t most = end_ms + slack;
    int64_t at = at_ms < least ? least : at_ms > most ? most : at_ms;

    if (!at_ms)
        return;
    view->from_ms = at < view->from_ms ? at : view->from_ms;
    view->until_ms = at > view->until_ms ? at : view->until_ms;
}

static double place(const struct view *view, int64_t at_ms)
{
    double at = 100.0 * (double)(at_ms - view->from_ms) / (double)(view->until_ms - view->from_ms);

    return at < 0 ? 0 : at > 100 ? 100 : at;
}

static bool is_in_lane(const struct lane *lane, const struct manifest_event *event)
{
    return lane->kind && strcmp(lane->kind, event->kind) == 0;
}

static bool is_used(const struct audit *audit, const struct lane *lane)
{
    for (size_t i = 0; i < audit->event_count; i++)
        if (is_in_lane(lane, audit->events[i].event))
            return true;
    return !lane->kind && audit->started_ms;
}

static void set_view(struct view *view, const struct audit *audit, struct buffer *page)
{
    const struct timeline *t = &audit->timeline;

    *view = (struct view){.audit = audit, .page = page, .ceiling = ceiling_of(t)};
    view->from_ms = t->start_ms;
    view->until_ms = t->start_ms + t->bucket_ms * (int64_t)t->bucket_count;
    show_moment(view, audit->started_ms);
    show_moment(view, audit->finished_ms);
    for (size_t i = 0; i < audit->event_count; i++) {
        show_moment(view, audit->events[i].event->at_ms);
        show_moment(view, audit->events[i].event->until_ms);
    }
    for (size_t i = 0; i < LANES; i++)
        if (is_used(audit, &lanes[i]))
            view->lanes[view->lane_count++] = &lanes[i];
}

static double lane_top(int lane)
{
    return TOP + PLOT + 4 + lane * LANE;
}

static int height_of(const struct view *view)
{
    return (int)lane_top(view->lane_count) + LABELS;
}

/* What lines and lanes are called. */
static void put_gutter(const struct view *view)
{
    struct buffer *page = view->page;

    buffer_format(page, "<svg class=\"gutter\" width=\"%d\" height=\"%d\" aria-hidden=\"true\">",
                  GUTTER, height_of(view));
    for (int i = 0; i <= 2; i++) {
        buffer_format(page, "<text class=\"end\" x=\"%d\" y=\"%d\">", GUTTER_END,
                      TOP + PLOT - PLOT * i / 2 + 4);
        put_rate(page, view->ceiling * (uint64_t)i / 2);
        buffer_text(page, i == 2 ? "/s</text>" : "</text>");
    }
    for (int i = 0; i < view->lane_count; i++)
        buffer_format(page, "<text class=\"end\" x=\"%d\" y=\"%d\">%s</text>", GUTTER_END,
                      (int)lane_top(i) + 14, _(view->lanes[i]->name));
    buffer_text(page, "</svg>");
}

static void put_grid(const struct view *view)
{
    for (int i = 0; i <= 2; i++)
        drawing_line(view->page, 0, 100, TOP + PLOT * i / 2, TOP + PLOT * i / 2,
                     i == 2 ? "base" : "grid");
}

static void put_span(const struct view *view, int lane, int64_t from_ms, int64_t until_ms)
{
    const char *class = view->lanes[lane]->class;
    double x = place(view, from_ms);
    double width = until_ms > from_ms ? place(view, until_ms) - x : 0;
    double y = lane_top(lane) + (LANE - LANE_BAR) / 2.0;
    char shade[32];

    snprintf(shade, sizeof(shade), "shade %s", class);
    if (view->lanes[lane]->kind && width > 0)
        drawing_block(view->page, x, width, TOP, PLOT, shade);
    if (width > 0)
        drawing_block(view->page, x, width, y, LANE_BAR, class);
    else
        drawing_line(view->page, x, x, TOP, TOP + PLOT, shade);
    /* So that a moment is seen, too. */
    drawing_line(view->page, x, x, y, y + LANE_BAR, class);
}

/* A run may have been started several times. The manifest itself tells of the last one only, and of
 * one that was killed nobody wrote the end. */
static void put_starts(const struct view *view, int lane, const struct manifest_found *m)
{
    int64_t from_ms = 0;
    int64_t last_ms = 0;

    for (size_t i = 0; i < m->event_count; i++) {
        const struct manifest_event *e = &m->events[i];

        if (strcmp(e->kind, "start") == 0 && from_ms)
            put_span(view, lane, from_ms, last_ms);
        if (strcmp(e->kind, "start") == 0)
            from_ms = e->at_ms;
        last_ms = e->at_ms;
    }
    if (!from_ms)
        from_ms = m->started_ms;
    if (from_ms)
        put_span(view, lane, from_ms, m->finished_ms > last_ms ? m->finished_ms : last_ms);
}

static void put_lane(const struct view *view, int lane)
{
    const struct audit *audit = view->audit;
    double y = lane_top(lane) + LANE / 2.0;

    drawing_line(view->page, 0, 100, y, y, "grid");
    if (!view->lanes[lane]->kind)
        for (size_t i = 0; i < audit->report_count; i++)
            put_starts(view, lane, &audit->reports[i].manifest);
    for (size_t i = 0; i < audit->event_count; i++)
        if (is_in_lane(view->lanes[lane], audit->events[i].event))
            put_span(view, lane, audit->events[i].event->at_ms, audit->events[i].event->until_ms);
}

static void put_bucket_title(const struct view *view, size_t bucket)
{
    const struct timeline *t = &view->audit->timeline;

    buffer_text(view->page, "<title>");
    html_time(view->page, t->start_ms + t->bucket_ms * (int64_t)bucket);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        uint64_t answered = t->answered[bucket][chart_order[i]];

        if (!answered)
            continue;
        language_append(view->page, ", ");
        html_count(view->page, answered);
        buffer_format(view->page, " %s", outcome_word(chart_order[i]));
    }
    buffer_text(view->page, "</title>");
}

static void put_bucket(const struct view *view, size_t bucket)
{
    const struct timeline *t = &view->audit->timeline;
    double x = place(view, t->start_ms + t->bucket_ms * (int64_t)bucket);
    double width = 100.0 * (double)t->bucket_ms / (double)(view->until_ms - view->from_ms);
    double unit = PLOT * 1000.0 * SECOND_MS / (double)t->bucket_ms / (double)view->ceiling;
    double y = TOP + PLOT;

    if (!timeline_answered(t, bucket))
        return;
    buffer_text(view->page, "<g>");
    put_bucket_title(view, bucket);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        double height = unit * (double)t->answered[bucket][chart_order[i]];

        y -= height;
        if (height > 0)
            drawing_block(view->page, x, width * BAR_PART / 100, y, height,
                          outcome_name(chart_order[i]));
    }
    buffer_text(view->page, "</g>");
}

/* The distance of the words beneath the plot. */
static int64_t tick_step(int64_t span_ms)
{
    static const int64_t steps[] = {
        100,
        200,
        500,
        SECOND_MS,
        2 * SECOND_MS,
        5 * SECOND_MS,
        10 * SECOND_MS,
        15 * SECOND_MS,
        30 * SECOND_MS,
        MINUTE_MS,
        2 * MINUTE_MS,
        5 * MINUTE_MS,
        10 * MINUTE_MS,
        15 * MINUTE_MS,
        30 * MINUTE_MS,
        HOUR_MS,
        2 * HOUR_MS,
        3 * HOUR_MS,
        6 * HOUR_MS,
        12 * HOUR_MS,
    };
    int64_t days = 1;

    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++)
        if (span_ms / steps[i] < TICKS_MAX)
            return steps[i];
    while (span_ms / (days * CLOCK_DAY_MS) >= TICKS_MAX)
        days *= 2;
    return days * CLOCK_DAY_MS;
}

/* Of "2026-01-02T03:04:05.600+08:00" what tells ticks apart; a midnight is a date. */
static void put_tick_words(struct buffer *page, int64_t at_ms, int64_t step_ms)
{
    char text[CLOCK_RFC3339_BYTES];
    bool is_midnight = (at_ms + CLOCK_BEIJING_OFFSET_MS) % CLOCK_DAY_MS == 0;

    clock_format_rfc3339(at_ms, text);
    if (step_ms >= CLOCK_DAY_MS * 256)
        buffer_append(page, text, 10);
    else if (is_midnight)
        buffer_append(page, text + 5, 5);
    else
        buffer_append(page, text + 11, step_ms >= MINUTE_MS ? 5 : step_ms >= SECOND_MS ? 8 : 10);
}

static void put_ticks(const struct view *view)
{
    int64_t step = tick_step(view->until_ms - view->from_ms);
    int64_t local = view->from_ms + CLOCK_BEIJING_OFFSET_MS;
    int64_t at = (local + step - 1) / step * step - CLOCK_BEIJING_OFFSET_MS;
    int bottom = (int)lane_top(view->lane_count);

    for (int i = 0; at <= view->until_ms; at += step, i++) {
        double x = place(view, at);

        drawing_line(view->page, x, x, TOP, bottom, "grid");
        drawing_begin_label(view->page, x, bottom + 15, i % 2 ? "odd" : "even");
        put_tick_words(view->page, at, step);
        buffer_text(view->page, "</text>");
    }
}

static void put_timeline_words(const struct view *view)
{
    struct buffer *page = view->page;
    const struct audit *audit = view->audit;
    uint64_t most = 0;

    for (size_t i = 0; i < audit->timeline.bucket_count; i++)
        if (rate_of(&audit->timeline, i) > most)
            most = rate_of(&audit->timeline, i);
    language_append(page, "<title id=\"timeline-title\">answers a second over time</title>"
                          "<desc id=\"timeline-desc\">from ");
    html_time(page, view->from_ms);
    language_append(page, " to ");
    html_time(page, view->until_ms);
    language_append(page, " Beijing time; at best ");
    put_rate(page, most);
    language_append(page, " a second. The tables beneath say the same in numbers.</desc>");
}

void chart_timeline(struct buffer *page, const struct audit *audit)
{
    struct view view;

    if (!audit->timeline.bucket_count)
        return;
    set_view(&view, audit, page);
    buffer_text(page, "<div class=\"chart\">");
    put_gutter(&view);
    drawing_begin(page, "timeline", height_of(&view));
    put_timeline_words(&view);
    put_ticks(&view);
    put_grid(&view);
    for (int i = 0; i < view.lane_count; i++)
        put_lane(&view, i);
    for (size_t i = 0; i < audit->timeline.bucket_count; i++)
        put_bucket(&view, i);
    buffer_text(page, "</svg></div>");
}
