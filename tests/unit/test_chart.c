/* Unit tests of report/chart: pictures show what was counted, in bounds, and are well-formed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/audit/audit.h"
#include "command/audit/page/chart.h"
#include "page_words.h"

/* Every element that was opened is closed, in its order; and no number is negative or none. */
static void assert_well_formed(void)
{
    char open[32][16];
    size_t depth = 0;

    for (const char *at = buffer_string(&page); (at = strchr(at, '<')); at++) {
        const char *end = strchr(at, '>');
        size_t len = strcspn(at + 1, " >/");

        assert_non_null(end);
        if (at[1] == '/') {
            len = strcspn(at + 2, ">");
            assert_true(depth > 0);
            depth--;
            assert_int_equal(strlen(open[depth]), len);
            assert_memory_equal(open[depth], at + 2, len);
        } else if (end[-1] != '/') {
            assert_true(depth < 32 && len < 16);
            memcpy(open[depth], at + 1, len);
            open[depth++][len] = '\0';
        }
    }
    assert_int_equal(depth, 0);
    for (const char *at = page.ptr; (at = strstr(at, "=\"-")); at++)
        if (strncmp(at - 3, " dx", 3) != 0)
            fail_msg("%.60s", at - 3);
    assert_int_equal(count_of("nan"), 0);
    assert_int_equal(count_of("inf"), 0);
}

/* Every percentage of that attribute is between 0 and 100. */
static void assert_in_bounds(const char *attribute)
{
    char mark[16];

    snprintf(mark, sizeof(mark), " %s=\"", attribute);
    for (const char *at = page.ptr; (at = strstr(at, mark)); at++) {
        char *end;
        double value = strtod(at + strlen(mark), &end);

        if (*end != '%')
            continue;
        assert_true(value >= 0);
        assert_true(value <= 100.01);
    }
}

static void outcomes_fill_one_bar(void **state)
{
    struct audit_sum sums[OUTCOME_COUNT] = {{0}};
    double whole = 0;

    (void)state;
    sums[OUTCOME_ACCEPTED].rows = 1000000;
    sums[OUTCOME_UNKNOWN].rows = 1; /* is seen all the same */
    sums[OUTCOME_SKIPPED].rows = 3;
    buffer_reset(&page);
    chart_outcomes(&page, sums);
    assert_well_formed();
    assert_int_equal(count_of("<rect"), 3);
    assert_non_null(strstr(page.ptr, "class=\"unknown\""));
    for (const char *at = page.ptr; (at = strstr(at, "<rect")); at++)
        whole += strtod(strstr(at, "width=\"") + strlen("width=\""), NULL);
    assert_true(whole > 99.9 && whole < 100.1);
    buffer_reset(&page);
    memset(sums, 0, sizeof(sums));
    chart_outcomes(&page, sums);
    assert_int_equal(page.len, 0);
}

static void a_share_is_never_hidden_and_never_too_wide(void **state)
{
    (void)state;
    buffer_reset(&page);
    chart_share(&page, 1, UINT64_MAX, OUTCOME_FAILED);
    assert_non_null(strstr(page.ptr, "width=\"0.40%\""));
    buffer_reset(&page);
    chart_share(&page, 0, 10, OUTCOME_FAILED);
    assert_non_null(strstr(page.ptr, "width=\"0.00%\""));
    buffer_reset(&page);
    chart_share(&page, UINT64_MAX, UINT64_MAX, OUTCOME_FAILED);
    assert_int_equal(count_of("width=\"100.00%\""), 2); /* and the trough */
    assert_well_formed();
}

static struct manifest_event events[] = {
    {"start", NOW_MS, 0, ""},
    {"ban", NOW_MS + 1000, NOW_MS + 3000, ""},
    {"outage", NOW_MS + 4000, NOW_MS + 4500, ""},
    {"brake", NOW_MS + 5000, 0, ""},
    {"stop", NOW_MS + 6000, 0, "limit"},
    {"start", NOW_MS + 7000, 0, ""},
    {"<script>", NOW_MS + 7500, 0, "<script>"},
    {"end", NOW_MS + 9000, 0, ""},
};
#define EVENTS (sizeof(events) / sizeof(*events))

/* An audit of one report with those events, and answers every 100 ms. */
static void make_audit(struct audit *audit, struct audit_report *report, struct audit_event *list)
{
    *audit = (struct audit){.reports = report, .report_count = 1, .events = list};
    *report = (struct audit_report){.has_manifest = true};
    report->manifest.started_ms = NOW_MS + 7000;
    report->manifest.finished_ms = NOW_MS + 9000;
    report->manifest.events = events;
    report->manifest.event_count = audit->event_count = EVENTS;
    for (size_t i = 0; i < EVENTS; i++)
        list[i] = (struct audit_event){0, &events[i]};
    audit->started_ms = NOW_MS + 7000;
    audit->finished_ms = NOW_MS + 9000;
    for (int i = 0; i < 90; i++)
        timeline_add(&audit->timeline, NOW_MS + i * 100, i % 9 ? OUTCOME_ACCEPTED : OUTCOME_FAILED);
}

static void bans_and_stops_are_marked_in_lanes_of_their_own(void **state)
{
    struct audit_event list[EVENTS];
    struct audit_report report;
    struct audit audit;

    (void)state;
    make_audit(&audit, &report, list);
    buffer_reset(&page);
    chart_timeline(&page, &audit);
    assert_well_formed();
    assert_in_bounds("x");
    assert_in_bounds("width");
    assert_in_bounds("x1");
    assert_int_equal(count_of(">runs</text>"), 1);
    assert_int_equal(count_of(">bans</text>"), 1);
    assert_int_equal(count_of(">outages</text>"), 1);
    assert_int_equal(count_of(">brakes</text>"), 1);
    assert_int_equal(count_of(">stops</text>"), 1);
    assert_int_equal(count_of(">quota</text>"), 0);
    assert_int_equal(count_of("class=\"shade ban\""), 1);
    assert_int_equal(count_of("class=\"shade stop\""), 1);
    assert_int_equal(count_of("class=\"run\"/>"), 4); /* two starts, a bar and its beginning each */
    assert_int_equal(count_of("script"), 0);
}

static void answers_of_each_bucket_are_stacked(void **state)
{
    struct audit_event list[EVENTS];
    struct audit_report report;
    struct audit audit;

    (void)state;
    make_audit(&audit, &report, list);
    buffer_reset(&page);
    chart_timeline(&page, &audit);
    assert_int_equal(count_of("class=\"accepted\"/>"), 80);
    assert_int_equal(count_of("class=\"failed\"/>"), 10);
    assert_int_equal(count_of("1 accepted</title>"), 80);
    assert_non_null(strstr(page.ptr, "at best 10 a second"));
}

static void a_timeline_of_one_moment_or_of_ages_is_drawn(void **state)
{
    static const int64_t spans[] = {0, 1, 999, 86400000, INT64_C(251731468799999)};

    (void)state;
    for (size_t i = 0; i < sizeof(spans) / sizeof(*spans); i++) {
        struct audit audit = {0};

        timeline_add(&audit.timeline, NOW_MS, OUTCOME_ACCEPTED);
        timeline_add(&audit.timeline, NOW_MS + spans[i], OUTCOME_UNKNOWN);
        buffer_reset(&page);
        chart_timeline(&page, &audit);
        assert_well_formed();
        assert_in_bounds("x");
        assert_in_bounds("width");
        assert_true(count_of("</text>") < 20);
    }
}

static void without_answers_there_is_no_picture(void **state)
{
    struct audit audit = {0};

    (void)state;
    buffer_reset(&page);
    chart_timeline(&page, &audit);
    chart_latency(&page, &audit);
    assert_int_equal(page.len, 0);
}

static void the_histogram_shows_every_step_and_three_percentiles(void **state)
{
    struct audit audit = {0};
    struct latency *latency = latency_open();

    (void)state;
    for (int i = 1; i <= 1000; i++)
        latency_add(latency, i);
    latency_summarise(latency, &audit.latency);
    latency_close(latency);
    buffer_reset(&page);
    chart_latency(&page, &audit);
    assert_well_formed();
    assert_in_bounds("x");
    assert_int_equal(count_of("class=\"calls\""), audit.latency.step_count);
    assert_int_equal(count_of("class=\"percentile\""), 3);
    assert_non_null(strstr(page.ptr, ">500</text>")); /* calls of more than 500 ms */
    assert_non_null(strstr(page.ptr, "p50 "));
}

static void a_step_begins_where_the_one_before_ends(void **state)
{
    static const int64_t ends[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000};

    (void)state;
    for (size_t i = 1; i < sizeof(ends) / sizeof(*ends); i++)
        assert_int_equal(chart_step_start(ends[i]), ends[i - 1]);
    assert_int_equal(chart_step_start(1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_fill_one_bar),
        cmocka_unit_test(a_share_is_never_hidden_and_never_too_wide),
        cmocka_unit_test(bans_and_stops_are_marked_in_lanes_of_their_own),
        cmocka_unit_test(answers_of_each_bucket_are_stacked),
        cmocka_unit_test(a_timeline_of_one_moment_or_of_ages_is_drawn),
        cmocka_unit_test(without_answers_there_is_no_picture),
        cmocka_unit_test(the_histogram_shows_every_step_and_three_percentiles),
        cmocka_unit_test(a_step_begins_where_the_one_before_ends),
    };

    return cmocka_run_group_tests(tests, NULL, release_page);
}
