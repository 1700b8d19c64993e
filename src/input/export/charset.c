#include "input/export/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/words/language.h"
#include "line_count.h"

#define CHARACTER_BYTES 4 /* the longest character of any encoding here */
#define FEW_BYTES 64      /* given to iconv at a time */

static const struct {
    const char *name, *iconv_name;
} encodings[] = {
    [ENCODING_AUTO] = {"auto", NULL},
    [ENCODING_UTF8] = {"utf-8", "UTF-8"},
    [ENCODING_GB18030] = {"gb18030", "GB18030"},
    [ENCODING_UTF16] = {"utf-16", NULL},
    [ENCODING_UTF16LE] = {"utf-16le", "UTF-16LE"},
    [ENCODING_UTF16BE] = {"utf-16be", "UTF-16BE"},
};

/* The UTF-8 form of a character of two bytes; `len` is 0 until it was met. */
struct pair {
    char utf8[3];
    unsigned char len;
};

#define PAIRS ((size_t)1 << 15) /* the first byte is 0x80 or more */

struct charset {
    iconv_t iconv;
    enum encoding encoding;
    struct pair *pairs;                  /* of GB18030; NULL for others */
    unsigned char rest[CHARACTER_BYTES]; /* of a character that the end of a piece cut */
    size_t rest_len;
    uint64_t offset; /* bytes converted */
    struct line_count lines;
};

const char *charset_encoding_name(enum encoding encoding)
{
    return encodings[encoding].name;
}

bool charset_encoding_parse(const char *name, enum encoding *ret_encoding)
{
    for (size_t i = 0; i < sizeof(encodings) / sizeof(*encodings); i++) {
        if (strcasecmp(encodings[i].name, name) == 0) {
            *ret_encoding = (enum encoding)i;
            return true;
        }
    }
    return false;
}

struct charset *charset_open(enum encoding encoding, struct error *err)
{
    struct charset *charset = calloc(1, sizeof(*charset));

    if (!charset) {
        error_no_memory(err);
        return NULL;
    }
    charset->encoding = encoding;
    if (encoding == ENCODING_GB18030 &&
        !(charset->pairs = calloc(PAIRS, sizeof(*charset->pairs)))) {
        free(charset);
        error_no_memory(err);
        return NULL;
    }
    charset->iconv = encodings[encoding].iconv_name
                         ? iconv_open("UTF-8", encodings[encoding].iconv_name)
                         : (iconv_t)-1;
    if (charset->iconv == (iconv_t)-1) {
        error_set(err, EXIT_INTERNAL,
                  "this system's iconv cannot convert from %s; export the file as UTF-8",
                  charset_encoding_name(encoding));
        free(charset->pairs);
        free(charset);
        return NULL;
    }
    return charset;
}

void charset_close(struct charset *charset)
{
    if (!charset)
        return;
    iconv_close(charset->iconv);
    free(charset->pairs);
    free(charset);
}

static int refuse_bytes(const struct charset *charset, const char *what, struct error *err)
{
    return error_set(err, EXIT_INPUT_REFUSED,
                     "line %llu, byte offset %llu: %s of %s: the file is damaged or in another "
                     "encoding; export it again as UTF-8; nothing was sent",
                     (unsigned long long)charset->lines.ends + 1,
                     (unsigned long long)charset->offset, what,
                     charset_encoding_name(charset->encoding));
}

size_t charset_ascii_prefix(const unsigned char *bytes, size_t len)
{
    size_t n = 0;

    for (; n + sizeof(uint64_t) <= len; n += sizeof(uint64_t)) {
        uint64_t word = 0;

        memcpy(&word, bytes + n, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (n < len && bytes[n] < 0x80)
        n++;
    return n;
}

/* Appends the ASCII at the start, which is the same in UTF-8, and passes over it. */
static void copy_ascii(const struct charset *charset, char **in, size_t *in_left,
                       struct buffer *ret_utf8)
{
    size_t n = charset->encoding == ENCODING_UTF16LE || charset->encoding == ENCODING_UTF16BE
                   ? 0
                   : charset_ascii_prefix((unsigned char *)*in, *in_left);

    buffer_append(ret_utf8, *in, n);
    *in += n;
    *in_left -= n;
}

/* Asks iconv about two bytes. Nothing is kept of what is no character, or half of one of four. */
static void learn_pair(struct charset *charset, char *bytes, struct pair *ret_pair)
{
    char *out = ret_pair->utf8;
    size_t in_left = 2, out_left = sizeof(ret_pair->utf8);

    if (iconv(charset->iconv, &bytes, &in_left, &out, &out_left) == 0 && in_left == 0)
        ret_pair->len = (unsigned char)(sizeof(ret_pair->utf8) - out_left);
}

/* Appends the characters of two bytes at the start and passes over them. A text has some thousand
 * of them, again and again. */
static void copy_pairs(struct charset *charset, char **in, size_t *in_left, struct buffer *ret_utf8)
{
    if (!charset->pairs || !buffer_reserve(ret_utf8, *in_left / 2 * sizeof(charset->pairs->utf8)))
        return;
    while (*in_left >= 2 && (unsigned char)**in >= 0x80) {
        size_t lead = (unsigned char)(*in)[0] & 0x7f, trail = (unsigned char)(*in)[1];
        struct pair *pair = &charset->pairs[lead << 8 | trail];

        if (!pair->len)
            learn_pair(charset, *in, pair);
        if (!pair->len)
            return;
        memcpy(ret_utf8->ptr + ret_utf8->len, pair->utf8, sizeof(pair->utf8));
        ret_utf8->len += pair->len;
        *in += 2;
        *in_left -= 2;
    }
}

/* What needs no iconv, or needed it before. */
static void copy_known(struct charset *charset, char **in, size_t *in_left, struct buffer *ret_utf8)
{
    size_t before = 0;

    do {
        before = *in_left;
        copy_ascii(charset, in, in_left, ret_utf8);
        copy_pairs(charset, in, in_left, ret_utf8);
    } while (*in_left < before);
}

/* Converts a few characters, so that ASCII behind them soon is copied again: iconv takes its time
 * for each byte. Returns 0 or errno; a character cut by the end of what is given is EINVAL. */
static int convert_few(struct charset *charset, char **in, size_t *in_left, struct buffer *ret_utf8)
{
    char output[FEW_BYTES * CHARACTER_BYTES];
    char *out = output;
    size_t out_left = sizeof(output);
    size_t few = *in_left < FEW_BYTES ? *in_left : FEW_BYTES;
    size_t left = few;
    bool more = few < *in_left;
    int failure = iconv(charset->iconv, in, &left, &out, &out_left) == (size_t)-1 ? errno : 0;

    buffer_append(ret_utf8, output, (size_t)(out - output));
    *in_left -= few - left;
    return failure == EINVAL && more ? 0 : failure;
}

/* Appends the UTF-8 form of as many whole characters as there are. Returns the bytes taken; fewer
 * than `len` when the last character is cut or, with *ret_bad, when one is none. */
static size_t convert_whole(struct charset *charset, const unsigned char *bytes, size_t len,
                            struct buffer *ret_utf8, bool *ret_bad)
{
    char *in = (char *)(uintptr_t)bytes; /* iconv does not write there */
    size_t in_left = len;
    size_t text_start = ret_utf8->len;
    int failure = 0;

    while (in_left > 0 && !failure) {
        copy_known(charset, &in, &in_left, ret_utf8);
        failure = convert_few(charset, &in, &in_left, ret_utf8);
    }
    *ret_bad = failure == EILSEQ;
    if (!ret_utf8->failed && ret_utf8->len > text_start)
        line_count_add(&charset->lines, (unsigned char *)ret_utf8->ptr + text_start,
                       ret_utf8->len - text_start);
    charset->offset += len - in_left;
    return len - in_left;
}

/* Completes the character that the last piece's end cut, byte by byte, so that iconv takes all of
 * the rest or nothing. Returns the bytes taken. */
static size_t complete_rest(struct charset *charset, const unsigned char *bytes, size_t len,
                            struct buffer *ret_utf8, bool *ret_bad)
{
    size_t taken = 0;

    while (charset->rest_len && taken < len && !*ret_bad) {
        if (charset->rest_len == sizeof(charset->rest)) {
            *ret_bad = true;
            break;
        }
        charset->rest[charset->rest_len++] = bytes[taken++];
        charset->rest_len -=
            convert_whole(charset, charset->rest, charset->rest_len, ret_utf8, ret_bad);
    }
    return taken;
}

int charset_convert(struct charset *charset, const unsigned char *bytes, size_t len,
                    struct buffer *ret_utf8, struct error *err)
{
    bool bad = false;
    size_t taken = complete_rest(charset, bytes, len, ret_utf8, &bad);

    if (!bad && taken < len) {
        taken += convert_whole(charset, bytes + taken, len - taken, ret_utf8, &bad);
        bad = bad || len - taken > sizeof(charset->rest);
    }
    if (ret_utf8->failed)
        return error_no_memory(err);
    if (bad)
        return refuse_bytes(charset, _("not a character"), err);
    memcpy(charset->rest + charset->rest_len, bytes + taken, len - taken);
    charset->rest_len += len - taken;
    return 0;
}

int charset_finish(struct charset *charset, struct buffer *ret_utf8, struct error *err)
{
    if (charset->rest_len)
        return refuse_bytes(charset, _("an unfinished character"), err);
    return ret_utf8->failed ? error_no_memory(err) : 0;
}
