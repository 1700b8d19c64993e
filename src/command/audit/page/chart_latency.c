/* How long calls took. */
#include "chart.h"

#include <inttypes.h>
#include <stdbool.h>

#include "base/words/language.h"
#include "command/audit/audit.h"
#include "drawing.h"
#include "html.h"

#define HISTOGRAM 120
#define PERCENTILE_LANE 18
#define PERCENTILES 3
#define HISTOGRAM_TOP (PERCENTILE_LANE * PERCENTILES + 24) /* and room for the number of a bar */

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
        drawing_block(page, width * ((double)i + (100 - BAR_PART) / 200.0), width * BAR_PART / 100,
                      y, height, "calls");
        drawing_begin_label(page, width * ((double)i + 0.5), y - 5,
                            latency->step_count > 8 ? "value crowded" : "value");
        html_count(page, latency->steps[i].calls);
        buffer_text(page, "</text>");
    }
}

static void put_bounds(struct buffer *page, const struct latency_summary *latency, double y)
{
    for (size_t i = 0; i <= latency->step_count; i++) {
        drawing_begin_label(page, 100.0 * (double)i / (double)latency->step_count, y,
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

    drawing_line(page, x, x, y - 10, HISTOGRAM_TOP + HISTOGRAM, "percentile");
    buffer_text(page, "<text");
    drawing_percent(page, "x", x);
    drawing_pixels(page, "y", y);
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
    drawing_begin(page, "latency", (int)top + HISTOGRAM + LABELS);
    language_append(page, "<title id=\"latency-title\">how long calls took</title>"
                          "<desc id=\"latency-desc\">half of them up to ");
    html_duration(page, l->p50_ms);
    language_append(page, ", nine of ten up to ");
    html_duration(page, l->p90_ms);
    language_append(page, ", the longest ");
    html_duration(page, l->max_ms);
    language_append(page, ". The table beneath says the same in numbers.</desc>");
    put_bars(page, l, top);
    drawing_line(page, 0, 100, top + HISTOGRAM, top + HISTOGRAM, "base");
    put_bounds(page, l, top + HISTOGRAM + 15);
    put_percentile(page, l, 0, "p50", l->p50_ms);
    put_percentile(page, l, 1, "p90", l->p90_ms);
    put_percentile(page, l, 2, "p99", l->p99_ms);
    buffer_text(page, "</svg>");
}
