#include "filler.h"

#include <string.h>
#include <strings.h>

static bool is_word(struct value value, const char *word)
{
    return value.len == strlen(word) && strncasecmp(value.ptr, word, value.len) == 0;
}

static bool is_one_of(struct value value, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_word(value, words[i]))
            return true;
    return false;
}

bool filler_is_word(struct value value)
{
    static const char *const words[] = {
        "TRUE",     "FALSE", "NA",     "N/A",  "NIL",  "undefined", "NaT",    "error",
        "none",     "null",  "no",     "yes",  "TBD",  "unknown",   "empty",  "blank",
        "待定",     "待补",  "待补充", "暂无", "未知", "空",        "空白",   "(空白)",
        "（空白）", "没有",  "无号",   "缺失", "未填", "未录入",    "未生成", "不详",
        "同上",     "略",    "是",     "否",   "有",   "<NA>",      "<null>", "(blank)"};

    return is_one_of(value, words, sizeof(words) / sizeof(*words));
}

bool filler_is_object(struct value value)
{
    static const char *const starts[] = {"[object ", "System.", "java.", "[Ljava.", "[B@"};

    for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
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
