#include "ledger/postgres/server_ledger.h"

#include "base/error.h"
#include "base/log.h"

#ifdef HAVE_LIBPQ

#include <stdio.h>
#include <string.h>

#include "ledger/postgres/server_schema.h"
#include "session.h"

int server_ledger_refuse(const char *url, struct error *err)
{
    return error_set(err, EXIT_BAD_USAGE,
                     "'%s' names a ledger on a PostgreSQL server, and this is done with one in a "
                     "file alone: name a file on a local disk with --ledger; nothing was done",
                     LOG_QUOTED(url));
}

static int refuse_second(const char *url, const char *schema, struct error *err)
{
    if (strcmp(schema, SERVER_SCHEMA_TEXT) != 0)
        return error_set(err, EXIT_BAD_CONFIG,
                         "the ledger '%s' has schema %s, and this program knows schema %s alone: "
                         "use the program that made it; nothing was made",
                         LOG_QUOTED(url), LOG_QUOTED(schema), SERVER_SCHEMA_TEXT);
    return error_set(err, EXIT_CANNOT_CREATE, "'%s' is there already; nothing was made",
                     LOG_QUOTED(url));
}

/* Whether a ledger is there, which is refused. Of those who make one in the same moment one does,
 * and the others find it: the lock is held until the session ends. */
static int check_place(struct session *session, const char *url, struct error *err)
{
    if (session_ask(session, "SELECT pg_advisory_lock(" SERVER_SCHEMA_LOCK ")", 0, NULL, err) ||
        session_ask(session, "SELECT to_regclass('claimbatch.meta') IS NOT NULL", 0, NULL, err))
        return -1;
    if (strcmp(session_text(session, 0, 0), "t") != 0)
        return 0;
    if (session_ask(session, "SELECT value FROM claimbatch.meta WHERE name='schema'", 0, NULL, err))
        return -1;
    return refuse_second(url, session_rows(session) ? session_text(session, 0, 0) : "?", err);
}

static int make_tables(struct session *session, struct error *err)
{
    if (!session_execute(session, server_schema_text, err))
        return 0;
    if (err->exit_code == EXIT_BAD_CONFIG)
        error_add(err, "a DBA can make it from what claimbatch status --print-schema prints");
    if (err->exit_code == EXIT_CANNOT_WRITE)
        err->exit_code = EXIT_CANNOT_CREATE;
    return -1;
}

static int read_meta(struct session *session, struct server_ledger *ret_made, struct error *err)
{
    if (session_ask(session,
                    "SELECT (SELECT value FROM claimbatch.meta WHERE name='id'),"
                    " (SELECT value FROM claimbatch.meta WHERE name='durability')",
                    0, NULL, err))
        return -1;
    snprintf(ret_made->id, sizeof(ret_made->id), "%s", session_text(session, 0, 0));
    snprintf(ret_made->durability, sizeof(ret_made->durability), "%s", session_text(session, 0, 1));
    return 0;
}

int server_ledger_create(const char *url, struct server_ledger *ret_made, struct error *err)
{
    struct session *session;
    int result;

    *ret_made = (struct server_ledger){0};
    if (session_open(url, &session, err))
        return -1;
    result = check_place(session, url, err) || make_tables(session, err) ||
                     read_meta(session, ret_made, err)
                 ? -1
                 : 0;
    session_close(session);
    return result;
}

#else

int server_ledger_refuse(const char *url, struct error *err)
{
    return error_set(err, EXIT_BAD_CONFIG,
                     "'%s' names a ledger on a PostgreSQL server, and this program was built "
                     "without PostgreSQL: name a file on a local disk with --ledger; nothing was "
                     "sent",
                     LOG_QUOTED(url));
}

int server_ledger_create(const char *url, struct server_ledger *ret_made, struct error *err)
{
    *ret_made = (struct server_ledger){0};
    return server_ledger_refuse(url, err);
}

#endif
