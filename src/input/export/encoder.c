#include "input/export/encoder.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/error.h"

#define BYTES_AT_A_TIME 256

struct encoder {
    enum encoding encoding;
    iconv_t iconv; /* (iconv_t)-1: UTF-8 stays as it is */
};

static const struct {
    const char *iconv_name, *mark;
    size_t mark_len;
} encodings[] = {
    [ENCODING_UTF8] = {NULL, "\xef\xbb\xbf", 3},
    [ENCODING_GB18030] = {"GB18030", "", 0},
    [ENCODING_UTF16LE] = {"UTF-16LE", "\xff\xfe", 2},
    [ENCODING_UTF16BE] = {"UTF-16BE", "\xfe\xff", 2},
};

int encoder_open(enum encoding encoding, struct encoder **ret_encoder, struct error *err)
{
    struct encoder *encoder = calloc(1, sizeof(*encoder));

    *ret_encoder = encoder;
    if (!encoder)
        return error_no_memory(err);
    encoder->encoding = encoding;
    encoder->iconv = (iconv_t)-1;
    if (!encodings[encoding].iconv_name)
        return 0;
    encoder->iconv = iconv_open(encodings[encoding].iconv_name, "UTF-8");
    if (encoder->iconv != (iconv_t)-1)
        return 0;
    encoder_close(encoder);
    *ret_encoder = NULL;
    return error_set(err, EXIT_INTERNAL, "this system's iconv cannot convert to %s",
                     charset_encoding_name(encoding));
}

void encoder_close(struct encoder *encoder)
{
    if (!encoder)
        return;
    if (encoder->iconv != (iconv_t)-1)
        iconv_close(encoder->iconv);
    free(encoder);
}

void encoder_append_mark(const struct encoder *encoder, struct buffer *ret_bytes)
{
    buffer_append(ret_bytes, encodings[encoder->encoding].mark,
                  encodings[encoder->encoding].mark_len);
}

int encoder_append(struct encoder *encoder, const char *text, size_t len, struct buffer *ret_bytes,
                   struct error *err)
{
    char *in = (char *)(uintptr_t)text; /* iconv does not write there */

    if (encoder->iconv == (iconv_t)-1) {
        buffer_append(ret_bytes, text, len);
        return ret_bytes->failed ? error_no_memory(err) : 0;
    }
    while (len) {
        char bytes[BYTES_AT_A_TIME];
        char *out = bytes;
        size_t left = sizeof(bytes);

        if (iconv(encoder->iconv, &in, &len, &out, &left) == (size_t)-1 && errno != E2BIG)
            return error_set(err, EXIT_INTERNAL, "a text cannot be written as %s",
                             charset_encoding_name(encoder->encoding));
        buffer_append(ret_bytes, bytes, sizeof(bytes) - left);
    }
    return ret_bytes->failed ? error_no_memory(err) : 0;
}
