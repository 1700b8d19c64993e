#include "month_json.h"

#include "base/error.h"
#include "base/json.h"

static void put_sum(struct json *document, const struct audit_sum *sum)
{
    json_key_number(document, "rows", (int64_t)sum->rows);
    json_key_money(document, "fee_fen", sum->fee_fen);
}

static void put_outcomes(struct json *document, const char *key, const struct audit_sum *sums)
{
    json_key_map(document, key);
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        json_key_map(document, outcome_name((enum outcome)i));
        put_sum(document, &sums[i]);
        json_map_close(document);
    }
    json_map_close(document);
}

static void put_key_day(struct json *document, int64_t day)
{
    char text[MONTH_DAY_BYTES];

    json_key_some(document, "day", month_sums_day_text(day, text));
}

/* ---- days and sums ---- */

static void put_days(struct json *document, const struct month *month)
{
    json_key_array(document, "days");
    for (size_t i = 0; i < month->day_count; i++) {
        const struct month_day *day = &month->days[i];

        json_map_open(document);
        put_key_day(document, day->day);
        json_key_number(document, "runs", (int64_t)day->runs);
        put_outcomes(document, "outcomes", day->rows);
        json_key_number(document, "open_claims", (int64_t)day->open.rows);
        json_key_money(document, "open_fee_fen", day->open.fee_fen);
        json_map_close(document);
    }
    json_array_close(document);
}

static void put_sums(struct json *document, const struct month *month)
{
    json_key_array(document, "sums");
    for (size_t i = 0; i < month->sum_count; i++) {
        const struct month_sum *sum = &month->sums[i];

        json_map_open(document);
        put_key_day(document, sum->day);
        json_key_some(document, "platform", month->sources[sum->source].platform);
        json_key_some(document, "app_key", month->sources[sum->source].app_key);
        json_key_text(document, "outcome", outcome_name(sum->outcome));
        json_text(document, "claim_status");
        if (sum->status == MONTH_NO_STATUS)
            json_null(document);
        else
            json_integer(document, sum->status);
        put_sum(document, &sum->rows);
        json_map_close(document);
    }
    json_array_close(document);
}

/* ---- claims ---- */

struct list {
    struct json *document;
    const struct month *month;
};

static int put_claim(void *context, const struct month_claim *claim, struct error *err)
{
    const struct list *list = context;
    const struct month_line *final = &claim->final;
    struct json *document = list->document;

    (void)err;
    json_map_open(document);
    json_key_text(document, "platform", list->month->sources[final->source].platform);
    json_key_text(document, "workcard_id", final->workcard_id);
    json_key_text(document, "claim_order_no", final->claim_order_no);
    json_key_text(document, "outcome", outcome_name(final->outcome));
    json_key_some(document, "code", final->code);
    json_key_some(document, "message", final->message);
    json_key_number(document, "fee_fen", final->fee_fen);
    if (claim->is_accepted) {
        json_key_number(document, "first_accepted_fee_fen", claim->first_fen);
        json_key_number(document, "accepted_fee_fen", claim->accepted_fen);
    }
    json_key_number(document, "changes", (int64_t)claim->changes);
    put_key_day(document, final->day);
    json_key_text(document, "report", list->month->exports[final->export].paths[0]);
    json_key_number(document, "row", (int64_t) final->row);
    json_map_close(document);
    return 0;
}

static int put_list(struct json *document, const struct month *month, const char *key,
                    enum month_list list, struct error *err)
{
    struct list context = {document, month};
    int result;

    json_key_array(document, key);
    result = month_claims_list(month->lists, list, MONTH_JSON_CLAIMS, put_claim, &context, err);
    json_array_close(document);
    return result;
}

static uint64_t left_out(uint64_t count)
{
    return count > MONTH_JSON_CLAIMS ? count - MONTH_JSON_CLAIMS : 0;
}

static int put_claims(struct json *document, const struct month *month, struct error *err)
{
    json_key_number(document, "claims", (int64_t)month->claims);
    put_outcomes(document, "claim_outcomes", month->claim_outcomes);
    json_key_map(document, "claims_accepted");
    json_key_number(document, "claims", (int64_t)month->accepted.rows);
    json_key_money(document, "fee_fen", month->accepted.fee_fen);
    json_map_close(document);
    if (put_list(document, month, "open", MONTH_OPEN, err))
        return -1;
    json_key_number(document, "open_claims", (int64_t)month->open);
    json_key_number(document, "open_left_out", (int64_t)left_out(month->open));
    if (put_list(document, month, "changed", MONTH_CHANGED, err))
        return -1;
    json_key_number(document, "changed_claims", (int64_t)month->changed);
    json_key_money(document, "changed_before_fen", month->changed_before);
    json_key_money(document, "changed_after_fen", month->changed_after);
    json_key_number(document, "changed_left_out", (int64_t)left_out(month->changed));
    return 0;
}

/* ---- the whole ---- */

static void put_findings(struct json *document, const struct month *month)
{
    json_key_bool(document, "agrees", month->agrees);
    json_key_number(document, "disagreements", (int64_t)month->disagreements);
    json_key_array(document, "between_exports");
    for (size_t i = 0; i < month->finding_count; i++)
        json_text(document, month->findings[i]);
    json_array_close(document);
    json_key_number(document, "exports", (int64_t)month->export_count);
    json_key_number(document, "reports", (int64_t)month->report_count);
    json_key_number(document, "rows", (int64_t)month->rows);
    put_outcomes(document, "outcomes", month->outcomes);
}

int month_json(const struct month *month, struct buffer *ret_json, struct error *err)
{
    struct json *document = json_open(JSON_INDENTED, ret_json);
    int result;

    if (!document)
        return error_no_memory(err);
    json_map_open(document);
    put_findings(document, month);
    result = put_claims(document, month, err);
    put_days(document, month);
    put_sums(document, month);
    json_map_close(document);
    json_close(document);
    if (!result && ret_json->failed)
        result = error_no_memory(err);
    return result;
}
