/* The guises of a claim number: what tools put around it, into it or in its place. */
#include <string.h>

#include "base/character.h"
#include "input/order_no.h"
#include "input/text.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* &nbsp; &amp; &#39; &#x27; */
static bool has_entity(struct value value)
{
    for (size_t i = 0; i < value.len; i++) {
        size_t n = i + 1;

        if (value.ptr[i] != '&')
            continue;
        n += n < value.len && value.ptr[n] == '#';
        while (n < value.len && (is_digit(value.ptr[n]) || is_letter(value.ptr[n])))
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

enum order_guise order_no_guise(struct value value, unsigned kinds)
{
    if (kinds & TEXT_GUISE) {
        if (*value.ptr == '\'' || *value.ptr == '`')
            return ORDER_APOSTROPHE;
        if (has_entity(value))
            return ORDER_ENTITY;
    }
    if (kinds & TEXT_BEYOND_ASCII && !(kinds & TEXT_HAN) && imitates_ascii(value))
        return ORDER_LOOKALIKE;
    return ORDER_GENUINE;
}
