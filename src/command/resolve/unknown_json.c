#include "unknown_json.h"

#include <stdio.h>

#include "base/digest.h"
#include "base/hex.h"
#include "base/json.h"

struct json *unknown_json_open(const char *report, const struct manifest_found *manifest)
{
    struct json *document = json_open(JSON_COMPACT, NULL);

    if (!document)
        return NULL;
    json_map_open(document);
    json_key_text(document, "report", report);
    json_key_text(document, "run", manifest->run);
    json_key_text(document, "platform", manifest->platform);
    json_key_text(document, "ledger_id", manifest->ledger_id);
    json_key_array(document, "unknown");
    return document;
}

static void put_attempt(struct json *document, const struct row_record *r)
{
    char digest[DIGEST_CLAIM_TEXT_BYTES];

    json_key_number(document, "attempts", r->attempts);
    json_key_time(document, "submitted_at", r->submitted_ms);
    json_key_number(document, "duration_ms", r->duration_ms);
    json_key_number(document, "http_status", r->http_status);
    json_key_text(document, "code", r->code);
    json_key_text(document, "sub_code", r->sub_code);
    json_key_text(document, "message", r->message);
    json_key_text(document, "request_id", r->request_id);
    hex_format(r->digest, DIGEST_CLAIM_BYTES, digest);
    json_key_text(document, "digest", digest);
}

static void put_place(struct json *document, const struct unknown_row *unknown_row)
{
    json_text(document, "waits_for");
    if (unknown_row->kind == UNKNOWN_ROW_OWN || unknown_row->kind == UNKNOWN_ROW_OVER) {
        json_null(document);
        return;
    }
    json_map_open(document);
    json_key_number(document, "row", (int64_t)unknown_row->at.row);
    json_key_text(document, "run", unknown_row->at_run);
    json_key_text(document, "report", unknown_row->at_report);
    put_attempt(document, &unknown_row->attempt.record);
    json_map_close(document);
}

void unknown_json_add(struct json *document, const struct unknown_row *unknown_row)
{
    static const char *const states[] = {[UNKNOWN_ROW_OWN] = "to-be-settled",
                                         [UNKNOWN_ROW_HEIR] = "to-be-settled",
                                         [UNKNOWN_ROW_ORPHAN] = "to-be-settled-by-list",
                                         [UNKNOWN_ROW_WAITS] = "waits",
                                         [UNKNOWN_ROW_SENDING] = "being-sent",
                                         [UNKNOWN_ROW_OVER] = "over"};
    const struct line *line = unknown_row->line;

    json_map_open(document);
    json_key_number(document, "row", (int64_t)line->record.row);
    json_key_text(document, "state", states[unknown_row->kind]);
    json_key_text(document, "workcard_id", line->fields[FIELD_WORKCARD_ID]);
    json_key_text(document, "claim_order_no", line->fields[FIELD_CLAIM_ORDER_NO]);
    json_key_number(document, "claim_fee", unknown_row->fee_fen);
    put_attempt(document, &line->record);
    put_place(document, unknown_row);
    json_map_close(document);
}

void unknown_json_end(struct json *document, const struct unknown_row_totals *totals)
{
    json_array_close(document);
    json_key_number(document, "unknown_rows", (int64_t)totals->unknown);
    json_key_number(document, "to_be_settled", (int64_t)totals->own);
    json_key_number(document, "settled", (int64_t)totals->settled);
    json_key_number(document, "settled_before", (int64_t)totals->settled_before);
    json_key_number(document, "undecided", (int64_t)totals->skipped);
    json_key_number(document, "brought_up_to_date", (int64_t)totals->changed);
    json_key_bool(document, "republished", totals->republished);
    json_key_number(document, "exit_code", totals->exit_code);
    json_map_close(document);
    putchar('\n');
}
