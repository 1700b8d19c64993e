#include "footer.h"

#include <string.h>
#include <strings.h>

#include "base/character.h"
#include "input/claim/claim.h"
#include "input/value/value.h"

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
    {"\u00a0", WORD_OTHER},   {"受影响", WORD_OTHER},    {"已选择", WORD_OTHER},
    {"查询", WORD_OTHER},     {"结果", WORD_OTHER},      {"大写", WORD_OTHER},
    {"零", WORD_OTHER},       {"壹", WORD_OTHER},        {"贰", WORD_OTHER},
    {"叁", WORD_OTHER},       {"肆", WORD_OTHER},        {"伍", WORD_OTHER},
    {"陆", WORD_OTHER},       {"柒", WORD_OTHER},        {"捌", WORD_OTHER},
    {"玖", WORD_OTHER},       {"拾", WORD_OTHER},        {"佰", WORD_OTHER},
    {"仟", WORD_OTHER},       {"万", WORD_OTHER},        {"亿", WORD_OTHER},
    {"圆", WORD_OTHER},       {"角", WORD_OTHER},        {"分", WORD_OTHER},
    {"整", WORD_OTHER},       {"正", WORD_OTHER},
};

/* How a note begins: who made the table, when, and what is to be said of it. */
static const char *const note_words[] = {
    "制表", "制单", "填表", "填报", "编制", "审核", "复核", "审批", "经办", "经手",
    "主管", "负责", "会计", "出纳", "操作", "打印", "导出", "生成", "统计", "下载",
    "备注", "说明", "附注", "注",   "数据", "来源", "日期", "时间", "页码"};

/* What may follow such a word before its colon. */
static const char *const note_ends[] = {"人员", "人",   "员",   "时间", "日期",
                                        "来源", "单位", "部门", "签字", "签章"};

/* Notes that are whole as they are, without blanks. */
static const char *const endings[] = {"以下空白",    "以下无正文", "结束", "完",
                                      "endofreport", "endoffile",  "end",  "eof"};

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
        digit |= character_is_digit(text[i]);
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

/* Whether a cell is empty, or says no more than the total does. */
static bool is_void(struct value value)
{
    return value.len == 0 || is_total(value) || is_drawn(value);
}

/* A count of rows, which stands beside the word of a total: no work order or time is so short. */
static bool is_count(struct value value)
{
    return value.len <= COUNT_DIGITS && value_count_digits(value, 0) == value.len;
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

/* ---- notes ---- */

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

/* The length of the one of the texts that stands there, or 0. */
static size_t begins_any(const char *text, size_t len, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (begins(text, len, list[i]))
            return strlen(list[i]);
    return 0;
}

/* 第1页, 第1页/共1页, page 1 of 2 */
static bool is_page(const char *text, size_t len)
{
    static const char *const parts[] = {"第", "页", "共", "page", "of"};
    bool page = false;

    for (size_t i = 0, n = 0; i < len; i += n) {
        n = begins_any(text + i, len - i, parts, COUNT_OF(parts));
        page |= begins(text + i, len - i, "页") || begins(text + i, len - i, "page");
        if (!n && !strchr("0123456789/,-", text[i]))
            return false;
        n = n ? n : 1;
    }
    return page;
}

/* Whether nothing but one of the endings stands there, dashes and stars aside. */
static bool is_ending(const char *text, size_t len)
{
    size_t n = 0;

    while (len && strchr("-*=.#", *text))
        text++, len--;
    while (len && strchr("-*=.#", text[len - 1]))
        len--;
    n = begins_any(text, len, endings, COUNT_OF(endings));
    return n && n == len;
}

/* A word of notes that stands alone, or has a colon behind it. */
static bool is_note(struct value value)
{
    static const char *const colons[] = {":", "："};
    char text[256];
    size_t len = pack(value, text, sizeof(text)), n = 0;

    if (value.len >= sizeof(text) || len == 0)
        return false;
    if (is_page(text, len) || is_ending(text, len))
        return true;
    n = begins_any(text, len, note_words, COUNT_OF(note_words));
    if (!n)
        return false;
    n += begins_any(text + n, len - n, note_ends, COUNT_OF(note_ends));
    return n == len || begins_any(text + n, len - n, colons, COUNT_OF(colons)) > 0;
}

static bool has_digit(struct value value)
{
    for (size_t i = 0; i < value.len; i++)
        if (character_is_digit(value.ptr[i]))
            return true;
    return false;
}

/* Whether the line begins with a note and has neither a work order nor an amount. */
static bool is_note_line(const struct columns *columns, const struct record *record)
{
    struct value id = value_in(columns, record, FIELD_WORKCARD_ID);
    struct value fee = value_in(columns, record, FIELD_CLAIM_FEE);

    return is_note(first_value(record)) && (!has_digit(id) || is_note(id)) &&
           (!has_digit(fee) || is_note(fee));
}

/* Whether a cell begins with a digit and is longer than a count. Nearly every row's time does, and
 * the cheapest look at it is enough. */
static bool begins_a_time(const struct cell *cell)
{
    return cell->len > COUNT_DIGITS && character_is_digit(cell->text[0]);
}

bool footer_is_like(const struct columns *columns, const struct record *record,
                    enum footer_width width)
{
    struct value first = {"", 0};

    if (width == FOOTER_WIDE && begins_a_time(&record->cells[columns->index[FIELD_CLAIM_TIME]]) &&
        record->cells[0].len && character_is_digit(record->cells[0].text[0]))
        return false;
    first = first_value(record);
    if (first.len == 0 || is_all_drawn(record))
        return true;
    if (width == FOOTER_WIDE ? is_wide_total(columns, record) : is_total(first))
        return true;
    return width != FOOTER_PIECE && is_note_line(columns, record);
}
