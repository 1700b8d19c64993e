#include "misreading.h"

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "footer.h"
#include "input/claim/claim.h"
#include "input/reader/header.h"
#include "input/reader/reader.h"
#include "input/value/text.h"

static struct value text_in(const struct reader *reader, const struct record *record,
                            enum field field)
{
    const char *raw = claim_raw(reader_columns(reader), record, field);

    return value_of(&(struct cell){raw, strlen(raw)});
}

static bool has_digit(struct value value)
{
    return text_kinds(value) & TEXT_DIGIT;
}

/* The unit that a cell says, where it says one. A second header line is such a cell, too. */
static enum unit_said unit_in(struct value value)
{
    char text[128];

    if (has_digit(value))
        return header_amount_unit(value);
    snprintf(text, sizeof(text), "%.*s", (int)value.len, value.ptr);
    return value.len < sizeof(text) ? header_unit(text) : UNIT_UNSAID;
}

static int refuse_unit(const struct reader *reader, const struct record *record,
                       enum unit_said said, struct error *err)
{
    const struct columns *columns = reader_columns(reader);
    const char *raw = claim_raw(columns, record, FIELD_CLAIM_FEE);
    char why[512];

    snprintf(why, sizeof(why), _("%s '%.120s' says %s, but the amounts are taken as %s%s"),
             column_header(columns, FIELD_CLAIM_FEE), LOG_QUOTED(raw), header_unit_name(said),
             _(column_unit_name(columns->fee_unit)),
             has_digit(text_in(reader, record, FIELD_CLAIM_FEE))
                 ? _(": export the amounts as plain numbers in one unit, and say it in the header")
                 : _(": this line looks like a second header; delete it, and say the unit of the "
                     "amounts in the first, or with --fee-unit"));
    return reader_refuse(reader, record, why, err);
}

static int look_at_unit(const struct reader *reader, const struct record *record, struct error *err)
{
    const struct columns *columns = reader_columns(reader);
    enum unit_said said = unit_in(text_in(reader, record, FIELD_CLAIM_FEE));
    enum unit_said taken = columns->fee_unit == FEE_UNIT_YUAN ? UNIT_SAYS_YUAN : UNIT_SAYS_FEN;

    if (said == UNIT_UNSAID || said == taken)
        return 0;
    return refuse_unit(reader, record, said, err);
}

/* ---- files that were joined ---- */

#define ENOUGH_FIELDS 3 /* of a line that is a header */
#define FIRST_ROW 2     /* right below the header */

/* The field that a cell below the header names, in the words of protocol section 4 or in those of
 * the file's own header. */
static enum field field_named(const struct columns *columns, const struct record *header,
                              const char *text, enum unit_said *ret_unit)
{
    enum field field = header_field(text, ret_unit);

    for (int i = 0; i < FIELD_COUNT; i++)
        if (columns->index[i] != COLUMN_ABSENT &&
            header_is_same(header->cells[columns->index[i]].text, text))
            return (enum field)i;
    return field;
}

/* Whether the line names columns and is no claim, at a look that costs little. */
static bool is_header(const struct columns *columns, const struct record *header,
                      const struct record *record)
{
    bool seen[FIELD_COUNT + 1] = {false};
    size_t found = 0;

    for (size_t i = 0; i < record->count && i < COLUMNS_MAX; i++) {
        enum unit_said ignored = UNIT_UNSAID;
        enum field field = FIELD_NONE;

        if (has_digit(value_of(&record->cells[i])))
            continue;
        field = field_named(columns, header, record->cells[i].text, &ignored);
        found += field != FIELD_NONE && !seen[field];
        seen[field] = true;
        if (i + 1 >= ENOUGH_FIELDS * 2 && !found)
            return false;
    }
    return found >= ENOUGH_FIELDS;
}

/* Whether a field is read from the column. */
static bool is_read(const struct columns *columns, size_t i)
{
    for (int field = 0; field < FIELD_COUNT; field++)
        if (columns->index[field] == (int)i)
            return true;
    return columns->time_of_day == i + 1;
}

/* What a name in the second header says against the first. Right below that, a second header gives
 * the same columns other names; claim_fee says no unit there. */
static bool is_contradiction(const struct columns *columns, const struct record *header,
                             const struct record *record, size_t i)
{
    enum unit_said taken = columns->fee_unit == FEE_UNIT_YUAN ? UNIT_SAYS_YUAN : UNIT_SAYS_FEN;
    const char *text = record->cells[i].text;
    enum unit_said said = UNIT_UNSAID;
    enum field field = FIELD_NONE;
    bool is_below = record->row == FIRST_ROW;

    if (i < header->count && header_is_same(header->cells[i].text, text))
        return false;
    field = field_named(columns, header, text, &said);
    if (field == FIELD_NONE)
        return !is_below && is_read(columns, i) && !header_is_blank(text);
    if (columns->index[field] != (int)i)
        return columns->index[field] != COLUMN_ABSENT || (!is_below && i < header->count);
    return field == FIELD_CLAIM_FEE && !is_below && said != UNIT_UNSAID && said != taken;
}

/* Whether rows below the line would be read in columns of other fields, or in another unit. */
static bool is_other_header(const struct columns *columns, const struct record *header,
                            const struct record *record)
{
    for (size_t i = 0; i < record->count && i < COLUMNS_MAX; i++)
        if (is_contradiction(columns, header, record, i))
            return true;
    return false;
}

/* Two exports in one file: below the second header, the columns of the first mean nothing. */
static int look_at_header(const struct reader *reader, const struct record *record,
                          struct error *err)
{
    const struct columns *columns = reader_columns(reader);
    const struct record *header = reader_header(reader);

    if (record->correction || !is_header(columns, header, record) ||
        !is_other_header(columns, header, record))
        return 0;
    return reader_refuse(reader, record,
                         _("this line is a header with other columns than the first: the file was "
                           "put together from two; cut it in two before this line, and upload "
                           "each part"),
                         err);
}

/* A line that is no claim may say what unit the claims are in. */
static int look_at_note(const struct reader *reader, const struct record *record, struct error *err)
{
    const struct columns *columns = reader_columns(reader);
    enum unit_said taken = columns->fee_unit == FEE_UNIT_YUAN ? UNIT_SAYS_YUAN : UNIT_SAYS_FEN;
    char why[512];

    for (size_t i = 0; i < record->count; i++) {
        const char *text = record->cells[i].text;
        enum unit_said said = strstr(text, "单位") ? header_unit(text) : UNIT_UNSAID;

        if (said == UNIT_UNSAID || said == taken)
            continue;
        snprintf(
            why, sizeof(why),
            _("'%.120s' says %s, but the amounts are taken as %s: find out which is right; then "
              "delete this line, and say the unit in the header or with --fee-unit"),
            LOG_QUOTED(text), header_unit_name(said), header_unit_name(taken));
        return reader_refuse(reader, record, why, err);
    }
    return 0;
}

static int look_at_encoding(const struct reader *reader, enum encoding encoding,
                            const struct record *record, enum field field, struct error *err)
{
    struct value value = text_in(reader, record, field);
    enum mojibake mojibake = mojibake_find(value, text_kinds(value));
    bool utf8 = encoding == ENCODING_GB18030 && mojibake == MOJIBAKE_UTF8_AS_GBK;
    bool gbk = encoding == ENCODING_UTF8 && mojibake == MOJIBAKE_GBK_AS_UTF8;
    char why[512];

    if (!utf8 && !gbk)
        return 0;
    snprintf(why, sizeof(why),
             _("%s is %s in a file that else is %s: the file was put together from two; bring both "
               "into one encoding, UTF-8, before"),
             column_header(reader_columns(reader), field), utf8 ? "UTF-8" : "GB18030 (GBK)",
             utf8 ? "GB18030 (GBK)" : "UTF-8");
    return reader_refuse(reader, record, why, err);
}

int misreading_refuse(const struct reader *reader, enum encoding encoding,
                      const struct record *record, const struct findings *findings,
                      struct error *err)
{
    int result = 0;

    for (size_t i = 0; i < findings->count && !result; i++) {
        const struct finding *finding = &findings->list[i];

        if (finding->rule == RULE_BAD_FEE &&
            !footer_is_like(reader_columns(reader), record, FOOTER_WIDE))
            result = look_at_unit(reader, record, err);
        else if (finding->rule == RULE_COLUMN_COUNT ||
                 (finding->field == FIELD_WORKCARD_ID && finding->rule != RULE_CLAMPED_ID))
            result =
                look_at_header(reader, record, err) || look_at_note(reader, record, err) ? -1 : 0;
        else if (finding->rule == RULE_LOST_TEXT)
            result = look_at_encoding(reader, encoding, record, finding->field, err);
    }
    return result;
}
