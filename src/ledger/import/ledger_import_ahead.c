#include "ledger_import_ahead.h"

#include "base/error.h"
#include "ledger/import/import.h"

#ifdef HAVE_LIBPQ

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "ledger/postgres/server_array.h"
#include "ledger/postgres/session.h"
#include "ledger/store/server_sql.h"

/* What is read of a page. */
enum part { PART_ROW, PART_CLAIM, PART_OPEN, PART_SETTLED, PART_COUNT };

struct page_row {
    uint64_t row;
    int64_t workcard_id;
    size_t order_no; /* in `texts` */
    bool is_known[PART_COUNT];
    size_t at[PART_COUNT], count[PART_COUNT]; /* its cells; 0 of them: there is nothing */
};

struct import_ahead {
    int64_t run, platform;
    struct page_row *rows;
    size_t count, room;
    size_t now; /* the row at hand */
    struct buffer texts;
    struct answer cells; /* all that was read, as one row of cells */
};

static void reset(struct import_ahead *a)
{
    a->count = a->now = 0;
    buffer_reset(&a->texts);
    answer_reset(&a->cells);
}

void ledger_import_ahead_release(struct import_ahead *ahead)
{
    if (!ahead)
        return;
    free(ahead->rows);
    buffer_release(&ahead->texts);
    answer_release(&ahead->cells);
    free(ahead);
}

int ledger_import_ahead_add(struct ledger *ledger, const struct claim_key *key, uint64_t row,
                            struct error *err)
{
    struct import_ahead *a = ledger->server.ahead;

    if (!a)
        a = ledger->server.ahead = calloc(1, sizeof(*a));
    if (!a || !ARRAY_HAS_ROOM(a->rows, a->count, a->room))
        return error_no_memory(err);
    a->rows[a->count++] =
        (struct page_row){.row = row, .workcard_id = key->workcard_id, .order_no = a->texts.len};
    buffer_append(&a->texts, key->claim_order_no, strlen(key->claim_order_no) + 1);
    return a->texts.failed ? error_no_memory(err) : 0;
}

/* ---- reading ---- */

static void take_cells(struct import_ahead *a, struct page_row *row, enum part part,
                       const struct session *session, int line, int column, int count)
{
    row->at[part] = a->cells.cells.len / sizeof(size_t);
    row->count[part] = (size_t)count;
    for (int i = column; i < column + count; i++)
        answer_add(&a->cells,
                   session_is_null(session, line, i) ? NULL : session_text(session, line, i));
}

#define CLAIM_COLUMNS 7
#define OPEN_COLUMNS 6

/* A line for each row of the page, in its order. */
static void take_claims(struct import_ahead *a, const struct session *session)
{
    for (int i = 0; i < session_rows(session) && (size_t)i < a->count; i++) {
        struct page_row *row = &a->rows[i];

        if (session_bool(session, i, 0)) /* it stands there more than once */
            continue;
        for (int part = 0; part < PART_SETTLED; part++)
            row->is_known[part] = true;
        if (session_bool(session, i, 1))
            take_cells(a, row, PART_CLAIM, session, i, 3, CLAIM_COLUMNS);
        if (session_bool(session, i, 2))
            take_cells(a, row, PART_OPEN, session, i, 3 + CLAIM_COLUMNS, OPEN_COLUMNS);
    }
}

static int ask_claims(struct ledger *ledger, struct import_ahead *a, struct error *err)
{
    struct server_array numbers = {.type = SERVER_TEXTS}, workcards = {.type = SERVER_INT8S};
    int result = -1;

    for (size_t i = 0; i < a->count; i++) {
        server_array_text(&numbers, a->texts.ptr + a->rows[i].order_no);
        server_array_number(&workcards, a->rows[i].workcard_id);
    }
    if (!server_array_end(&numbers) || !server_array_end(&workcards))
        error_no_memory(err);
    else {
        const struct session_value values[] = {
            {SERVER_TEXTS, .bytes = numbers.bytes.ptr, .len = numbers.bytes.len},
            {SERVER_INT8S, .bytes = workcards.bytes.ptr, .len = workcards.bytes.len},
            {SERVER_INT8, .number = a->platform},
        };

        result = session_ask(ledger->server.session, server_sql_ahead_claims, 3, values, err);
    }
    server_array_release(&numbers);
    server_array_release(&workcards);
    return result;
}

static const struct session_value *run_and_rows(const struct import_ahead *a,
                                                struct session_value ret_values[3])
{
    const int64_t numbers[] = {a->run, (int64_t)a->rows[0].row, (int64_t)a->rows[a->count - 1].row};

    for (int i = 0; i < 3; i++)
        ret_values[i] = (struct session_value){SERVER_INT8, .number = numbers[i]};
    return ret_values;
}

static void take_rows(struct import_ahead *a, const struct session *session)
{
    size_t at = 0;

    for (int i = 0; i < session_rows(session); i++) {
        uint64_t row = (uint64_t)session_integer(session, i, 0);

        while (at < a->count && a->rows[at].row < row)
            at++;
        if (at < a->count && a->rows[at].row == row)
            take_cells(a, &a->rows[at], PART_ROW, session, i, 0, session_columns(session));
    }
}

int ledger_import_ahead_read(struct ledger *ledger, const struct import_place *place,
                             struct error *err)
{
    struct session *session = ledger->server.session;
    struct import_ahead *a = ledger->server.ahead;
    struct session_value values[3];

    if (!a || !a->count)
        return 0;
    a->run = place->run;
    if (database_platform(ledger, place->platform, &a->platform, err) ||
        session_behind_end(session, err) || ask_claims(ledger, a, err))
        return -1;
    take_claims(a, session);
    if (session_ask(session, server_sql_ahead_rows, 3, run_and_rows(a, values), err))
        return -1;
    take_rows(a, session);
    if (session_ask(session, server_sql_ahead_settled, 3, run_and_rows(a, values), err))
        return -1;
    for (size_t i = 0; i < a->count && !session_rows(session); i++)
        a->rows[i].is_known[PART_SETTLED] = true;
    return a->cells.bytes.failed || a->cells.cells.failed ? error_no_memory(err) : 0;
}

void ledger_import_ahead_forget(struct ledger *ledger)
{
    if (ledger->server.ahead)
        reset(ledger->server.ahead);
}

bool ledger_import_ahead_is_of_use(const struct ledger *ledger)
{
    return database_is_server(ledger);
}

/* ---- answering ---- */

static bool is_its_claim(const struct import_ahead *a, const struct page_row *row,
                         const struct answer *answer)
{
    const struct session_value *values = answer->values;

    return values[1].number == row->workcard_id && values[2].number == a->platform &&
           strcmp(values[0].bytes, a->texts.ptr + row->order_no) == 0;
}

static bool is_its_row(const struct import_ahead *a, const struct page_row *row,
                       const struct answer *answer)
{
    return answer->values[0].number == database_row_id(a->run, row->row);
}

static bool is_its_settlement(const struct import_ahead *a, const struct page_row *row,
                              const struct answer *answer)
{
    return answer->values[0].number == a->run && answer->values[1].number == (int64_t)row->row;
}

static bool asks_for(const struct import_ahead *a, const struct page_row *row,
                     const struct answer *answer, enum part *ret_part)
{
    switch (answer->which) {
    case SQL_ROW_GET:
        *ret_part = PART_ROW;
        return is_its_row(a, row, answer);
    case SQL_CLAIM_GET:
        *ret_part = PART_CLAIM;
        return is_its_claim(a, row, answer);
    case SQL_IMPORT_OPEN:
        *ret_part = PART_OPEN;
        return is_its_claim(a, row, answer);
    case SQL_IMPORT_SETTLED:
        *ret_part = PART_SETTLED;
        return is_its_settlement(a, row, answer);
    default:
        return false;
    }
}

/* The row at hand is the one that is asked for next, by its own number. */
static void go_on(struct import_ahead *a, const struct answer *answer)
{
    if (answer->which == SQL_ROW_GET)
        while (a->now + 1 < a->count &&
               database_row_id(a->run, a->rows[a->now].row) < answer->values[0].number)
            a->now++;
}

bool ledger_import_ahead_answer(struct import_ahead *ahead, struct answer *answer)
{
    const struct page_row *row;
    enum part part;

    if (!ahead || !ahead->count)
        return false;
    go_on(ahead, answer);
    row = &ahead->rows[ahead->now];
    if (!asks_for(ahead, row, answer, &part) || !row->is_known[part])
        return false;
    for (size_t i = 0; i < row->count[part]; i++)
        answer_add(answer, answer_cell(&ahead->cells, row->at[part] + i));
    answer->columns = row->count[part];
    return true;
}

bool ledger_import_ahead_puts_off(struct import_ahead *ahead, int statement)
{
    bool *is_known;

    if (!ahead || !ahead->count)
        return false;
    is_known = ahead->rows[ahead->now].is_known;
    switch (statement) {
    case SQL_CLAIM_PUT:
    case SQL_CLAIM_ACCEPT:
    case SQL_ROW_ADD:
    case SQL_ROW_NOTE:
    case SQL_ROW_LINK:
        is_known[PART_ROW] = is_known[PART_CLAIM] = false;
        return true;
    case SQL_IMPORT_OPEN_PUT:
    case SQL_OPEN_DROP:
        is_known[PART_OPEN] = false;
        return true;
    default:
        return false;
    }
}

#else

bool ledger_import_ahead_answer(struct import_ahead *ahead, struct answer *answer)
{
    (void)ahead, (void)answer;
    return false;
}

void ledger_import_ahead_release(struct import_ahead *ahead)
{
    (void)ahead;
}

int ledger_import_ahead_add(struct ledger *ledger, const struct claim_key *key, uint64_t row,
                            struct error *err)
{
    (void)ledger, (void)key, (void)row, (void)err;
    return 0;
}

int ledger_import_ahead_read(struct ledger *ledger, const struct import_place *place,
                             struct error *err)
{
    (void)ledger, (void)place, (void)err;
    return 0;
}

void ledger_import_ahead_forget(struct ledger *ledger)
{
    (void)ledger;
}

bool ledger_import_ahead_is_of_use(const struct ledger *ledger)
{
    (void)ledger;
    return false;
}

#endif
