/*
 * unknown_row: a row of a report whose outcome is unknown, and what is known of it.
 *
 * Tested by tests/e2e/test_resolve.py
 */
#ifndef CLAIMBATCH_COMMAND_RESOLVE_UNKNOWN_ROW_H
#define CLAIMBATCH_COMMAND_RESOLVE_UNKNOWN_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "ledger/ledger.h"
#include "report/line.h"
#include "revision.h"

struct error;

enum unknown_row_kind {
    UNKNOWN_ROW_OWN,     /* its own attempt is the unknown one */
    UNKNOWN_ROW_HEIR,    /* it waits for that of a row of the same content whose report is not where
                            it was any more: it is settled as its own is */
    UNKNOWN_ROW_ORPHAN,  /* … of other content, so that it takes a list which names that */
    UNKNOWN_ROW_WAITS,   /* it waits for that of a row of another report … */
    UNKNOWN_ROW_SENDING, /* … or for one that is on its way at this moment */
    UNKNOWN_ROW_OVER,    /* no attempt of its claim is open any more */
};

/* Borrows from the revision, and from the ledger until it is asked again for a run. A zeroed one is
 * empty. */
struct unknown_row {
    enum unknown_row_kind kind;
    const struct line *line;
    int64_t fee_fen;
    struct row_place at; /* the row whose attempt is open; that of the line itself if its own is */
    char at_run[LEDGER_ID_BYTES];
    const char *at_report;
    struct known_row attempt; /* of that row */
};

/* Asks the ledger about a row of the run `run` that is unknown. */
int unknown_row_look_up(struct ledger *ledger, const struct run_record *run,
                        const struct revision_row *row, struct unknown_row *ret_unknown,
                        struct error *err);
void unknown_row_release(struct unknown_row *unknown_row);

/* Whether a decision on this row of this report settles the attempt, as a list may make it. */
bool unknown_row_is_settled_here(const struct unknown_row *unknown_row);
/* … and as it may be typed: what is said of this row's content is said of the attempt's. */
bool unknown_row_is_settled_by_word(const struct unknown_row *unknown_row);

/* Whether the row's content, which is open in the report, was accepted in another run meanwhile. */
int unknown_row_was_accepted(struct ledger *ledger, const struct run_record *run,
                             const struct revision_row *row, bool *ret_accepted, struct error *err);

/* Appends what the row waits for, quoted for a terminal: "row 3 of run R, report 'X'". */
void unknown_row_append_place(const struct unknown_row *unknown_row, struct buffer *ret_text);

/* Prints it on standard output, for people. */
void unknown_row_print(const struct unknown_row *unknown_row);

#endif
