#include "turn_shares.h"

#include "base/error.h"
#include "ledger/postgres/alive/ledger_worker.h"
#include "ledger/shared_limits.h"
#include "ledger/store/database.h"
#include "ledger/store/server_driver.h"

int turn_shares_begin(struct turn_shares *shares, struct ledger *ledger, const struct app *app,
                      struct error *err)
{
    *shares = (struct turn_shares){.app.key = app->key};
    if (database_platform(ledger, app->platform, &shares->app.platform, err))
        return -1;
    shares->rate.member =
        (struct member){shares->app.platform, app->key, ledger->server.worker->worker.id};
    return 0;
}

static int step(struct turn_shares *shares, struct ledger *ledger,
                const struct rate_share_turn *turn, struct error *err)
{
    int looked = member_watch_step(&shares->watch, ledger, &shares->rate.member, err);

    return looked ? looked : rate_share_step(&shares->rate, ledger->server.session, turn, err);
}

int turn_shares_step(struct turn_shares *shares, struct ledger *ledger,
                     const struct rate_share_turn *turn, struct error *err)
{
    if (step(shares, ledger, turn, err) &&
        (server_driver_await(ledger, err) || step(shares, ledger, turn, err)))
        return -1;
    return 0;
}

static int take_calls(struct turn_shares *shares, struct ledger *ledger, int64_t quota,
                      struct error *err)
{
    return app_take_calls(ledger->server.session, &shares->app, quota, shares->rate.members,
                          &shares->block, err);
}

int turn_shares_calls_left(struct turn_shares *shares, struct ledger *ledger, int64_t quota,
                           int64_t *ret_left, struct error *err)
{
    if (take_calls(shares, ledger, quota, err) &&
        (server_driver_await(ledger, err) || take_calls(shares, ledger, quota, err)))
        return -1;
    *ret_left = shares->block.left;
    return 0;
}

void turn_shares_charge(struct turn_shares *shares, int32_t day, int64_t calls)
{
    if (shares->block.day == day)
        shares->block.left -= calls;
}

void turn_shares_end(struct turn_shares *shares, struct ledger *ledger)
{
    struct error ignored;

    app_give_back(ledger->server.session, &shares->app, &shares->block, &ignored);
}
