/* Reports that made room for others. */
#include <string.h>

#include "base/file/file.h"
#include "ledger/moves.h"
#include "ledger/store/database.h"

void ledger_move_release(struct report_move *move)
{
    buffer_release(&move->run);
    buffer_release(&move->from);
    buffer_release(&move->to);
    memset(move, 0, sizeof(*move));
}

int ledger_move_begin(struct ledger *ledger, struct report_move *move, struct error *err)
{
    if (ledger_begin(ledger, err) ||
        database_execute(ledger,
                         database_ready(ledger, SQL_MOVE_ADD, "sssi", buffer_string(&move->run),
                                        buffer_string(&move->from), buffer_string(&move->to),
                                        move->at_ms),
                         err))
        return -1;
    move->id = database_new_id(ledger);
    return ledger_commit(ledger, err);
}

/* A run that writes its report to another path by now has only an older one here. */
static int change_path(struct ledger *ledger, const struct report_move *move, struct error *err)
{
    const char *name = buffer_string(&move->run);
    struct run_record run;
    int found = ledger_run_named(ledger, name, &run, err);

    if (found <= 0)
        return found;
    if (strcmp(file_last_part(run.report_path), file_last_part(buffer_string(&move->from))) != 0)
        return 0;
    return database_execute(
        ledger, database_ready(ledger, SQL_RUN_PATH, "ss", name, buffer_string(&move->to)), err);
}

int ledger_move_end(struct ledger *ledger, const struct report_move *move, struct error *err)
{
    if (ledger_begin(ledger, err) ||
        database_execute(ledger, database_ready(ledger, SQL_MOVE_END, "i", move->id), err))
        return -1;
    if (change_path(ledger, move, err)) {
        ledger_rollback(ledger);
        return -1;
    }
    return ledger_commit(ledger, err);
}

int ledger_move_withdraw(struct ledger *ledger, const struct report_move *move, struct error *err)
{
    if (ledger_begin(ledger, err) ||
        database_execute(ledger, database_ready(ledger, SQL_MOVE_DROP, "i", move->id), err))
        return -1;
    return ledger_commit(ledger, err);
}

int ledger_move_open(struct ledger *ledger, int64_t after, struct report_move *ret_move,
                     struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_MOVE_OPEN, "i", after);
    int found = database_step(ledger, s, err);

    memset(ret_move, 0, sizeof(*ret_move));
    if (found <= 0)
        return found;
    ret_move->id = database_integer(s, 0);
    buffer_text(&ret_move->run, database_text(s, 1));
    buffer_text(&ret_move->from, database_text(s, 2));
    buffer_text(&ret_move->to, database_text(s, 3));
    ret_move->at_ms = database_integer(s, 4);
    database_done(s);
    if (!ret_move->run.failed && !ret_move->from.failed && !ret_move->to.failed)
        return 1;
    ledger_move_release(ret_move);
    return error_no_memory(err);
}

int ledger_move_find(struct ledger *ledger, const char *run, const char *from,
                     struct buffer *ret_to, struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_MOVE_FIND, "ss", run, from);
    int found = database_step(ledger, s, err);

    if (found <= 0)
        return found;
    buffer_text(ret_to, database_text(s, 0));
    database_done(s);
    return ret_to->failed ? error_no_memory(err) : 1;
}

int ledger_move_away(struct ledger *ledger, const char *from, int64_t nth, struct buffer *ret_run,
                     struct buffer *ret_to, struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_MOVE_AWAY, "si", from, nth);
    int found = database_step(ledger, s, err);

    if (found <= 0)
        return found;
    buffer_reset(ret_run);
    buffer_reset(ret_to);
    buffer_text(ret_run, database_text(s, 0));
    buffer_text(ret_to, database_text(s, 1));
    database_done(s);
    return ret_run->failed || ret_to->failed ? error_no_memory(err) : 1;
}
