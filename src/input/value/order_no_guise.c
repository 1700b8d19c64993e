/* The guises of a claim number: what tools put around it, into it or in its place. */
#include <string.h>

#include "base/character.h"
#include "filler.h"
#include "input/value/order_no.h"
#include "text.h"

/* &nbsp; &amp; &#39; &#x27; */
static bool has_entity(struct value value)
{
    for (size_t i = 0; i < value.len; i++) {
        size_t n = i + 1;

        if (value.ptr[i] != '&')
            continue;
        n += n < value.len && value.ptr[n] == '#';
        while (n < value.len &&
               (character_is_digit(value.ptr[n]) || character_is_letter(value.ptr[n])))
            n++;
        if (n > i + 2 && n < value.len && value.ptr[n] == ';')
            return true;
    }
    return false;
}

/* Letters of other alphabets that look like ours, quotes as word processors turn them, and the stop
 * of a Chinese sentence. */
static bool is_lookalike(uint32_t point)
{
    static const uint32_t letters[] = {0x391, 0x392, 0x395, 0x396, 0x397, 0x399, 0x39a, 0x39c,
                                       0x39d, 0x39f, 0x3a1, 0x3a4, 0x3a5, 0x3a7, 0x3bf, 0x405,
                                       0x406, 0x408, 0x410, 0x412, 0x415, 0x41a, 0x41c, 0x41d,
                                       0x41e, 0x420, 0x421, 0x422, 0x423, 0x425, 0x430, 0x435,
                                       0x43e, 0x440, 0x441, 0x443, 0x445, 0x455, 0x456, 0x458};
    static const uint32_t marks[] = {0xb4,   0x2018, 0x2019, 0x201a, 0x201c, 0x201d, 0x201e,
                                     0x2032, 0x2033, 0x2044, 0x2215, 0x2236, 0x3001, 0x3002,
                                     0x300c, 0x300d, 0xff61, 0x2024, 0x22c5, 0xb7};

    for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++)
        if (letters[i] == point)
            return true;
    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
        if (marks[i] == point)
            return true;
    return character_is_lookalike(point);
}

static bool imitates_ascii(struct value value)
{
    bool found = false;

    for (size_t i = 0; i < value.len;) {
        uint32_t point = 0;
        size_t len = character_decode(value.ptr + i, &point);

        if (len > 1 && !is_lookalike(point) && !character_is_invisible(point))
            return false;
        found |= len > 1 && is_lookalike(point);
        i += len ? len : 1;
    }
    return found;
}

/* ---- no number at all ---- */

static bool is_unfilled(struct value value, unsigned kinds)
{
    if (kinds & TEXT_DIGIT)
        return filler_is_zero(value) ||
               (kinds & (TEXT_MARK | TEXT_OTHER | TEXT_SEPARATOR) && filler_is_object(value));
    if (kinds & (TEXT_CONTROL | TEXT_QUESTION))
        return false;
    /* Marks and nothing else. */
    if (!(kinds & (TEXT_UPPER | TEXT_LOWER | TEXT_BEYOND_ASCII)))
        return true;
    return filler_is_word(value) || filler_is_object(value);
}

/* ---- more than the number ---- */

/* 报案号LP1, No:LP1: the names that numbers have in an office. Some are part of numbers where no
 * colon follows. */
static bool has_name_before(struct value value)
{
    static const char *const names[] = {"理赔单号", "理赔号",   "理赔编号", "赔案号",   "赔案编号",
                                        "报案号",   "报案编号", "案件号",   "案件编号", "立案号",
                                        "结案号",   "赔付单号", "工单号",   "工单编号", "订单号",
                                        "保单号",   "单号"};
    static const char *const doubtful[] = {"编号",   "流水号",   "案号",     "号码",
                                           "单据号", "no",       "nr",       "id",
                                           "number", "order no", "claim no", "claim_order_no"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (value_begins_with(value, names[i]))
            return true;
    for (size_t i = 0; i < sizeof(doubtful) / sizeof(*doubtful); i++) {
        struct value rest = {value.ptr + strlen(doubtful[i]), value.len - strlen(doubtful[i])};

        if (value_begins_with(value, doubtful[i]) &&
            (value_begins_with(rest, ":") || value_begins_with(rest, "：")))
            return true;
    }
    return false;
}

static bool ends_with(struct value value, const char *text)
{
    size_t len = strlen(text);

    return value.len > len && memcmp(value.ptr + value.len - len, text, len) == 0;
}

static bool ends_with_any(struct value value, const char *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ends_with(value, texts[i]))
            return true;
    return false;
}

static bool is_wrapped(struct value value)
{
    static const char *const ends[] = {";", ",", "|", "，", "；", "、", "："};
    char last = value.ptr[value.len - 1];

    for (size_t i = 0; i < value.len; i++)
        if (strchr("\"<>{}", value.ptr[i]))
            return true;
    return *value.ptr == '=' || memmem(value.ptr, value.len, "://", 3) ||
           (*value.ptr == '*' && last == '*') || (value_begins_with(value, "b'") && last == '\'') ||
           ends_with_any(value, ends, sizeof(ends) / sizeof(*ends));
}

/* What a screen or a mask leaves of a number. */
static bool is_cut(struct value value)
{
    static const char *const marks[] = {"…", "...", "**", "＊＊"};

    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
        if (memmem(value.ptr, value.len, marks[i], strlen(marks[i])))
            return true;
    return false;
}

/* LP?1: a program writes a question mark for a character that it cannot write, often one that was
 * not seen before the number. What is nothing else has a rule of its own. */
static bool has_lost_characters(struct value value, unsigned kinds)
{
    return kinds & TEXT_QUESTION && kinds & (TEXT_DIGIT | TEXT_UPPER | TEXT_LOWER) &&
           !text_is_lost(value, kinds);
}

/* Blanks inside may be of the office; these nobody sees, and they make another number. */
static bool is_broken(struct value value, unsigned kinds)
{
    return kinds & TEXT_SEPARATOR &&
           (memchr(value.ptr, '\n', value.len) || memchr(value.ptr, '\r', value.len) ||
            memchr(value.ptr, '\t', value.len));
}

static bool is_signed(struct value value)
{
    return (*value.ptr == '-' || *value.ptr == '+') && value.len > 1 &&
           value_count_digits(value, 1) == value.len - 1;
}

/* ---- all together ---- */

/* Letters, digits and dashes, as nearly every number is made of. */
static enum order_no_guise usual_guise(struct value value, unsigned kinds)
{
    if (is_unfilled(value, kinds))
        return ORDER_UNFILLED;
    return is_signed(value) ? ORDER_SIGNED : ORDER_GENUINE;
}

static bool has_apostrophe(struct value value)
{
    char first = *value.ptr, last = value.ptr[value.len - 1];

    return first == '\'' || first == '`' || last == '\'' || last == '`';
}

enum order_no_guise order_no_guise_find(struct value value, unsigned kinds)
{
    enum order_no_guise usual = usual_guise(value, kinds);

    if (is_broken(value, kinds))
        return ORDER_BROKEN;
    if (usual != ORDER_GENUINE)
        return usual;
    if (kinds & TEXT_GUISE && has_entity(value))
        return ORDER_ENTITY;
    if (is_wrapped(value))
        return ORDER_WRAPPED;
    if (kinds & TEXT_GUISE && has_apostrophe(value))
        return ORDER_APOSTROPHE;
    if (is_cut(value))
        return ORDER_CUT;
    if (has_lost_characters(value, kinds))
        return ORDER_LOSSY;
    if (kinds & (TEXT_HAN | TEXT_MARK | TEXT_SPECIAL) && has_name_before(value))
        return ORDER_LABELLED;
    if (kinds & TEXT_BEYOND_ASCII && !(kinds & TEXT_HAN) && imitates_ascii(value))
        return ORDER_LOOKALIKE;
    return ORDER_GENUINE;
}

/* Where a name before the number may end: behind the mark at the place, or 0. */
static size_t mark_len(struct value value, size_t at)
{
    static const char *const marks[] = {":", "：", ".", "#", "＃"};
    struct value rest = {value.ptr + at, value.len - at};

    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
        if (value_begins_with(rest, marks[i]))
            return strlen(marks[i]);
    return 0;
}

bool order_no_guise_is_labelled(struct value value, unsigned kinds, uint64_t shape)
{
    if (!shape || !(kinds & (TEXT_MARK | TEXT_OTHER | TEXT_SPECIAL)))
        return false;
    for (size_t i = 1; i < value.len; i++) {
        size_t len = mark_len(value, i);
        struct cell rest = {value.ptr + i + len, value.len - i - len};

        if (len && rest.len && text_shape(value_of(&rest)) == shape)
            return true;
    }
    return false;
}
