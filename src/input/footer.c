#include "input/footer.h"

#include <string.h>
#include <strings.h>

#include "input/claim.h"
#include "input/value.h"

#define COUNT_DIGITS 7

/* What a total says. Any other word, and the line may be a piece of a text. */
static const struct {
    const char *word;
    enum { WORD_TOTAL, WORD_OF_ROWS, WORD_OTHER } kind;
} words[] = {
    {"合计", WORD_TOTAL},     {"总计", WORD_TOTAL},      {"小计", WORD_TOTAL},
    {"共计", WORD_TOTAL},     {"总额", WORD_TOTAL},      {"总数", WORD_TOTAL},
    {"汇总", WORD_TOTAL},     {"subtotal", WORD_TOTAL},  {"total", WORD_TOTAL},
    {"sum", WORD_TOTAL},      {"共", WORD_OTHER},        {"条", WORD_OF_ROWS},
    {"笔", WORD_OF_ROWS},     {"行", WORD_OF_ROWS},      {"rows", WORD_OF_ROWS},
    {"row", WORD_OF_ROWS},    {"records", WORD_OF_ROWS}, {"affected", WORD_OTHER},
    {"selected", WORD_OTHER}, {"in set", WORD_OTHER},    {"成功", WORD_OTHER},
    {"失败", WORD_OTHER},     {"未理赔", WORD_OTHER},    {"理赔", WORD_OTHER},
    {"赔付", WORD_OTHER},     {"拒赔", WORD_OTHER},      {"记录", WORD_OTHER},
    {"数据", WORD_OTHER},     {"金额", WORD_OTHER},      {"人民币", WORD_OTHER},
    {"数量", WORD_OTHER},     {"件数", WORD_OTHER},      {"本页", WORD_OTHER},
    {"全部", WORD_OTHER},     {"元", WORD_OTHER},        {"数", WORD_OTHER},
    {"rmb", WORD_OTHER},      {"cny", WORD_OTHER},       {"，", WORD_OTHER},
    {"。", WORD_OTHER},       {"：", WORD_OTHER},        {"；", WORD_OTHER},
    {"、", WORD_OTHER},       {"（", WORD_OTHER},        {"）", WORD_OTHER},
    {"¥", WORD_OTHER},        {"￥", WORD_OTHER},        {"\u3000", WORD_OTHER},
    {"\u00a0", WORD_OTHER},
};

/* Characters of which lines are drawn. */
static const char *const strokes[] = {"-",  "=", "_", "*", "+", "|",  "~",  "#",     " ",
                                      "\t", "—", "–", "─", "━", "－", "＝", "\u3000"};

static bool begins(const char *text, size_t len, const char *word)
{
    size_t n = strlen(word);

    return n <= len && strncasecmp(text, word, n) == 0;
}

static bool is_drawn(struct value value)
{
    size_t n = 0;

    for (size_t i = 0; i < value.len; i += n) {
        n = 0;
        for (size_t k = 0; k < sizeof(strokes) / sizeof(*strokes) && !n; k++)
            if (begins(value.ptr + i, value.len - i, strokes[k]))
                n = strlen(strokes[k]);
        if (!n)
            return false;
    }
    return true;
}

/* The word at the start, or NULL. */
static const char *find_word(const char *text, size_t len, bool *ret_total, bool *ret_of_rows)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (!begins(text, len, words[i].word))
            continue;
        *ret_total |= words[i].kind == WORD_TOTAL;
        *ret_of_rows |= words[i].kind == WORD_OF_ROWS;
        return words[i].word;
    }
    return NULL;
}

/* Blanks stand inside of such words, too: 合  计. */
static size_t pack(struct value value, char *ret_text, size_t size)
{
    size_t len = 0;

    for (size_t i = 0; i < value.len && len + 1 < size; i++)
        if (!strchr(" \t\r\n", value.ptr[i]))
            ret_text[len++] = value.ptr[i];
    ret_text[len] = '\0';
    return len;
}

static bool is_total(struct value value)
{
    char text[256];
    bool total = false, of_rows = false, digit = false;
    size_t len = pack(value, text, sizeof(text)), n = 0;

    if (value.len >= sizeof(text))
        return false;
    for (size_t i = 0; i < len; i += n) {
        const char *word = find_word(text + i, len - i, &total, &of_rows);

        n = word ? strlen(word) : 1;
        if (!word && !strchr("0123456789.,:;()[]+-/%", text[i]))
            return false;
        digit |= text[i] >= '0' && text[i] <= '9';
    }
    return total || (of_rows && digit);
}

static struct value first_value(const struct record *record)
{
    struct value value = {"", 0};

    for (size_t i = 0; i < record->count && value.len == 0; i++)
        value = value_of(&record->cells[i]);
    return value;
}

static bool is_all_drawn(const struct record *record)
{
    for (size_t i = 0; i < record->count; i++)
        if (!is_drawn(value_of(&record->cells[i])))
            return false;
    return true;
}

static struct value value_in(const struct columns *columns, const struct record *record,
                             enum field field)
{
    size_t index = (size_t)columns->index[field];

    return index < record->count ? value_of(&record->cells[index]) : (struct value){"", 0};
}

/* Whether a cell is empty, or says no more than the total does. */
static bool is_void(struct value value)
{
    return value.len == 0 || is_total(value) || is_drawn(value);
}

/* A count of rows, which stands beside the word of a total: no work order or time is so short. */
static bool is_count(struct value value)
{
    size_t digits = 0;

    while (digits < value.len && value.ptr[digits] >= '0' && value.ptr[digits] <= '9')
        digits++;
    return digits == value.len && digits <= COUNT_DIGITS;
}

static bool has_total(const struct record *record)
{
    for (size_t i = 0; i < record->count; i++)
        if (is_total(value_of(&record->cells[i])))
            return true;
    return false;
}

/* Whether a line as wide as a row says a total, and lacks what makes a claim. */
static bool is_wide_total(const struct columns *columns, const struct record *record)
{
    struct value id = value_in(columns, record, FIELD_WORKCARD_ID);
    struct value order_no = value_in(columns, record, FIELD_CLAIM_ORDER_NO);

    struct value time = value_in(columns, record, FIELD_CLAIM_TIME);

    return (is_void(time) || is_count(time)) && (is_void(id) || is_count(id)) &&
           (is_void(order_no) || is_count(order_no)) && (is_void(id) || is_void(order_no)) &&
           has_total(record);
}

/* Whether a cell begins with a digit and is longer than a count. Nearly every row's time does, and
 * the cheapest look at it is enough. */
static bool begins_a_time(const struct cell *cell)
{
    return cell->len > COUNT_DIGITS && cell->text[0] >= '0' && cell->text[0] <= '9';
}

bool footer_is_like(const struct columns *columns, const struct record *record, bool is_short)
{
    struct value first = {"", 0};

    if (!is_short && begins_a_time(&record->cells[columns->index[FIELD_CLAIM_TIME]]) &&
        record->cells[0].len && record->cells[0].text[0] >= '0' && record->cells[0].text[0] <= '9')
        return false;
    first = first_value(record);
    if (first.len == 0 || is_all_drawn(record))
        return true;
    return is_short ? is_total(first) : is_wide_total(columns, record);
}
