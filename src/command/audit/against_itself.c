#include "against_itself.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/character.h"
#include "base/error.h"
#include "base/hex.h"
#include "base/log.h"
#include "disagreement.h"
#include "report/line_check.h"
#include "unreadable_row.h"

#define LAST_MS INT64_C(253402271999999)  /* the end of the year 9999 */
#define NOTHING_SENT "; nothing was sent" /* is no news in an audit */

/* A line with texts of its own. */
struct kept {
    struct scan_row row;
    struct buffer texts;
};

struct against_itself {
    struct audit *audit;
    size_t report;
    struct scan *scan;
    struct latency *latency;
    struct tally *tally;
    /* The line at hand and the one behind it, which shows whether the first stands in its order;
     * `at` says which is which. */
    struct kept lines[2];
    int at;
    bool has_row, has_next, has_begun, is_at_end;
    uint64_t last_row; /* handed out; 0: none */
    bool is_damaged;   /* it was not read to its end */
};

/* ---- opening ---- */

/* A manifest that is missing or none is a fault of the report, not the end of the audit. */
static int take_manifest(struct audit_report *report, struct error *err)
{
    int found = manifest_read(report->path, &report->manifest, err);

    report->has_manifest = found > 0;
    if (found > 0)
        return 0;
    manifest_found_release(&report->manifest);
    if (found == 0)
        snprintf(report->manifest_fault, sizeof(report->manifest_fault),
                 "there is no manifest beside it");
    else if (err->exit_code == EXIT_INPUT_REFUSED || err->exit_code == EXIT_INPUT_MISSING)
        log_quote(err->text, report->manifest_fault, sizeof(report->manifest_fault));
    else
        return -1;
    return 0;
}

int against_itself_open(const char *path, struct audit_report *ret_report, struct scan **ret_scan,
                        struct error *err)
{
    const struct survey *survey;

    ret_report->path = path;
    if (scan_open(path, ret_scan, err) || take_manifest(ret_report, err))
        return -1;
    survey = scan_survey(*ret_scan);
    if (survey) {
        ret_report->bytes = survey->bytes;
        hex_format(survey->sha256, sizeof(survey->sha256), ret_report->sha256);
    }
    return 0;
}

struct against_itself *against_itself_start(struct audit *audit, size_t report, struct scan *scan,
                                            struct latency *latency)
{
    struct against_itself *source = calloc(1, sizeof(*source));

    if (source)
        source->tally = tally_open();
    if (!source || !source->tally) {
        scan_close(scan);
        free(source);
        return NULL;
    }
    source->audit = audit;
    source->report = report;
    source->scan = scan;
    source->latency = latency;
    if (*audit->reports[report].manifest_fault)
        disagreement_raise(audit, AUDIT_ITSELF, report, 0, "%s",
                           audit->reports[report].manifest_fault);
    return source;
}

void against_itself_close(struct against_itself *source)
{
    if (!source)
        return;
    tally_close(source->tally);
    scan_close(source->scan);
    for (int i = 0; i < 2; i++)
        buffer_release(&source->lines[i].texts);
    free(source);
}

const struct scan_row *against_itself_row(const struct against_itself *source)
{
    return source->has_row ? &source->lines[source->at].row : NULL;
}

static const struct scan_row *next_row(const struct against_itself *source)
{
    return source->has_next ? &source->lines[!source->at].row : NULL;
}

/* ---- the manifest ---- */

static struct audit_report *report_of(const struct against_itself *source)
{
    return &source->audit->reports[source->report];
}

static void object(struct against_itself *source, const char *format, const char *manifest,
                   const char *report)
{
    char quoted[2][LOG_QUOTE_BYTES];

    disagreement_raise(source->audit, AUDIT_ITSELF, source->report, 0,
                       "the manifest says %s%s, the report has %s", format,
                       log_quote(manifest, quoted[0], LOG_QUOTE_BYTES),
                       log_quote(report, quoted[1], LOG_QUOTE_BYTES));
}

static void compare_counts(struct against_itself *source, const char *what, uint64_t manifest,
                           uint64_t report)
{
    char texts[2][24];

    if (manifest == report)
        return;
    snprintf(texts[0], sizeof(texts[0]), "%" PRIu64, manifest);
    snprintf(texts[1], sizeof(texts[1]), "%" PRIu64, report);
    object(source, what, texts[0], texts[1]);
}

static void compare_money(struct against_itself *source, const char *what, money manifest,
                          money report)
{
    char texts[2][MONEY_TEXT_BYTES];

    if (manifest != report)
        object(source, what, money_format_fen(manifest, texts[0]),
               money_format_fen(report, texts[1]));
}

static void judge_file(struct against_itself *source)
{
    const struct audit_report *r = report_of(source);

    if (!*r->sha256)
        return;
    compare_counts(source, "bytes: ", r->manifest.report_bytes, r->bytes);
    if (strcmp(r->manifest.report_sha256, r->sha256) != 0)
        object(source, "sha256: ", r->manifest.report_sha256, r->sha256);
}

static void judge_counts(struct against_itself *source)
{
    const struct audit_report *r = report_of(source);
    char what[64];

    compare_counts(source, "rows: ", r->manifest.report_rows, r->lines);
    if (strcmp(r->manifest.command, "upload") == 0)
        compare_counts(source, "rows of the input: ", r->manifest.input_rows, r->lines);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        const char *name = outcome_name((enum outcome)i);

        snprintf(what, sizeof(what), "%s rows: ", name);
        compare_counts(source, what, r->manifest.rows[i], r->sums[i].rows);
        snprintf(what, sizeof(what), "fen %s: ", name);
        compare_money(source, what, r->manifest.fee_fen[i], r->sums[i].fee_fen);
    }
    if (r->manifest.complete && r->sums[OUTCOME_UNSENT].rows)
        disagreement_raise(source->audit, AUDIT_ITSELF, source->report, 0,
                           "the manifest says complete, but rows are unsent");
}

/* Whether one start sent all rows, with the rule that the manifest tells of: another one may have
 * sent some while the rule was off, and then their lines do not warn. */
static bool warned_of_all(const struct manifest_found *m)
{
    size_t starts = 0;

    for (size_t i = 0; i < m->event_count; i++)
        starts += strcmp(m->events[i].kind, event_name(EVENT_START)) == 0;
    return starts == 1 && m->reading.rules.severity[RULE_CHANGED_SINCE_ACCEPTED] != SEVERITY_OFF;
}

static void judge_changed(struct against_itself *source)
{
    const struct audit_report *r = report_of(source);
    const struct manifest_found *m = &r->manifest;

    if (!m->has_changed)
        return;
    compare_counts(source, "changed rows held back: ", m->held_back.rows, r->held_back);
    if (m->changed.rows < r->changed.rows || warned_of_all(m)) {
        compare_counts(source, "changed rows sent: ", m->changed.rows, r->changed.rows);
        compare_money(source, "fen of changed rows sent: ", m->changed.after, r->changed.fee_fen);
    }
}

/* ---- codes ---- */

static int compare_codes(const void *a, const void *b)
{
    const struct manifest_code *x = a;
    const struct manifest_code *y = b;

    return strcmp(x->code, y->code);
}

/* A list of codes as the cells of a report have them. */
struct code_list {
    struct manifest_code *list; /* in the order of their texts, none twice */
    size_t count;
    struct buffer texts;
};

static void code_list_release(struct code_list *codes)
{
    free(codes->list);
    buffer_release(&codes->texts);
}

/* A code that is no UTF-8, because it was cut, is quoted in a manifest. */
static void append_code(const char *code, struct buffer *texts)
{
    char room[LOG_QUOTE_BYTES];

    line_append_clean(character_is_utf8(code) ? code : log_quote(code, room, sizeof(room)), texts);
    buffer_byte(texts, '\0');
}

/* Sorts the list, and joins codes that have become the same. */
static void sort_codes(struct code_list *codes)
{
    size_t used = 0;

    qsort(codes->list, codes->count, sizeof(*codes->list), compare_codes);
    for (size_t i = 0; i < codes->count; i++) {
        if (used && strcmp(codes->list[used - 1].code, codes->list[i].code) == 0)
            codes->list[used - 1].rows += codes->list[i].rows;
        else
            codes->list[used++] = codes->list[i];
    }
    codes->count = used;
}

/* False without memory. */
static bool code_list_make(const struct manifest_code *from, size_t count,
                           struct code_list *ret_codes)
{
    const char *text;

    *ret_codes = (struct code_list){calloc(count + 1, sizeof(*from)), count, {0}};
    for (size_t i = 0; i < count; i++)
        append_code(from[i].code, &ret_codes->texts);
    if (!ret_codes->list || ret_codes->texts.failed)
        return false;
    text = ret_codes->texts.ptr;
    for (size_t i = 0; i < count; i++, text += strlen(text) + 1)
        ret_codes->list[i] = (struct manifest_code){text, from[i].rows};
    sort_codes(ret_codes);
    return true;
}

static uint64_t rows_of(const struct code_list *codes, const char *code)
{
    const struct manifest_code wanted = {code, 0};
    const struct manifest_code *found =
        bsearch(&wanted, codes->list, codes->count, sizeof(*codes->list), compare_codes);

    return found ? found->rows : 0;
}

static void compare_code(struct against_itself *source, const char *code, uint64_t manifest,
                         uint64_t report)
{
    char what[LOG_QUOTE_BYTES];
    char quoted[AUDIT_CODE_BYTES * 2];

    snprintf(what, sizeof(what), "rows with code '%s': ", log_quote(code, quoted, sizeof(quoted)));
    compare_counts(source, what, manifest, report);
}

static void compare_lists(struct against_itself *source, const struct code_list *said,
                          const struct code_list *seen)
{
    for (size_t i = 0; i < seen->count; i++)
        compare_code(source, seen->list[i].code, rows_of(said, seen->list[i].code),
                     seen->list[i].rows);
    for (size_t i = 0; i < said->count; i++)
        if (!rows_of(seen, said->list[i].code))
            compare_code(source, said->list[i].code, said->list[i].rows, 0);
}

static int judge_codes(struct against_itself *source, struct error *err)
{
    const struct manifest_found *m = &report_of(source)->manifest;
    struct manifest_code *sums = calloc(MANIFEST_CODES_MAX, sizeof(*sums));
    struct code_list said = {0};
    struct code_list seen = {0};
    bool good = sums && code_list_make(m->codes, m->code_count, &said) &&
                code_list_make(sums, manifest_sum_codes(source->tally, sums), &seen);

    if (good)
        compare_lists(source, &said, &seen);
    free(sums);
    code_list_release(&said);
    code_list_release(&seen);
    return good ? 0 : error_no_memory(err);
}

/* ---- lines ---- */

static void judge_cells(struct against_itself *source, const struct scan_row *row)
{
    struct buffer words = {0};

    if (row->malformed == SCAN_ALL_MALFORMED) {
        disagreement_raise(source->audit, AUDIT_ITSELF, source->report, row->line.record.row,
                           "line %" PRIu64 " of the report has not %d cells, as every line has",
                           row->start_line, SCAN_COLUMNS);
    } else if (row->malformed) {
        scan_name_malformed(row, &words);
        disagreement_raise(source->audit, AUDIT_ITSELF, source->report, row->line.record.row,
                           "line %" PRIu64
                           " of the report has cells in no form that a report has: %s",
                           row->start_line, buffer_string(&words));
        buffer_reset(&words);
    }
    if (row->edit != SCAN_EDIT_NONE && row->malformed != SCAN_ALL_MALFORMED) {
        scan_explain_edit(row, &words);
        disagreement_raise(source->audit, AUDIT_ITSELF, source->report, row->line.record.row, "%s",
                           buffer_string(&words));
    }
    source->audit->no_memory |= words.failed;
    buffer_release(&words);
}

static void measure(struct against_itself *source, const struct row_record *r)
{
    int64_t answered = r->submitted_ms;

    if (r->submitted_ms <= 0)
        return;
    answered = r->duration_ms < LAST_MS - answered ? answered + r->duration_ms : LAST_MS;
    latency_add(source->latency, r->duration_ms);
    timeline_add(&source->audit->timeline, answered, r->outcome);
}

static int count(struct against_itself *source, const struct scan_row *row, struct error *err)
{
    struct audit_report *report = report_of(source);
    const struct row_record *r = &row->line.record;
    int64_t fee = row->has_claim ? row->claim.claim_fee : 0;

    report->lines++;
    report->sums[r->outcome].rows++;
    report->sums[r->outcome].fee_fen += fee;
    return tally_add(source->tally, r->outcome, r->outcome, r->code, fee) ? error_no_memory(err)
                                                                          : 0;
}

static bool has_warning(const char *warnings, const char *code)
{
    size_t len = strlen(code);

    while (*warnings) {
        size_t end = strcspn(warnings, ";");

        if (end == len && strncmp(warnings, code, len) == 0)
            return true;
        warnings += end + (warnings[end] == ';');
    }
    return false;
}

/* Whether the line tells of a claim that was accepted with other content. */
static void count_changed(struct audit_report *report, const struct scan_row *row)
{
    const struct row_record *r = &row->line.record;
    const char *code = rule_code(RULE_CHANGED_SINCE_ACCEPTED);

    if (r->outcome == OUTCOME_INVALID) {
        report->held_back += strcmp(r->code, code) == 0;
    } else if (r->attempts && r->outcome != OUTCOME_SKIPPED &&
               has_warning(row->line.warnings, code)) {
        report->changed.rows++;
        report->changed.fee_fen += row->has_claim ? row->claim.claim_fee : 0;
    }
}

static int take_line(struct against_itself *source, const struct scan_row *row, struct error *err)
{
    const char *breach = line_check_breach(row);

    if (count(source, row, err))
        return -1;
    count_changed(report_of(source), row);
    measure(source, &row->line.record);
    judge_cells(source, row);
    if (breach)
        disagreement_raise(source->audit, AUDIT_ITSELF, source->report, row->line.record.row, "%s",
                           breach);
    return 0;
}

/* Copies a line out of the scan's memory; false without memory. */
static bool keep(const struct scan_row *row, struct kept *kept)
{
    const char **const places[] = {
        &kept->row.line.fields[0],
        &kept->row.line.fields[1],
        &kept->row.line.fields[2],
        &kept->row.line.fields[3],
        &kept->row.line.fields[4],
        &kept->row.line.fields[5],
        &kept->row.line.fields[6],
        &kept->row.line.record.code,
        &kept->row.line.record.sub_code,
        &kept->row.line.record.message,
        &kept->row.line.record.request_id,
        &kept->row.line.warnings,
        &kept->row.digest,
    };
    const char *text;

    kept->row = *row;
    buffer_reset(&kept->texts);
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
        buffer_append(&kept->texts, *places[i], strlen(*places[i]) + 1);
    if (kept->texts.failed)
        return false;
    text = kept->texts.ptr;
    for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++, text += strlen(text) + 1)
        *places[i] = text;
    kept->row.claim.claim_desc = kept->row.line.fields[FIELD_CLAIM_DESC];
    kept->row.claim.claim_order_no = kept->row.line.fields[FIELD_CLAIM_ORDER_NO];
    return true;
}

/* Whether the line at hand stands behind the one handed out last and, unless it is that which does
 * not belong there, before the next. */
static bool is_in_order(const struct against_itself *source)
{
    const struct scan_row *next = next_row(source);
    uint64_t number = source->lines[source->at].row.line.record.row;
    uint64_t follower = next ? next->line.record.row : 0;

    return number > source->last_row && !(follower > source->last_row && follower < number);
}

/* Names the line that is not in its order. */
static void object_to_order(struct against_itself *source)
{
    const struct scan_row *next = next_row(source);
    uint64_t number = source->lines[source->at].row.line.record.row;
    bool is_too_early = number > source->last_row;
    uint64_t other = is_too_early ? next->line.record.row : source->last_row;

    if (!number)
        return; /* it is malformed, and that is said already */
    if (number == source->last_row)
        disagreement_raise(source->audit, AUDIT_ITSELF, source->report, number,
                           "it is there twice");
    else
        disagreement_raise(source->audit, AUDIT_ITSELF, source->report, number,
                           "it stands %s row %" PRIu64 ", out of its order",
                           is_too_early ? "before" : "behind", other);
}

/* An export would be fixed; a report is got again. */
static void object_to_bytes(struct against_itself *source)
{
    disagreement_raise(
        source->audit, AUDIT_ITSELF, source->report,
        unreadable_row_without_text(scan_export(source->scan)),
        "it holds bytes that are no text (NUL, or not UTF-8), so the report cannot be "
        "read");
}

/* What ended the reading, if it is the report's own fault. */
static int take_damage(struct against_itself *source, struct error *err)
{
    size_t len = strlen(err->text);

    if (err->exit_code != EXIT_INPUT_REFUSED)
        return -1;
    source->is_damaged = true;
    if (!scan_survey(source->scan)) {
        object_to_bytes(source);
        return 0;
    }
    if (len > strlen(NOTHING_SENT) &&
        strcmp(err->text + len - strlen(NOTHING_SENT), NOTHING_SENT) == 0)
        err->text[len - strlen(NOTHING_SENT)] = '\0';
    disagreement_raise(
        source->audit, AUDIT_ITSELF, source->report,
        unreadable_row_behind(scan_export(source->scan), report_of(source)->lines + 1),
        scan_is_cut(source->scan) ? "the report is cut here: %s"
                                  : "from here on the report cannot be read: %s",
        err->text);
    return 0;
}

static int end(struct against_itself *source, struct error *err)
{
    if (!report_of(source)->has_manifest)
        return 0;
    judge_file(source);
    if (source->is_damaged)
        return 0;
    judge_counts(source);
    judge_changed(source);
    return judge_codes(source, err);
}

/* Reads the line behind the one at hand. */
static int read_ahead(struct against_itself *source, struct error *err)
{
    struct scan_row row;
    int found = source->is_at_end ? 0 : scan_next(source->scan, &row, err);

    source->has_next = found > 0;
    source->is_at_end = found <= 0;
    if (found < 0)
        return take_damage(source, err);
    if (found == 0)
        return 0;
    if (!keep(&row, &source->lines[!source->at]))
        return error_no_memory(err);
    return take_line(source, &source->lines[!source->at].row, err);
}

/* Makes the next line the one at hand. */
static int step(struct against_itself *source, struct error *err)
{
    source->has_row = source->has_next;
    source->at = !source->at;
    return read_ahead(source, err);
}

int against_itself_next(struct against_itself *source, struct error *err)
{
    if (!source->has_begun && read_ahead(source, err))
        return -1;
    source->has_begun = true;
    if (step(source, err))
        return -1;
    while (source->has_row && !is_in_order(source)) {
        object_to_order(source);
        if (step(source, err))
            return -1;
    }
    if (!source->has_row)
        return end(source, err);
    source->last_row = source->lines[source->at].row.line.record.row;
    return 1;
}
