/* What all runs of an app key share: the calls of the day, and bans. */
#include "database.h"

static int read_shared(struct ledger *ledger, sqlite3_stmt *s, int64_t *ret_value,
                       struct error *err)
{
    int found = database_step(ledger, s, err);

    *ret_value = 0;
    if (found <= 0)
        return found;
    *ret_value = sqlite3_column_int64(s, 0);
    sqlite3_reset(s);
    return 0;
}

int ledger_calls_get(struct ledger *ledger, const char *platform, const char *app_key, int32_t day,
                     int64_t *ret_calls, struct error *err)
{
    int64_t id;

    if (database_platform(ledger, platform, &id, err))
        return -1;
    return read_shared(ledger,
                       database_ready(ledger, SQL_CALLS_GET, "isi", id, app_key, (int64_t)day),
                       ret_calls, err);
}

int ledger_calls_add(struct ledger *ledger, const char *platform, const char *app_key, int32_t day,
                     int64_t calls, struct error *err)
{
    int64_t id;

    if (database_platform(ledger, platform, &id, err))
        return -1;
    return database_execute(
        ledger, database_ready(ledger, SQL_CALLS_ADD, "isii", id, app_key, (int64_t)day, calls),
        err);
}

int ledger_ban_get(struct ledger *ledger, const char *platform, const char *app_key,
                   int64_t *ret_until_ms, struct error *err)
{
    int64_t id;

    if (database_platform(ledger, platform, &id, err))
        return -1;
    return read_shared(ledger, database_ready(ledger, SQL_BAN_GET, "is", id, app_key), ret_until_ms,
                       err);
}

int ledger_ban_set(struct ledger *ledger, const char *platform, const char *app_key,
                   int64_t until_ms, struct error *err)
{
    int64_t id;

    if (database_platform(ledger, platform, &id, err))
        return -1;
    return database_execute(ledger,
                            database_ready(ledger, SQL_BAN_SET, "isi", id, app_key, until_ms), err);
}
