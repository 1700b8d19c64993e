#include "status_server_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "ledger/outcome.h"

void status_server_json_head(struct json *document, const struct server_view *view)
{
    json_key_text(document, "durability", view->has_standby ? "standby" : "disk");
    json_key_bool(document, "from_standby", view->is_standby);
}

static void put_runs(struct json *document, const char *names)
{
    json_key_array(document, "runs");
    while (*names) {
        size_t len = strcspn(names, " ");
        char *name = strndup(names, len);

        json_text(document, name ? name : "");
        free(name);
        names += len + (names[len] == ' ');
    }
    json_array_close(document);
}

void status_server_json_worker(struct json *document, const struct server_worker *worker)
{
    json_map_open(document);
    json_key_number(document, "worker", worker->id);
    json_key_text(document, "host", worker->host);
    json_key_number(document, "process", worker->process);
    json_key_text(document, "version", worker->version);
    json_key_time(document, "started", worker->started_ms);
    json_key_time(document, "last_beat", worker->beat_ms);
    json_key_number(document, "silent_ms", worker->silent_ms);
    put_runs(document, worker->runs);
    json_key_number(document, "calls_under_way", worker->calls);
    json_map_close(document);
}

/* -1: null, there is no limit. */
static void put_limit(struct json *document, const char *key, int64_t limit)
{
    if (limit >= 0) {
        json_key_number(document, key, limit);
        return;
    }
    json_key_text(document, key, NULL);
}

void status_server_json_share(struct json *document, const struct server_share *share)
{
    json_map_open(document);
    json_key_number(document, "worker", share->worker);
    json_key_text(document, "platform", share->platform);
    json_key_text(document, "app_key", share->app_key);
    put_limit(document, "share", share->share);
    put_limit(document, "rate", share->rate);
    json_map_close(document);
}

void status_server_json_late(struct json *document, const struct server_late_answer *answer)
{
    json_map_open(document);
    json_key_some(document, "run", answer->run_name);
    json_key_number(document, "row", answer->row);
    json_key_some(document, "claim_order_no", answer->claim_order_no);
    json_key_number(document, "workcard_id", answer->workcard_id);
    json_key_some(document, "platform", answer->platform);
    json_key_time(document, "at", answer->at_ms);
    json_key_text(document, "outcome", outcome_name(answer->outcome));
    json_key_bool(document, "applied", answer->applied);
    json_key_some(document, "code", answer->code);
    json_key_some(document, "message", answer->message);
    json_key_some(document, "request_id", answer->request_id);
    json_map_close(document);
}

void status_server_json_spill(struct json *document, const struct server_spill *spill)
{
    json_map_open(document);
    json_key_text(document, "file", spill->path);
    json_key_number(document, "worker", spill->worker);
    json_key_number(document, "process", spill->process);
    json_key_bool(document, "at_work", spill->is_at_work);
    json_key_number(document, "answers", (int64_t)spill->answers);
    json_key_time(document, "since", spill->since_ms);
    put_runs(document, spill->runs);
    json_map_close(document);
}
