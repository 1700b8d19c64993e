/*
 * charset: from the bytes of an export to UTF-8.
 *
 * Hides iconv. No replacement character is ever made up. Which encoding a file has is decided in
 * detection.h.
 *
 * Tested by tests/unit/test_charset.c
 */
#ifndef CLAIMBATCH_INPUT_EXPORT_CHARSET_H
#define CLAIMBATCH_INPUT_EXPORT_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

struct error;

enum encoding {
    ENCODING_AUTO, /* not decided yet */
    ENCODING_UTF8,
    ENCODING_GB18030,
    ENCODING_UTF16, /* what the user may ask for: the byte order comes from the BOM */
    ENCODING_UTF16LE,
    ENCODING_UTF16BE,
};

/* "utf-8", "gb18030", "utf-16", "utf-16le", "utf-16be", "auto"; for messages, manifest and ledger.
 */
const char *charset_encoding_name(enum encoding encoding);

/* The encoding of a name as in --encoding, case aside; false when there is none of that name. */
bool charset_encoding_parse(const char *name, enum encoding *ret_encoding);

/* Turns a file's bytes into UTF-8, in pieces of any size; characters may be cut between pieces. */
struct charset;
struct charset *charset_open(enum encoding encoding, struct error *err);
/* Appends the UTF-8 form of the bytes. Bytes that do not fit are EXIT_INPUT_REFUSED. */
int charset_convert(struct charset *charset, const unsigned char *bytes, size_t len,
                    struct buffer *ret_utf8, struct error *err);
/* At the end of the file: an unfinished character is EXIT_INPUT_REFUSED. */
int charset_finish(struct charset *charset, struct buffer *ret_utf8, struct error *err);
void charset_close(struct charset *charset);

/* How many bytes at the start are ASCII. */
size_t charset_ascii_prefix(const unsigned char *bytes, size_t len);

#endif
