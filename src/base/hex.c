#include "base/hex.h"

#include <string.h>

static void format(const unsigned char *bytes, size_t len, const char *digits, char *ret_hex)
{
    for (size_t i = 0; i < len; i++) {
        *ret_hex++ = digits[bytes[i] >> 4];
        *ret_hex++ = digits[bytes[i] & 15];
    }
    *ret_hex = '\0';
}

void hex_format(const unsigned char *bytes, size_t len, char *ret_hex)
{
    format(bytes, len, "0123456789abcdef", ret_hex);
}

void hex_format_upper(const unsigned char *bytes, size_t len, char *ret_hex)
{
    format(bytes, len, "0123456789ABCDEF", ret_hex);
}

static int value_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_is_text(const char *text, size_t len)
{
    size_t count = 0;

    while (value_of(text[count]) >= 0)
        count++;
    return count == len && text[count] == '\0';
}

bool hex_parse(const char *hex, size_t count, unsigned char *ret_bytes)
{
    for (size_t i = 0; i < 2 * count; i++)
        if (value_of(hex[i]) < 0)
            return false;
    for (size_t i = 0; i < count; i++)
        ret_bytes[i] = (unsigned char)(value_of(hex[2 * i]) << 4 | value_of(hex[2 * i + 1]));
    return true;
}
