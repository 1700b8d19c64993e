/*
 * encoder: from UTF-8 to the bytes of a file in the encoding of an export.
 *
 * Hides iconv; the way back of charset.h.
 *
 * Tested by tests/unit/test_problem_line.c
 */
#ifndef CLAIMBATCH_INPUT_EXPORT_ENCODER_H
#define CLAIMBATCH_INPUT_EXPORT_ENCODER_H

#include <stddef.h>

#include "base/buffer.h"
#include "input/export/charset.h"

struct encoder;
struct error;

/* ENCODING_AUTO and ENCODING_UTF16 are none. */
int encoder_open(enum encoding encoding, struct encoder **ret_encoder, struct error *err);
void encoder_close(struct encoder *encoder); /* NULL is fine */

/* Appends the byte order mark of the encoding; GB18030 has none. */
void encoder_append_mark(const struct encoder *encoder, struct buffer *ret_bytes);

/* Appends a text of whole characters. -1 with `err` set, which a text that was read never is but
 * without memory. */
int encoder_append(struct encoder *encoder, const char *text, size_t len, struct buffer *ret_bytes,
                   struct error *err);

#endif
