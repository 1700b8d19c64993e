#include "quarantine.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "base/words/language.h"
#include "ledger/postgres/session.h"
#include "parameters.h"

#define LAST                                                                                       \
    "to_char((max(c.settle_from)+interval '1 s') AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD "       \
    "HH24:MI:SS')"

int quarantine_run(struct session *session, int64_t run, int64_t *ret_rows,
                   struct buffer *ret_until, struct error *err)
{
    static const char until[] = "SELECT count(*), " LAST " FROM row r JOIN claim c ON c.id=r.claim"
                                " WHERE r.run=$1 AND c.open_run=r.run AND c.open_row=r.row"
                                " AND c.settle_from>clock_timestamp()";

    if (parameters_ask(session, until, err, "i", run))
        return -1;
    *ret_rows = session_integer(session, 0, 0);
    if (*ret_rows)
        buffer_text(ret_until, session_text(session, 0, 1));
    return ret_until->failed ? error_no_memory(err) : 0;
}

static int refuse(int64_t rows, struct buffer *until, struct error *err)
{
    return error_set(
        err, EXIT_INPUT_REFUSED,
        language_plural("%lld row is unknown since its host was not heard of any more, and what "
                        "that had signed may leave as long as the gateway takes it: it can be "
                        "sent again from %s (Beijing time) on; nothing was sent",
                        "%lld rows are unknown since their host was not heard of any more, and "
                        "what that had signed may leave as long as the gateway takes it: they can "
                        "be sent again from %s (Beijing time) on; nothing was sent",
                        (unsigned long long)rows),
        (long long)rows, LOG_QUOTED(buffer_string(until)));
}

int quarantine_check_run(struct session *session, int64_t run, struct error *err)
{
    struct buffer until = {0};
    int64_t rows;
    int result = quarantine_run(session, run, &rows, &until, err);

    if (!result && rows)
        result = refuse(rows, &until, err);
    buffer_release(&until);
    return result;
}

int quarantine_check(struct session *session, int64_t run, uint64_t row, struct error *err)
{
    static const char until[] =
        "SELECT to_char((c.settle_from+interval '1 s') AT TIME ZONE 'Asia/Shanghai',"
        " 'YYYY-MM-DD HH24:MI:SS') FROM row r JOIN claim c ON c.id=r.claim"
        " WHERE r.run=$1 AND r.row=$2 AND c.open_run=r.run AND c.open_row=r.row"
        " AND c.settle_from>clock_timestamp()";

    if (parameters_ask(session, until, err, "ii", run, (int64_t)row))
        return -1;
    if (!session_rows(session))
        return 0;
    return error_set(err, EXIT_INPUT_REFUSED,
                     "row %llu: the host that sent it was not heard of any more, and what it has "
                     "signed may leave as long as the gateway takes it: that it was not executed "
                     "can be said from %s (Beijing time) on, and that it was accepted at any time",
                     (unsigned long long)row, LOG_QUOTED(session_text(session, 0, 0)));
}
