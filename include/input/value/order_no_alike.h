/*
 * order_no_alike: other spellings of a claim number, which a person takes for the same: what
 * spreadsheets and people make of it on its way from one export to the next. Pure.
 *
 * Leading zeros come and go, letters change their case, blanks are left out, brackets and digits of
 * full width become narrow ones or the reverse. No list of them can be whole.
 *
 * Tested by tests/unit/test_order_no_alike.c
 */
#ifndef CLAIMBATCH_INPUT_VALUE_ORDER_NO_ALIKE_H
#define CLAIMBATCH_INPUT_VALUE_ORDER_NO_ALIKE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

#define ORDER_NO_ALIKE_ZEROS 8 /* so many may have stood before it */
#define ORDER_NO_ALIKE_MAX 9   /* spellings */

/* Whether anybody wants spellings that begin with so many zeros and then with that character. */
struct order_no_filter {
    bool (*wants)(void *context, size_t zeros, unsigned char next);
    void *context;
};

/* Appends each spelling that is wanted, but not the one given, with a NUL behind each, and returns
 * how many. */
size_t order_no_alike(const char *order_no, const struct order_no_filter *filter,
                      struct buffer *ret_texts);

/* Appends the one spelling that stands for all that are alike: narrow, in capitals, without blanks,
 * and, of nothing but digits, without zeros before them. */
void order_no_fold(const char *order_no, struct buffer *ret_text);

/* Whether that is the very same text. */
bool order_no_is_folded(const char *order_no);

#endif
