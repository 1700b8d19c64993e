/*
 * claim: one row's content, exact, and the rules it must obey.
 *
 * Pure: what a record means and which rules it breaks depends on the record, the columns, the rules
 * and one fixed moment called now. Money and ids are integers; nothing is rounded or guessed.
 *
 * Tested by tests/unit/test_claim.c
 */
#ifndef CLAIMBATCH_INPUT_CLAIM_CLAIM_H
#define CLAIMBATCH_INPUT_CLAIM_CLAIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "input/claim/findings.h"
#include "input/claim/profile.h"
#include "input/claim/rules.h"
#include "input/reader/columns.h"
#include "input/reader/reader.h"

#define CLAIM_TIME_BYTES 20
#define CLAIM_DESC_CHARACTERS 2000 /* rule text-too-long, Unicode code points */
#define CLAIM_ORDER_NO_CHARACTERS 128
#define CLAIM_FUTURE_LIMIT_S 600 /* rule future-time */

/* The seven values as they are sent. */
struct claim {
    int64_t workcard_id;
    const char *claim_desc; /* "" when absent; never NULL */
    int64_t claim_count;
    const char *claim_order_no;
    int64_t claim_status;              /* 0 not settled, 1 claim succeeded, 2 claim failed */
    char claim_time[CLAIM_TIME_BYTES]; /* "YYYY-MM-DD HH:MM:SS", Beijing time */
    int64_t claim_fee;                 /* fen */
};

/* Storage that a claim's texts live in; one for each reader, reused from row to row. Zeroed is
 * empty. */
struct claim_store {
    struct buffer desc, order_no;
};
void claim_store_release(struct claim_store *store);

/*
 * Judges a record. Findings are in the order of the fields, the row as a whole first; a row whose
 * number of fields is wrong is not judged any further, its cells may have moved. `profile` is NULL
 * where a row stands for itself. With no finding of
 * SEVERITY_ERROR *ret_claim is whole and its texts live in `store` until its next use; else it is
 * undefined. `now_ms` is wall time. Running out of memory shows in the store's buffers as `failed`.
 */
void claim_judge(const struct rules *rules, const struct columns *columns,
                 const struct profile *profile, const struct record *record, int64_t now_ms,
                 struct claim_store *store, struct claim *ret_claim, struct findings *ret_findings);

/* The raw text of a field in the record, "" where its column is absent or the record too short.
 * Borrowed. */
const char *claim_raw(const struct columns *columns, const struct record *record, enum field field);

/* Whether the record is blanks and delimiters alone, as spreadsheets write a line that was cleared.
 */
bool claim_is_blank(const struct record *record);

#endif
