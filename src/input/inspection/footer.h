/*
 * footer: lines below the claims that are no claims.
 *
 * A total, dashes, a note (制表人：…, 审核：…, 第 1 页) or nothing. Pure.
 *
 * Tested by tests/unit/test_profile.c
 */
#ifndef CLAIMBATCH_INPUT_INSPECTION_FOOTER_H
#define CLAIMBATCH_INPUT_INSPECTION_FOOTER_H

#include <stdbool.h>

struct columns;
struct record;

enum footer_width {
    FOOTER_WIDE,  /* the line has as many cells as a claim */
    FOOTER_SHORT, /* too few, and it cannot be the rest of a text that stood above */
    FOOTER_PIECE, /* too few, and it may be that: a note is no footer then */
};

/* Whether a line may belong to a footer. */
bool footer_is_like(const struct columns *columns, const struct record *record,
                    enum footer_width width);

#endif
