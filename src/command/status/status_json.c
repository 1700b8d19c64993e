#include "status_json.h"

#include <stdlib.h>

#include "base/digest.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/money.h"
#include "base/words/language.h"

struct status_json {
    struct json *document;
    struct buffer *out;
    bool in_claim, in_row; /* whose list of rows, of settlements, is open */
    bool in_damage;        /* the list of sentences is open */
};

/* ---- members ---- */

static void put_digest(struct json *document, const unsigned char *digest)
{
    char hex[2 * DIGEST_CLAIM_BYTES + 1];

    hex_format(digest, DIGEST_CLAIM_BYTES, hex);
    json_key_text(document, "digest", hex);
}

/* ---- the document ---- */

struct status_json *status_json_open(struct buffer *out, const struct ledger *ledger,
                                     int64_t now_ms)
{
    struct status_json *json = calloc(1, sizeof(*json));

    if (!json)
        return NULL;
    json->out = out;
    json->document = json_open(JSON_COMPACT, out);
    if (!json->document) {
        free(json);
        return NULL;
    }
    json_map_open(json->document);
    json_key_text(json->document, "ledger", ledger_path(ledger));
    json_key_text(json->document, "ledger_id", ledger_id(ledger));
    json_key_time(json->document, "at", now_ms);
    return json;
}

void status_json_end(struct status_json *json)
{
    json_map_close(json->document);
    buffer_byte(json->out, '\n');
}

void status_json_close(struct status_json *json)
{
    if (!json)
        return;
    json_close(json->document);
    free(json);
}

struct json *status_json_document(struct status_json *json)
{
    return json->document;
}

void status_json_list_open(struct status_json *json, const char *key)
{
    json_key_array(json->document, key);
}

void status_json_list_close(struct status_json *json)
{
    json_array_close(json->document);
}

/* ---- runs ---- */

static void put_counts(struct json *document, const struct view_run *run)
{
    json_key_map(document, "outcomes");
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        const char *fee = *run->counts[i].fee_fen ? run->counts[i].fee_fen : "0";

        json_key_map(document, outcome_name((enum outcome)i));
        json_key_number(document, "rows", (int64_t)run->counts[i].rows);
        if (run->has_money)
            json_key_money(document, "fee_fen", money_parse_fen(fee));
        else
            json_key_text(document, "fee_fen", NULL);
        json_map_close(document);
    }
    json_map_close(document);
}

static void put_abandonment(struct json *document, const struct abandonment *abandonment)
{
    json_text(document, "abandoned");
    if (!abandonment->run) {
        json_null(document);
        return;
    }
    json_map_open(document);
    json_key_time(document, "at", abandonment->at_ms);
    json_key_text(document, "by", abandonment->by);
    json_key_text(document, "reason", abandonment->reason);
    json_map_close(document);
}

void status_json_run(struct status_json *json, const struct view_run *run)
{
    const struct run_record *r = &run->record;
    struct json *document = json->document;

    json_map_open(document);
    json_key_text(document, "run", r->name);
    json_key_text(document, "state", view_state_name(run->state));
    json_key_some(document, "stopped_because", r->stopped_because);
    json_key_text(document, "command", r->command);
    json_key_some(document, "parent", r->parent);
    json_key_text(document, "platform", r->platform);
    json_key_some(document, "export", r->export_name);
    json_key_some(document, "report", r->report_path);
    json_key_time(document, "started", r->started_ms);
    json_key_time(document, "finished", r->finished_ms);
    json_key_bool(document, "complete", r->complete);
    json_key_bool(document, "published", r->published);
    json_key_number(document, "open_rows", (int64_t)r->open_rows);
    json_key_number(document, "released_rows", (int64_t)r->released);
    put_abandonment(document, &run->abandonment);
    put_counts(document, run);
    json_map_close(document);
}

void status_json_more_runs(struct status_json *json, bool more)
{
    json_key_bool(json->document, "more_runs", more);
}

void status_json_app(struct status_json *json, const struct view_app *app, int64_t quota)
{
    struct json *document = json->document;

    json_map_open(document);
    json_key_text(document, "platform", app->platform);
    json_key_text(document, "app_key", app->app_key);
    json_key_number(document, "calls", app->calls);
    json_text(document, "daily_quota");
    if (quota)
        json_integer(document, quota);
    else
        json_null(document);
    json_key_time(document, "banned_until", app->banned_until_ms);
    json_map_close(document);
}

/* ---- unknown attempts ---- */

void status_json_unknown_count(struct status_json *json, uint64_t count)
{
    json_key_number(json->document, "unknown_count", (int64_t)count);
}

void status_json_unknown(struct status_json *json, const struct view_unknown *unknown)
{
    struct json *document = json->document;

    json_map_open(document);
    json_key_text(document, "run", unknown->run_name);
    json_key_number(document, "row", (int64_t)unknown->place.row);
    json_key_text(document, "claim_order_no", unknown->claim_order_no);
    json_key_number(document, "workcard_id", unknown->workcard_id);
    json_key_text(document, "platform", unknown->platform);
    json_key_time(document, "submitted_at", unknown->submitted_ms);
    json_key_number(document, "attempts", unknown->attempts);
    put_digest(document, unknown->digest);
    json_key_text(document, "code", unknown->code);
    json_key_text(document, "message", unknown->message);
    json_key_some(document, "request_id", unknown->request_id);
    json_map_close(document);
}

/* ---- what a person said of what is not known here ---- */

static void put_statement(struct json *document, int64_t at_ms, const char *by, const char *reason)
{
    json_key_time(document, "at", at_ms);
    json_key_text(document, "by", by);
    json_key_text(document, "reason", reason);
}

void status_json_pass(struct status_json *json, const struct view_pass *pass)
{
    static const char *const rows[] = {
        [PASS_OTHERS] = "other-exports", [PASS_REPORT] = "report", [PASS_EXPORT] = "export"};
    struct json *document = json->document;
    bool is_read = *pass->ledger;

    json_map_open(document);
    put_statement(document, pass->at_ms, pass->by, pass->reason);
    json_key_some(document, "ledger_id", pass->ledger);
    json_key_text(document, "run", is_read ? pass->run : NULL);
    json_key_text(document, "unread", is_read ? NULL : pass->run);
    json_key_text(document, "of", rows[pass->kind]);
    json_map_close(document);
}

void status_json_gap(struct status_json *json, const struct view_gap *gap)
{
    struct json *document = json->document;

    json_map_open(document);
    put_statement(document, gap->at_ms, gap->by, gap->reason);
    json_key_number(document, "after_commit", gap->after);
    json_key_number(document, "until_commit", gap->until);
    json_map_close(document);
}

/* ---- one claim ---- */

static void end_row(struct status_json *json)
{
    if (!json->in_row)
        return;
    json_array_close(json->document);
    json_map_close(json->document);
    json->in_row = false;
}

static void end_claim(struct status_json *json)
{
    end_row(json);
    if (!json->in_claim)
        return;
    json_array_close(json->document);
    json_map_close(json->document);
    json->in_claim = false;
}

static void put_accepted(struct json *document, const struct claim_state *state)
{
    json_text(document, "accepted");
    if (!state->accepted) {
        json_null(document);
        return;
    }
    json_map_open(document);
    json_key_text(document, "run", state->accepted_run_name);
    json_key_number(document, "row", (int64_t)state->accepted_at.row);
    json_key_time(document, "at", state->accepted_ms);
    put_digest(document, state->accepted_digest);
    json_map_close(document);
}

static void put_open(struct json *document, const struct view_claim *claim)
{
    const struct claim_state *state = &claim->state;

    json_text(document, "open");
    if (!state->open) {
        json_null(document);
        return;
    }
    json_map_open(document);
    json_key_text(document, "run", claim->open_run_name);
    json_key_number(document, "row", (int64_t)state->open_at.row);
    json_key_text(document, "state", state->open_run_alive ? "in-flight" : "unknown");
    json_map_close(document);
}

void status_json_claim(struct status_json *json, const char *claim_order_no,
                       const struct view_claim *claim)
{
    struct json *document = json->document;

    end_claim(json);
    json_map_open(document);
    json_key_text(document, "claim_order_no", claim_order_no);
    json_key_number(document, "workcard_id", claim->workcard_id);
    json_key_text(document, "platform", claim->platform);
    put_accepted(document, &claim->state);
    put_open(document, claim);
    status_json_list_open(json, "rows");
    json->in_claim = true;
}

static void put_round(struct json *document, const struct view_row *row)
{
    json_text(document, "round");
    if (row->round == ROUND_NONE) {
        json_null(document);
        return;
    }
    json_map_open(document);
    json_key_text(document, "kind", row->round == ROUND_RESUBMIT ? "resubmit" : "resend-unknown");
    json_key_text(document, "by", row->round_by);
    json_key_text(document, "reason", row->round_reason);
    json_map_close(document);
}

void status_json_row(struct status_json *json, const struct view_row *row)
{
    const struct row_record *r = &row->record;
    struct json *document = json->document;

    end_row(json);
    json_map_open(document);
    json_key_text(document, "run", row->run_name);
    json_key_number(document, "row", (int64_t)row->place.row);
    json_text(document, "outcome");
    if (outcome_is_there(r))
        json_text(document, outcome_name(r->outcome));
    else
        json_null(document);
    json_key_some(document, "code", r->code);
    json_key_some(document, "sub_code", r->sub_code);
    json_key_some(document, "message", r->message);
    json_key_some(document, "request_id", r->request_id);
    json_key_some(document, "warnings", r->warnings);
    json_key_number(document, "attempts", r->attempts);
    json_key_number(document, "http_status", r->http_status);
    json_key_time(document, "submitted_at", r->submitted_ms);
    json_key_number(document, "duration_ms", r->duration_ms);
    put_digest(document, r->digest);
    put_round(document, row);
    status_json_list_open(json, "settlements");
    json->in_row = true;
}

void status_json_settlement(struct status_json *json, const struct view_settlement *settlement)
{
    struct json *document = json->document;

    json_map_open(document);
    json_key_time(document, "at", settlement->at_ms);
    json_key_text(document, "as",
                  settlement->outcome == OUTCOME_ACCEPTED ? "accepted" : "not-executed");
    json_key_text(document, "by", settlement->by);
    json_key_text(document, "reason", settlement->reason);
    json_key_text(document, "was", settlement->was);
    json_map_close(document);
}

void status_json_claims_close(struct status_json *json)
{
    end_claim(json);
    status_json_list_close(json);
}

/* ---- maintenance ---- */

void status_json_damage(struct status_json *json, const char *sentence)
{
    if (!json->in_damage)
        status_json_list_open(json, "damage");
    json->in_damage = true;
    json_text(json->document, sentence);
}

void status_json_unapplied(struct status_json *json, uint64_t count)
{
    json_key_number(json->document, "unapplied_late_answers", (int64_t)count);
}

void status_json_verified(struct status_json *json, uint64_t found)
{
    if (!json->in_damage)
        status_json_list_open(json, "damage");
    status_json_list_close(json);
    json->in_damage = false;
    json_key_number(json->document, "damage_count", (int64_t)found);
}

void status_json_backup(struct status_json *json, const char *path, uint64_t bytes)
{
    json_key_map(json->document, "backup");
    json_key_text(json->document, "path", path);
    json_key_number(json->document, "bytes", (int64_t)bytes);
    json_map_close(json->document);
}

void status_json_prune(struct status_json *json, const struct prune *prune, int64_t before_ms,
                       bool is_plan)
{
    struct json *document = json->document;

    json_key_map(document, "prune");
    json_key_bool(document, "dry_run", is_plan);
    json_key_time(document, "before", before_ms);
    json_key_number(document, "runs", (int64_t)prune->runs);
    json_key_number(document, "rows", (int64_t)prune->rows);
    json_key_number(document, "kept_unsettled_runs", (int64_t)prune->kept_open);
    json_key_number(document, "kept_active_runs", (int64_t)prune->kept_active);
    json_key_bool(document, "vacuumed", prune->was_vacuumed);
    json_map_close(document);
}
