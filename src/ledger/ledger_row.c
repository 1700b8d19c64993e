/* Rows: what was intended, what came of it, and the cursor over those of a run. */
#include <stdlib.h>

#include "base/error.h"
#include "chain.h"
#include "ledger/store/commit_count.h"
#include "ledger/store/server_sql.h"
#include "ledger_turn.h"

struct ledger_rows {
    struct ledger *ledger;
    int64_t run;
    struct database_cursor cursor;
    uint64_t asked; /* the row that was to be found last */
    uint64_t at;    /* where the cursor stands, or stood; 0: before the first one */
    bool at_end;    /* of a cursor that is running */
    int came;       /* rows since it was started */
};

/* 1, or 0 when the claim has an attempt that is open. */
static int open_intent(struct ledger *ledger, const struct row_ref *ref,
                       const struct row_record *record, struct error *err)
{
    int64_t platform;

    commit_count_this(ledger);
    if (database_platform(ledger, ref->platform, &platform, err) ||
        database_execute(ledger,
                         database_ready(ledger, ref->resend ? SQL_OPEN_AGAIN : SQL_OPEN_ADD,
                                        "siiiiiiidsi", ref->key.claim_order_no,
                                        ref->key.workcard_id, platform, ref->place.run,
                                        (int64_t)ref->place.row, (int64_t)record->attempts,
                                        (int64_t)record->tries, record->submitted_ms,
                                        record->digest, record->warnings, record->round),
                         err))
        return -1;
    return database_changes(ledger) > 0;
}

/* What the row's claim was accepted with before, where that was other content. With `before`
 * attempts of the row it may have been so when the last one began, and be so no more. */
static int put_change(struct ledger *ledger, const struct row_ref *ref, int before,
                      struct error *err)
{
    if (!ref->changed)
        return before ? database_execute(
                            ledger,
                            database_ready(ledger, SQL_CHANGED_DROP, "i", chain_row_id(ref->place)),
                            err)
                      : 0;
    return database_execute(ledger,
                            database_ready(ledger, SQL_CHANGED_PUT, "ioi", chain_row_id(ref->place),
                                           ref->has_before ? &ref->before_fen : NULL, ref->fee_fen),
                            err);
}

int ledger_row_intend(struct ledger *ledger, const struct row_ref *ref,
                      const struct row_record *record, bool *ret_refused, struct error *err)
{
    int taken;

    if (ledger->queue)
        return ledger->queue->intend(ledger, ref, record, ret_refused, err);
    taken = open_intent(ledger, ref, record, err);
    *ret_refused = !taken;
    return taken < 0 || (taken && put_change(ledger, ref, record->attempts - 1, err)) ? -1 : 0;
}

/* A resend that surely was not executed, and is not at its end. */
static int put_off(struct ledger *ledger, int64_t platform, const struct row_ref *ref,
                   const struct row_record *record, struct error *err)
{
    struct row_record unknown = *record;
    int found = chain_put_back(ledger, platform, &ref->key, err);

    if (found)
        return found < 0 ? -1 : 0;
    /* No row tells of the attempt before (it is only in a report, or was pruned): this one does. */
    unknown.state = ROW_FINAL;
    unknown.outcome = unknown.counts_as = OUTCOME_UNKNOWN;
    unknown.round = 0;
    return chain_execute_open(ledger, SQL_OPEN_UNKNOWN, platform, &ref->key, err) ||
                   chain_finish_row(ledger, platform, ref, &unknown, err)
               ? -1
               : 0;
}

int ledger_row_doubt(struct ledger *ledger, const struct row_ref *ref,
                     const struct row_record *record, struct error *err)
{
    int64_t platform;
    int intended;

    if (ledger->queue)
        return ledger->queue->doubt(ledger, ref, record, err);
    intended = open_intent(ledger, ref, record, err);
    if (intended < 0 || database_platform(ledger, ref->platform, &platform, err))
        return -1;
    return chain_execute_open(ledger, intended ? SQL_OPEN_UNKNOWN : SQL_OPEN_DOUBT, platform,
                              &ref->key, err) ||
                   chain_finish_row(ledger, platform, ref, record, err)
               ? -1
               : 0;
}

/* The claim's intent is over. What is unknown besides is its open attempt then. */
static int end_intent(struct ledger *ledger, int64_t platform, const struct claim_key *key,
                      struct error *err)
{
    int found;

    if (chain_execute_open(ledger, SQL_OPEN_END, platform, key, err))
        return -1;
    if (database_changes(ledger))
        return 0;
    found = chain_put_back(ledger, platform, key, err);
    return found ? (found < 0 ? -1 : 0)
                 : chain_execute_open(ledger, SQL_OPEN_DROP, platform, key, err);
}

/* What becomes of the open attempt once its row is recorded so. */
static int end_open(struct ledger *ledger, int64_t platform, const struct row_ref *ref,
                    const struct row_record *record, struct error *err)
{
    if (record->state == ROW_FINAL && record->outcome == OUTCOME_ACCEPTED)
        return chain_execute_open(ledger, SQL_OPEN_DROP, platform, &ref->key, err);
    if (record->state == ROW_FINAL && (record->outcome == OUTCOME_UNKNOWN || ref->resend))
        return chain_execute_open(ledger, SQL_OPEN_UNKNOWN, platform, &ref->key, err);
    return end_intent(ledger, platform, &ref->key, err);
}

int ledger_row_end(struct ledger *ledger, const struct row_ref *ref,
                   const struct row_record *record, struct error *err)
{
    bool is_final = record->state == ROW_FINAL;
    bool is_accepted = is_final && record->outcome == OUTCOME_ACCEPTED;
    int64_t platform;
    bool is_new;

    if (ledger->queue)
        return ledger->queue->end(ledger, ref, record, err);
    commit_count_this(ledger);
    if (database_platform(ledger, ref->platform, &platform, err))
        return -1;
    if (!is_final && ref->resend)
        return put_off(ledger, platform, ref, record, err);
    if (end_open(ledger, platform, ref, record, err))
        return -1;
    if (!is_final)
        return chain_put_row(ledger, ref, record, NULL, &is_new, err);
    if (chain_finish_row(ledger, platform, ref, record, err))
        return -1;
    return ref->resend && is_accepted ? chain_release(ledger, platform, &ref->key, err) : 0;
}

int ledger_row_warn(struct ledger *ledger, struct row_place place, const char *code,
                    struct error *err)
{
    if (ledger->queue)
        return ledger->queue->warn(ledger, place, code, err);
    commit_count_this(ledger);
    if (database_execute(
            ledger, database_ready(ledger, SQL_ROW_WARN, "is", chain_row_id(place), code), err))
        return -1;
    return database_changes(ledger) > 0;
}

int ledger_row_note(struct ledger *ledger, const struct row_ref *ref,
                    const struct row_record *record, bool repeated, struct error *err)
{
    int64_t platform;
    bool is_new;

    if (ledger->queue)
        return ledger->queue->note(ledger, ref, record, err);
    if (put_change(ledger, ref, record->attempts, err))
        return -1;
    if (!repeated && !chain_waits(record))
        return chain_put_row(ledger, ref, record, NULL, &is_new, err);
    if (database_platform(ledger, ref->platform, &platform, err))
        return -1;
    return chain_finish_row(ledger, platform, ref, record, err);
}

/* One intent of a dead run. The texts are copied: they belong to the list's statement. */
static int lose(struct ledger *ledger, struct database_statement *list, int64_t run,
                struct error *err)
{
    struct buffer order_no = {0};
    struct buffer warnings = {0};
    struct row_ref ref = {.place = {run, (uint64_t)database_integer(list, 3)}};
    int64_t platform = database_integer(list, 2);
    struct row_record record = {
        .row = ref.place.row,
        .state = ROW_FINAL,
        .outcome = OUTCOME_UNKNOWN,
        .counts_as = OUTCOME_UNKNOWN,
        .attempts = (int)database_integer(list, 4),
        .tries = (int)database_integer(list, 5),
        .submitted_ms = database_integer(list, 6),
        .code = OUTCOME_ENDED_CODE,
        .sub_code = "",
        .message = OUTCOME_ENDED_MESSAGE,
        .request_id = "",
        .round = database_integer(list, 9),
    };
    int result;

    commit_count_this(ledger);
    database_digest(record.digest, list, 7);
    buffer_text(&order_no, database_text(list, 0));
    buffer_text(&warnings, database_text(list, 8));
    ref.key = (struct claim_key){database_integer(list, 1), buffer_string(&order_no)};
    record.warnings = buffer_string(&warnings);
    database_done(list);
    if (order_no.failed || warnings.failed)
        result = error_no_memory(err);
    else
        result = chain_execute_open(ledger, SQL_OPEN_UNKNOWN, platform, &ref.key, err) ||
                         chain_finish_row(ledger, platform, &ref, &record, err)
                     ? -1
                     : 0;
    buffer_release(&order_no);
    buffer_release(&warnings);
    return result;
}

int ledger_run_recover(struct ledger *ledger, int64_t run, size_t *ret_count, struct error *err)
{
    size_t count = 0;
    int found;

    for (;; count++) {
        /* Asked anew each time: the change just made took the last one off the list. */
        struct database_statement *list = database_ready(ledger, SQL_RECOVER_LIST, "i", run);

        found = database_step(ledger, list, err);
        if (found <= 0)
            break;
        if (lose(ledger, list, run, err))
            return -1;
    }
    if (ret_count)
        *ret_count = count;
    return found;
}

int ledger_row_get(struct ledger *ledger, struct row_place place, struct known_row *ret_known,
                   struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_ROW_GET, "i", chain_row_id(place));
    int found = database_step(ledger, s, err);
    struct row_record record;

    known_row_reset(ret_known);
    if (found <= 0)
        return found;
    chain_read_record(s, &record);
    if (known_row_set(ret_known, &record, err))
        found = -1;
    /* The statement must not hold an old view of the ledger. */
    database_done(s);
    return found;
}

int ledger_rows_open(struct ledger *ledger, int64_t run, struct ledger_rows **ret_rows,
                     struct error *err)
{
    struct ledger_rows *rows = calloc(1, sizeof(*rows));

    *ret_rows = NULL;
    if (!rows)
        return error_no_memory(err);
    *rows = (struct ledger_rows){.ledger = ledger, .run = run};
    if (database_cursor_open(ledger, &rows->cursor, SQL_ROWS, err)) {
        free(rows);
        return -1;
    }
    *ret_rows = rows;
    return 0;
}

void ledger_rows_close(struct ledger_rows *rows)
{
    if (!rows)
        return;
    database_cursor_close(rows->ledger, &rows->cursor);
    free(rows);
}

void ledger_rows_read_ahead(struct ledger_rows *rows)
{
    rows->cursor.is_kept = true;
}

/* The next step leads to this row, or to the first one behind it. */
static void seek(struct ledger_rows *rows, uint64_t row)
{
    database_cursor_start(&rows->cursor, "ii", database_row_id(rows->run, row),
                          database_row_id(rows->run + 1, 0));
    rows->at_end = false;
    rows->came = 0;
}

static int step(struct ledger_rows *rows, struct error *err)
{
    int found = database_step(rows->ledger, &rows->cursor.statement, err);

    /* A server gives a page at a time. */
    if (!found && database_is_server(rows->ledger) && rows->came == SERVER_SQL_PAGE) {
        seek(rows, rows->at + 1);
        found = database_step(rows->ledger, &rows->cursor.statement, err);
    }
    rows->came += found > 0;
    if (found > 0)
        rows->at = (uint64_t)database_integer(&rows->cursor.statement, 0);
    rows->at_end = found == 0;
    return found;
}

/* Takes the row at which the cursor stands, if it is found. */
static int take(struct ledger_rows *rows, int found, struct known_row *ret_known, struct error *err)
{
    struct row_record record;

    if (found > 0) {
        chain_read_record(&rows->cursor.statement, &record);
        found = known_row_set(ret_known, &record, err) ? -1 : 1;
    } else {
        known_row_reset(ret_known);
    }
    if (!database_is_begun(rows->ledger))
        database_let_go(rows->ledger);
    return found;
}

int ledger_rows_next(struct ledger_rows *rows, struct known_row *ret_known, struct error *err)
{
    if (!rows->cursor.is_running)
        seek(rows, rows->at + 1);
    return take(rows, rows->at_end ? 0 : step(rows, err), ret_known, err);
}

int ledger_rows_find(struct ledger_rows *rows, uint64_t row, struct known_row *ret_known,
                     struct error *err)
{
    bool is_behind = rows->at_end && rows->cursor.is_kept && row >= rows->asked;
    int found = 0;

    if (!is_behind && (!rows->cursor.is_running || row < rows->asked)) {
        seek(rows, row);
        rows->at = 0;
    }
    rows->asked = row;
    while (found >= 0 && !rows->at_end && rows->at < row)
        found = step(rows, err);
    if (found >= 0)
        found = !rows->at_end && rows->at == row;
    return take(rows, found, ret_known, err);
}
