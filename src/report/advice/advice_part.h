/*
 * advice_part: what the files of advice share: its tables, and how an entry of them is filled in.
 *
 * Tested by tests/unit/test_advice.c
 */
#ifndef CLAIMBATCH_REPORT_ADVICE_ADVICE_PART_H
#define CLAIMBATCH_REPORT_ADVICE_ADVICE_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/verdict.h"
#include "input/claim/rules.h"
#include "report/advice/advice.h"

/* ---- the tables; a code that is none of the gateway's that are known is the last one's ---- */

#define ADVICE_ANY_OUTCOME OUTCOME_COUNT

#define ADVICE_FIX_EXPORT N_("correct the row in the export and upload it again")

struct advice_outcome {
    const char *meaning, *fate, *todo;
};
extern const struct advice_outcome advice_outcomes[OUTCOME_COUNT];

struct advice_row {
    const char *code;
    enum outcome outcome; /* of a row that has it; ADVICE_ANY_OUTCOME: it is a warning or a count */
    const char *meaning, *fate, *todo;
};
extern const struct advice_row advice_rows[];
extern const size_t advice_row_count;

struct advice_status {
    long first, last;
    const char *shown; /* in the list */
    const char *meaning;
};
extern const struct advice_status advice_statuses[];
extern const size_t advice_status_count;

struct advice_code {
    int64_t first, last;
    const char *shown;
    const char *meaning;
    const char *todo; /* of a run that it stops; NULL: what is usual */
};
extern const struct advice_code advice_codes[];
extern const size_t advice_code_count;

struct advice_sub_code {
    const char *pattern; /* of fnmatch */
    const char *sample;
    int64_t code; /* beside which it usually stands */
    const char *meaning;
};
extern const struct advice_sub_code advice_sub_codes[];
extern const size_t advice_sub_code_count;

struct advice_fate {
    enum advice_executed executed;
    const char *fate, *todo;
};
extern const struct advice_fate advice_fates[];

struct advice_stop {
    const char *because, *meaning, *todo;
};
extern const struct advice_stop advice_stops[];
extern const size_t advice_stop_count;

struct advice_exit {
    int code;
    const char *shown, *meaning, *todo;
};
extern const struct advice_exit advice_exits[];
extern const size_t advice_exit_count;

/* What a row breaks. */
extern const char *const advice_rules[RULE_COUNT];

/* ---- filling in ---- */

/* An entry without a fate and a todo; then entries of each table. */
void advice_fill(struct advice *advice, enum advice_kind kind, const char *code,
                 const char *meaning, enum advice_executed executed);
void advice_fill_outcome(enum outcome outcome, struct advice *advice);
void advice_fill_row(size_t i, struct advice *advice);
void advice_fill_rule(enum rule rule, struct advice *advice);
void advice_fill_status(size_t i, long status, const char *shown, struct verdict *verdict,
                        struct advice *advice);
void advice_fill_code(size_t i, const char *shown, const char *pattern,
                      const struct verdict *verdict, struct advice *advice);
void advice_fill_sub_code(size_t i, const char *shown, const char *sub_code, struct advice *advice);
/* What the program makes of such an answer. */
void advice_judge_code(int64_t code, const char *sub_code, struct verdict *ret_verdict);
/* The i-th kind of sub_code that makes a difference beside this code; the last is any other. */
bool advice_kind_of_code(int64_t code, const char *shown, size_t i, struct advice *advice);

/* Where it is in its table: false when it is not. */
bool advice_find_status(long status, size_t *ret_i);
bool advice_find_sub_code(const char *sub_code, size_t *ret_i);

/* Digits, and not too many of them. */
bool advice_parse_number(const char *word, int64_t *ret_number);

/* What a person reads of it becomes that of his language. Always true. */
bool advice_translate(struct advice *advice);

#endif
