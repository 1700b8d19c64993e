#include "input/columns.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "input/reader.h"

#define SHOWN_HEADER_BYTES 48
#define SHOWN_HEADERS 20

/* Protocol section 4. */
static const struct known {
    const char *header;
    enum field field;
    enum fee_unit unit;
} known[] = {
    {"workcard_id", FIELD_WORKCARD_ID, FEE_UNIT_UNDECLARED},
    {"工单ID", FIELD_WORKCARD_ID, FEE_UNIT_UNDECLARED},
    {"工单号", FIELD_WORKCARD_ID, FEE_UNIT_UNDECLARED},
    {"工单编号", FIELD_WORKCARD_ID, FEE_UNIT_UNDECLARED},
    {"claim_desc", FIELD_CLAIM_DESC, FEE_UNIT_UNDECLARED},
    {"理赔描述", FIELD_CLAIM_DESC, FEE_UNIT_UNDECLARED},
    {"拒赔原因", FIELD_CLAIM_DESC, FEE_UNIT_UNDECLARED},
    {"拒绝理赔原因", FIELD_CLAIM_DESC, FEE_UNIT_UNDECLARED},
    {"claim_count", FIELD_CLAIM_COUNT, FEE_UNIT_UNDECLARED},
    {"理赔单数量", FIELD_CLAIM_COUNT, FEE_UNIT_UNDECLARED},
    {"理赔数量", FIELD_CLAIM_COUNT, FEE_UNIT_UNDECLARED},
    {"claim_order_no", FIELD_CLAIM_ORDER_NO, FEE_UNIT_UNDECLARED},
    {"理赔单号", FIELD_CLAIM_ORDER_NO, FEE_UNIT_UNDECLARED},
    {"claim_status", FIELD_CLAIM_STATUS, FEE_UNIT_UNDECLARED},
    {"理赔状态", FIELD_CLAIM_STATUS, FEE_UNIT_UNDECLARED},
    {"claim_time", FIELD_CLAIM_TIME, FEE_UNIT_UNDECLARED},
    {"理赔时间", FIELD_CLAIM_TIME, FEE_UNIT_UNDECLARED},
    {"claim_fee", FIELD_CLAIM_FEE, FEE_UNIT_FEN},
    {"理赔金额", FIELD_CLAIM_FEE, FEE_UNIT_UNDECLARED},
    {"理赔金额(分)", FIELD_CLAIM_FEE, FEE_UNIT_FEN},
    {"理赔金额（分）", FIELD_CLAIM_FEE, FEE_UNIT_FEN},
    {"理赔金额(元)", FIELD_CLAIM_FEE, FEE_UNIT_YUAN},
    {"理赔金额（元）", FIELD_CLAIM_FEE, FEE_UNIT_YUAN},
};

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

/* What resolving passes around. */
struct resolution {
    const struct record *header;
    const char *name; /* of the export */
    const char *const *wanted;
    struct columns *columns;
    struct error *err;
};

const char *field_name(enum field field)
{
    return fields[field].name;
}

bool field_parse(const char *name, enum field *ret_field)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            *ret_field = (enum field)i;
            return true;
        }
    }
    return false;
}

/* The ASCII form of a full-width bracket at the text, or 0. */
static char bracket_at(const char *text)
{
    return strncmp(text, "（", 3) == 0 ? '(' : strncmp(text, "）", 3) == 0 ? ')' : '\0';
}

/* The next byte that counts when headers are compared: blanks and BOM do not, nor do case and the
 * width of brackets. */
static char next_byte(const char **text)
{
    static const char *const ignored[] = {" ", "\t", "\r", "\n", "\u00a0", "\u3000", "\ufeff"};
    char c = '\0';

    for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++) {
        size_t len = strlen(ignored[i]);

        if (strncmp(*text, ignored[i], len) == 0) {
            *text += len;
            i = (size_t)-1;
        }
    }
    c = bracket_at(*text);
    *text += c ? strlen("（") : 0;
    if (c)
        return c;
    c = **text;
    if (c)
        (*text)++;
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_same_header(const char *a, const char *b)
{
    char c = '\0';

    do {
        c = next_byte(&a);
        if (c != next_byte(&b))
            return false;
    } while (c);
    return true;
}

static bool is_blank_header(const char *text)
{
    return next_byte(&text) == '\0';
}

static const struct known *find_known(const char *header)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (is_same_header(known[i].header, header))
            return &known[i];
    }
    return NULL;
}

static const char *header_of(const struct resolution *resolution, int index)
{
    return resolution->header->cells[index].text;
}

static enum field field_at(const struct resolution *resolution, int index)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (resolution->columns->index[i] == index)
            return (enum field)i;
    }
    return FIELD_NONE;
}

static const char *wanted_header(const struct resolution *resolution, enum field field)
{
    return resolution->wanted ? resolution->wanted[field] : NULL;
}

/* Refuses the header; `sentence` says what is wrong and what to do. Frees the sentence. */
static int refuse(const struct resolution *resolution, struct buffer *sentence)
{
    char quoted[LOG_QUOTE_BYTES];

    if (sentence->failed)
        error_no_memory(resolution->err);
    else
        error_set(resolution->err, EXIT_INPUT_REFUSED,
                  "'%s', line %llu, the header: %s; nothing was sent",
                  log_quote(resolution->name, quoted, sizeof(quoted)),
                  (unsigned long long)resolution->header->line, buffer_string(sentence));
    buffer_release(sentence);
    return -1;
}

static void append_header(struct buffer *text, const char *header)
{
    char quoted[SHOWN_HEADER_BYTES];

    buffer_format(text, "'%s'", log_quote(header, quoted, sizeof(quoted)));
}

static void append_column(struct buffer *text, const struct resolution *resolution, int index)
{
    buffer_format(text, "column %d ", index + 1);
    append_header(text, header_of(resolution, index));
}

static void append_headers(struct buffer *text, const struct resolution *resolution)
{
    size_t count = resolution->header->count;

    for (size_t i = 0; i < count && i < SHOWN_HEADERS; i++) {
        if (i)
            buffer_text(text, ", ");
        append_header(text, resolution->header->cells[i].text);
    }
    if (count > SHOWN_HEADERS)
        buffer_format(text, " and %zu more", count - SHOWN_HEADERS);
}

static int refuse_twice(const struct resolution *resolution, enum field field, int first,
                        int second)
{
    struct buffer text = {0};

    append_column(&text, resolution, first);
    buffer_text(&text, " and ");
    append_column(&text, resolution, second);
    buffer_format(&text, " both mean %s; ", field_name(field));
    if (is_same_header(header_of(resolution, first), header_of(resolution, second))) {
        buffer_text(&text, "rename one of them in the export");
    } else {
        buffer_format(&text, "say which one it is with --column %s=HEADER", field_name(field));
    }
    return refuse(resolution, &text);
}

static int refuse_mapped_twice(const struct resolution *resolution, enum field field, int index)
{
    struct buffer text = {0};

    append_column(&text, resolution, index);
    buffer_format(&text, " is named by --column for both %s and %s; name each column once",
                  field_name(field_at(resolution, index)), field_name(field));
    return refuse(resolution, &text);
}

static int refuse_not_there(const struct resolution *resolution, enum field field)
{
    struct buffer text = {0};

    buffer_format(&text, "--column %s names a column ", field_name(field));
    append_header(&text, wanted_header(resolution, field));
    buffer_text(&text, " that is not there; the columns are ");
    append_headers(&text, resolution);
    return refuse(resolution, &text);
}

/* Gives a field the column that --column names. */
static int map_wanted(const struct resolution *resolution, enum field field)
{
    int *index = &resolution->columns->index[field];

    for (size_t i = 0; i < resolution->header->count; i++) {
        if (!is_same_header(wanted_header(resolution, field), header_of(resolution, (int)i)))
            continue;
        if (*index != COLUMN_ABSENT)
            return refuse_twice(resolution, field, *index, (int)i);
        if (field_at(resolution, (int)i) != FIELD_NONE)
            return refuse_mapped_twice(resolution, field, (int)i);
        *index = (int)i;
    }
    return *index == COLUMN_ABSENT ? refuse_not_there(resolution, field) : 0;
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
        const struct known *match = find_known(header_of(resolution, (int)i));
        int *index = match ? &resolution->columns->index[match->field] : NULL;

        if (!match || wanted_header(resolution, match->field) ||
            field_at(resolution, (int)i) != FIELD_NONE)
            continue;
        if (*index != COLUMN_ABSENT)
            return refuse_twice(resolution, match->field, *index, (int)i);
        *index = (int)i;
    }
    return 0;
}

static void append_known_headers(struct buffer *text, enum field field)
{
    const char *separator = "";

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (known[i].field != field)
            continue;
        buffer_format(text, "%s%s", separator, known[i].header);
        separator = ", ";
    }
}

static bool is_any_known(const struct resolution *resolution)
{
    for (size_t i = 0; i < FIELD_COUNT; i++)
        if (resolution->columns->index[i] != COLUMN_ABSENT)
            return true;
    return false;
}

/* A header that is one column: its delimiter was another. */
static void append_delimiter_advice(struct buffer *text, const char *header)
{
    static const struct {
        char delimiter;
        const char *option;
    } usual[] = {{'\t', "tab"},
                 {';', "';'"},
                 {'|', "'|'"},
                 {',', "',', or, if quotes stand around the whole line, take them away"}};

    for (size_t i = 0; i < sizeof(usual) / sizeof(*usual); i++) {
        if (strchr(header, usual[i].delimiter)) {
            buffer_format(text,
                          "; it looks as if the columns are parted by another character: say "
                          "--delimiter %s",
                          usual[i].option);
            return;
        }
    }
    buffer_text(text, "; if the line is more than one column, name what parts them with "
                      "--delimiter");
}

static int check_required(const struct resolution *resolution)
{
    struct buffer text = {0};

    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (!fields[i].required || resolution->columns->index[i] != COLUMN_ABSENT)
            continue;
        buffer_format(&text, "%s%s (", text.len ? ", " : "no column for ", fields[i].name);
        append_known_headers(&text, (enum field)i);
        buffer_text(&text, ")");
    }
    if (text.len == 0)
        return 0;
    if (!is_any_known(resolution))
        buffer_text(&text, "; the first line must be the header: take away lines above it, or add "
                           "it where it is missing");
    if (resolution->header->count == 1)
        append_delimiter_advice(&text, header_of(resolution, 0));
    else
        buffer_text(&text, "; name yours with --column FIELD=HEADER");
    buffer_text(&text, "; the columns are ");
    append_headers(&text, resolution);
    return refuse(resolution, &text);
}

static const char *unit_name(enum fee_unit unit)
{
    return unit == FEE_UNIT_YUAN ? "yuan" : "fen";
}

/* The unit in brackets at the end of a header; --fee-unit cannot contradict it. */
static enum fee_unit unit_in_brackets(const char *header)
{
    static const struct {
        const char *end;
        enum fee_unit unit;
    } units[] = {{"(元)", FEE_UNIT_YUAN}, {"(分)", FEE_UNIT_FEN}};

    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
        for (const char *p = header; *p; p++) {
            if (is_same_header(p, units[i].end))
                return units[i].unit;
        }
    }
    return FEE_UNIT_UNDECLARED;
}

/* An amount that is neither fen nor yuan, whatever --fee-unit says. */
static const char *find_other_unit(const char *header)
{
    static const char *const others[] = {"万元", "千元", "百元", "美元", "港元", "欧元", "日元"};

    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        if (strstr(header, others[i]))
            return others[i];
    }
    return NULL;
}

static int refuse_other_unit(const struct resolution *resolution, int index, const char *other)
{
    struct buffer text = {0};

    append_column(&text, resolution, index);
    buffer_format(&text, " says %s, which is neither fen nor yuan: export the amounts in yuan",
                  other);
    return refuse(resolution, &text);
}

static int resolve_unit(const struct resolution *resolution, enum fee_unit unit)
{
    int index = resolution->columns->index[FIELD_CLAIM_FEE];
    const char *header = header_of(resolution, index), *other = find_other_unit(header);
    const struct known *match = find_known(header);
    enum fee_unit written = unit_in_brackets(header);
    enum fee_unit declared = match ? match->unit : written;
    struct buffer text = {0};

    if (other)
        return refuse_other_unit(resolution, index, other);
    resolution->columns->fee_unit = unit == FEE_UNIT_UNDECLARED ? declared : unit;
    if (resolution->columns->fee_unit == FEE_UNIT_UNDECLARED) {
        append_column(&text, resolution, index);
        buffer_text(&text, " does not say whether its amounts are fen or yuan; say --fee-unit fen "
                           "or --fee-unit yuan");
        return refuse(resolution, &text);
    }
    if (written != FEE_UNIT_UNDECLARED && resolution->columns->fee_unit != written) {
        append_column(&text, resolution, index);
        buffer_format(&text,
                      " says %s but --fee-unit says %s; take the option away or correct the "
                      "header",
                      unit_name(declared), unit_name(unit));
        return refuse(resolution, &text);
    }
    return 0;
}

static void list_unused(const struct resolution *resolution, struct buffer *ret_unused)
{
    size_t shown = 0, more = 0;

    for (size_t i = 0; i < resolution->header->count; i++) {
        char quoted[SHOWN_HEADER_BYTES];
        const char *header = header_of(resolution, (int)i);

        if (field_at(resolution, (int)i) != FIELD_NONE || is_blank_header(header))
            continue;
        if (shown++ >= SHOWN_HEADERS)
            more++;
        else
            buffer_format(ret_unused, "%s%s", shown > 1 ? ", " : "",
                          log_quote(header, quoted, sizeof(quoted)));
    }
    if (more)
        buffer_format(ret_unused, " and %zu more", more);
}

int columns_resolve(const struct record *header, const char *name, const char *const *wanted,
                    enum fee_unit unit, struct columns *ret_columns, struct buffer *ret_unused,
                    struct error *err)
{
    struct resolution resolution = {header, name, wanted, ret_columns, err};

    *ret_columns = (struct columns){.count = header->count};
    for (size_t i = 0; i < FIELD_COUNT; i++)
        ret_columns->index[i] = COLUMN_ABSENT;
    if (map_all_wanted(&resolution) || map_known(&resolution) || check_required(&resolution) ||
        resolve_unit(&resolution, unit))
        return -1;
    list_unused(&resolution, ret_unused);
    return ret_unused->failed ? error_no_memory(err) : 0;
}
