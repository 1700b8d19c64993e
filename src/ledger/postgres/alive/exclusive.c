#include "exclusive.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "ledger/postgres/server_schema.h"
#include "ledger/postgres/session.h"
#include "ledger/postgres/sqlstate.h"
#include "parameters.h"

#define BEGIN "BEGIN; SELECT pg_advisory_xact_lock(" SERVER_COLD_LOCK ")"

static int take_back(struct session *session)
{
    struct error ignored;

    session_execute(session, "ROLLBACK", &ignored); /* a session that is gone has nothing to */
    return -1;
}

int exclusive_check_moved(struct session *session, struct error *err)
{
    static const char where[] = "SELECT value FROM claimbatch.meta WHERE name='moved_to'";

    if (parameters_ask(session, where, err, ""))
        return -1;
    if (!session_rows(session))
        return 0;
    return error_set(err, EXIT_BAD_CONFIG,
                     "the ledger '%s' was moved to a file, '%s' (host:path): name that with "
                     "--ledger, on that host",
                     LOG_QUOTED(session_url(session)), LOG_QUOTED(session_text(session, 0, 0)));
}

/* Whether it was moved is asked once the lock is there: who has moved it had that. */
int exclusive_begin(struct session *session, struct error *err)
{
    bool may_be_moved;
    struct error moved;

    if (!session_execute(session,
                         BEGIN "; SELECT claimbatch.need(NOT EXISTS(SELECT FROM claimbatch.meta"
                               " WHERE name='moved_to'))",
                         err))
        return 0;
    may_be_moved = strcmp(session_state(session), SQLSTATE_NEED) == 0;
    take_back(session);
    if (may_be_moved && exclusive_check_moved(session, &moved))
        *err = moved;
    return -1;
}

int exclusive_begin_to_end(struct session *session, struct error *err)
{
    return session_execute(session, BEGIN, err) ? take_back(session) : 0;
}

int exclusive_end(struct session *session, int result, struct error *err)
{
    if (result < 0 || session_execute(session, "COMMIT", err))
        return take_back(session);
    return result;
}
