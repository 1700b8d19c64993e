/*
 * month_sums: rows and money by day, app key, outcome and status; and claims by day and outcome.
 *
 * Tested by tests/unit/test_month_claim.c and tests/e2e/test_month.py
 */
#ifndef CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_SUMS_H
#define CLAIMBATCH_COMMAND_AUDIT_MONTH_MONTH_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "command/audit/audit.h"
#include "month_claim.h"

struct error;
struct month_sums;

/* Days between two of these are listed, too, unless that would be more: a clock may have been years
 * ahead. */
#define MONTH_GAP_DAYS_MAX 366

/* Rows of one kind. */
struct month_sum {
    int64_t day; /* as in struct month_line */
    size_t source;
    enum outcome outcome;
    int status;
    struct audit_sum rows;
};

struct month_day {
    int64_t day;
    uint64_t runs; /* that were started on it */
    struct audit_sum rows[OUTCOME_COUNT];
    struct audit_sum open; /* claims that are open, by the day of what says so */
};

struct month_sums *month_sums_start(void);      /* NULL without memory */
void month_sums_close(struct month_sums *sums); /* NULL is fine */

int month_sums_add_row(struct month_sums *sums, const struct month_line *line, struct error *err);
int month_sums_add_run(struct month_sums *sums, int64_t day, struct error *err);
int month_sums_add_open(struct month_sums *sums, const struct month_claim *claim,
                        struct error *err);

/* The lists, ordered by day, source, outcome and status; owned by the caller, to be freed. NULL
 * where they are empty. */
int month_sums_list(struct month_sums *sums, struct month_sum **ret_list, size_t *ret_count,
                    struct error *err);
int month_sums_days(struct month_sums *sums, struct month_day **ret_days, size_t *ret_count,
                    struct error *err);

/* "2026-11-01"; "" for MONTH_NO_DAY. */
#define MONTH_DAY_BYTES 20
const char *month_sums_day_text(int64_t day, char ret_text[MONTH_DAY_BYTES]);

/* The Beijing day of a moment; MONTH_NO_DAY for 0. */
int64_t month_sums_day_of(int64_t wall_ms);

#endif
