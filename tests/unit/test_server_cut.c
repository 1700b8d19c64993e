/*
 * A run whose connection is cut before, within and after its messages, in both directions: what
 * stands at its end is what stands without a cut, and no claim is sent twice.
 *
 * CLAIMBATCH_UNIT_LONG=1 cuts at every message; else at some.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdbool.h>

#include "relay.h"
#include "server_place.h"

#define ROWS 20
#define GROUP                                                                                      \
    4 /* rows that are asked in a turn, intended in the next and settled in that after it */
#define GROUPS (ROWS / GROUP)
#define TURNS (GROUPS + 2)
#define DUMP_BYTES 16384

/* Every fourth claim is known, and was accepted with other content; the last one is unknown. */
static const char before[] =
    "TRUNCATE claim, row, changed; UPDATE run SET released=0;"
    "INSERT INTO claim(id, workcard_id, platform, version, claim_order_no, accepted_run,"
    " accepted_row, accepted_ms, accepted_digest, accepted_fee) SELECT -n, n, 1, 3, 'order '||n, 3,"
    " n, 1, '\\x00', 7 FROM generate_series(1, 20, 4) n;"
    "INSERT INTO claim(id, workcard_id, platform, version, claim_order_no, open_call, open_worker,"
    " open_run, open_row, open_ms, open_intent) VALUES(-20, 20, 1, 0, 'order 20', 5, 3, 3, 1, 1,"
    " false);"
    "INSERT INTO row SELECT 3, n, -n, n, 1, 1, 0, 3, 3, 3, 0, 1, 1, '\\x00', '', '', '', '', ''"
    " FROM generate_series(1, 20, 19) n; UPDATE row SET call=5, claim=-20 WHERE row=1;"
    "INSERT INTO row SELECT 2, n, -n, NULL, 1, 1, 0, 4, 3, 3, 0, 0, 0, '\\x00', '', '', '', '', ''"
    " FROM generate_series(1, 20, 4) n;";

static const char dump[] =
    "SELECT string_agg(t, chr(10) ORDER BY t) FROM (SELECT claim::text AS t FROM claim UNION ALL"
    " SELECT 'row '||row::text FROM row UNION ALL SELECT 'changed '||changed::text FROM changed"
    " UNION ALL SELECT 'run '||id||' '||released FROM run) x";

struct trial {
    struct server_turn *turn;
    struct worker *worker;
    struct session *look;
    struct server_answer judged[ROWS];
    struct attempt attempts[ROWS];
    int sent[ROWS];
};

static void ask_group(struct trial *t, int group)
{
    for (int i = group * GROUP; i < (group + 1) * GROUP; i++) {
        struct claim_key key = place_key(i + 1);

        server_turn_ask(t->turn, &key, (uint64_t)i + 1, true, true, &t->judged[i]);
    }
}

static void intend_group(struct trial *t, int group)
{
    for (int i = group * GROUP; i < (group + 1) * GROUP; i++)
        intend(t->turn, i + 1, (uint64_t)i + 1, &t->judged[i], &t->attempts[i]);
}

/* What was granted is sent at once. */
static void send_group(struct trial *t, int group)
{
    for (int i = group * GROUP; i < (group + 1) * GROUP; i++) {
        assert_false(t->attempts[i].refused);
        t->sent[i]++;
    }
    assert_string_equal(value(t->look, "SELECT count(*) FROM claim WHERE open_run=1 AND"
                                       " open_intent AND open_worker=1"),
                        "4");
}

static void end_group(struct trial *t, int group)
{
    static const struct {
        enum server_end end;
        enum row_state state;
        enum outcome outcome;
    } ends[GROUP] = {
        {SERVER_END_OVER, ROW_FINAL, OUTCOME_ACCEPTED},
        {SERVER_END_OVER, ROW_FINAL, OUTCOME_REJECTED},
        {SERVER_END_STAYS, ROW_FINAL, OUTCOME_UNKNOWN},
        {SERVER_END_OVER, ROW_AGAIN, OUTCOME_FAILED},
    };

    for (int i = group * GROUP; i < (group + 1) * GROUP; i++) {
        int kind = i % GROUP;

        if (t->attempts[i].intent.resend)
            end_row(t->turn, &t->attempts[i], SERVER_END_PUT_OFF, ROW_AGAIN, OUTCOME_FAILED);
        else
            end_row(t->turn, &t->attempts[i], ends[kind].end, ends[kind].state, ends[kind].outcome);
        if (kind == 0)
            server_turn_release(t->turn, t->attempts[i].claim);
    }
}

static void note(struct trial *t, uint64_t row)
{
    struct server_attempt attempt = {.call = server_turn_call(t->turn)};
    struct row_record record = place_record(row, ROW_NOTED, OUTCOME_SKIPPED);

    server_turn_note(t->turn, &attempt, &record);
}

static void run_all(struct trial *t)
{
    for (int turn = 0; turn < TURNS; turn++) {
        if (turn >= 2)
            end_group(t, turn - 2);
        if (turn >= 1 && turn - 1 < GROUPS)
            intend_group(t, turn - 1);
        if (turn < GROUPS)
            ask_group(t, turn);
        note(t, 100 + (uint64_t)turn);
        t->worker->beat_ms = 0; /* it is due */
        commit(t->turn);
        if (turn >= 1 && turn - 1 < GROUPS)
            send_group(t, turn - 1);
    }
}

/* Whether it was cut. */
static bool try_cut(struct relay *relay, struct session *look, const char *url, int direction,
                    int message, enum relay_part part, char ret_dump[DUMP_BYTES])
{
    struct worker worker = WORKER(1);
    struct trial t = {.look = look, .worker = &worker};
    int cuts = relay->cuts;
    int64_t epoch;

    execute(look, before);
    t.turn = place_turn(url, &worker);
    epoch = worker.epoch; /* never the same again: a server may be late with what it was told */
    if (direction >= 0)
        relay_cut_at(relay, (enum relay_direction)direction, message, part);
    run_all(&t);
    relay_cut_nothing(relay);
    server_turn_close(t.turn);
    for (int i = 0; i < ROWS; i++) {
        server_answer_release(&t.judged[i]);
        assert_int_equal(t.sent[i], 1);
    }
    /* It is connected anew, but where all had come. */
    if (direction == RELAY_TO_CLIENT && part != RELAY_WITHIN)
        assert_in_range(worker.epoch - epoch, 0, relay->cuts - cuts);
    else
        assert_int_equal(worker.epoch - epoch, relay->cuts - cuts);
    snprintf(ret_dump, DUMP_BYTES, "%s", value(look, dump));
    return relay->cuts > cuts;
}

static void a_run_is_what_it_is_wherever_its_connection_is_cut(void **state)
{
    static char whole[DUMP_BYTES], cut[DUMP_BYTES];
    char url[CLUSTER_URL_BYTES], by_relay[CLUSTER_URL_BYTES];
    struct session *look = place_create(url);
    int step = getenv("CLAIMBATCH_UNIT_LONG") ? 1 : 47;
    struct relay relay;

    (void)state;
    relay_start(&relay, url, by_relay, sizeof(by_relay));
    assert_false(try_cut(&relay, look, by_relay, -1, 0, RELAY_BEFORE, whole));
    assert_non_null(strstr(whole, "run 2 5"));
    for (int direction = 0; direction < 2; direction++)
        for (int part = 0; part < RELAY_PARTS; part++)
            for (int message = part;
                 try_cut(&relay, look, by_relay, direction, message, (enum relay_part)part, cut);
                 message += step)
                if (strcmp(cut, whole) != 0)
                    fail_msg("direction %d, message %d, part %d:\n%s\ninstead of\n%s", direction,
                             message, part, cut, whole);
    print_message("# %d cuts\n", relay.cuts);
    assert_true(relay.cuts > 30);
    session_close(look);
    relay_stop(&relay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_what_it_is_wherever_its_connection_is_cut),
    };

    return cmocka_run_group_tests(tests, start_server, stop_server);
}
