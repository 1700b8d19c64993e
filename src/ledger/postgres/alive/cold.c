#include "cold.h"

#include "base/error.h"
#include "ledger/postgres/session.h"

#define COLD_LOCK "4846791580151137332" /* the one behind that of who makes the tables */

static int take_back(struct session *session)
{
    struct error ignored;

    session_execute(session, "ROLLBACK", &ignored); /* a session that is gone has nothing to */
    return -1;
}

int cold_begin(struct session *session, struct error *err)
{
    if (session_execute(session, "BEGIN; SELECT pg_advisory_xact_lock(" COLD_LOCK ")", err))
        return take_back(session);
    return 0;
}

int cold_end(struct session *session, int result, struct error *err)
{
    if (result < 0 || session_execute(session, "COMMIT", err))
        return take_back(session);
    return result;
}
