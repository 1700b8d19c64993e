/*
 * rules: what a row must obey, and how severe a breach is.
 *
 * The table of contract section 6: names, codes and default severities. Which rule a row breaks is
 * decided in claim.h.
 *
 * Tested by tests/unit/test_rules.c
 */
#ifndef CLAIMBATCH_INPUT_CLAIM_RULES_H
#define CLAIMBATCH_INPUT_CLAIM_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "input/value/vocabulary.h"

struct pattern;

/* Contract section 6, in its order, and the dearest fee a user allowed. */
enum rule {
    RULE_MISSING_FIELD,
    RULE_BAD_NUMBER,
    RULE_NUMBER_RANGE,
    RULE_BAD_STATUS,
    RULE_BAD_TIME,
    RULE_PAST_TIME,
    RULE_BAD_FEE,
    RULE_SUCCESS_WITHOUT_FEE,
    RULE_REFUSED_WITH_FEE,
    RULE_REFUSED_WITHOUT_REASON,
    RULE_UNSETTLED_WITH_FEE,
    RULE_REASON_WITHOUT_REFUSAL,
    RULE_COUNT_NOT_ONE,
    RULE_FUTURE_TIME,
    RULE_DATE_ONLY,
    RULE_EXCEL_NUMBER,
    RULE_EXCEL_ROUNDED_ID,
    RULE_DAMAGED_ORDER_NO,
    RULE_LOST_TEXT,
    RULE_BACKSLASH_ESCAPE,
    RULE_CUT_ROW,
    RULE_SHIFTED_CELLS,
    RULE_CLAMPED_ID,
    RULE_PRIVATE_USE_CHARACTER,
    RULE_CONTROL_CHARACTER,
    RULE_TEXT_TOO_LONG,
    RULE_COLUMN_COUNT,
    RULE_MISSING_FINAL_NEWLINE,  /* refuses the file, by the caller; never in findings */
    RULE_CHANGED_SINCE_ACCEPTED, /* judged when the row is sent; never in findings */
    RULE_MAX_FEE,                /* --max-fee; fixed */
    RULE_CHANGED_KEY,            /* of a list of problems, see problem_line.h; fixed */
    RULE_COUNT,
    RULE_NONE = RULE_COUNT, /* nothing is broken */
};

enum severity { SEVERITY_OFF, SEVERITY_WARN, SEVERITY_ERROR };

#define RULES_OLDEST_TIME "2010-01-01"

struct rules {
    enum severity severity[RULE_COUNT];
    int64_t max_fee;  /* fen; negative: no limit */
    int64_t oldest_s; /* Beijing time, as clock_civil_seconds gives it; earlier is past-time */
    bool short_rows;  /* rows may leave out their last, optional cells */
    const char *order_no_pattern;  /* NULL: none; borrowed, as the compiled form is */
    const struct pattern *pattern; /* NULL as long as nobody compiled it */
    struct vocabulary vocabulary;
};

/* "off", "warn" or "error". */
const char *rule_severity_name(enum severity severity);
bool rule_severity_parse(const char *name, enum severity *ret_severity);

/* The defaults of contract section 6. */
void rules_init(struct rules *ret_rules);

/* "success-without-fee"; and its code, "SUCCESS_WITHOUT_FEE". */
const char *rule_name(enum rule rule);
const char *rule_code(enum rule rule);

/* Whether a row is judged by what the ledger knows, when it is sent: then the rule is no part of
 * how an export is read. */
bool rule_is_of_run(enum rule rule);

/* A date, YYYY-MM-DD, as oldest_s; false when it is none. */
bool rules_parse_date(const char *text, int64_t *ret_seconds);

/* Whether the rule's severity can not be changed. */
bool rule_is_fixed(enum rule rule);

/*
 * Takes the "NAME=error|warn|off" of --rule. False when it is malformed or the rule is unknown or
 * fixed; then `ret_why` (may not be NULL) is a static sentence that says so.
 */
bool rules_parse(struct rules *rules, const char *text, const char **ret_why);

#endif
