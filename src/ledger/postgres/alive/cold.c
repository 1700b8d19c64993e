#include "cold.h"

#include "base/error.h"
#include "ledger/postgres/server_schema.h"
#include "ledger/postgres/session.h"

static int take_back(struct session *session)
{
    struct error ignored;

    session_execute(session, "ROLLBACK", &ignored); /* a session that is gone has nothing to */
    return -1;
}

int cold_begin(struct session *session, struct error *err)
{
    if (session_execute(session, "BEGIN; SELECT pg_advisory_xact_lock(" SERVER_COLD_LOCK ")", err))
        return take_back(session);
    return 0;
}

int cold_end(struct session *session, int result, struct error *err)
{
    if (result < 0 || session_execute(session, "COMMIT", err))
        return take_back(session);
    return result;
}
