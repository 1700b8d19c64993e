/* What a word means that a person types, and the list of all of them. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "advice_part.h"
#include "base/character.h"

static bool is_same_word(const char *a, const char *b)
{
    for (; *a && *b; a++, b++) {
        char x = *a == '-' ? '_' : character_lower(*a);
        char y = *b == '-' ? '_' : character_lower(*b);

        if (x != y)
            return false;
    }
    return *a == *b;
}

static bool name_matches(const char *word, const char *name)
{
    return !word || is_same_word(word, name);
}

/* The i-th entry whose name is the word, or of all if that is NULL. Each part of the list takes
 * from *i what it has. */
static bool named_outcome(const char *word, size_t *i, struct advice *advice)
{
    for (int k = 0; k < OUTCOME_COUNT; k++)
        if (name_matches(word, outcome_name((enum outcome)k)) && (*i)-- == 0) {
            advice_fill_outcome((enum outcome)k, advice);
            return true;
        }
    return false;
}

static bool named_row(const char *word, size_t *i, struct advice *advice)
{
    for (size_t k = 0; k < advice_row_count; k++)
        if (name_matches(word, advice_rows[k].code) && (*i)-- == 0) {
            advice_fill_row(k, advice);
            return true;
        }
    return false;
}

static bool named_rule(const char *word, size_t *i, struct advice *advice)
{
    for (int k = 0; k < RULE_COUNT; k++)
        if (name_matches(word, rule_code((enum rule)k)) && (*i)-- == 0) {
            advice_fill_rule((enum rule)k, advice);
            return true;
        }
    return false;
}

static bool named_status(const char *word, size_t *i, struct advice *advice)
{
    struct verdict verdict;

    for (size_t k = 0; k < advice_status_count; k++)
        if (name_matches(word, advice_statuses[k].shown) && (*i)-- == 0) {
            advice_fill_status(k, advice_statuses[k].last, advice_statuses[k].shown, &verdict,
                               advice);
            return true;
        }
    return false;
}

static bool named_code(size_t *i, struct advice *advice)
{
    for (size_t k = 0; k < advice_code_count; k++) {
        int64_t code = advice_codes[k].first;
        struct verdict verdict;

        if ((*i)-- > 0)
            continue;
        advice_judge_code(code, "", &verdict);
        advice_fill_code(k, advice_codes[k].shown, "", &verdict, advice);
        return true;
    }
    return false;
}

static bool named_sub_code(size_t *i, struct advice *advice)
{
    for (size_t k = 0; k < advice_sub_code_count; k++)
        if ((*i)-- == 0) {
            advice_fill_sub_code(k, advice_sub_codes[k].pattern, advice_sub_codes[k].sample,
                                 advice);
            return true;
        }
    return false;
}

static bool named_stop(const char *word, size_t *i, struct advice *advice)
{
    for (size_t k = 0; k < advice_stop_count; k++)
        if (name_matches(word, advice_stops[k].because) && (*i)-- == 0) {
            advice_fill(advice, ADVICE_STOP, advice_stops[k].because, advice_stops[k].meaning,
                        ADVICE_NO_ROW);
            advice->todo = advice_stops[k].todo;
            return true;
        }
    return false;
}

static bool named_exit(const char *word, size_t *i, struct advice *advice)
{
    for (size_t k = 0; k < advice_exit_count; k++)
        if (name_matches(word, advice_exits[k].shown) && (*i)-- == 0) {
            advice_fill(advice, ADVICE_EXIT, advice_exits[k].shown, advice_exits[k].meaning,
                        ADVICE_NO_ROW);
            advice->todo = advice_exits[k].todo;
            return true;
        }
    return false;
}

bool advice_at(size_t i, struct advice *ret_advice)
{
    return (named_outcome(NULL, &i, ret_advice) || named_row(NULL, &i, ret_advice) ||
            named_rule(NULL, &i, ret_advice) || named_status(NULL, &i, ret_advice) ||
            named_code(&i, ret_advice) || named_sub_code(&i, ret_advice) ||
            named_stop(NULL, &i, ret_advice) || named_exit(NULL, &i, ret_advice)) &&
           advice_translate(ret_advice);
}

/* 503, HTTP_503 or http-503. */
static bool numbered_status(const char *word, size_t *i, struct advice *advice)
{
    bool has_name = strncasecmp(word, "http", 4) == 0;
    struct verdict verdict;
    char shown[16];
    int64_t status;
    size_t k;

    if (!advice_parse_number(has_name ? word + 4 + (word[4] != '\0') : word, &status) ||
        !advice_find_status((long)(status > 999 ? 0 : status), &k) || (*i)-- > 0)
        return false;
    snprintf(shown, sizeof(shown), "HTTP_%d", (int)status);
    advice_fill_status(k, (long)status, shown, &verdict, advice);
    return true;
}

static bool numbered_code(const char *word, size_t i, struct advice *advice)
{
    int64_t code;

    return advice_parse_number(word, &code) && advice_kind_of_code(code, word, i, advice);
}

static bool written_sub_code(const char *word, size_t *i, struct advice *advice)
{
    size_t k;

    if (!strpbrk(word, ".*") || !advice_find_sub_code(word, &k) || (*i)-- > 0)
        return false;
    advice_fill_sub_code(k, word, strchr(word, '*') ? advice_sub_codes[k].sample : word, advice);
    return true;
}

bool advice_meaning(const char *word, size_t i, struct advice *ret_advice)
{
    return (named_outcome(word, &i, ret_advice) || named_row(word, &i, ret_advice) ||
            named_rule(word, &i, ret_advice) || named_status(word, &i, ret_advice) ||
            named_stop(word, &i, ret_advice) || named_exit(word, &i, ret_advice) ||
            written_sub_code(word, &i, ret_advice) || numbered_status(word, &i, ret_advice) ||
            numbered_code(word, i, ret_advice)) &&
           advice_translate(ret_advice);
}

const char *advice_word(size_t i)
{
    if (i < OUTCOME_COUNT)
        return outcome_name((enum outcome)i);
    i -= OUTCOME_COUNT;
    if (i < advice_row_count)
        return advice_rows[i].code;
    i -= advice_row_count;
    if (i < RULE_COUNT)
        return rule_code((enum rule)i);
    i -= RULE_COUNT;
    if (i < advice_sub_code_count)
        return advice_sub_codes[i].sample;
    i -= advice_sub_code_count;
    return i < advice_stop_count ? advice_stops[i].because : NULL;
}
