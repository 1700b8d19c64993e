/*
 * detection_feed: what the bytes of a file say for and against each encoding.
 *
 * Tested by tests/unit/test_charset.c
 */
#ifndef CLAIMBATCH_INPUT_EXPORT_DETECTION_FEED_H
#define CLAIMBATCH_INPUT_EXPORT_DETECTION_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "detection.h"
#include "line_count.h"

#define HEAD_BYTES 16     /* enough for two marks, and for what tells other files */
#define CHARACTER_BYTES 4 /* the longest character of any encoding here */

#define SAMPLE_BYTES 24 /* of a text that is shown */

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

void detection_note_trouble(const struct detection *detection, struct trouble *trouble,
                            const unsigned char *bytes, int64_t at);
void detection_break_utf8(struct detection *detection, const unsigned char *bytes, size_t at);
void detection_feed_utf8(struct detection *detection, const unsigned char *bytes, size_t len);
void detection_feed_gb18030(struct detection *detection, const unsigned char *bytes, size_t len);
void detection_trouble_of_utf16(const struct utf16 *utf16, struct trouble *trouble,
                                uint64_t offset);
void detection_feed_utf16(struct detection *detection, const unsigned char *bytes, size_t len,
                          bool big_endian);

#endif
