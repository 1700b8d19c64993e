#include "quoting.h"

#include <string.h>

#include "base/character.h"

#define STANDS_FOR_DELIMITER '\xff' /* no byte of UTF-8 */

/* One walk over a line. */
struct walk {
    const struct quoting *quoting;
    const char *at, *end;
    struct buffer *text; /* NULL: only counted */
    size_t len;          /* of the strict form so far */
};

bool quoting_init(struct quoting *ret_quoting, uint32_t delimiter)
{
    *ret_quoting = (struct quoting){0};
    if (delimiter == 0 || delimiter == '"' || delimiter == '\r' || delimiter == '\n' ||
        !(ret_quoting->delimiter_len = character_encode(delimiter, ret_quoting->delimiter)))
        return false;
    ret_quoting->byte =
        ret_quoting->delimiter_len == 1 ? ret_quoting->delimiter[0] : STANDS_FOR_DELIMITER;
    return true;
}

void quoting_release(struct quoting *quoting)
{
    buffer_release(&quoting->text);
}

void quoting_reset(struct quoting *quoting)
{
    quoting->is_open = false;
}

bool quoting_is_delimiter(const struct quoting *quoting, const char *text, const char *end)
{
    return (size_t)(end - text) >= quoting->delimiter_len &&
           memcmp(text, quoting->delimiter, quoting->delimiter_len) == 0;
}

static const char *pass_blanks(const struct quoting *quoting, const char *text, const char *end)
{
    while (text < end && (*text == ' ' || *text == '\t') &&
           !quoting_is_delimiter(quoting, text, end))
        text++;
    return text;
}

static bool is_cell_end(const struct quoting *quoting, const char *text, const char *end)
{
    return text == end || quoting_is_delimiter(quoting, text, end);
}

/* The bytes of the idiom ="00123" at the text, or 0. */
static size_t idiom_len(const struct quoting *quoting, const char *text, const char *end)
{
    const char *close = NULL;

    if (end - text < 3 || text[0] != '=' || text[1] != '"')
        return 0;
    close = memchr(text + 2, '"', (size_t)(end - text - 2));
    if (!close || !is_cell_end(quoting, pass_blanks(quoting, close + 1, end), end))
        return 0;
    for (const char *p = text; p < close; p++)
        if (quoting_is_delimiter(quoting, p, end))
            return 0;
    return (size_t)(close + 1 - text);
}

size_t quoting_blanks(const struct quoting *quoting, const char *text, const char *end)
{
    const char *behind = pass_blanks(quoting, text, end);

    return behind < end && (*behind == '"' || idiom_len(quoting, behind, end))
               ? (size_t)(behind - text)
               : 0;
}

static void put(struct walk *walk, const char *bytes, size_t len)
{
    if (walk->text)
        buffer_append(walk->text, bytes, len);
    walk->len += len;
}

/* Copies bytes of the line. */
static void copy(struct walk *walk, size_t len)
{
    put(walk, walk->at, len);
    walk->at += len;
}

/* Blanks behind a cell that ends in a quote. */
static void drop_blanks_at_end(struct walk *walk)
{
    const char *behind = pass_blanks(walk->quoting, walk->at, walk->end);

    if (is_cell_end(walk->quoting, behind, walk->end))
        walk->at = behind;
}

/* The rest of a quoted cell. Returns whether its quote is still open at the end of the line. */
static bool walk_quoted(struct walk *walk)
{
    while (walk->at < walk->end) {
        if (*walk->at != '"') {
            copy(walk, 1);
        } else if (walk->at + 1 < walk->end && walk->at[1] == '"') {
            copy(walk, 2);
        } else {
            copy(walk, 1);
            drop_blanks_at_end(walk);
            return false;
        }
    }
    return true;
}

static void walk_idiom(struct walk *walk, size_t len)
{
    put(walk, "\"=\"\"", 4);
    put(walk, walk->at + 2, len - 3);
    put(walk, "\"\"\"", 3);
    walk->at += len;
    drop_blanks_at_end(walk);
}

/* Up to the delimiter, which is not among it. */
static void walk_bare(struct walk *walk)
{
    while (!is_cell_end(walk->quoting, walk->at, walk->end))
        copy(walk, 1);
}

static bool walk_cell(struct walk *walk)
{
    bool is_open = false;
    size_t idiom = 0;

    walk->at += quoting_blanks(walk->quoting, walk->at, walk->end);
    idiom = idiom_len(walk->quoting, walk->at, walk->end);
    if (idiom) {
        walk_idiom(walk, idiom);
    } else if (walk->at < walk->end && *walk->at == '"') {
        copy(walk, 1);
        is_open = walk_quoted(walk);
    }
    if (!is_open)
        walk_bare(walk);
    return is_open;
}

/* Returns whether a quote is open. */
static bool walk_line(struct walk *walk, bool is_open)
{
    if (is_open) {
        is_open = walk_quoted(walk);
        if (!is_open)
            walk_bare(walk);
    } else {
        is_open = walk_cell(walk);
    }
    while (!is_open && walk->at < walk->end) {
        walk->at += walk->quoting->delimiter_len;
        put(walk, &walk->quoting->byte, 1);
        is_open = walk_cell(walk);
    }
    return is_open;
}

void quoting_line(struct quoting *quoting, const char *line, size_t len)
{
    struct walk walk = {quoting, line, line + len, &quoting->text, 0};

    buffer_reset(&quoting->text);
    quoting->was_open = quoting->is_open;
    quoting->is_open = walk_line(&walk, quoting->is_open);
}

size_t quoting_origin(const struct quoting *quoting, const char *line, size_t len, size_t offset)
{
    size_t low = 0, high = len;

    /* The strict form of a longer start of the line is never shorter. */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct walk walk = {quoting, line, line + middle + 1, NULL, 0};

        walk_line(&walk, quoting->was_open);
        if (walk.len > offset)
            high = middle;
        else
            low = middle + 1;
    }
    /* Near there, for blanks and idioms are of another length there. */
    for (size_t at = low; at < len && offset < quoting->text.len; at++)
        if (line[at] == quoting->text.ptr[offset])
            return at;
    return low < len ? low : len - (len > 0);
}
