/*
 * status_json: what a ledger holds, as one JSON document.
 *
 * Keys are stable: scripts read them. Times are RFC 3339 in Beijing time, money is in fen, what is
 * not known is null. The document is appended to a buffer, which may be emptied between two calls.
 *
 * Tested by tests/e2e/test_status.py
 */
#ifndef CLAIMBATCH_COMMAND_STATUS_STATUS_JSON_H
#define CLAIMBATCH_COMMAND_STATUS_STATUS_JSON_H

#include "base/buffer.h"
#include "ledger/maintenance/prune.h"
#include "ledger/view/view.h"

struct json;
struct status_json;

/* Opens the document with what the ledger is. NULL without memory. `out` is borrowed. */
struct status_json *status_json_open(struct buffer *out, const struct ledger *ledger,
                                     int64_t now_ms);
/* Ends the document. */
void status_json_end(struct status_json *json);
void status_json_close(struct status_json *json);

/* For what others put into it. */
struct json *status_json_document(struct status_json *json);

/* A list of objects: "runs", "today", "unknown", "claims". */
void status_json_list_open(struct status_json *json, const char *key);
void status_json_list_close(struct status_json *json);

void status_json_run(struct status_json *json, const struct view_run *run);
void status_json_more_runs(struct status_json *json, bool more);
void status_json_app(struct status_json *json, const struct view_app *app, int64_t quota);
void status_json_unknown_count(struct status_json *json, uint64_t count);
void status_json_unknown(struct status_json *json, const struct view_unknown *unknown);

void status_json_pass(struct status_json *json, const struct view_pass *pass);
void status_json_gap(struct status_json *json, const struct view_gap *gap);

/* A claim is open until the next one, or until the list's end. */
void status_json_claim(struct status_json *json, const char *claim_order_no,
                       const struct view_claim *claim);
void status_json_row(struct status_json *json, const struct view_row *row);
void status_json_settlement(struct status_json *json, const struct view_settlement *settlement);
void status_json_claims_close(struct status_json *json);

void status_json_damage(struct status_json *json, const char *sentence);
void status_json_verified(struct status_json *json, uint64_t found);
void status_json_unapplied(struct status_json *json, uint64_t count);
void status_json_backup(struct status_json *json, const char *path, uint64_t bytes);
void status_json_prune(struct status_json *json, const struct prune *prune, int64_t before_ms,
                       bool is_plan);

#endif
