#include "report/original.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "report/audit.h"

struct original {
    struct export *export;
    struct survey survey;
    struct reader *reader;
    struct rules rules;
    int64_t now_ms; /* when the run judged the rows */
    struct record record;
    struct claim_store store;
    struct claim claim;
    bool is_valid;
};

static int refuse_reading(const struct original *original, struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    return error_set(err, EXIT_BAD_CONFIG,
                     "the columns of '%s' are not those that the manifest names; name them as the "
                     "upload did, with --column and --fee-unit",
                     log_quote(export_name(original->export), quoted, sizeof(quoted)));
}

/* Whether the header was understood as the run did. */
static bool is_read_alike(const struct columns *columns, const struct manifest_reading *reading)
{
    return columns->fee_unit == reading->fee_unit &&
           memcmp(columns->index, reading->columns, sizeof(columns->index)) == 0;
}

/* What to ask for: of UTF-16 the byte order comes from the file. */
static enum encoding encoding_of(const struct audit_settings *s,
                                 const struct manifest_reading *reading)
{
    enum encoding encoding = s->encoding || !reading ? s->encoding : reading->encoding;

    return encoding == ENCODING_UTF16LE || encoding == ENCODING_UTF16BE ? ENCODING_UTF16 : encoding;
}

static int start(struct original *original, const struct audit_settings *s,
                 const struct manifest_found *manifest, struct error *err)
{
    const struct manifest_reading *reading = manifest ? &manifest->reading : NULL;
    struct reader_settings settings = {
        .delimiter = s->delimiter ? s->delimiter
                     : reading    ? reading->delimiter
                                  : ',',
        .fee_unit = s->fee_unit || !reading ? s->fee_unit : reading->fee_unit,
    };

    memcpy(settings.wanted_columns, s->wanted_columns, sizeof(settings.wanted_columns));
    rules_init(&original->rules);
    if (s->rules)
        original->rules = *s->rules;
    else if (reading)
        original->rules = reading->rules;
    original->now_ms = manifest && manifest->started_ms ? manifest->started_ms : clock_wall_ms();
    if (export_open(s->export_path, &original->export, err) ||
        export_survey(original->export, encoding_of(s, reading), &original->survey, err) ||
        reader_open(original->export, &original->survey, &settings, &original->reader, err))
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
    export_close(original->export);
    claim_store_release(&original->store);
    free(original);
}

const struct survey *original_survey(const struct original *original)
{
    return &original->survey;
}

uint64_t original_row(const struct original *original)
{
    return original->record.row;
}

int original_next(struct original *original, struct error *err)
{
    struct findings findings;
    int found = reader_next(original->reader, &original->record, err);

    if (found <= 0)
        return found;
    claim_judge(&original->rules, reader_columns(original->reader), &original->record,
                original->now_ms, &original->store, &original->claim, &findings);
    if (original->store.desc.failed || original->store.order_no.failed)
        return error_no_memory(err);
    original->is_valid = !findings_invalid(&findings);
    return 1;
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

const char *original_breach(const struct original *original, const struct scan_row *row)
{
    bool is_invalid = row->line.record.outcome == OUTCOME_INVALID;

    if (row->malformed)
        return NULL; /* that is said already */
    if (is_invalid == original->is_valid)
        return is_invalid ? "it is invalid in the report, but valid in the export"
                          : "it is invalid in the export, but not in the report";
    if (is_invalid ? !is_same_raw(original, row) : !is_same_claim(&row->claim, &original->claim))
        return "its content is not that of the export";
    return NULL;
}
