/*
 * profile: what an export looks like as a whole.
 *
 * Some things can be told of a row only beside all others: whether numbers were rounded, what is
 * odd among claim numbers, which line is a footer, which row a line break cut. The first pass
 * counts (struct census, of fixed size) and comes to a profile; every later pass over the same
 * export, also in another command, judges with an equal profile and so comes to the same findings.
 *
 * Tested by tests/unit/test_profile.c
 */
#ifndef CLAIMBATCH_INPUT_CLAIM_PROFILE_H
#define CLAIMBATCH_INPUT_CLAIM_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/claim/rules.h"
#include "input/reader/columns.h"
#include "input/reader/reader.h"
#include "input/value/order_no.h"

struct error;

/* The columns of numbers that a spreadsheet rounds. */
enum id_column { ID_WORKCARD, ID_ORDER_NO, ID_COLUMNS };

/* From which digit on a number is zero when it was rounded. */
enum rounding { ROUND_AT_16, ROUND_AT_18, ROUNDINGS };

enum doubt {
    DOUBT_NONE, /* as many as chance gives */
    DOUBT_WARN,
    DOUBT_ERROR, /* more than chance explains */
};

/* Which amounts of a column in fen may be in yuan, for others there have decimals. */
enum fee_doubt { FEE_DOUBT_NONE, FEE_DOUBT_POINTED /* as 128.00 */, FEE_DOUBT_ALL };

#define PROFILE_CUT_ROWS_MAX 65536 /* rows that line breaks cut; a file of more is refused */

struct profile {
    enum doubt rounded[ID_COLUMNS][ROUNDINGS];
    bool is_odd[ORDER_LOOKS]; /* claim numbers of this look, for most have another */
    uint64_t order_shape;     /* of most claim numbers; 0: there is none */
    bool has_lists;           /* most claim numbers are lists: then they are what they are */
    bool is_text_behind_fee; /* the column there, which nobody asked for, seldom has three digits */
    bool is_parted;          /* in all rows an amount may have been parted before that column */
    enum fee_doubt fee_doubt;
    bool has_cents;      /* of a column in fen: each amount is written as 128.00 */
    size_t width;        /* cells of every row, empty ones at the end included, if all rows have
                            as many; 0: they differ */
    uint64_t footer_row; /* the first line of the footer; 0: there is none */
    uint64_t footer_rows, footer_line;
    const uint64_t *cut_rows; /* ascending; borrowed */
    size_t cut_count;
};

/* What is taken for granted before anything was counted, and by who sees single rows only. */
void profile_init(struct profile *ret_profile);

/* Whether the row is one that a line break without quotes cut. */
bool profile_is_cut(const struct profile *profile, uint64_t row);

/* Whether the row belongs to the footer, and is none. */
bool profile_is_footer(const struct profile *profile, uint64_t row);

/* ---- counting ---- */

struct census;
struct census *census_open(void); /* NULL without memory */
void census_close(struct census *census);

/* Takes note of a record, in the order of the file. -1: EXIT_RESOURCES, or EXIT_INPUT_REFUSED where
 * too many rows are cut. */
int census_note(struct census *census, const struct rules *rules, const struct columns *columns,
                const struct record *record, struct error *err);

/*
 * After the last record. `ret_profile` borrows from the census. Returns whether rows may be judged
 * in another way with it than with `before`.
 */
bool census_finish(struct census *census, const struct profile *before,
                   struct profile *ret_profile);

/* ---- parts of it, for tests ---- */

/* The chance that of `count` numbers at least `zeros` are zero in their last `digits` digits. */
double census_chance(uint64_t count, uint64_t zeros, unsigned digits);

#endif
