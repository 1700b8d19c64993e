#include "database.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/words/language.h"
#include "place.h"

int64_t database_row_id(int64_t run, uint64_t row)
{
    return (int64_t)((uint64_t)run << ROW_BITS | row);
}

/* SQLite opens for reading alone what it cannot open for writing, whatever the cause is: who may
 * write it looks for that in vain among owners and permissions. */
static bool is_denied(const struct ledger *ledger, int sqlite_code)
{
    return sqlite_code == SQLITE_READONLY_ROLLBACK || place_denies_writing(ledger->path);
}

/* The file is there, and yet it cannot be opened: of what is beside it SQLite says that it is not
 * there, whatever the cause is. */
static bool is_failing(const struct ledger *ledger, int sqlite_code)
{
    return (sqlite_code & 0xff) == SQLITE_CANTOPEN && sqlite3_system_errno(ledger->db) == ENOENT &&
           access(ledger->path, F_OK) == 0 && !place_denies_writing(ledger->path);
}

static int exit_code_of(const struct ledger *ledger, int sqlite_code)
{
    switch (sqlite_code & 0xff) {
    case SQLITE_NOMEM:
        return EXIT_RESOURCES;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return EXIT_TRY_LATER;
    case SQLITE_INTERRUPT: /* database_heed_signals */
        return stop_signal() ? EXIT_SIGNAL_BASE + stop_signal() : EXIT_CANNOT_WRITE;
    case SQLITE_CANTOPEN:
        return is_failing(ledger, sqlite_code) ? EXIT_CANNOT_WRITE : EXIT_CANNOT_CREATE;
    case SQLITE_READONLY:
        return is_denied(ledger, sqlite_code) ? EXIT_BAD_CONFIG : EXIT_CANNOT_WRITE;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_NOTADB:
        return EXIT_BAD_CONFIG;
    default:
        return EXIT_CANNOT_WRITE;
    }
}

static const char *advice_of(const struct ledger *ledger, int sqlite_code)
{
    /* Before there is a log (-wal), as long as it is being made. */
    if (sqlite_code == SQLITE_READONLY_ROLLBACK)
        return _("; writing to it was cut short, and who only looks at it cannot take that back: "
                 "the next upload does");
    if (is_failing(ledger, sqlite_code))
        return _("; see whether the disk is full or fails, then type the same command again");
    switch (sqlite_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return _("; another process holds it: try again when that has ended");
    case SQLITE_INTERRUPT:
        return _("; stopped by a signal");
    case SQLITE_FULL:
        return _("; make room on the disk, then type the same command again");
    case SQLITE_CORRUPT:
        return _("; it is damaged: restore the newest backup, and do not send anything with it "
                 "before; if there is none, move it away: the next start says what to type");
    case SQLITE_NOTADB:
        return _("; it is not a ledger, or one whose head is damaged: if it was one, restore the "
                 "newest backup before anything is sent; if not, name another file with --ledger");
    case SQLITE_READONLY:
        return is_denied(ledger, sqlite_code)
                   ? _("; it is read-only: check its owner and permissions")
                   : _("; its permissions allow writing, but it could not be opened for that: see "
                       "whether the disk is full or fails, then type the same command again");
    default:
        return "";
    }
}

/* What the system says of it; "": nothing, or of a file that nobody has asked for. */
static const char *cause_of(const struct ledger *ledger, int sqlite_code)
{
    int number = sqlite3_system_errno(ledger->db);

    return number && !is_failing(ledger, sqlite_code) ? strerror(number) : "";
}

int database_fail(struct ledger *ledger, struct error *err)
{
    int code = sqlite3_extended_errcode(ledger->db);
    const char *cause = cause_of(ledger, code);

    /* SQLite's words may name what stands in the file. */
    error_set(err, exit_code_of(ledger, code), "ledger '%s': %s%s%s%s", LOG_QUOTED(ledger->path),
              LOG_QUOTED(sqlite3_errmsg(ledger->db)), *cause ? _(": ") : "", cause,
              advice_of(ledger, code));
    database_rollback(ledger);
    return -1;
}

bool database_is_server(const struct ledger *ledger)
{
    return ledger->driver != NULL;
}

/* ---- statements ---- */

static void bind_optional(sqlite3_stmt *statement, int parameter, const int64_t *number)
{
    if (number)
        sqlite3_bind_int64(statement, parameter, *number);
    else
        sqlite3_bind_null(statement, parameter);
}

static void bind(sqlite3_stmt *statement, const char *types, va_list args)
{
    for (int i = 1; *types; types++, i++) {
        if (*types == 'i')
            sqlite3_bind_int64(statement, i, va_arg(args, int64_t));
        else if (*types == 'o')
            bind_optional(statement, i, va_arg(args, const int64_t *));
        else if (*types == 's')
            sqlite3_bind_text(statement, i, va_arg(args, const char *), -1, SQLITE_STATIC);
        else if (*types == 'd')
            sqlite3_bind_blob(statement, i, va_arg(args, const void *), DIGEST_CLAIM_BYTES,
                              SQLITE_STATIC);
        else if (*types == 'h')
            sqlite3_bind_blob(statement, i, va_arg(args, const void *), DIGEST_SHA256_BYTES,
                              SQLITE_STATIC);
    }
}

static int prepare(struct ledger *ledger, enum statement which,
                   struct database_statement *statement)
{
    return sqlite3_prepare_v3(ledger->db, sql_text(which), -1, SQLITE_PREPARE_PERSISTENT,
                              &statement->sqlite, NULL);
}

/* NULL without memory. */
static struct database_statement *ready_answer(struct database_statement *statement, int which,
                                               const char *types, va_list args)
{
    if (!statement->answer)
        statement->answer = calloc(1, sizeof(*statement->answer));
    if (!statement->answer)
        return NULL;
    answer_bind(statement->answer, which, types, args);
    return statement;
}

static void bind_file(struct database_statement *statement, const char *types, va_list args)
{
    sqlite3_reset(statement->sqlite);
    bind(statement->sqlite, types, args);
}

struct database_statement *database_ready(struct ledger *ledger, enum statement which,
                                          const char *types, ...)
{
    struct database_statement *statement = &ledger->statements[which];
    va_list args;

    va_start(args, types);
    if (ledger->driver)
        statement = ready_answer(statement, (int)which, types, args);
    else if (statement->sqlite || prepare(ledger, which, statement) == SQLITE_OK)
        bind_file(statement, types, args);
    else
        statement = NULL;
    va_end(args);
    return statement;
}

void database_forget_lookup(struct lookup *lookup)
{
    database_done(lookup->statement);
    lookup->statement = NULL;
}

void database_forget_lookups(struct ledger *ledger)
{
    database_forget_lookup(&ledger->claims);
    database_forget_lookup(&ledger->opens);
}

void database_end_lookups(struct ledger *ledger)
{
    if (!database_is_begun(ledger))
        database_forget_lookups(ledger);
}

void database_let_go(struct ledger *ledger)
{
    for (struct database_cursor *c = ledger->cursors; c; c = c->next) {
        if (ledger->driver && c->is_kept)
            continue;
        database_done(&c->statement);
        c->is_running = false;
    }
}

int database_cursor_open(struct ledger *ledger, struct database_cursor *cursor,
                         enum statement which, struct error *err)
{
    *cursor = (struct database_cursor){.ledger = ledger, .which = which, .next = ledger->cursors};
    if (!ledger->driver && prepare(ledger, which, &cursor->statement) != SQLITE_OK)
        return database_fail(ledger, err);
    ledger->cursors = cursor;
    return 0;
}

void database_cursor_start(struct database_cursor *cursor, const char *types, ...)
{
    va_list args;

    va_start(args, types);
    if (cursor->ledger->driver)
        ready_answer(&cursor->statement, (int)cursor->which, types, args);
    else
        bind_file(&cursor->statement, types, args);
    va_end(args);
    cursor->is_running = true;
}

void database_cursor_close(struct ledger *ledger, struct database_cursor *cursor)
{
    struct database_cursor **link = &ledger->cursors;

    while (*link != cursor)
        link = &(*link)->next;
    *link = cursor->next;
    database_release(&cursor->statement);
}

void database_release(struct database_statement *statement)
{
    sqlite3_finalize(statement->sqlite);
    if (statement->answer)
        answer_release(statement->answer);
    free(statement->answer);
}

/* What writes rows alone leaves the claims as they are. */
static bool may_change_claims(const struct ledger *ledger,
                              const struct database_statement *statement)
{
    return !sqlite3_stmt_readonly(statement->sqlite) &&
           statement != &ledger->statements[SQL_ROW_ADD] &&
           statement != &ledger->statements[SQL_ROW_NOTE] &&
           statement != &ledger->statements[SQL_ROW_PUT];
}

static int step_on_server(struct ledger *ledger, struct database_statement *statement,
                          struct error *err)
{
    if (statement && statement->answer)
        return ledger->driver->step(ledger, statement->answer, err);
    database_rollback(ledger);
    return error_no_memory(err);
}

int database_step(struct ledger *ledger, struct database_statement *statement, struct error *err)
{
    int code = SQLITE_ERROR;

    if (ledger->driver)
        return step_on_server(ledger, statement, err);
    if (statement && may_change_claims(ledger, statement))
        database_forget_lookups(ledger);
    if (statement)
        code = sqlite3_step(statement->sqlite);
    if (code == SQLITE_ROW)
        return 1;
    if (code != SQLITE_DONE) {
        database_fail(ledger, err);
        database_done(statement);
        return -1;
    }
    sqlite3_reset(statement->sqlite);
    return 0;
}

int database_execute(struct ledger *ledger, struct database_statement *statement, struct error *err)
{
    return database_step(ledger, statement, err) < 0 ? -1 : 0;
}

void database_done(struct database_statement *statement)
{
    if (!statement)
        return;
    sqlite3_reset(statement->sqlite);
    if (statement->answer)
        answer_reset(statement->answer);
}

int64_t database_integer(struct database_statement *statement, int column)
{
    return statement->answer ? answer_integer(statement->answer, column)
                             : sqlite3_column_int64(statement->sqlite, column);
}

bool database_is_null(struct database_statement *statement, int column)
{
    return statement->answer ? answer_is_null(statement->answer, column)
                             : sqlite3_column_type(statement->sqlite, column) == SQLITE_NULL;
}

const char *database_text(struct database_statement *statement, int column)
{
    const unsigned char *text;

    if (statement->answer)
        return answer_text(statement->answer, column);
    text = sqlite3_column_text(statement->sqlite, column);
    return text ? (const char *)text : "";
}

static void read_bytes(unsigned char *ret, int size, struct database_statement *statement,
                       int column)
{
    const void *blob;

    if (statement->answer) {
        answer_bytes(statement->answer, column, (size_t)size, ret);
        return;
    }
    blob = sqlite3_column_blob(statement->sqlite, column);
    memset(ret, 0, (size_t)size);
    if (blob && sqlite3_column_bytes(statement->sqlite, column) == size)
        memcpy(ret, blob, (size_t)size);
}

void database_digest(unsigned char *ret_digest, struct database_statement *statement, int column)
{
    read_bytes(ret_digest, DIGEST_CLAIM_BYTES, statement, column);
}

void database_sha256(unsigned char *ret_sha256, struct database_statement *statement, int column)
{
    read_bytes(ret_sha256, DIGEST_SHA256_BYTES, statement, column);
}

int database_changes(const struct ledger *ledger)
{
    return ledger->driver ? ledger->server.changes : sqlite3_changes(ledger->db);
}

int64_t database_new_id(const struct ledger *ledger)
{
    return ledger->driver ? ledger->server.new_id : sqlite3_last_insert_rowid(ledger->db);
}

int database_platform(struct ledger *ledger, const char *name, int64_t *ret_id, struct error *err)
{
    struct database_statement *statement;
    char *copy;
    int found;

    *ret_id = 0;
    if (ledger->platform.name && strcmp(ledger->platform.name, name) == 0) {
        *ret_id = ledger->platform.id;
        return 0;
    }
    statement = database_ready(ledger, SQL_PLATFORM_GET, "s", name);
    found = database_step(ledger, statement, err);
    if (found <= 0)
        return found;
    *ret_id = database_integer(statement, 0);
    database_done(statement);
    copy = strdup(name);
    if (!copy)
        return error_no_memory(err);
    free(ledger->platform.name);
    ledger->platform.name = copy;
    ledger->platform.id = *ret_id;
    return 0;
}

int database_brief(struct ledger *ledger, int64_t run, struct run_brief *ret_brief,
                   struct error *err)
{
    struct run_brief *brief = &ledger->briefs[(uint64_t)run % DATABASE_BRIEFS];
    struct database_statement *s;
    int found;

    if (brief->id == run && run) {
        *ret_brief = *brief;
        return 0;
    }
    *ret_brief = (struct run_brief){.id = run};
    s = database_ready(ledger, SQL_RUN_BRIEF, "i", run);
    found = database_step(ledger, s, err);
    if (found <= 0)
        return found;
    snprintf(ret_brief->name, sizeof(ret_brief->name), "%s", database_text(s, 0));
    ret_brief->sequence = database_integer(s, 1);
    ret_brief->rank = database_integer(s, 2);
    database_done(s);
    *brief = *ret_brief;
    return 0;
}

bool database_is_begun(const struct ledger *ledger)
{
    return ledger->driver ? ledger->server.is_begun
                          : ledger->db && !sqlite3_get_autocommit(ledger->db);
}

void database_rollback(struct ledger *ledger)
{
    database_forget_lookups(ledger);
    database_let_go(ledger);
    if (ledger->driver)
        ledger->driver->rollback(ledger);
    else if (database_is_begun(ledger))
        sqlite3_exec(ledger->db, "ROLLBACK", NULL, NULL, NULL);
    ledger->commits.is_due = false;
    /* They may have been added in what was just taken back. */
    free(ledger->platform.name);
    ledger->platform.name = NULL;
    memset(ledger->briefs, 0, sizeof(ledger->briefs));
}

int database_random_id(char ret_hex[LEDGER_ID_BYTES], struct error *err)
{
    unsigned char bytes[16];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return error_set(err, EXIT_INTERNAL, "no random numbers: %s", strerror(errno));
    hex_format(bytes, sizeof(bytes), ret_hex);
    return 0;
}
