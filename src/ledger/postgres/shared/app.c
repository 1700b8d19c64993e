#include "app.h"

#include "base/error.h"
#include "ledger/postgres/alive/parameters.h"
#include "ledger/postgres/session.h"

#define TODAY "to_char(clock_timestamp() AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDD')::integer"

int64_t app_block_size(int64_t left, size_t workers)
{
    int64_t size = left / (4 * (int64_t)(workers ? workers : 1));

    if (left <= 0)
        return 0;
    if (size > APP_BLOCK_MAX)
        return APP_BLOCK_MAX;
    return size > 0 ? size : 1;
}

/* Of today, or of a later day that the ledger knows: a server's clock that was set back must not
 * give a day's calls twice. */
static int look(struct session *session, const struct app_key *app, struct app_block *ret_today,
                int64_t *ret_calls, struct error *err)
{
    static const char calls[] =
        "SELECT greatest(t.today, a.day), CASE WHEN a.day>=t.today THEN a.calls ELSE 0 END"
        " FROM (SELECT " TODAY " AS today) t"
        " LEFT JOIN app a ON a.platform=$1 AND a.app_key=$2";

    if (parameters_ask(session, calls, err, "is", app->platform, app->key))
        return -1;
    *ret_today = (struct app_block){.day = (int32_t)session_integer(session, 0, 0)};
    *ret_calls = session_integer(session, 0, 1);
    return 0;
}

/* Takes so many of this day, unless others left too few: 1, or 0. */
static int take(struct session *session, const struct app_key *app, int32_t day, int64_t quota,
                int64_t size, struct error *err)
{
    static const char charge[] =
        "INSERT INTO app AS a(platform, app_key, day, calls) VALUES($1, $2, $3::integer, $4)"
        " ON CONFLICT (platform, app_key) DO UPDATE SET day=excluded.day,"
        "  calls=CASE WHEN a.day=excluded.day THEN a.calls ELSE 0 END+excluded.calls"
        " WHERE a.day<=excluded.day"
        "  AND CASE WHEN a.day=excluded.day THEN a.calls ELSE 0 END+excluded.calls<=$5"
        " RETURNING calls";

    if (parameters_ask(session, charge, err, "isiii", app->platform, app->key, (int64_t)day, size,
                       quota))
        return -1;
    return session_rows(session);
}

static int take_today(struct session *session, const struct app_key *app, int64_t quota,
                      size_t workers, struct app_block *block, struct error *err)
{
    int taken = 0;

    while (!taken) {
        int64_t calls, size;

        if (look(session, app, block, &calls, err))
            return -1;
        size = app_block_size(quota - calls, workers);
        if (!size)
            return 0;
        taken = take(session, app, block->day, quota, size, err);
        block->left = taken > 0 ? size : 0;
    }
    return taken < 0 ? -1 : 0;
}

static int end(struct session *session, int result, struct error *err)
{
    struct error ignored;

    if (!result && !session_execute(session, "COMMIT", err))
        return 0;
    session_execute(session, "ROLLBACK", &ignored);
    return -1;
}

static int begin(struct session *session, struct error *err)
{
    return session_execute(session, "BEGIN; SET LOCAL synchronous_commit=off", err);
}

int app_take_calls(struct session *session, const struct app_key *app, int64_t quota,
                   size_t workers, struct app_block *block, struct error *err)
{
    struct app_block today;
    int64_t calls;

    if (look(session, app, &today, &calls, err))
        return -1;
    if (block->left > 0 && block->day == today.day)
        return 0;
    *block = today;
    if (begin(session, err))
        return -1;
    return end(session, take_today(session, app, quota, workers, block, err), err);
}

int app_give_back(struct session *session, const struct app_key *app, struct app_block *block,
                  struct error *err)
{
    static const char give[] = "UPDATE app SET calls=calls-$4"
                               " WHERE platform=$1 AND app_key=$2 AND day=$3";
    int64_t left = block->left;

    block->left = 0;
    if (left <= 0)
        return 0;
    if (begin(session, err))
        return -1;
    return end(session,
               parameters_ask(session, give, err, "isii", app->platform, app->key,
                              (int64_t)block->day, left),
               err);
}
