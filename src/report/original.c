#include "report/original.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "command/audit/audit.h"
#include "input/claim/pattern.h"
#include "input/inspection/inspection.h"

struct original {
    struct intake intake;         /* as the run had it; its now is when the run judged the rows */
    struct inspection inspection; /* what all rows together come to */
    struct reader *reader;
    struct pattern *pattern; /* NULL: there is none, or it is somebody else's */
    struct record record;
    struct claim_store store;
    struct claim claim;
    struct findings findings;
    bool is_valid;
    bool has_reading;       /* that of a run: its rules are known */
    struct buffer warnings; /* codes that the rules give the row */
    struct buffer words;    /* of a row, for a comparison */
};

static int refuse_reading(const struct original *original, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    return error_set(err, EXIT_BAD_CONFIG,
                     "the columns of '%s' are not those that the manifest names; name them as the "
                     "upload did, with --column and --fee-unit",
                     log_quote(export_name(original->intake.export), quoted, sizeof(quoted)));
}

/* Whether the header was understood as the run did. */
static bool is_read_alike(const struct columns *columns, const struct manifest_reading *reading)
{
    return columns->fee_unit == reading->fee_unit && columns->time_of_day == reading->time_of_day &&
           memcmp(columns->index, reading->columns, sizeof(columns->index)) == 0;
}

/* What to ask for: of UTF-16 the byte order comes from the file. */
static enum encoding encoding_of(const struct audit_settings *s,
                                 const struct manifest_reading *reading)
{
    enum encoding encoding = s->encoding || !reading ? s->encoding : reading->encoding;

    return encoding == ENCODING_UTF16LE || encoding == ENCODING_UTF16BE ? ENCODING_UTF16 : encoding;
}

/* Without a reading nobody knows which rules could be softened held for the run. */
static void set_rules(const struct audit_settings *s, const struct manifest_reading *reading,
                      struct rules *ret_rules)
{
    rules_init(ret_rules);
    for (int i = 0; i < RULE_COUNT; i++)
        if (!rule_is_fixed((enum rule)i))
            ret_rules->severity[i] = SEVERITY_OFF;
    if (reading)
        *ret_rules = reading->rules;
    for (int i = 0; i < RULE_COUNT; i++)
        if (s->is_rule_wanted[i])
            ret_rules->severity[i] = s->rules.severity[i];
    if (s->is_rule_wanted[RULE_MAX_FEE])
        ret_rules->max_fee = s->rules.max_fee;
    if (s->are_words_wanted) {
        ret_rules->vocabulary = s->rules.vocabulary;
        ret_rules->short_rows = s->rules.short_rows;
        ret_rules->order_no_pattern = s->rules.order_no_pattern;
        ret_rules->pattern = s->rules.pattern;
        ret_rules->oldest_s = s->rules.oldest_s;
    }
}

static struct reader_settings settings_of(const struct audit_settings *s,
                                          const struct manifest_reading *reading)
{
    struct reader_settings settings = {
        .delimiter = s->delimiter ? s->delimiter
                     : reading    ? reading->delimiter
                                  : ',',
        .fee_unit = s->fee_unit || !reading ? s->fee_unit : reading->fee_unit,
    };

    memcpy(settings.wanted_columns, s->wanted_columns, sizeof(settings.wanted_columns));
    return settings;
}

static int compile_pattern(struct original *original, struct error *err)
{
    struct rules *rules = &original->intake.rules;

    if (!rules->order_no_pattern || rules->pattern)
        return 0;
    if (pattern_open(rules->order_no_pattern, &original->pattern, err))
        return -1;
    rules->pattern = original->pattern;
    return 0;
}

static int start(struct original *original, const struct audit_settings *s,
                 const struct manifest_found *manifest, struct error *err)
{
    const struct manifest_reading *reading = manifest ? &manifest->reading : NULL;
    struct intake *intake = &original->intake;

    intake->reader = settings_of(s, reading);
    intake->encoding = encoding_of(s, reading);
    set_rules(s, reading, &intake->rules);
    original->has_reading = reading && reading->has_words;
    intake->now_ms = manifest && manifest->started_ms ? manifest->started_ms : clock_wall_ms();
    if (compile_pattern(original, err) || export_open(s->export_path, &intake->export, err) ||
        inspection_read(intake, &original->inspection, err) ||
        reader_open(intake->export, &original->inspection.survey, &intake->reader,
                    &original->reader, err))
        return -1;
    return !reading || is_read_alike(reader_columns(original->reader), reading)
               ? 0
               : refuse_reading(original, err);
}

int original_open(const struct audit_settings *settings, const struct manifest_found *manifest,
                  struct original **ret_original, struct error *err)
{
    struct original *original = calloc(1, sizeof(*original));

    *ret_original = NULL;
    if (!original)
        return error_no_memory(err);
    if (start(original, settings, manifest, err)) {
        original_close(original);
        return -1;
    }
    *ret_original = original;
    return 0;
}

void original_close(struct original *original)
{
    if (!original)
        return;
    reader_close(original->reader);
    inspection_release(&original->inspection);
    export_close(original->intake.export);
    pattern_close(original->pattern);
    claim_store_release(&original->store);
    buffer_release(&original->warnings);
    buffer_release(&original->words);
    free(original);
}

const struct survey *original_survey(const struct original *original)
{
    return &original->inspection.survey;
}

uint64_t original_row(const struct original *original)
{
    return original->record.row;
}

int original_next(struct original *original, struct error *err)
{
    const struct profile *profile = &original->inspection.profile;
    int found = 0;

    do
        found = reader_next(original->reader, &original->record, err);
    while (found > 0 && profile_is_footer(profile, original->record.row));
    if (found <= 0)
        return found;
    claim_judge(&original->intake.rules, reader_columns(original->reader), profile,
                &original->record, original->intake.now_ms, &original->store, &original->claim,
                &original->findings);
    buffer_reset(&original->warnings);
    findings_codes(&original->findings, SEVERITY_WARN, &original->warnings);
    if (original->store.desc.failed || original->store.order_no.failed || original->warnings.failed)
        return error_no_memory(err);
    original->is_valid = !findings_invalid(&original->findings);
    return 1;
}

const struct claim *original_claim(const struct original *original)
{
    return original->is_valid ? &original->claim : NULL;
}

static bool is_same_claim(const struct claim *a, const struct claim *b)
{
    return a->workcard_id == b->workcard_id && a->claim_count == b->claim_count &&
           a->claim_status == b->claim_status && a->claim_fee == b->claim_fee &&
           strcmp(a->claim_desc, b->claim_desc) == 0 &&
           strcmp(a->claim_order_no, b->claim_order_no) == 0 &&
           strcmp(a->claim_time, b->claim_time) == 0;
}

static bool is_same_raw(const struct original *original, const struct scan_row *row)
{
    const struct columns *columns = reader_columns(original->reader);

    for (int i = 0; i < FIELD_COUNT; i++)
        if (strcmp(row->line.fields[i], claim_raw(columns, &original->record, (enum field)i)) != 0)
            return false;
    return true;
}

/* Whether the row has the warnings that rules give it. */
static bool is_warned_alike(struct original *original, const struct scan_row *row)
{
    buffer_reset(&original->words);
    line_append_noted(row->line.warnings, &original->words);
    return original->words.failed ||
           strcmp(buffer_string(&original->words), buffer_string(&original->warnings)) == 0;
}

/* Whether the report says of an invalid row what is wrong with it. */
static bool is_explained_alike(struct original *original, const struct scan_row *row)
{
    struct buffer sentences = {0};
    const struct finding *first =
        findings_explain(&original->findings, &original->intake.rules,
                         reader_columns(original->reader), &original->record, &sentences);
    bool alike;

    buffer_reset(&original->words);
    line_append_clean(buffer_string(&sentences), &original->words);
    alike = sentences.failed || original->words.failed ||
            (strcmp(row->line.record.code, rule_code(first->rule)) == 0 &&
             strcmp(row->line.record.message, buffer_string(&original->words)) == 0);
    buffer_release(&sentences);
    return alike;
}

/* Whether the row was held back for what the ledger knew, of which the export says nothing. */
static bool is_held(const struct scan_row *row)
{
    return row->line.record.outcome == OUTCOME_INVALID &&
           strcmp(row->line.record.code, rule_code(RULE_CHANGED_SINCE_ACCEPTED)) == 0;
}

const char *original_breach(struct original *original, const struct scan_row *row)
{
    bool is_invalid = row->line.record.outcome == OUTCOME_INVALID;

    if (row->malformed)
        return NULL; /* that is said already */
    if (is_held(row) && original->is_valid)
        return is_same_raw(original, row) ? NULL : "its content is not that of the export";
    if (is_invalid == original->is_valid)
        return is_invalid ? "it is invalid in the report, but valid in the export"
                          : "it is invalid in the export, but not in the report";
    if (is_invalid ? !is_same_raw(original, row) : !is_same_claim(&row->claim, &original->claim))
        return "its content is not that of the export";
    if (!original->has_reading)
        return NULL;
    if (is_invalid && !is_explained_alike(original, row))
        return "its code and message are not what the rules say of this row of the export";
    return is_warned_alike(original, row)
               ? NULL
               : "its warnings are not those that the rules give this row of the export";
}

const char *original_breach_of_rerun(const struct original *original, const struct scan_row *row)
{
    if (row->malformed || row->line.record.outcome == OUTCOME_INVALID)
        return NULL; /* it broke a limit of the re-run's own */
    if (!original->is_valid)
        return "it is invalid in the export, but not in the report";
    return is_same_claim(&row->claim, &original->claim) ? NULL
                                                        : "its content is not that of the export";
}
