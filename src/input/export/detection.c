#include "detection.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "detection_feed.h"
#include "input/export/own_file.h"
#include "line_count.h"

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
        detection_feed_utf16(detection, bytes, len, marked == ENCODING_UTF16BE);
    else if (detection->wants_utf16)
        detection_feed_utf16(detection, bytes, len, detection->is_big_endian);
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
        detection_note_trouble(detection, &detection->nul, bytes, nul - bytes);
    detection_feed_utf8(detection, bytes, len);
    detection_feed_gb18030(detection, bytes, len);
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
        detection_break_utf8(detection, NULL, 0);
    if (detection->gb18030.len && !detection->gb18030.trouble.found)
        detection_note_trouble(detection, &detection->gb18030.trouble, NULL,
                               -detection->gb18030.len);
    if (utf16->has_half)
        detection_trouble_of_utf16(utf16, &utf16->trouble, detection->offset - 1);
    if (utf16->after_high_surrogate)
        detection_trouble_of_utf16(utf16, &utf16->trouble, detection->offset - 2 - utf16->has_half);
}

/* "'claims.csv', line 3, byte offset 120: " and why; `name` and `why` are the caller's. */
static int refuse(const char *name, const struct trouble *trouble, const char *why,
                  struct error *err)
{
    return error_set(err, EXIT_INPUT_REFUSED,
                     "'%s', line %llu, byte offset %llu: %s; nothing was sent", LOG_QUOTED(name),
                     (unsigned long long)trouble->line, (unsigned long long)trouble->offset, why);
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
         N_("this is a workbook (xlsx) or another archive (zip), not CSV; open it in "
            "a spreadsheet and save it as 'CSV UTF-8', or unpack it")},
        {4, "\xd0\xcf\x11\xe0",
         N_("this is a spreadsheet's own file (xls), or a workbook with a "
            "password, not CSV; open it and save it as 'CSV UTF-8'")},
        {2, "\x1f\x8b", N_("this is a packed file (gzip); unpack it, as with gunzip")},
        {6, "7z\xbc\xaf\x27\x1c", N_("this is an archive (7z); unpack it")},
        {4, "Rar!", N_("this is an archive (rar); unpack it")},
        {3, "BZh", N_("this is a packed file (bzip2); unpack it")},
        {6,
         "\xfd"
         "7zXZ",
         N_("this is a packed file (xz); unpack it")},
        {4, "\x28\xb5\x2f\xfd", N_("this is a packed file (zstd); unpack it")},
        {5, "%PDF-", N_("this is a PDF, not CSV; export the table as CSV")},
        {5, "{\\rtf", N_("this is a text of a word processor (RTF), not CSV; export it as CSV")},
        {4, "PAR1", N_("this is a Parquet file, not CSV; export it as CSV")},
        {12, "%TSD-Header-",
         N_("this file is encrypted by the office's protection (TSD); have it "
            "decrypted there first, a new export comes out encrypted as well")},
        {9, "E-SafeNet",
         N_("this file is encrypted by the office's protection (E-SafeNet); have it "
            "decrypted there first")},
        {9, "%IP-guard",
         N_("this file is encrypted by the office's protection (IP-guard); have it "
            "decrypted there first")},
        {8, "Salted__", N_("this file is encrypted (openssl); decrypt it first")},
        {14, "-----BEGIN PGP", N_("this file is encrypted or signed (PGP); decrypt it first")},
        {4, "\x89PNG", N_("this is a picture, not CSV; export the table as CSV")},
        {3, "\xff\xd8\xff", N_("this is a picture, not CSV; export the table as CSV")},
    };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
        if (detection->offset >= kinds[i].len &&
            memcmp(detection->head, kinds[i].bytes, kinds[i].len) == 0)
            return _(kinds[i].words);
    /* Its name stands behind three bytes. */
    return detection->offset >= HEAD_BYTES &&
                   memmem(detection->head, HEAD_BYTES, "E-SafeNet", strlen("E-SafeNet"))
               ? _("this file is encrypted by the office's protection (E-SafeNet); have it "
                   "decrypted "
                   "there first")
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
                      _("a NUL byte: the file is UTF-16 without a byte order mark as it seems; say "
                        "--encoding utf-16, or export it as UTF-8"),
                      err);
    if (starts_with(detection, "SQLi"))
        return refuse(name, nul, own_file_of_bytes("SQLite format 3", strlen("SQLite format 3")),
                      err);
    return refuse(name, nul,
                  _("a NUL byte, which no text has: the file is damaged, or it is UTF-16 without a "
                    "byte order mark; export it again as UTF-8"),
                  err);
}

static int check_utf16(const struct detection *detection, const char *name, struct error *err)
{
    if (detection->utf16.nul.found)
        return refuse(name, &detection->utf16.nul,
                      _("a NUL character, which no text has: the file is damaged, or it is UTF-32; "
                        "export it again as UTF-8"),
                      err);
    if (detection->utf16.trouble.found)
        return refuse(
            name, &detection->utf16.trouble,
            _("a character of UTF-16 is cut in half: the file is damaged; export it again"), err);
    return 0;
}

static int check_utf8(const struct detection *detection, const char *name, struct error *err)
{
    if (detection->utf8.trouble.found)
        return refuse(name, &detection->utf8.trouble,
                      _("not UTF-8: the file is damaged or in another encoding; export it again as "
                        "UTF-8, or say what it is with --encoding"),
                      err);
    return 0;
}

#define EURO_WORDS                                                                                 \
    N_("the byte 0x80, which Windows writes for the euro sign in GBK and which is none in "        \
       "GB18030: export the file again as UTF-8")

static int check_gb18030(const struct detection *detection, const char *name, struct error *err)
{
    if (detection->gb18030.has_euro)
        return refuse(name, &detection->gb18030.trouble, _(EURO_WORDS), err);
    if (detection->gb18030.trouble.found)
        return refuse(name, &detection->gb18030.trouble,
                      _("not GB18030: the file is damaged or in another encoding; export it again "
                        "as UTF-8, or say what it is with --encoding"),
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
        _("the file can be read in two encodings: this text is '%s' in UTF-8 and '%s' in GB18030 "
          "(GBK); say the one that makes sense, --encoding utf-8 or --encoding gb18030"),
        as_utf8, as_gbk);
    return refuse(name, &detection->utf8.first, why, err);
}

/* The half of a damaged character of UTF-8 may be a rare one of GBK. */
static int refuse_rare(const struct detection *detection, const char *name, struct error *err)
{
    char shown[64], why[512];

    show_sample(&detection->utf8, ENCODING_GB18030, shown, sizeof(shown));
    snprintf(
        why, sizeof(why),
        _("the file is damaged UTF-8, or GB18030 (GBK) with nothing but rare characters such as "
          "'%s': if these are right, say --encoding gb18030, else export it again as UTF-8"),
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
            _("a character is cut in half: the file is UTF-8 and damaged here, or this line "
              "is in another encoding (GBK) than the rest; export it again"),
            err);
    if (detection->gb18030.has_euro && detection->gb18030.pairs)
        return refuse(name, &detection->gb18030.trouble, _(EURO_WORDS), err);
    if (detection->gb18030.trouble.found)
        return refuse(name, &detection->gb18030.trouble,
                      _("neither UTF-8 nor GB18030: the file is damaged or in another encoding; "
                        "export it again as UTF-8"),
                      err);
    if (is_big5(&detection->gb18030))
        return refuse(
            name, &utf8->first,
            _("the file is Big5 as it seems, which is not read: export it again as UTF-8; "
              "if it surely is GB18030 (GBK), say --encoding gb18030"),
            err);
    if (detection->gb18030.pairs && !detection->gb18030.has_common)
        return refuse_rare(detection, name, err);
    return 0;
}

static int refuse_contradiction(enum encoding wanted, enum encoding marked, const char *name,
                                struct error *err)
{
    if (marked == ENCODING_AUTO)
        return error_set(err, EXIT_INPUT_REFUSED,
                         "'%s', line 1, byte offset 0: no byte order mark, so --encoding %s cannot "
                         "be followed; export it again as UTF-8; nothing was sent",
                         LOG_QUOTED(name), charset_encoding_name(wanted));
    return error_set(err, EXIT_INPUT_REFUSED,
                     "'%s', line 1, byte offset 0: the file starts with the mark of %s but "
                     "--encoding says %s; take the option away; nothing was sent",
                     LOG_QUOTED(name), charset_encoding_name(marked),
                     charset_encoding_name(wanted));
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
