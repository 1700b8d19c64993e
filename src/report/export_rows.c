#include "report/export_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "input/inspection/inspection.h"
#include "input/value/pattern.h"
#include "report/manifest/manifest.h"

struct export_rows {
    struct row_source row_source; /* as the run had it; its now is when the run judged the rows */
    struct inspection inspection; /* what all rows together come to */
    struct reader *reader;
    struct pattern *pattern; /* NULL: there is none, or it is somebody else's */
    struct record record;
    struct claim_store store;
    struct claim claim;
    struct findings findings;
    bool is_valid;
    bool has_grown;         /* since the run read it; what was appended is left out */
    bool has_reading;       /* that of a run: its rules are known */
    struct buffer warnings; /* codes that the rules give the row */
    struct buffer words;    /* of a row, for a comparison */
};

static int refuse_reading(const struct export_rows *export_rows, struct error *err)
{
    return error_set(err, EXIT_BAD_CONFIG,
                     "the columns of '%s' are not those that the manifest names; name them as the "
                     "upload did, with --column and --fee-unit",
                     LOG_QUOTED(export_name(export_rows->row_source.export)));
}

/* Whether the header was understood as the run did. */
static bool is_read_alike(const struct columns *columns, const struct manifest_reading *reading)
{
    return columns->fee_unit == reading->fee_unit && columns->time_of_day == reading->time_of_day &&
           memcmp(columns->index, reading->columns, sizeof(columns->index)) == 0;
}

/* What to ask for: of UTF-16 the byte order comes from the file. */
static enum encoding encoding_of(const struct export_rows_settings *s,
                                 const struct manifest_reading *reading)
{
    enum encoding encoding = s->encoding || !reading ? s->encoding : reading->encoding;

    return encoding == ENCODING_UTF16LE || encoding == ENCODING_UTF16BE ? ENCODING_UTF16 : encoding;
}

/* Without a reading nobody knows which rules could be softened held for the run. */
static void set_rules(const struct export_rows_settings *s, const struct manifest_reading *reading,
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

static struct reader_settings settings_of(const struct export_rows_settings *s,
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

static int compile_pattern(struct export_rows *export_rows, struct error *err)
{
    struct rules *rules = &export_rows->row_source.rules;

    if (!rules->order_no_pattern || rules->pattern)
        return 0;
    if (pattern_open(rules->order_no_pattern, &export_rows->pattern, err))
        return -1;
    rules->pattern = export_rows->pattern;
    return 0;
}

static int start(struct export_rows *export_rows, const struct export_rows_settings *s,
                 const struct manifest_found *manifest, struct error *err)
{
    const struct manifest_reading *reading = manifest ? &manifest->reading : NULL;
    struct row_source *row_source = &export_rows->row_source;

    row_source->reader = settings_of(s, reading);
    row_source->encoding = encoding_of(s, reading);
    set_rules(s, reading, &row_source->rules);
    export_rows->has_reading = reading && reading->has_words;
    row_source->now_ms = manifest && manifest->started_ms && !s->is_all_wanted
                             ? manifest->started_ms
                             : clock_wall_ms();
    if (compile_pattern(export_rows, err) || export_open(s->path, &row_source->export, err))
        return -1;
    export_rows->has_grown =
        manifest && !s->is_all_wanted &&
        export_cut(row_source->export, (uint64_t)manifest->input_bytes, manifest->input_sha256);
    if (inspection_read(row_source, &export_rows->inspection, err) ||
        reader_open(row_source->export, &export_rows->inspection.survey, &row_source->reader,
                    &export_rows->reader, err))
        return -1;
    return !reading || is_read_alike(reader_columns(export_rows->reader), reading)
               ? 0
               : refuse_reading(export_rows, err);
}

int export_rows_open(const struct export_rows_settings *settings,
                     const struct manifest_found *manifest, struct export_rows **ret_original,
                     struct error *err)
{
    struct export_rows *export_rows = calloc(1, sizeof(*export_rows));

    *ret_original = NULL;
    if (!export_rows)
        return error_no_memory(err);
    if (start(export_rows, settings, manifest, err)) {
        export_rows_close(export_rows);
        return -1;
    }
    *ret_original = export_rows;
    return 0;
}

void export_rows_close(struct export_rows *export_rows)
{
    if (!export_rows)
        return;
    reader_close(export_rows->reader);
    inspection_release(&export_rows->inspection);
    export_close(export_rows->row_source.export);
    pattern_close(export_rows->pattern);
    claim_store_release(&export_rows->store);
    buffer_release(&export_rows->warnings);
    buffer_release(&export_rows->words);
    free(export_rows);
}

const struct survey *export_rows_survey(const struct export_rows *export_rows)
{
    return &export_rows->inspection.survey;
}

bool export_rows_has_grown(const struct export_rows *export_rows)
{
    return export_rows->has_grown;
}

uint64_t export_rows_row(const struct export_rows *export_rows)
{
    return export_rows->record.row;
}

int export_rows_next(struct export_rows *export_rows, struct error *err)
{
    const struct profile *profile = &export_rows->inspection.profile;
    int found = 0;

    do
        found = reader_next(export_rows->reader, &export_rows->record, err);
    while (found > 0 && profile_is_footer(profile, export_rows->record.row));
    if (found <= 0)
        return found;
    claim_judge(&export_rows->row_source.rules, reader_columns(export_rows->reader), profile,
                &export_rows->record, export_rows->row_source.now_ms, &export_rows->store,
                &export_rows->claim, &export_rows->findings);
    buffer_reset(&export_rows->warnings);
    findings_codes(&export_rows->findings, SEVERITY_WARN, &export_rows->warnings);
    if (export_rows->store.desc.failed || export_rows->store.order_no.failed ||
        export_rows->warnings.failed)
        return error_no_memory(err);
    export_rows->is_valid = !findings_invalid(&export_rows->findings);
    return 1;
}

const struct claim *export_rows_claim(const struct export_rows *export_rows)
{
    return export_rows->is_valid ? &export_rows->claim : NULL;
}

static bool is_same_claim(const struct claim *a, const struct claim *b)
{
    return a->workcard_id == b->workcard_id && a->claim_count == b->claim_count &&
           a->claim_status == b->claim_status && a->claim_fee == b->claim_fee &&
           strcmp(a->claim_desc, b->claim_desc) == 0 &&
           strcmp(a->claim_order_no, b->claim_order_no) == 0 &&
           strcmp(a->claim_time, b->claim_time) == 0;
}

static bool is_same_raw(const struct export_rows *export_rows, const struct scan_row *row)
{
    const struct columns *columns = reader_columns(export_rows->reader);

    for (int i = 0; i < FIELD_COUNT; i++)
        if (strcmp(row->line.fields[i], claim_raw(columns, &export_rows->record, (enum field)i)) !=
            0)
            return false;
    return true;
}

/* Whether the row has the warnings that rules give it. */
static bool is_warned_alike(struct export_rows *export_rows, const struct scan_row *row)
{
    buffer_reset(&export_rows->words);
    line_append_noted(row->line.warnings, &export_rows->words);
    return export_rows->words.failed ||
           strcmp(buffer_string(&export_rows->words), buffer_string(&export_rows->warnings)) == 0;
}

/* Whether the report says of an invalid row what is wrong with it. */
static bool is_explained_alike(struct export_rows *export_rows, const struct scan_row *row)
{
    struct buffer sentences = {0};
    const struct finding *first;
    bool alike;

    language_record_begin(); /* as the report has it */
    first = explanation_of_findings(&export_rows->findings, &export_rows->row_source.rules,
                                    reader_columns(export_rows->reader), &export_rows->record,
                                    &sentences);
    language_record_end();
    buffer_reset(&export_rows->words);
    line_append_clean(buffer_string(&sentences), &export_rows->words);
    alike = sentences.failed || export_rows->words.failed ||
            (strcmp(row->line.record.code, rule_code(first->rule)) == 0 &&
             strcmp(row->line.record.message, buffer_string(&export_rows->words)) == 0);
    buffer_release(&sentences);
    return alike;
}

/* Whether the row was held back for what the ledger knew, of which the export says nothing. */
static bool is_held(const struct scan_row *row)
{
    return row->line.record.outcome == OUTCOME_INVALID &&
           strcmp(row->line.record.code, rule_code(RULE_CHANGED_SINCE_ACCEPTED)) == 0;
}

const char *export_rows_breach(struct export_rows *export_rows, const struct scan_row *row)
{
    bool is_invalid = row->line.record.outcome == OUTCOME_INVALID;

    if (row->malformed)
        return NULL; /* that is said already */
    if (is_held(row) && export_rows->is_valid)
        return is_same_raw(export_rows, row) ? NULL : _("its content is not that of the export");
    if (is_invalid == export_rows->is_valid)
        return is_invalid ? _("it is invalid in the report, but valid in the export")
                          : _("it is invalid in the export, but not in the report");
    if (is_invalid ? !is_same_raw(export_rows, row)
                   : !is_same_claim(&row->claim, &export_rows->claim))
        return _("its content is not that of the export");
    if (!export_rows->has_reading)
        return NULL;
    if (is_invalid && !is_explained_alike(export_rows, row))
        return _("its code and message are not what the rules say of this row of the export");
    return is_warned_alike(export_rows, row)
               ? NULL
               : _("its warnings are not those that the rules give this row of the export");
}

const char *export_rows_breach_of_rerun(const struct export_rows *export_rows,
                                        const struct scan_row *row)
{
    if (row->malformed || row->line.record.outcome == OUTCOME_INVALID)
        return NULL; /* it broke a limit of the re-run's own */
    if (!export_rows->is_valid)
        return _("it is invalid in the export, but not in the report");
    return is_same_claim(&row->claim, &export_rows->claim)
               ? NULL
               : _("its content is not that of the export");
}
