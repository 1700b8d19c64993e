/*
 * status_server_json: what a ledger on a server has besides, in the document of status_json.h.
 *
 * Tested by tests/e2e/test_server_status.py
 */
#ifndef CLAIMBATCH_COMMAND_STATUS_STATUS_SERVER_JSON_H
#define CLAIMBATCH_COMMAND_STATUS_STATUS_SERVER_JSON_H

#include "ledger/view/server_spills.h"
#include "ledger/view/server_view.h"

struct json;

void status_server_json_head(struct json *document, const struct server_view *view);
void status_server_json_worker(struct json *document, const struct server_worker *worker);
void status_server_json_share(struct json *document, const struct server_share *share);
void status_server_json_late(struct json *document, const struct server_late_answer *answer);
void status_server_json_spill(struct json *document, const struct server_spill *spill);

#endif
