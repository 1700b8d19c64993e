/* One row, judged as the rows of an export are. */
#ifndef CLAIMBATCH_TESTS_JUDGED_H
#define CLAIMBATCH_TESTS_JUDGED_H

#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "input/claim/claim.h"

#define CELLS_MAX 16
#define NOW_MS INT64_C(1670803200000) /* 2022-12-12 08:00:00 in Beijing */

static const struct columns fen = {
    .index = {0, 1, 2, 3, 4, 5, 6}, .count = 7, .fee_unit = FEE_UNIT_FEN};

static const struct columns yuan = {
    .index = {0, 1, 2, 3, 4, 5, 6}, .count = 7, .fee_unit = FEE_UNIT_YUAN};

/* No claim_desc, no claim_count, the rest backwards. */
static const struct columns narrow = {
    .index = {4, COLUMN_ABSENT, COLUMN_ABSENT, 3, 2, 1, 0}, .count = 5, .fee_unit = FEE_UNIT_FEN};

/* A record and all that came of it. */
struct judged {
    char text[8192];
    struct cell cells[CELLS_MAX];
    struct record record;
    struct claim_store store;
    struct claim claim;
    struct findings findings;
};

/* Judges cells that are joined by '|'. */
static inline void judge(struct judged *judged, const struct rules *rules,
                         const struct columns *columns, const char *cells)
{
    struct rules defaults = {0};
    char *rest = judged->text;

    claim_store_release(&judged->store);
    *judged = (struct judged){.record = {.row = 2, .line = 2, .cells = judged->cells}};
    judged->record.has_line_end = strpbrk(cells, "\r\n");
    snprintf(judged->text, sizeof(judged->text), "%s", cells);
    while (rest) {
        char *cell = strsep(&rest, "|");

        judged->cells[judged->record.count++] = (struct cell){cell, strlen(cell)};
    }
    rules_init(&defaults);
    claim_judge(rules ? rules : &defaults, columns, NULL, &judged->record, NOW_MS, &judged->store,
                &judged->claim, &judged->findings);
}

#endif
