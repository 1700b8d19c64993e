/* A transaction of the ledger begins and ends. */
#include "checkpoint.h"
#include "commit_count.h"
#include "database.h"

/* SQLite's count changes when another connection has committed. */
static int look_for_news(struct ledger *ledger, struct error *err)
{
    struct database_statement *s = database_ready(ledger, SQL_NEWS, "");
    int64_t version;

    if (database_step(ledger, s, err) < 0)
        return -1;
    version = database_integer(s, 0);
    database_done(s);
    ledger->has_news = version != ledger->version;
    ledger->version = version;
    return 0;
}

static int begin(struct ledger *ledger, struct error *err)
{
    database_forget_lookups(ledger);
    database_let_go(ledger);
    if (database_is_server(ledger)) {
        ledger->has_news = true; /* it does not say */
        if (ledger->driver->beat(ledger, err) ||
            database_execute(ledger, database_ready(ledger, SQL_BEGIN, ""), err))
            return -1;
        return ledger->driver->check(ledger, err);
    }
    if (ledger->log_pages >= CHECKPOINT_PAGES && checkpoint_run(ledger, err))
        return -1;
    if (database_execute(ledger, database_ready(ledger, SQL_BEGIN, ""), err))
        return -1;
    return look_for_news(ledger, err);
}

int ledger_begin(struct ledger *ledger, struct error *err)
{
    int result = begin(ledger, err);

    if (!result)
        ledger->unheld = 0;
    /* Twice is no chance. */
    else if (err->exit_code == EXIT_TRY_LATER && !database_is_server(ledger) &&
             !ledger_is_held(ledger) && ledger->unheld++)
        error_set(err, EXIT_CANNOT_WRITE,
                  "the ledger's locks cannot be taken, though no process holds them: locks fail on "
                  "its disk or file system");
    return result;
}

int ledger_look_begin(struct ledger *ledger, struct error *err)
{
    database_let_go(ledger);
    return database_execute(ledger, database_ready(ledger, SQL_READ, ""), err);
}

/* Nothing was changed: what is known besides may stay. */
void ledger_look_end(struct ledger *ledger)
{
    struct error ignored;

    database_forget_lookups(ledger);
    database_let_go(ledger);
    if (database_is_begun(ledger))
        database_execute(ledger, database_ready(ledger, SQL_COMMIT, ""), &ignored);
}

bool ledger_has_news(const struct ledger *ledger)
{
    return ledger->has_news;
}

int ledger_commit(struct ledger *ledger, struct error *err)
{
    database_forget_lookups(ledger);
    database_let_go(ledger);
    if (commit_count_add(ledger, err) ||
        database_execute(ledger, database_ready(ledger, SQL_COMMIT, ""), err))
        return -1;
    commit_count_write(ledger);
    return 0;
}

int ledger_commit_carried(struct ledger *ledger, struct error *err)
{
    struct error hindrance; /* the log stays, and what is in it is durable */

    database_forget_lookups(ledger);
    database_let_go(ledger);
    if (commit_count_add(ledger, err) ||
        database_execute(ledger, database_ready(ledger, SQL_COMMIT, ""), err))
        return -1;
    checkpoint_run(ledger, &hindrance);
    commit_count_write(ledger);
    return 0;
}

bool ledger_is_begun(const struct ledger *ledger)
{
    return database_is_begun(ledger) || ledger->queue;
}

void ledger_rollback(struct ledger *ledger)
{
    database_rollback(ledger);
}
