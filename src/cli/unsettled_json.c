#include "cli/unsettled_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_gen.h>

#include "base/clock.h"
#include "base/log.h"
#include "input/charset.h"

#define TEXT_BYTES 4200

struct unsettled_json {
    yajl_gen gen;
};

static void write_piece(void *context, const char *text, size_t len)
{
    (void)context;
    fwrite(text, 1, len, stdout);
}

/* JSON is UTF-8; a file name may be anything, and is then shown with its bytes written out. */
static void put_text(yajl_gen gen, const char *text)
{
    char shown[TEXT_BYTES];

    if (!charset_is_utf8(text))
        text = log_quote(text, shown, sizeof(shown));
    yajl_gen_string(gen, (const unsigned char *)text, strlen(text));
}

static void put_key_text(yajl_gen gen, const char *key, const char *text)
{
    put_text(gen, key);
    put_text(gen, text);
}

static void put_key_number(yajl_gen gen, const char *key, int64_t number)
{
    put_text(gen, key);
    yajl_gen_integer(gen, number);
}

static void put_key_time(yajl_gen gen, const char *key, int64_t wall_ms)
{
    char text[CLOCK_RFC3339_BYTES];

    put_text(gen, key);
    if (!wall_ms) {
        yajl_gen_null(gen);
        return;
    }
    clock_format_rfc3339(wall_ms, text);
    put_text(gen, text);
}

struct unsettled_json *unsettled_json_open(const char *report,
                                           const struct manifest_found *manifest)
{
    struct unsettled_json *json = calloc(1, sizeof(*json));

    if (!json)
        return NULL;
    json->gen = yajl_gen_alloc(NULL);
    if (!json->gen) {
        free(json);
        return NULL;
    }
    yajl_gen_config(json->gen, yajl_gen_print_callback, write_piece, NULL);
    yajl_gen_map_open(json->gen);
    put_key_text(json->gen, "report", report);
    put_key_text(json->gen, "run", manifest->run);
    put_key_text(json->gen, "platform", manifest->platform);
    put_key_text(json->gen, "ledger_id", manifest->ledger_id);
    put_text(json->gen, "unknown");
    yajl_gen_array_open(json->gen);
    return json;
}

void unsettled_json_close(struct unsettled_json *json)
{
    if (!json)
        return;
    yajl_gen_free(json->gen);
    free(json);
}

static void put_attempt(yajl_gen gen, const struct row_record *r)
{
    char digest[DIGEST_CLAIM_TEXT_BYTES];

    put_key_number(gen, "attempts", r->attempts);
    put_key_time(gen, "submitted_at", r->submitted_ms);
    put_key_number(gen, "duration_ms", r->duration_ms);
    put_key_number(gen, "http_status", r->http_status);
    put_key_text(gen, "code", r->code);
    put_key_text(gen, "sub_code", r->sub_code);
    put_key_text(gen, "message", r->message);
    put_key_text(gen, "request_id", r->request_id);
    digest_hex(r->digest, DIGEST_CLAIM_BYTES, digest);
    put_key_text(gen, "digest", digest);
}

static void put_place(yajl_gen gen, const struct unsettled *unsettled)
{
    put_text(gen, "waits_for");
    if (unsettled->kind == UNSETTLED_OWN || unsettled->kind == UNSETTLED_OVER) {
        yajl_gen_null(gen);
        return;
    }
    yajl_gen_map_open(gen);
    put_key_number(gen, "row", (int64_t)unsettled->at.row);
    put_key_text(gen, "run", unsettled->at_run);
    put_key_text(gen, "report", unsettled->at_report);
    put_attempt(gen, &unsettled->attempt);
    yajl_gen_map_close(gen);
}

void unsettled_json_add(struct unsettled_json *json, const struct unsettled *unsettled)
{
    static const char *const states[] = {[UNSETTLED_OWN] = "to-be-settled",
                                         [UNSETTLED_ORPHAN] = "to-be-settled-by-list",
                                         [UNSETTLED_WAITS] = "waits",
                                         [UNSETTLED_SENDING] = "being-sent",
                                         [UNSETTLED_OVER] = "over"};
    const struct line *line = unsettled->line;
    yajl_gen gen = json->gen;

    yajl_gen_map_open(gen);
    put_key_number(gen, "row", (int64_t)line->record.row);
    put_key_text(gen, "state", states[unsettled->kind]);
    put_key_text(gen, "workcard_id", line->fields[FIELD_WORKCARD_ID]);
    put_key_text(gen, "claim_order_no", line->fields[FIELD_CLAIM_ORDER_NO]);
    put_key_number(gen, "claim_fee", unsettled->fee_fen);
    put_attempt(gen, &line->record);
    put_place(gen, unsettled);
    yajl_gen_map_close(gen);
}

void unsettled_json_end(struct unsettled_json *json, const struct unsettled_totals *totals)
{
    yajl_gen gen = json->gen;

    yajl_gen_array_close(gen);
    put_key_number(gen, "unknown_rows", (int64_t)totals->unknown);
    put_key_number(gen, "to_be_settled", (int64_t)totals->own);
    put_key_number(gen, "settled", (int64_t)totals->settled);
    put_key_number(gen, "settled_before", (int64_t)totals->settled_before);
    put_key_number(gen, "undecided", (int64_t)totals->skipped);
    put_key_number(gen, "brought_up_to_date", (int64_t)totals->changed);
    put_text(gen, "republished");
    yajl_gen_bool(gen, totals->republished);
    put_key_number(gen, "exit_code", totals->exit_code);
    yajl_gen_map_close(gen);
    putchar('\n');
}
