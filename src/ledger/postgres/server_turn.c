#include "server_turn.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "server_answer.h"
#include "server_check.h"
#include "server_turn_core.h"
#include "sqlstate.h"

#define REPEAT_MS 10000 /* how long what others hinder is tried again */
#define FIRST_WAIT_MS 20
#define LAST_WAIT_MS 2000
#define READ_ONLY "25006" /* the server is a standby by now */

/* ---- said ---- */

/* What stands before the arrays, and behind those of TURN_RELEASE. */
static size_t put_scalars(const struct server_turn *turn, enum turn_statement statement,
                          struct session_value *values)
{
    const struct session_value platform = {SERVER_INT4, .number = turn->work.platform};
    const struct session_value worker = {SERVER_INT8, .number = turn->worker->id};
    const struct session_value run = {SERVER_INT8, .number = turn->work.run};

    switch (statement) {
    case TURN_NEW:
    case TURN_INTEND:
        values[0] = platform;
        values[1] = worker;
        values[2] = run;
        return 3;
    case TURN_ASK:
        values[0] = platform;
        values[1] = run;
        return 2;
    case TURN_RELEASE:
        return 0;
    default:
        values[0] = run;
        return 1;
    }
}

static const char released[] = "the attempt of this claim that it waited for is settled now: the "
                               "same command judges it again";

static int say(struct server_turn *turn, enum turn_statement statement,
               const struct session_value *values, size_t count, struct error *err)
{
    turn->numbers[statement] = turn->sent++;
    return session_pipeline_send(turn->session, turn_sql(statement), count, values, err);
}

static int say_list(struct server_turn *turn, enum turn_statement statement, struct error *err)
{
    struct server_list *list = &turn->lists[statement];
    struct session_value values[SESSION_VALUES_MAX];
    size_t count;

    if (!list->count)
        return 0;
    count = put_scalars(turn, statement, values);
    for (size_t i = 0; i < list->columns; i++) {
        struct server_array *array = &list->arrays[i];

        if (!server_array_end(array))
            return error_no_memory(err);
        values[count++] =
            (struct session_value){array->type, .bytes = array->bytes.ptr, .len = array->bytes.len};
    }
    if (statement == TURN_RELEASE)
        values[count++] = (struct session_value){SERVER_TEXT, .bytes = released};
    return say(turn, statement, values, count, err);
}

static int say_worker(struct server_turn *turn, struct error *err)
{
    const struct worker *w = turn->worker;
    const struct session_value fence[] = {{SERVER_INT8, .number = w->id},
                                          {SERVER_INT4, .number = w->epoch}};
    const struct session_value beat[] = {{SERVER_INT8, .number = w->id},
                                         {SERVER_INT8, .number = w->calls}};

    if (say(turn, TURN_FENCE, fence, 2, err))
        return -1;
    turn->beat_ms = worker_beat_is_due(w) ? clock_boot_ms() : 0;
    return turn->beat_ms ? say(turn, TURN_BEAT, beat, 2, err) : 0;
}

static int say_all(struct server_turn *turn, struct error *err)
{
    const struct session_value facts[] = {{SERVER_INT4, .number = turn->work.platform},
                                          {SERVER_TEXT, .bytes = turn->app_key},
                                          {SERVER_INT8, .number = turn->work.run}};

    turn->sent = 0;
    if (session_pipeline_begin(turn->session, err) || say_worker(turn, err))
        return -1;
    for (enum turn_statement i = TURN_OVER; i < TURN_FACTS; i++)
        if (say_list(turn, i, err))
            return -1;
    if (turn->app_key && say(turn, TURN_FACTS, facts, 3, err))
        return -1;
    return session_pipeline_commit(turn->session, err);
}

/* ---- answered ---- */

static void show(struct server_turn *turn, enum turn_statement statement)
{
    session_pipeline_show(turn->session, turn->numbers[statement]);
}

/* The calls come in the order in which they were said, or in that of their keys. */
static struct server_place *find_place(struct server_list *list, size_t from, int64_t call)
{
    for (size_t i = 0; i < list->count; i++) {
        struct server_place *place = &list->places[(from + i) % list->count];

        if (place->call == call)
            return place;
    }
    return NULL;
}

static void take_intents(struct server_turn *turn, enum turn_statement statement)
{
    struct server_list *list = &turn->lists[statement];

    for (size_t i = 0; i < list->count; i++)
        *list->places[i].refused = true;
    if (!list->count)
        return;
    show(turn, statement);
    for (int row = 0; row < session_rows(turn->session); row++) {
        int64_t call = session_integer(turn->session, row, 0);
        struct server_place *place = find_place(list, (size_t)row, call);

        if (!place)
            continue;
        *place->refused = false;
        *place->claim = session_integer(turn->session, row, 1);
        if (!in_flight_add(&turn->in_flight, call))
            turn->no_memory = true;
    }
}

static int take_answers(struct server_turn *turn, struct error *err)
{
    struct server_list *list = &turn->lists[TURN_ASK];

    if (!list->count)
        return 0;
    show(turn, TURN_ASK);
    for (int row = 0; row < session_rows(turn->session); row++)
        if (server_answer_read(turn->session, row, list->places[row].answer, err))
            return -1;
    return 0;
}

/* How many of a list were open. */
static size_t count_answers(struct server_turn *turn, enum turn_statement statement)
{
    if (!turn->lists[statement].count)
        return 0;
    show(turn, statement);
    return (size_t)session_rows(turn->session);
}

static int fail_gone(const struct server_turn *turn, struct error *err)
{
    return error_set(err, EXIT_BAD_CONFIG,
                     "the ledger '%s' does not have what it has acknowledged: an older state of it "
                     "was restored, or a standby took over that had not received it; nothing more "
                     "is sent",
                     LOG_QUOTED(turn->url));
}

/* Of a turn that came before, what was settled then is not open any more; its row tells of it. */
static int check_rows(struct server_turn *turn, enum turn_statement statement, struct error *err)
{
    static const char stand[] =
        "SELECT count(r.call) FROM unnest($2,$3) AS x(row, call) LEFT JOIN LATERAL (SELECT call"
        " FROM row WHERE run=$1 AND row=x.row AND call=x.call OFFSET 0) r ON true";
    const struct server_list *list = &turn->lists[statement];
    const struct server_array *rows = &list->arrays[TURN_RECORD_ROW];
    const struct server_array *calls = &list->arrays[TURN_RECORD_CALL];
    const struct session_value values[] = {
        {SERVER_INT8, .number = turn->work.run},
        {SERVER_INT8S, .bytes = rows->bytes.ptr, .len = rows->bytes.len},
        {SERVER_INT8S, .bytes = calls->bytes.ptr, .len = calls->bytes.len},
    };

    if (session_ask(turn->session, stand, 3, values, err))
        return -1;
    return session_integer(turn->session, 0, 0) == (int64_t)list->count ? 0 : fail_gone(turn, err);
}

static int check_ended(struct server_turn *turn, struct error *err)
{
    bool gone[] = {
        count_answers(turn, TURN_OVER) < turn->lists[TURN_OVER].count,
        count_answers(turn, TURN_STAY) < turn->lists[TURN_STAY].count,
        count_answers(turn, TURN_PUT_OFF) < turn->lists[TURN_PUT_OFF].count,
    };

    if (!turn->repeated)
        return gone[0] || gone[1] || gone[2] ? fail_gone(turn, err) : 0;
    /* What was put off leaves the row of the attempt before as it was. */
    return (gone[0] && check_rows(turn, TURN_OVER, err)) ||
                   (gone[1] && check_rows(turn, TURN_STAY, err))
               ? -1
               : 0;
}

static int take_all(struct server_turn *turn, struct error *err)
{
    if (turn->beat_ms)
        worker_take_beat(turn->worker, turn->beat_ms);
    if (check_ended(turn, err))
        return -1;
    in_flight_remove(&turn->in_flight, &turn->said);
    take_intents(turn, TURN_NEW);
    take_intents(turn, TURN_INTEND);
    in_flight_sort(&turn->in_flight);
    if (turn->no_memory)
        return error_no_memory(err);
    if (turn->app_key) {
        show(turn, TURN_FACTS);
        server_answer_facts(turn->session, turn->facts);
    }
    return take_answers(turn, err);
}

/* ---- connected ---- */

static int prepare_all(struct server_turn *turn, struct error *err)
{
    for (enum turn_statement i = 0; i < TURN_STATEMENT_COUNT; i++) {
        const enum server_type *types;
        size_t count = turn_sql_types(i, &types);

        if (session_prepare(turn->session, turn_sql(i), count, types, err))
            return -1;
    }
    return 0;
}

static void lose(struct server_turn *turn)
{
    session_close(turn->session);
    turn->session = NULL;
}

/* Whether the ledger has all that it had acknowledged. From then on nothing can come any more of
 * what an earlier connection was told. */
static int check_acknowledged(struct server_turn *turn, struct error *err)
{
    int64_t calls;
    int stands;

    if (worker_raise_epoch(turn->worker, turn->session, &calls, err))
        return -1;
    if (calls < turn->worker->beat_calls)
        return fail_gone(turn, err);
    stands = in_flight_check(&turn->in_flight, &turn->said, turn->session, turn->worker->id, err);
    return stands ? (stands < 0 ? -1 : 0) : fail_gone(turn, err);
}

static int reconnect(struct server_turn *turn, struct error *err)
{
    if (!session_open(turn->url, &turn->session, err) &&
        !server_check(turn->session, turn->url, turn->ledger, err) &&
        !check_acknowledged(turn, err) && !prepare_all(turn, err))
        return 0;
    lose(turn);
    return -1;
}

static bool is_hindered(const char *state)
{
    static const char *const states[] = {"40001", "40P01", "55P03", "57014"};

    for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
        if (strcmp(state, states[i]) == 0)
            return true;
    return false;
}

/* Longer each time, and not the same for all who were hindered by one another. */
static void rest(int64_t *wait_ms)
{
    int64_t other = clock_mono_ms() * 31 + getpid();

    poll(NULL, 0, (int)(*wait_ms / 2 + other % *wait_ms));
    if (*wait_ms < LAST_WAIT_MS)
        *wait_ms *= 2;
}

/* What was said may have been carried out, or be some time. */
static bool is_lost(const struct session *session)
{
    return !session_is_usable(session) || strcmp(session_state(session), READ_ONLY) == 0;
}

static void tell_refused(struct server_turn *turn, struct error *err)
{
    if (!session_execute(turn->session, "ROLLBACK", err))
        worker_fail_refused(turn->worker, turn->session, err);
}

/* Whether it is to be said again, after it has failed. */
static bool is_to_be_repeated(struct server_turn *turn, int64_t begun_ms, struct error *err)
{
    int64_t spent_ms = clock_mono_ms() - begun_ms;

    /* Also where that is known already: the server's own word for it says nothing to anybody. */
    if (turn->session && strcmp(session_state(turn->session), SQLSTATE_NEED) == 0) {
        tell_refused(turn, err);
        return false;
    }
    if (turn->worker->is_fenced || err->exit_code == EXIT_RESOURCES ||
        err->exit_code == EXIT_INTERNAL)
        return false;
    if (!turn->session) /* it could not be connected */
        return err->exit_code == EXIT_TRY_LATER && spent_ms < turn->patience_ms;
    if (!is_lost(turn->session))
        return is_hindered(session_state(turn->session)) && spent_ms < REPEAT_MS;
    lose(turn);
    turn->repeated = true;
    return spent_ms < turn->patience_ms;
}

/* Says all of it once. */
static int attempt(struct server_turn *turn, struct error *err)
{
    if (turn->session || !reconnect(turn, err))
        return say_all(turn, err);
    server_turn_keep_meanwhile(turn);
    return -1;
}

int server_turn_commit(struct server_turn *turn, struct error *err)
{
    int64_t begun_ms = clock_mono_ms();
    int64_t wait_ms = FIRST_WAIT_MS;

    if (turn->no_memory)
        return error_no_memory(err);
    in_flight_sort(&turn->said);
    while (attempt(turn, err)) {
        if (!is_to_be_repeated(turn, begun_ms, err))
            return -1;
        rest(&wait_ms);
    }
    if (take_all(turn, err))
        return -1;
    server_turn_keep_no_more(turn);
    server_turn_forget(turn);
    return 0;
}

int server_turn_open(const char *url, struct worker *worker, const struct server_work *work,
                     int64_t patience_ms, struct server_turn **ret_turn, struct error *err)
{
    struct server_turn *turn = calloc(1, sizeof(*turn));

    *ret_turn = NULL;
    if (!turn)
        return error_no_memory(err);
    turn->url = url;
    turn->worker = worker;
    turn->work = *work;
    turn->patience_ms = patience_ms;
    server_turn_make_lists(turn);
    if (reconnect(turn, err)) {
        server_turn_close(turn);
        return -1;
    }
    *ret_turn = turn;
    return 0;
}

void server_turn_close(struct server_turn *turn)
{
    if (!turn)
        return;
    for (enum turn_statement i = 0; i < TURN_STATEMENT_COUNT; i++) {
        for (size_t k = 0; k < turn->lists[i].columns; k++)
            server_array_release(&turn->lists[i].arrays[k]);
        free(turn->lists[i].places);
    }
    server_turn_keep_close(turn);
    in_flight_release(&turn->in_flight);
    in_flight_release(&turn->said);
    session_close(turn->session);
    free(turn);
}
