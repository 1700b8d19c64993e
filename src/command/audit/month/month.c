#include "month.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "command/audit/reports/report_list.h"
#include "command/audit/totals.h"
#include "report/scan.h"

struct walk {
    const struct month_settings *settings;
    struct month *month;
    struct month_sums *sums;
    int64_t alone; /* the last number of a row that is a claim by itself */
};

/* ---- what disagrees between exports ---- */

static int find(struct month *month, struct error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int find(struct month *month, struct error *err, const char *format, ...)
{
    char *text = NULL;
    char **findings = month->findings;
    va_list args;
    int len;

    month->agrees = false;
    month->disagreements++;
    if (month->findings_found++ >= MONTH_FINDINGS_MAX)
        return 0;
    if (!findings)
        findings = calloc(MONTH_FINDINGS_MAX, sizeof(*findings));
    va_start(args, format);
    len = findings ? vasprintf(&text, language_of(format), args) : -1;
    va_end(args);
    month->findings = findings;
    if (len < 0)
        return error_no_memory(err);
    findings[month->finding_count++] = text;
    return 0;
}

/* Names an export as its first report. */
static const char *path_of(const struct month *month, size_t export)
{
    return month->exports[export].paths[0];
}

static int take_repeat(void *context, const struct month_repeat *repeat, struct error *err)
{
    struct month *month = context;

    return find(month, err,
                _("the request_id '%s' stands on row %llu of '%s' and on row %llu of '%s': one of "
                  "the answers may be about another row; ask the platform"),
                LOG_QUOTED(repeat->request_id), (unsigned long long)repeat->row_before,
                LOG_QUOTED(path_of(month, repeat->export_before)),
                (unsigned long long)repeat->row_after,
                LOG_QUOTED(path_of(month, repeat->export_after)));
}

static int take_twice(void *context, const struct month_claim *claim, struct error *err)
{
    struct month *month = context;

    return find(
        month, err,
        _("claim '%s' was accepted with one content by row %llu of '%s' and again by row "
          "%llu of '%s': executed twice"),
        LOG_QUOTED(claim->final.claim_order_no), (unsigned long long)claim->twice_row_before,
        LOG_QUOTED(path_of(month, claim->twice_before)), (unsigned long long)claim->twice_row_after,
        LOG_QUOTED(path_of(month, claim->twice_after)));
}

/* ---- rows ---- */

/* The number of an app key on a platform; SIZE_MAX without memory. */
static size_t source_of(struct month *month, const struct manifest_found *m)
{
    const char *platform = m->platform ? m->platform : "", *key = m->app_key ? m->app_key : "";
    size_t number = month->source_count;
    struct month_source *sources;

    for (size_t i = month->source_count; i-- > 0;) {
        if (strcmp(month->sources[i].platform, platform) != 0)
            continue;
        number = month->sources[i].platform_number;
        if (strcmp(month->sources[i].app_key, key) == 0)
            return i;
    }
    sources = realloc(month->sources, (month->source_count + 1) * sizeof(*sources));
    if (!sources)
        return SIZE_MAX;
    month->sources = sources;
    sources[month->source_count] =
        (struct month_source){.platform = platform, .app_key = key, .platform_number = number};
    return month->source_count++;
}

/* The first digits of a digest, as a number. */
static int64_t content_of(const struct scan_row *row)
{
    char digits[17] = "";

    if (!row->digest_fits)
        return 0;
    strncpy(digits, row->digest, sizeof(digits) - 1);
    return (int64_t)strtoull(digits, NULL, 16);
}

/* Whether its outcome is what an answer said, so that the answer's id is its own. */
static bool rests_on_answer(const struct row_record *record)
{
    return (record->outcome == OUTCOME_ACCEPTED || record->outcome == OUTCOME_REJECTED ||
            record->outcome == OUTCOME_FAILED) &&
           strncmp(record->code, "RESOLVED_", strlen("RESOLVED_")) != 0;
}

static void describe(struct walk *w, const struct audit *audit, const struct scan_row *row,
                     size_t report, struct month_line *ret_line)
{
    const struct row_record *record = &row->line.record;
    const char *workcard_id = row->line.fields[FIELD_WORKCARD_ID];
    const char *order_no = row->line.fields[FIELD_CLAIM_ORDER_NO];

    *ret_line = (struct month_line){
        .workcard_id = workcard_id,
        .claim_order_no = order_no,
        .alone = *workcard_id && *order_no ? 0 : ++w->alone,
        .at_ms = record->submitted_ms ? record->submitted_ms
                                      : audit->reports[report].manifest.started_ms,
        .export = w->month->export_count,
        .row = record->row,
        .outcome = record->outcome,
        .status = row->has_claim ? (int)row->claim.claim_status : MONTH_NO_STATUS,
        .fee_fen = row->has_claim ? row->claim.claim_fee : 0,
        .content = content_of(row),
        .submitted_ms = record->submitted_ms,
        .code = record->outcome == OUTCOME_ACCEPTED ? "" : record->code,
        .message = totals_needs_person(record->outcome) ? record->message : "",
        .request_id = rests_on_answer(record) ? record->request_id : "",
    };
    ret_line->day = month_sums_day_of(ret_line->at_ms);
}

static void count(struct month *month, const struct month_line *line)
{
    struct audit_sum *sums[] = {
        &month->outcomes[line->outcome],
        line->status == MONTH_NO_STATUS ? NULL : &month->statuses[line->status][line->outcome],
        line->outcome == OUTCOME_ACCEPTED ? &month->sources[line->source].accepted : NULL};

    month->rows++;
    month->sources[line->source].rows++;
    for (size_t i = 0; i < sizeof(sums) / sizeof(*sums); i++)
        if (sums[i]) {
            sums[i]->rows++;
            sums[i]->fee_fen += line->fee_fen;
        }
}

static int take_row(void *context, const struct audit *audit, const struct scan_row *row,
                    size_t report, struct error *err)
{
    struct walk *w = context;
    struct month_line line;

    describe(w, audit, row, report, &line);
    line.source = source_of(w->month, &audit->reports[report].manifest);
    if (line.source == SIZE_MAX)
        return error_no_memory(err);
    line.platform = w->month->sources[line.source].platform_number;
    count(w->month, &line);
    return month_sums_add_row(w->sums, &line, err) ? -1
                                                   : month_claims_add(w->month->lists, &line, err);
}

/* ---- exports ---- */

/* What was counted of an export that then could not be read to its end stays; that it could not is
 * told. */
static int take_fault(struct month_export *export, struct error *err)
{
    if (err->exit_code != EXIT_INPUT_REFUSED && err->exit_code != EXIT_INPUT_MISSING)
        return -1;
    export->exit_code = err->exit_code;
    export->fault = strdup(err->text);
    return export->fault ? 0 : error_no_memory(err);
}

static int count_runs(struct walk *w, const struct audit *audit, struct error *err)
{
    for (size_t i = 0; i < audit->report_count; i++)
        if (month_sums_add_run(w->sums, month_sums_day_of(audit->reports[i].manifest.started_ms),
                               err))
            return -1;
    return 0;
}

/* They are many; those that are still open when all is read are in the list of claims. */
static void forget_rows(struct audit *audit)
{
    for (size_t i = 0; i < audit->open_count; i++)
        free(audit->open_rows[i].texts);
    free(audit->open_rows);
    audit->open_rows = NULL;
    audit->open_count = 0;
    audit->open_left_out = 0;
}

static int read_export(struct walk *w, const struct collected *first, size_t count,
                       struct error *err)
{
    struct month *month = w->month;
    struct month_export *export = &month->exports[month->export_count];
    struct audit_settings settings = *w->settings->audit;

    *export = (struct month_export){.name = first->input_name};
    export->paths = calloc(count, sizeof(*export->paths));
    if (!export->paths)
        return error_no_memory(err);
    for (size_t i = 0; i < count; i++)
        export->paths[i] = first[i].path;
    settings.paths = export->paths;
    settings.path_count = count;
    settings.on_row = take_row;
    settings.context = w;
    if ((audit_run(&settings, &export->audit, err) && take_fault(export, err)) ||
        count_runs(w, &export->audit, err))
        return -1;
    month->report_count += export->audit.report_count;
    month->disagreements += export->audit.disagreements_found + (export->fault != NULL);
    month->agrees = month->agrees && export->audit.agrees && !export->fault;
    return 0;
}

/* Where the reports of an export begin in the list, and when its first run did. */
struct place {
    size_t first, count;
    int64_t started_ms;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;

    if (x->started_ms != y->started_ms)
        return x->started_ms < y->started_ms ? -1 : 1;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* Exports by their first start. Room for one each. */
static void order(const struct report_list *reports, struct place *ret_places)
{
    size_t count = 0;

    for (size_t i = 0; i < reports->count; i++) {
        const struct collected *one = &reports->list[i];
        struct place *place = &ret_places[count - (count > 0)];

        if (!i || one[-1].group != one->group) {
            place = &ret_places[count++];
            *place = (struct place){.first = i, .started_ms = one->started_ms};
        }
        place->count++;
        if (one->started_ms < place->started_ms)
            place->started_ms = one->started_ms;
    }
    qsort(ret_places, count, sizeof(*ret_places), compare_places);
}

static int read_place(struct walk *w, const struct place *place, struct error *err)
{
    struct month *month = w->month;
    struct month_export *export = &month->exports[month->export_count];
    int result = read_export(w, &w->settings->reports->list[place->first], place->count, err);

    export->started_ms = place->started_ms;
    month->export_count++;
    if (!result && w->settings->on_export)
        result = w->settings->on_export(w->settings->context, export, err);
    forget_rows(&export->audit);
    return result;
}

static int read_exports(struct walk *w, struct error *err)
{
    const struct report_list *reports = w->settings->reports;
    struct place *places = calloc(reports->groups + 1, sizeof(*places));
    int result = 0;

    if (!places)
        return error_no_memory(err);
    order(reports, places);
    for (size_t i = 0; i < reports->groups && !result; i++)
        result = read_place(w, &places[i], err);
    free(places);
    return result;
}

/* ---- claims ---- */

static int take_claim(void *context, const struct month_claim *claim, struct error *err)
{
    struct walk *w = context;
    struct month *month = w->month;
    struct audit_sum *sum = &month->claim_outcomes[claim->final.outcome];

    month->claims++;
    sum->rows++;
    sum->fee_fen += claim->final.fee_fen;
    if (claim->is_accepted) {
        month->accepted.rows++;
        month->accepted.fee_fen += claim->accepted_fen;
    }
    if (claim->changes) {
        month->changed++;
        month->changed_before += claim->first_fen;
        month->changed_after += claim->accepted_fen;
    }
    month->twice += claim->is_twice;
    if (month_claim_is_open(claim)) {
        month->open++;
        if (month_sums_add_open(w->sums, claim, err))
            return -1;
    }
    return w->settings->on_claim ? w->settings->on_claim(w->settings->context, claim, err) : 0;
}

static int fold(struct walk *w, struct error *err)
{
    struct month *month = w->month;

    return month_claims_fold(month->lists, take_claim, w, err) ||
                   month_claims_list(month->lists, MONTH_TWICE, UINT64_MAX, take_twice, month,
                                     err) ||
                   month_claims_repeats(month->lists, take_repeat, month, err) ||
                   month_sums_list(w->sums, &month->sums, &month->sum_count, err) ||
                   month_sums_days(w->sums, &month->days, &month->day_count, err)
               ? -1
               : 0;
}

/* ---- the whole ---- */

int month_run(const struct month_settings *settings, struct month *ret_month, struct error *err)
{
    struct walk w = {.settings = settings, .month = ret_month, .sums = month_sums_start()};
    int result;

    *ret_month = (struct month){.agrees = !settings->reports->missing,
                                .missing = settings->reports->missing};
    ret_month->exports = calloc(settings->reports->groups + 1, sizeof(*ret_month->exports));
    result = w.sums && ret_month->exports ? 0 : error_no_memory(err);
    if (!result &&
        (month_claims_open(&ret_month->lists, err) || read_exports(&w, err) || fold(&w, err)))
        result = -1;
    month_sums_close(w.sums);
    return result;
}

void month_release(struct month *month)
{
    for (size_t i = 0; i < month->export_count; i++) {
        audit_release(&month->exports[i].audit);
        free(month->exports[i].paths);
        free(month->exports[i].fault);
    }
    for (size_t i = 0; i < month->finding_count; i++)
        free(month->findings[i]);
    free(month->findings);
    free(month->exports);
    free(month->sources);
    free(month->sums);
    free(month->days);
    month_claims_close(month->lists);
    *month = (struct month){0};
}
