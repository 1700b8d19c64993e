/*
 * How many rows a second go through turns of a worker: in each N new claims are asked, those of the
 * turn before are intended, and those of the turn before that are ended.
 *
 * usage: turns URL ROWS TURNS   (a new database; tests/e2e/postgres.py gives one)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/deadline.h"
#include "base/error.h"
#include "ledger/postgres/alive/lease.h"
#include "ledger/postgres/alive/worker.h"
#include "ledger/postgres/server_schema.h"
#include "ledger/postgres/server_turn.h"
#include "ledger/postgres/session.h"

#define PATIENCE_MS 10000
#define IN_WORK 3 /* asked, intended, ended */

struct line {
    char order_no[32];
    struct claim_key key;
    struct server_answer judged;
    struct server_intent intent;
    bool refused;
    int64_t claim;
};

static struct error err;

static void need(int result)
{
    if (result) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void make_ledger(const char *url)
{
    struct session *session;

    need(session_open(url, &session, &err));
    need(session_execute(session, server_schema_text, &err));
    need(session_execute(session,
                         "INSERT INTO worker(host, place, boot, pid, version)"
                         " VALUES('h', gen_random_uuid(), 'b', 1, 'v')",
                         &err));
    session_close(session);
}

static struct row_record record_of(uint64_t row)
{
    return (struct row_record){.row = row,
                               .state = ROW_FINAL,
                               .outcome = OUTCOME_ACCEPTED,
                               .attempts = 1,
                               .submitted_ms = 1800000000000,
                               .duration_ms = 50,
                               .digest = {1},
                               .code = "",
                               .sub_code = "",
                               .message = "",
                               .request_id = "1sl2lqvwz9lq2",
                               .warnings = ""};
}

static void ask(struct server_turn *turn, struct line *line, uint64_t row)
{
    line->key.workcard_id = ((int64_t)random() << 20) ^ random();
    snprintf(line->order_no, sizeof(line->order_no), "%ld%ld", random(), random());
    line->key.claim_order_no = line->order_no;
    server_turn_ask(turn, &line->key, row, false, false, &line->judged);
}

static void intend(struct server_turn *turn, struct line *line, uint64_t row)
{
    struct row_record record = record_of(row);

    line->intent = (struct server_intent){.call = server_turn_call(turn), .key = line->key};
    server_turn_intend(turn, &line->intent, &record, &line->refused, &line->claim);
}

static void end(struct server_turn *turn, const struct line *line, uint64_t row)
{
    struct server_attempt attempt = {.call = line->intent.call, .claim = line->claim};
    struct row_record record = record_of(row);

    if (line->refused)
        exit(1);
    server_turn_end(turn, &attempt, SERVER_END_OVER, &record);
}

static void run_turn(struct server_turn *turn, struct line *lines, int rows, int number)
{
    for (int i = 0; i < rows; i++) {
        uint64_t row = (uint64_t)number * (uint64_t)rows + (uint64_t)i;

        if (number >= 2)
            end(turn, &lines[(number - 2) % IN_WORK * rows + i], row);
        if (number >= 1)
            intend(turn, &lines[(number - 1) % IN_WORK * rows + i], row);
        ask(turn, &lines[number % IN_WORK * rows + i], row);
    }
    need(server_turn_commit(turn, &err));
}

int main(int argc, char **argv)
{
    struct deadline send_before = {0};
    struct worker worker = {.id = 1, .lease = &lease_real, .send_before = &send_before};
    const struct server_work work = {.platform = 1, .run = 1};
    int rows = argc == 4 ? atoi(argv[2]) : 0;
    int turns = argc == 4 ? atoi(argv[3]) : 0;
    struct line *lines = calloc((size_t)rows * IN_WORK + 1, sizeof(*lines));
    double *took = calloc((size_t)turns + 1, sizeof(*took));
    struct server_turn *turn;
    double begun;

    if (rows < 1 || turns < 1 || !lines || !took) {
        fprintf(stderr, "usage: turns URL ROWS TURNS\n");
        return 2;
    }
    make_ledger(argv[1]);
    need(server_turn_open(argv[1], &worker, &work, PATIENCE_MS, &turn, &err));
    begun = seconds();
    for (int i = 0; i < turns; i++) {
        double from = seconds();

        run_turn(turn, lines, rows, i);
        took[i] = seconds() - from;
    }
    begun = seconds() - begun;
    qsort(took, (size_t)turns, sizeof(*took), compare);
    printf("%d rows a turn: %.0f rows/s, turn p50 %.1f ms, p99 %.1f ms\n", rows,
           (double)rows * turns / begun, took[turns / 2] * 1e3, took[turns * 99 / 100] * 1e3);
    server_turn_close(turn);
    free(lines);
    free(took);
    return 0;
}
