#include "lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "input/export/charset.h"

struct lines {
    struct export *export;
    struct charset *charset; /* NULL for UTF-8: the bytes are the text */
    unsigned char *block;    /* what charset converts from; NULL for UTF-8 */
    size_t bom_bytes;
    uint64_t text_bytes;    /* of the export: what is behind them is no text */
    uint64_t blocks, bytes; /* taken from the export */

    struct buffer text; /* from the mark on */
    size_t mark;
    size_t at;     /* where the next line starts */
    size_t lf, cr; /* the first of its kind from `at` on, or how far was searched in vain */
    bool whole;    /* the end of the export is in the text */
};

struct lines *lines_open(struct export *export, const struct survey *survey, struct error *err)
{
    struct lines *lines = calloc(1, sizeof(*lines));

    if (!lines) {
        error_no_memory(err);
        return NULL;
    }
    lines->export = export;
    lines->bom_bytes = survey->bom_bytes;
    lines->text_bytes = survey->text_bytes;
    if (survey->encoding == ENCODING_UTF8)
        return lines;
    lines->block = malloc(EXPORT_BLOCK_BYTES);
    if (!lines->block)
        error_no_memory(err);
    else
        lines->charset = charset_open(survey->encoding, err);
    if (!lines->charset) {
        lines_close(lines);
        return NULL;
    }
    return lines;
}

void lines_close(struct lines *lines)
{
    if (!lines)
        return;
    charset_close(lines->charset);
    buffer_release(&lines->text);
    free(lines->block);
    free(lines);
}

void lines_mark(struct lines *lines)
{
    lines->mark = lines->at;
}

/* Drops the text before the mark. */
static void shift(struct lines *lines)
{
    size_t gone = lines->mark;

    if (gone == 0)
        return;
    memmove(lines->text.ptr, lines->text.ptr + gone, lines->text.len - gone);
    lines->text.len -= gone;
    lines->mark = 0;
    lines->at -= gone;
    lines->lf = lines->lf < gone ? 0 : lines->lf - gone;
    lines->cr = lines->cr < gone ? 0 : lines->cr - gone;
}

/* The charset does not know the file's name. */
static int name_file(const struct lines *lines, struct error *err)
{
    struct error inner = *err;

    if (inner.exit_code != EXIT_INPUT_REFUSED)
        return -1;
    return error_set(err, inner.exit_code, "'%s', %s", LOG_QUOTED(export_name(lines->export)),
                     inner.text);
}

/* How many bytes of the block that was read are text. */
static size_t text_len(const struct lines *lines, size_t len)
{
    uint64_t start = lines->blocks * EXPORT_BLOCK_BYTES;
    uint64_t left = start < lines->text_bytes ? lines->text_bytes - start : 0;

    return len < left ? len : (size_t)left;
}

static int convert_block(struct lines *lines, size_t skipped, size_t *ret_len, struct error *err)
{
    size_t len = 0;

    if (export_read(lines->export, lines->blocks, lines->block, ret_len, err))
        return -1;
    len = text_len(lines, *ret_len);
    if (len > skipped &&
        charset_convert(lines->charset, lines->block + skipped, len - skipped, &lines->text, err))
        return name_file(lines, err);
    if (*ret_len < EXPORT_BLOCK_BYTES && charset_finish(lines->charset, &lines->text, err))
        return name_file(lines, err);
    return 0;
}

/* UTF-8 is read to where it stays. */
static int read_block(struct lines *lines, size_t skipped, size_t *ret_len, struct error *err)
{
    struct buffer *text = &lines->text;
    unsigned char *bytes = NULL;

    if (!buffer_reserve(text, EXPORT_BLOCK_BYTES))
        return error_no_memory(err);
    bytes = (unsigned char *)text->ptr + text->len;
    if (export_read(lines->export, lines->blocks, bytes, ret_len, err))
        return -1;
    text->len += text_len(lines, *ret_len);
    lines->at += skipped;
    lines->mark += skipped;
    return 0;
}

/* Adds the next block to the text. */
static int refill(struct lines *lines, struct error *err)
{
    size_t skipped = lines->blocks == 0 ? lines->bom_bytes : 0;
    size_t len = 0;

    shift(lines);
    if (lines->charset ? convert_block(lines, skipped, &len, err)
                       : read_block(lines, skipped, &len, err))
        return -1;
    lines->blocks++;
    lines->bytes += len;
    lines->whole = len < EXPORT_BLOCK_BYTES;
    return 0;
}

/* The first `byte` from the start of the next line on, or the end of the text. `searched` is where
 * the last search ended: each byte is searched once, however long the lines are. */
static size_t seek(const struct lines *lines, size_t searched, char byte)
{
    const char *text = lines->text.ptr;
    size_t from = searched > lines->at ? searched : lines->at;
    const char *found = NULL;

    if (from < lines->text.len)
        found = memchr(text + from, byte, lines->text.len - from);
    return found ? (size_t)(found - text) : lines->text.len;
}

/* The next line, if all of it, its line end included, is in the text. */
static bool find_line(struct lines *lines, struct line *ret_line)
{
    size_t end = 0;

    lines->lf = seek(lines, lines->lf, '\n');
    lines->cr = seek(lines, lines->cr, '\r');
    end = lines->lf < lines->cr ? lines->lf : lines->cr;
    if (end == lines->text.len && !lines->whole)
        return false;
    /* A CR at the end may be half of a CRLF. */
    if (end == lines->cr && end + 1 == lines->text.len && !lines->whole)
        return false;
    ret_line->len = end - lines->at;
    ret_line->end_len = end < lines->text.len;
    if (end == lines->cr && lines->lf == end + 1 && lines->lf < lines->text.len)
        ret_line->end_len = 2;
    return true;
}

static size_t marked_len(const struct lines *lines)
{
    return lines->text.len - lines->mark;
}

/* Sets the line's pointers; the text moves while it grows. */
static void point(const struct lines *lines, struct line *line)
{
    const char *text = lines->text.ptr ? lines->text.ptr : "";

    line->text = text + lines->at;
    line->start = text + lines->mark;
}

int lines_next(struct lines *lines, size_t limit, struct line *ret_line, struct error *err)
{
    while (!find_line(lines, ret_line)) {
        if (marked_len(lines) > limit) {
            *ret_line = (struct line){.len = lines->text.len - lines->at};
            point(lines, ret_line);
            return LINES_TOO_LONG;
        }
        if (refill(lines, err))
            return -1;
    }
    point(lines, ret_line);
    if (lines->at - lines->mark + ret_line->len > limit)
        return LINES_TOO_LONG;
    lines->at += ret_line->len + ret_line->end_len;
    return ret_line->len + ret_line->end_len > 0;
}

uint64_t lines_position(const struct lines *lines)
{
    size_t waiting = lines->text.len - lines->at;

    return waiting < lines->bytes ? lines->bytes - waiting : 0;
}
