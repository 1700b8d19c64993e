/* Runs that a person has declared over. */
#include <stdio.h>
#include <string.h>

#include "ledger/abandonment.h"
#include "ledger/store/commit_count.h"
#include "ledger/store/database.h"

/* What the statement finds: 1 or 0. */
static int read_abandonment(struct ledger *ledger, struct database_statement *s,
                            struct abandonment *ret, struct error *err)
{
    struct buffer *by = &ledger->abandonment_texts[0];
    struct buffer *reason = &ledger->abandonment_texts[1];
    int found = database_step(ledger, s, err);

    memset(ret, 0, sizeof(*ret));
    if (found <= 0)
        return found;
    buffer_reset(by);
    buffer_reset(reason);
    buffer_text(by, database_text(s, 3));
    buffer_text(reason, database_text(s, 4));
    ret->run = database_integer(s, 0);
    snprintf(ret->name, sizeof(ret->name), "%s", database_text(s, 1));
    ret->at_ms = database_integer(s, 2);
    ret->by = buffer_string(by);
    ret->reason = buffer_string(reason);
    database_done(s);
    return by->failed || reason->failed ? error_no_memory(err) : 1;
}

int ledger_abandonment_get(struct ledger *ledger, int64_t run, struct abandonment *ret_abandonment,
                           struct error *err)
{
    return read_abandonment(ledger, database_ready(ledger, SQL_ABANDONMENT_GET, "i", run),
                            ret_abandonment, err);
}

int ledger_abandonment_find(struct ledger *ledger, const char *command, const char *platform,
                            const unsigned char export_sha256[32],
                            struct abandonment *ret_abandonment, struct error *err)
{
    int64_t id;

    memset(ret_abandonment, 0, sizeof(*ret_abandonment));
    if (database_platform(ledger, platform, &id, err))
        return -1;
    return read_abandonment(
        ledger, database_ready(ledger, SQL_ABANDONMENT_FIND, "his", export_sha256, id, command),
        ret_abandonment, err);
}

int ledger_run_abandon(struct ledger *ledger, int64_t run, int64_t now_ms, const char *by,
                       const char *reason, size_t *ret_lost, struct error *err)
{
    struct abandonment before;
    int found = ledger_abandonment_get(ledger, run, &before, err);

    *ret_lost = 0;
    if (found < 0 || ledger_run_recover(ledger, run, ret_lost, err) ||
        database_execute(ledger, database_ready(ledger, SQL_RUN_CLOSE, "i", run), err))
        return -1;
    if (found)
        return 0;
    commit_count_this(ledger); /* a copy that lacks it would let the run go on */
    if (database_execute(ledger,
                         database_ready(ledger, SQL_ABANDON, "iiss", run, now_ms, by, reason), err))
        return -1;
    return database_execute(
        ledger, database_ready(ledger, SQL_ABANDON_PRUNED, "iiss", run, now_ms, by, reason), err);
}

int ledger_run_line_next(struct ledger *ledger, int64_t run, int64_t after, int64_t *ret_run,
                         struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_RUN_LINE, "ii", run, after);
    int found = database_step(ledger, s, err);

    if (found <= 0)
        return found;
    *ret_run = database_integer(s, 0);
    database_done(s);
    return 1;
}
