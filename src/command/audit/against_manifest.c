#include "against_manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit.h"
#include "base/character.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "disagreement.h"

struct audit_report *against_manifest_report(const struct against_itself *source)
{
    return &source->audit->reports[source->report];
}

static void object(struct against_itself *source, const char *format, const char *manifest,
                   const char *report)
{
    disagreement_raise(source->audit, AUDIT_ITSELF, source->report, 0,
                       "the manifest says %s%s, the report has %s", format, LOG_QUOTED(manifest),
                       LOG_QUOTED(report));
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

void against_manifest_judge_file(struct against_itself *source)
{
    const struct audit_report *r = against_manifest_report(source);

    if (!*r->sha256)
        return;
    compare_counts(source, _("bytes: "), r->manifest.report_bytes, r->bytes);
    if (strcmp(r->manifest.report_sha256, r->sha256) != 0)
        object(source, _("sha256: "), r->manifest.report_sha256, r->sha256);
}

void against_manifest_judge_counts(struct against_itself *source)
{
    const struct audit_report *r = against_manifest_report(source);
    char what[128];

    compare_counts(source, _("rows: "), r->manifest.report_rows, r->lines);
    if (strcmp(r->manifest.command, "upload") == 0)
        compare_counts(source, _("rows of the input: "), r->manifest.input_rows, r->lines);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        const char *name = outcome_name((enum outcome)i);

        snprintf(what, sizeof(what), _("%s rows: "), name);
        compare_counts(source, what, r->manifest.rows[i], r->sums[i].rows);
        snprintf(what, sizeof(what), _("fen %s: "), name);
        compare_money(source, what, r->manifest.fee_fen[i], r->sums[i].fee_fen);
    }
    if (r->manifest.complete && r->sums[OUTCOME_UNSENT].rows)
        disagreement_raise(source->audit, AUDIT_ITSELF, source->report, 0,
                           _("the manifest says complete, but rows are unsent"));
}

/* Whether one start sent all rows, with the rule that the manifest tells of: another one may have
 * sent some while the rule was off, and then their lines do not warn. */
static bool warned_of_all(const struct manifest_found *m)
{
    size_t starts = 0;

    for (size_t i = 0; i < m->event_count; i++)
        starts += strcmp(m->events[i].kind, ledger_event_name(EVENT_START)) == 0;
    return starts == 1 && m->reading.rules.severity[RULE_CHANGED_SINCE_ACCEPTED] != SEVERITY_OFF;
}

void against_manifest_judge_changed(struct against_itself *source)
{
    const struct audit_report *r = against_manifest_report(source);
    const struct manifest_found *m = &r->manifest;

    if (!m->has_changed)
        return;
    compare_counts(source, _("changed rows held back: "), m->held_back.rows, r->held_back);
    if (m->changed.rows < r->changed.rows || warned_of_all(m)) {
        compare_counts(source, _("changed rows sent: "), m->changed.rows, r->changed.rows);
        compare_money(source, _("fen of changed rows sent: "), m->changed.after,
                      r->changed.fee_fen);
    }
}

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
    line_append_clean(character_is_utf8(code) ? code : LOG_QUOTED(code), texts);
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

    snprintf(what, sizeof(what), _("rows with code '%s': "),
             log_quote(code, quoted, sizeof(quoted)));
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

int against_manifest_judge_codes(struct against_itself *source, struct error *err)
{
    const struct manifest_found *m = &against_manifest_report(source)->manifest;
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
