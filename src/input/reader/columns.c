#include "input/reader/columns.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "columns_part.h"
#include "header.h"
#include "input/reader/reader.h"
#include "input/value/value.h"

static const struct {
    const char *name;
    bool required;
} fields[FIELD_COUNT] = {
    [FIELD_WORKCARD_ID] = {"workcard_id", true},
    [FIELD_CLAIM_DESC] = {"claim_desc", false},
    [FIELD_CLAIM_COUNT] = {"claim_count", false},
    [FIELD_CLAIM_ORDER_NO] = {"claim_order_no", true},
    [FIELD_CLAIM_STATUS] = {"claim_status", true},
    [FIELD_CLAIM_TIME] = {"claim_time", true},
    [FIELD_CLAIM_FEE] = {"claim_fee", true},
};

const char *column_field_name(enum field field)
{
    return fields[field].name;
}

bool column_field_parse(const char *name, enum field *ret_field)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            *ret_field = (enum field)i;
            return true;
        }
    }
    return false;
}

const char *column_unit_name(enum fee_unit unit)
{
    static const char *const names[] = {"undeclared", N_("fen"), N_("yuan")};

    return names[unit];
}

bool column_unit_parse(const char *name, enum fee_unit *ret_unit)
{
    *ret_unit = strcmp(name, "fen") == 0    ? FEE_UNIT_FEN
                : strcmp(name, "yuan") == 0 ? FEE_UNIT_YUAN
                                            : FEE_UNIT_UNDECLARED;
    return *ret_unit != FEE_UNIT_UNDECLARED;
}

const char *column_header(const struct columns *columns, enum field field)
{
    return *columns->header[field] ? columns->header[field] : column_field_name(field);
}

static size_t named_count(const struct columns *columns)
{
    return columns->named ? columns->named : columns->count;
}

bool columns_is_used(const struct columns *columns, size_t index)
{
    for (int i = 0; i < FIELD_COUNT; i++)
        if (columns->index[i] == (int)index)
            return true;
    return columns->time_of_day == index + 1;
}

size_t columns_least(const struct columns *columns, bool short_rows)
{
    size_t least = 0;

    if (!short_rows)
        return named_count(columns);
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (fields[i].required && columns->index[i] >= (int)least)
            least = (size_t)columns->index[i] + 1;
    return columns->time_of_day > least ? columns->time_of_day : least;
}

static const char *wanted_header(const struct resolution *resolution, enum field field)
{
    return resolution->wanted ? resolution->wanted[field] : NULL;
}

/* Refuses the header; `sentence` says what is wrong and what to do. Frees the sentence. */
static int refuse(const struct resolution *resolution, struct buffer *sentence)
{
    if (sentence->failed)
        error_no_memory(resolution->err);
    else
        error_set(resolution->err, EXIT_INPUT_REFUSED,
                  "'%s', line %llu, the header: %s; nothing was sent", LOG_QUOTED(resolution->name),
                  (unsigned long long)resolution->header->line, buffer_string(sentence));
    buffer_release(sentence);
    return -1;
}

static void append_header(struct buffer *text, const char *header)
{
    buffer_format(text, "'%s'", LOG_QUOTED_WITHIN(header, SHOWN_HEADER_BYTES));
}

static void append_column(struct buffer *text, const struct resolution *resolution, int index)
{
    language_format(text, "column %d ", index + 1);
    append_header(text, columns_header_of(resolution, index));
}

static void append_headers(struct buffer *text, const struct resolution *resolution)
{
    size_t count = resolution->header->count;

    for (size_t i = 0; i < count && i < SHOWN_HEADERS; i++) {
        if (i)
            language_append(text, ", ");
        append_header(text, resolution->header->cells[i].text);
    }
    if (count > SHOWN_HEADERS)
        language_format(text, " and %zu more", count - SHOWN_HEADERS);
}

static int refuse_twice(const struct resolution *resolution, enum field field, int first,
                        int second)
{
    struct buffer text = {0};

    append_column(&text, resolution, first);
    language_append(&text, " and ");
    append_column(&text, resolution, second);
    language_format(&text, " both mean %s; ", column_field_name(field));
    if (header_is_same(columns_header_of(resolution, first),
                       columns_header_of(resolution, second))) {
        language_append(&text, "rename one of them in the export");
    } else {
        language_format(&text, "say which one it is with --column %s=HEADER",
                        column_field_name(field));
    }
    return refuse(resolution, &text);
}

static int refuse_mapped_twice(const struct resolution *resolution, enum field field, int index)
{
    struct buffer text = {0};

    append_column(&text, resolution, index);
    language_format(&text, " is named by --column for both %s and %s; name each column once",
                    column_field_name(columns_field_at(resolution, index)),
                    column_field_name(field));
    return refuse(resolution, &text);
}

static int refuse_not_there(const struct resolution *resolution, enum field field,
                            const char *header)
{
    struct buffer text = {0};

    language_format(&text, "--column %s names a column ", column_field_name(field));
    append_header(&text, header);
    language_append(&text, " that is not there; the columns are ");
    append_headers(&text, resolution);
    return refuse(resolution, &text);
}

/* Finds the column of a header that --column names. */
static int find_wanted(const struct resolution *resolution, enum field field, const char *header,
                       int *ret_index)
{
    *ret_index = COLUMN_ABSENT;
    for (size_t i = 0; i < resolution->header->count; i++) {
        if (!header_is_same(header, columns_header_of(resolution, (int)i)))
            continue;
        if (*ret_index != COLUMN_ABSENT)
            return refuse_twice(resolution, field, *ret_index, (int)i);
        if (columns_is_taken(resolution, (int)i))
            return refuse_mapped_twice(resolution, field, (int)i);
        *ret_index = (int)i;
    }
    return 0;
}

/* Gives claim_time two columns, for the date and for the time of day. */
static int map_two(const struct resolution *resolution, const char *plus)
{
    const enum field field = FIELD_CLAIM_TIME;
    const char *wanted = wanted_header(resolution, field);
    int *index = &resolution->columns->index[field], second = COLUMN_ABSENT;
    char first[COLUMN_HEADER_BYTES * 4];

    snprintf(first, sizeof(first), "%.*s", (int)(plus - wanted), wanted);
    if (find_wanted(resolution, field, first, index))
        return -1;
    if (*index == COLUMN_ABSENT)
        return refuse_not_there(resolution, field, first);
    if (find_wanted(resolution, field, plus + 1, &second))
        return -1;
    if (second == COLUMN_ABSENT)
        return refuse_not_there(resolution, field, plus + 1);
    resolution->columns->time_of_day = (size_t)second + 1;
    return 0;
}

/* Gives a field the column that --column names. */
static int map_wanted(const struct resolution *resolution, enum field field)
{
    int *index = &resolution->columns->index[field];
    const char *header = wanted_header(resolution, field);
    const char *plus = field == FIELD_CLAIM_TIME ? strchr(header, '+') : NULL;

    if (find_wanted(resolution, field, header, index))
        return -1;
    if (*index != COLUMN_ABSENT)
        return 0;
    return plus && plus > header && plus[1] ? map_two(resolution, plus)
                                            : refuse_not_there(resolution, field, header);
}

static int map_all_wanted(const struct resolution *resolution)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (wanted_header(resolution, (enum field)i) && map_wanted(resolution, (enum field)i))
            return -1;
    }
    return 0;
}

/* Gives the fields that --column does not name the columns whose headers are known. */
static int map_known(const struct resolution *resolution)
{
    for (size_t i = 0; i < resolution->header->count; i++) {
        enum unit_said ignored = UNIT_UNSAID;
        enum field field = header_field(columns_header_of(resolution, (int)i), &ignored);
        int *index = field == FIELD_NONE ? NULL : &resolution->columns->index[field];

        if (!index || wanted_header(resolution, field) || columns_is_taken(resolution, (int)i))
            continue;
        if (*index != COLUMN_ABSENT)
            return refuse_twice(resolution, field, *index, (int)i);
        *index = (int)i;
    }
    return 0;
}

static bool is_any_known(const struct resolution *resolution)
{
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (resolution->columns->index[i] != COLUMN_ABSENT)
            return true;
    return false;
}

static void append_guesses(struct buffer *text, const struct resolution *resolution)
{
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (fields[i].required && resolution->columns->index[i] == COLUMN_ABSENT)
            columns_append_guess(text, resolution, (enum field)i, fields[i].name);
}

static int check_required(const struct resolution *resolution)
{
    struct buffer text = {0};

    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (!fields[i].required || resolution->columns->index[i] != COLUMN_ABSENT)
            continue;
        language_append(&text, text.len ? N_(", ") : N_("no column for "));
        language_format(&text, "%s (", fields[i].name);
        header_list_known((enum field)i, &text);
        language_append(&text, ")");
    }
    if (text.len == 0)
        return 0;
    if (columns_is_garbled(resolution))
        language_append(&text, "; some program read the header in a wrong encoding or lost its "
                               "characters, and the texts below as well: export it again as UTF-8");
    else if (!is_any_known(resolution))
        language_append(&text,
                        "; the first line must be the header: take away lines above it, or add "
                        "it where it is missing");
    if (resolution->header->count == 1)
        columns_append_delimiter_advice(&text, columns_header_of(resolution, 0));
    else
        language_append(&text, "; name yours with --column FIELD=HEADER");
    append_guesses(&text, resolution);
    language_append(&text, "; the columns are ");
    append_headers(&text, resolution);
    return refuse(resolution, &text);
}

static int refuse_unit(const struct resolution *resolution, int index, const char *says)
{
    struct buffer text = {0};

    append_column(&text, resolution, index);
    buffer_format(&text, " %s", says);
    return refuse(resolution, &text);
}

static int refuse_contradiction(const struct resolution *resolution, int index, enum unit_said said,
                                enum fee_unit unit)
{
    struct buffer text = {0};

    append_column(&text, resolution, index);
    language_format(&text,
                    " says %s but --fee-unit says %s; take the option away or correct the header",
                    header_unit_name(said), _(column_unit_name(unit)));
    return refuse(resolution, &text);
}

static int resolve_unit(const struct resolution *resolution, enum fee_unit unit)
{
    int index = resolution->columns->index[FIELD_CLAIM_FEE];
    const char *header = columns_header_of(resolution, index);
    enum unit_said stated = header_unit(header), meant = UNIT_UNSAID;

    header_field(header, &meant);
    if (stated == UNIT_SAYS_OTHER)
        return refuse_unit(
            resolution, index,
            _("says a unit that is neither fen nor yuan: export the amounts in yuan"));
    if (stated == UNIT_SAYS_BOTH)
        return refuse_unit(resolution, index,
                           _("says fen and yuan: correct the header, so that it says one of them"));
    meant = stated == UNIT_UNSAID ? meant : stated;
    if (unit == FEE_UNIT_UNDECLARED && meant == UNIT_UNSAID)
        return refuse_unit(resolution, index,
                           _("does not say whether its amounts are fen or yuan; say --fee-unit fen "
                             "or --fee-unit yuan"));
    resolution->columns->is_unit_meant = unit == FEE_UNIT_UNDECLARED && stated == UNIT_UNSAID;
    if (unit == FEE_UNIT_UNDECLARED)
        unit = meant == UNIT_SAYS_YUAN ? FEE_UNIT_YUAN : FEE_UNIT_FEN;
    else if (stated != UNIT_UNSAID && (stated == UNIT_SAYS_YUAN) != (unit == FEE_UNIT_YUAN))
        return refuse_contradiction(resolution, index, stated, unit);
    resolution->columns->fee_unit = unit;
    return 0;
}

static void list_unused(const struct resolution *resolution, struct buffer *ret_unused)
{
    size_t shown = 0, more = 0;

    for (size_t i = 0; i < resolution->header->count; i++) {
        const char *header = columns_header_of(resolution, (int)i);

        if (columns_is_taken(resolution, (int)i) || header_is_blank(header))
            continue;
        if (shown++ >= SHOWN_HEADERS)
            more++;
        else
            buffer_format(ret_unused, "%s%s", shown > 1 ? _(", ") : "",
                          LOG_QUOTED_WITHIN(header, SHOWN_HEADER_BYTES));
    }
    if (more)
        language_format(ret_unused, " and %zu more", more);
}

/* Notes which columns have no name, and what the file calls those of the fields. */
static void note_names(const struct resolution *resolution)
{
    struct columns *columns = resolution->columns;

    for (size_t i = 0; i < columns->count; i++)
        if (!header_is_blank(columns_header_of(resolution, (int)i)))
            columns->named = i + 1;
    for (size_t i = 0; i < columns->named; i++)
        if (header_is_blank(columns_header_of(resolution, (int)i))) {
            columns->has_nameless = true;
            columns->nameless[i / 8] |= (unsigned char)(1 << i % 8);
        }
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (columns->index[i] != COLUMN_ABSENT) {
            const struct cell *cell = &resolution->header->cells[columns->index[i]];
            struct value name = value_of(cell);
            char text[COLUMN_HEADER_BYTES * 2];

            snprintf(text, sizeof(text), "%.*s", (int)name.len, name.ptr);
            log_quote(text, columns->header[i], COLUMN_HEADER_BYTES);
        }
}

static void note_similar(const struct resolution *resolution)
{
    struct columns *columns = resolution->columns;

    for (size_t i = 0; i < columns->count; i++) {
        const char *header = columns_header_of(resolution, (int)i);
        enum field field = columns_is_taken(resolution, (int)i) ? FIELD_NONE : header_guess(header);

        if (field != FIELD_NONE && !*columns->similar[field])
            log_quote(header, columns->similar[field], COLUMN_HEADER_BYTES);
    }
}

static int refuse_wide(const struct resolution *resolution)
{
    struct buffer text = {0};

    language_format(&text, "it has %zu columns; no export of claims has more than %d",
                    resolution->header->count, COLUMNS_MAX);
    return refuse(resolution, &text);
}

int columns_resolve(const struct record *header, const char *name, const char *const *wanted,
                    enum fee_unit unit, struct columns *ret_columns, struct buffer *ret_unused,
                    struct error *err)
{
    struct resolution resolution = {header, name, wanted, ret_columns, err};

    *ret_columns = (struct columns){.count = header->count};
    for (size_t i = 0; i < FIELD_COUNT; i++)
        ret_columns->index[i] = COLUMN_ABSENT;
    if (header->count > COLUMNS_MAX)
        return refuse_wide(&resolution);
    if (map_all_wanted(&resolution) || map_known(&resolution) || check_required(&resolution) ||
        resolve_unit(&resolution, unit))
        return -1;
    note_names(&resolution);
    note_similar(&resolution);
    list_unused(&resolution, ret_unused);
    return ret_unused->failed ? error_no_memory(err) : 0;
}
