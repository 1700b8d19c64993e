#include "detection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "input/export/own_file.h"
#include "line_count.h"

#define HEAD_BYTES 16     /* enough for two marks, and for what tells other files */
#define SAMPLE_BYTES 24   /* of a text that is shown */
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
    bool has_two; /* a character of two bytes, which no Chinese one has: pairs of GBK look so */
    uint64_t long_bytes, bad_bytes; /* of longer characters; of what is none */
    struct trouble trouble;         /* the first */
    struct trouble first;           /* where the first character beyond ASCII is */
    char sample[SAMPLE_BYTES];      /* it, and those beyond ASCII behind it */
    size_t sample_len;
    bool sampled;
};

/* Only the form of one, two and four bytes; whether a code is assigned is iconv's word, later. */
struct gb18030 {
    unsigned char len;
    bool wide; /* a character of four bytes */
    unsigned char lead;
    uint64_t pairs, usual_gbk, usual_big5; /* pairs of bytes, by their kinds */
    bool has_common;                       /* one of PAIR_COMMON, or a character of four bytes */
    bool not_big5;
    bool has_euro; /* the trouble is the byte 0x80, the euro of Windows' code page 936 */
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
    unsigned char head[HEAD_BYTES];
    bool wants_utf16, is_big_endian; /* of a file without a mark */
    uint64_t even_nuls, odd_nuls;    /* in the first piece */
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
    if (--utf8->left == 0) {
        utf8->has_two |= utf8->len == 2;
        utf8->long_bytes += utf8->len > 2 ? utf8->len : 0;
    }
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

/* Keeps the first text beyond ASCII, to show it. */
static void take_sample(struct detection *detection, const unsigned char *bytes, size_t at)
{
    struct utf8 *utf8 = &detection->utf8;

    if (!utf8->first.found)
        note_trouble(detection, &utf8->first, bytes, (int64_t)at);
    if (utf8->sample_len < SAMPLE_BYTES - 1)
        utf8->sample[utf8->sample_len++] = (char)bytes[at];
    else
        utf8->sampled = true;
}

static void utf8_feed(struct detection *detection, const unsigned char *bytes, size_t len)
{
    struct utf8 *utf8 = &detection->utf8;
    size_t i = 0;

    while (i < len) {
        if (!utf8->sampled && bytes[i] >= 0x80)
            take_sample(detection, bytes, i);
        if (utf8->left) {
            if (utf8_continue(utf8, bytes[i]))
                i++;
            else
                utf8_break(detection, bytes, i);
            continue;
        }
        if (bytes[i] < 0x80) {
            utf8->sampled |= utf8->sample_len > 0;
            i += charset_ascii_prefix(bytes + i, len - i);
        } else if (!utf8_begin(utf8, bytes[i++])) {
            utf8_break(detection, bytes, i);
        }
    }
}

/* What a pair may be by its first byte, and by its second. */
enum {
    PAIR_COMMON = 1,     /* no half of a UTF-8 character looks like it */
    PAIR_USUAL_GBK = 2,  /* Chinese of GB2312, full-width forms */
    PAIR_USUAL_BIG5 = 4, /* the frequent characters */
    PAIR_BIG5 = 8,       /* any of Big5 */
    PAIR = 16,           /* any of GB18030 */
};

static unsigned char by_lead[256], by_trail[256];

static unsigned char kinds_of_lead(unsigned c)
{
    bool common = (c >= 0xb0 && c <= 0xdf) || (c >= 0xf0 && c <= 0xf7) || c == 0xa1 || c == 0xa3;
    bool usual_gbk = (c >= 0xb0 && c <= 0xf7) || (c >= 0xa1 && c <= 0xa3);
    bool usual_big5 = (c >= 0xa4 && c <= 0xc6) || c == 0xa1;

    return (unsigned char)((common ? PAIR_COMMON : 0) | (usual_gbk ? PAIR_USUAL_GBK : 0) |
                           (usual_big5 ? PAIR_USUAL_BIG5 : 0) |
                           (c >= 0xa1 && c <= 0xf9 ? PAIR_BIG5 : 0) |
                           (c >= 0x81 && c <= 0xfe ? PAIR : 0));
}

static unsigned char kinds_of_trail(unsigned c)
{
    bool low = c >= 0x40 && c <= 0x7e;
    bool high = c >= 0xa1 && c <= 0xfe;

    return (unsigned char)((high ? PAIR_COMMON | PAIR_USUAL_GBK : 0) |
                           (low || high ? PAIR_USUAL_BIG5 | PAIR_BIG5 : 0) |
                           (low || (c >= 0x80 && c <= 0xfe) ? PAIR : 0));
}

__attribute__((constructor)) static void fill_kinds(void)
{
    for (unsigned c = 0; c < 256; c++) {
        by_lead[c] = kinds_of_lead(c);
        by_trail[c] = kinds_of_trail(c);
    }
}

static void count_pair(struct gb18030 *gb, unsigned char lead, unsigned char trail)
{
    unsigned kinds = by_lead[lead] & by_trail[trail];

    gb->pairs++;
    gb->has_common |= (kinds & PAIR_COMMON) != 0;
    gb->usual_gbk += (kinds & PAIR_USUAL_GBK) != 0;
    gb->usual_big5 += (kinds & PAIR_USUAL_BIG5) != 0;
    gb->not_big5 |= !(kinds & PAIR_BIG5);
}

/* Whole pairs, of which a Chinese text mostly is: how many bytes of them there are. */
static size_t count_pairs(struct gb18030 *gb, const unsigned char *bytes, size_t len)
{
    size_t i = 0;

    for (; i + 1 < len && by_lead[bytes[i]] & by_trail[bytes[i + 1]] & PAIR; i += 2)
        count_pair(gb, bytes[i], bytes[i + 1]);
    return i;
}

static bool gb18030_continue(struct gb18030 *gb, unsigned char byte)
{
    bool lead = byte >= 0x81 && byte <= 0xfe;
    bool digit = byte >= '0' && byte <= '9';

    if (gb->len == 1 && digit)
        gb->wide = true;
    else if (gb->len == 1 && by_trail[byte] & PAIR)
        gb->wide = false;
    else if (!(gb->len == 2 && lead) && !(gb->len == 3 && digit))
        return false;
    gb->len++;
    if (gb->len == 2 && !gb->wide)
        count_pair(gb, gb->lead, byte);
    gb->not_big5 |= gb->wide;
    gb->has_common |= gb->wide && gb->len == 4;
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
        } else if (gb->len == 0 && by_lead[bytes[i]]) {
            size_t whole = count_pairs(gb, bytes + i, len - i);

            if (!whole) {
                gb->len = 1;
                gb->lead = bytes[i++];
            }
            i += whole;
        } else if (gb->len > 0 && gb18030_continue(gb, bytes[i])) {
            i++;
        } else {
            gb->has_euro = gb->len == 0 && bytes[i] == 0x80;
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
            memcmp(detection->head, marks[i].bytes, marks[i].len) == 0) {
            /* Two programs that each wrote one. */
            if (detection->offset >= 2 * marks[i].len &&
                memcmp(detection->head + marks[i].len, marks[i].bytes, marks[i].len) == 0)
                *ret_bom_bytes *= 2;
            return marks[i].encoding;
        }
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
    else if (detection->wants_utf16)
        utf16_feed(detection, bytes, len, detection->is_big_endian);
}

void detection_want_utf16(struct detection *detection)
{
    detection->wants_utf16 = true;
}

/* Where the NULs of ASCII characters are tells the byte order of UTF-16 without a mark. */
static void look_for_order(struct detection *detection, const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        *(i % 2 ? &detection->odd_nuls : &detection->even_nuls) += bytes[i] == 0;
    detection->is_big_endian = detection->even_nuls > detection->odd_nuls;
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
    if (detection->offset == 0 && len && memchr(bytes, '\0', len))
        look_for_order(detection, bytes, len);
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

/* What is no text at all, by its first bytes, as people call it. */
static const char *foreign_kind(const struct detection *detection)
{
    static const struct {
        size_t len;
        const char *bytes, *words;
    } kinds[] = {
        {4, "PK\x03\x04",
         "this is a workbook (xlsx) or another archive (zip), not CSV; open it in "
         "a spreadsheet and save it as 'CSV UTF-8', or unpack it"},
        {4, "\xd0\xcf\x11\xe0",
         "this is a spreadsheet's own file (xls), or a workbook with a "
         "password, not CSV; open it and save it as 'CSV UTF-8'"},
        {2, "\x1f\x8b", "this is a packed file (gzip); unpack it, as with gunzip"},
        {6, "7z\xbc\xaf\x27\x1c", "this is an archive (7z); unpack it"},
        {4, "Rar!", "this is an archive (rar); unpack it"},
        {3, "BZh", "this is a packed file (bzip2); unpack it"},
        {6,
         "\xfd"
         "7zXZ",
         "this is a packed file (xz); unpack it"},
        {4, "\x28\xb5\x2f\xfd", "this is a packed file (zstd); unpack it"},
        {5, "%PDF-", "this is a PDF, not CSV; export the table as CSV"},
        {5, "{\\rtf", "this is a text of a word processor (RTF), not CSV; export it as CSV"},
        {4, "PAR1", "this is a Parquet file, not CSV; export it as CSV"},
        {12, "%TSD-Header-",
         "this file is encrypted by the office's protection (TSD); have it "
         "decrypted there first, a new export comes out encrypted as well"},
        {9, "E-SafeNet",
         "this file is encrypted by the office's protection (E-SafeNet); have it "
         "decrypted there first"},
        {9, "%IP-guard",
         "this file is encrypted by the office's protection (IP-guard); have it "
         "decrypted there first"},
        {8, "Salted__", "this file is encrypted (openssl); decrypt it first"},
        {14, "-----BEGIN PGP", "this file is encrypted or signed (PGP); decrypt it first"},
        {4, "\x89PNG", "this is a picture, not CSV; export the table as CSV"},
        {3, "\xff\xd8\xff", "this is a picture, not CSV; export the table as CSV"},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (detection->offset >= kinds[i].len &&
            memcmp(detection->head, kinds[i].bytes, kinds[i].len) == 0)
            return kinds[i].words;
    /* Its name stands behind three bytes. */
    return detection->offset >= HEAD_BYTES &&
                   memmem(detection->head, HEAD_BYTES, "E-SafeNet", strlen("E-SafeNet"))
               ? "this file is encrypted by the office's protection (E-SafeNet); have it decrypted "
                 "there first"
               : NULL;
}

/* Whether NULs stand where UTF-16 has them; few characters have one in their other half. */
static bool looks_like_utf16(const struct detection *detection)
{
    uint64_t most =
        detection->even_nuls > detection->odd_nuls ? detection->even_nuls : detection->odd_nuls;
    uint64_t sum = detection->even_nuls + detection->odd_nuls;

    return most > 4 && (sum - most) * 16 <= most;
}

static int refuse_nul(const struct detection *detection, const struct trouble *nul,
                      const char *name, struct error *err)
{
    if (looks_like_utf16(detection))
        return refuse(name, nul,
                      "a NUL byte: the file is UTF-16 without a byte order mark as it seems; say "
                      "--encoding utf-16, or export it as UTF-8",
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

#define EURO_WORDS                                                                                 \
    "the byte 0x80, which Windows writes for the euro sign in GBK and which is none in GB18030: "  \
    "export the file again as UTF-8"

static int check_gb18030(const struct detection *detection, const char *name, struct error *err)
{
    if (detection->gb18030.has_euro)
        return refuse(name, &detection->gb18030.trouble, EURO_WORDS, err);
    if (detection->gb18030.trouble.found)
        return refuse(name, &detection->gb18030.trouble,
                      "not GB18030: the file is damaged or in another encoding; export it again "
                      "as UTF-8, or say what it is with --encoding",
                      err);
    return 0;
}

/* The text that was kept, in an encoding; as far as it goes. */
static void show_sample(const struct utf8 *utf8, enum encoding encoding, char *ret_text,
                        size_t size)
{
    struct buffer text = {0};
    struct error ignored = {0};
    struct charset *charset = charset_open(encoding, &ignored);

    if (charset)
        charset_convert(charset, (const unsigned char *)utf8->sample, utf8->sample_len, &text,
                        &ignored);
    log_quote(buffer_string(&text), ret_text, size);
    charset_close(charset);
    buffer_release(&text);
}

/* No Chinese character has two bytes in UTF-8, but many pairs of GBK look like such characters. */
static int refuse_two_readings(const struct detection *detection, const char *name,
                               struct error *err)
{
    char as_utf8[64], as_gbk[64], why[512];

    show_sample(&detection->utf8, ENCODING_UTF8, as_utf8, sizeof(as_utf8));
    show_sample(&detection->utf8, ENCODING_GB18030, as_gbk, sizeof(as_gbk));
    snprintf(
        why, sizeof(why),
        "the file can be read in two encodings: this text is '%s' in UTF-8 and '%s' in GB18030 "
        "(GBK); say the one that makes sense, --encoding utf-8 or --encoding gb18030",
        as_utf8, as_gbk);
    return refuse(name, &detection->utf8.first, why, err);
}

/* The half of a damaged character of UTF-8 may be a rare one of GBK. */
static int refuse_rare(const struct detection *detection, const char *name, struct error *err)
{
    char shown[64], why[512];

    show_sample(&detection->utf8, ENCODING_GB18030, shown, sizeof(shown));
    snprintf(why, sizeof(why),
             "the file is damaged UTF-8, or GB18030 (GBK) with nothing but rare characters such as "
             "'%s': if these are right, say --encoding gb18030, else export it again as UTF-8",
             shown);
    return refuse(name, &detection->utf8.first, why, err);
}

static bool has_two_readings(const struct detection *detection)
{
    const struct utf8 *utf8 = &detection->utf8;

    return !utf8->trouble.found && utf8->has_two && !utf8->long_bytes &&
           !detection->gb18030.trouble.found;
}

static bool is_big5(const struct gb18030 *gb)
{
    return gb->pairs > 1 && !gb->not_big5 && gb->usual_big5 * 10 >= gb->pairs * 9 &&
           gb->usual_gbk * 10 < gb->pairs * 7;
}

/* What no mark says: strict UTF-8, then strict GB18030. */
static int decide(const struct detection *detection, const char *name, enum encoding *ret_encoding,
                  struct error *err)
{
    const struct utf8 *utf8 = &detection->utf8;

    *ret_encoding = utf8->trouble.found ? ENCODING_GB18030 : ENCODING_UTF8;
    if (has_two_readings(detection))
        return refuse_two_readings(detection, name, err);
    if (!utf8->trouble.found)
        return 0;
    /* Chinese text in GB18030 hardly ever forms characters of UTF-8, but half of a damaged UTF-8
     * file's characters may well pass as GB18030. */
    if (utf8->long_bytes > utf8->bad_bytes)
        return refuse(
            name, &utf8->trouble,
            "a character is cut in half: the file is UTF-8 and damaged here, or this line "
            "is in another encoding (GBK) than the rest; export it again",
            err);
    if (detection->gb18030.has_euro && detection->gb18030.pairs)
        return refuse(name, &detection->gb18030.trouble, EURO_WORDS, err);
    if (detection->gb18030.trouble.found)
        return refuse(name, &detection->gb18030.trouble,
                      "neither UTF-8 nor GB18030: the file is damaged or in another encoding; "
                      "export it again as UTF-8",
                      err);
    if (is_big5(&detection->gb18030))
        return refuse(name, &utf8->first,
                      "the file is Big5 as it seems, which is not read: export it again as UTF-8; "
                      "if it surely is GB18030 (GBK), say --encoding gb18030",
                      err);
    if (detection->gb18030.pairs && !detection->gb18030.has_common)
        return refuse_rare(detection, name, err);
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
static bool is_allowed(const struct detection *detection, enum encoding wanted,
                       enum encoding marked)
{
    if (wanted == ENCODING_AUTO || wanted == marked)
        return true;
    if (wanted == ENCODING_UTF16)
        return marked == ENCODING_UTF16LE || marked == ENCODING_UTF16BE ||
               (marked == ENCODING_AUTO && detection->even_nuls != detection->odd_nuls);
    return marked == ENCODING_AUTO && (wanted == ENCODING_UTF8 || wanted == ENCODING_GB18030);
}

int detection_finish(struct detection *detection, enum encoding wanted, const char *name,
                     enum encoding *ret_encoding, size_t *ret_bom_bytes, struct error *err)
{
    enum encoding marked = marked_encoding(detection, ret_bom_bytes);

    const char *foreign = foreign_kind(detection);

    finish_characters(detection);
    if (foreign)
        return refuse(name, &(struct trouble){true, 0, 1}, foreign, err);
    if (!is_allowed(detection, wanted, marked))
        return refuse_contradiction(wanted, marked, name, err);
    *ret_encoding = marked != ENCODING_AUTO ? marked : wanted;
    if (wanted == ENCODING_UTF16 && marked == ENCODING_AUTO)
        *ret_encoding = detection->is_big_endian ? ENCODING_UTF16BE : ENCODING_UTF16LE;
    if (*ret_encoding == ENCODING_UTF16LE || *ret_encoding == ENCODING_UTF16BE)
        return check_utf16(detection, name, err);
    if (detection->nul.found)
        return refuse_nul(detection, &detection->nul, name, err);
    if (*ret_encoding == ENCODING_UTF8)
        return check_utf8(detection, name, err);
    if (*ret_encoding == ENCODING_GB18030)
        return check_gb18030(detection, name, err);
    return decide(detection, name, ret_encoding, err);
}
