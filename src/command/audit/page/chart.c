#include "chart.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "command/audit/audit.h"
#include "html.h"

#define SHARE_HEIGHT 10
#define OUTCOMES_HEIGHT 22
#define SEEN_PERCENT 0.4 /* of a bar, for what is almost nothing */

#define GUTTER 64 /* left of the timeline, for what its lines and lanes are called */
#define GUTTER_END 54
#define TOP 12 /* above a plot, so that its highest label fits */
#define PLOT 170
#define LANE 20
#define LANE_BAR 10
#define LABELS 22   /* beneath a plot */
#define BAR_PART 86 /* percent of a bar's place */
#define TICKS_MAX 7
#define SECOND_MS 1000
#define MINUTE_MS (60 * SECOND_MS)
#define HOUR_MS (60 * MINUTE_MS)

#define HISTOGRAM 120
#define PERCENTILE_LANE 18
#define PERCENTILES 3
#define HISTOGRAM_TOP (PERCENTILE_LANE * PERCENTILES + 24) /* and room for the number of a bar */

const enum outcome chart_order[OUTCOME_COUNT] = {
    OUTCOME_ACCEPTED, OUTCOME_UNKNOWN, OUTCOME_REJECTED, OUTCOME_FAILED,
    OUTCOME_INVALID,  OUTCOME_UNSENT,  OUTCOME_SKIPPED,
};

/* ---- numbers of a picture ---- */

/* By hand, for printf writes a comma where the locale says so. */
static void fixed(struct buffer *page, double value)
{
    int64_t hundredths = (int64_t)(value * 100 + 0.5);

    buffer_format(page, "%" PRId64 ".%02" PRId64, hundredths / 100, hundredths % 100);
}

static void percent(struct buffer *page, const char *name, double value)
{
    buffer_format(page, " %s=\"", name);
    fixed(page, value);
    buffer_text(page, "%\"");
}

static void pixels(struct buffer *page, const char *name, double value)
{
    buffer_format(page, " %s=\"", name);
    fixed(page, value);
    buffer_byte(page, '"');
}

/* One bar or block; x and width in percent, the rest in pixels. */
static void block(struct buffer *page, double x, double width, double y, double height,
                  const char *class)
{
    buffer_text(page, "<rect");
    percent(page, "x", x);
    percent(page, "width", width);
    pixels(page, "y", y);
    pixels(page, "height", height);
    buffer_format(page, " class=\"%s\"/>", class);
}

static void line(struct buffer *page, double x1, double x2, double y1, double y2, const char *class)
{
    buffer_text(page, "<line");
    percent(page, "x1", x1);
    percent(page, "x2", x2);
    pixels(page, "y1", y1);
    pixels(page, "y2", y2);
    buffer_format(page, " class=\"%s\"/>", class);
}

/* Begins a word beneath a plot; at the edges it keeps inside. */
static void begin_label(struct buffer *page, double x, double y, const char *class)
{
    buffer_text(page, "<text");
    percent(page, "x", x);
    pixels(page, "y", y);
    buffer_format(page, " class=\"%s %s\">", x < 4 ? "start" : x > 96 ? "end" : "middle", class);
}

static void begin_picture(struct buffer *page, const char *name, int height)
{
    buffer_format(page,
                  "<svg class=\"plot\" role=\"img\" width=\"100%%\" height=\"%d\" "
                  "aria-labelledby=\"%s-title %s-desc\">",
                  height, name, name);
}

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
    block(page, 0, 100, 0, SHARE_HEIGHT, "trough");
    block(page, 0, limits_of(part, whole), 0, SHARE_HEIGHT, outcome_name(outcome));
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
            block(page, x, width, 0, OUTCOMES_HEIGHT, outcome_name(chart_order[i]));
        x += width;
    }
    buffer_text(page, "</svg>");
}

/* ---- the timeline ---- */

static const struct lane {
    const char *kind; /* of an event; NULL: the runs themselves */
    const char *name;
    const char *class;
} lanes[] = {
    {NULL, "runs", "run"},        {"ban", "bans", "ban"},    {"outage", "outages", "outage"},
    {"brake", "brakes", "brake"}, {"quota", "quota", "ban"}, {"stop", "stops", "stop"},
};
#define LANES (sizeof(lanes) / sizeof(*lanes))

const char *chart_lane_name(const char *event_kind)
{
    for (size_t i = 0; i < LANES; i++)
        if (lanes[i].kind && strcmp(lanes[i].kind, event_kind) == 0)
            return lanes[i].name;
    return NULL;
}

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
                      (int)lane_top(i) + 14, view->lanes[i]->name);
    buffer_text(page, "</svg>");
}

static void put_grid(const struct view *view)
{
    for (int i = 0; i <= 2; i++)
        line(view->page, 0, 100, TOP + PLOT * i / 2, TOP + PLOT * i / 2, i == 2 ? "base" : "grid");
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
        block(view->page, x, width, TOP, PLOT, shade);
    if (width > 0)
        block(view->page, x, width, y, LANE_BAR, class);
    else
        line(view->page, x, x, TOP, TOP + PLOT, shade);
    /* So that a moment is seen, too. */
    line(view->page, x, x, y, y + LANE_BAR, class);
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

    line(view->page, 0, 100, y, y, "grid");
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
        buffer_text(view->page, ", ");
        html_count(view->page, answered);
        buffer_format(view->page, " %s", outcome_name(chart_order[i]));
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
            block(view->page, x, width * BAR_PART / 100, y, height, outcome_name(chart_order[i]));
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

        line(view->page, x, x, TOP, bottom, "grid");
        begin_label(view->page, x, bottom + 15, i % 2 ? "odd" : "even");
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
    buffer_text(page, "<title id=\"timeline-title\">answers a second over time</title>"
                      "<desc id=\"timeline-desc\">from ");
    html_time(page, view->from_ms);
    buffer_text(page, " to ");
    html_time(page, view->until_ms);
    buffer_text(page, " Beijing time; at best ");
    put_rate(page, most);
    buffer_text(page, " a second. The tables beneath say the same in numbers.</desc>");
}

void chart_timeline(struct buffer *page, const struct audit *audit)
{
    struct view view;

    if (!audit->timeline.bucket_count)
        return;
    set_view(&view, audit, page);
    buffer_text(page, "<div class=\"chart\">");
    put_gutter(&view);
    begin_picture(page, "timeline", height_of(&view));
    put_timeline_words(&view);
    put_ticks(&view);
    put_grid(&view);
    for (int i = 0; i < view.lane_count; i++)
        put_lane(&view, i);
    for (size_t i = 0; i < audit->timeline.bucket_count; i++)
        put_bucket(&view, i);
    buffer_text(page, "</svg></div>");
}

/* ---- latency ---- */

int64_t chart_step_start(int64_t up_to_ms)
{
    int64_t lead = up_to_ms;

    while (lead >= 10)
        lead /= 10;
    return lead == 5 ? up_to_ms / 5 * 2 : up_to_ms / 2;
}

static const struct latency_step *step_of(const struct latency_summary *latency, int64_t ms,
                                          size_t *ret_i)
{
    for (*ret_i = 0; *ret_i + 1 < latency->step_count; (*ret_i)++)
        if (ms <= latency->steps[*ret_i].up_to_ms)
            break;
    return &latency->steps[*ret_i];
}

/* Where a duration stands among bars of one width; in percent. */
static double place_duration(const struct latency_summary *latency, int64_t ms)
{
    size_t i;
    const struct latency_step *step = step_of(latency, ms, &i);
    double start = (double)chart_step_start(step->up_to_ms);
    double part = ((double)ms - start) / ((double)step->up_to_ms - start);

    part = part < 0 ? 0 : part > 1 ? 1 : part;
    return 100.0 * ((double)i + part) / (double)latency->step_count;
}

static void put_step_words(struct buffer *page, int64_t ms)
{
    if (ms < SECOND_MS)
        buffer_format(page, "%" PRId64 " ms", ms);
    else
        buffer_format(page, "%" PRId64 " s", ms / SECOND_MS);
}

static void put_bars(struct buffer *page, const struct latency_summary *latency, double top)
{
    double width = 100.0 / (double)latency->step_count;
    uint64_t most = 1;

    for (size_t i = 0; i < latency->step_count; i++)
        if (latency->steps[i].calls > most)
            most = latency->steps[i].calls;
    for (size_t i = 0; i < latency->step_count; i++) {
        double height = HISTOGRAM * (double)latency->steps[i].calls / (double)most;
        double y = top + HISTOGRAM - height;

        if (!latency->steps[i].calls)
            continue;
        block(page, width * ((double)i + (100 - BAR_PART) / 200.0), width * BAR_PART / 100, y,
              height, "calls");
        begin_label(page, width * ((double)i + 0.5), y - 5,
                    latency->step_count > 8 ? "value crowded" : "value");
        html_count(page, latency->steps[i].calls);
        buffer_text(page, "</text>");
    }
}

static void put_bounds(struct buffer *page, const struct latency_summary *latency, double y)
{
    for (size_t i = 0; i <= latency->step_count; i++) {
        begin_label(page, 100.0 * (double)i / (double)latency->step_count, y,
                    i % 2 ? "odd" : "even");
        put_step_words(page, i ? latency->steps[i - 1].up_to_ms
                               : chart_step_start(latency->steps[0].up_to_ms));
        buffer_text(page, "</text>");
    }
}

/* Each in a lane of its own above the bars, so that none hides another. */
static void put_percentile(struct buffer *page, const struct latency_summary *latency, int lane,
                           const char *name, int64_t ms)
{
    double x = place_duration(latency, ms);
    double y = PERCENTILE_LANE * (lane + 1);
    bool is_right = x > 60;

    line(page, x, x, y - 10, HISTOGRAM_TOP + HISTOGRAM, "percentile");
    buffer_text(page, "<text");
    percent(page, "x", x);
    pixels(page, "y", y);
    buffer_format(page, " dx=\"%d\" class=\"%s\">%s ", is_right ? -5 : 5,
                  is_right ? "end" : "start", name);
    html_duration(page, ms);
    buffer_text(page, "</text>");
}

void chart_latency(struct buffer *page, const struct audit *audit)
{
    const struct latency_summary *l = &audit->latency;
    double top = HISTOGRAM_TOP;

    if (!l->step_count)
        return;
    begin_picture(page, "latency", (int)top + HISTOGRAM + LABELS);
    buffer_text(page, "<title id=\"latency-title\">how long calls took</title>"
                      "<desc id=\"latency-desc\">half of them up to ");
    html_duration(page, l->p50_ms);
    buffer_text(page, ", nine of ten up to ");
    html_duration(page, l->p90_ms);
    buffer_text(page, ", the longest ");
    html_duration(page, l->max_ms);
    buffer_text(page, ". The table beneath says the same in numbers.</desc>");
    put_bars(page, l, top);
    line(page, 0, 100, top + HISTOGRAM, top + HISTOGRAM, "base");
    put_bounds(page, l, top + HISTOGRAM + 15);
    put_percentile(page, l, 0, "p50", l->p50_ms);
    put_percentile(page, l, 1, "p90", l->p90_ms);
    put_percentile(page, l, 2, "p99", l->p99_ms);
    buffer_text(page, "</svg>");
}
