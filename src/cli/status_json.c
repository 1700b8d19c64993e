#include "cli/status_json.h"

#include <stdlib.h>
#include <string.h>

#include <yajl/yajl_gen.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/money.h"
#include "gateway/digest.h"
#include "input/charset.h"

#define TEXT_BYTES 4200 /* a path is shown whole */

struct status_json {
    yajl_gen gen;
    struct buffer *out;
    bool in_claim, in_row; /* whose list of rows, of settlements, is open */
    bool in_damage;        /* the list of sentences is open */
};

static void take_piece(void *context, const char *text, size_t len)
{
    buffer_append(context, text, len);
}

/* ---- members ---- */

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

/* Null for what is empty because it is not there. */
static void put_key_some(yajl_gen gen, const char *key, const char *text)
{
    put_text(gen, key);
    if (*text)
        put_text(gen, text);
    else
        yajl_gen_null(gen);
}

static void put_key_number(yajl_gen gen, const char *key, int64_t number)
{
    put_text(gen, key);
    yajl_gen_integer(gen, number);
}

static void put_key_bool(yajl_gen gen, const char *key, bool value)
{
    put_text(gen, key);
    yajl_gen_bool(gen, value);
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

static void put_key_digest(yajl_gen gen, const char *key, const unsigned char *digest)
{
    char hex[2 * DIGEST_CLAIM_BYTES + 1];

    digest_hex(digest, DIGEST_CLAIM_BYTES, hex);
    put_key_text(gen, key, hex);
}

/* ---- the document ---- */

struct status_json *status_json_open(struct buffer *out, const struct ledger *ledger,
                                     int64_t now_ms)
{
    struct status_json *json = calloc(1, sizeof(*json));

    if (!json)
        return NULL;
    json->out = out;
    json->gen = yajl_gen_alloc(NULL);
    if (!json->gen) {
        free(json);
        return NULL;
    }
    yajl_gen_config(json->gen, yajl_gen_print_callback, take_piece, out);
    yajl_gen_map_open(json->gen);
    put_key_text(json->gen, "ledger", ledger_path(ledger));
    put_key_text(json->gen, "ledger_id", ledger_id(ledger));
    put_key_time(json->gen, "at", now_ms);
    return json;
}

void status_json_end(struct status_json *json)
{
    yajl_gen_map_close(json->gen);
    buffer_byte(json->out, '\n');
}

void status_json_close(struct status_json *json)
{
    if (!json)
        return;
    yajl_gen_free(json->gen);
    free(json);
}

void status_json_list_open(struct status_json *json, const char *key)
{
    put_text(json->gen, key);
    yajl_gen_array_open(json->gen);
}

void status_json_list_close(struct status_json *json)
{
    yajl_gen_array_close(json->gen);
}

/* ---- runs ---- */

static void put_counts(yajl_gen gen, const struct view_run *run)
{
    put_text(gen, "outcomes");
    yajl_gen_map_open(gen);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        const char *fee = run->counts[i].fee_fen;

        put_text(gen, outcome_name((enum outcome)i));
        yajl_gen_map_open(gen);
        put_key_number(gen, "rows", (int64_t)run->counts[i].rows);
        put_text(gen, "fee_fen");
        if (run->has_money)
            yajl_gen_number(gen, *fee ? fee : "0", *fee ? strlen(fee) : 1);
        else
            yajl_gen_null(gen);
        yajl_gen_map_close(gen);
    }
    yajl_gen_map_close(gen);
}

void status_json_run(struct status_json *json, const struct view_run *run)
{
    const struct run_record *r = &run->record;
    yajl_gen gen = json->gen;

    yajl_gen_map_open(gen);
    put_key_text(gen, "run", r->name);
    put_key_text(gen, "state", view_state_name(run->state));
    put_key_some(gen, "stopped_because", r->stopped_because);
    put_key_text(gen, "command", r->command);
    put_key_some(gen, "parent", r->parent);
    put_key_text(gen, "platform", r->platform);
    put_key_some(gen, "export", r->export_name);
    put_key_some(gen, "report", r->report_path);
    put_key_time(gen, "started", r->started_ms);
    put_key_time(gen, "finished", r->finished_ms);
    put_key_bool(gen, "complete", r->complete);
    put_key_bool(gen, "published", r->published);
    put_key_number(gen, "open_rows", (int64_t)r->open_rows);
    put_key_number(gen, "released_rows", (int64_t)r->released);
    put_counts(gen, run);
    yajl_gen_map_close(gen);
}

void status_json_more_runs(struct status_json *json, bool more)
{
    put_key_bool(json->gen, "more_runs", more);
}

void status_json_app(struct status_json *json, const struct view_app *app, int64_t quota)
{
    yajl_gen gen = json->gen;

    yajl_gen_map_open(gen);
    put_key_text(gen, "platform", app->platform);
    put_key_text(gen, "app_key", app->app_key);
    put_key_number(gen, "calls", app->calls);
    put_text(gen, "daily_quota");
    if (quota)
        yajl_gen_integer(gen, quota);
    else
        yajl_gen_null(gen);
    put_key_time(gen, "banned_until", app->banned_until_ms);
    yajl_gen_map_close(gen);
}

/* ---- unknown attempts ---- */

void status_json_unknown_count(struct status_json *json, uint64_t count)
{
    put_key_number(json->gen, "unknown_count", (int64_t)count);
}

void status_json_unknown(struct status_json *json, const struct view_unknown *unknown)
{
    yajl_gen gen = json->gen;

    yajl_gen_map_open(gen);
    put_key_text(gen, "run", unknown->run_name);
    put_key_number(gen, "row", (int64_t)unknown->place.row);
    put_key_text(gen, "claim_order_no", unknown->claim_order_no);
    put_key_number(gen, "workcard_id", unknown->workcard_id);
    put_key_text(gen, "platform", unknown->platform);
    put_key_time(gen, "submitted_at", unknown->submitted_ms);
    put_key_number(gen, "attempts", unknown->attempts);
    put_key_digest(gen, "digest", unknown->digest);
    put_key_text(gen, "code", unknown->code);
    put_key_text(gen, "message", unknown->message);
    put_key_some(gen, "request_id", unknown->request_id);
    yajl_gen_map_close(gen);
}

/* ---- one claim ---- */

static void end_row(struct status_json *json)
{
    if (!json->in_row)
        return;
    yajl_gen_array_close(json->gen);
    yajl_gen_map_close(json->gen);
    json->in_row = false;
}

static void end_claim(struct status_json *json)
{
    end_row(json);
    if (!json->in_claim)
        return;
    yajl_gen_array_close(json->gen);
    yajl_gen_map_close(json->gen);
    json->in_claim = false;
}

static void put_accepted(yajl_gen gen, const struct claim_state *state)
{
    put_text(gen, "accepted");
    if (!state->accepted) {
        yajl_gen_null(gen);
        return;
    }
    yajl_gen_map_open(gen);
    put_key_text(gen, "run", state->accepted_run_name);
    put_key_number(gen, "row", (int64_t)state->accepted_at.row);
    put_key_time(gen, "at", state->accepted_ms);
    put_key_digest(gen, "digest", state->accepted_digest);
    yajl_gen_map_close(gen);
}

static void put_open(yajl_gen gen, const struct view_claim *claim)
{
    const struct claim_state *state = &claim->state;

    put_text(gen, "open");
    if (!state->open) {
        yajl_gen_null(gen);
        return;
    }
    yajl_gen_map_open(gen);
    put_key_text(gen, "run", claim->open_run_name);
    put_key_number(gen, "row", (int64_t)state->open_at.row);
    put_key_text(gen, "state",
                 state->open_is_intent && claim->open_run_active ? "in-flight" : "unknown");
    yajl_gen_map_close(gen);
}

void status_json_claim(struct status_json *json, const char *claim_order_no,
                       const struct view_claim *claim)
{
    yajl_gen gen = json->gen;

    end_claim(json);
    yajl_gen_map_open(gen);
    put_key_text(gen, "claim_order_no", claim_order_no);
    put_key_number(gen, "workcard_id", claim->workcard_id);
    put_key_text(gen, "platform", claim->platform);
    put_accepted(gen, &claim->state);
    put_open(gen, claim);
    status_json_list_open(json, "rows");
    json->in_claim = true;
}

static void put_round(yajl_gen gen, const struct view_row *row)
{
    put_text(gen, "round");
    if (row->round == ROUND_NONE) {
        yajl_gen_null(gen);
        return;
    }
    yajl_gen_map_open(gen);
    put_key_text(gen, "kind", row->round == ROUND_RESUBMIT ? "resubmit" : "resend-unknown");
    put_key_text(gen, "by", row->round_by);
    put_key_text(gen, "reason", row->round_reason);
    yajl_gen_map_close(gen);
}

void status_json_row(struct status_json *json, const struct view_row *row)
{
    const struct row_record *r = &row->record;
    yajl_gen gen = json->gen;

    end_row(json);
    yajl_gen_map_open(gen);
    put_key_text(gen, "run", row->run_name);
    put_key_number(gen, "row", (int64_t)row->place.row);
    put_text(gen, "outcome");
    if (r->state == ROW_FINAL)
        put_text(gen, outcome_name(r->outcome));
    else
        yajl_gen_null(gen);
    put_key_some(gen, "code", r->code);
    put_key_some(gen, "sub_code", r->sub_code);
    put_key_some(gen, "message", r->message);
    put_key_some(gen, "request_id", r->request_id);
    put_key_some(gen, "warnings", r->warnings);
    put_key_number(gen, "attempts", r->attempts);
    put_key_number(gen, "http_status", r->http_status);
    put_key_time(gen, "submitted_at", r->submitted_ms);
    put_key_number(gen, "duration_ms", r->duration_ms);
    put_key_digest(gen, "digest", r->digest);
    put_round(gen, row);
    status_json_list_open(json, "settlements");
    json->in_row = true;
}

void status_json_settlement(struct status_json *json, const struct view_settlement *settlement)
{
    yajl_gen gen = json->gen;

    yajl_gen_map_open(gen);
    put_key_time(gen, "at", settlement->at_ms);
    put_key_text(gen, "as", settlement->outcome == OUTCOME_ACCEPTED ? "accepted" : "not-executed");
    put_key_text(gen, "by", settlement->by);
    put_key_text(gen, "reason", settlement->reason);
    put_key_text(gen, "was", settlement->was);
    yajl_gen_map_close(gen);
}

void status_json_claims_close(struct status_json *json)
{
    end_claim(json);
    status_json_list_close(json);
}

/* ---- care ---- */

void status_json_damage(struct status_json *json, const char *sentence)
{
    if (!json->in_damage)
        status_json_list_open(json, "damage");
    json->in_damage = true;
    put_text(json->gen, sentence);
}

void status_json_verified(struct status_json *json, uint64_t found)
{
    if (!json->in_damage)
        status_json_list_open(json, "damage");
    status_json_list_close(json);
    json->in_damage = false;
    put_key_number(json->gen, "damage_count", (int64_t)found);
}

void status_json_backup(struct status_json *json, const char *path, uint64_t bytes)
{
    put_text(json->gen, "backup");
    yajl_gen_map_open(json->gen);
    put_key_text(json->gen, "path", path);
    put_key_number(json->gen, "bytes", (int64_t)bytes);
    yajl_gen_map_close(json->gen);
}

void status_json_prune(struct status_json *json, const struct prune *prune, int64_t before_ms,
                       bool is_plan)
{
    yajl_gen gen = json->gen;

    put_text(gen, "prune");
    yajl_gen_map_open(gen);
    put_key_bool(gen, "dry_run", is_plan);
    put_key_time(gen, "before", before_ms);
    put_key_number(gen, "runs", (int64_t)prune->runs);
    put_key_number(gen, "rows", (int64_t)prune->rows);
    put_key_number(gen, "kept_unsettled_runs", (int64_t)prune->kept_open);
    put_key_number(gen, "kept_active_runs", (int64_t)prune->kept_active);
    put_key_bool(gen, "vacuumed", prune->was_vacuumed);
    yajl_gen_map_close(gen);
}
