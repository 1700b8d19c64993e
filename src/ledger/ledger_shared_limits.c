/* What all runs of an app key share: the calls of the day, bans, and the rate that was found. */
#include "ledger/shared_limits.h"
#include "ledger/store/database.h"
#include "ledger_turn.h"

static int read_shared(struct ledger *ledger, struct database_statement *s, int64_t *ret_value,
                       struct error *err)
{
    int found = database_step(ledger, s, err);

    *ret_value = 0;
    if (found <= 0)
        return found;
    *ret_value = database_integer(s, 0);
    database_done(s);
    return 0;
}

int ledger_calls_get(struct ledger *ledger, const struct app *app, int32_t day, int64_t *ret_calls,
                     struct error *err)
{
    int64_t id;

    if (database_platform(ledger, app->platform, &id, err))
        return -1;
    return read_shared(ledger,
                       database_ready(ledger, SQL_CALLS_GET, "isi", id, app->key, (int64_t)day),
                       ret_calls, err);
}

int ledger_calls_left(struct ledger *ledger, const struct app *app, int32_t day, int64_t quota,
                      int64_t *ret_left, struct error *err)
{
    int64_t calls;

    if (ledger->turns)
        return ledger_turns_calls_left(ledger, quota, ret_left, err);
    if (ledger_calls_get(ledger, app, day, &calls, err))
        return -1;
    *ret_left = quota - calls;
    return 0;
}

int ledger_calls_add(struct ledger *ledger, const struct app *app, int32_t day, int64_t calls,
                     struct error *err)
{
    int64_t id;

    if (ledger->turns) {
        ledger_turns_charge(ledger, day, calls);
        return 0;
    }
    if (database_platform(ledger, app->platform, &id, err))
        return -1;
    return database_execute(
        ledger, database_ready(ledger, SQL_CALLS_ADD, "isii", id, app->key, (int64_t)day, calls),
        err);
}

int ledger_ban_get(struct ledger *ledger, const struct app *app, int64_t now_ms,
                   struct ban *ret_ban, struct error *err)
{
    struct database_statement *s;
    int64_t id;
    int found;

    *ret_ban = (struct ban){0};
    if (database_platform(ledger, app->platform, &id, err))
        return -1;
    s = database_ready(ledger, SQL_BAN_GET, "isi", id, app->key, now_ms);
    found = database_step(ledger, s, err);
    if (found <= 0)
        return found;
    *ret_ban = (struct ban){database_integer(s, 0), database_integer(s, 1)};
    database_done(s);
    return 0;
}

int ledger_ban_set(struct ledger *ledger, const struct app *app, int64_t now_ms, int64_t wait_ms,
                   struct error *err)
{
    int64_t id;

    if (database_platform(ledger, app->platform, &id, err))
        return -1;
    return database_execute(
        ledger, database_ready(ledger, SQL_BAN_SET, "isii", id, app->key, wait_ms, now_ms), err);
}

int ledger_rate_get(struct ledger *ledger, const struct app *app, int64_t *ret_calls,
                    struct error *err)
{
    int64_t id;

    if (database_platform(ledger, app->platform, &id, err))
        return -1;
    return read_shared(ledger, database_ready(ledger, SQL_RATE_GET, "is", id, app->key), ret_calls,
                       err);
}

int ledger_rate_set(struct ledger *ledger, const struct app *app, int64_t calls, int64_t now_ms,
                    struct error *err)
{
    int64_t id;

    if (database_platform(ledger, app->platform, &id, err))
        return -1;
    return database_execute(
        ledger, database_ready(ledger, SQL_RATE_SET, "isii", id, app->key, calls, now_ms), err);
}

/* Departures older than that fall into no window, and those further ahead into none that will be
 * looked at soon. */
#define FORGET_MS 10000

int ledger_departures_add(struct ledger *ledger, const struct app *app, int64_t run,
                          int64_t stretch_ms, int64_t calls, struct error *err)
{
    int64_t id;

    if (ledger->turns)
        return 0; /* the rate is divided there: nobody needs to know */
    /* Two ranges of the key; as one condition all departures would be looked at. */
    if (database_platform(ledger, app->platform, &id, err) ||
        database_execute(ledger,
                         database_ready(ledger, SQL_DEPARTURE_FORGET, "isi", id, app->key,
                                        stretch_ms - FORGET_MS),
                         err) ||
        database_execute(ledger,
                         database_ready(ledger, SQL_DEPARTURE_FORGET_AHEAD, "isi", id, app->key,
                                        stretch_ms + FORGET_MS),
                         err))
        return -1;
    return database_execute(
        ledger,
        database_ready(ledger, SQL_DEPARTURE_ADD, "isiii", id, app->key, stretch_ms, run, calls),
        err);
}

int ledger_pending_set(struct ledger *ledger, const struct app *app, int64_t run, int64_t pending,
                       int64_t now_ms, struct error *err)
{
    int64_t id;

    if (ledger->turns)
        return 0;
    if (database_platform(ledger, app->platform, &id, err))
        return -1;
    return database_execute(
        ledger,
        database_ready(ledger, SQL_PENDING_SET, "isiii", id, app->key, run, pending, now_ms), err);
}

/* The next run with calls pending after *run, which becomes it: 1 or 0. */
static int next_pending(struct ledger *ledger, int64_t platform, const char *app_key, int64_t *run,
                        int64_t *ret_calls, struct error *err)
{
    struct database_statement *s =
        database_ready(ledger, SQL_PENDING_NEXT, "isi", platform, app_key, *run);
    int found = database_step(ledger, s, err);

    if (found <= 0)
        return found;
    *run = database_integer(s, 0);
    *ret_calls = database_integer(s, 1);
    database_done(s);
    return 1;
}

/* They left before now, if at all: to count them as of now holds the rate, whenever it was. */
static int turn_into_departures(struct ledger *ledger, const struct app *app, int64_t run,
                                int64_t calls, int64_t now_ms, struct error *err)
{
    return ledger_departures_add(ledger, app, run, now_ms - now_ms % LEDGER_STRETCH_MS, calls,
                                 err) ||
                   ledger_pending_set(ledger, app, run, 0, now_ms, err)
               ? -1
               : 0;
}

/* What left by a clock that was ahead of this one may have left a moment ago. To count it as of now
 * holds the rate, and delays the start by one window at most. */
static int redate_departures(struct ledger *ledger, int64_t platform, const char *app_key,
                             int64_t now_ms, struct error *err)
{
    int64_t ahead_ms = now_ms + FORGET_MS;

    return database_execute(ledger,
                            database_ready(ledger, SQL_DEPARTURE_REDATE, "isii", platform, app_key,
                                           ahead_ms, now_ms - now_ms % LEDGER_STRETCH_MS),
                            err) ||
                   database_execute(ledger,
                                    database_ready(ledger, SQL_DEPARTURE_FORGET_AHEAD, "isi",
                                                   platform, app_key, ahead_ms),
                                    err)
               ? -1
               : 0;
}

static int take_over_pending(struct ledger *ledger, const struct app *app, const struct turn *turn,
                             struct error *err)
{
    int64_t pending = 0; /* the run that has calls pending */
    int64_t calls;
    int64_t id;
    int found;

    if (database_platform(ledger, app->platform, &id, err) ||
        (turn->is_first && redate_departures(ledger, id, app->key, turn->now_ms, err)))
        return -1;
    while ((found = next_pending(ledger, id, app->key, &pending, &calls, err)) > 0)
        if (((turn->is_first && pending == turn->run) || !ledger_run_is_alive(ledger, pending)) &&
            turn_into_departures(ledger, app, pending, calls, turn->now_ms, err))
            return -1;
    return found;
}

static int sum_pending(struct ledger *ledger, int64_t platform, const char *app_key, int64_t but,
                       int64_t *ret_calls, struct error *err)
{
    int64_t run = 0;
    int64_t calls;
    int found;

    while ((found = next_pending(ledger, platform, app_key, &run, &calls, err)) > 0)
        if (run != but)
            *ret_calls += calls;
    return found;
}

static int count_others(struct ledger *ledger, const struct app *app, const struct turn *turn,
                        int64_t *ret_calls, struct error *err)
{
    int64_t since_ms = turn->now_ms - turn->window_ms - LEDGER_STRETCH_MS;
    int64_t id;

    if (database_platform(ledger, app->platform, &id, err) ||
        read_shared(ledger,
                    database_ready(ledger, SQL_DEPARTURE_SUM, "isiiii", id, app->key, since_ms,
                                   turn->now_ms + FORGET_MS, turn->run, turn->began_ms),
                    ret_calls, err))
        return -1;
    return sum_pending(ledger, id, app->key, turn->run, ret_calls, err);
}

int ledger_turn_facts(struct ledger *ledger, const struct app *app, const struct turn *turn,
                      struct turn_facts *ret_facts, struct error *err)
{
    if (ledger->turns)
        return ledger_turns_facts(ledger, turn, ret_facts, err);
    *ret_facts = (struct turn_facts){0};
    if (ledger_has_news(ledger) && ledger_ban_get(ledger, app, turn->now_ms, &ret_facts->ban, err))
        return -1;
    if ((turn->is_first || turn->window_ms) && take_over_pending(ledger, app, turn, err))
        return -1;
    return turn->window_ms ? count_others(ledger, app, turn, &ret_facts->others, err) : 0;
}
