/*
 * decisions: what a person says became of unknown attempts.
 *
 * One that was typed, or those of a CSV such as the platform's support sends a list back (the
 * columns of command/resolve/unknown_sheet.h, in any order). They are held in memory, in the
 * order of their rows, at most one for each; DECISIONS_BYTES_MAX bounds it. Each names the very
 * attempt it is about. What is wrong with single ones is logged line by line, so that a file can be
 * fixed at once.
 *
 * Tested by tests/unit/test_decisions.c
 */
#ifndef CLAIMBATCH_COMMAND_RESOLVE_DECISIONS_H
#define CLAIMBATCH_COMMAND_RESOLVE_DECISIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "input/export/charset.h"
#include "ledger/ledger.h"

struct error;
struct decisions;

#define DECISIONS_BYTES_MAX ((uint64_t)16 << 20) /* of a file */
#define DECISIONS_REFUSED_SHOWN 20

#define DECISION_KNOWN_BYTES 64

/* What a list says of the claim beside the row; it has to be the row's. */
enum decision_said {
    DECISION_SAID_WORKCARD_ID,
    DECISION_SAID_CLAIM_ORDER_NO,
    DECISION_SAID_CLAIM_FEE,
    DECISION_SAID_COUNT
};

struct decision {
    uint64_t row;
    uint64_t line;        /* physical, in the file; 0: it was typed */
    enum outcome outcome; /* OUTCOME_ACCEPTED, or OUTCOME_FAILED: it was not executed */
    bool names_attempt;   /* digest and submitted_ms are there; a typed one means the report's */
    unsigned char digest[DIGEST_CLAIM_BYTES];
    int64_t submitted_ms;
    const char *by, *reason; /* borrowed from the decisions, or from who typed them */
    size_t by_at, reason_at; /* where a file's are kept, while it is read */
    const char
        *said[DECISION_SAID_COUNT]; /* a file's cells, "" without the column; NULL: it was typed */
    size_t said_at[DECISION_SAID_COUNT];

    /* The row in the report; set by the caller, the claim by decision_set_claim. */
    bool is_found;
    int64_t workcard_id;
    char *claim_order_no; /* NULL: not known */
    int64_t fee_fen;
    char known[DECISION_KNOWN_BYTES]; /* of the attempt: a code, or "" */
};

/* "accepted" or "not-executed"; false for any other word. Blanks around it and case do not count.
 */
bool decision_parse_outcome(const char *word, enum outcome *ret_outcome);

/* What is said of each of the rows that are typed; `rows` NULL: of none yet. NULL with `err` set.
 */
struct decisions *decisions_of_rows(const char *rows, enum outcome outcome, const char *by,
                                    const char *reason, struct error *err);

/* Adds one of a row behind those that are there. NULL without memory. */
struct decision *decisions_add(struct decisions *decisions, uint64_t row, enum outcome outcome,
                               const char *by, const char *reason);

/*
 * Reads a file. `encoding` is ENCODING_AUTO or what was asked for. `by` and `reason`, which may be
 * NULL, stand where the file has none. Decisions that are refused are logged and counted, see
 * decisions_refused; EXIT_INPUT_MISSING and EXIT_INPUT_REFUSED for the file as a whole.
 */
int decisions_read(const char *path, enum encoding encoding, const char *by, const char *reason,
                   struct decisions **ret_decisions, struct error *err);
void decisions_close(struct decisions *decisions); /* NULL is fine */

size_t decisions_count(const struct decisions *decisions);
uint64_t decisions_skipped(const struct decisions *decisions); /* rows that say nothing */
struct decision *decisions_at(struct decisions *decisions, size_t i);
struct decision *decisions_find(struct decisions *decisions, uint64_t row); /* NULL: none */

/* Notes which claim the row is. -1 without memory. */
int decision_set_claim(struct decision *decision, int64_t workcard_id, const char *claim_order_no);

/*
 * Whether a list's cell says what the report's does: the same text but for blanks around it and the
 * guard of a formula, or the number that a spreadsheet makes of one (leading zeros and zero
 * decimals lost, rounded to 15 digits, 2.02611E+11). An empty cell says nothing against it.
 */
bool decision_says(const char *said, const char *is);

/* What the ledger is told of it now. Borrowed from the decision. */
struct settlement decision_settlement(const struct decision *decision);

/* Refuses one: the first DECISIONS_REFUSED_SHOWN are logged, naming line and row. */
void decisions_refuse(struct decisions *decisions, const struct decision *decision,
                      const char *format, ...) __attribute__((format(printf, 3, 4)));
uint64_t decisions_refused(const struct decisions *decisions);

#endif
