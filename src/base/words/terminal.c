#include "base/words/terminal.h"

#include <errno.h>
#include <iconv.h>
#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <wchar.h>

#include "base/character.h"

#define BYTES_AT_A_TIME 256
#define USUAL_WIDTH 80
#define NONE ((iconv_t)-1)

static iconv_t to_terminal = NONE, from_terminal = NONE; /* NONE: bytes stay */

void terminal_start(void)
{
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    const char *charset = locale ? nl_langinfo_l(CODESET, locale) : "";

    if (*charset && strcmp(charset, "UTF-8") != 0 && strcmp(charset, "ANSI_X3.4-1968") != 0) {
        to_terminal = iconv_open(charset, "UTF-8");
        from_terminal = iconv_open("UTF-8", charset);
    }
    if (locale)
        freelocale(locale);
}

void terminal_end(void)
{
    if (to_terminal != NONE)
        iconv_close(to_terminal);
    if (from_terminal != NONE)
        iconv_close(from_terminal);
    to_terminal = from_terminal = NONE;
}

/* Appends what can be converted; returns where the rest begins. */
static const char *convert(iconv_t converter, const char *text, struct buffer *ret_text)
{
    char *in = (char *)(uintptr_t)text; /* iconv does not write there */
    size_t left = strlen(text);
    bool goes_on = true;

    while (left && goes_on) {
        char bytes[BYTES_AT_A_TIME];
        char *out = bytes;
        size_t room = sizeof(bytes);

        goes_on = iconv(converter, &in, &left, &out, &room) != (size_t)-1 || errno == E2BIG;
        buffer_append(ret_text, bytes, sizeof(bytes) - room);
    }
    return in;
}

const char *terminal_text(const char *text, struct buffer *room)
{
    if (to_terminal == NONE)
        return text;
    for (const char *rest = text; *(rest = convert(to_terminal, rest, room));) {
        uint32_t point;
        size_t len = character_decode(rest, &point);

        buffer_byte(room, '?');
        rest += len ? len : 1;
    }
    return room->failed ? text : buffer_string(room);
}

const char *terminal_word(const char *typed, struct buffer *room)
{
    if (from_terminal == NONE || character_is_utf8(typed))
        return typed;
    return *convert(from_terminal, typed, room) || room->failed ? typed : buffer_string(room);
}

void terminal_print(const char *text)
{
    struct buffer room = {0};

    fputs(terminal_text(text, &room), stdout);
    buffer_release(&room);
}

size_t terminal_width(int fd)
{
    struct winsize size = {0};

    return ioctl(fd, TIOCGWINSZ, &size) || !size.ws_col ? USUAL_WIDTH : size.ws_col;
}

static size_t columns_of(uint32_t point)
{
    static const struct {
        uint32_t first, last;
    } wide[] = {
        {0x1100, 0x115f}, {0x2e80, 0x303e},   {0x3041, 0x4dbf},   {0x4e00, 0xa4cf},
        {0xac00, 0xd7a3}, {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
        {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
    };

    if (character_is_invisible(point))
        return 0;
    for (size_t i = 0; i < sizeof(wide) / sizeof(*wide); i++)
        if (point >= wide[i].first && point <= wide[i].last)
            return 2;
    return 1;
}

size_t terminal_columns(const char *text)
{
    size_t columns = 0;

    while (*text) {
        uint32_t point;
        size_t len = character_decode(text, &point);

        columns += columns_of(point);
        text += len ? len : 1;
    }
    return columns;
}

/* What no line begins with, and none ends with. */
static bool is_closing(uint32_t point)
{
    return wcschr(L"、。，；：）」”！？》", (wchar_t)point);
}

static bool is_opening(uint32_t point)
{
    return wcschr(L"（「“《", (wchar_t)point);
}

/* The next piece of a text that stays together: a wide character, or all up to a blank or one of
 * those; and a mark with what it belongs to. */
static size_t piece(const char *text, size_t *ret_columns)
{
    size_t len = 0;
    bool is_wide = false, is_open = false;

    *ret_columns = 0;
    while (text[len] && text[len] != ' ') {
        uint32_t point;
        size_t more = character_decode(text + len, &point);
        size_t columns = columns_of(point);

        if (len && (is_wide || columns == 2) && !is_closing(point) && !is_open)
            break;
        is_wide = columns == 2;
        is_open = is_opening(point);
        *ret_columns += columns;
        len += more ? more : 1;
    }
    return len;
}

void terminal_flow(const char *text, size_t at, size_t indent, size_t columns, struct buffer *out)
{
    bool is_first = true; /* in its line */

    while (*text) {
        size_t blank = strspn(text, " ");
        size_t wide;
        size_t len;

        text += blank;
        if (!*text)
            break;
        len = piece(text, &wide);
        if (at + (blank > 0) + wide > columns && !is_first) {
            buffer_format(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (blank && !is_first) {
            buffer_byte(out, ' ');
            at++;
        }
        buffer_append(out, text, len);
        text += len;
        at += wide;
        is_first = false;
    }
    buffer_byte(out, '\n');
}

void terminal_cell(struct buffer *buffer, const char *text, size_t columns)
{
    buffer_text(buffer, text);
    for (size_t used = terminal_columns(text); used < columns; used++)
        buffer_byte(buffer, ' ');
}
