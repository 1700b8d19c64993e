/* What the head of a ledger says: which one it is, and of which version; and a long look at it ends
 * when a signal came. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/stop.h"
#include "database.h"

#define STOP_STEPS 200000 /* of the database between two looks for a signal */

int database_number(struct ledger *ledger, const char *text, int64_t *ret_number, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    int result = -1;

    if (database_is_server(ledger))
        return error_set(err, EXIT_INTERNAL, "a question for SQLite alone was asked of a server");
    if (sqlite3_prepare_v2(ledger->db, text, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        *ret_number = sqlite3_column_int64(statement, 0);
        result = 0;
    } else {
        database_fail(ledger, err);
    }
    sqlite3_finalize(statement);
    return result;
}

int database_check_version(struct ledger *ledger, int64_t version, struct error *err)
{
    int64_t application;

    if (database_number(ledger, "PRAGMA application_id", &application, err))
        return -1;
    if (application != APPLICATION_ID)
        return error_set(err, EXIT_BAD_CONFIG,
                         "'%s' is a database, but no ledger of claimbatch; name another with "
                         "--ledger",
                         LOG_QUOTED(ledger->path));
    if (version > LEDGER_SCHEMA)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger '%s' is of a newer version (%lld, this program knows %d); use "
                         "the program that wrote it",
                         LOG_QUOTED(ledger->path), (long long)version, LEDGER_SCHEMA);
    return 0;
}

int database_read_id(struct ledger *ledger, struct error *err)
{
    struct database_statement statement = {0};
    int result = -1;

    if (sqlite3_prepare_v2(ledger->db, "SELECT value FROM meta WHERE name='id'", -1,
                           &statement.sqlite, NULL) == SQLITE_OK &&
        sqlite3_step(statement.sqlite) == SQLITE_ROW) {
        snprintf(ledger->id, sizeof(ledger->id), "%s", database_text(&statement, 0));
        result = 0;
    } else {
        database_fail(ledger, err);
    }
    sqlite3_finalize(statement.sqlite);
    return result;
}

int database_check_moved(struct ledger *ledger, struct error *err)
{
    struct database_statement statement = {0};
    int code = sqlite3_prepare_v2(ledger->db, "SELECT value FROM meta WHERE name='moved_to'", -1,
                                  &statement.sqlite, NULL);
    int result = 0;

    if (code == SQLITE_OK)
        code = sqlite3_step(statement.sqlite);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        result = database_fail(ledger, err);
    else if (code == SQLITE_ROW &&
             (!ledger->moves_to || strcmp(database_text(&statement, 0), ledger->moves_to) != 0))
        result = error_set(err, EXIT_BAD_CONFIG,
                           "the ledger '%s' was moved to '%s': name that with --ledger",
                           LOG_QUOTED(ledger->path), LOG_QUOTED(database_text(&statement, 0)));
    sqlite3_finalize(statement.sqlite);
    return result;
}

static int ask_to_stop(void *context)
{
    (void)context;
    return stop_signal() != 0;
}

void database_heed_signals(struct ledger *ledger)
{
    sqlite3_progress_handler(ledger->db, STOP_STEPS, ask_to_stop, NULL);
}
