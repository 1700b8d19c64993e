#include "input/detection.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "input/line_count.h"
#include "input/own_file.h"

#define CHARACTER_BYTES 4 /* the longest character of any encoding here */

static const struct {
    unsigned char bytes[CHARACTER_BYTES];
    size_t len;
    enum encoding encoding;
} marks[] = {
    {{0xef, 0xbb, 0xbf}, 3, ENCODING_UTF8},
    {{0x84, 0x31, 0x95, 0x33}, 4, ENCODING_GB18030},
    {{0xff, 0xfe}, 2, ENCODING_UTF16LE},
    {{0xfe, 0xff}, 2, ENCODING_UTF16BE},
};

/* Where bytes are that do not fit. */
struct trouble {
    bool found;
    uint64_t offset, line;
};

/* Unfinished characters wait for the next piece. `left` bytes are to come, the next one between
 * `low` and `high`. */
struct utf8 {
    unsigned char left, low, high, len;
    uint64_t valid_bytes, bad_bytes; /* of multi-byte characters; of what is none */
    struct trouble trouble;          /* the first */
};

/* Only the form of one, two and four bytes; whether a code is assigned is iconv's word, later. */
struct gb18030 {
    unsigned char len;
    bool wide; /* a character of four bytes */
    struct trouble trouble;
};

struct utf16 {
    unsigned char half;
    bool has_half, after_high_surrogate;
    struct line_count lines;
    struct trouble nul, trouble;
};

struct detection {
    uint64_t offset; /* bytes of the pieces before this one */
    unsigned char head[CHARACTER_BYTES];
    struct line_count lines;
    struct trouble nul;
    struct utf8 utf8;
    struct gb18030 gb18030;
    struct utf16 utf16;
};

/* Notes the first trouble. `at` counts from the start of the piece; it is negative for a character
 * that began before it, on the same line. */
static void note_trouble(const struct detection *detection, struct trouble *trouble,
                         const unsigned char *bytes, int64_t at)
{
    struct line_count lines = detection->lines;

    if (trouble->found)
        return;
    if (at > 0)
        line_count_add(&lines, bytes, (size_t)at);
    *trouble = (struct trouble){true, detection->offset + (uint64_t)at, lines.ends + 1};
}

/* Begins a character; false when no character begins with this byte. */
static bool utf8_begin(struct utf8 *utf8, unsigned char byte)
{
    utf8->len = 1;
    utf8->low = byte == 0xe0 ? 0xa0 : byte == 0xf0 ? 0x90 : 0x80;
    utf8->high = byte == 0xed ? 0x9f : byte == 0xf4 ? 0x8f : 0xbf;
    if (byte >= 0xc2 && byte <= 0xdf)
        utf8->left = 1;
    else if (byte >= 0xe0 && byte <= 0xef)
        utf8->left = 2;
    else if (byte >= 0xf0 && byte <= 0xf4)
        utf8->left = 3;
    else
        return false;
    return true;
}

/* Takes the next byte of an unfinished character; false when it does not belong to it. */
static bool utf8_continue(struct utf8 *utf8, unsigned char byte)
{
    if (byte < utf8->low || byte > utf8->high)
        return false;
    utf8->low = 0x80;
    utf8->high = 0xbf;
    utf8->len++;
    if (--utf8->left == 0)
        utf8->valid_bytes += utf8->len;
    return true;
}

static void utf8_break(struct detection *detection, const unsigned char *bytes, size_t at)
{
    struct utf8 *utf8 = &detection->utf8;

    if (!utf8->trouble.found)
        note_trouble(detection, &utf8->trouble, bytes, (int64_t)at - utf8->len);
    utf8->bad_bytes += utf8->len;
    utf8->left = 0;
}

static void utf8_feed(struct detection *detection, const unsigned char *bytes, size_t len)
{
    struct utf8 *utf8 = &detection->utf8;
    size_t i = 0;

    while (i < len) {
        if (utf8->left) {
            if (utf8_continue(utf8, bytes[i]))
                i++;
            else
                utf8_break(detection, bytes, i);
            continue;
        }
        if (bytes[i] < 0x80)
            i += charset_ascii_prefix(bytes + i, len - i);
        else if (!utf8_begin(utf8, bytes[i++]))
            utf8_break(detection, bytes, i);
    }
}

static bool gb18030_continue(struct gb18030 *gb, unsigned char byte)
{
    bool lead = byte >= 0x81 && byte <= 0xfe;
    bool digit = byte >= '0' && byte <= '9';

    if (gb->len == 1 && digit)
        gb->wide = true;
    else if (gb->len == 1 && ((byte >= 0x40 && byte <= 0x7e) || (byte >= 0x80 && byte <= 0xfe)))
        gb->wide = false;
    else if (!(gb->len == 2 && lead) && !(gb->len == 3 && digit))
        return false;
    gb->len++;
    if (gb->len == (gb->wide ? 4 : 2))
        gb->len = 0;
    return true;
}

/* Stops at the first trouble. */
static void gb18030_feed(struct detection *detection, const unsigned char *bytes, size_t len)
{
    struct gb18030 *gb = &detection->gb18030;

    for (size_t i = 0; i < len && !gb->trouble.found;) {
        if (gb->len == 0 && bytes[i] < 0x80) {
            i += charset_ascii_prefix(bytes + i, len - i);
        } else if (gb->len == 0 && bytes[i] != 0x80 && bytes[i] != 0xff) {
            gb->len = 1;
            i++;
        } else if (gb->len > 0 && gb18030_continue(gb, bytes[i])) {
            i++;
        } else {
            note_trouble(detection, &gb->trouble, bytes, (int64_t)i - gb->len);
        }
    }
}

static void utf16_trouble(const struct utf16 *utf16, struct trouble *trouble, uint64_t offset)
{
    if (!trouble->found)
        *trouble = (struct trouble){true, offset, utf16->lines.ends + 1};
}

/* `offset` is where the unit starts. */
static void utf16_unit(struct utf16 *utf16, unsigned unit, uint64_t offset)
{
    bool high = unit >= 0xd800 && unit <= 0xdbff;
    bool low = unit >= 0xdc00 && unit <= 0xdfff;

    if (utf16->after_high_surrogate != low)
        utf16_trouble(utf16, &utf16->trouble, offset - (utf16->after_high_surrogate ? 2 : 0));
    utf16->after_high_surrogate = high;
    if (unit == 0)
        utf16_trouble(utf16, &utf16->nul, offset);
    if (unit == '\r' || (unit == '\n' && !utf16->lines.after_cr))
        utf16->lines.ends++;
    utf16->lines.after_cr = unit == '\r';
}

static void utf16_feed(struct detection *detection, const unsigned char *bytes, size_t len,
                       bool big_endian)
{
    struct utf16 *utf16 = &detection->utf16;

    for (size_t i = 0; i < len; i++) {
        unsigned first = utf16->half, second = bytes[i];

        utf16->half = bytes[i];
        utf16->has_half = !utf16->has_half;
        if (!utf16->has_half)
            utf16_unit(utf16, big_endian ? first << 8 | second : second << 8 | first,
                       detection->offset + i - 1);
    }
}

/* The encoding that the mark at the start of the file says, or ENCODING_AUTO. */
static enum encoding marked_encoding(const struct detection *detection, size_t *ret_bom_bytes)
{
    for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++) {
        *ret_bom_bytes = marks[i].len;
        if (detection->offset >= marks[i].len &&
            memcmp(detection->head, marks[i].bytes, marks[i].len) == 0)
            return marks[i].encoding;
    }
    *ret_bom_bytes = 0;
    return ENCODING_AUTO;
}

struct detection *detection_open(void)
{
    return calloc(1, sizeof(struct detection));
}

void detection_close(struct detection *detection)
{
    free(detection);
}

/* The bytes of the head one by one, so that what follows knows whether the file is UTF-16. */
static void feed_utf16(struct detection *detection, const unsigned char *bytes, size_t len)
{
    size_t bom_bytes = 0;
    enum encoding marked = marked_encoding(detection, &bom_bytes);

    if (marked == ENCODING_UTF16LE || marked == ENCODING_UTF16BE)
        utf16_feed(detection, bytes, len, marked == ENCODING_UTF16BE);
}

static void feed_bytes(struct detection *detection, const unsigned char *bytes, size_t len)
{
    const unsigned char *nul = memchr(bytes, '\0', len);

    if (nul)
        note_trouble(detection, &detection->nul, bytes, nul - bytes);
    utf8_feed(detection, bytes, len);
    gb18030_feed(detection, bytes, len);
    feed_utf16(detection, bytes, len);
    line_count_add(&detection->lines, bytes, len);
    detection->offset += len;
}

void detection_feed(struct detection *detection, const unsigned char *bytes, size_t len)
{
    /* The head goes byte by byte, so that its mark is known before the bytes behind it come. */
    for (; len && detection->offset < sizeof(detection->head); bytes++, len--) {
        detection->head[detection->offset] = *bytes;
        feed_bytes(detection, bytes, 1);
    }
    if (len)
        feed_bytes(detection, bytes, len);
}

/* Characters that the end of the file cut. */
static void finish_characters(struct detection *detection)
{
    struct utf16 *utf16 = &detection->utf16;

    if (detection->utf8.left)
        utf8_break(detection, NULL, 0);
    if (detection->gb18030.len && !detection->gb18030.trouble.found)
        note_trouble(detection, &detection->gb18030.trouble, NULL, -detection->gb18030.len);
    if (utf16->has_half)
        utf16_trouble(utf16, &utf16->trouble, detection->offset - 1);
    if (utf16->after_high_surrogate)
        utf16_trouble(utf16, &utf16->trouble, detection->offset - 2 - utf16->has_half);
}

/* "'claims.csv', line 3, byte offset 120: " and why; `name` and `why` are the caller's. */
static int refuse(const char *name, const struct trouble *trouble, const char *why,
                  struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    return error_set(err, EXIT_INPUT_REFUSED,
                     "'%s', line %llu, byte offset %llu: %s; nothing was sent",
                     log_quote(name, quoted, sizeof(quoted)), (unsigned long long)trouble->line,
                     (unsigned long long)trouble->offset, why);
}

static bool starts_with(const struct detection *detection, const char *magic)
{
    return memcmp(detection->head, magic, CHARACTER_BYTES) == 0;
}

static int refuse_nul(const struct detection *detection, const struct trouble *nul,
                      const char *name, struct error *err)
{
    if (starts_with(detection, "PK\x03\x04") || starts_with(detection, "\xd0\xcf\x11\xe0"))
        return refuse(name, nul,
                      "a NUL byte: this is a spreadsheet's own file, not CSV; open it and save it "
                      "as 'CSV UTF-8'",
                      err);
    if (starts_with(detection, "SQLi"))
        return refuse(name, nul, own_file_of_bytes("SQLite format 3", strlen("SQLite format 3")),
                      err);
    return refuse(name, nul,
                  "a NUL byte, which no text has: the file is damaged, or it is UTF-16 without a "
                  "byte order mark; export it again as UTF-8",
                  err);
}

static int check_utf16(const struct detection *detection, const char *name, struct error *err)
{
    if (detection->utf16.nul.found)
        return refuse(name, &detection->utf16.nul,
                      "a NUL character, which no text has: the file is damaged, or it is UTF-32; "
                      "export it again as UTF-8",
                      err);
    if (detection->utf16.trouble.found)
        return refuse(name, &detection->utf16.trouble,
                      "a character of UTF-16 is cut in half: the file is damaged; export it again",
                      err);
    return 0;
}

static int check_utf8(const struct detection *detection, const char *name, struct error *err)
{
    if (detection->utf8.trouble.found)
        return refuse(name, &detection->utf8.trouble,
                      "not UTF-8: the file is damaged or in another encoding; export it again as "
                      "UTF-8, or say what it is with --encoding",
                      err);
    return 0;
}

static int check_gb18030(const struct detection *detection, const char *name, struct error *err)
{
    if (detection->gb18030.trouble.found)
        return refuse(name, &detection->gb18030.trouble,
                      "not GB18030: the file is damaged or in another encoding; export it again "
                      "as UTF-8, or say what it is with --encoding",
                      err);
    return 0;
}

/* What no mark says: strict UTF-8, then strict GB18030. */
static int decide(const struct detection *detection, const char *name, enum encoding *ret_encoding,
                  struct error *err)
{
    const struct utf8 *utf8 = &detection->utf8;

    *ret_encoding = utf8->trouble.found ? ENCODING_GB18030 : ENCODING_UTF8;
    if (!utf8->trouble.found)
        return 0;
    /* Chinese text in GB18030 hardly ever forms characters of UTF-8, but half of a damaged UTF-8
     * file's characters may well pass as GB18030. */
    if (utf8->valid_bytes > utf8->bad_bytes)
        return refuse(name, &utf8->trouble,
                      "a character is cut in half: the file is UTF-8, but damaged here; export it "
                      "again, or, if it surely is GB18030 (GBK), say --encoding gb18030",
                      err);
    if (detection->gb18030.trouble.found)
        return refuse(name, &detection->gb18030.trouble,
                      "neither UTF-8 nor GB18030: the file is damaged or in another encoding; "
                      "export it again as UTF-8",
                      err);
    return 0;
}

static int refuse_contradiction(enum encoding wanted, enum encoding marked, const char *name,
                                struct error *err)
{
    char quoted[LOG_QUOTE_BYTES];

    log_quote(name, quoted, sizeof(quoted));
    if (marked == ENCODING_AUTO)
        return error_set(err, EXIT_INPUT_REFUSED,
                         "'%s', line 1, byte offset 0: no byte order mark, so --encoding %s cannot "
                         "be followed; export it again as UTF-8; nothing was sent",
                         quoted, encoding_name(wanted));
    return error_set(err, EXIT_INPUT_REFUSED,
                     "'%s', line 1, byte offset 0: the file starts with the mark of %s but "
                     "--encoding says %s; take the option away; nothing was sent",
                     quoted, encoding_name(marked), encoding_name(wanted));
}

/* Whether the mark at the start allows what was asked for. */
static bool is_allowed(enum encoding wanted, enum encoding marked)
{
    if (wanted == ENCODING_AUTO || wanted == marked)
        return true;
    if (wanted == ENCODING_UTF16)
        return marked == ENCODING_UTF16LE || marked == ENCODING_UTF16BE;
    return marked == ENCODING_AUTO && (wanted == ENCODING_UTF8 || wanted == ENCODING_GB18030);
}

int detection_finish(struct detection *detection, enum encoding wanted, const char *name,
                     enum encoding *ret_encoding, size_t *ret_bom_bytes, struct error *err)
{
    enum encoding marked = marked_encoding(detection, ret_bom_bytes);

    finish_characters(detection);
    if (!is_allowed(wanted, marked))
        return refuse_contradiction(wanted, marked, name, err);
    *ret_encoding = marked != ENCODING_AUTO ? marked : wanted;
    if (marked == ENCODING_UTF16LE || marked == ENCODING_UTF16BE)
        return check_utf16(detection, name, err);
    if (detection->nul.found)
        return refuse_nul(detection, &detection->nul, name, err);
    if (*ret_encoding == ENCODING_UTF8)
        return check_utf8(detection, name, err);
    if (*ret_encoding == ENCODING_GB18030)
        return check_gb18030(detection, name, err);
    return decide(detection, name, ret_encoding, err);
}
