/* What was expected of an export, and how it was read, in words. */
#include "input/inspection/inspection.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"

int inspection_expect(const struct inspection *inspection, int64_t rows, int64_t fee_fen,
                      struct error *err)
{
    char fen[MONEY_TEXT_BYTES];
    money fee = inspection_fee(inspection);

    if (rows >= 0 && inspection->rows != (uint64_t)rows)
        return error_set(
            err, EXIT_INPUT_REFUSED,
            language_plural(
                "the export has %llu row, not the %lld that --expect-rows says; nothing was sent",
                "the export has %llu rows, not the %lld that --expect-rows says; nothing was sent",
                inspection->rows),
            (unsigned long long)inspection->rows, (long long)rows);
    if (fee_fen >= 0 && fee != fee_fen)
        return error_set(err, EXIT_INPUT_REFUSED,
                         "the valid rows of the export come to %s fen, not the %lld that "
                         "--expect-fee says; nothing was sent",
                         money_format_fen(fee, fen), (long long)fee_fen);
    return 0;
}

int inspection_require_rows(const struct inspection *inspection, int64_t least, struct error *err)
{
    if (inspection->is_correction || least <= 0 || inspection->rows >= (uint64_t)least)
        return 0;
    return error_set(
        err, EXIT_INPUT_REFUSED,
        language_plural("the export has %llu row, fewer than the %lld that --min-rows asks for: it "
                        "may be cut off, or of another day; nothing was sent. Have it made again, "
                        "or lower --min-rows if it is whole",
                        "the export has %llu rows, fewer than the %lld that --min-rows asks for: "
                        "it may be cut off, or of another day; nothing was sent. Have it made "
                        "again, or lower --min-rows if it is whole",
                        inspection->rows),
        (unsigned long long)inspection->rows, (long long)least);
}

/* Whether the null words are those that hold where nobody says anything. */
static bool has_usual_nulls(const struct vocabulary *words, const struct vocabulary *usual)
{
    if (words->null_count != usual->null_count)
        return false;
    for (size_t i = 0; i < words->null_count; i++)
        if (strcmp(words->nulls[i], usual->nulls[i]) != 0)
            return false;
    return true;
}

/* What else decides what a row means, where it is not as usual: a run of an older program had none
 * of it. */
static void append_words(const struct rules *rules, const struct rules *usual,
                         struct buffer *ret_reading)
{
    const struct vocabulary *words = &rules->vocabulary;

    for (size_t i = usual->vocabulary.status_count; i < words->status_count; i++)
        buffer_format(ret_reading, " status:%s=%d", words->statuses[i].word,
                      words->statuses[i].status);
    if (!has_usual_nulls(words, &usual->vocabulary)) {
        buffer_text(ret_reading, " null=none");
        for (size_t i = 0; i < words->null_count; i++)
            buffer_format(ret_reading, " null=%s", words->nulls[i]);
    }
    if (rules->short_rows)
        buffer_text(ret_reading, " short-rows");
    if (rules->order_no_pattern)
        buffer_format(ret_reading, " order-no-pattern=%s", rules->order_no_pattern);
    if (rules->oldest_s != usual->oldest_s)
        buffer_format(ret_reading, " oldest-time=%lld", (long long)rules->oldest_s);
}

void inspection_reading(const struct row_source *row_source, const struct inspection *inspection,
                        struct buffer *ret_reading)
{
    struct rules defaults;

    buffer_format(ret_reading, "encoding=%s delimiter=0x%02x fee-unit=%s",
                  charset_encoding_name(inspection->survey.encoding),
                  (unsigned)row_source->reader.delimiter,
                  column_unit_name(inspection->columns.fee_unit));
    for (int i = 0; i < FIELD_COUNT; i++)
        if (inspection->columns.index[i] != COLUMN_ABSENT)
            buffer_format(ret_reading, " %s=%d", column_field_name((enum field)i),
                          inspection->columns.index[i] + 1);
    if (inspection->columns.time_of_day)
        buffer_format(ret_reading, " time-of-day=%zu", inspection->columns.time_of_day);
    rules_init(&defaults);
    append_words(&row_source->rules, &defaults, ret_reading);
    for (int i = 0; i < RULE_COUNT; i++)
        if (row_source->rules.severity[i] != defaults.severity[i] && !rule_is_of_run((enum rule)i))
            buffer_format(ret_reading, " %s=%s", rule_name((enum rule)i),
                          rule_severity_name(row_source->rules.severity[i]));
    if (row_source->rules.max_fee >= 0)
        buffer_format(ret_reading, " max-fee=%lld", (long long)row_source->rules.max_fee);
}

void inspection_warn_of_unit(const struct inspection *inspection)
{
    const struct columns *columns = &inspection->columns;

    if (columns->is_unit_meant && inspection->profile.has_cents)
        log_event(LOG_WARN, "amounts-with-cents", NULL, 0,
                  "the amounts of column %s are taken as fen, though each is written as yuan are, "
                  "such as 128.00: if they are in yuan, say --fee-unit yuan; if they are in fen, "
                  "--fee-unit fen",
                  LOG_QUOTED(column_header(columns, FIELD_CLAIM_FEE)));
}
