/* What is queued for a turn. */
#include "base/array.h"
#include "server_turn_core.h"

void server_turn_make_lists(struct server_turn *turn)
{
    for (enum turn_statement i = 0; i < TURN_STATEMENT_COUNT; i++) {
        struct server_list *list = &turn->lists[i];
        const enum server_type *types;
        size_t count = turn_sql_types(i, &types);

        for (size_t k = 0; k < count; k++)
            if (types[k] >= SERVER_BOOLS)
                list->arrays[list->columns++].type = types[k];
    }
}

void server_turn_forget(struct server_turn *turn)
{
    for (enum turn_statement i = 0; i < TURN_STATEMENT_COUNT; i++) {
        struct server_list *list = &turn->lists[i];

        for (size_t k = 0; k < list->columns; k++)
            server_array_reset(&list->arrays[k]);
        list->count = 0;
    }
    turn->said.count = 0;
    turn->repeated = turn->no_memory = false;
    turn->app_key = NULL;
}

static void put_place(struct server_turn *turn, struct server_list *list,
                      const struct server_place *place)
{
    if (ARRAY_HAS_ROOM(list->places, list->count, list->room))
        list->places[list->count++] = *place;
    else
        turn->no_memory = true;
}

static void put_call(struct server_turn *turn, int64_t call)
{
    if (!in_flight_add(&turn->said, call))
        turn->no_memory = true;
}

static void put_fee(struct server_array *array, const int64_t *fee_fen)
{
    if (fee_fen)
        server_array_number(array, *fee_fen);
    else
        server_array_null(array);
}

void server_turn_put_record(struct server_list *list, const struct server_attempt *attempt,
                            const struct row_record *r)
{
    const int64_t numbers[] = {
        attempt->call, attempt->claim,  (int64_t)r->row, r->state,
        r->outcome,    r->counts_as,    r->http_status,  r->attempts,
        r->tries,      r->submitted_ms, r->duration_ms,  r->round,
    };
    const char *const words[] = {r->code, r->sub_code, r->message, r->request_id, r->warnings};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
        server_array_number(&list->arrays[i], numbers[i]);
    server_array_bytes(&list->arrays[TURN_RECORD_DIGEST], r->digest, sizeof(r->digest));
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        server_array_text(&list->arrays[TURN_RECORD_CODE + i], words[i]);
    put_fee(&list->arrays[TURN_RECORD_FEE], attempt->has_fee ? &attempt->fee_fen : NULL);
    list->count++;
}

void server_turn_end(struct server_turn *turn, const struct server_attempt *attempt,
                     enum server_end end, const struct row_record *record)
{
    static const enum turn_statement statements[] = {
        [SERVER_END_OVER] = TURN_OVER,
        [SERVER_END_STAYS] = TURN_STAY,
        [SERVER_END_PUT_OFF] = TURN_PUT_OFF,
    };

    const struct spill_answer answer = {turn->work.run, *attempt, end, *record};

    put_call(turn, attempt->call);
    server_turn_keep_end(turn, &answer);
    server_turn_put_record(&turn->lists[statements[end]], attempt, record);
}

void server_turn_note(struct server_turn *turn, const struct server_attempt *attempt,
                      const struct row_record *record)
{
    server_turn_put_record(&turn->lists[TURN_NOTE], attempt, record);
}

void server_turn_doubt(struct server_turn *turn, const struct server_attempt *attempt,
                       const struct row_record *record)
{
    server_turn_put_record(&turn->lists[TURN_DOUBT], attempt, record);
    server_turn_put_record(&turn->lists[TURN_NOTE], attempt, record);
}

void server_turn_release(struct server_turn *turn, int64_t claim)
{
    struct server_list *list = &turn->lists[TURN_RELEASE];

    server_array_number(&list->arrays[0], claim);
    list->count++;
}

void server_turn_warn(struct server_turn *turn, uint64_t row, const char *code)
{
    struct server_list *list = &turn->lists[TURN_WARN];

    server_array_number(&list->arrays[0], (int64_t)row);
    server_array_text(&list->arrays[1], code);
    list->count++;
}

void server_turn_change(struct server_turn *turn, uint64_t row, const int64_t *fee_before,
                        int64_t fee_after)
{
    struct server_list *list = &turn->lists[TURN_CHANGE];

    server_array_number(&list->arrays[0], (int64_t)row);
    put_fee(&list->arrays[1], fee_before);
    server_array_number(&list->arrays[2], fee_after);
    list->count++;
}

void server_turn_unchanged(struct server_turn *turn, uint64_t row)
{
    struct server_list *list = &turn->lists[TURN_UNCHANGED];

    server_array_number(&list->arrays[0], (int64_t)row);
    list->count++;
}

/* Of a claim that is known. */
static void put_judged(struct server_list *list, const struct server_intent *intent)
{
    server_array_number(&list->arrays[TURN_INTENT_CLAIM], intent->claim);
    server_array_number(&list->arrays[TURN_INTENT_VERSION], intent->version);
    server_array_number(&list->arrays[TURN_INTENT_RESEND], intent->resend);
    server_array_number(&list->arrays[TURN_INTENT_CHANGED], intent->changed);
    put_fee(&list->arrays[TURN_INTENT_BEFORE], intent->has_before ? &intent->before_fen : NULL);
    server_array_number(&list->arrays[TURN_INTENT_FEE], intent->fee_fen);
}

void server_turn_intend(struct server_turn *turn, const struct server_intent *intent,
                        const struct row_record *r, bool *ret_refused, int64_t *ret_claim)
{
    struct server_list *list = &turn->lists[intent->claim ? TURN_INTEND : TURN_NEW];
    struct server_place place = {.call = intent->call, .refused = ret_refused, .claim = ret_claim};

    put_place(turn, list, &place);
    put_call(turn, intent->call);
    server_array_number(&list->arrays[TURN_INTENT_CALL], intent->call);
    server_array_number(&list->arrays[TURN_INTENT_WORKCARD], intent->key.workcard_id);
    server_array_text(&list->arrays[TURN_INTENT_ORDER_NO], intent->key.claim_order_no);
    server_array_number(&list->arrays[TURN_INTENT_ROW], (int64_t)r->row);
    server_array_number(&list->arrays[TURN_INTENT_SUBMITTED_MS], r->submitted_ms);
    server_array_number(&list->arrays[TURN_INTENT_ROUND], r->round);
    server_array_number(&list->arrays[TURN_INTENT_ATTEMPTS], r->attempts);
    server_array_number(&list->arrays[TURN_INTENT_TRIES], r->tries);
    server_array_bytes(&list->arrays[TURN_INTENT_DIGEST], r->digest, sizeof(r->digest));
    server_array_text(&list->arrays[TURN_INTENT_WARNINGS], r->warnings);
    if (intent->claim)
        put_judged(list, intent);
}

void server_turn_ask(struct server_turn *turn, const struct claim_key *key, uint64_t row,
                     bool repeated, bool last, struct server_answer *ret_answer)
{
    struct server_list *list = &turn->lists[TURN_ASK];
    struct server_place place = {.answer = ret_answer};

    put_place(turn, list, &place);
    server_array_text(&list->arrays[0], key->claim_order_no);
    server_array_number(&list->arrays[1], key->workcard_id);
    server_array_number(&list->arrays[2], (int64_t)row);
    server_array_number(&list->arrays[3], repeated);
    server_array_number(&list->arrays[4], last);
}

void server_turn_facts(struct server_turn *turn, const char *app_key,
                       struct server_facts *ret_facts)
{
    turn->app_key = app_key;
    turn->facts = ret_facts;
}

int64_t server_turn_call(struct server_turn *turn)
{
    return turn->worker->id << TURN_CALL_BITS | ++turn->worker->calls;
}
