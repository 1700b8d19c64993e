/* What the head of a ledger says: which one it is, and of which version; and a long look at it ends
 * when a signal came. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/stop.h"
#include "database.h"

#define PLACE "place"
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

/* What the head says under a name: 1, or 0 where it has none such. The text is the statement's. */
static int read_head(struct ledger *ledger, const char *name, struct database_statement *s,
                     struct error *err)
{
    int code = sqlite3_prepare_v2(ledger->db, "SELECT value FROM meta WHERE name=?1", -1,
                                  &s->sqlite, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_bind_text(s->sqlite, 1, name, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(s->sqlite);
    return code == SQLITE_ROW ? 1 : code == SQLITE_DONE ? 0 : database_fail(ledger, err);
}

int database_get_place(struct ledger *ledger, struct buffer *ret_path, struct error *err)
{
    struct database_statement s = {0};
    int found = read_head(ledger, PLACE, &s, err);

    buffer_reset(ret_path);
    if (found > 0)
        buffer_text(ret_path, database_text(&s, 0));
    sqlite3_finalize(s.sqlite);
    if (ret_path->failed)
        return error_no_memory(err);
    return found;
}

static bool is_own(const struct ledger *ledger)
{
    return ledger->fills && strcmp(ledger->fills, ledger->id) == 0;
}

static int refuse_filling(struct ledger *ledger, const char *url, struct error *err)
{
    return error_set(err, EXIT_BAD_CONFIG,
                     "the move of a ledger from '%s' to '%s' was cut short: type claimbatch status "
                     "--ledger '%s' --move-to '%s'",
                     LOG_QUOTED(url), LOG_QUOTED(ledger->path), LOG_QUOTED(url),
                     LOG_QUOTED(ledger->path));
}

static int check_filling(struct ledger *ledger, struct error *err)
{
    struct database_statement s = {0};
    int found = read_head(ledger, "fills", &s, err);

    if (found > 0)
        refuse_filling(ledger, database_text(&s, 0), err);
    sqlite3_finalize(s.sqlite);
    return found ? -1 : 0;
}

int database_check_moved(struct ledger *ledger, struct error *err)
{
    struct database_statement s = {0};
    int found;

    if (is_own(ledger))
        return 0;
    if (check_filling(ledger, err))
        return -1;
    found = read_head(ledger, "moved_to", &s, err);
    if (found > 0 && (!ledger->moves_to || strcmp(database_text(&s, 0), ledger->moves_to) != 0)) {
        error_set(err, EXIT_BAD_CONFIG,
                  "the ledger '%s' was moved to '%s': name that with --ledger",
                  LOG_QUOTED(ledger->path), LOG_QUOTED(database_text(&s, 0)));
        found = -1;
    }
    sqlite3_finalize(s.sqlite);
    return found < 0 ? -1 : 0;
}

int database_set_head(struct ledger *ledger, const char *name, const char *value, struct error *err)
{
    sqlite3_stmt *s = NULL;
    int result = -1;

    if (sqlite3_prepare_v2(ledger->db, "INSERT OR REPLACE INTO meta VALUES(?1, ?2)", -1, &s,
                           NULL) == SQLITE_OK &&
        sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_bind_text(s, 2, value, -1, SQLITE_STATIC) == SQLITE_OK &&
        sqlite3_step(s) == SQLITE_DONE)
        result = 0;
    else
        database_fail(ledger, err);
    sqlite3_finalize(s);
    return result;
}

int database_note_place(struct ledger *ledger, struct error *err)
{
    char *place = realpath(ledger->path, NULL);
    struct buffer known = {0};
    int result = place ? database_get_place(ledger, &known, err) : 0;

    if (result >= 0 && place && strcmp(buffer_string(&known), place) != 0)
        result = database_set_head(ledger, PLACE, place, err);
    buffer_release(&known);
    free(place);
    return result < 0 ? -1 : 0;
}

/* The first of both is what earlier programs know. */
int database_mark_filling(struct ledger *ledger, struct error *err)
{
    return database_set_head(ledger, "moved_to", ledger->moves_to, err) ||
                   database_set_head(ledger, "fills", ledger->moves_to, err)
               ? -1
               : 0;
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
