/*
 * head: status line and fields of an answer, read by ourselves beside libcurl.
 *
 * libcurl 7.88 takes a status line that is none for 200, says nothing of an answer that ends within
 * its head, and calls back for trailer fields as for others. Here a status line is HTTP/1.0 or 1.1
 * and three digits (of HTTP/2 what libcurl makes of its :status), interim answers (1xx) are passed
 * over, and what follows the head of the answer is a trailer and means nothing.
 *
 * Tested by tests/unit/test_head.c
 */
#ifndef CLAIMBATCH_GATEWAY_HTTP_HEAD_H
#define CLAIMBATCH_GATEWAY_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of one answer, interim ones and trailers included: libcurl 7.88 stores headers without a bound.
 */
#define HEAD_BYTES_MAX ((size_t)64 << 10)

#define HEAD_VALUE_BYTES 64

struct head {
    bool is_http2;         /* in: the version that was agreed on */
    long status;           /* of the last status line; 0: none came */
    bool has_final_status; /* … which is that of the answer, not of an interim one */
    bool is_whole;         /* the head of the answer came to its end; interim ones do not count */
    bool is_odd;           /* no head of an HTTP/1 answer */
    bool is_ambiguous;     /* where the answer ends can be read in two ways */
    bool is_large;         /* over HEAD_BYTES_MAX */

    /* head's own */
    bool in_fields;
    size_t bytes;
    bool has_coding, has_length;
    char length[HEAD_VALUE_BYTES];
    char date[HEAD_VALUE_BYTES];
    char retry_after[HEAD_VALUE_BYTES];
};

/* Takes the next line, its line end included, as libcurl calls back for it. False: the answer is
 * not to be believed (is_odd or is_large). */
bool head_take(struct head *head, const char *line, size_t len);

/* Seconds from now, of a number or a date; -1 if there is none. */
int64_t head_retry_after_s(const struct head *head);

/* All answers of one second have the same date: it is parsed once. Zeroed at first. */
struct head_date {
    char text[HEAD_VALUE_BYTES];
    int64_t ms;
};

/* Wall time of the Date field, or -1. */
int64_t head_date_ms(const struct head *head, struct head_date *last);

#endif
