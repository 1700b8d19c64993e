#include "server_claims.h"

#include "base/error.h"
#include "server_answer.h"
#include "server_array.h"
#include "turn_sql.h"

enum { ORDER_NOS, WORKCARDS, ROWS, REPEATED, LAST, ARRAYS };

static int say(struct session *session, int64_t platform, struct server_array *arrays,
               struct error *err)
{
    struct session_value values[2 + ARRAYS] = {{SERVER_INT4, .number = platform},
                                               {SERVER_INT8, .number = 0}};

    for (int i = 0; i < ARRAYS; i++) {
        if (!server_array_end(&arrays[i]))
            return error_no_memory(err);
        values[2 + i] = (struct session_value){arrays[i].type, .bytes = arrays[i].bytes.ptr,
                                               .len = arrays[i].bytes.len};
    }
    return session_ask(session, turn_sql(TURN_ASK), 2 + ARRAYS, values, err);
}

static int take(const struct session *session, size_t count, struct claim_state *ret_states,
                struct error *err)
{
    struct server_answer answer = {0};
    int result = 0;

    for (size_t i = 0; i < count && !result; i++) {
        result = server_answer_read(session, (int)i, &answer, err);
        ret_states[i] = answer.facts.claim;
    }
    server_answer_release(&answer);
    return result;
}

int server_claims_get(struct session *session, int64_t platform, const struct claim_key *keys,
                      size_t count, struct claim_state *ret_states, struct error *err)
{
    struct server_array arrays[ARRAYS] = {
        [ORDER_NOS] = {.type = SERVER_TEXTS}, [WORKCARDS] = {.type = SERVER_INT8S},
        [ROWS] = {.type = SERVER_INT8S},      [REPEATED] = {.type = SERVER_BOOLS},
        [LAST] = {.type = SERVER_BOOLS},
    };
    int result;

    for (size_t i = 0; i < count; i++) {
        server_array_text(&arrays[ORDER_NOS], keys[i].claim_order_no);
        server_array_number(&arrays[WORKCARDS], keys[i].workcard_id);
        server_array_number(&arrays[ROWS], 0);
        server_array_number(&arrays[REPEATED], false);
        server_array_number(&arrays[LAST], false);
    }
    result = say(session, platform, arrays, err) || take(session, count, ret_states, err) ? -1 : 0;
    for (int i = 0; i < ARRAYS; i++)
        server_array_release(&arrays[i]);
    return result;
}

int server_numbers_find(struct session *session, const char *const *order_nos, size_t count,
                        bool *ret_found, struct error *err)
{
    static const char find[] = "SELECT EXISTS(SELECT 1 FROM claim WHERE claim_order_no=x.no)"
                               " FROM unnest($1::text[]) WITH ORDINALITY x(no, ord) ORDER BY x.ord";
    struct server_array numbers = {.type = SERVER_TEXTS};
    struct session_value value = {.type = SERVER_TEXTS};
    int result;

    for (size_t i = 0; i < count; i++)
        server_array_text(&numbers, order_nos[i]);
    if (!server_array_end(&numbers)) {
        result = error_no_memory(err);
    } else {
        value.bytes = numbers.bytes.ptr;
        value.len = numbers.bytes.len;
        result = session_ask(session, find, 1, &value, err);
    }
    for (size_t i = 0; i < count && !result; i++)
        ret_found[i] = session_bool(session, (int)i, 0);
    server_array_release(&numbers);
    return result;
}
