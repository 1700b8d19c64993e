#include "decisions.h"
#include "cli/row_ranges.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/array.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/formula.h"
#include "base/log.h"
#include "base/words/language.h"
#include "decisions_part.h"
#include "input/reader/reader.h"
#include "input/value/value.h"
#include "report/line.h"

#define REFUSAL_BYTES 512

/* ---- words ---- */

bool decision_parse_outcome(const char *word, enum outcome *ret_outcome)
{
    struct cell cell = {word, strlen(word)};
    struct value value = value_of(&cell);
    static const struct {
        const char *word;
        enum outcome outcome;
    } words[] = {
        {"accepted", OUTCOME_ACCEPTED},
        {"已受理", OUTCOME_ACCEPTED},
        {"not-executed", OUTCOME_FAILED},
        {"未执行", OUTCOME_FAILED},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        if (value.len == strlen(words[i].word) &&
            strncasecmp(value.ptr, words[i].word, value.len) == 0) {
            *ret_outcome = words[i].outcome;
            return true;
        }
    return false;
}

/* ---- refusals ---- */

void decisions_refuse(struct decisions *decisions, const struct decision *decision,
                      const char *format, ...)
{
    char why[REFUSAL_BYTES];
    char row[64] = "";
    va_list args;

    if (decisions->refused++ >= DECISIONS_REFUSED_SHOWN)
        return;
    va_start(args, format);
    vsnprintf(why, sizeof(why), format, args);
    va_end(args);
    if (decision->row)
        snprintf(row, sizeof(row), _("row %llu"), (unsigned long long)decision->row);
    if (decision->line)
        log_error("line %llu%s%s: %s", (unsigned long long)decision->line, *row ? _(", ") : "", row,
                  why);
    else
        log_error("%s: %s", row, why);
}

uint64_t decisions_refused(const struct decisions *decisions)
{
    return decisions->refused;
}

/* ---- the list ---- */

struct decision *decisions_new(struct decisions *decisions)
{
    if (!ARRAY_HAS_ROOM(decisions->list, decisions->count, decisions->room))
        return NULL;
    decisions->list[decisions->count] = (struct decision){0};
    return &decisions->list[decisions->count++];
}

struct decision *decisions_add(struct decisions *decisions, uint64_t row, enum outcome outcome,
                               const char *by, const char *reason)
{
    struct decision *decision = decisions_new(decisions);

    if (decision)
        *decision = (struct decision){.row = row, .outcome = outcome, .by = by, .reason = reason};
    return decision;
}

static int compare_row_number(const void *a, const void *b)
{
    const struct decision *x = a;
    const struct decision *y = b;

    return x->row < y->row ? -1 : x->row > y->row;
}

/* In their order, and none twice. */
static void sort_rows(struct decisions *decisions)
{
    size_t used = 0;

    qsort(decisions->list, decisions->count, sizeof(*decisions->list), compare_row_number);
    for (size_t i = 0; i < decisions->count; i++)
        if (!used || decisions->list[used - 1].row != decisions->list[i].row)
            decisions->list[used++] = decisions->list[i];
    decisions->count = used;
}

struct decisions *decisions_of_rows(const char *rows, enum outcome outcome, const char *by,
                                    const char *reason, struct error *err)
{
    struct decisions *decisions = calloc(1, sizeof(*decisions));
    uint64_t first, last;
    bool good = decisions != NULL;

    while (good && rows && row_ranges_next(&rows, &first, &last))
        for (; first <= last && good; first++)
            good = decisions_add(decisions, first, outcome, by, reason) != NULL;
    if (!good) {
        decisions_close(decisions);
        error_no_memory(err);
        return NULL;
    }
    if (decisions->count)
        sort_rows(decisions);
    return decisions;
}

void decisions_close(struct decisions *decisions)
{
    if (!decisions)
        return;
    for (size_t i = 0; i < decisions->count; i++)
        free(decisions->list[i].claim_order_no);
    free(decisions->list);
    buffer_release(&decisions->texts);
    free(decisions);
}

size_t decisions_count(const struct decisions *decisions)
{
    return decisions->count;
}

uint64_t decisions_skipped(const struct decisions *decisions)
{
    return decisions->skipped;
}

struct decision *decisions_at(struct decisions *decisions, size_t i)
{
    return &decisions->list[i];
}

int decisions_compare(const void *a, const void *b)
{
    const struct decision *x = a;
    const struct decision *y = b;

    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return x->line < y->line ? -1 : x->line > y->line;
}

static int compare_row(const void *row, const void *decision)
{
    uint64_t wanted = *(const uint64_t *)row;
    uint64_t at = ((const struct decision *)decision)->row;

    return wanted < at ? -1 : wanted > at;
}

struct decision *decisions_find(struct decisions *decisions, uint64_t row)
{
    if (!decisions->count)
        return NULL;
    return bsearch(&row, decisions->list, decisions->count, sizeof(*decisions->list), compare_row);
}

int decision_set_claim(struct decision *decision, int64_t workcard_id, const char *claim_order_no)
{
    free(decision->claim_order_no);
    decision->claim_order_no = strdup(claim_order_no);
    decision->workcard_id = workcard_id;
    return decision->claim_order_no ? 0 : -1;
}

/* ---- what a list says of a claim ---- */

#define EXACT_DIGITS 15 /* of a spreadsheet's number */

static struct value said_value(const char *text)
{
    const char *bare = formula_unguard(text);
    struct cell cell = {bare ? bare : text, strlen(bare ? bare : text)};

    return value_of(&cell);
}

/* Digits alone, at most one point among them. */
static bool is_decimal(const char *text)
{
    size_t whole = strspn(text, "0123456789");

    return whole && (!text[whole] || (text[whole] == '.' &&
                                      !text[whole + 1 + strspn(text + whole + 1, "0123456789")]));
}

/* "2.02611E+11" of 202611004109: as exact as it is written. */
static bool is_rounded_to(const char *said, long double is)
{
    size_t whole = strspn(said, "0123456789");
    size_t decimals = said[whole] == '.' ? strspn(said + whole + 1, "0123456789") : 0;
    const char *sign = said + whole + (said[whole] == '.') + decimals;
    long double step = 1;
    char *end;
    long power;

    if (!whole || (*sign != 'E' && *sign != 'e'))
        return false;
    power = strtol(sign + 1, &end, 10);
    if (*end || end == sign + 1 || power < 0 || power > 30)
        return false;
    for (long i = (long)decimals; i < power; i++)
        step *= 10;
    return strtold(said, NULL) - is <= step / 2 && is - strtold(said, NULL) <= step / 2;
}

static bool is_cut_to(const char *said, const char *is)
{
    size_t len = strlen(is);

    return len > EXACT_DIGITS && strlen(said) == len && strspn(is, "0123456789") == len &&
           strncmp(said, is, EXACT_DIGITS) == 0 &&
           !said[EXACT_DIGITS + strspn(said + EXACT_DIGITS, "0")];
}

bool decision_says(const char *said, const char *is)
{
    struct value value = said_value(said), real = said_value(is);
    char text[64], number[64];

    if (!value.len || (value.len == real.len && memcmp(value.ptr, real.ptr, value.len) == 0))
        return true;
    if (value.len >= sizeof(text) || real.len >= sizeof(number))
        return false;
    snprintf(text, sizeof(text), "%.*s", (int)value.len, value.ptr);
    snprintf(number, sizeof(number), "%.*s", (int)real.len, real.ptr);
    if (!is_decimal(number))
        return false;
    return (is_decimal(text) && strtold(text, NULL) == strtold(number, NULL)) ||
           is_cut_to(text, number) || is_rounded_to(text, strtold(number, NULL));
}

struct settlement decision_settlement(const struct decision *decision)
{
    return (struct settlement){
        .outcome = decision->outcome,
        .digest = decision->digest,
        .submitted_ms = decision->submitted_ms,
        .by = decision->by,
        .reason = decision->reason,
        .at_ms = clock_wall_ms(),
    };
}
