#include "filler.h"

#include <string.h>
#include <strings.h>

#include "base/character.h"
#include "text.h"

static bool is_word(struct value value, const char *word)
{
    return value.len == strlen(word) && strncasecmp(value.ptr, word, value.len) == 0;
}

#define LONGEST_BYTES 12 /* of the words below: a longer text needs no look */

/* What programs write where there is nothing. */
static const char *const program_words[] = {
    "NA",      "N/A",     "n.a.",     "n.a",       "NIL",       "undefined", "undef",     "void",
    "NaT",     "none",    "null",     "<NA>",      "<null>",    "{null}",    "empty",     "blank",
    "(blank)", "missing", "TRUE",     "FALSE",     "-nan",      "nan(ind)",  "-nan(ind)", "inf",
    "-inf",    "+inf",    "infinity", "-infinity", "+infinity", "no data",   "no value"};

/* What people write. */
static const char *const people_words[] = {"待定",   "待补",     "待补充", "暂无",   "空",   "空白",
                                           "(空白)", "（空白）", "(空)",   "（空）", "没有", "缺失",
                                           "未填",   "未录入",   "未生成", "无数据", "同上", "略"};

/* What may say something, but is no number. */
static const char *const no_numbers[] = {"error", "no",   "yes",    "TBD", "unknown", "未知",
                                         "不详",  "无号", "无单号", "是",  "否",      "有"};

#define COUNT_OF(array) (sizeof(array) / sizeof(*(array)))

static bool is_one_of(struct value value, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_word(value, words[i]))
            return true;
    return false;
}

/* XX and the like. One letter may be a number. */
static bool is_all_x(struct value value)
{
    size_t n = 0;

    while (n < value.len && (value.ptr[n] | 0x20) == 'x')
        n++;
    return n == value.len && n > 1 && n <= LONGEST_BYTES;
}

static bool is_nothing_word(struct value value)
{
    return value.len <= LONGEST_BYTES &&
           (is_one_of(value, program_words, COUNT_OF(program_words)) ||
            is_one_of(value, people_words, COUNT_OF(people_words)));
}

bool filler_is_word(struct value value)
{
    return is_all_x(value) || is_nothing_word(value) ||
           is_one_of(value, no_numbers, COUNT_OF(no_numbers));
}

bool filler_is_object(struct value value)
{
    static const char *const starts[] = {
        "[object ",  "System.",  "java.", "[Ljava.", "[B@",  "ObjectId(", "NumberLong(", "Decimal(",
        "datetime.", "Optional", "['",    "1.#",     "-1.#", "Err:",      "Error 2"};

    for (size_t i = 0; i < COUNT_OF(starts); i++)
        if (value_begins_with(value, starts[i]))
            return true;
    return false;
}

bool filler_is_zero(struct value value)
{
    size_t n = 0;

    while (n < value.len && (value.ptr[n] == '0' || value.ptr[n] == '.'))
        n++;
    return n == value.len && *value.ptr == '0';
}

/* Punctuation, arrows, boxes and blanks: no letter or digit of any script, and no emoji. */
static bool is_mark(uint32_t point)
{
    static const struct {
        uint32_t first, last;
    } marks[] = {{0xa1, 0xa9},     {0xab, 0xb1},     {0xb4, 0xb8},     {0xbb, 0xbf},
                 {0xd7, 0xd7},     {0xf7, 0xf7},     {0x2010, 0x205f}, {0x2190, 0x245f},
                 {0x2500, 0x2617}, {0x2800, 0x2800}, {0x3001, 0x3004}, {0x3008, 0x3020},
                 {0x3030, 0x3030}, {0xff01, 0xff0f}, {0xff1a, 0xff20}, {0xff3b, 0xff40},
                 {0xff5b, 0xff65}, {0xffe0, 0xffee}};

    if (character_is_invisible(point) || character_is_blank(point))
        return true;
    for (size_t i = 0; i < COUNT_OF(marks); i++)
        if (point >= marks[i].first && point <= marks[i].last)
            return true;
    return false;
}

static bool is_all_marks(struct value value)
{
    for (size_t i = 0; i < value.len;) {
        uint32_t point = 0;
        size_t len = character_decode(value.ptr + i, &point);

        if (point >= 0x80 && !is_mark(point))
            return false;
        i += len ? len : 1;
    }
    return value.len > 0;
}

bool filler_is_text(struct value value, unsigned kinds)
{
    /* These have rules of their own. */
    if (value_has_control(value) || text_is_lost(value, kinds) || value_is_spreadsheet_error(value))
        return false;
    if (filler_is_zero(value) || is_nothing_word(value))
        return true;
    return !(kinds & (TEXT_DIGIT | TEXT_UPPER | TEXT_LOWER)) && is_all_marks(value);
}
