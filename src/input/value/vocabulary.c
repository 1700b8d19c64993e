#include "input/value/vocabulary.h"

#include <string.h>
#include <strings.h>

#include "base/character.h"
#include "base/words/language.h"
#include "input/value/value.h"

#define KNOWN_STATUSES 3

const char vocabulary_conflict[] =
    N_("this word has another value already: one word means one thing");

static const char *const known_statuses[KNOWN_STATUSES] = {"未理赔", "理赔成功", "理赔失败"};
static const char *const known_nulls[] = {"NULL", "[NULL]", "\\N",    "(null)", "nan",
                                          "None", "-",      "--",     "—",      "/",
                                          "无",   "<NA>",   "<null>", "NaT",    "undefined"};

void vocabulary_init(struct vocabulary *ret_vocabulary)
{
    const char *why = NULL;

    memset(ret_vocabulary, 0, sizeof(*ret_vocabulary));
    for (int i = 0; i < KNOWN_STATUSES; i++)
        ret_vocabulary->statuses[i] = (struct status_word){known_statuses[i], i};
    ret_vocabulary->status_count = KNOWN_STATUSES;
    for (size_t i = 0; i < sizeof(known_nulls) / sizeof(*known_nulls); i++)
        vocabulary_add_null(ret_vocabulary, known_nulls[i], &why);
}

static bool is_word(const char *word, struct value value)
{
    return strlen(word) == value.len && memcmp(word, value.ptr, value.len) == 0;
}

static const struct status_word *find_word(const struct vocabulary *vocabulary, struct value value)
{
    for (size_t i = 0; i < vocabulary->status_count; i++)
        if (is_word(vocabulary->statuses[i].word, value))
            return &vocabulary->statuses[i];
    return NULL;
}

/* The entry of a number, however it is written: 1, 01, 1.0. */
static const struct status_word *find_number(const struct vocabulary *vocabulary, int64_t number)
{
    for (size_t i = 0; i < vocabulary->status_count; i++) {
        const char *word = vocabulary->statuses[i].word;
        int64_t other = 0;

        if (value_parse_whole((struct value){word, strlen(word)}, &other) == RULE_NONE &&
            other == number)
            return &vocabulary->statuses[i];
    }
    return NULL;
}

bool vocabulary_add_status(struct vocabulary *vocabulary, const char *word, const char *status,
                           const char **ret_why)
{
    const struct cell cell = {word, strlen(word)};
    const struct value value = value_of(&cell);
    const struct status_word *there = NULL;
    int64_t number = 0;
    bool is_number = value_parse_whole(value, &number) == RULE_NONE;

    *ret_why = _("write WORD=N, with N 0 (not settled), 1 (claim succeeded) or 2 (claim failed)");
    if (strlen(status) != 1 || *status < '0' || *status > '2' || value.len == 0 ||
        value.len != strlen(word))
        return false;
    there = is_number ? find_number(vocabulary, number) : find_word(vocabulary, value);
    *ret_why = vocabulary_conflict;
    if (there)
        return there->status == *status - '0';
    *ret_why = _("there are too many words");
    if (vocabulary->status_count == VOCABULARY_STATUSES_MAX)
        return false;
    vocabulary->statuses[vocabulary->status_count++] = (struct status_word){word, *status - '0'};
    vocabulary->has_numbers |= is_number;
    return true;
}

bool vocabulary_status(const struct vocabulary *vocabulary, struct value value, int64_t *ret_status)
{
    const struct status_word *word = NULL;

    /* Nearly every cell. */
    if (value.len == 1 && *value.ptr >= '0' && *value.ptr <= '2' && !vocabulary->has_numbers) {
        *ret_status = *value.ptr - '0';
        return true;
    }
    word = find_word(vocabulary, value);
    if (!word && value_parse_whole(value, ret_status) == RULE_NONE) {
        if (!vocabulary->has_numbers)
            return *ret_status <= 2;
        word = find_number(vocabulary, *ret_status);
    }
    if (word)
        *ret_status = word->status;
    return word != NULL;
}

/* ---- null words ---- */

bool vocabulary_add_null(struct vocabulary *vocabulary, const char *word, const char **ret_why)
{
    unsigned char first = (unsigned char)character_lower(*word);
    size_t len = strlen(word);

    if (strcmp(word, "none") == 0) {
        vocabulary->null_count = vocabulary->longest_null = 0;
        memset(vocabulary->null_first, 0, sizeof(vocabulary->null_first));
        return true;
    }
    *ret_why = _("it must not be empty");
    if (len == 0)
        return false;
    *ret_why = _("there are too many words");
    if (vocabulary->null_count == VOCABULARY_NULLS_MAX)
        return false;
    vocabulary->nulls[vocabulary->null_count++] = word;
    if (len > vocabulary->longest_null)
        vocabulary->longest_null = len;
    vocabulary->null_first[first] = true;
    if (first >= 'a' && first <= 'z')
        vocabulary->null_first[first - 'a' + 'A'] = true;
    return true;
}

bool vocabulary_has_null(const struct vocabulary *vocabulary, struct value value)
{
    if (value.len > vocabulary->longest_null)
        return false;
    for (size_t i = 0; i < vocabulary->null_count; i++)
        if (strlen(vocabulary->nulls[i]) == value.len &&
            strncasecmp(vocabulary->nulls[i], value.ptr, value.len) == 0)
            return true;
    return false;
}
