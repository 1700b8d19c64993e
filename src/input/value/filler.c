#include "filler.h"

#include <string.h>
#include <strings.h>

static bool is_word(struct value value, const char *word)
{
    return value.len == strlen(word) && strncasecmp(value.ptr, word, value.len) == 0;
}

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
    return n == value.len && n > 1 && n <= 12;
}

static bool is_nothing_word(struct value value)
{
    return is_one_of(value, program_words, COUNT_OF(program_words)) ||
           is_one_of(value, people_words, COUNT_OF(people_words));
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
