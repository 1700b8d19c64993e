#include "cli/audit_json.h"

#include <string.h>

#include <yajl/yajl_gen.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "input/charset.h"

/* JSON is UTF-8; a path may be anything, and is then shown with its bytes written out. */
static void put_text(yajl_gen gen, const char *text)
{
    char shown[LOG_QUOTE_BYTES];

    if (!charset_is_utf8(text))
        text = log_quote(text, shown, sizeof(shown));
    yajl_gen_string(gen, (const unsigned char *)text, strlen(text));
}

static void put_key_text(yajl_gen gen, const char *key, const char *text)
{
    put_text(gen, key);
    put_text(gen, text);
}

/* An empty text is null. */
static void put_key_optional(yajl_gen gen, const char *key, const char *text)
{
    put_text(gen, key);
    if (text && *text)
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
    char text[CLOCK_RFC3339_BYTES] = "";

    if (wall_ms)
        clock_format_rfc3339(wall_ms, text);
    put_key_optional(gen, key, text);
}

static void put_key_money(yajl_gen gen, const char *key, money sum)
{
    char fen[MONEY_TEXT_BYTES];

    put_text(gen, key);
    money_format_fen(sum, fen);
    yajl_gen_number(gen, fen, strlen(fen));
}

static void put_key_check(yajl_gen gen, const char *key, enum audit_check check)
{
    static const char *const words[] = {
        [AUDIT_NOT_CHECKED] = "not checked",
        [AUDIT_AGREES] = "agrees",
        [AUDIT_DISAGREES] = "disagrees",
    };

    put_key_text(gen, key, words[check]);
}

static void put_sums(yajl_gen gen, const char *key, const struct audit_sum *sums)
{
    put_text(gen, key);
    yajl_gen_map_open(gen);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        put_text(gen, outcome_name((enum outcome)i));
        yajl_gen_map_open(gen);
        put_key_number(gen, "rows", (int64_t)sums[i].rows);
        put_key_money(gen, "fee_fen", sums[i].fee_fen);
        yajl_gen_map_close(gen);
    }
    yajl_gen_map_close(gen);
}

static const char *path_of(const struct audit *audit, size_t report)
{
    return report == AUDIT_NO_REPORT ? "" : audit->reports[report].path;
}

static void put_disagreements(yajl_gen gen, const struct audit *audit)
{
    put_key_number(gen, "disagreements_found", (int64_t)audit->disagreements_found);
    put_text(gen, "disagreements");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < audit->disagreement_count; i++) {
        const struct audit_disagreement *d = &audit->disagreements[i];

        yajl_gen_map_open(gen);
        put_key_optional(gen, "report", path_of(audit, d->report));
        put_text(gen, "row");
        if (d->row)
            yajl_gen_integer(gen, (long long)d->row);
        else
            yajl_gen_null(gen);
        put_key_text(gen, "against", audit_measure_name(d->measure));
        put_key_text(gen, "text", d->text);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
    put_text(gen, "notes");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < audit->note_count; i++)
        put_text(gen, audit->notes[i]);
    yajl_gen_array_close(gen);
}

static void put_report(yajl_gen gen, const struct audit_report *r)
{
    const struct manifest_found *m = &r->manifest;

    yajl_gen_map_open(gen);
    put_key_text(gen, "path", r->path);
    put_key_bool(gen, "manifest", r->has_manifest);
    put_key_optional(gen, "run", m->run);
    put_key_optional(gen, "parent_run", m->parent_run);
    put_key_optional(gen, "command", m->command);
    put_key_optional(gen, "platform", m->platform);
    put_key_optional(gen, "ledger_id", m->ledger_id);
    put_key_time(gen, "started", m->started_ms);
    put_key_time(gen, "finished", m->finished_ms);
    put_key_bool(gen, "complete", m->complete);
    put_key_optional(gen, "stopped_because", m->stopped_because);
    put_key_number(gen, "bytes", (int64_t)r->bytes);
    put_key_optional(gen, "sha256", r->sha256);
    put_key_number(gen, "rows", (int64_t)r->lines);
    put_sums(gen, "outcomes", r->sums);
    put_key_check(gen, "signature", r->signature);
    put_key_check(gen, "ledger", r->ledger);
    put_key_number(gen, "disagreements", (int64_t)r->disagreements);
    yajl_gen_map_close(gen);
}

static void put_reports(yajl_gen gen, const struct audit *audit)
{
    put_text(gen, "reports");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < audit->report_count; i++)
        put_report(gen, &audit->reports[i]);
    yajl_gen_array_close(gen);
    put_text(gen, "export");
    if (!audit->export_path) {
        yajl_gen_null(gen);
        return;
    }
    yajl_gen_map_open(gen);
    put_key_text(gen, "path", audit->export_path);
    put_key_check(gen, "check", audit->export);
    put_key_number(gen, "rows", (int64_t)audit->export_rows);
    yajl_gen_map_close(gen);
}

static void put_totals(yajl_gen gen, const struct audit *audit)
{
    static const char *const names[INSPECTION_STATUSES] = {"0", "1", "2"};

    put_key_number(gen, "rows", (int64_t)audit->rows);
    put_sums(gen, "outcomes", audit->outcomes);
    put_text(gen, "statuses");
    yajl_gen_map_open(gen);
    for (int i = 0; i < INSPECTION_STATUSES; i++)
        put_sums(gen, names[i], audit->statuses[i]);
    yajl_gen_map_close(gen);
}

static void put_codes(yajl_gen gen, const struct audit *audit)
{
    put_text(gen, "codes");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < audit->code_count; i++) {
        const struct audit_code *c = &audit->codes[i];

        yajl_gen_map_open(gen);
        put_key_text(gen, "outcome", outcome_name(c->outcome));
        put_key_text(gen, "code", c->code);
        put_key_number(gen, "rows", (int64_t)c->rows);
        put_key_money(gen, "fee_fen", c->fee_fen);
        put_text(gen, "first_rows");
        yajl_gen_array_open(gen);
        for (size_t k = 0; k < c->first_count; k++)
            yajl_gen_integer(gen, (long long)c->first_rows[k]);
        yajl_gen_array_close(gen);
        put_key_text(gen, "message", c->message);
        put_key_text(gen, "meaning", c->advice.meaning);
        put_key_text(gen, "todo", c->advice.todo);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_latency(yajl_gen gen, const struct latency_summary *l)
{
    put_text(gen, "latency");
    yajl_gen_map_open(gen);
    put_key_number(gen, "calls", (int64_t)l->calls);
    put_key_number(gen, "p50_ms", l->p50_ms);
    put_key_number(gen, "p90_ms", l->p90_ms);
    put_key_number(gen, "p95_ms", l->p95_ms);
    put_key_number(gen, "p99_ms", l->p99_ms);
    put_key_number(gen, "max_ms", l->max_ms);
    put_text(gen, "steps");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < l->step_count; i++) {
        yajl_gen_map_open(gen);
        put_key_number(gen, "up_to_ms", l->steps[i].up_to_ms);
        put_key_number(gen, "calls", (int64_t)l->steps[i].calls);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
    yajl_gen_map_close(gen);
}

static void put_timeline(yajl_gen gen, const struct timeline *t)
{
    put_text(gen, "timeline");
    yajl_gen_map_open(gen);
    put_key_time(gen, "start", t->start_ms);
    put_key_number(gen, "bucket_ms", t->bucket_ms);
    put_text(gen, "buckets");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < t->bucket_count; i++) {
        yajl_gen_map_open(gen);
        for (int k = 0; k < OUTCOME_COUNT; k++)
            if (t->answered[i][k])
                put_key_number(gen, outcome_name((enum outcome)k), (int64_t)t->answered[i][k]);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
    yajl_gen_map_close(gen);
}

static void put_events(yajl_gen gen, const struct audit *audit)
{
    put_text(gen, "events");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < audit->event_count; i++) {
        const struct manifest_event *event = audit->events[i].event;

        yajl_gen_map_open(gen);
        put_key_text(gen, "report", path_of(audit, audit->events[i].report));
        put_key_text(gen, "kind", event->kind);
        put_key_time(gen, "at", event->at_ms);
        put_key_time(gen, "until", event->until_ms);
        put_key_text(gen, "text", event->text);
        yajl_gen_map_close(gen);
    }
    yajl_gen_array_close(gen);
}

static void put_open_row(yajl_gen gen, const struct audit *audit, const struct audit_row *r)
{
    yajl_gen_map_open(gen);
    put_key_number(gen, "row", (int64_t)r->row);
    put_key_text(gen, "report", path_of(audit, r->report));
    put_key_text(gen, "workcard_id", r->workcard_id);
    put_key_text(gen, "claim_order_no", r->claim_order_no);
    put_key_text(gen, "outcome", outcome_name(r->outcome));
    put_key_text(gen, "code", r->code);
    put_key_text(gen, "sub_code", r->sub_code);
    put_key_text(gen, "message", r->message);
    put_key_number(gen, "fee_fen", r->fee_fen);
    put_key_number(gen, "attempts", r->attempts);
    put_key_number(gen, "http_status", r->http_status);
    put_key_text(gen, "request_id", r->request_id);
    put_key_time(gen, "submitted_at", r->submitted_ms);
    yajl_gen_map_close(gen);
}

static void put_open_rows(yajl_gen gen, const struct audit *audit)
{
    put_text(gen, "open_rows");
    yajl_gen_array_open(gen);
    for (size_t i = 0; i < audit->open_count; i++)
        put_open_row(gen, audit, &audit->open_rows[i]);
    yajl_gen_array_close(gen);
    put_key_number(gen, "open_rows_left_out", (int64_t)audit->open_left_out);
}

int audit_json(const struct audit *audit, struct buffer *ret_json, struct error *err)
{
    yajl_gen gen = yajl_gen_alloc(NULL);
    const unsigned char *text;
    size_t len;

    if (!gen)
        return error_no_memory(err);
    yajl_gen_config(gen, yajl_gen_beautify, 1);
    yajl_gen_config(gen, yajl_gen_indent_string, "  ");
    yajl_gen_map_open(gen);
    put_key_text(gen, "audit", AUDIT_JSON_FORMAT);
    put_key_bool(gen, "agrees", audit->agrees);
    put_disagreements(gen, audit);
    put_reports(gen, audit);
    put_key_time(gen, "started", audit->started_ms);
    put_key_time(gen, "finished", audit->finished_ms);
    put_totals(gen, audit);
    put_codes(gen, audit);
    put_latency(gen, &audit->latency);
    put_timeline(gen, &audit->timeline);
    put_events(gen, audit);
    put_open_rows(gen, audit);
    yajl_gen_map_close(gen);
    yajl_gen_get_buf(gen, &text, &len);
    buffer_append(ret_json, text, len);
    yajl_gen_free(gen);
    return ret_json->failed ? error_no_memory(err) : 0;
}
