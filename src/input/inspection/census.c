/* The counting behind a profile: one look at each record, memory of fixed size. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/error.h"
#include "fee_unit_check.h"
#include "footer.h"
#include "input/claim/claim.h"
#include "input/claim/profile.h"
#include "input/value/text.h"
#include "input/value/value.h"

#define GROUP_DIGITS 3  /* between the commas of an amount */
#define EXACT_DIGITS 15 /* of a spreadsheet's number; JavaScript writes 17 */
#define JAVASCRIPT_DIGITS 17
#define LONGEST_DIGITS 32
#define SHAPES 16
#define IMPROBABLE 1.000001e-6 /* one in a million; the rest is rounding of our own */
#define ORDINARY_COUNT 100     /* so many numbers show what chance gives */

/* Numbers of one length. */
struct lengths {
    uint64_t count, zeros; /* of them zero from the digit on */
};

/* How often a shape was met, at least: a counter is taken over by a new shape once it is used up.
 */
struct shape_count {
    uint64_t shape, count;
};

struct census {
    struct lengths ids[ID_COLUMNS][ROUNDINGS][LONGEST_DIGITS];
    uint64_t order_nos, looks[ORDER_LOOKS], lists;
    uint64_t first_shape;                /* of claim numbers */
    uint64_t separated, separated_alike; /* that have marks; of them those of the first's shape */
    struct shape_count shapes[SHAPES];
    size_t last_shape;
    size_t narrowest, widest;
    uint64_t behind_fee, groups_behind_fee; /* cells there; of them those of three digits */
    uint64_t parted;                        /* of these, those behind an amount of so few */
    struct fee_unit_check fees;             /* of a column in fen */
    bool has_surplus;                       /* some row is wider than the header */

    /* The end so far: where what may be a footer began, and the last row before it. */
    uint64_t footer_row, footer_rows, footer_line;
    bool footer_has_pieces; /* a line in it may be a piece of a text */
    uint64_t full_row;      /* the last record that is neither short nor a footer */
    uint64_t last_row;      /* directly before this one */
    size_t full_count;      /* cells of the last full row; the length of its last one */
    size_t full_end;
    uint64_t *cut_rows;
    size_t cut_count, cut_room;
};

struct census *census_open(void)
{
    return calloc(1, sizeof(struct census));
}

void census_close(struct census *census)
{
    if (!census)
        return;
    free(census->cut_rows);
    free(census);
}

/* ---- numbers ---- */

/* How many zeros the digits end in. */
static size_t trailing_zeros(struct value value)
{
    size_t n = 0;

    while (n < value.len && value.ptr[value.len - 1 - n] == '0')
        n++;
    return n;
}

static void note_id(struct census *census, enum id_column column, struct value value)
{
    size_t zeros = 0;

    if (value.len <= EXACT_DIGITS || !value_is_long_number(&value))
        return;
    zeros = trailing_zeros(value);
    if (value.len >= LONGEST_DIGITS)
        return;
    census->ids[column][ROUND_AT_16][value.len].count++;
    if (zeros >= value.len - EXACT_DIGITS)
        census->ids[column][ROUND_AT_16][value.len].zeros++;
    else if (value.len > JAVASCRIPT_DIGITS) {
        census->ids[column][ROUND_AT_18][value.len].count++;
        census->ids[column][ROUND_AT_18][value.len].zeros += zeros >= value.len - JAVASCRIPT_DIGITS;
    }
}

/* ---- claim numbers ---- */

static void note_shape(struct census *census, uint64_t shape)
{
    struct shape_count *last = &census->shapes[census->last_shape];
    size_t unused = SHAPES;

    if (last->count && last->shape == shape) {
        last->count++;
        return;
    }
    for (size_t i = 0; i < SHAPES; i++) {
        if (census->shapes[i].count == 0)
            unused = i;
        else if (census->shapes[i].shape == shape) {
            census->shapes[i].count++;
            census->last_shape = i;
            return;
        }
    }
    if (unused < SHAPES) {
        census->shapes[unused] = (struct shape_count){shape, 1};
        return;
    }
    for (size_t i = 0; i < SHAPES; i++)
        census->shapes[i].count--;
}

static void note_order_no(struct census *census, struct value value)
{
    unsigned kinds = text_kinds(value);
    uint64_t shape = text_shape(value);
    bool separated = false;

    if (census->order_nos++ == 0)
        census->first_shape = shape;
    census->looks[order_no_look(value, kinds)]++;
    note_shape(census, shape);
    if (kinds == TEXT_DIGIT)
        note_id(census, ID_ORDER_NO, value);
    if (!(kinds & ~(unsigned)(TEXT_DIGIT | TEXT_UPPER | TEXT_LOWER | TEXT_DASH)))
        return;
    census->lists += order_no_is_list(value, kinds);
    separated =
        kinds & (TEXT_SEPARATOR | TEXT_GUISE | TEXT_SYMBOL | TEXT_SPECIAL | TEXT_MARK | TEXT_OTHER);
    census->separated += separated;
    census->separated_alike += separated && shape == census->first_shape;
}

/* ---- lines ---- */

static int add_cut_row(struct census *census, uint64_t row, struct error *err)
{
    if (census->cut_count && census->cut_rows[census->cut_count - 1] == row)
        return 0;
    if (census->cut_count == PROFILE_CUT_ROWS_MAX)
        return error_set(err, EXIT_INPUT_REFUSED,
                         "more than %d rows are cut by line breaks that stand without quotes: "
                         "export the file again with quotes around texts; nothing was sent",
                         PROFILE_CUT_ROWS_MAX);
    if (!ARRAY_HAS_ROOM(census->cut_rows, census->cut_count, census->cut_room))
        return error_no_memory(err);
    census->cut_rows[census->cut_count++] = row;
    return 0;
}

/* A line that is no claim belongs to the footer as long as nothing else follows. */
static void note_footer(struct census *census, const struct record *record, bool is_short)
{
    if (!census->footer_row) {
        census->footer_row = record->row;
        census->footer_line = record->line;
        census->footer_rows = 0;
        census->footer_has_pieces = false;
    }
    census->footer_rows++;
    census->footer_has_pieces |= is_short && !claim_is_blank(record);
}

/* Whether the last full row ends in a text, of which a line break may have cut off more. */
static bool ends_in_text(const struct census *census, const struct columns *columns)
{
    size_t last = census->full_count - 1;

    if (!census->full_count || !census->full_end)
        return false;
    return columns->index[FIELD_CLAIM_DESC] == (int)last || !columns_is_used(columns, last);
}

static int note_line(struct census *census, const struct rules *rules,
                     const struct columns *columns, const struct record *record, struct error *err)
{
    bool is_short = record->count < columns_least(columns, rules->short_rows);
    uint64_t before = census->last_row;
    int result = 0;

    census->last_row = record->row;
    if (footer_is_like(columns, record,
                       !is_short                       ? FOOTER_WIDE
                       : ends_in_text(census, columns) ? FOOTER_PIECE
                                                       : FOOTER_SHORT)) {
        note_footer(census, record, is_short);
        return 0;
    }
    /* What looked like a footer stands between claims. A single cell there is a piece of a text,
     * whatever it says. */
    if (census->footer_row && census->footer_has_pieces && census->full_row)
        result = add_cut_row(census, census->full_row, err);
    census->footer_row = 0;
    if (!result && is_short && before)
        result = add_cut_row(census, before, err);
    if (!is_short) {
        census->full_row = record->row;
        census->full_count = record->count;
        census->full_end = record->cells[record->count - 1].len;
    }
    return result;
}

static void note_width(struct census *census, const struct columns *columns,
                       const struct record *record)
{
    census->has_surplus |= record->count > columns->count;
    if (!census->narrowest || record->count < census->narrowest)
        census->narrowest = record->count;
    if (record->count > census->widest)
        census->widest = record->count;
}

/* The cell behind the amount, where it is of a column that nobody asked for. */
static void note_behind_fee(struct census *census, const struct columns *columns,
                            const struct record *record)
{
    size_t next = (size_t)columns->index[FIELD_CLAIM_FEE] + 1;
    struct value value = {0};

    if (next >= record->count || columns_is_used(columns, next))
        return;
    value = value_of(&record->cells[next]);
    census->behind_fee++;
    if (!value_is_group(value))
        return;
    census->groups_behind_fee++;
    value = value_in(columns, record, FIELD_CLAIM_FEE);
    census->parted += value.len <= GROUP_DIGITS && !memchr(value.ptr, '.', value.len);
}

int census_note(struct census *census, const struct rules *rules, const struct columns *columns,
                const struct record *record, struct error *err)
{
    struct value order_no = {0};

    if (note_line(census, rules, columns, record, err))
        return -1;
    if (census->footer_row || record->count < columns_least(columns, rules->short_rows))
        return 0;
    note_width(census, columns, record);
    order_no = value_in(columns, record, FIELD_CLAIM_ORDER_NO);
    if (!vocabulary_is_null(&rules->vocabulary, order_no))
        note_order_no(census, order_no);
    note_id(census, ID_WORKCARD, value_in(columns, record, FIELD_WORKCARD_ID));
    note_behind_fee(census, columns, record);
    if (columns->fee_unit == FEE_UNIT_FEN)
        fee_unit_check_note(&census->fees, value_in(columns, record, FIELD_CLAIM_FEE));
    return 0;
}

/* ---- what it comes to ---- */

double census_chance(uint64_t count, uint64_t zeros, unsigned digits)
{
    double p = pow(10, -(double)digits), sum = 0, n = (double)count;

    if (zeros == 0)
        return 1;
    if (zeros > count)
        return 0;
    if ((double)zeros <= n * p)
        return 1; /* no more than is to be expected */
    for (uint64_t k = zeros; k <= count; k++) {
        double x = (double)k;
        double term = exp(lgamma(n + 1) - lgamma(x + 1) - lgamma(n - x + 1) + x * log(p) +
                          (n - x) * log1p(-p));

        sum += term;
        if (term < sum * 1e-12)
            break;
    }
    return sum;
}

/* An upper bound of the same over numbers of all lengths together, after Chernoff. Exact where all
 * of them are zero. */
static double bound_chance(const struct lengths *lengths, unsigned exact)
{
    uint64_t zeros = 0;
    double best = 0;

    for (unsigned i = 0; i < LONGEST_DIGITS; i++)
        zeros += lengths[i].zeros;
    if (zeros == 0)
        return 1;
    for (double t = 0.25; t < 700; t *= 1.1) {
        double sum = -t * (double)zeros;

        for (unsigned i = exact + 1; i < LONGEST_DIGITS; i++) {
            double p = pow(10, -(double)(i - exact));

            /* log(1 - p + p e^t), which e^t must not overflow */
            sum += (double)lengths[i].count * (t + log(p + (1 - p) * exp(-t)));
        }
        best = sum < best ? sum : best;
    }
    return exp(best);
}

static double chance_of(const struct lengths *lengths, unsigned exact)
{
    double least = bound_chance(lengths, exact);

    for (unsigned i = exact + 1; i < LONGEST_DIGITS; i++) {
        double chance =
            lengths[i].count ? census_chance(lengths[i].count, lengths[i].zeros, i - exact) : 1;

        least = chance < least ? chance : least;
    }
    return least;
}

/* Enough numbers, of which about as many end in zeros as chance gives, are worth no word. */
static enum doubt doubt_of(const struct lengths *lengths, unsigned exact)
{
    uint64_t count = 0, zeros = 0;
    double chance = 0;

    for (unsigned i = 0; i < LONGEST_DIGITS; i++) {
        count += lengths[i].count;
        zeros += lengths[i].zeros;
    }
    if (zeros == 0)
        return DOUBT_NONE;
    chance = chance_of(lengths, exact);
    if (chance <= IMPROBABLE)
        return DOUBT_ERROR;
    return count >= ORDINARY_COUNT && chance > 0.01 ? DOUBT_NONE : DOUBT_WARN;
}

static uint64_t usual_shape(const struct census *census)
{
    for (size_t i = 0; i < SHAPES; i++)
        if (census->shapes[i].count * 2 > census->order_nos)
            return census->shapes[i].shape;
    return 0;
}

/* Whether numbers of the column end in zeros. */
static bool has_zeros(const struct lengths *lengths)
{
    for (unsigned i = 0; i < LONGEST_DIGITS; i++)
        if (lengths[i].zeros)
            return true;
    return false;
}

static bool is_doubted_alike(const struct census *census, const struct profile *a,
                             const struct profile *b)
{
    for (int id = 0; id < ID_COLUMNS; id++)
        for (int at = 0; at < ROUNDINGS; at++)
            if (a->rounded[id][at] != b->rounded[id][at] && has_zeros(census->ids[id][at]))
                return false;
    return true;
}

/* Claim numbers with marks that have another shape than most: those may be judged by it. */
static uint64_t count_separated(const struct census *census, uint64_t usual)
{
    return census->separated - (census->first_shape == usual ? census->separated_alike : 0);
}

static bool is_judged_alike(const struct census *census, const struct profile *a,
                            const struct profile *b)
{
    for (int look = ORDER_PLAIN + 1; look < ORDER_LOOKS; look++)
        if (a->is_odd[look] != b->is_odd[look] && census->looks[look])
            return false;
    if (a->order_shape != b->order_shape && count_separated(census, b->order_shape))
        return false;
    if (a->has_lists != b->has_lists && census->separated)
        return false;
    if ((a->is_text_behind_fee != b->is_text_behind_fee || a->is_parted != b->is_parted) &&
        census->groups_behind_fee)
        return false;
    if (a->fee_doubt != b->fee_doubt && census->fees.pointed + census->fees.whole)
        return false;
    if (a->width != b->width && census->has_surplus)
        return false;
    return is_doubted_alike(census, a, b) && a->footer_row == b->footer_row &&
           a->cut_count == b->cut_count;
}

bool census_finish(struct census *census, const struct profile *before, struct profile *ret_profile)
{
    static const unsigned exact[ROUNDINGS] = {EXACT_DIGITS, JAVASCRIPT_DIGITS};

    profile_init(ret_profile);
    for (int id = 0; id < ID_COLUMNS; id++)
        for (int at = 0; at < ROUNDINGS; at++) {
            enum doubt doubt = doubt_of(census->ids[id][at], exact[at]);

            ret_profile->rounded[id][at] = doubt;
        }
    for (int look = ORDER_PLAIN + 1; look < ORDER_LOOKS; look++)
        ret_profile->is_odd[look] =
            census->looks[look] && census->looks[look] * 2 < census->order_nos;
    ret_profile->order_shape = usual_shape(census);
    ret_profile->has_lists = census->lists * 2 > census->order_nos;
    ret_profile->is_text_behind_fee = census->groups_behind_fee * 2 < census->behind_fee;
    ret_profile->is_parted = census->parted && census->parted == census->behind_fee;
    ret_profile->fee_doubt = fee_unit_check_doubt(&census->fees);
    ret_profile->has_cents = fee_unit_check_has_cents(&census->fees);
    ret_profile->width = census->narrowest == census->widest ? census->widest : 0;
    ret_profile->footer_row = census->footer_row;
    ret_profile->footer_rows = census->footer_row ? census->footer_rows : 0;
    ret_profile->footer_line = census->footer_line;
    ret_profile->cut_rows = census->cut_rows;
    ret_profile->cut_count = census->cut_count;
    return !is_judged_alike(census, before, ret_profile);
}
