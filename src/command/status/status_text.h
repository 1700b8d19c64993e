/*
 * status_text: what a ledger holds, for people.
 *
 * Each function appends its part. Readable in 80 columns; nothing from outside reaches a terminal
 * unquoted. Whether memory sufficed shows in the buffer.
 *
 * Tested by tests/e2e/test_status.py
 */
#ifndef CLAIMBATCH_COMMAND_STATUS_STATUS_TEXT_H
#define CLAIMBATCH_COMMAND_STATUS_STATUS_TEXT_H

#include "base/buffer.h"
#include "ledger/maintenance/prune.h"
#include "ledger/view/view.h"

#define STATUS_TEXT_RUNS 20    /* are shown without --all */
#define STATUS_TEXT_UNKNOWN 10 /* are shown without --all */

void status_text_head(const struct ledger *ledger, int64_t now_ms, struct buffer *ret_text);

void status_text_run(const struct view_run *run, struct buffer *ret_text);

/* `first` says whether it is the first one; `quota` 0: none. */
void status_text_app(const struct view_app *app, int64_t quota, int64_t now_ms, bool first,
                     struct buffer *ret_text);

void status_text_unknown_head(uint64_t count, uint64_t shown, struct buffer *ret_text);
void status_text_unknown(const struct view_unknown *unknown, int64_t now_ms,
                         struct buffer *ret_text);

/* `first` says whether it is the first of what a person said. */
void status_text_pass(const struct view_pass *pass, bool first, struct buffer *ret_text);
void status_text_gap(const struct view_gap *gap, bool first, struct buffer *ret_text);

void status_text_claim(const char *claim_order_no, const struct view_claim *claim,
                       struct buffer *ret_text);
void status_text_row(const struct view_row *row, struct buffer *ret_text);
void status_text_settlement(const struct view_settlement *settlement, struct buffer *ret_text);

/* `is_plan`: nothing was forgotten. */
void status_text_prune(const struct prune *prune, int64_t before_ms, bool is_plan,
                       struct buffer *ret_text);

/* Of a file that could not be made smaller. */
void status_text_prune_size(struct buffer *ret_text);

#endif
