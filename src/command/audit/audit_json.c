#include "audit_json.h"

#include "base/error.h"
#include "base/json.h"

static void put_key_check(struct json *document, const char *key, enum audit_check check)
{
    static const char *const words[] = {
        [AUDIT_NOT_CHECKED] = "not checked",
        [AUDIT_AGREES] = "agrees",
        [AUDIT_DISAGREES] = "disagrees",
    };

    json_key_text(document, key, words[check]);
}

static void put_sums(struct json *document, const char *key, const struct audit_sum *sums)
{
    json_key_map(document, key);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        json_key_map(document, outcome_name((enum outcome)i));
        json_key_number(document, "rows", (int64_t)sums[i].rows);
        json_key_money(document, "fee_fen", sums[i].fee_fen);
        json_map_close(document);
    }
    json_map_close(document);
}

static const char *path_of(const struct audit *audit, size_t report)
{
    return report == AUDIT_NO_REPORT ? "" : audit->reports[report].path;
}

static void put_disagreements(struct json *document, const struct audit *audit)
{
    json_key_number(document, "disagreements_found", (int64_t)audit->disagreements_found);
    json_key_array(document, "disagreements");
    for (size_t i = 0; i < audit->disagreement_count; i++) {
        const struct audit_disagreement *d = &audit->disagreements[i];

        json_map_open(document);
        json_key_some(document, "report", path_of(audit, d->report));
        json_text(document, "row");
        if (d->row)
            json_integer(document, (long long)d->row);
        else
            json_null(document);
        json_key_text(document, "against", audit_measure_name(d->measure));
        json_key_text(document, "text", d->text);
        json_map_close(document);
    }
    json_array_close(document);
    json_key_array(document, "notes");
    for (size_t i = 0; i < audit->note_count; i++)
        json_text(document, audit->notes[i]);
    json_array_close(document);
}

/* As the manifest has it. */
static void put_changed(struct json *document, const struct manifest_found *m)
{
    json_text(document, "changed");
    if (!m->has_changed) {
        json_null(document);
        return;
    }
    json_map_open(document);
    manifest_put_changed_sum(document, &m->changed);
    json_key_map(document, "held_back");
    manifest_put_changed_sum(document, &m->held_back);
    json_map_close(document);
    json_map_close(document);
}

static void put_report(struct json *document, const struct audit_report *r)
{
    const struct manifest_found *m = &r->manifest;

    json_map_open(document);
    json_key_text(document, "path", r->path);
    json_key_bool(document, "manifest", r->has_manifest);
    json_key_some(document, "run", m->run);
    json_key_some(document, "parent_run", m->parent_run);
    json_key_some(document, "command", m->command);
    json_key_some(document, "platform", m->platform);
    json_key_some(document, "ledger_id", m->ledger_id);
    json_key_time(document, "started", m->started_ms);
    json_key_time(document, "finished", m->finished_ms);
    json_key_bool(document, "complete", m->complete);
    json_key_some(document, "stopped_because", m->stopped_because);
    json_key_number(document, "bytes", (int64_t)r->bytes);
    json_key_some(document, "sha256", r->sha256);
    json_key_number(document, "rows", (int64_t)r->lines);
    put_sums(document, "outcomes", r->sums);
    put_changed(document, m);
    put_key_check(document, "signature", r->signature);
    put_key_check(document, "ledger", r->ledger);
    json_key_number(document, "disagreements", (int64_t)r->disagreements);
    json_map_close(document);
}

static void put_reports(struct json *document, const struct audit *audit)
{
    json_key_array(document, "reports");
    for (size_t i = 0; i < audit->report_count; i++)
        put_report(document, &audit->reports[i]);
    json_array_close(document);
    json_text(document, "export");
    if (!audit->export_path) {
        json_null(document);
        return;
    }
    json_map_open(document);
    json_key_text(document, "path", audit->export_path);
    put_key_check(document, "check", audit->export);
    json_key_number(document, "rows", (int64_t)audit->export_rows);
    json_map_close(document);
}

static void put_totals(struct json *document, const struct audit *audit)
{
    static const char *const names[INSPECTION_STATUSES] = {"0", "1", "2"};

    json_key_number(document, "rows", (int64_t)audit->rows);
    put_sums(document, "outcomes", audit->outcomes);
    json_key_map(document, "statuses");
    for (int i = 0; i < INSPECTION_STATUSES; i++)
        put_sums(document, names[i], audit->statuses[i]);
    json_map_close(document);
}

static void put_codes(struct json *document, const struct audit *audit)
{
    json_key_array(document, "codes");
    for (size_t i = 0; i < audit->code_count; i++) {
        const struct audit_code *c = &audit->codes[i];

        json_map_open(document);
        json_key_text(document, "outcome", outcome_name(c->outcome));
        json_key_text(document, "code", c->code);
        json_key_number(document, "rows", (int64_t)c->rows);
        json_key_money(document, "fee_fen", c->fee_fen);
        json_key_array(document, "first_rows");
        for (size_t k = 0; k < c->first_count; k++)
            json_integer(document, (long long)c->first_rows[k]);
        json_array_close(document);
        json_key_text(document, "message", c->message);
        json_key_text(document, "meaning", c->advice.meaning);
        json_key_text(document, "todo", c->advice.todo);
        json_map_close(document);
    }
    json_array_close(document);
}

static void put_latency(struct json *document, const struct latency_summary *l)
{
    json_key_map(document, "latency");
    json_key_number(document, "calls", (int64_t)l->calls);
    json_key_number(document, "p50_ms", l->p50_ms);
    json_key_number(document, "p90_ms", l->p90_ms);
    json_key_number(document, "p95_ms", l->p95_ms);
    json_key_number(document, "p99_ms", l->p99_ms);
    json_key_number(document, "max_ms", l->max_ms);
    json_key_array(document, "steps");
    for (size_t i = 0; i < l->step_count; i++) {
        json_map_open(document);
        json_key_number(document, "up_to_ms", l->steps[i].up_to_ms);
        json_key_number(document, "calls", (int64_t)l->steps[i].calls);
        json_map_close(document);
    }
    json_array_close(document);
    json_map_close(document);
}

static void put_timeline(struct json *document, const struct timeline *t)
{
    json_key_map(document, "timeline");
    json_key_time(document, "start", t->start_ms);
    json_key_number(document, "bucket_ms", t->bucket_ms);
    json_key_array(document, "buckets");
    for (size_t i = 0; i < t->bucket_count; i++) {
        json_map_open(document);
        for (int k = 0; k < OUTCOME_COUNT; k++)
            if (t->answered[i][k])
                json_key_number(document, outcome_name((enum outcome)k),
                                (int64_t)t->answered[i][k]);
        json_map_close(document);
    }
    json_array_close(document);
    json_map_close(document);
}

static void put_events(struct json *document, const struct audit *audit)
{
    json_key_array(document, "events");
    for (size_t i = 0; i < audit->event_count; i++) {
        const struct manifest_event *event = audit->events[i].event;

        json_map_open(document);
        json_key_text(document, "report", path_of(audit, audit->events[i].report));
        json_key_text(document, "kind", event->kind);
        json_key_time(document, "at", event->at_ms);
        json_key_time(document, "until", event->until_ms);
        json_key_text(document, "text", event->text);
        json_map_close(document);
    }
    json_array_close(document);
}

static void put_open_row(struct json *document, const struct audit *audit,
                         const struct audit_row *r)
{
    json_map_open(document);
    json_key_number(document, "row", (int64_t)r->row);
    json_key_text(document, "report", path_of(audit, r->report));
    json_key_text(document, "workcard_id", r->workcard_id);
    json_key_text(document, "claim_order_no", r->claim_order_no);
    json_key_text(document, "outcome", outcome_name(r->outcome));
    json_key_text(document, "code", r->code);
    json_key_text(document, "sub_code", r->sub_code);
    json_key_text(document, "message", r->message);
    json_key_number(document, "fee_fen", r->fee_fen);
    json_key_number(document, "attempts", r->attempts);
    json_key_number(document, "http_status", r->http_status);
    json_key_text(document, "request_id", r->request_id);
    json_key_time(document, "submitted_at", r->submitted_ms);
    json_map_close(document);
}

static void put_open_rows(struct json *document, const struct audit *audit)
{
    json_key_array(document, "open_rows");
    for (size_t i = 0; i < audit->open_count; i++)
        put_open_row(document, audit, &audit->open_rows[i]);
    json_array_close(document);
    json_key_number(document, "open_rows_left_out", (int64_t)audit->open_left_out);
}

int audit_json(const struct audit *audit, struct buffer *ret_json, struct error *err)
{
    struct json *document = json_open(JSON_INDENTED, ret_json);

    if (!document)
        return error_no_memory(err);
    json_map_open(document);
    json_key_text(document, "audit", AUDIT_JSON_FORMAT);
    json_key_bool(document, "agrees", audit->agrees);
    put_disagreements(document, audit);
    put_reports(document, audit);
    json_key_time(document, "started", audit->started_ms);
    json_key_time(document, "finished", audit->finished_ms);
    put_totals(document, audit);
    put_codes(document, audit);
    put_latency(document, &audit->latency);
    put_timeline(document, &audit->timeline);
    put_events(document, audit);
    put_open_rows(document, audit);
    json_map_close(document);
    json_close(document);
    return ret_json->failed ? error_no_memory(err) : 0;
}
